// Ints as decimal text, and short copies: the inner loops of everything that builds strings.

import Glibc

/// Decimal digits of ints, written to raw memory, two at a time.
enum Decimal {
    private static let pairs: StaticString = """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """

    /// The number of bytes that `write` writes.
    @inline(__always)
    static func width(_ number: Int) -> Int { digits(number.magnitude) + (number < 0 ? 1 : 0) }

    @inline(__always)
    private static func digits(_ number: UInt) -> Int {
        if number < 10000 { return number < 100 ? (number < 10 ? 1 : 2) : (number < 1000 ? 3 : 4) }
        if number < 100_000_000 {
            return number < 1_000_000 ? (number < 100_000 ? 5 : 6) : (number < 10_000_000 ? 7 : 8)
        }
        return 8 + moreDigits(number / 100_000_000)
    }

    @inline(never)
    private static func moreDigits(_ number: UInt) -> Int {
        var rest = number
        var count = 1
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    /// Writes the number; returns how many bytes that were.
    @inline(__always)
    static func write(_ number: Int, to place: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = number.magnitude
        let count = width(number)
        if number < 0 { place[0] = 45 }
        var end = count
        let pairs = UnsafeRawPointer(Decimal.pairs.utf8Start)
        while rest >= 100 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            end -= 2
            UnsafeMutableRawPointer(place + end).storeBytes(
                of: pairs.loadUnaligned(fromByteOffset: Int(pair) * 2, as: UInt16.self), as: UInt16.self)
            rest = quotient
        }
        if rest >= 10 {
            UnsafeMutableRawPointer(place + end - 2).storeBytes(
                of: pairs.loadUnaligned(fromByteOffset: Int(rest) * 2, as: UInt16.self), as: UInt16.self)
        } else {
            place[end - 1] = 48 + UInt8(truncatingIfNeeded: rest)
        }
        return count
    }
}

/// Copies bytes that do not overlap: short runs, most of the words and pieces of texts, without a call.
@inline(__always)
func copyBytes(_ target: UnsafeMutablePointer<UInt8>, _ source: UnsafePointer<UInt8>, _ count: Int) {
    if count > 16 {
        memcpy(target, source, count)
        return
    }
    let to = UnsafeMutableRawPointer(target)
    let from = UnsafeRawPointer(source)
    if count >= 8 {
        // Two words that may overlap each other.
        let last = from.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        to.storeBytes(of: from.loadUnaligned(as: UInt64.self), as: UInt64.self)
        to.storeBytes(of: last, toByteOffset: count - 8, as: UInt64.self)
    } else if count >= 4 {
        let last = from.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
        to.storeBytes(of: from.loadUnaligned(as: UInt32.self), as: UInt32.self)
        to.storeBytes(of: last, toByteOffset: count - 4, as: UInt32.self)
    } else if count > 0 {
        // The first, the middle and the last byte, whichever are the same.
        let middle = source[count >> 1]
        let last = source[count - 1]
        target[0] = source[0]
        target[count >> 1] = middle
        target[count - 1] = last
    }
}
