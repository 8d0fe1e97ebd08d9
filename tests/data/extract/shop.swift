import Foundation
import struct Shop.Price

/// A cart.
/// Of lines.
@objc public final class Cart<T>: Base<T>, Priced, M.Other {
    let lines: [Line] = []
    static var limit = 10
    var total: Money { sum(1) }

    init(owner: User) { super.init() }

    // Adds up.
    func sum(_ rate: Rate) -> Money {
        let local = Line(rate)
        return self.lines.reduce(local)
    }
}

protocol Priced: Named {
    func price() -> Money
    var rate: Int { get }
}

struct Point { var x: Int }
enum Color: String {
    case red, green = "g"
    case rgb(Int)
}
extension Cart: Codable {
    func encode() throws {}
}
actor Worker {}
typealias Lines = [Line]
func helper() { Box<Int>() }
let rate = 2
