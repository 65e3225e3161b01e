// Going through values: `for`, comprehensions, and the numeric loop.
//
// Invariants
// - A general loop has three registers: the thing itself, a position, and a stamp or count. What they mean depends on
//   the kind of the thing. The position is always valid or past the end, whatever the body does to the thing.
// - A map whose set of keys changed under the loop is an error, as in Python.

extension VM {
    /// Prepares R[0] ..< R[1] (or `...`) for `forLoop`: R[0] current, R[1] turns left, R[2] the visible number. True if
    /// there is no turn at all.
    @inline(never)
    func prepareFor(_ state: UnsafeMutablePointer<Value>, closed: Bool) throws(Raise) -> Bool {
        guard state[0].isInt, state[1].isInt else { throw rangeError(state[0], state[1], closed: closed) }
        guard let count = Heap.rangeCount(state[0].int, state[1].int, step: 1, closed: closed) else {
            throw raise(kinds.overflow, "the range has more numbers than an int can count")
        }
        if count == 0 { return true }
        state[1] = Value(count - 1)
        state[2] = state[0]
        return false
    }

    private func rangeError(_ low: Value, _ high: Value, closed: Bool) -> Raise {
        typeError("a range needs two ints, not \(low.typeName) and \(high.typeName)")
    }

    func makeRange(_ low: Value, _ high: Value, closed: Bool) throws(Raise) -> Value {
        guard low.isInt, high.isInt else { throw rangeError(low, high, closed: closed) }
        guard let range = heap.makeRange(low.int, high.int, closed: closed) else {
            throw raise(kinds.overflow, "the range has more numbers than an int can count")
        }
        return range
    }

    /// Prepares a loop over R[0]. A shared variable is replaced by a snapshot of it.
    @inline(never)
    func prepareIteration(_ state: UnsafeMutablePointer<Value>) throws(Raise) {
        if state[0].kind == Tag.shared { state[0] = try sharedValue(state[0]) }
        let value = state[0]
        state[1] = Value(0)
        state[2] = Value(0)
        switch value.kind {
        case Tag.list, Tag.string, Tag.bytes, Tag.range, Tag.end, Tag.stdin: break
        case Tag.map: state[2] = Value(stamp(value.map))
        case Tag.handle where !value.handle.pointee.stdout.isNil: state[0] = value.handle.pointee.stdout
        default:
            let help = value.isInt ? "; count with `for i in 0..<\(value.int)`" : ""
            throw typeError("\(value.typeName) cannot be gone through with `for`\(help)")
        }
    }

    /// Changes with the set of keys.
    private func stamp(_ map: UnsafeMutablePointer<MapObject>) -> Int { Int(map.pointee.changes) << 40 | map.pointee.count }

    /// The next item of the loop; false at its end.
    @inline(never)
    func nextItem(
        _ state: UnsafeMutablePointer<Value>, _ result: UnsafeMutablePointer<Value>
    ) throws(Raise) -> Bool {
        if cancelWord.pointee != 0 { try takeCancellation() }
        let value = state[0]
        let position = state[1].int
        switch value.kind {
        case Tag.list:
            let list = value.list
            if position >= list.pointee.count { return false }
            result[0] = list.pointee.items[position]
            state[1] = Value(position + 1)
        case Tag.map:
            guard let entry = try nextEntry(state) else { return false }
            result[0] = value.map.pointee.entries.unsafelyUnwrapped[entry].key
        case Tag.range:
            if position >= value.range.pointee.count { return false }
            result[0] = Value(value.range.item(position))
            state[1] = Value(position + 1)
        case Tag.string:
            let text = value.string
            if position >= text.byteCount { return false }
            let (scalar, width) = UTF8Text.decode(text.bytes + position)
            result[0] = heap.makeCharacter(scalar)
            state[1] = Value(position + width)
            state[2] = Value(state[2].int &+ 1)
        case Tag.bytes:
            let bytes = value.bytes
            if position >= bytes.pointee.count { return false }
            result[0] = Value(Int(bytes.pointee.bytes[position]))
            state[1] = Value(position + 1)
        case Tag.end:
            guard let item = try receiveOrEnd(value) else { return false }
            result[0] = item
            state[1] = Value(position &+ 1)
        case Tag.stdin:
            guard let line = try readLine() else { return false }
            result[0] = line
            state[1] = Value(position &+ 1)
        default:
            let help = value.isInt ? "; count with `for i in 0..<\(value.int)`" : ""
            throw typeError("\(value.typeName) cannot be gone through with `for`\(help)")
        }
        return true
    }

    private func nextEntry(_ state: UnsafeMutablePointer<Value>) throws(Raise) -> Int? {
        let map = state[0].map
        if stamp(map) != state[2].int { throw valueError("the map gained or lost keys while it was gone through") }
        var entry = state[1].int
        while entry < map.pointee.used, map.pointee.entries.unsafelyUnwrapped[entry].key.isAbsent { entry += 1 }
        if entry >= map.pointee.used { return nil }
        state[1] = Value(entry + 1)
        return entry
    }

    /// Key and value of a map, index and item of everything else; false at the end.
    @inline(never)
    func nextPair(
        _ state: UnsafeMutablePointer<Value>, _ result: UnsafeMutablePointer<Value>
    ) throws(Raise) -> Bool {
        if state[0].isMap {
            if cancelWord.pointee != 0 { try takeCancellation() }
            guard let entry = try nextEntry(state) else { return false }
            let slot = state[0].map.pointee.entries.unsafelyUnwrapped[entry]
            result[0] = slot.key
            result[1] = slot.value
            return true
        }
        let index = state[0].isString ? state[2] : state[1]
        if try !nextItem(state, result + 1) { return false }
        result[0] = index
        return true
    }

    /// The items of an iterable by number. A list may change while functions of the script run: `copied` then.
    func sequence(of value: Value, copied: Bool = false) throws(Raise) -> Items {
        if value.tag == Tag.range || value.isList && !copied { return Items(value: value) }
        return Items(value: Value(try items(of: value)))
    }

    /// All items of an iterable as a fresh list. Streams are received until their end: each wait for an item is a safe
    /// point, and who calls this must have rooted what it made before.
    func items(of value: Value) throws(Raise) -> UnsafeMutablePointer<ListObject> {
        if value.isList { return heap.makeList(value.list.pointee.items, count: value.list.pointee.count) }
        switch value.tag {
        case Tag.range: try require(value.range.pointee.count, ofSize: 16)
        case Tag.string: try require(value.string.charCount, ofSize: 16)
        case Tag.bytes: try require(value.bytes.pointee.count, ofSize: 16)
        default: break
        }
        let result = heap.newList(capacity: value.tag == Tag.range ? value.range.pointee.count : 0)
        return try withUnsafeTemporaryValues(4) { (state) throws(Raise) in
            try self.rooting(Value(result)) { () throws(Raise) in
                state[0] = value
                try self.prepareIteration(state)
                while try self.nextItem(state, state + 3) {
                    self.heap.append(state[3], to: result)
                    // A stream may have no end.
                    if result.pointee.count & 1023 == 0 { try self.require(result.pointee.count, ofSize: 16) }
                }
            }
            return result
        }
    }

    func withUnsafeTemporaryValues<Result>(
        _ count: Int, _ body: (UnsafeMutablePointer<Value>) throws(Raise) -> Result
    ) throws(Raise) -> Result {
        let state = UnsafeMutablePointer<Value>.allocate(capacity: count)
        state.initialize(repeating: .nil, count: count)
        defer { state.deallocate() }
        return try body(state)
    }
}

/// Items that are counted and read by number: those of a list, or those of a range, which are never made into a list.
struct Items {
    /// The list or range; to be kept alive by the caller while functions of the script run.
    let value: Value

    @inline(__always)
    var count: Int { value.isList ? value.list.pointee.count : value.range.pointee.count }

    @inline(__always)
    subscript(index: Int) -> Value {
        value.isList ? value.list.pointee.items[index] : Value(value.range.item(index))
    }
}

extension UnsafeMutablePointer where Pointee == RangeObject {
    /// The number at `index` (0 ..< count). Its distance from the start may be more than an int holds.
    @inline(__always)
    func item(_ index: Int) -> Int { pointee.start &+ index &* pointee.step }
    /// Only for a range that is not empty.
    var last: Int { item(pointee.count - 1) }
}
