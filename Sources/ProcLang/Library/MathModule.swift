// The module `math`.
//
// Invariant: a function outside its domain raises `value`, a result too large for a float or an int `overflow`; nan and
// inf come out only where they went in.

import Glibc

enum MathModule {
    static func install(_ table: LibraryTable) {
        table.constant("math", "pi", "The circle's circumference by its diameter.") { _ in Value(Double.pi) }
        table.constant("math", "e", "The base of natural logarithms.") { _ in Value(M_E) }
        table.constant("math", "tau", "Two pi.") { _ in Value(2 * Double.pi) }
        table.constant("math", "inf", "Larger than every number.") { _ in Value(Double.infinity) }
        table.constant("math", "nan", "Not a number.") { _ in Value(Double.nan) }
        installRealFunctions(table)
        installRounding(table)
        installIntegerFunctions(table)
        installBits(table)
        installTests(table)
    }

    /// Ints as 64 bits in two's complement: the language has no operators on them.
    private static func installBits(_ table: LibraryTable) {
        func combining(_ name: String, _ doc: String, _ operation: @escaping (Int, Int) -> Int) {
            table.module("math", name, "a, b", doc) { (vm, a, _) throws(Raise) in
                let first = try vm.intArgument(a[0], "a")
                return Value(operation(first, try vm.intArgument(a[1], "b")))
            }
        }
        combining("bit_and", "The bits that both ints have.") { $0 & $1 }
        combining("bit_or", "The bits that one of two ints has, or both.") { $0 | $1 }
        combining("bit_xor", "The bits in which two ints differ.") { $0 ^ $1 }
        table.module("math", "bit_not", "n", "All 64 bits turned round: -n - 1.") { (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            return Value(~n)
        }
        table.module("math", "bit_count", "n", "How many of the 64 bits are 1.") { (vm, a, _) throws(Raise) in
            Value(try vm.intArgument(a[0], "n").nonzeroBitCount)
        }
        func places(_ vm: VM, _ value: Value) throws(Raise) -> Int {
            let count = try vm.intArgument(value, "the count")
            guard count >= 0 else { throw vm.valueError("bits cannot be shifted by \(count)") }
            return count
        }
        table.module("math", "shift_left", "n, count", "n * 2 ** count; raises `overflow` if that does not fit in an int.") {
            (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            let count = try places(vm, a[1])
            if n == 0 { return Value(0) }
            let shifted = n << count
            guard count < 64, shifted >> count == n else {
                throw vm.raise(vm.kinds.overflow, "the result of math.shift_left is too large for an int")
            }
            return Value(shifted)
        }
        table.module("math", "shift_right", "n, count", "n // 2 ** count: the sign stays.") { (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            let count = try places(vm, a[1])
            return Value(n >> count)
        }
    }

    private static func checked(_ vm: VM, _ result: Double, _ name: String, _ inputs: Double...) throws(Raise) -> Value {
        if result.isNaN, !inputs.contains(where: \.isNaN) {
            throw vm.valueError("math.\(name) is not defined for \(inputs.map(Text.float).joined(separator: ", "))")
        }
        if result.isInfinite, inputs.allSatisfy(\.isFinite) {
            throw vm.raise(vm.kinds.overflow, "the result of math.\(name) is too large for a float")
        }
        return Value(result)
    }

    private static func installRealFunctions(_ table: LibraryTable) {
        func real(_ name: String, _ doc: String, _ function: @escaping (Double) -> Double) {
            table.module("math", name, "x", doc) { (vm, a, _) throws(Raise) in
                let x = try vm.floatArgument(a[0], "x")
                return try checked(vm, function(x), name, x)
            }
        }
        real("sqrt", "The square root.", Glibc.sqrt)
        real("cbrt", "The cube root.", Glibc.cbrt)
        real("exp", "e to the power of x.", Glibc.exp)
        real("sin", "Sine; the angle in radians.", Glibc.sin)
        real("cos", "Cosine; the angle in radians.", Glibc.cos)
        real("tan", "Tangent; the angle in radians.", Glibc.tan)
        real("asin", "The angle whose sine is x, in radians.", Glibc.asin)
        real("acos", "The angle whose cosine is x, in radians.", Glibc.acos)
        real("atan", "The angle whose tangent is x, in radians.", Glibc.atan)
        real("sinh", "Hyperbolic sine.", Glibc.sinh)
        real("cosh", "Hyperbolic cosine.", Glibc.cosh)
        real("tanh", "Hyperbolic tangent.", Glibc.tanh)
        real("degrees", "Radians as degrees.") { $0 * 180 / Double.pi }
        real("radians", "Degrees as radians.") { $0 * Double.pi / 180 }
        func logarithm(_ name: String, _ doc: String, _ function: @escaping (Double) -> Double) {
            table.module("math", name, "x", doc) { (vm, a, _) throws(Raise) in
                Value(function(try positive(vm, a[0], name)))
            }
        }
        logarithm("log2", "The logarithm to base 2.", Glibc.log2)
        logarithm("log10", "The logarithm to base 10.", Glibc.log10)
        table.module("math", "log", "x, base?", "The natural logarithm, or that to a base.") { (vm, a, _) throws(Raise) in
            let x = Glibc.log(try positive(vm, a[0], "log"))
            if a[1].isAbsent || a[1].isNil { return Value(x) }
            let base = Glibc.log(try positive(vm, a[1], "log"))
            guard base != 0 else { throw vm.raise(vm.kinds.zeroDivision, "a logarithm has no base 1") }
            return Value(x / base)
        }
        func binary(_ name: String, _ signature: String, _ doc: String, _ function: @escaping (Double, Double) -> Double) {
            table.module("math", name, signature, doc) { (vm, a, _) throws(Raise) in
                let x = try vm.floatArgument(a[0], "the first argument")
                let y = try vm.floatArgument(a[1], "the second argument")
                return try checked(vm, function(x, y), name, x, y)
            }
        }
        binary("pow", "x, y", "x to the power of y, as a float.", Glibc.pow)
        binary("atan2", "y, x", "The angle of the point (x, y), in radians.", Glibc.atan2)
        binary("hypot", "x, y", "The distance of the point (x, y) from the origin.", Glibc.hypot)
        binary("fmod", "x, y", "The remainder with the sign of x.", Glibc.fmod)
        binary("copysign", "x, y", "x with the sign of y.", Glibc.copysign)
    }

    private static func positive(_ vm: VM, _ value: Value, _ name: String) throws(Raise) -> Double {
        let x = try vm.floatArgument(value, "x")
        guard !(x <= 0) else { throw vm.valueError("math.\(name) is not defined for \(Text.float(x))") }
        return x
    }

    private static func installRounding(_ table: LibraryTable) {
        func rounding(_ name: String, _ doc: String, _ rule: FloatingPointRoundingRule) {
            table.module("math", name, "x", doc) { (vm, a, _) throws(Raise) in
                let value = try vm.plain(a[0])
                if value.isInt { return value }
                let x = try vm.floatArgument(value, "x").rounded(rule)
                guard x.isFinite else { throw vm.valueError("\(Text.float(x)) is no int") }
                guard let whole = Int(exactly: x) else {
                    throw vm.raise(vm.kinds.overflow, "\(Text.float(x)) does not fit in an int")
                }
                return Value(whole)
            }
        }
        rounding("floor", "The largest int that is not above x.", .down)
        rounding("ceil", "The smallest int that is not below x.", .up)
        rounding("trunc", "x without its fraction, as an int.", .towardZero)
    }

    private static func installIntegerFunctions(_ table: LibraryTable) {
        func overflow(_ vm: VM, _ name: String) -> Raise {
            vm.raise(vm.kinds.overflow, "the result of math.\(name) does not fit in an int")
        }
        table.module("math", "gcd", "a, b", "The greatest common divisor.") { (vm, a, _) throws(Raise) in
            let result = gcd(try vm.intArgument(a[0], "a").magnitude, try vm.intArgument(a[1], "b").magnitude)
            guard let value = Int(exactly: result) else { throw overflow(vm, "gcd") }
            return Value(value)
        }
        table.module("math", "lcm", "a, b", "The least common multiple.") { (vm, a, _) throws(Raise) in
            let x = try vm.intArgument(a[0], "a").magnitude
            let y = try vm.intArgument(a[1], "b").magnitude
            if x == 0 || y == 0 { return Value(0) }
            let (product, isTooLarge) = (x / gcd(x, y)).multipliedReportingOverflow(by: y)
            guard !isTooLarge, let value = Int(exactly: product) else { throw overflow(vm, "lcm") }
            return Value(value)
        }
        table.module("math", "factorial", "n", "1 * 2 * ... * n.") { (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            guard n >= 0 else { throw vm.valueError("math.factorial is not defined for \(n)") }
            guard n <= 20 else { throw overflow(vm, "factorial") }
            return Value((0..<n).reduce(1) { $0 * ($1 + 1) })
        }
        table.module("math", "comb", "n, k", "In how many ways k of n things can be chosen.") { (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            let k = try vm.intArgument(a[1], "k")
            guard n >= 0, k >= 0 else { throw vm.valueError("math.comb is not defined for negative numbers") }
            guard k <= n else { return Value(0) }
            var result: UInt = 1
            for step in 0..<UInt(min(k, n - k)) {
                // Divides without rest after each factor; the common divisor keeps the product small.
                let divisor = gcd(result, step + 1)
                let (product, isTooLarge) = (result / divisor).multipliedReportingOverflow(
                    by: (UInt(n) - step) / ((step + 1) / divisor))
                guard !isTooLarge, product <= UInt(Int.max) else { throw overflow(vm, "comb") }
                result = product
            }
            return Value(Int(result))
        }
        table.module("math", "isqrt", "n", "The whole part of the square root, exactly.") { (vm, a, _) throws(Raise) in
            let n = try vm.intArgument(a[0], "n")
            guard n >= 0 else { throw vm.valueError("math.isqrt is not defined for \(n)") }
            var root = Int(Glibc.sqrt(Double(n)))
            while root > 3_037_000_499 || root * root > n { root -= 1 }
            while root < 3_037_000_499, (root + 1) * (root + 1) <= n { root += 1 }
            return Value(root)
        }
    }

    private static func gcd(_ a: UInt, _ b: UInt) -> UInt {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    private static func installTests(_ table: LibraryTable) {
        func test(_ name: String, _ doc: String, _ function: @escaping (Double) -> Bool) {
            table.module("math", name, "x", doc) { (vm, a, _) throws(Raise) in
                Value(function(try vm.floatArgument(a[0], "x")))
            }
        }
        test("isnan", "Whether x is nan.") { $0.isNaN }
        test("isinf", "Whether x is inf or -inf.") { $0.isInfinite }
        test("isfinite", "Whether x is neither nan nor inf.") { $0.isFinite }
        table.module("math", "isclose", "a, b, tolerance?", "Whether two numbers differ by at most 1e-9 of the larger one, or the tolerance.") {
            (vm, a, _) throws(Raise) in
            let x = try vm.floatArgument(a[0], "a")
            let y = try vm.floatArgument(a[1], "b")
            let tolerance = a[2].isAbsent ? 1e-9 : try vm.floatArgument(a[2], "the tolerance")
            return Value(x == y || (x - y).magnitude <= tolerance * max(x.magnitude, y.magnitude))
        }
    }
}
