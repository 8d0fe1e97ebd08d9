package com.example.shop

import com.example.price.Price as P
import java.util.*

/** A cart. */
@Entity
data class Cart<T>(val owner: User, size: Int) : Base<T>(owner), Priced, n.Other<T> by size {
    private val lines = mutableListOf<Line>()
    var count: Int = 0
        get() = lines.size

    companion object {
        const val LIMIT = 10
        fun make() = Cart(1, 2)
    }

    constructor(size: Int) : this(User(), size) {}

    // Adds up.
    suspend fun total(rate: Rate): Money {
        val local = 1
        return lines.sumOf { it.price(rate) }
    }

    enum class Color {
        RED,
        GREEN(1)
    }
}

interface Priced : Named {
    fun price(): Money
}

object Shop : Base()
typealias Lines = List<Line>
fun String.words(): Int = split(" ").size
fun `opens and closes`() { Shop?.close() }
val RATE = 2
