// The methods of strings, Python's where Python has them, and `ord`, `chr`. (What takes texts apart and puts them together:
// StringParts.swift.)
//
// Invariants
// - Positions that a script sees count characters (Unicode scalars); inside, everything works on UTF-8 bytes.
// - A search for a valid UTF-8 text in another one can only hit at a character boundary, so bytes are enough.

import Glibc

enum StringMethods {
    static func install(_ table: LibraryTable) {
        installCase(table)
        installSearch(table)
        installParts(table)
        installPadding(table)
        installTests(table)
        installCharacters(table)
    }

    typealias StringPointer = UnsafeMutablePointer<StringObject>

    // MARK: Case

    private static func installCase(_ table: LibraryTable) {
        func mapping(_ name: String, _ doc: String, _ body: @escaping (String) -> String) {
            table.method(of: Tag.string, name, "", doc) { (vm, a, _) throws(Raise) in
                vm.heap.makeString(body(a[0].string.text))
            }
        }
        table.method(of: Tag.string, "upper", "", "The string in capital letters.") { (vm, a, _) throws(Raise) in
            cased(vm, a[0].string, from: 97...122) { $0.uppercased() }
        }
        table.method(of: Tag.string, "lower", "", "The string in small letters.") { (vm, a, _) throws(Raise) in
            cased(vm, a[0].string, from: 65...90) { $0.lowercased() }
        }
        mapping("capitalize", "The first character in capitals, the others in small letters.") { text in
            guard let first = text.unicodeScalars.first else { return text }
            return first.properties.titlecaseMapping
                + String(String.UnicodeScalarView(text.unicodeScalars.dropFirst())).lowercased()
        }
        mapping("title", "Every word with a capital at its beginning.") { text in
            var result = ""
            var inWord = false
            for scalar in text.unicodeScalars {
                let isLetter = scalar.properties.isAlphabetic
                if isLetter {
                    result += inWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
                } else {
                    result.unicodeScalars.append(scalar)
                }
                inWord = isLetter
            }
            return result
        }
        mapping("swapcase", "Capital letters small, small ones capital.") { text in
            var result = ""
            for scalar in text.unicodeScalars {
                result += scalar.properties.isUppercase
                    ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
            }
            return result
        }
        mapping("casefold", "A form in which strings that differ only in case are equal.") { text in
            text.uppercased().lowercased()
        }
    }

    /// Changes the case of ASCII text by moving the letters of `range`, of other text with `general`.
    private static func cased(
        _ vm: VM, _ text: StringPointer, from range: ClosedRange<UInt8>, _ general: (String) -> String
    ) -> Value {
        guard text.isASCII else { return vm.heap.makeString(general(text.text)) }
        if text.byteCount == 0 { return vm.heap.emptyString }
        let result = vm.heap.newASCII(byteCount: text.byteCount)
        let source = text.bytes
        let target = result.bytes
        for index in 0..<text.byteCount {
            let byte = source[index]
            target[index] = range.contains(byte) ? byte ^ 0x20 : byte
        }
        return Value(result)
    }

    // MARK: Searching

    private static func installSearch(_ table: LibraryTable) {
        func searching(_ name: String, _ doc: String, last: Bool, raising: Bool) {
            table.method(of: Tag.string, name, "part, start?, end?", doc) { (vm, a, _) throws(Raise) in
                let part = try vm.stringArgument(a[1], "the part")
                let (from, to) = try window(vm, a[0].string, a[2], a[3])
                if let place = find(part, in: a[0].string, from, to, last: last) {
                    return Value(UTF8Text.count(a[0].string.bytes, place))
                }
                if raising { throw vm.valueError("the string does not contain \"\(part.text)\"") }
                return Value(-1)
            }
        }
        searching("find", "The position of the first `part`, or -1.", last: false, raising: false)
        searching("rfind", "The position of the last `part`, or -1.", last: true, raising: false)
        searching("index", "The position of the first `part`; raises `value` if there is none.", last: false, raising: true)
        searching("rindex", "The position of the last `part`; raises `value` if there is none.", last: true, raising: true)
        table.method(of: Tag.string, "count", "part", "How often `part` occurs, without overlap.") { (vm, a, _) throws(Raise) in
            let part = try vm.stringArgument(a[1], "the part")
            if part.byteCount == 0 { return Value(a[0].string.charCount + 1) }
            var count = 0
            var from = 0
            while let place = Search.find(part.utf8, in: a[0].string.utf8, from: from) {
                count += 1
                from = place + part.byteCount
            }
            return Value(count)
        }
        table.method(of: Tag.string, "startswith", "prefix", "Whether the string begins with `prefix`, or one of a list.") {
            (vm, a, _) throws(Raise) in
            try anyOf(vm, a[1]) { hasPrefix(a[0].string, $0) }
        }
        table.method(of: Tag.string, "endswith", "suffix", "Whether the string ends with `suffix`, or one of a list.") {
            (vm, a, _) throws(Raise) in
            try anyOf(vm, a[1]) { hasSuffix(a[0].string, $0) }
        }
    }

    private static func anyOf(_ vm: VM, _ value: Value, _ test: (StringPointer) -> Bool) throws(Raise) -> Value {
        guard value.isList else { return Value(test(try vm.stringArgument(value, "the argument"))) }
        for index in 0..<value.list.pointee.count {
            if test(try vm.stringArgument(value.list.pointee.items[index], "an item of the list")) { return .true }
        }
        return .false
    }

    /// The byte offsets of optional character positions, clamped as in slices.
    private static func window(_ vm: VM, _ text: StringPointer, _ start: Value, _ end: Value) throws(Raise) -> (Int, Int) {
        func offset(_ value: Value, _ standard: Int) throws(Raise) -> Int {
            let place = try vm.intArgument(value, "a position", default: standard)
            let clamped = max(0, min(place < 0 ? place + text.charCount : place, text.charCount))
            return vm.heap.offset(of: clamped, in: text)
        }
        return (try offset(start, 0), try offset(end, text.charCount))
    }

    static func find(_ part: StringPointer, in text: StringPointer, _ from: Int, _ to: Int, last: Bool) -> Int? {
        guard from <= to else { return nil }
        let window = UnsafeBufferPointer(start: text.bytes, count: to)
        if last {
            guard let place = Search.findLast(part.utf8, in: window, before: to), place >= from else { return nil }
            return place
        }
        return Search.find(part.utf8, in: window, from: from)
    }

    static func hasPrefix(_ text: StringPointer, _ prefix: StringPointer) -> Bool {
        prefix.byteCount <= text.byteCount && memcmp(text.bytes, prefix.bytes, prefix.byteCount) == 0
    }

    static func hasSuffix(_ text: StringPointer, _ suffix: StringPointer) -> Bool {
        suffix.byteCount <= text.byteCount
            && memcmp(text.bytes + (text.byteCount - suffix.byteCount), suffix.bytes, suffix.byteCount) == 0
    }

    // MARK: Padding

    private static func installPadding(_ table: LibraryTable) {
        func padding(_ name: String, _ doc: String, left: @escaping (Int, Int) -> Int) {
            table.method(of: Tag.string, name, "width, fill?", doc) { (vm, a, _) throws(Raise) in
                let width = try vm.intArgument(a[1], "the width")
                var fill = vm.heap.makeCharacter(32).string
                if !a[2].isAbsent {
                    fill = try vm.stringArgument(a[2], "the fill")
                    guard fill.charCount == 1 else { throw vm.valueError("the fill is one character") }
                }
                // Columns of the terminal, as in formats: what is aligned is a table.
                let text = a[0].string
                let taken = text.isASCII ? text.charCount : text.text.reduce(0) { $0 + DisplayWidth.columns($1) }
                guard width > taken else { return a[0] }
                let missing = width - taken
                guard missing <= (StringObject.maxBytes - text.byteCount) / 4 else { throw vm.memoryError(missing) }
                try vm.require(missing, ofSize: 4)
                let before = left(missing, width)
                var bytes: [UInt8] = []
                for _ in 0..<before { bytes.append(contentsOf: fill.utf8) }
                bytes.append(contentsOf: a[0].string.utf8)
                for _ in before..<missing { bytes.append(contentsOf: fill.utf8) }
                return vm.heap.makeString(bytes)
            }
        }
        padding("ljust", "Filled at the end to `width` columns; a wide character takes two.") { _, _ in 0 }
        padding("rjust", "Filled at the beginning to `width` columns; a wide character takes two.") { missing, _ in missing }
        // Python puts the odd blank to the left when the width is odd.
        padding("center", "Filled at both ends to `width` columns; a wide character takes two.") { missing, width in
            missing / 2 + (missing & width & 1)
        }
        table.method(of: Tag.string, "zfill", "width", "Filled with zeros after the sign to `width` characters.") {
            (vm, a, _) throws(Raise) in
            let width = try vm.intArgument(a[1], "the width")
            let text = a[0].string
            guard width > text.charCount else { return a[0] }
            let missing = width - text.charCount
            guard missing <= StringObject.maxBytes - text.byteCount else { throw vm.memoryError(missing) }
            try vm.require(missing)
            let hasSign = text.byteCount > 0 && (text.bytes[0] == 43 || text.bytes[0] == 45)
            var bytes = Array(text.utf8.prefix(hasSign ? 1 : 0))
            bytes.append(contentsOf: repeatElement(48, count: missing))
            bytes.append(contentsOf: text.utf8.dropFirst(hasSign ? 1 : 0))
            return vm.heap.makeString(bytes)
        }
    }

    // MARK: Tests

    private static func installTests(_ table: LibraryTable) {
        func all(_ name: String, _ doc: String, _ test: @escaping (Unicode.Scalar) -> Bool) {
            table.method(of: Tag.string, name, "", doc) { (_, a, _) throws(Raise) in
                let scalars = a[0].string.text.unicodeScalars
                return Value(!scalars.isEmpty && scalars.allSatisfy(test))
            }
        }
        all("isdigit", "Whether all characters are digits (and there are some).") { $0.properties.numericType == .decimal }
        all("isalpha", "Whether all characters are letters (and there are some).") { isLetter($0) }
        all("isalnum", "Whether all characters are letters or digits (and there are some).") {
            isLetter($0) || $0.properties.numericType != nil
        }
        all("isspace", "Whether all characters are white space (and there are some).") { isSpace($0.value) }
        func cased(_ name: String, _ doc: String, _ forbidden: @escaping (Unicode.Scalar) -> Bool) {
            table.method(of: Tag.string, name, "", doc) { (_, a, _) throws(Raise) in
                let scalars = a[0].string.text.unicodeScalars
                return Value(scalars.contains { $0.properties.isCased } && !scalars.contains(where: forbidden))
            }
        }
        cased("isupper", "Whether there are letters and all are capitals.") { $0.properties.isLowercase }
        cased("islower", "Whether there are letters and all are small.") { $0.properties.isUppercase }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return false
        }
    }

    // MARK: Characters

    private static func installCharacters(_ table: LibraryTable) {
        table.function("ord", "character", "The code of a character.") { (vm, a, _) throws(Raise) in
            let text = try vm.stringArgument(a[0], "the character")
            guard text.charCount == 1 else {
                throw vm.valueError("`ord` takes one character, not a string of \(text.charCount)")
            }
            return Value(Int(UTF8Text.decode(text.bytes).0))
        }
        table.function("chr", "code", "The character with a code.") { (vm, a, _) throws(Raise) in
            let code = try vm.intArgument(a[0], "the code")
            guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
                throw vm.valueError("\(code) is not the code of a character")
            }
            return vm.heap.makeCharacter(scalar.value)
        }
        table.method(of: Tag.string, "encode", "", "The UTF-8 bytes of the string.") { (vm, a, _) throws(Raise) in
            vm.heap.makeBytes(a[0].string.bytes, count: a[0].string.byteCount)
        }
        table.method(of: Tag.string, "chars", "", "The list of its characters.") { (vm, a, _) throws(Raise) in
            Value(try vm.items(of: a[0]))
        }
    }
}
