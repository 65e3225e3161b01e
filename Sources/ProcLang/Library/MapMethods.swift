// The methods of maps.
//
// Invariants
// - Keys keep the order in which they were inserted; a new value for a key does not move it.
// - A key is checked (`MapKey.isPossible`) before it is looked for or stored.

enum MapMethods {
    static func install(_ table: LibraryTable) {
        func listing(_ name: String, _ doc: String, _ item: @escaping (VM, Value, Value) -> Value) {
            table.method(of: Tag.map, name, "", doc) { (vm, a, _) throws(Raise) in
                let result = vm.heap.newList(capacity: a[0].map.pointee.count)
                a[0].map.forEach { key, value in vm.heap.append(item(vm, key, value), to: result) }
                return Value(result)
            }
        }
        listing("keys", "The list of the keys, in the order of insertion.") { _, key, _ in key }
        listing("values", "The list of the values, in the order of insertion.") { _, _, value in value }
        listing("items", "The list of [key, value], in the order of insertion.") { vm, key, value in
            vm.heap.makeList([key, value])
        }
        table.method(of: Tag.map, "get", "key, default?", "The value at `key`, or the default (nil).") {
            (vm, a, _) throws(Raise) in
            guard MapKey.isPossible(a[1]) else { throw vm.keyTypeError(a[1]) }
            return a[0].map.get(a[1]) ?? (a[2].isAbsent ? .nil : a[2])
        }
        table.method(of: Tag.map, "pop", "key, default?", "Takes the entry out and gives its value; raises `key` without default.", mutates: true) {
            (vm, a, _) throws(Raise) in
            guard MapKey.isPossible(a[1]) else { throw vm.keyTypeError(a[1]) }
            let map = a[0].map
            let entry = map.find(a[1], hash: MapKey.hash(a[1]))
            guard entry >= 0, let entries = map.pointee.entries else {
                if a[2].isAbsent { throw vm.missingKey(a[1], in: map) }
                return a[2]
            }
            let value = entries[entry].value
            map.removeEntry(entry)
            return value
        }
        table.method(of: Tag.map, "popitem", "", "Takes the last entry out as [key, value]; raises `key` when empty.", mutates: true) {
            (vm, a, _) throws(Raise) in
            let map = a[0].map
            // The last place is never a hole.
            let entry = map.pointee.used - 1
            guard entry >= 0, let entries = map.pointee.entries else {
                throw vm.raise(vm.kinds.key, "the map is empty")
            }
            let pair = vm.heap.makeList([entries[entry].key, entries[entry].value])
            map.removeEntry(entry)
            return pair
        }
        table.method(of: Tag.map, "setdefault", "key, default?", "The value at `key`, which is set to the default first if missing.", mutates: true) {
            (vm, a, _) throws(Raise) in
            guard MapKey.isPossible(a[1]) else { throw vm.keyTypeError(a[1]) }
            if let value = a[0].map.get(a[1]) { return value }
            let value = a[2].isAbsent ? .nil : a[2]
            vm.heap.set(a[1], value, in: a[0].map)
            return value
        }
        table.method(of: Tag.map, "update", "other", "Takes over all entries of a map or of a list of [key, value].", mutates: true) {
            (vm, a, _) throws(Raise) in
            let other = try vm.plain(a[1])
            if other.isMap {
                if other.payload == a[0].payload { return .nil }
                other.map.forEach { key, value in vm.heap.set(key, value, in: a[0].map) }
                return .nil
            }
            let pairs = try vm.items(of: other)
            for index in 0..<pairs.pointee.count {
                let pair = pairs.pointee.items[index]
                guard pair.isList, pair.list.pointee.count == 2 else {
                    throw vm.typeError("`update` takes a map or a list of [key, value]")
                }
                try vm.setKey(a[0].map, pair.list.pointee.items[0], pair.list.pointee.items[1])
            }
            return .nil
        }
        table.method(of: Tag.map, "remove", "key", "Takes the entry out; raises `key` if there is none.", mutates: true) {
            (vm, a, _) throws(Raise) in
            guard MapKey.isPossible(a[1]) else { throw vm.keyTypeError(a[1]) }
            let entry = a[0].map.find(a[1], hash: MapKey.hash(a[1]))
            guard entry >= 0 else { throw vm.missingKey(a[1], in: a[0].map) }
            a[0].map.removeEntry(entry)
            return .nil
        }
        table.method(of: Tag.map, "clear", "", "Takes out all entries.", mutates: true) { (vm, a, _) throws(Raise) in
            vm.heap.clear(a[0].map)
            return .nil
        }
        table.method(of: Tag.map, "copy", "", "A map with the same entries.") { (vm, a, _) throws(Raise) in
            Value(vm.heap.copy(a[0].map))
        }
    }
}
