// The methods of lists, ranges and bytes.
//
// Invariants
// - A method that runs code of the script (`map`, `reduce`, `sort(key:)`) works on the items as they were before.
// - What makes many items at once asks for their memory first (`vm.require`).

import Glibc

enum ListMethods {
    static func install(_ table: LibraryTable) {
        installChanges(table)
        installLooks(table)
        installFunctional(table, Tag.list)
        installFunctional(table, Tag.range)
        installRange(table)
        installBytes(table)
    }

    /// A position for insertion or a slice: negative from the end, clamped.
    private static func clamped(_ position: Int, _ count: Int) -> Int {
        max(0, min(position < 0 ? position &+ count : position, count))
    }

    // MARK: Changing

    private static func installChanges(_ table: LibraryTable) {
        table.method(of: Tag.list, "append", "item", "Adds an item at the end.", mutates: true) { (vm, a, _) throws(Raise) in
            vm.heap.append(a[1], to: a[0].list)
            return .nil
        }
        table.method(of: Tag.list, "extend", "items", "Adds all items at the end.", mutates: true) { (vm, a, _) throws(Raise) in
            let items = try vm.items(of: a[1])
            try vm.require(items.pointee.count, ofSize: 16)
            for index in 0..<items.pointee.count { vm.heap.append(items.pointee.items[index], to: a[0].list) }
            return .nil
        }
        table.method(of: Tag.list, "insert", "position, item", "Puts an item before a position.", mutates: true) {
            (vm, a, _) throws(Raise) in
            let place = clamped(try vm.intArgument(a[1], "the position"), a[0].list.pointee.count)
            vm.heap.insert(a[2], at: place, in: a[0].list)
            return .nil
        }
        table.method(of: Tag.list, "pop", "position?", "Takes an item out, the last one if not said otherwise.", mutates: true) {
            (vm, a, _) throws(Raise) in
            let list = a[0].list
            if a[1].isAbsent, list.pointee.count > 0 {
                list.pointee.count -= 1
                return list.pointee.items[list.pointee.count]
            }
            let place = try vm.position(a[1].isAbsent ? Value(-1) : a[1], list.pointee.count, "list")
            let item = list.pointee.items[place]
            vm.heap.remove(place, place + 1, from: list)
            return item
        }
        table.method(of: Tag.list, "remove", "item", "Takes out the first item equal to this; raises `value` if there is none.", mutates: true) {
            (vm, a, _) throws(Raise) in
            let place = try indexOf(vm, a[0].list, a[1], from: 0)
            vm.heap.remove(place, place + 1, from: a[0].list)
            return .nil
        }
        table.method(of: Tag.list, "clear", "", "Takes out all items.", mutates: true) { (_, a, _) throws(Raise) in
            a[0].list.pointee.count = 0
            return .nil
        }
        table.method(of: Tag.list, "reverse", "", "Turns the order round.", mutates: true) { (_, a, _) throws(Raise) in
            let list = a[0].list
            var items = UnsafeMutableBufferPointer(start: list.pointee.items, count: list.pointee.count)
            items.reverse()
            return .nil
        }
        table.method(
            of: Tag.list, "sort", "key=, reverse=", "Puts the items in ascending order; stable.", mutates: true
        ) { (vm, a, _) throws(Raise) in
            let list = a[0].list
            // Sorted apart, so that a comparison that fails leaves the list as it was.
            let sorted = vm.heap.makeList(list.pointee.items, count: list.pointee.count)
            try Sorting.sort(vm, sorted, of: list, key: a[1], reverse: !a[2].isAbsent && !a[2].isFalse)
            memcpy(list.pointee.items, sorted.pointee.items, sorted.pointee.count * MemoryLayout<Value>.stride)
            return .nil
        }
    }

    private static func indexOf(
        _ vm: VM, _ list: UnsafeMutablePointer<ListObject>, _ item: Value, from: Int
    ) throws(Raise) -> Int {
        var index = from
        while index < list.pointee.count {
            if try vm.equal(list.pointee.items[index], item) { return index }
            index += 1
        }
        var text: [UInt8] = []
        try vm.repr(item, into: &text)
        throw vm.valueError("\(String(decoding: text, as: UTF8.self)) is not in the list")
    }

    // MARK: Looking

    private static func installLooks(_ table: LibraryTable) {
        table.method(of: Tag.list, "index", "item, start?", "The position of the first item equal to this; raises `value` if there is none.") {
            (vm, a, _) throws(Raise) in
            let start = clamped(try vm.intArgument(a[2], "the start", default: 0), a[0].list.pointee.count)
            return Value(try indexOf(vm, a[0].list, a[1], from: start))
        }
        table.method(of: Tag.list, "count", "item", "How many items are equal to this.") { (vm, a, _) throws(Raise) in
            var count = 0
            var index = 0
            while index < a[0].list.pointee.count {
                if try vm.equal(a[0].list.pointee.items[index], a[1]) { count += 1 }
                index += 1
            }
            return Value(count)
        }
        table.method(of: Tag.list, "copy", "", "A list with the same items.") { (vm, a, _) throws(Raise) in
            Value(try vm.items(of: a[0]))
        }
    }

    // MARK: With functions

    private static func installFunctional(_ table: LibraryTable, _ tag: UInt64) {
        table.method(of: tag, "map", "function", "The list of what `function` makes of each item.") {
            (vm, a, _) throws(Raise) in
            try transform(vm, a[0], a[1]) { (_, made, result) throws(Raise) in vm.heap.append(made, to: result) }
        }
        table.method(of: tag, "filter", "function", "The list of the items for which `function` is true.") {
            (vm, a, _) throws(Raise) in
            try transform(vm, a[0], a[1]) { (item, made, result) throws(Raise) in
                if !made.isFalse { vm.heap.append(item, to: result) }
            }
        }
        table.method(of: tag, "reduce", "function, start?", "function(function(start, first), second) and so on.") {
            (vm, a, _) throws(Raise) in
            let items = try vm.sequence(of: a[0], copied: true)
            let function = a[1]
            var result = a[2]
            let depth = vm.roots.count
            defer { vm.roots.removeLast(vm.roots.count - depth) }
            vm.roots.append(items.value)
            vm.roots.append(function)
            for index in 0..<items.count {
                let item = items[index]
                result = result.isAbsent ? item : try vm.call(function, result, item)
            }
            guard !result.isAbsent else { throw vm.valueError("`reduce` of nothing needs a start") }
            return result
        }
    }

    /// Calls `function` for each item and gives item and result to `collect`.
    private static func transform(
        _ vm: VM, _ source: Value, _ function: Value,
        _ collect: (Value, Value, UnsafeMutablePointer<ListObject>) throws(Raise) -> Void
    ) throws(Raise) -> Value {
        let items = try vm.sequence(of: source, copied: true)
        let result = vm.heap.newList()
        let depth = vm.roots.count
        defer { vm.roots.removeLast(vm.roots.count - depth) }
        vm.roots.append(items.value)
        vm.roots.append(Value(result))
        vm.roots.append(function)
        for index in 0..<items.count {
            let item = items[index]
            let made = try vm.call(function, item)
            try collect(item, made, result)
        }
        return Value(result)
    }

    // MARK: Ranges

    private static func installRange(_ table: LibraryTable) {
        table.method(of: Tag.range, "index", "number", "The position of a number in the range; raises `value` if it is not in it.") {
            (vm, a, _) throws(Raise) in
            guard try vm.contains(a[0], a[1]), a[1].isNumber, let number = a[1].isInt ? a[1].int : Int(exactly: a[1].float)
            else { throw vm.valueError("the number is not in the range") }
            let range = a[0].range.pointee
            let distance = range.step > 0 ? number &- range.start : range.start &- number
            return Value(Int(UInt(bitPattern: distance) / range.step.magnitude))
        }
        table.method(of: Tag.range, "count", "number", "1 if the number is in the range, otherwise 0.") {
            (vm, a, _) throws(Raise) in Value(try vm.contains(a[0], a[1]) ? 1 : 0)
        }
    }

    // MARK: Bytes

    private static func installBytes(_ table: LibraryTable) {
        table.method(of: Tag.bytes, "decode", "", "The text of UTF-8 bytes; raises `value` if they are none.") {
            (vm, a, _) throws(Raise) in
            let bytes = UnsafeBufferPointer(start: a[0].bytes.pointee.bytes, count: a[0].bytes.pointee.count)
            guard UTF8Text.isValid(bytes) else { throw vm.valueError("the bytes are not valid UTF-8") }
            return vm.heap.makeString(bytes.baseAddress, count: bytes.count)
        }
        table.method(of: Tag.bytes, "hex", "", "Two hexadecimal digits for each byte.") { (vm, a, _) throws(Raise) in
            var text: [UInt8] = []
            let digits = Array("0123456789abcdef".utf8)
            for index in 0..<a[0].bytes.pointee.count {
                let byte = a[0].bytes.pointee.bytes[index]
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
            return vm.heap.makeString(text)
        }
        table.method(of: Tag.bytes, "find", "part", "The position of the first `part`, or -1.") { (vm, a, _) throws(Raise) in
            let part = try vm.bytesArgument(a[1], "the part")
            let all = UnsafeBufferPointer(start: a[0].bytes.pointee.bytes, count: a[0].bytes.pointee.count)
            return Value(Search.find(part, in: all, from: 0) ?? -1)
        }
        func testing(_ name: String, _ doc: String, atEnd: Bool) {
            table.method(of: Tag.bytes, name, "part", doc) { (vm, a, _) throws(Raise) in
                let part = try vm.bytesArgument(a[1], "the part")
                let count = a[0].bytes.pointee.count
                guard part.count > 0 else { return .true }
                guard part.count <= count else { return .false }
                let start = a[0].bytes.pointee.bytes + (atEnd ? count - part.count : 0)
                return Value(memcmp(start, part.baseAddress!, part.count) == 0)
            }
        }
        testing("startswith", "Whether the bytes begin with `part`.", atEnd: false)
        testing("endswith", "Whether the bytes end with `part`.", atEnd: true)
        table.method(of: Tag.bytes, "split", "separator", "The parts between separators.") { (vm, a, _) throws(Raise) in
            let separator = try vm.bytesArgument(a[1], "the separator")
            guard separator.count > 0 else { throw vm.valueError("the separator is empty") }
            let all = UnsafeBufferPointer(start: a[0].bytes.pointee.bytes, count: a[0].bytes.pointee.count)
            let result = vm.heap.newList()
            var start = 0
            while let place = Search.find(separator, in: all, from: start) {
                vm.heap.append(vm.heap.makeBytes(all.baseAddress! + start, count: place - start), to: result)
                start = place + separator.count
            }
            vm.heap.append(vm.heap.makeBytes(all.baseAddress.map { $0 + start }, count: all.count - start), to: result)
            return Value(result)
        }
    }
}
