// Ints as decimal text, and short copies: the inner loops of everything that builds strings.

import Glibc

/// Decimal digits of ints, written to raw memory, eight at a time.
enum Decimal {
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
        if _fastPath(isShort(number)) {
            return writeLeading(UInt64(truncatingIfNeeded: number), to: place)
        }
        return writeLong(number, to: place)
    }

    @inline(never)
    private static func writeLong(_ number: Int, to place: UnsafeMutablePointer<UInt8>) -> Int {
        var target = place
        if number < 0 {
            target[0] = 45
            target += 1
        }
        let (upper, low) = UInt64(number.magnitude).quotientAndRemainder(dividingBy: 100_000_000)
        if upper > 0 {
            let (high, middle) = upper.quotientAndRemainder(dividingBy: 100_000_000)
            if high > 0 {
                target += writeLeading(high, to: target)
                writeEight(middle, to: target)
                target += 8
            } else {
                target += writeLeading(middle, to: target)
            }
            writeEight(low, to: target)
            target += 8
        } else {
            target += writeLeading(low, to: target)
        }
        return target - place
    }

    /// Neither negative nor longer than eight digits.
    @inline(__always)
    static func isShort(_ number: Int) -> Bool { UInt(bitPattern: number) < 100_000_000 }

    /// Writes a short number where there is room for eight bytes; returns how many of them it takes.
    @inline(__always)
    static func writeShort(_ number: Int, to place: UnsafeMutablePointer<UInt8>) -> Int {
        let (text, count) = leading(UInt64(truncatingIfNeeded: number))
        UnsafeMutableRawPointer(place).storeBytes(of: text, as: UInt64.self)
        return count
    }

    /// The characters of a number below 10^8 without leading zeros, the first in the lowest byte, and how many they are.
    @inline(__always)
    private static func leading(_ number: UInt64) -> (text: UInt64, count: Int) {
        let digits = eightDigits(number)
        // The last digit counts in any case.
        let zeros = (digits | 1 << 56).trailingZeroBitCount & ~7
        return ((digits | 0x3030_3030_3030_3030) >> UInt64(zeros), 8 - zeros >> 3)
    }

    /// `writeShort` where there is no more room than needed.
    @inline(__always)
    private static func writeLeading(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) -> Int {
        let (text, count) = leading(number)
        let raw = UnsafeMutableRawPointer(place)
        if count >= 4 {
            // Two words that may overlap each other.
            raw.storeBytes(of: UInt32(truncatingIfNeeded: text), as: UInt32.self)
            raw.storeBytes(
                of: UInt32(truncatingIfNeeded: text >> UInt64((count - 4) * 8)), toByteOffset: count - 4, as: UInt32.self)
        } else {
            place[0] = UInt8(truncatingIfNeeded: text)
            if count > 1 {
                place[1] = UInt8(truncatingIfNeeded: text >> 8)
                if count > 2 { place[2] = UInt8(truncatingIfNeeded: text >> 16) }
            }
        }
        return count
    }

    @inline(__always)
    private static func writeEight(_ number: UInt64, to place: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(place).storeBytes(of: eightDigits(number) | 0x3030_3030_3030_3030, as: UInt64.self)
    }

    /// The eight decimal digits of a number below 10^8, the first in the lowest byte: in one register, first as two numbers
    /// of four digits, then four of two, then eight of one. Divisions are multiplications: 10486 / 2^20 is 1 / 100 for
    /// numbers below 10,000, 103 / 2^10 is 1 / 10 for those below 100.
    @inline(__always)
    private static func eightDigits(_ number: UInt64) -> UInt64 {
        let upper = number / 10000
        let fours = upper | (number &- upper &* 10000) << 32
        let hundreds = (fours &* 10486) >> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) << 8
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
