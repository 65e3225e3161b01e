// Where the elements of a list are, by key: looked for one by one among a few, in a hash table among many.
//
// A process that starts others one after another has one or two of them at a time. Each fork makes the parent copy every
// page that it writes to afterwards, so that lists with a hash table each would cost more than what they find.
//
// Invariants
// - `keys[i]` is the key of the list's element i; keys are unique.
// - The table is empty or complete.

public struct Positions {
    private static let few = 8
    public private(set) var keys: [UInt64] = []
    private var table: [UInt64: Int] = [:]

    public init() {}

    public subscript(key: UInt64) -> Int? {
        if !table.isEmpty { return table[key] }
        var i = keys.count - 1
        while i >= 0, keys[i] != key { i -= 1 }
        return i < 0 ? nil : i
    }

    /// The key of an element that is appended to the list.
    public mutating func append(_ key: UInt64) {
        keys.append(key)
        if !table.isEmpty {
            table[key] = keys.count - 1
        } else if keys.count > Positions.few {
            for (i, key) in keys.enumerated() { table[key] = i }
        }
    }

    /// The element at `index` is removed from the list: its last one takes its place.
    public mutating func remove(at index: Int) {
        let removed = keys[index]
        let last = keys.removeLast()
        if index < keys.count { keys[index] = last }
        if table.isEmpty { return }
        if keys.count <= Positions.few / 2 {
            table = [:]
        } else {
            table[removed] = nil
            if index < keys.count { table[last] = index }
        }
    }
}

extension Array {
    /// Removes an element in constant time: the last one takes its place.
    @inlinable
    public mutating func replaceByLast(at index: Int) {
        let last = removeLast()
        if index < count { self[index] = last }
    }
}
