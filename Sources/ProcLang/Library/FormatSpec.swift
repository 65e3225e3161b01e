// Format specifications: what follows the colon in "{x:>8.2f}", Python's mini-language
// (https://docs.python.org/3/library/string.html#formatspec).
//
//     [[fill]align][sign][#][0][width][grouping][.precision][type]
//
// Invariants
// - A specification that cannot be, or does not fit the value, raises `value` with the reason.
// - Widths count terminal columns, so that columns with wide characters stand under each other.

import Glibc

struct FormatSpec {
    var fill: Unicode.Scalar?
    /// `<`, `>`, `^`, `=`; nil: left for text, right for numbers.
    var alignment: Character?
    /// `+`, `-` or a blank.
    var sign: Character = "-"
    var alternate = false
    var zeroPadded = false
    var width = 0
    /// `,` or `_`.
    var grouping: Character?
    var precision: Int?
    var type: Character?

    private static let maximumWidth = 1 << 24

    /// Reads a specification; nil with the reason in `problem` when it is none.
    init?(_ text: String, problem: inout String) {
        var rest = Array(text.unicodeScalars)[...]
        func isAlignment(_ scalar: Unicode.Scalar?) -> Bool {
            guard let scalar else { return false }
            return scalar == "<" || scalar == ">" || scalar == "^" || scalar == "="
        }
        if rest.count >= 2, isAlignment(rest[rest.startIndex + 1]) {
            fill = rest.removeFirst()
            alignment = Character(rest.removeFirst())
        } else if isAlignment(rest.first) {
            alignment = Character(rest.removeFirst())
        }
        if let first = rest.first, first == "+" || first == "-" || first == " " {
            sign = Character(first)
            rest.removeFirst()
        }
        if rest.first == "#" {
            alternate = true
            rest.removeFirst()
        }
        if rest.first == "0" {
            zeroPadded = true
            rest.removeFirst()
        }
        func number() -> Int? {
            var value: Int?
            while let digit = rest.first, ("0"..."9").contains(digit) {
                value = min((value ?? 0) * 10 + Int(digit.value - 48), FormatSpec.maximumWidth + 1)
                rest.removeFirst()
            }
            return value
        }
        width = number() ?? 0
        if let first = rest.first, first == "," || first == "_" {
            grouping = Character(first)
            rest.removeFirst()
        }
        if rest.first == "." {
            rest.removeFirst()
            guard let digits = number() else {
                problem = "the format `\(text)` has a `.` without the number of digits"
                return nil
            }
            precision = digits
        }
        if let last = rest.first, "bdoxXeEfFgGs%c".unicodeScalars.contains(last) {
            type = Character(last)
            rest.removeFirst()
        }
        guard rest.isEmpty else {
            problem = "`\(text)` is no format: `\(String(String.UnicodeScalarView(rest)))` is not understood"
            return nil
        }
        guard width <= FormatSpec.maximumWidth, precision ?? 0 <= FormatSpec.maximumWidth else {
            problem = "the format `\(text)` asks for more than \(FormatSpec.maximumWidth) characters"
            return nil
        }
    }

    /// The text of `value` in the format `spec`.
    static func format(_ vm: VM, _ value: Value, _ spec: String) throws(Raise) -> Value {
        if spec.isEmpty { return try vm.displayString(value) }
        var problem = ""
        guard let format = FormatSpec(spec, problem: &problem) else { throw vm.valueError(problem) }
        let value = value.kind == Tag.shared ? try vm.sharedValue(value) : value
        guard let text = try format.apply(to: value, vm, problem: &problem) else { throw vm.valueError(problem) }
        return vm.heap.makeString(text)
    }

    private func apply(to value: Value, _ vm: VM, problem: inout String) throws(Raise) -> String? {
        switch value.tag {
        case Tag.int:
            switch type {
            case nil, "d", "b", "o", "x", "X":
                guard grouping != "," || type == nil || type == "d" else {
                    problem = "digits of the type `\(type!)` are grouped by `_`, not by `,`"
                    return nil
                }
                guard precision == nil else {
                    problem = "an int has no digits after the point; use the type f: {x:.\(precision!)f}"
                    return nil
                }
                return pad(number: integer(value.int))
            case "c":
                guard let scalar = UInt32(exactly: value.int).flatMap(Unicode.Scalar.init) else {
                    problem = "\(value.int) is not the code of a character"
                    return nil
                }
                return pad(text: String(Character(scalar)), default: "<")
            case "s": return mismatch("an int", &problem)
            default: return pad(number: float(Double(value.int)))
            }
        case Tag.float:
            switch type {
            case "d", "b", "o", "x", "X", "s", "c": return mismatch("a float", &problem)
            default: return pad(number: float(value.float))
            }
        default:
            guard type == nil || type == "s" else { return mismatch("a \(value.typeName)", &problem) }
            guard alignment != "=", sign == "-", grouping == nil, !alternate else {
                problem = "signs, `=` and digit groups are for numbers, not for a \(value.typeName)"
                return nil
            }
            var text = try vm.displayText(value)
            if let precision { text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision))) }
            return pad(text: text, default: "<")
        }
    }

    private func mismatch(_ what: String, _ problem: inout String) -> String? {
        problem = "the format type `\(type!)` does not fit \(what)"
        return nil
    }

    // MARK: Numbers

    /// A number in parts: what stands before padding zeros, the digits that are grouped, and the rest.
    private struct Digits {
        var sign = ""
        var prefix = ""
        var whole = ""
        var tail = ""
        var groupSize = 3
    }

    private func signText(_ isNegative: Bool) -> String {
        isNegative ? "-" : sign == "-" ? "" : String(sign)
    }

    private func integer(_ value: Int) -> Digits {
        var digits = Digits(sign: signText(value < 0))
        let radix = type == "b" ? 2 : type == "o" ? 8 : type == "x" || type == "X" ? 16 : 10
        digits.whole = String(value.magnitude, radix: radix, uppercase: type == "X")
        if radix != 10 { digits.groupSize = 4 }
        if alternate, radix != 10 { digits.prefix = "0\(type!)" }
        return digits
    }

    private func float(_ value: Double) -> Digits {
        var digits = Digits(sign: signText(value.sign == .minus && !value.isNaN))
        let magnitude = value.magnitude
        let isUpper = type == "E" || type == "F" || type == "G"
        if !magnitude.isFinite {
            let text = magnitude.isNaN ? "nan" : "inf"
            digits.tail = (isUpper ? text.uppercased() : text) + (type == "%" ? "%" : "")
            return digits
        }
        let text: String
        let flag = alternate ? "#" : ""
        switch type {
        case "e", "E": text = FormatSpec.print("%\(flag).*\(type!)", precision ?? 6, magnitude)
        case "f", "F": text = FormatSpec.print("%\(flag).*f", precision ?? 6, magnitude)
        case "g", "G": text = FormatSpec.print("%\(flag).*\(type!)", precision == 0 ? 1 : precision ?? 6, magnitude)
        case "%": text = FormatSpec.print("%\(flag).*f", precision ?? 6, magnitude * 100) + "%"
        default: text = general(magnitude)
        }
        let end = text.firstIndex { !("0"..."9").contains($0) } ?? text.endIndex
        digits.whole = String(text[..<end])
        digits.tail = String(text[end...])
        return digits
    }

    /// Without a type: like `print`, or like `g` with at least one digit after the point.
    private func general(_ magnitude: Double) -> String {
        guard let precision else { return Text.float(magnitude) }
        let significant = max(precision, 1)
        let scientific = FormatSpec.print("%.*e", significant - 1, magnitude)
        let exponent = scientific.lastIndex(of: "e").flatMap { Int(scientific[scientific.index(after: $0)...]) } ?? 0
        if exponent < -4 || exponent + 1 > significant - 1 {
            // As %g writes it: without trailing zeros in the mantissa.
            guard let mark = scientific.lastIndex(of: "e") else { return scientific }
            var mantissa = scientific[..<mark]
            if mantissa.contains(".") {
                while mantissa.last == "0" { mantissa = mantissa.dropLast() }
                if mantissa.last == "." { mantissa = mantissa.dropLast() }
            }
            return String(mantissa) + scientific[mark...]
        }
        let text = FormatSpec.print("%.*g", significant, magnitude)
        return text.contains(".") ? text : text + ".0"
    }

    private static func print(_ format: String, _ precision: Int, _ value: Double) -> String {
        withVaList([Int32(precision), value]) { arguments in
            var room = [CChar](repeating: 0, count: precision + 340)
            let count = vsnprintf(&room, room.count, format, arguments)
            return String(decoding: room.prefix(Int(max(count, 0))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private func pad(number digits: Digits) -> String {
        let lead = digits.sign + digits.prefix
        let isZeroFilled = zeroPadded && alignment == nil
        var whole = digits.whole
        if isZeroFilled, !whole.isEmpty {
            // Groups count for the zeros, too: 00,001,234.
            let room = width - lead.count - digits.tail.count
            // So many digits and the marks between them fill the room; a mark never stands first.
            let unit = digits.groupSize + 1
            let filled = room > 0 && room % unit == 0 ? room + 1 : room
            let wanted = grouping == nil ? room : filled - filled / unit
            whole = String(repeating: "0", count: max(0, wanted - whole.count)) + whole
        }
        let body = grouped(whole, digits.groupSize) + digits.tail
        if alignment == "=" || isZeroFilled {
            let missing = max(0, width - lead.count - body.count)
            let filler = fill ?? (zeroPadded ? "0" : " ")
            return lead + String(repeating: Character(filler), count: missing) + body
        }
        return pad(text: lead + body, default: ">")
    }

    private func grouped(_ whole: String, _ size: Int) -> String {
        guard let grouping, whole.count > size else { return whole }
        var result = ""
        let count = whole.count
        for (index, digit) in whole.enumerated() {
            if index > 0, (count - index) % size == 0 { result.append(grouping) }
            result.append(digit)
        }
        return result
    }

    // MARK: Padding

    private func pad(text: String, default side: Character) -> String {
        guard width > 0 else { return text }
        let missing = width - text.reduce(0) { $0 + DisplayWidth.columns($1) }
        guard missing > 0 else { return text }
        let filler = Character(fill ?? (zeroPadded ? "0" : " "))
        let left: Int
        switch alignment ?? side {
        case ">", "=": left = missing
        case "^": left = missing / 2
        default: left = 0
        }
        return String(repeating: filler, count: left) + text + String(repeating: filler, count: missing - left)
    }
}
