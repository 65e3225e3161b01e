// The methods of strings that take a text apart, put texts together, or replace and strip parts of them.
//
// Invariants
// - What is cut out begins and ends between two characters: separators are whole texts, white space whole characters.
// - What may grow beyond its text (`replace`, `join`) asks for its memory before it is built.

import Glibc

extension StringMethods {
    // MARK: Taking apart and putting together

    static func installParts(_ table: LibraryTable) {
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

    static func isSpace(_ scalar: UInt32) -> Bool {
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
}
