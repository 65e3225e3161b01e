// The methods of strings, Python's where Python has them, and `ord`, `chr`.
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

    private typealias StringPointer = UnsafeMutablePointer<StringObject>

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

    private static func find(_ part: StringPointer, in text: StringPointer, _ from: Int, _ to: Int, last: Bool) -> Int? {
        guard from <= to else { return nil }
        let window = UnsafeBufferPointer(start: text.bytes, count: to)
        if last {
            guard let place = Search.findLast(part.utf8, in: window, before: to), place >= from else { return nil }
            return place
        }
        return Search.find(part.utf8, in: window, from: from)
    }

    private static func hasPrefix(_ text: StringPointer, _ prefix: StringPointer) -> Bool {
        prefix.byteCount <= text.byteCount && memcmp(text.bytes, prefix.bytes, prefix.byteCount) == 0
    }

    private static func hasSuffix(_ text: StringPointer, _ suffix: StringPointer) -> Bool {
        suffix.byteCount <= text.byteCount
            && memcmp(text.bytes + (text.byteCount - suffix.byteCount), suffix.bytes, suffix.byteCount) == 0
    }

    // MARK: Taking apart and putting together

    private static func installParts(_ table: LibraryTable) {
        table.method(
            of: Tag.string, "split", "sep?, maxsplit?", "The parts between separators, or between white space; after `maxsplit` of them the rest."
        ) { (vm, a, _) throws(Raise) in
            let limit = try vm.intArgument(a[2], "the limit", default: -1)
            let result = vm.heap.newList()
            if a[1].isAbsent || a[1].isNil {
                splitWords(vm, a[0].string, limit < 0 ? .max : limit, into: result)
            } else {
                let separator = try vm.stringArgument(a[1], "the separator")
                try splitAt(vm, a[0].string, separator, limit < 0 ? .max : limit, into: result)
            }
            return Value(result)
        }
        table.method(of: Tag.string, "rsplit", "sep?, maxsplit?", "Like `split`, counting from the end.") {
            (vm, a, _) throws(Raise) in
            if a[1].isAbsent || a[1].isNil {
                let limit = try vm.intArgument(a[2], "the limit", default: -1)
                return splitWordsFromEnd(vm, a[0].string, limit < 0 ? .max : limit)
            }
            let separator = try vm.stringArgument(a[1], "the separator")
            guard separator.byteCount > 0 else { throw vm.valueError("the separator is empty") }
            let limit = try vm.intArgument(a[2], "the limit", default: -1)
            var parts: [Value] = []
            var end = a[0].string.byteCount
            while limit < 0 || parts.count < limit, let place = Search.findLast(
                separator.utf8, in: UnsafeBufferPointer(start: a[0].string.bytes, count: end), before: end)
            {
                parts.append(piece(vm, a[0].string, place + separator.byteCount, end))
                end = place
            }
            parts.append(piece(vm, a[0].string, 0, end))
            return vm.heap.makeList(Array(parts.reversed()))
        }
        table.method(of: Tag.string, "splitlines", "", "The lines, without their ends.") { (vm, a, _) throws(Raise) in
            let text = a[0].string
            let result = vm.heap.newList()
            var start = 0
            while start < text.byteCount {
                let found = memchr(text.bytes + start, 10, text.byteCount - start)
                let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(text.bytes) } ?? text.byteCount
                let hasReturn = end > start && text.bytes[end - 1] == 13 && found != nil
                vm.heap.append(piece(vm, text, start, hasReturn ? end - 1 : end), to: result)
                start = end + 1
            }
            return Value(result)
        }
        func partitioning(_ name: String, _ doc: String, last: Bool) {
            table.method(of: Tag.string, name, "separator", doc) { (vm, a, _) throws(Raise) in
                let separator = try vm.stringArgument(a[1], "the separator")
                guard separator.byteCount > 0 else { throw vm.valueError("the separator is empty") }
                let text = a[0].string
                guard let place = find(separator, in: text, 0, text.byteCount, last: last) else {
                    let empty = vm.heap.emptyString
                    return vm.heap.makeList(last ? [empty, empty, a[0]] : [a[0], empty, empty])
                }
                return vm.heap.makeList([
                    piece(vm, text, 0, place), Value(separator), piece(vm, text, place + separator.byteCount, text.byteCount),
                ])
            }
        }
        partitioning("partition", "[before, separator, after] at the first separator.", last: false)
        partitioning("rpartition", "[before, separator, after] at the last separator.", last: true)
        table.method(of: Tag.string, "join", "items", "The strings of `items` with this string between them.") {
            (vm, a, _) throws(Raise) in
            // A list is only read: it need not be copied.
            let items = a[1].isList ? a[1].list : try vm.items(of: a[1])
            let count = items.pointee.count
            if count == 0 { return vm.heap.emptyString }
            let first = items.pointee.items
            let separator = a[0].string
            let gap = separator.byteCount
            var bytes = gap * (count - 1)
            var characters = separator.charCount * (count - 1)
            for index in 0..<count {
                guard first[index].tag == Tag.string else {
                    throw vm.typeError("`join` joins strings; item \(index) is \(first[index].typeName): use str(x)")
                }
                bytes += first[index].string.byteCount
                characters += first[index].string.charCount
            }
            guard bytes <= StringObject.maxBytes else { throw vm.memoryError(bytes) }
            try vm.require(bytes)
            if bytes == 0 { return vm.heap.emptyString }
            let result = vm.heap.newString(byteCount: bytes)
            result.pointee.storedCharacters = UInt32(characters)
            if characters == bytes { result.pointee.header.flags |= ObjectHeader.ascii }
            var place = result.inlineBytes
            let between = separator.bytes
            for index in 0..<count {
                if index > 0 {
                    copyBytes(place, between, gap)
                    place += gap
                }
                let item = first[index].string
                let length = item.byteCount
                copyBytes(place, item.bytes, length)
                place += length
            }
            return Value(result)
        }
        table.method(of: Tag.string, "replace", "old, new, count?", "Every `old` (at most `count`) replaced by `new`.") {
            (vm, a, _) throws(Raise) in
            let old = try vm.stringArgument(a[1], "the old part")
            let new = try vm.stringArgument(a[2], "the new part")
            let given = try vm.intArgument(a[3], "the limit", default: -1)
            return try replace(vm, a[0].string, old, new, given < 0 ? .max : given)
        }
        func trimming(_ name: String, _ doc: String, left: Bool, right: Bool) {
            table.method(of: Tag.string, name, "characters?", doc) { (vm, a, _) throws(Raise) in
                let set = a[1].isAbsent || a[1].isNil ? nil : try vm.stringArgument(a[1], "the set of characters")
                return strip(vm, a[0].string, set, left: left, right: right)
            }
        }
        trimming("strip", "Without white space, or these characters, at both ends.", left: true, right: true)
        trimming("lstrip", "Without white space, or these characters, at the beginning.", left: true, right: false)
        trimming("rstrip", "Without white space, or these characters, at the end.", left: false, right: true)
        table.method(of: Tag.string, "removeprefix", "prefix", "Without `prefix`, if it begins with it.") {
            (vm, a, _) throws(Raise) in
            let prefix = try vm.stringArgument(a[1], "the prefix")
            guard hasPrefix(a[0].string, prefix) else { return a[0] }
            return piece(vm, a[0].string, prefix.byteCount, a[0].string.byteCount)
        }
        table.method(of: Tag.string, "removesuffix", "suffix", "Without `suffix`, if it ends with it.") {
            (vm, a, _) throws(Raise) in
            let suffix = try vm.stringArgument(a[1], "the suffix")
            guard hasSuffix(a[0].string, suffix) else { return a[0] }
            return piece(vm, a[0].string, 0, a[0].string.byteCount - suffix.byteCount)
        }
    }

    /// The bytes `start ..< end` as a string.
    private static func piece(_ vm: VM, _ text: StringPointer, _ start: Int, _ end: Int) -> Value {
        if start == 0, end == text.byteCount { return Value(text) }
        if text.isASCII { return vm.heap.makeASCII(text.bytes + start, count: end - start) }
        return vm.heap.makeString(text.bytes + start, count: end - start)
    }

    private static func splitWords(
        _ vm: VM, _ text: StringPointer, _ limit: Int, into result: UnsafeMutablePointer<ListObject>
    ) {
        var index = skipSpace(text, from: 0)
        var parts = 0
        while index < text.byteCount {
            if parts == limit {
                // As in Python, the last part keeps the white space behind it.
                vm.heap.append(piece(vm, text, index, text.byteCount), to: result)
                return
            }
            var end = index
            while end < text.byteCount, spaceWidth(text, at: end) == nil {
                end += UTF8Text.width(text.bytes[end])
            }
            vm.heap.append(piece(vm, text, index, end), to: result)
            parts += 1
            index = skipSpace(text, from: end)
        }
    }

    private static func splitWordsFromEnd(_ vm: VM, _ text: StringPointer, _ limit: Int) -> Value {
        var parts: [Value] = []
        var end = text.byteCount
        while true {
            while end > 0, let width = spaceWidth(text, before: end) { end -= width }
            if end == 0 { break }
            var start = end
            if parts.count == limit {
                start = 0
            } else {
                while start > 0, spaceWidth(text, before: start) == nil {
                    start -= 1
                    while text.bytes[start] & 0xC0 == 0x80 { start -= 1 }
                }
            }
            parts.append(piece(vm, text, start, end))
            end = start
        }
        return vm.heap.makeList(Array(parts.reversed()))
    }

    private static func splitAt(
        _ vm: VM, _ text: StringPointer, _ separator: StringPointer, _ limit: Int,
        into result: UnsafeMutablePointer<ListObject>
    ) throws(Raise) {
        guard separator.byteCount > 0 else { throw vm.valueError("the separator is empty") }
        var start = 0
        var parts = 0
        if separator.byteCount == 1 {
            // Looked for byte by byte: the parts are short as a rule, and a call of `memchr` for each costs more.
            let byte = separator.bytes[0]
            let bytes = text.bytes
            let count = text.byteCount
            var place = 0
            while place < count, parts < limit {
                if bytes[place] == byte {
                    vm.heap.append(piece(vm, text, start, place), to: result)
                    start = place + 1
                    parts += 1
                }
                place += 1
            }
            vm.heap.append(piece(vm, text, start, count), to: result)
            return
        }
        while parts < limit, let place = Search.find(separator.utf8, in: text.utf8, from: start) {
            vm.heap.append(piece(vm, text, start, place), to: result)
            start = place + separator.byteCount
            parts += 1
        }
        vm.heap.append(piece(vm, text, start, text.byteCount), to: result)
    }

    private static func replace(
        _ vm: VM, _ text: StringPointer, _ old: StringPointer, _ new: StringPointer, _ limit: Int
    ) throws(Raise) -> Value {
        // Counted first: the size is known before anything is written.
        var count = 0
        if old.byteCount == 0 {
            // Between all characters, as in Python.
            count = min(limit, text.charCount + 1)
        } else {
            var start = 0
            while count < limit, let place = Search.find(old.utf8, in: text.utf8, from: start) {
                start = place + old.byteCount
                count += 1
            }
        }
        if count == 0 { return Value(text) }
        let (added, overflow) = count.multipliedReportingOverflow(by: new.byteCount)
        let total = overflow ? .max : added.addingReportingOverflow(text.byteCount - count * old.byteCount).partialValue
        guard !overflow, total <= StringObject.maxBytes else { throw vm.memoryError(total) }
        try vm.require(total)
        if total == 0 { return vm.heap.emptyString }
        let result = vm.heap.newString(byteCount: total)
        var target = result.bytes
        var start = 0
        func copy(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
            copyBytes(target, bytes, count)
            target += count
        }
        for number in 0..<count {
            var place = start
            if old.byteCount > 0 {
                place = Search.find(old.utf8, in: text.utf8, from: start) ?? start
            } else if number > 0 {
                place += UTF8Text.width(text.bytes[start])
            }
            copy(text.bytes + start, place - start)
            copy(new.bytes, new.byteCount)
            start = place + old.byteCount
        }
        copy(text.bytes + start, text.byteCount - start)
        vm.heap.finishString(result)
        return Value(result)
    }

    // MARK: White space

    private static func isSpace(_ scalar: UInt32) -> Bool {
        if scalar < 128 { return scalar == 32 || (9...13).contains(scalar) || (28...31).contains(scalar) }
        return Unicode.Scalar(scalar)?.properties.isWhitespace ?? false
    }

    /// The width of the white space character at a byte; nil if there is another one.
    private static func spaceWidth(_ text: StringPointer, at index: Int) -> Int? {
        let (scalar, width) = UTF8Text.decode(text.bytes + index)
        return isSpace(scalar) ? width : nil
    }

    private static func spaceWidth(_ text: StringPointer, before end: Int) -> Int? {
        var start = end - 1
        while start > 0, text.bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return isSpace(UTF8Text.decode(text.bytes + start).0) ? end - start : nil
    }

    private static func skipSpace(_ text: StringPointer, from start: Int) -> Int {
        var index = start
        while index < text.byteCount, let width = spaceWidth(text, at: index) { index += width }
        return index
    }

    private static func strip(
        _ vm: VM, _ text: StringPointer, _ set: StringPointer?, left: Bool, right: Bool
    ) -> Value {
        let members = set.map { Set($0.text.unicodeScalars.map(\.value)) }
        func isStripped(_ scalar: UInt32) -> Bool { members?.contains(scalar) ?? isSpace(scalar) }
        var start = 0
        var end = text.byteCount
        if left {
            while start < end {
                let (scalar, width) = UTF8Text.decode(text.bytes + start)
                guard isStripped(scalar) else { break }
                start += width
            }
        }
        if right {
            while end > start {
                var before = end - 1
                while before > start, text.bytes[before] & 0xC0 == 0x80 { before -= 1 }
                guard isStripped(UTF8Text.decode(text.bytes + before).0) else { break }
                end = before
            }
        }
        return piece(vm, text, start, end)
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
