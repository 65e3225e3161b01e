// Values as text: what `print` shows and what collections show of their items.
//
// Invariants
// - `display` is bare for strings at the top level; `repr` quotes them. Both write UTF-8 into a byte array.
// - A list or map inside itself is shown as `[...]` or `{...}`; the `visiting` flag of its header is set only
//   while it is being written, also when an error ends the writing.

import Glibc

extension VM {
    /// The text of `print` and of `"{x}"`.
    func display(_ value: Value, into text: inout [UInt8]) throws(Raise) {
        if value.isString {
            text.append(contentsOf: value.string.utf8)
        } else {
            try repr(value, into: &text, depth: 0)
        }
    }

    func displayText(_ value: Value) throws(Raise) -> String {
        var bytes: [UInt8] = []
        try display(value, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `str(x)` as a value.
    func displayString(_ value: Value) throws(Raise) -> Value {
        if value.isString { return value }
        if value.isInt {
            let width = Decimal.width(value.int)
            if width == 1 { return heap.singleCharacters[48 + value.int] }
            let text = heap.newASCII(byteCount: width)
            _ = Decimal.write(value.int, to: text.bytes)
            return Value(text)
        }
        var bytes: [UInt8] = []
        try display(value, into: &bytes)
        return heap.makeString(bytes)
    }

    /// The text of a value inside a collection.
    func repr(_ value: Value, into text: inout [UInt8], depth: Int = 0) throws(Raise) {
        if depth > maximumNesting { throw nestingError() }
        switch value.kind {
        case Tag.nil: text.append("nil")
        case Tag.bool: text.append(value.bool ? "true" : "false")
        case Tag.int: Text.append(value.int, to: &text)
        case Tag.float: text.append(Text.float(value.float))
        case Tag.string:
            try requireBuffer(text.count + value.string.byteCount)
            Text.quote(value.string.utf8, into: &text)
        case Tag.bytes:
            try requireBuffer(text.count + value.bytes.pointee.count)
            Text.quoteBytes(UnsafeBufferPointer(start: value.bytes.pointee.bytes, count: value.bytes.pointee.count), into: &text)
        case Tag.list:
            try enclosed(value.list, "[", "]", into: &text) { (text) throws(Raise) in
                try reprItems(value.list, into: &text, depth: depth)
            }
        case Tag.map:
            try enclosed(value.map, "{", "}", into: &text) { (text) throws(Raise) in
                try reprEntries(value.map, asFields: false, into: &text, depth: depth)
            }
        case Tag.namespace:
            try enclosed(value.namespace, "Namespace(", ")", into: &text) { (text) throws(Raise) in
                try reprEntries(value.namespace.pointee.fields, asFields: true, into: &text, depth: depth)
            }
        case Tag.range:
            let range = value.range.pointee
            if range.step == 1 {
                text.append("\(range.start)\(range.closed ? "..." : "..<")\(range.end)")
            } else {
                text.append("range(\(range.start), \(range.end), \(range.step))")
            }
        case Tag.closure:
            let code = value.closure.pointee.code.pointee
            text.append("<\(code.isProcess ? "process" : "func") \(infos[Int(code.info)].name)>")
        case Tag.native: text.append("<func \(library.name(Int(value.payload)))>")
        case Tag.boundMethod:
            let method = value.boundMethod.pointee.method
            text.append("<method ")
            if method.tag == Tag.native { text.append(library.name(Int(method.payload))) } else { text.append("func") }
            text.append(" of \(value.boundMethod.pointee.receiver.typeName)>")
        case Tag.error:
            let error = value.error.pointee
            text.append("error(")
            try repr(error.kindName, into: &text, depth: depth + 1)
            text.append(", ")
            try repr(error.message, into: &text, depth: depth + 1)
            text.append(")")
        case Tag.handle:
            text.append("Process(")
            try display(value.handle.pointee.name, into: &text)
            text.append(", \(value.handle.pointee.pid))")
        case Tag.module where value.payload >= VM.importedModules:
            text.append("<module \(moduleName(of: units[Int(value.payload - VM.importedModules)]))>")
        case Tag.module: text.append("<module \(library.moduleNames[Int(value.payload)])>")
        case Tag.end:
            text.append("<\(value.typeName) \(value.payload & 0xffff_ffff)")
            if value.objectKind != .pipe, value.rights != .both {
                text.append(value.rights.contains(.read) ? " reader" : value.rights.contains(.write) ? " writer" : "")
            }
            text.append(">")
        case Tag.shared: text.append("<shared \(value.objectKind) \(value.payload & 0xffff_ffff)>")
        case Tag.sync: text.append("<\(value.typeName) \(value.payload & 0xffff_ffff)>")
        case Tag.stdin: text.append("<stdin>")
        case Tag.me: text.append("<self>")
        default: text.append("<\(value.typeName)>")
        }
    }

    /// Writes a collection: `open`, what `items` writes, `close`; or `...` between them if it is inside itself.
    private func enclosed(
        _ object: UnsafeMutableRawPointer, _ open: String, _ close: String, into text: inout [UInt8],
        _ items: (inout [UInt8]) throws(Raise) -> Void
    ) throws(Raise) {
        let header = object.assumingMemoryBound(to: ObjectHeader.self)
        try requireBuffer(text.count)
        text.append(open)
        if header.pointee.flags & ObjectHeader.visiting != 0 {
            text.append("...")
        } else {
            header.pointee.flags |= ObjectHeader.visiting
            defer { header.pointee.flags &= ~ObjectHeader.visiting }
            try items(&text)
        }
        text.append(close)
    }

    private func reprItems(
        _ list: UnsafeMutablePointer<ListObject>, into text: inout [UInt8], depth: Int
    ) throws(Raise) {
        var index = 0
        while index < list.pointee.count {
            if index > 0 { text.append(", ") }
            try repr(list.pointee.items[index], into: &text, depth: depth + 1)
            index += 1
        }
    }

    /// The entries of a map as `key: value`, those of a namespace (`asFields`) as `name=value`.
    private func reprEntries(
        _ map: UnsafeMutablePointer<MapObject>, asFields: Bool, into text: inout [UInt8], depth: Int
    ) throws(Raise) {
        var first = true
        var entry = 0
        while entry < map.pointee.used, let entries = map.pointee.entries {
            let slot = entries[entry]
            entry += 1
            if slot.key.isAbsent { continue }
            if !first { text.append(", ") }
            first = false
            if asFields { try display(slot.key, into: &text) } else { try repr(slot.key, into: &text, depth: depth + 1) }
            text.append(asFields ? "=" : ": ")
            try repr(slot.value, into: &text, depth: depth + 1)
        }
    }
}

extension [UInt8] {
    mutating func append(_ text: String) { append(contentsOf: text.utf8) }
}

/// Pieces of text that do not need the virtual machine.
enum Text {
    static func append(_ number: Int, to text: inout [UInt8]) {
        if number >= 0, number < 10 {
            text.append(48 + UInt8(number))
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
            guard let start = digits.baseAddress else { return }
            let count = Decimal.write(number, to: start)
            text.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
        }
    }

    /// The shortest decimal that reads back as the same number, in Python's notation.
    static func float(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        let text = number.description
        // Swift writes whole numbers up to 2^53 or 2^54 without exponent, Python those below 1e16.
        let magnitude = number.magnitude
        if magnitude >= 9_007_199_254_740_992, magnitude < 1e16 { return "\(Int(number)).0" }
        if magnitude >= 1e16, !text.utf8.contains(101) {
            let sign = number < 0 ? "-" : ""
            var digits = text.drop { $0 == "-" }
            if digits.hasSuffix(".0") { digits = digits.dropLast(2) }
            let exponent = digits.count - 1
            while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
            let fraction = digits.dropFirst()
            return "\(sign)\(digits.first!)\(fraction.isEmpty ? "" : ".")\(fraction)e+\(exponent)"
        }
        return text
    }

    /// In double quotes, with the escapes of the language.
    static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) {
        text.append(34)
        for byte in bytes {
            switch byte {
            case 34: text.append("\\\"")
            case 92: text.append("\\\\")
            case 10: text.append("\\n")
            case 9: text.append("\\t")
            case 13: text.append("\\r")
            case 0..<32, 127: text.append("\\u{\(String(byte, radix: 16, uppercase: true))}")
            default: text.append(byte)
            }
        }
        text.append(34)
    }

    static func quoteBytes(_ bytes: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) {
        text.append("bytes(\"")
        for byte in bytes {
            switch byte {
            case 34: text.append("\\\"")
            case 92: text.append("\\\\")
            case 10: text.append("\\n")
            case 9: text.append("\\t")
            case 32..<127: text.append(byte)
            default:
                let hex = String(byte, radix: 16)
                text.append("\\x" + (hex.count < 2 ? "0" : "") + hex)
            }
        }
        text.append("\")")
    }
}
