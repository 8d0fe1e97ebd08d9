package com.example.shop;

import com.example.price.Price;
import java.util.*;
import static com.example.Rates.VAT;

/**
 * A cart.
 */
@Entity(name = "cart")
public class Cart<T> extends base.Base<T> implements Priced, Comparable<Cart<T>> {
    public static final int LIMIT = 10, OLD = 1;
    private List<Line> lines = new ArrayList<>();

    public Cart(User owner) { super(owner); }

    // Adds up.
    @Override
    public <R extends Rate> Money total(
            R rate) throws Failure {
        int local = 1;
        return lines.stream().map(Line::price).reduce(Money.zero(), this::add);
    }

    static class Inner { Runnable r = () -> go(); }
}

interface Priced extends Named { int RATE = 2; Money total(); default void tell() {} }
enum Color implements Named { RED(1), GREEN { void show() {} }; Color(int n) {} }
record Pair(int a, int b) implements Named { Pair { check(a); } int sum() { return a + b; } }
@interface Marked { String value() default ""; }
