// Functions over anything that `for` can go through: order, selection, combination.
//
// Invariants
// - Arguments are never changed: a list that is returned is a new one.
// - What is received or made between two waits is rooted: a stream as argument may take long.

import Glibc

enum CollectionFunctions {
    static func install(_ table: LibraryTable) {
        table.function("sorted", "values, key=, reverse=", "A new list of the items in ascending order (of `key(item)`); stable.") {
            (vm, a, _) throws(Raise) in
            let list = try vm.items(of: a[0])
            try Sorting.sort(vm, list, key: a[1], reverse: !a[2].isAbsent && !a[2].isFalse)
            return Value(list)
        }
        table.function("reversed", "values", "A new list of the items, last first.") {
            (vm, a, _) throws(Raise) in
            let list = try vm.items(of: a[0])
            let count = list.pointee.count
            for index in 0..<count / 2 { swap(&list.pointee.items[index], &list.pointee.items[count - 1 - index]) }
            return Value(list)
        }
        table.function("sum", "values, start?", "The sum of the items, added to `start` (0).") { (vm, a, _) throws(Raise) in
            let items = try vm.sequence(of: a[0])
            var total = a[1].isAbsent ? Value(0) : a[1]
            if items.value.tag == Tag.range, items.count > 0, total.isNumber { return try sum(vm, a[0].range, from: total) }
            var compensation = 0.0
            var index = 0
            while index < items.count {
                let item = items[index]
                if total.isInt, item.isInt, case let (sum, overflow) = total.int.addingReportingOverflow(item.int), !overflow {
                    total = Value(sum)
                } else if total.isNumber, item.isNumber, total.isFloat || item.isFloat {
                    // Neumaier's compensated sum.
                    let old = total.asDouble
                    let new = item.asDouble
                    let sum = old + new
                    if sum.isFinite { compensation += abs(old) >= abs(new) ? (old - sum) + new : (new - sum) + old }
                    total = Value(sum)
                } else {
                    total = try vm.addSlow(total, item)
                }
                index += 1
            }
            return total.isFloat ? Value(total.float + compensation) : total
        }
        for (name, isMax) in [("min", false), ("max", true)] {
            table.function(
                name, "*values, key=, default=",
                "The \(isMax ? "largest" : "smallest") of the values, or of the items of one value (`default` if there are none)."
            ) { (vm, a, count) throws(Raise) in
                try extreme(vm, a, count, isMax: isMax)
            }
        }
        table.function("any", "values", "Whether one of the items is true.") { (vm, a, _) throws(Raise) in
            let items = try vm.sequence(of: a[0])
            for index in 0..<items.count where !items[index].isFalse { return .true }
            return .false
        }
        table.function("all", "values", "Whether all of the items are true.") { (vm, a, _) throws(Raise) in
            // No number is false: a range need not be gone through.
            if a[0].tag == Tag.range { return .true }
            let items = try vm.sequence(of: a[0])
            for index in 0..<items.count where items[index].isFalse { return .false }
            return .true
        }
        table.function("enumerate", "values, start?", "A list of [index, item], counting from `start` (0).") { (vm, a, _) throws(Raise) in
            guard a[1].isAbsent || a[1].isInt else { throw vm.typeError("`enumerate` counts from an int, not \(a[1].typeName)") }
            let list = try vm.items(of: a[0])
            var number = a[1].isAbsent ? 0 : a[1].int
            for index in 0..<list.pointee.count {
                list.pointee.items[index] = vm.heap.makeList([Value(number), list.pointee.items[index]])
                number &+= 1
            }
            return Value(list)
        }
        table.function("zip", "*values", "A list of lists: the first items of all values, the second items, and so on.") { (vm, a, count) throws(Raise) in
            var sequences: [Items] = []
            let depth = vm.roots.count
            defer { vm.roots.removeLast(vm.roots.count - depth) }
            for index in 0..<count {
                sequences.append(try vm.sequence(of: a[index]))
                vm.roots.append(sequences[index].value)
            }
            let shortest = sequences.map(\.count).min() ?? 0
            // A list of so many lists.
            try vm.require(shortest, ofSize: 16 + MemoryLayout<ListObject>.size + 16 * max(count, 4))
            let result = vm.heap.newList(capacity: shortest)
            for index in 0..<shortest { vm.heap.append(vm.heap.makeList(sequences.map { $0[index] }), to: result) }
            return Value(result)
        }
        table.function("filter", "test, values", "A list of the items for which `test(item)` is true; `nil` keeps what is true itself.") {
            (vm, a, _) throws(Raise) in
            // Both orders are natural: filter(f, xs) and filter(xs, f).
            var (test, values) = (a[0], a[1])
            if test.isList || test.tag == Tag.range { swap(&test, &values) }
            let items = try vm.sequence(of: values, copied: true)
            let result = vm.heap.newList()
            try vm.rooting(items.value) { () throws(Raise) in
                try vm.rooting(Value(result)) { () throws(Raise) in
                    for index in 0..<items.count {
                        let item = items[index]
                        let keep = test.isNil ? item : try vm.call(test, item)
                        if !keep.isFalse { vm.heap.append(item, to: result) }
                    }
                }
            }
            return Value(result)
        }
    }

    /// The sum of the numbers of a range that is not empty, and of `start`: half of (first + last) times the count.
    private static func sum(
        _ vm: VM, _ range: UnsafeMutablePointer<RangeObject>, from start: Value
    ) throws(Raise) -> Value {
        let total = (Int128(range.pointee.start) + Int128(range.last)) * Int128(range.pointee.count) / 2
        if start.isFloat { return Value(start.float + Double(total)) }
        guard let result = Int(exactly: total + Int128(start.int)) else {
            throw vm.raise(vm.kinds.overflow, "the sum of the range does not fit in an int (64 bits)")
        }
        return Value(result)
    }

    /// a[0] key, a[1] default, then the values.
    private static func extreme(_ vm: VM, _ a: UnsafeMutablePointer<Value>, _ count: Int, isMax: Bool) throws(Raise) -> Value {
        let name = isMax ? "max" : "min"
        let items: Items
        switch count {
        case 2: throw vm.typeError("`\(name)` needs a value")
        case 3: items = try vm.sequence(of: a[2], copied: !a[0].isAbsent)
        default: items = Items(value: Value(vm.heap.makeList(a + 2, count: count - 2)))
        }
        guard items.count > 0 else {
            if !a[1].isAbsent { return a[1] }
            throw vm.valueError("`\(name)` of nothing; give a `default:` for that")
        }
        if items.value.tag == Tag.range, a[0].isAbsent {
            // It goes one way only.
            return items[isMax == (items.value.range.pointee.step > 0) ? items.count - 1 : 0]
        }
        return try vm.rooting(items.value) { () throws(Raise) in
            var best = items[0]
            var bestKey = a[0].isAbsent ? best : try vm.call(a[0], best)
            let rooted = vm.roots.count
            vm.roots.append(bestKey)
            defer { vm.roots.removeLast(vm.roots.count - rooted) }
            for index in 1..<max(1, items.count) {
                let item = items[index]
                let key = a[0].isAbsent ? item : try vm.call(a[0], item)
                if try isMax ? vm.less(bestKey, key) : vm.less(key, bestKey) {
                    best = item
                    bestKey = key
                    vm.roots[rooted] = key
                }
            }
            return best
        }
    }
}
