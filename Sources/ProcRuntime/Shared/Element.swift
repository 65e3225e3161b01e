// The elements of shared cells and arrays: numbers of 1, 2, 4 or 8 bytes, each read and written by one atomic
// access. To the outside an element is 64 bits: integers sign- or zero-extended, floats as a Double's bits.
//
// Invariants
// - An element lies at a multiple of its size, so no access is torn.
// - The index was checked by `address`; nothing here goes outside.

import CSystem

enum Element {
    /// Bytes of one element.
    @inline(__always)
    static func size(_ kind: ElementKind) -> Int {
        switch kind {
        case .bool, .int8, .uint8: return 1
        case .int16, .uint16: return 2
        case .int32, .uint32, .float32: return 4
        case .int64, .uint64, .float64: return 8
        }
    }

    @inline(__always)
    static func load(_ p: UnsafeMutableRawPointer, _ kind: ElementKind) -> UInt64 {
        extend(raw(p, kind), kind)
    }

    @inline(__always)
    static func store(_ p: UnsafeMutableRawPointer, _ kind: ElementKind, _ bits: UInt64) {
        let r = narrow(bits, kind)
        switch size(kind) {
        case 1:
            pl_store8(p.assumingMemoryBound(to: UInt8.self), UInt8(truncatingIfNeeded: r))
        case 2:
            pl_store16(p.assumingMemoryBound(to: UInt16.self), UInt16(truncatingIfNeeded: r))
        case 4:
            pl_store32(p.assumingMemoryBound(to: UInt32.self), UInt32(truncatingIfNeeded: r))
        default:
            pl_store64(p.assumingMemoryBound(to: UInt64.self), r)
        }
    }

    /// Stores `desired` if the element reads as `expected`. The comparison is of what `load` says, so that a
    /// float32 whose bits do not survive the way through a Double cannot fail for ever.
    @inline(__always)
    static func compareExchange(
        _ p: UnsafeMutableRawPointer, _ kind: ElementKind, _ expected: inout UInt64, _ desired: UInt64
    ) -> Bool {
        let old = raw(p, kind)
        let seen = extend(old, kind)
        if seen != expected {
            expected = seen
            return false
        }
        let new = narrow(desired, kind)
        let done: Bool
        switch size(kind) {
        case 1:
            done = pl_cas8(
                p.assumingMemoryBound(to: UInt8.self), UInt8(truncatingIfNeeded: old), UInt8(truncatingIfNeeded: new))
        case 2:
            done = pl_cas16(
                p.assumingMemoryBound(to: UInt16.self), UInt16(truncatingIfNeeded: old), UInt16(truncatingIfNeeded: new)
            )
        case 4:
            done = pl_cas32(
                p.assumingMemoryBound(to: UInt32.self), UInt32(truncatingIfNeeded: old), UInt32(truncatingIfNeeded: new)
            )
        default:
            done = pl_cas64(p.assumingMemoryBound(to: UInt64.self), old, new)
        }
        if !done { expected = load(p, kind) }
        return done
    }

    @inline(__always)
    private static func raw(_ p: UnsafeMutableRawPointer, _ kind: ElementKind) -> UInt64 {
        switch size(kind) {
        case 1: return UInt64(pl_load8(p.assumingMemoryBound(to: UInt8.self)))
        case 2: return UInt64(pl_load16(p.assumingMemoryBound(to: UInt16.self)))
        case 4: return UInt64(pl_load32(p.assumingMemoryBound(to: UInt32.self)))
        default: return pl_load64(p.assumingMemoryBound(to: UInt64.self))
        }
    }

    @inline(__always)
    private static func extend(_ r: UInt64, _ kind: ElementKind) -> UInt64 {
        switch kind {
        case .bool, .uint8, .uint16, .uint32, .uint64, .int64, .float64: return r
        case .int8: return UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: r)))
        case .int16: return UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: r)))
        case .int32: return UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: r)))
        case .float32: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: r))).bitPattern
        }
    }

    @inline(__always)
    private static func narrow(_ bits: UInt64, _ kind: ElementKind) -> UInt64 {
        switch kind {
        case .bool: return bits == 0 ? 0 : 1
        case .float32: return UInt64(Float(Double(bitPattern: bits)).bitPattern)
        default: return bits
        }
    }

    // MARK: Addresses

    /// The kind of a cell's or an array's elements.
    @inline(__always)
    static func kind(_ o: Shared.Object) -> ElementKind {
        ElementKind(rawValue: UInt8(truncatingIfNeeded: o.pointee.reserved)) ?? .int64
    }

    /// The memory of the elements: a word of the object for a cell, its block for an array.
    @inline(__always)
    static func base(_ o: Shared.Object) -> UnsafeMutableRawPointer {
        o.pointee.ring == 0
            ? UnsafeMutableRawPointer(Shared.word(o, ObjectWord.value))
            : UnsafeMutableRawPointer(pl_block_bytes(o.pointee.ring))
    }

    /// Where element `index` lies. Throws `index` when there is none.
    @inline(__always)
    static func address(_ o: Shared.Object, _ kind: ElementKind, _ index: Int) throws -> UnsafeMutableRawPointer {
        guard index >= 0, UInt64(index) < o.pointee.capacity else {
            throw RuntimeError(
                kind: "index", message: "index \(index) is outside of the shared array (\(o.pointee.capacity))")
        }
        return base(o) + index * size(kind)
    }
}
