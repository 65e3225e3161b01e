// Number literals: integers in four bases, floats, durations. A literal out of range is an error, never a
// wrong value.

extension Lexer {
    /// The suffixes of durations with the divisor or factor that makes seconds of them.
    private static let units: [(suffix: String, factor: Double, divisor: Double)] = [
        ("us", 1, 1_000_000), ("ms", 1, 1000), ("s", 1, 1), ("m", 60, 1), ("h", 3600, 1),
    ]

    mutating func lexNumber() {
        let start = position
        if bytes[start] == 48 {
            switch peek(1) | 0x20 {
            case UInt8(ascii: "x"): return lexRadix(16, "hexadecimal")
            case UInt8(ascii: "o"): return lexRadix(8, "octal")
            case UInt8(ascii: "b"): return lexRadix(2, "binary")
            default: break
            }
        }
        var isFloat = false
        skipDigits()
        if peek() == UInt8(ascii: "."), isDigit(peek(1)) {
            isFloat = true
            position += 1
            skipDigits()
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-")
            if isDigit(peek(signed ? 2 : 1)) {
                isFloat = true
                position += signed ? 2 : 1
                skipDigits()
            }
        }
        let digitsEnd = position
        while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
        let suffix = String(decoding: bytes[digitsEnd..<position], as: UTF8.self)
        guard let digits = digits(from: start, to: digitsEnd) else {
            report(
                .invalidNumber, "misplaced `_` in a number", start, digitsEnd,
                help: ["`_` may stand between two digits, as in 1_000"])
            return emit(.invalid, start, position)
        }
        if !suffix.isEmpty {
            guard let unit = Lexer.units.first(where: { $0.suffix == suffix }) else {
                report(
                    .invalidNumber, "`\(suffix)` cannot follow a number", digitsEnd, position,
                    help: ["durations end in us, ms, s, m or h, as in 250ms; a name cannot begin with a digit"])
                return emit(.invalid, start, position)
            }
            let seconds = (Double(digits) ?? .infinity) * unit.factor / unit.divisor
            return emitFloat(seconds, start)
        }
        if isFloat { return emitFloat(Double(digits) ?? .infinity, start) }
        if digits.utf8.count > 1, digits.utf8.first == 48 {
            report(
                .invalidNumber, "an integer cannot begin with 0", start, digitsEnd,
                help: ["octal numbers are written 0o17"])
            return emit(.invalid, start, position)
        }
        emitInt(UInt64(digits), start)
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    private mutating func skipDigits() {
        while isDigit(peek()) || peek() == 95 { position += 1 }
    }

    /// The characters without `_`; nil where one does not stand between two digits.
    private func digits(from start: Int, to end: Int) -> String? {
        var plain: [UInt8] = []
        plain.reserveCapacity(end - start)
        for index in start..<end {
            if bytes[index] == 95 {
                guard index > start, index + 1 < end, isHexDigit(bytes[index - 1]), isHexDigit(bytes[index + 1])
                else { return nil }
            } else {
                plain.append(bytes[index])
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= 97 && byte | 0x20 <= 102)
    }

    private mutating func lexRadix(_ radix: Int, _ name: String) {
        let start = position
        position += 2
        while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
        guard start + 2 < position, let digits = digits(from: start + 2, to: position) else {
            report(
                .invalidNumber, "a \(name) number needs digits", start, position,
                help: ["for example 0xff, 0o17, 0b1010"])
            return emit(.invalid, start, position)
        }
        for digit in digits where digit.hexDigitValue.map({ $0 >= radix }) ?? true {
            report(.invalidNumber, "`\(digit)` is not a \(name) digit", start, position)
            return emit(.invalid, start, position)
        }
        emitInt(UInt64(digits, radix: radix), start)
    }

    private mutating func emitInt(_ value: UInt64?, _ start: Int) {
        guard let value, value <= 1 << 63 else {
            report(
                .numberTooLarge, "the integer does not fit in 64 bits", start, position,
                help: ["the greatest int is 9223372036854775807; a float is written with a point: 1e19 or 1.0"])
            return emit(.invalid, start, position)
        }
        out.ints.append(value)
        emit(.int, start, position, payload: Int32(out.ints.count - 1))
    }

    private mutating func emitFloat(_ value: Double, _ start: Int) {
        guard value.isFinite else {
            report(
                .numberTooLarge, "the number is too large for a float", start, position,
                help: ["the greatest float is about 1.8e308"])
            return emit(.invalid, start, position)
        }
        out.floats.append(value)
        emit(.float, start, position, payload: Int32(out.floats.count - 1))
    }
}
