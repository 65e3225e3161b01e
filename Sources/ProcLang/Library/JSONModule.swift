// The module `json`: RFC 8259, to and from values.
//
// Invariants
// - `json.parse(json.format(x)) == x` for nil, booleans, ints, finite floats, strings, lists, and maps with string keys.
// - Anything that is not JSON raises `value` with the line and column of the problem.

import Glibc

enum JSONModule {
    static func install(_ table: LibraryTable) {
        table.module("json", "parse", "text", "The value that a JSON text describes.") { (vm, a, _) throws(Raise) in
            var parser = JSONParser(vm: vm, text: try vm.stringArgument(a[0], "the text").utf8)
            return try parser.parseDocument()
        }
        table.module("json", "format", "value, indent?", "A value as JSON; with `indent`, on several lines.") {
            (vm, a, _) throws(Raise) in
            let indent = try vm.intArgument(a[1], "the indent", default: -1)
            guard indent <= 64 else { throw vm.valueError("the indent is too large") }
            var writer = JSONWriter(vm: vm, indent: indent)
            try writer.write(a[0], depth: 0)
            try vm.require(writer.text.count)
            return vm.heap.makeString(writer.text)
        }
    }

    static let maximumDepth = 500
}

private struct JSONParser {
    let vm: VM
    let text: UnsafeBufferPointer<UInt8>
    private var index = 0
    private var depth = 0

    init(vm: VM, text: UnsafeBufferPointer<UInt8>) {
        self.vm = vm
        self.text = text
    }

    mutating func parseDocument() throws(Raise) -> Value {
        let value = try parseValue()
        skipSpace()
        guard index == text.count else { throw problem("there is more after the end of the value") }
        return value
    }

    private func problem(_ what: String) -> Raise {
        var line = 1
        var column = 1
        for byte in text.prefix(index) {
            if byte == 10 {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return vm.valueError("this is no JSON: \(what), at line \(line), column \(column)")
    }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 10 || byte == 13 || byte == 9 { index += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard next == byte.asciiValue else { return false }
        index += 1
        return true
    }

    private mutating func parseValue() throws(Raise) -> Value {
        skipSpace()
        guard let byte = next else { throw problem("the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return try parseString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default:
            for (word, value) in [("true", Value.true), ("false", Value.false), ("null", Value.nil)]
            where text.count - index >= word.utf8.count && text[index..<(index + word.utf8.count)].elementsEqual(word.utf8) {
                index += word.utf8.count
                return value
            }
            throw problem("a value cannot begin like this")
        }
    }

    private mutating func enter() throws(Raise) {
        depth += 1
        index += 1
        guard depth <= JSONModule.maximumDepth else {
            throw problem("it is nested more than \(JSONModule.maximumDepth) levels deep")
        }
    }

    private mutating func parseArray() throws(Raise) -> Value {
        try enter()
        let list = vm.heap.newList()
        if !take("]") {
            repeat { vm.heap.append(try parseValue(), to: list) } while take(",")
            guard take("]") else { throw problem("`,` or `]` is missing") }
        }
        depth -= 1
        return Value(list)
    }

    private mutating func parseObject() throws(Raise) -> Value {
        try enter()
        let map = vm.heap.newMap()
        if !take("}") {
            repeat {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw problem("a key in quotes is missing") }
                let key = try parseString()
                guard take(":") else { throw problem("`:` is missing after a key") }
                vm.heap.set(key, try parseValue(), in: map)
            } while take(",")
            guard take("}") else { throw problem("`,` or `}` is missing") }
        }
        depth -= 1
        return Value(map)
    }

    private mutating func parseString() throws(Raise) -> Value {
        index += 1
        var bytes: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return vm.heap.makeString(bytes)
            case UInt8(ascii: "\\"): try parseEscape(into: &bytes)
            case 0..<32:
                index -= 1
                throw problem("a string holds a control character")
            default: bytes.append(byte)
            }
        }
        throw problem("a string does not end")
    }

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(Raise) {
        guard let byte = next else { throw problem("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(8)
        case UInt8(ascii: "f"): bytes.append(12)
        case UInt8(ascii: "n"): bytes.append(10)
        case UInt8(ascii: "r"): bytes.append(13)
        case UInt8(ascii: "t"): bytes.append(9)
        case UInt8(ascii: "u"):
            var code = try parseHex()
            if 0xD800..<0xDC00 ~= code, next == UInt8(ascii: "\\"), index + 1 < text.count, text[index + 1] == UInt8(ascii: "u") {
                let before = index
                index += 2
                let low = try parseHex()
                if 0xDC00..<0xE000 ~= low {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    index = before
                }
            }
            // Half a surrogate pair is no character.
            UTF8.encode(Unicode.Scalar(code) ?? "\u{FFFD}") { bytes.append($0) }
        default:
            index -= 1
            throw problem("a string holds an unknown escape")
        }
    }

    private mutating func parseHex() throws(Raise) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("`\\u` needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }

    private mutating func parseNumber() throws(Raise) -> Value {
        let start = index
        var isInt = true
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { 48...57 ~= $0 } ?? false }
        if next == UInt8(ascii: "-") { index += 1 }
        guard isDigit(next) else { throw problem("a number needs digits") }
        if next == UInt8(ascii: "0") {
            index += 1
            guard !isDigit(next) else { throw problem("a number does not begin with 0") }
        }
        while isDigit(next) { index += 1 }
        if next == UInt8(ascii: ".") {
            isInt = false
            index += 1
            guard isDigit(next) else { throw problem("digits are missing after the point") }
            while isDigit(next) { index += 1 }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInt = false
            index += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
            guard isDigit(next) else { throw problem("digits are missing in the exponent") }
            while isDigit(next) { index += 1 }
        }
        let digits = String(decoding: text[start..<index], as: UTF8.self)
        // An int that is too large is still a number.
        if isInt, let value = Int(digits) { return Value(value) }
        guard let value = Double(digits), value.isFinite else { throw problem("a number is too large") }
        return Value(value)
    }
}

private struct JSONWriter {
    let vm: VM
    /// Blanks for each level; negative: all on one line.
    let indent: Int
    var text: [UInt8] = []

    init(vm: VM, indent: Int) {
        self.vm = vm
        self.indent = indent
    }

    mutating func write(_ given: Value, depth: Int) throws(Raise) {
        let value = try vm.plain(given)
        guard depth <= JSONModule.maximumDepth else {
            throw vm.valueError("the value is nested more than \(JSONModule.maximumDepth) levels deep (or contains itself)")
        }
        switch value.tag {
        case Tag.nil: text.append("null")
        case Tag.bool: text.append(value.bool ? "true" : "false")
        case Tag.int: Text.append(value.int, to: &text)
        case Tag.float:
            guard value.float.isFinite else { throw vm.valueError("JSON has no number \(Text.float(value.float))") }
            text.append(Text.float(value.float))
        case Tag.string:
            try vm.requireBuffer(text.count + value.string.byteCount)
            write(string: value.string.utf8)
        case Tag.list, Tag.range:
            let items = try vm.items(of: value)
            // Shared variables among the items may have to be waited for.
            vm.roots.append(Value(items))
            defer { vm.roots.removeLast() }
            try write(count: items.pointee.count, "[", "]", depth: depth) { (writer, index) throws(Raise) in
                try writer.write(items.pointee.items[index], depth: depth + 1)
            }
        case Tag.map: try write(map: value.map, depth: depth)
        case Tag.namespace: try write(map: value.namespace.pointee.fields, depth: depth)
        default: throw vm.typeError("JSON cannot describe \(value.typeName)")
        }
    }

    private mutating func write(map: UnsafeMutablePointer<MapObject>, depth: Int) throws(Raise) {
        var entries: [(Value, Value)] = []
        map.forEach { entries.append(($0, $1)) }
        try write(count: entries.count, "{", "}", depth: depth) { (writer, index) throws(Raise) in
            // Keys of JSON are strings: others are written as they print.
            var key: [UInt8] = []
            try writer.vm.display(entries[index].0, into: &key)
            key.withUnsafeBufferPointer { writer.write(string: $0) }
            writer.text.append(": ")
            try writer.write(entries[index].1, depth: depth + 1)
        }
    }

    private mutating func write(
        count: Int, _ open: String, _ close: String, depth: Int,
        _ item: (inout JSONWriter, Int) throws(Raise) -> Void
    ) throws(Raise) {
        try vm.requireBuffer(text.count + count)
        text.append(open)
        for index in 0..<count {
            if index > 0 { text.append(indent < 0 ? ", " : ",") }
            newLine(depth + 1)
            try item(&self, index)
        }
        if count > 0 { newLine(depth) }
        text.append(close)
    }

    private mutating func newLine(_ depth: Int) {
        guard indent >= 0 else { return }
        text.append(10)
        text.append(contentsOf: repeatElement(32, count: indent * depth))
    }

    private mutating func write(string: UnsafeBufferPointer<UInt8>) {
        text.append(34)
        for byte in string {
            switch byte {
            case 34: text.append("\\\"")
            case 92: text.append("\\\\")
            case 10: text.append("\\n")
            case 13: text.append("\\r")
            case 9: text.append("\\t")
            case 0..<32, 127:
                let hex = String(byte, radix: 16)
                text.append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
            default: text.append(byte)
            }
        }
        text.append(34)
    }
}
