// Where the elements of a list are, by key: looked for one by one among a few, in a hash table among many.
//
// A process that starts others one after another has one or two of them at a time. Each fork makes the parent copy every
// page that it writes to afterwards, and leaves the old one to the child: lists with a hash table each would cost more
// than what they find, and a table of the standard library is written to in three places for each key.
//
// Invariants
// - `keys[i]` is the key of the list's element i; keys are unique.
// - The table is empty or complete: an element with the key k stands at the first place from `home(k)` on whose element
//   has it, with no free place between (open addressing; Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R).

/// The positions of the elements of one list. Looking up, appending and removing take constant time.
public struct Positions {
    private static let few = 8
    /// The key of each element.
    public private(set) var keys: [UInt64] = []
    /// 1 + index in `keys`; 0: free. A power of two, at most half full.
    private var table: [UInt32] = []

    /// Of an empty list.
    public init() {}

    /// Where the element with this key is; nil where there is none.
    public subscript(key: UInt64) -> Int? {
        if !table.isEmpty {
            let index = Int(table[place(of: key)])
            return index == 0 ? nil : index - 1
        }
        var i = keys.count - 1
        while i >= 0, keys[i] != key { i -= 1 }
        return i < 0 ? nil : i
    }

    /// The key of an element that is appended to the list.
    public mutating func append(_ key: UInt64) {
        keys.append(key)
        if 2 * keys.count <= table.count {
            table[place(of: key)] = UInt32(keys.count)
        } else if keys.count > Positions.few {
            rebuild()
        }
    }

    /// The element at `index` is removed from the list: its last one takes its place.
    public mutating func remove(at index: Int) {
        if keys.count <= Positions.few / 2 { table = [] }
        let isIndexed = !table.isEmpty
        let free = isIndexed ? place(of: keys[index]) : 0
        if isIndexed { table[place(of: keys[keys.count - 1])] = UInt32(index + 1) }
        let last = keys.removeLast()
        if index < keys.count { keys[index] = last }
        if isIndexed { close(free) }
    }

    private var mask: Int { table.count - 1 }

    private func home(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
    }

    /// Where an element with that key stands, or would.
    private func place(of key: UInt64) -> Int {
        var i = home(key)
        while table[i] != 0, keys[Int(table[i]) - 1] != key { i = (i + 1) & mask }
        return i
    }

    /// Frees a place and moves up those behind it that stand there only because it was taken.
    private mutating func close(_ place: Int) {
        var free = place
        var i = free
        while true {
            i = (i + 1) & mask
            if table[i] == 0 { break }
            let home = home(keys[Int(table[i]) - 1])
            if (i - home) & mask >= (i - free) & mask {
                table[free] = table[i]
                free = i
            }
        }
        table[free] = 0
    }

    private mutating func rebuild() {
        table = [UInt32](repeating: 0, count: max(4 * Positions.few, 2 * table.count))
        for (i, key) in keys.enumerated() { table[place(of: key)] = UInt32(i + 1) }
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
