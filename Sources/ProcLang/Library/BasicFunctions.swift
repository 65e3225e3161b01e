// Output and input, conversions, the process itself: the functions that are always there.
//
// Invariants
// - A text that is written is put together as a whole first: no other process's output comes between its parts.
// - Conversions accept what the language itself writes, and raise `value` for the rest.

import Glibc

enum BasicFunctions {
    static func install(_ table: LibraryTable) {
        output(table)
        conversions(table)
        process(table)
    }

    private static func output(_ table: LibraryTable) {
        table.function("print", "*values, sep=, end=", "Writes the values, separated by `sep` (a space), then `end` (a newline).") {
            (vm, a, count) throws(Raise) in
            try write(vm, a, count, to: 1)
            return .nil
        }
        table.function("eprint", "*values, sep=, end=", "Like `print`, to standard error.") { (vm, a, count) throws(Raise) in
            try write(vm, a, count, to: 2)
            return .nil
        }
        table.function("input", "prompt?", "Reads a line from standard input, without its newline; nil at the end.") {
            (vm, a, _) throws(Raise) in
            if !a[0].isAbsent {
                var text: [UInt8] = []
                try vm.display(a[0], into: &text)
                let host = vm.host
                try vm.onHost { try text.withUnsafeBytes { try host.write($0, to: 1) } }
            }
            try vm.onHost { try vm.host.flush() }
            return try vm.readLine() ?? .nil
        }
        table.function("repr", "value", "The text of a value as it is shown inside a collection.") { (vm, a, _) throws(Raise) in
            var text: [UInt8] = []
            try vm.repr(a[0], into: &text)
            return vm.heap.makeString(text)
        }
    }

    /// a[0] sep, a[1] end, then the values.
    private static func write(_ vm: VM, _ a: UnsafeMutablePointer<Value>, _ count: Int, to descriptor: Int32) throws(Raise) {
        var buffer = vm.takeBuffer()
        defer { vm.giveBuffer(buffer) }
        for index in 2..<max(2, count) {
            if index > 2 {
                if a[0].isAbsent { buffer.append(32) } else { try vm.display(a[0], into: &buffer) }
            }
            let value = a[index].kind == Tag.shared ? try vm.sharedValue(a[index]) : a[index]
            try vm.display(value, into: &buffer)
        }
        if a[1].isAbsent { buffer.append(10) } else { try vm.display(a[1], into: &buffer) }
        let view = buffer.view
        let host = vm.host
        try vm.onHost { try host.write(view, to: descriptor) }
    }

    // MARK: Conversions

    private static func conversions(_ table: LibraryTable) {
        table.function("len", "value", "The number of characters, bytes, items, keys, or unread messages.") { (vm, a, _) throws(Raise) in
            Value(try vm.length(a[0]))
        }
        table.function("type", "value", "The name of the value's type, a string.") { (vm, a, _) throws(Raise) in
            let value = a[0].kind == Tag.shared ? try vm.sharedValue(a[0]) : a[0]
            return vm.heap.intern(value.typeName)
        }
        table.function("str", "value?", "The value as text, as `print` shows it.") { (vm, a, _) throws(Raise) in
            a[0].isAbsent ? vm.heap.emptyString : try vm.displayString(a[0])
        }
        table.function("bool", "value?", "Whether the value counts as true: everything but nil and false does.") { (vm, a, _) throws(Raise) in
            Value(!a[0].isAbsent && !a[0].isFalse)
        }
        table.function("int", "value?, base?", "The value as an int: text is read (in `base`, 10), floats lose their fraction.") {
            (vm, a, _) throws(Raise) in try toInt(vm, a[0], a[1])
        }
        table.function("float", "value?", "The value as a float: text is read.") { (vm, a, _) throws(Raise) in
            switch a[0].tag {
            case Tag.absent: return Value(0.0)
            case Tag.int: return Value(Double(a[0].int))
            case Tag.float: return a[0]
            case Tag.bool: return Value(a[0].bool ? 1.0 : 0.0)
            case Tag.string:
                guard let number = NumberText.float(a[0].string.text) else {
                    throw vm.valueError("\(try quoted(vm, a[0])) is not a float")
                }
                return Value(number)
            default: throw vm.typeError("`float` takes a number or a string, not \(a[0].typeName)")
            }
        }
        table.function("list", "values?", "A new list of the items of anything that `for` can go through.") { (vm, a, _) throws(Raise) in
            a[0].isAbsent ? Value(vm.heap.newList()) : Value(try vm.items(of: a[0]))
        }
        table.function("map", "pairs?", "A new map: a copy of a map, or made from [key, value] pairs.") { (vm, a, _) throws(Raise) in
            let source = a[0].kind == Tag.shared ? try vm.sharedValue(a[0]) : a[0]
            if source.isAbsent { return Value(vm.heap.newMap()) }
            if source.isMap { return Value(vm.heap.copy(source.map)) }
            if source.tag == Tag.namespace { return Value(vm.heap.copy(source.namespace.pointee.fields)) }
            let pairs = try vm.items(of: source)
            let result = vm.heap.newMap(capacity: pairs.pointee.count)
            for index in 0..<pairs.pointee.count {
                let pair = pairs.pointee.items[index]
                guard pair.isList, pair.list.pointee.count == 2 else {
                    throw vm.valueError("`map` takes a map or pairs [key, value]")
                }
                try vm.setKey(result, pair.list.pointee.items[0], pair.list.pointee.items[1])
            }
            return Value(result)
        }
        table.function("bytes", "value?", "Bytes from text (UTF-8), a list of ints from 0 to 255, or a number of zeros.") {
            (vm, a, _) throws(Raise) in
            switch a[0].tag {
            case Tag.absent: return vm.heap.makeBytes([])
            case Tag.bytes: return a[0]
            case Tag.string: return vm.heap.makeBytes(a[0].string.bytes, count: a[0].string.byteCount)
            case Tag.int:
                guard a[0].int >= 0 else { throw vm.valueError("a number of bytes cannot be negative") }
                try vm.require(a[0].int)
                let result = vm.heap.newBytes(count: a[0].int)
                memset(result.pointee.bytes, 0, a[0].int)
                return Value(heap: Tag.bytes, result)
            default:
                let items = try vm.items(of: a[0])
                let result = vm.heap.newBytes(count: items.pointee.count)
                for index in 0..<items.pointee.count {
                    guard items.pointee.items[index].isInt, let byte = UInt8(exactly: items.pointee.items[index].int) else {
                        throw vm.valueError("a byte is an int from 0 to 255")
                    }
                    result.pointee.bytes[index] = byte
                }
                return Value(heap: Tag.bytes, result)
            }
        }
        table.function("range", "start, stop?, step?", "The ints from `start` (0) to before `stop`, by `step` (1).") {
            (vm, a, _) throws(Raise) in
            for index in 0..<3 where !a[index].isAbsent && !a[index].isInt {
                throw vm.typeError("`range` takes ints, not \(a[index].typeName)")
            }
            let (start, stop) = a[1].isAbsent ? (0, a[0].int) : (a[0].int, a[1].int)
            let step = a[2].isAbsent ? 1 : a[2].int
            guard step != 0 else { throw vm.valueError("the step of a range cannot be 0") }
            guard let range = vm.heap.makeRange(start, stop, step: step) else {
                throw vm.raise(vm.kinds.overflow, "the range has more numbers than an int can count")
            }
            return range
        }
        table.function("namespace", "", "A namespace with the named arguments as attributes.", anyName: true) { (vm, a, count) throws(Raise) in
            vm.heap.makeNamespace(count > 0 && a[0].isMap ? a[0].map : vm.heap.newMap())
        }
    }

    static func quoted(_ vm: VM, _ value: Value) throws(Raise) -> String {
        var text: [UInt8] = []
        try vm.repr(value, into: &text)
        if text.count > 60 { return String(decoding: text.prefix(56), as: UTF8.self) + "..." }
        return String(decoding: text, as: UTF8.self)
    }

    private static func toInt(_ vm: VM, _ value: Value, _ base: Value) throws(Raise) -> Value {
        switch value.tag {
        case Tag.absent: return Value(0)
        case Tag.int: return value
        case Tag.bool: return Value(value.bool ? 1 : 0)
        case Tag.float:
            guard value.float.isFinite else { throw vm.valueError("\(Text.float(value.float)) cannot be an int") }
            guard let number = Int(exactly: value.float.rounded(.towardZero)) else {
                throw vm.raise(vm.kinds.overflow, "\(Text.float(value.float)) does not fit in an int (64 bits)")
            }
            return Value(number)
        case Tag.string:
            if base.isAbsent, let number = NumberText.plainInt(value.string) { return Value(number) }
            var radix = 10
            if !base.isAbsent {
                guard base.isInt, base.int == 0 || (2...36).contains(base.int) else {
                    throw vm.valueError("a base is an int from 2 to 36")
                }
                radix = base.int
            }
            switch NumberText.int(value.string.text, radix: radix) {
            case .some(.some(let number)): return Value(number)
            case .some(.none): throw vm.raise(vm.kinds.overflow, "\(try quoted(vm, value)) does not fit in an int (64 bits)")
            case .none: throw vm.valueError("\(try quoted(vm, value)) is not an int\(radix == 10 ? "" : " in base \(radix)")")
            }
        default: throw vm.typeError("`int` takes a number or a string, not \(value.typeName)")
        }
    }

    // MARK: The process

    private static func process(_ table: LibraryTable) {
        table.function("sleep", "seconds", "Waits so many seconds; `250ms` is a time, too.") { (vm, a, _) throws(Raise) in
            guard a[0].isNumber else { throw vm.typeError("`sleep` takes a number of seconds, not \(a[0].typeName)") }
            let outcome = vm.host.sleep(until: try vm.deadline(a[0]))
            switch outcome {
            case .timedOut, .done: return .nil
            default: throw vm.waitFailure(outcome, "")
            }
        }
        table.function("exit", "status?", "Ends the program (in the main script) or the process, with a status (0).") { (vm, a, _) throws(Raise) in
            guard a[0].isAbsent || a[0].isInt else { throw vm.typeError("`exit` takes an int, not \(a[0].typeName)") }
            guard a[0].isAbsent || 0...255 ~= a[0].int else {
                throw vm.valueError("an exit status is an int from 0 to 255, not \(a[0].int)")
            }
            vm.exitStatus = a[0].isAbsent ? 0 : Int32(a[0].int)
            throw vm.raise(vm.kinds.process, "exit")
        }
        table.function("assert", "condition, message?", "Raises `assertion` if the condition is false.") { (vm, a, _) throws(Raise) in
            guard a[0].isFalse else { return .nil }
            throw vm.raise(vm.kinds.assertion, a[1].isAbsent ? "the assertion does not hold" : try vm.displayText(a[1]))
        }
        table.function("error", "kind, message?", "An error to raise: of a kind, with a message. With one argument the kind is `error`.") {
            (vm, a, _) throws(Raise) in
            if a[1].isAbsent { return vm.heap.makeError(kind: vm.kinds.error, message: try vm.displayString(a[0])) }
            guard a[0].isString else { throw vm.typeError("the kind of an error is a string, not \(a[0].typeName)") }
            return vm.heap.makeError(kind: a[0], message: try vm.displayString(a[1]))
        }
    }
}

/// Numbers as text, as scripts write them.
enum NumberText {
    /// The number that up to 18 decimal digits make, with or without a minus; nil for anything else.
    @inline(__always)
    static func plainInt(_ text: UnsafeMutablePointer<StringObject>) -> Int? {
        let bytes = text.bytes
        let count = text.byteCount
        let negative = count > 1 && bytes[0] == 45
        var place = negative ? 1 : 0
        guard count > place, count <= 18 else { return nil }
        var number = 0
        while place < count {
            let digit = bytes[place] &- 48
            if digit > 9 { return nil }
            number = number &* 10 &+ Int(digit)
            place += 1
        }
        return negative ? 0 &- number : number
    }

    /// nil: not a number; `.some(nil)`: too large.
    static func int(_ text: String, radix: Int) -> Int?? {
        var digits = Array(text.utf8)
        while let last = digits.last, isSpace(last) { digits.removeLast() }
        var place = 0
        while place < digits.count, isSpace(digits[place]) { place += 1 }
        var negative = false
        if place < digits.count, digits[place] == 45 || digits[place] == 43 {
            negative = digits[place] == 45
            place += 1
        }
        var radix = radix
        if place + 1 < digits.count, digits[place] == 48 {
            let prefixes: [UInt8: Int] = [120: 16, 88: 16, 111: 8, 79: 8, 98: 2, 66: 2]
            if let implied = prefixes[digits[place + 1]], radix == implied || radix == 0 {
                radix = implied
                place += 2
            }
        }
        if radix == 0 { radix = 10 }
        guard place < digits.count, digits[place] != 95, digits.last != 95 else { return nil }
        var value = 0
        var overflowed = false
        for digit in digits[place...] {
            if digit == 95 { continue }
            let number: Int
            switch digit {
            case 48...57: number = Int(digit) - 48
            case 97...122: number = Int(digit) - 87
            case 65...90: number = Int(digit) - 55
            default: return nil
            }
            if number >= radix { return nil }
            let (product, over) = value.multipliedReportingOverflow(by: radix)
            let (sum, more) = negative ? product.subtractingReportingOverflow(number) : product.addingReportingOverflow(number)
            if over || more { overflowed = true }
            value = sum
        }
        return .some(overflowed ? nil : value)
    }

    static func float(_ text: String) -> Double? {
        var part = Substring(text)
        while let first = part.utf8.first, isSpace(first) { part = part.dropFirst() }
        while let last = part.utf8.last, isSpace(last) { part = part.dropLast() }
        let cleaned = String(part.filter { $0 != "_" })
        guard let first = cleaned.utf8.first(where: { $0 != 43 && $0 != 45 }) else { return nil }
        // Hexadecimal floats and the like are not for scripts.
        if cleaned.utf8.contains(120) || cleaned.utf8.contains(88) || cleaned.utf8.contains(112) { return nil }
        guard (48...57).contains(first) || first == 46 || ["inf", "infinity", "nan"].contains(cleaned.lowercased().drop { $0 == "-" || $0 == "+" }) else { return nil }
        return Double(cleaned)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
}

extension VM {
    /// `len(x)`.
    func length(_ value: Value) throws(Raise) -> Int {
        switch value.kind {
        case Tag.string: return value.string.charCount
        case Tag.list: return value.list.pointee.count
        case Tag.map: return value.map.pointee.count
        case Tag.bytes: return value.bytes.pointee.count
        case Tag.range: return value.range.pointee.count
        case Tag.namespace: return value.namespace.pointee.fields.pointee.count
        case Tag.end: return try occupancy(of: value.end).count
        case Tag.shared: return try sharedLength(value)
        default: throw typeError("\(value.typeName) has no length")
        }
    }

    /// `"{x:spec}"`.
    func format(_ value: Value, _ spec: Value) throws(Raise) -> Value {
        try FormatSpec.format(self, value, spec.string.text)
    }
}
