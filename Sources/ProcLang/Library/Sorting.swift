// Stable sorting of values: merge sort with runs, over a plain array of keys and positions.
//
// Invariants
// - Stable, as Python's: equal keys keep their order, also with `reverse`.
// - Lists of ints, of floats and of strings are compared directly; anything else through the language's `<`, whose
//   error ends the sort.

import Glibc

enum Sorting {
    /// Puts the items of `list`, which nobody else has yet, in order. `key` is called once for each item (a safe point);
    /// absent or nil: the item is the key. With `source`, the list of the script of which it is a copy, raises `value` if
    /// the key function has changed that.
    static func sort(
        _ vm: VM, _ list: UnsafeMutablePointer<ListObject>, of source: UnsafeMutablePointer<ListObject>? = nil, key: Value,
        reverse: Bool
    ) throws(Raise) {
        let count = list.pointee.count
        guard !key.isAbsent, !key.isNil else {
            return try sort(vm, list.pointee.items, list.pointee.items, count, reverse: reverse)
        }
        let keys = vm.heap.newList(capacity: count)
        let depth = vm.roots.count
        vm.roots.append(Value(list))
        vm.roots.append(Value(keys))
        vm.roots.append(key)
        defer { vm.roots.removeLast(vm.roots.count - depth) }
        for index in 0..<count {
            let made = try vm.call(key, list.pointee.items[index])
            vm.heap.append(made, to: keys)
        }
        if let source {
            let stride = MemoryLayout<Value>.stride
            guard source.pointee.count == count, memcmp(source.pointee.items, list.pointee.items, count * stride) == 0 else {
                throw vm.valueError("the list was changed while it was sorted")
            }
        }
        try sort(vm, keys.pointee.items, list.pointee.items, count, reverse: reverse)
    }

    private struct Item {
        var key: Value
        var value: Value
    }

    private enum Kind {
        case ints, floats, strings, mixed
    }

    /// Sorts `count` values by their keys, in place; the two may be the same memory.
    private static func sort(
        _ vm: VM, _ keys: UnsafeMutablePointer<Value>, _ values: UnsafeMutablePointer<Value>, _ count: Int, reverse: Bool
    ) throws(Raise) {
        guard count > 1 else { return }
        var kind: Kind = keys[0].isInt ? .ints : keys[0].isFloat ? .floats : keys[0].isString ? .strings : .mixed
        let first = keys[0].tag
        for index in 1..<count where keys[index].tag != first {
            kind = .mixed
            break
        }
        if keys == values {
            // Equal numbers cannot be told apart: nothing to keep stable.
            if kind == .ints { return sortNumbers(values, count, reverse, { $0.int }, { Value($0) }) }
            if kind == .floats, !(0..<count).contains(where: { keys[$0].float.isNaN }) {
                return sortNumbers(values, count, reverse, { $0.float }, { Value($0) })
            }
        }
        var items = UnsafeMutablePointer<Item>.allocate(capacity: count)
        var spare = UnsafeMutablePointer<Item>.allocate(capacity: count)
        defer {
            items.deallocate()
            spare.deallocate()
        }
        for index in 0..<count { items[index] = Item(key: keys[index], value: values[index]) }
        // Stability in reverse order: the later item must not come first among equals.
        let less: (Item, Item) throws(Raise) -> Bool
        switch (kind, reverse) {
        case (.ints, false): less = { (a, b) throws(Raise) in a.key.int < b.key.int }
        case (.ints, true): less = { (a, b) throws(Raise) in b.key.int < a.key.int }
        case (.floats, false): less = { (a, b) throws(Raise) in a.key.float < b.key.float }
        case (.floats, true): less = { (a, b) throws(Raise) in b.key.float < a.key.float }
        case (.strings, false): less = { (a, b) throws(Raise) in a.key.string.compare(b.key.string) < 0 }
        case (.strings, true): less = { (a, b) throws(Raise) in b.key.string.compare(a.key.string) < 0 }
        case (.mixed, false): less = { (a, b) throws(Raise) in try vm.less(a.key, b.key) }
        case (.mixed, true): less = { (a, b) throws(Raise) in try vm.less(b.key, a.key) }
        }
        var width = 16
        var start = 0
        while start < count {
            try insertionSort(items, start, min(start + width, count), less)
            start += width
        }
        while width < count {
            start = 0
            while start < count {
                let middle = min(start + width, count)
                try merge(items, spare, start, middle, min(middle + width, count), less)
                start += 2 * width
            }
            swap(&items, &spare)
            width *= 2
        }
        for index in 0..<count { values[index] = items[index].value }
    }

    private static func insertionSort(
        _ items: UnsafeMutablePointer<Item>, _ start: Int, _ end: Int, _ less: (Item, Item) throws(Raise) -> Bool
    ) throws(Raise) {
        guard end - start > 1 else { return }
        for index in (start + 1)..<end {
            let item = items[index]
            var place = index
            while place > start, try less(item, items[place - 1]) {
                items[place] = items[place - 1]
                place -= 1
            }
            items[place] = item
        }
    }

    private static func merge(
        _ from: UnsafeMutablePointer<Item>, _ to: UnsafeMutablePointer<Item>, _ start: Int, _ middle: Int, _ end: Int,
        _ less: (Item, Item) throws(Raise) -> Bool
    ) throws(Raise) {
        // Already in order: the common case of sorted input costs one comparison a run.
        var isOrdered = middle >= end
        if !isOrdered { isOrdered = try !less(from[middle], from[middle - 1]) }
        if isOrdered {
            memcpy(to + start, from + start, (end - start) * MemoryLayout<Item>.stride)
            return
        }
        var left = start
        var right = middle
        var out = start
        while left < middle, right < end {
            if try less(from[right], from[left]) {
                to[out] = from[right]
                right += 1
            } else {
                to[out] = from[left]
                left += 1
            }
            out += 1
        }
        memcpy(to + out, from + left, (middle - left) * MemoryLayout<Item>.stride)
        memcpy(to + out + (middle - left), from + right, (end - right) * MemoryLayout<Item>.stride)
    }

    private static func sortNumbers<Number: Comparable>(
        _ values: UnsafeMutablePointer<Value>, _ count: Int, _ reverse: Bool, _ number: (Value) -> Number,
        _ value: (Number) -> Value
    ) {
        var numbers = ContiguousArray<Number>(unsafeUninitializedCapacity: count) { buffer, used in
            for index in 0..<count { (buffer.baseAddress! + index).initialize(to: number(values[index])) }
            used = count
        }
        numbers.sort()
        for index in 0..<count { values[reverse ? count - 1 - index : index] = value(numbers[index]) }
    }
}
