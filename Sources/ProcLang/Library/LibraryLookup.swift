// How the library's declarations are found: by name and place (an open-addressing table), and by value and method name (one
// row for each kind of value).
//
// Invariants
// - Both are filled once and then only read; numbers of declarations are stored + 1, 0 is free.
// - A method is looked for by an interned name, whose header holds the number of its column.

/// The numbers of the declarations by a hash of place and name. Made at every start of the program: a table in raw memory
/// costs a twentieth of dictionaries.
struct DeclarationIndex {
    /// Number + 1, or 0.
    private let slots: UnsafeMutablePointer<UInt16>
    private let mask: Int

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)
        mask = size - 1
    }

    /// FNV-1a.
    static func hash(_ name: String, _ place: Int) -> Int {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: place)
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: state ^ state >> 29)
    }

    func deallocate() { slots.deallocate() }

    func insert(_ number: Int, hash: Int) {
        var slot = hash & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt16(number + 1)
    }

    /// The last declaration that is the one looked for.
    func find(hash: Int, _ isIt: (Int) -> Bool) -> Int? {
        var slot = hash & mask
        var found: Int?
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if isIt(number) { found = number }
            slot = (slot + 1) & mask
        }
        return found
    }
}

/// The methods of all kinds of values: one row for each kind, one column for each name that is the name of a method.
/// A name finds its column by the `selector` in the header of its interned string.
struct MethodTable {
    /// The number of the method + 1, or 0.
    private var cells: UnsafeMutablePointer<UInt16>
    private var columns = 1

    init() {
        cells = .allocate(capacity: Tag.count)
        cells.initialize(repeating: 0, count: Tag.count)
    }

    /// Numbers the names in this heap.
    mutating func fill(_ declarations: [NativeDeclaration], _ heap: Heap) {
        let selectors = UnsafeMutablePointer<UInt16>.allocate(capacity: declarations.count)
        defer { selectors.deallocate() }
        for index in declarations.indices {
            guard case .method = declarations[index].place else { continue }
            let text = heap.intern(declarations[index].name).string
            if text.pointee.header.selector == 0 {
                text.pointee.header.selector = UInt16(columns)
                columns += 1
            }
            selectors[index] = text.pointee.header.selector
        }
        cells.deallocate()
        cells = .allocate(capacity: Tag.count * columns)
        cells.initialize(repeating: 0, count: Tag.count * columns)
        for index in declarations.indices {
            guard case .method(let kind) = declarations[index].place else { continue }
            cells[Int(kind) * columns + Int(selectors[index])] = UInt16(index + 1)
        }
    }

    func deallocate() { cells.deallocate() }

    /// The method `name` (an interned string) of `value`, or -1.
    @inline(__always)
    func find(_ value: Value, _ name: Value) -> Int {
        Int(cells[Int(truncatingIfNeeded: value.kind) &* columns &+ Int(name.string.pointee.header.selector)]) &- 1
    }
}
