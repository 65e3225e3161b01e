// Functions of numbers that are always there.
//
// Invariants
// - Ints stay exact: what does not fit raises `overflow`, nothing wraps.
// - `round` rounds half to even, as Python does.

import Glibc

enum NumberFunctions {
    static func install(_ table: LibraryTable) {
        table.function("abs", "number", "The number without its sign.") { (vm, a, _) throws(Raise) in
            if a[0].isInt {
                guard a[0].int != Int.min else { throw vm.raise(vm.kinds.overflow, "abs(\(Int.min)) does not fit in an int (64 bits)") }
                return Value(abs(a[0].int))
            }
            guard a[0].isFloat else { throw vm.typeError("`abs` takes a number, not \(a[0].typeName)") }
            return Value(abs(a[0].float))
        }
        table.function("round", "number, digits?", "The nearest int, or float with so many digits after the point; ties go to the even one.") {
            (vm, a, _) throws(Raise) in
            guard a[0].isNumber, a[1].isAbsent || a[1].isInt else {
                throw vm.typeError("`round` takes a number and a number of digits, not \(a[0].typeName)")
            }
            if a[1].isAbsent {
                if a[0].isInt { return a[0] }
                guard a[0].float.isFinite else { throw vm.valueError("\(Text.float(a[0].float)) cannot be an int") }
                guard let whole = Int(exactly: a[0].float.rounded(.toNearestOrEven)) else {
                    throw vm.raise(vm.kinds.overflow, "\(Text.float(a[0].float)) does not fit in an int (64 bits)")
                }
                return Value(whole)
            }
            if a[0].isInt { return try roundInt(vm, a[0].int, a[1].int) }
            return Value(roundFloat(a[0].float, a[1].int))
        }
    }

    private static func roundInt(_ vm: VM, _ number: Int, _ digits: Int) throws(Raise) -> Value {
        if digits >= 0 { return Value(number) }
        if digits < -18 { return Value(0) }
        var unit = 1
        for _ in 0..<(-digits) { unit *= 10 }
        // Between 0 and `unit`: twice that is below 2 ** 64.
        let rest = Arithmetic.remainder(number, unit)
        let half = UInt(rest) * 2
        let isOdd = Arithmetic.floorDivide(number, unit) % 2 != 0
        let up = half > UInt(unit) || half == UInt(unit) && isOdd
        let (result, overflow) = up ? number.addingReportingOverflow(unit - rest) : number.subtractingReportingOverflow(rest)
        if overflow { throw vm.raise(vm.kinds.overflow, "the rounded number does not fit in an int (64 bits)") }
        return Value(result)
    }

    /// Correctly rounded through the decimal text, as Python does.
    static func roundFloat(_ number: Double, _ digits: Int) -> Double {
        guard number.isFinite else { return number }
        if digits > 300 { return number }
        if digits < -308 { return 0 }
        if digits >= 0 {
            var buffer = [CChar](repeating: 0, count: 700)
            _ = withVaList([Int32(digits), number]) { vsnprintf(&buffer, buffer.count, "%.*f", $0) }
            return strtod(buffer, nil)
        }
        let unit = pow(10.0, Double(-digits))
        return (number / unit).rounded(.toNearestOrEven) * unit
    }
}
