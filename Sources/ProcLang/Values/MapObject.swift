// Maps: insertion-ordered hash tables (the compact layout of CPython's dict: a dense array of entries, and an
// open-addressing index of entry numbers).
//
// Invariants
// - Keys are strings, ints, floats and bools. An int and a float that are equal are one key; a bool is a key of
//   its own.
// - Up to eight entries there is no index: the entries are searched one by one.
// - A deleted entry keeps its place (key `absent`) until the table is rebuilt, so that positions are stable while
//   nothing is inserted. Only places at the end are given back; their marks in the index stay and count as `stale`, so
//   that at least half of the index is empty.

import Glibc

extension UnsafeMutablePointer where Pointee == MapObject {
    /// Bytes of its buffers, as the heap accounts for them.
    var ownedBytes: Int {
        pointee.capacity * MemoryLayout<MapSlot>.stride
            + (pointee.index == nil ? 0 : (pointee.indexMask + 1) * MemoryLayout<UInt32>.stride)
    }

    /// The number of the entry with `key`, or -1. Mostly the key is the very object that is in the map, at its first place.
    @inline(__always)
    func find(_ key: Value, hash: UInt64) -> Int {
        if let index = pointee.index {
            let number = index[Int(truncatingIfNeeded: hash) & pointee.indexMask]
            if number == 0 { return -1 }
            if number > 1 {
                let slot = pointee.entries.unsafelyUnwrapped + (Int(number) - 2)
                if slot.pointee.key.payload == key.payload && slot.pointee.key.tag == key.tag { return Int(number) - 2 }
            }
        }
        return search(key, hash: hash)
    }

    /// `find` for the name of a field, an interned string.
    @inline(__always)
    func find(name: Value) -> Int {
        if pointee.index == nil, let entries = pointee.entries {
            var entry = 0
            let used = pointee.used
            while entry < used {
                if entries[entry].key.payload == name.payload && entries[entry].key.tag == Tag.string { return entry }
                entry += 1
            }
        }
        return find(name, hash: name.string.hash)
    }

    @inline(never)
    private func search(_ key: Value, hash: UInt64) -> Int {
        guard let entries = pointee.entries else { return -1 }
        guard let index = pointee.index else {
            var entry = 0
            while entry < pointee.used {
                if entries[entry].hash == hash, MapKey.equal(entries[entry].key, key) { return entry }
                entry += 1
            }
            return -1
        }
        let mask = pointee.indexMask
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let number = index[slot]
            if number == 0 { return -1 }
            if number > 1 {
                let entry = Int(number) - 2
                if entries[entry].hash == hash, MapKey.equal(entries[entry].key, key) { return entry }
            }
            slot = (slot + 1) & mask
        }
    }

    /// The value at `key`, which must be a possible key.
    @inline(__always)
    func get(_ key: Value) -> Value? {
        let entry = find(key, hash: MapKey.hash(key))
        return entry < 0 ? nil : pointee.entries.unsafelyUnwrapped[entry].value
    }

    /// Removes the entry with this number.
    func removeEntry(_ entry: Int) {
        guard let entries = pointee.entries else { return }
        if let index = pointee.index {
            let mask = pointee.indexMask
            var slot = Int(truncatingIfNeeded: entries[entry].hash) & mask
            while Int(index[slot]) != entry + 2 { slot = (slot + 1) & mask }
            index[slot] = 1
        }
        entries[entry].key = .absent
        entries[entry].value = .nil
        pointee.count -= 1
        pointee.changes &+= 1
        // Trailing holes are given back at once: a map used as a stack does not grow, and its end is found at once.
        while pointee.used > 0, entries[pointee.used - 1].key.isAbsent {
            pointee.used -= 1
            if pointee.index != nil { pointee.stale += 1 }
        }
    }

    /// The live entries in order.
    @inline(__always)
    func forEach(_ body: (Value, Value) throws -> Void) rethrows {
        var entry = 0
        while entry < pointee.used, let entries = pointee.entries {
            let slot = entries[entry]
            if !slot.key.isAbsent { try body(slot.key, slot.value) }
            entry += 1
        }
    }
}

/// Hash and equality of map keys.
enum MapKey {
    static func isPossible(_ value: Value) -> Bool {
        switch value.tag {
        case Tag.string, Tag.int, Tag.float, Tag.bool: return true
        default: return false
        }
    }

    @inline(__always)
    static func hash(_ key: Value) -> UInt64 {
        if key.tag == Tag.string { return key.string.hash }
        return number(key)
    }

    private static func number(_ key: Value) -> UInt64 {
        var bits = key.payload
        if key.tag == Tag.float, let exact = Int(exactly: key.float) { bits = UInt64(bitPattern: Int64(exact)) }
        // 32 bits, like the hash of a string: entries are compared by hash first.
        let mixed = StringHash.mix(bits ^ 0x9E37_79B9_7F4A_7C15)
        return mixed & 0xFFFF_FFFF
    }

    /// Only called for equal hashes.
    @inline(__always)
    static func equal(_ a: Value, _ b: Value) -> Bool {
        if a.tag == b.tag {
            if a.payload == b.payload { return true }
            if a.tag == Tag.string { return a.string.equals(b.string) }
            return a.tag == Tag.float && a.float == b.float
        }
        guard a.isNumber, b.isNumber else { return false }
        return a.tag == Tag.int ? b.float == Double(a.int) && Int(exactly: b.float) == a.int
            : a.float == Double(b.int) && Int(exactly: a.float) == b.int
    }
}

extension Heap {
    func newMap(capacity: Int = 0) -> UnsafeMutablePointer<MapObject> {
        let memory = allocate(size: MemoryLayout<MapObject>.size, kind: Tag.map, finalizable: true)
        let map = memory.assumingMemoryBound(to: MapObject.self)
        map.pointee.count = 0
        map.pointee.used = 0
        map.pointee.stale = 0
        map.pointee.capacity = 0
        map.pointee.entries = nil
        map.pointee.index = nil
        map.pointee.indexMask = 0
        if capacity > 0 { rebuild(map, capacity: capacity) }
        return map
    }

    /// Sets `key` to `value`. The key must be a possible one.
    @inline(__always)
    func set(_ key: Value, _ value: Value, in map: UnsafeMutablePointer<MapObject>) {
        let hash = MapKey.hash(key)
        let entry = map.find(key, hash: hash)
        if entry >= 0 {
            map.pointee.entries.unsafelyUnwrapped[entry].value = value
        } else {
            add(key, hash, value, to: map)
        }
    }

    /// Adds an entry for a key that is not there.
    @inline(never)
    func add(_ key: Value, _ hash: UInt64, _ value: Value, to map: UnsafeMutablePointer<MapObject>) {
        if map.pointee.used + map.pointee.stale == map.pointee.capacity {
            // Rebuilt in place when a third of the entries are holes.
            let live = map.pointee.count
            rebuild(map, capacity: live * 3 / 2 < map.pointee.capacity ? max(live, 4) * 3 / 2 : max(8, live * 2))
        }
        let entry = map.pointee.used
        map.pointee.entries.unsafelyUnwrapped[entry] = MapSlot(hash: hash, key: key, value: value)
        map.pointee.used = entry + 1
        map.pointee.count += 1
        map.pointee.changes &+= 1
        if let index = map.pointee.index {
            var slot = Int(truncatingIfNeeded: hash) & map.pointee.indexMask
            while index[slot] > 1 { slot = (slot + 1) & map.pointee.indexMask }
            index[slot] = UInt32(entry + 2)
        }
    }

    /// Moves the live entries into new buffers with room for `capacity` entries.
    @inline(never)
    private func rebuild(_ map: UnsafeMutablePointer<MapObject>, capacity: Int) {
        externalBytes -= map.ownedBytes
        let room = max(capacity, map.pointee.count + 1)
        let entries = Heap.buffer(room * MemoryLayout<MapSlot>.stride).assumingMemoryBound(to: MapSlot.self)
        var used = 0
        if let old = map.pointee.entries {
            for entry in 0..<map.pointee.used where !old[entry].key.isAbsent {
                entries[used] = old[entry]
                used += 1
            }
            free(old)
        }
        map.pointee.entries = entries
        map.pointee.used = used
        map.pointee.stale = 0
        map.pointee.capacity = room
        free(map.pointee.index)
        map.pointee.index = nil
        if room > 8 {
            // At most half full: probes stay short although the probing is linear.
            var size = 16
            while size < room * 2 { size *= 2 }
            let index = Heap.buffer(size * MemoryLayout<UInt32>.stride).assumingMemoryBound(to: UInt32.self)
            memset(index, 0, size * MemoryLayout<UInt32>.stride)
            for entry in 0..<used {
                var slot = Int(truncatingIfNeeded: entries[entry].hash) & (size - 1)
                while index[slot] != 0 { slot = (slot + 1) & (size - 1) }
                index[slot] = UInt32(entry + 2)
            }
            map.pointee.index = index
            map.pointee.indexMask = size - 1
        }
        externalBytes += map.ownedBytes
    }

    func clear(_ map: UnsafeMutablePointer<MapObject>) {
        externalBytes -= map.ownedBytes
        free(map.pointee.entries)
        free(map.pointee.index)
        map.pointee.count = 0
        map.pointee.used = 0
        map.pointee.stale = 0
        map.pointee.capacity = 0
        map.pointee.entries = nil
        map.pointee.index = nil
    }

    func copy(_ map: UnsafeMutablePointer<MapObject>) -> UnsafeMutablePointer<MapObject> {
        let result = newMap(capacity: map.pointee.count)
        map.forEach { key, value in add(key, MapKey.hash(key), value, to: result) }
        return result
    }

    /// For library code: sets a key given as text.
    func set(_ key: String, _ value: Value, in map: UnsafeMutablePointer<MapObject>) {
        set(intern(key), value, in: map)
    }
}
