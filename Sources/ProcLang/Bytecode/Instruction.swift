// One instruction: 64 bits, `op` in the lowest 8, then the operands a, b, c of 16 bits each from bit 16 on. Some
// instructions read b and c together as one signed 32-bit operand ("wide": jump distances, constant numbers).

struct Instruction {
    var raw: UInt64

    @inline(__always)
    init(raw: UInt64) { self.raw = raw }

    init(_ op: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        raw =
            UInt64(op.rawValue) | UInt64(UInt16(truncatingIfNeeded: a)) << 16
            | UInt64(UInt16(truncatingIfNeeded: b)) << 32 | UInt64(UInt16(truncatingIfNeeded: c)) << 48
    }

    init(_ op: Opcode, _ a: Int, wide: Int) {
        raw =
            UInt64(op.rawValue) | UInt64(UInt16(truncatingIfNeeded: a)) << 16
            | UInt64(UInt32(truncatingIfNeeded: wide)) << 32
    }

    @inline(__always)
    var op: Opcode { unsafeBitCast(UInt8(truncatingIfNeeded: raw), to: Opcode.self) }
    @inline(__always)
    var a: Int { Int(truncatingIfNeeded: (raw >> 16) & 0xffff) }
    @inline(__always)
    var b: Int { Int(truncatingIfNeeded: (raw >> 32) & 0xffff) }
    @inline(__always)
    var c: Int { Int(truncatingIfNeeded: raw >> 48) }
    /// `b` as a signed number.
    @inline(__always)
    var signedB: Int { Int(Int16(truncatingIfNeeded: raw >> 32)) }
    /// `c` as a signed number.
    @inline(__always)
    var signedC: Int { Int(Int64(bitPattern: raw) >> 48) }
    /// `b` and `c` as one signed number.
    @inline(__always)
    var wide: Int { Int(Int64(bitPattern: raw) >> 32) }
}
