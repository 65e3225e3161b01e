// The loops that pack lists of numbers into messages and out of them: a thousand turns for one message.
//
// Invariant: the loops over the elements have no branch that depends on them, so that the compiler makes vectors of them.

enum Packing {
    /// The bits in which any of the ints differs from its sign; nil unless all values have this tag. Looked at in pieces:
    /// a list whose first element alone is a number is told soon.
    static func bits(_ items: UnsafeMutablePointer<Value>, _ count: Int, tag: UInt64) -> UInt64? {
        var bits: UInt64 = 0
        var index = 0
        while index < count {
            let end = min(index + 256, count)
            var strange: UInt64 = 0
            while index < end {
                strange |= items[index].tag ^ tag
                let value = items[index].payload
                bits |= value ^ UInt64(bitPattern: Int64(bitPattern: value) >> 63)
                index += 1
            }
            if strange != 0 { return nil }
        }
        return bits
    }

    /// Writes the low bits of each payload; `place` need not be aligned.
    @inline(__always)
    static func narrow<T: FixedWidthInteger>(
        _ items: UnsafeMutablePointer<Value>, _ count: Int, to place: UnsafeMutableRawPointer, _ type: T.Type
    ) {
        for index in 0..<count {
            place.storeBytes(
                of: T(truncatingIfNeeded: items[index].payload), toByteOffset: index &* MemoryLayout<T>.size, as: T.self)
        }
    }

    /// Makes values of numbers with a sign; `place` need not be aligned.
    @inline(__always)
    static func widen<T: FixedWidthInteger & SignedInteger>(
        _ place: UnsafeRawPointer, _ count: Int, to items: UnsafeMutablePointer<Value>, _ tag: UInt64, _ type: T.Type
    ) {
        for index in 0..<count {
            let number = place.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: T.self)
            items[index] = Value(tag: tag, payload: UInt64(truncatingIfNeeded: Int64(number)))
        }
    }
}
