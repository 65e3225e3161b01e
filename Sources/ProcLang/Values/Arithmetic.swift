// Arithmetic beyond the fast paths of the loop: mixed numbers, strings, lists, and every error.
//
// Invariants
// - Ints never wrap: what does not fit raises `overflow`. `//` and `%` round towards minus infinity, as in Python.
// - Every function here may allocate; none collects.

import Glibc

/// The arithmetic operators by number, as operands of instructions and in requests to the manager.
enum ArithmeticCode: UInt8 {
    case add, subtract, multiply, divide, floorDivide, remainder, power

    init(_ op: ArithmeticOperator) {
        switch op {
        case .add: self = .add
        case .subtract: self = .subtract
        case .multiply: self = .multiply
        case .divide: self = .divide
        case .floorDivide: self = .floorDivide
        case .remainder: self = .remainder
        case .power: self = .power
        }
    }
}

enum Arithmetic {
    /// `y` is positive.
    @inline(__always)
    static func floorDivide(_ x: Int, _ y: Int) -> Int {
        let quotient = x / y
        return x % y < 0 ? quotient &- 1 : quotient
    }

    /// `y` is positive.
    @inline(__always)
    static func remainder(_ x: Int, _ y: Int) -> Int {
        let rest = x % y
        return rest < 0 ? rest &+ y : rest
    }

    /// The floor of the quotient, as far as it can be told from what is left of the division (CPython's float_divmod).
    static func floorDivide(_ x: Double, _ y: Double) -> Double {
        let rest = fmod(x, y)
        var quotient = (x - rest) / y
        if rest != 0, (rest < 0) != (y < 0) { quotient -= 1 }
        if quotient == 0 { return copysign(0, x / y) }
        let floor = quotient.rounded(.down)
        return quotient - floor > 0.5 ? floor + 1 : floor
    }

    static func remainder(_ x: Double, _ y: Double) -> Double {
        let rest = fmod(x, y)
        if rest != 0, (rest < 0) != (y < 0) { return rest + y }
        return rest == 0 ? copysign(0, y) : rest
    }

    /// -1, 0, 1, or nil if `float` is not a number. Exact also where the int has no equal Double.
    static func compare(_ int: Int, _ float: Double) -> Int? {
        if float.isNaN { return nil }
        if float >= 9.3e18 { return -1 }
        if float <= -9.3e18 { return 1 }
        let truncated = float.rounded(.down)
        guard let whole = Int(exactly: truncated) else { return float > 0 ? -1 : 1 }
        if int != whole { return int < whole ? -1 : 1 }
        return float > truncated ? -1 : 0
    }
}

extension VM {
    func arithmetic(_ code: ArithmeticCode, _ x: Value, _ y: Value) throws(Raise) -> Value {
        switch code {
        case .add: return try addSlow(x, y)
        case .subtract: return try subtractSlow(x, y)
        case .multiply: return try multiplySlow(x, y)
        case .divide: return try divideSlow(x, y)
        case .floorDivide: return try floorDivideSlow(x, y)
        case .remainder: return try remainderSlow(x, y)
        case .power: return try power(x, y)
        }
    }

    private func overflow(_ x: Value, _ op: String, _ y: Value) -> Raise {
        raise(kinds.overflow, "\(x.int) \(op) \(y.int) does not fit in an int (64 bits)")
    }

    private func operands(_ x: Value, _ op: String, _ y: Value, _ hint: String = "") -> Raise {
        typeError("`\(op)` does not work on \(x.typeName) and \(y.typeName)\(hint)")
    }

    @inline(never)
    func addSlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        if x.isString, y.isString {
            guard let text = heap.concatenate(x.string, y.string) else {
                throw memoryError(x.string.byteCount + y.string.byteCount)
            }
            return text
        }
        if x.isNumber, y.isNumber {
            if x.isInt, y.isInt {
                let (sum, overflowed) = x.int.addingReportingOverflow(y.int)
                if overflowed { throw overflow(x, "+", y) }
                return Value(sum)
            }
            return Value(x.asDouble + y.asDouble)
        }
        if x.isList, y.isList {
            let count = x.list.pointee.count + y.list.pointee.count
            try require(count, ofSize: 16)
            let list = heap.newList(capacity: count)
            memcpy(list.pointee.items, x.list.pointee.items, x.list.pointee.count * 16)
            memcpy(list.pointee.items + x.list.pointee.count, y.list.pointee.items, y.list.pointee.count * 16)
            list.pointee.count = count
            return Value(list)
        }
        if x.tag == Tag.bytes, y.tag == Tag.bytes {
            let count = x.bytes.pointee.count + y.bytes.pointee.count
            try require(count)
            let bytes = heap.newBytes(count: count)
            memcpy(bytes.pointee.bytes, x.bytes.pointee.bytes, x.bytes.pointee.count)
            memcpy(bytes.pointee.bytes + x.bytes.pointee.count, y.bytes.pointee.bytes, y.bytes.pointee.count)
            return Value(heap: Tag.bytes, bytes)
        }
        if x.isString || y.isString {
            throw operands(x, "+", y, "; use \"{x}\" or str(x) to make a string of a value")
        }
        throw operands(x, "+", y)
    }

    @inline(never)
    func subtractSlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        guard x.isNumber, y.isNumber else { throw operands(x, "-", y) }
        if x.isInt, y.isInt {
            let (difference, overflowed) = x.int.subtractingReportingOverflow(y.int)
            if overflowed { throw overflow(x, "-", y) }
            return Value(difference)
        }
        return Value(x.asDouble - y.asDouble)
    }

    @inline(never)
    func multiplySlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        if x.isNumber, y.isNumber {
            if x.isInt, y.isInt {
                let (product, overflowed) = x.int.multipliedReportingOverflow(by: y.int)
                if overflowed { throw overflow(x, "*", y) }
                return Value(product)
            }
            return Value(x.asDouble * y.asDouble)
        }
        if y.isInt { return try repeated(x, y) }
        if x.isInt { return try repeated(y, x) }
        throw operands(x, "*", y)
    }

    private func repeated(_ x: Value, _ times: Value) throws(Raise) -> Value {
        let count = max(0, times.int)
        switch x.tag {
        case Tag.string:
            let text = x.string
            let (total, overflowed) = text.byteCount.multipliedReportingOverflow(by: count)
            if overflowed || total > StringObject.maxBytes || !heap.fits(total) { throw memoryError(overflowed ? .max : total) }
            if total == 0 { return heap.emptyString }
            let result = heap.newString(byteCount: total)
            for index in 0..<count { memcpy(result.bytes + index * text.byteCount, text.bytes, text.byteCount) }
            heap.finishString(result)
            return Value(result)
        case Tag.list:
            let list = x.list
            let (total, overflowed) = list.pointee.count.multipliedReportingOverflow(by: count)
            if overflowed { throw memoryError(.max) }
            try require(total, ofSize: 16)
            let result = heap.newList(capacity: total)
            // Nothing to repeat is done at once, however often.
            for index in 0..<(total == 0 ? 0 : count) {
                memcpy(result.pointee.items + index * list.pointee.count, list.pointee.items, list.pointee.count * 16)
            }
            result.pointee.count = total
            return Value(result)
        case Tag.bytes:
            let bytes = x.bytes
            let (total, overflowed) = bytes.pointee.count.multipliedReportingOverflow(by: count)
            if overflowed { throw memoryError(.max) }
            try require(total)
            let result = heap.newBytes(count: total)
            for index in 0..<(total == 0 ? 0 : count) {
                memcpy(result.pointee.bytes + index * bytes.pointee.count, bytes.pointee.bytes, bytes.pointee.count)
            }
            return Value(heap: Tag.bytes, result)
        default:
            throw operands(x, "*", times)
        }
    }

    private func zeroDivision(_ op: String) -> Raise { raise(kinds.zeroDivision, "division by zero (`\(op)`)") }

    @inline(never)
    func divideSlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        guard x.isNumber, y.isNumber else { throw operands(x, "/", y) }
        let divisor = y.asDouble
        if divisor == 0 { throw zeroDivision("/") }
        return Value(x.asDouble / divisor)
    }

    @inline(never)
    func floorDivideSlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        guard x.isNumber, y.isNumber else { throw operands(x, "//", y) }
        if x.isInt, y.isInt {
            if y.int == 0 { throw zeroDivision("//") }
            let (quotient, overflowed) = x.int.dividedReportingOverflow(by: y.int)
            if overflowed { throw overflow(x, "//", y) }
            let rest = y.int == -1 ? 0 : x.int % y.int
            return Value(rest != 0 && (rest < 0) != (y.int < 0) ? quotient - 1 : quotient)
        }
        if y.asDouble == 0 { throw zeroDivision("//") }
        return Value(Arithmetic.floorDivide(x.asDouble, y.asDouble))
    }

    @inline(never)
    func remainderSlow(_ x: Value, _ y: Value) throws(Raise) -> Value {
        guard x.isNumber, y.isNumber else { throw operands(x, "%", y, x.isString ? "; a value is written into a text as \"{x:.2f} items\"" : "") }
        if x.isInt, y.isInt {
            if y.int == 0 { throw zeroDivision("%") }
            if y.int == -1 { return Value(0) }
            let rest = x.int % y.int
            return Value(rest != 0 && (rest < 0) != (y.int < 0) ? rest + y.int : rest)
        }
        if y.asDouble == 0 { throw zeroDivision("%") }
        return Value(Arithmetic.remainder(x.asDouble, y.asDouble))
    }

    @inline(never)
    func power(_ x: Value, _ y: Value) throws(Raise) -> Value {
        guard x.isNumber, y.isNumber else { throw operands(x, "**", y) }
        if x.isInt, y.isInt, y.int >= 0 {
            var result = 1
            var factor = x.int
            var exponent = y.int
            while true {
                if exponent & 1 == 1 {
                    let (product, overflowed) = result.multipliedReportingOverflow(by: factor)
                    if overflowed { throw overflow(x, "**", y) }
                    result = product
                }
                exponent >>= 1
                if exponent == 0 { return Value(result) }
                let (square, overflowed) = factor.multipliedReportingOverflow(by: factor)
                if overflowed { throw overflow(x, "**", y) }
                factor = square
            }
        }
        let base = x.asDouble
        let exponent = y.asDouble
        if base == 0, exponent < 0 { throw raise(kinds.zeroDivision, "zero cannot be raised to a negative power") }
        if base < 0, exponent != exponent.rounded() {
            throw valueError("a negative number cannot be raised to the power \(exponent)")
        }
        let result = pow(base, exponent)
        if result.isInfinite, base.isFinite, exponent.isFinite { throw raise(kinds.overflow, "the power is too large for a float") }
        return Value(result)
    }

    @inline(never)
    func negateSlow(_ x: Value) throws(Raise) -> Value {
        if x.isInt { throw raise(kinds.overflow, "-(\(x.int)) does not fit in an int (64 bits)") }
        throw typeError("`-` does not work on \(x.typeName)")
    }
}
