// Shared variables: cells and arrays in shared memory, and requests to managed objects.
//
// Invariants
// - Each operation is atomic: augmented assignments of shared memory are compare-and-exchange loops with the language's
//   own arithmetic; managed objects execute a whole path operation at the server as one request.
// - A number is range-checked before it is stored: what does not fit raises `overflow`, never wraps.

/// What the host said about a shared variable.
struct SharedInfo {
    var raw: UInt64
    var element: ElementKind
    var count: Int
    var isArray: Bool
}

extension VM {
    /// The numbers of `sharedDeclare` types: 0 untyped, 1 + element, `anyType`.
    static let anyType = 255
    func sharedInfo(_ value: Value) throws(Raise) -> SharedInfo {
        let slot = Int(truncatingIfNeeded: (value.payload &* 0x9E37_79B9_7F4A_7C15) >> 58)
        if slot < sharedCache.count, let info = sharedCache[slot], info.raw == value.payload { return info }
        let (element, count, isArray) = try onHost { try host.sharedInfo(value.objectRef) }
        let info = SharedInfo(raw: value.payload, element: element, count: count, isArray: isArray)
        if sharedCache.isEmpty { sharedCache = Array(repeating: nil, count: 64) }
        sharedCache[slot] = info
        return info
    }

    // MARK: Bits

    func elementValue(_ bits: UInt64, _ element: ElementKind) throws(Raise) -> Value {
        switch element {
        case .bool: return Value(bits != 0)
        case .float32, .float64: return Value(Double(bitPattern: bits))
        case .uint64 where bits > UInt64(Int.max):
            throw raise(kinds.overflow, "\(bits) does not fit in an int (64 bits with sign)")
        default: return Value(tag: Tag.int, payload: bits)
        }
    }

    func elementBits(_ value: Value, _ element: ElementKind) throws(Raise) -> UInt64 {
        func number(_ low: Int, _ high: Int) throws(Raise) -> UInt64 {
            guard value.isInt else {
                // Also one without a fraction: whether a program is right must not depend on its numbers.
                throw typeError(
                    "a shared \(element) takes an int, not \(value.typeName)\(value.isFloat ? "; `int(x)` makes one, `//` divides ints" : "")")
            }
            guard value.int >= low, value.int <= high else {
                throw raise(kinds.overflow, "\(value.int) does not fit in a shared \(element) (\(low) to \(high))")
            }
            return value.payload
        }
        switch element {
        case .bool:
            guard value.tag == Tag.bool else { throw typeError("a shared bool takes true or false, not \(value.typeName)") }
            return value.payload
        case .int8: return try number(-128, 127)
        case .int16: return try number(-32768, 32767)
        case .int32: return try number(Int(Int32.min), Int(Int32.max))
        case .int64: return try number(.min, .max)
        case .uint8: return try number(0, 255)
        case .uint16: return try number(0, 65535)
        case .uint32: return try number(0, Int(UInt32.max))
        case .uint64: return try number(0, .max)
        case .float64:
            guard value.isNumber else { throw typeError("a shared float takes a number, not \(value.typeName)") }
            return value.asDouble.bitPattern
        case .float32:
            guard value.isNumber else { throw typeError("a shared float32 takes a number, not \(value.typeName)") }
            return Double(Float(value.asDouble)).bitPattern
        }
    }

    // MARK: Declaration

    /// R[0]: count or absent, R[1]: value or absent. Flags: 1 lockable, 2 array.
    func declareShared(_ registers: UnsafeMutablePointer<Value>, type: Int, flags: Int) throws(Raise) -> Value {
        var initial = registers[1]
        if initial.kind == Tag.shared {
            initial = try sharedValue(initial)
            received.append(initial)
        }
        var element: ElementKind?
        if type == 0 {
            switch initial.tag {
            case Tag.int: element = .int64
            case Tag.float: element = .float64
            case Tag.bool: element = .bool
            default: break
            }
        } else if type != VM.anyType {
            element = ElementKind(rawValue: UInt8(type - 1))
        }
        guard let element else {
            let (bytes, capabilities) = try encoded(initial.isAbsent ? .nil : initial)
            let object = try making { try host.makeManaged(initial: bytes, capabilities: capabilities) }
            return Value(end: End(object: object, kind: .managed, rights: .hold))
        }
        let isArray = flags & 2 != 0
        var count = 1
        if isArray {
            guard registers[0].isInt else { throw typeError("the size of a shared array is an int, not \(registers[0].typeName)") }
            guard registers[0].int >= 0 else { throw valueError("the size of a shared array cannot be \(registers[0].int)") }
            count = registers[0].int
        }
        let lockable = flags & 1 != 0
        let object = try making { try host.makeShared(element: element, count: count, isArray: isArray, lockable: lockable) }
        let result = Value(end: End(object: object, kind: isArray ? .array : .cell, rights: .hold))
        if initial.tag == Tag.int, initial.int == 0 {
            // It is zero already; whether that is a value of its type remains to be seen.
            _ = try elementBits(initial, element)
        } else if !initial.isAbsent {
            try fill(result, initial, element, count, isArray: isArray)
        }
        return result
    }

    private func fill(_ shared: Value, _ initial: Value, _ element: ElementKind, _ count: Int, isArray: Bool) throws(Raise) {
        let object = shared.objectRef
        if isArray, initial.isList || initial.tag == Tag.range {
            let items = Items(value: initial)
            guard items.count == count else {
                throw valueError("a shared array of \(count) got \(items.count) values")
            }
            // All of them, or none.
            var bits: [UInt64] = []
            bits.reserveCapacity(count)
            for index in 0..<count { bits.append(try elementBits(items[index], element)) }
            try onHost { for index in 0..<count { try host.sharedStore(object, index, bits[index]) } }
            return
        }
        let bits = try elementBits(initial, element)
        try onHost { for index in 0..<count { try host.sharedStore(object, index, bits) } }
    }

    // MARK: Whole values

    /// The present value: a number, a list (arrays), or a copy of the managed object.
    func sharedValue(_ shared: Value) throws(Raise) -> Value {
        switch shared.objectKind {
        case .cell:
            let info = try sharedInfo(shared)
            return try elementValue(try onHost { try host.sharedLoad(shared.objectRef, 0) }, info.element)
        case .array:
            let info = try sharedInfo(shared)
            // The bits, and the list of the values.
            try require(info.count, ofSize: 24)
            let bits = try onHost { try host.sharedSnapshot(shared.objectRef) }
            let list = heap.newList(capacity: bits.count)
            for item in bits { heap.append(try elementValue(item, info.element), to: list) }
            return Value(list)
        default:
            return try managedRequest(shared, .get, [], fields: 0, [])
        }
    }

    /// `name = value`.
    func sharedAssign(_ shared: Value, _ value: Value) throws(Raise) {
        switch shared.objectKind {
        case .cell:
            let bits = try elementBits(value, try sharedInfo(shared).element)
            try onHost { try host.sharedStore(shared.objectRef, 0, bits) }
        case .array:
            let info = try sharedInfo(shared)
            try onHost { try host.beginUpdate(shared.objectRef) }
            defer { host.endUpdate(shared.objectRef) }
            try fill(shared, value, info.element, info.count, isArray: true)
        default:
            _ = try managedRequest(shared, .set, [], fields: 0, [value])
        }
    }

    // MARK: Paths

    private func arrayIndex(_ shared: Value, _ path: [Value]) throws(Raise) -> (Int, ElementKind) {
        let info = try sharedInfo(shared)
        guard info.isArray else {
            throw typeError("a shared \(info.element) has no items or attributes")
        }
        guard path.count == 1 else { throw typeError("an item of a shared array is a number: it has no items") }
        return (try position(path[0], info.count, "array"), info.element)
    }

    /// Whether a path means the variable itself: it has no steps, or (a cell has no attributes of its own) is `.value`.
    private func isWhole(_ shared: Value, _ path: [Value], _ fields: Int) -> Bool {
        path.isEmpty
            || shared.objectKind == .cell && path.count == 1 && fields & 1 == 1 && path[0].isString
                && path[0].string.text == "value"
    }

    func sharedPathGet(_ shared: Value, _ path: [Value], fields: Int) throws(Raise) -> Value {
        if isWhole(shared, path, fields) { return try sharedValue(shared) }
        if shared.objectKind == .managed { return try managedRequest(shared, .get, path, fields: fields, []) }
        if path.count == 1, path[0].tag == Tag.range { return try getIndex(try sharedValue(shared), path[0]) }
        let (index, element) = try arrayIndex(shared, path)
        return try elementValue(try onHost { try host.sharedLoad(shared.objectRef, index) }, element)
    }

    func sharedPathSet(_ shared: Value, _ path: [Value], fields: Int, _ value: Value) throws(Raise) {
        if isWhole(shared, path, fields) { return try sharedAssign(shared, value) }
        if shared.objectKind == .managed {
            _ = try managedRequest(shared, .set, path, fields: fields, [value])
            return
        }
        let (index, element) = try arrayIndex(shared, path)
        let bits = try elementBits(value, element)
        try onHost { try host.sharedStore(shared.objectRef, index, bits) }
    }

    /// `path op= operand` as one operation.
    func sharedPathUpdate(
        _ shared: Value, _ path: [Value], fields: Int, _ code: ArithmeticCode, _ operand: Value
    ) throws(Raise) {
        let whole = isWhole(shared, path, fields)
        if shared.objectKind == .managed {
            _ = try managedRequest(shared, .update, path, fields: fields, [Value(Int(code.rawValue)), operand])
            return
        }
        if whole {
            try sharedCellUpdate(shared, code, operand)
        } else {
            let (index, element) = try arrayIndex(shared, path)
            try update(shared.objectRef, index, element, code, operand)
        }
    }

    /// `cell op= operand`.
    func sharedCellUpdate(_ shared: Value, _ code: ArithmeticCode, _ operand: Value) throws(Raise) {
        let info = try sharedInfo(shared)
        guard !info.isArray else { throw typeError("a shared array cannot be updated as a whole; use an index") }
        try update(shared.objectRef, 0, info.element, code, operand)
    }

    private func update(
        _ object: ObjectRef, _ index: Int, _ element: ElementKind, _ code: ArithmeticCode, _ operand: Value
    ) throws(Raise) {
        if code == .add, element == .int64, operand.isInt, try onHost({ try host.sharedAdd(object, index, operand.int) }) { return }
        try onHost { try host.beginUpdate(object) }
        defer { host.endUpdate(object) }
        var seen = try onHost { try host.sharedLoad(object, index) }
        while true {
            let present = try elementValue(seen, element)
            let result: Value
            if present.isInt, operand.isInt, code == .add, case let (sum, overflow) = present.int.addingReportingOverflow(operand.int), !overflow {
                result = Value(sum)
            } else {
                result = try arithmetic(code, present, operand)
            }
            let bits = try elementBits(result, element)
            let done: Bool
            do { done = try host.sharedCompareExchange(object, index, &seen, bits) } catch { throw raise(host: error) }
            if done { return }
        }
    }

    // MARK: Calls

    /// A call along a path: of the method `name`, or of the library function `name`, which is given what is there as its
    /// first argument. `labels` is nil or the list of the arguments' names. At the manager, unless the call runs code of
    /// the script or draws random numbers.
    func sharedPathCall(
        _ shared: Value, _ path: [Value], fields: Int, _ name: Value, _ arguments: [Value], labels: Value
    ) throws(Raise) -> Value {
        if shared.objectKind == .managed, name.isString, !arguments.contains(where: \.isFunction) {
            return try managedRequest(shared, .call, path, fields: fields, [name, labels] + arguments)
        }
        guard name.isString ? library.someMethodMutates(name.string.text) : library.mutates(Int(name.payload)),
            shared.objectKind != .cell
        else { return try callOnCopy(shared, path, fields, name, arguments, labels).result }
        guard shared.objectKind == .managed else {
            let method = name.isString ? name.string.text : library.name(Int(name.payload))
            throw typeError("`\(method)` would change only a copy of the shared array, whose length is fixed")
        }
        // What runs here reads and writes in two steps: the object's lock makes them one. Its owner's death undoes them.
        let lock = [shared.objectRef]
        let outcome = host.lock(lock, deadline: .max, line: currentLine, tryDepth: tryDepth)
        guard case .done = outcome else { throw waitFailure(outcome, "the lock was not free in time") }
        defer { host.unlock(lock) }
        let (result, changed) = try callOnCopy(shared, path, fields, name, arguments, labels)
        if let changed { try rooting(result) { () throws(Raise) in try sharedPathSet(shared, path, fields: fields, changed) } }
        return result
    }

    /// Calls on a private copy of what is at a path; gives the copy back if the call changes it.
    private func callOnCopy(
        _ shared: Value, _ path: [Value], _ fields: Int, _ name: Value, _ arguments: [Value], _ labels: Value
    ) throws(Raise) -> (result: Value, changed: Value?) {
        let copy = try sharedPathGet(shared, path, fields: fields)
        return try rooting(copy) { () throws(Raise) in
            guard name.isString else {
                return (try call(name, arguments: [copy] + arguments), library.mutates(Int(name.payload)) ? copy : nil)
            }
            guard let method = library.method(copy, name) else { throw noField(copy, name) }
            let result = try callMethod(method, of: copy, arguments, labels: labels)
            return (result, library.mutates(method) ? copy : nil)
        }
    }

    /// `len(x)`, `type(x)` of a shared variable without copying it where that can be avoided.
    func sharedLength(_ shared: Value) throws(Raise) -> Int {
        if shared.objectKind == .array { return try sharedInfo(shared).count }
        if shared.objectKind == .managed {
            let length = try managedRequest(shared, .length, [], fields: 0, [])
            return length.int
        }
        throw typeError("a shared \(try sharedInfo(shared).element) has no length")
    }

    // MARK: Locks

    func lockObjects(_ registers: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) -> [ObjectRef] {
        var objects: [ObjectRef] = []
        for index in 0..<count {
            let value = registers[index]
            guard value.kind == Tag.shared || value.kind == Tag.sync && value.objectKind == .semaphore else {
                throw typeError("`lock` takes shared variables and semaphores, not \(value.typeName)")
            }
            objects.append(value.objectRef)
        }
        return objects
    }

    func lockEnter(_ registers: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) {
        let objects = try lockObjects(registers, count)
        let outcome = host.lock(objects, deadline: .max, line: currentLine, tryDepth: tryDepth)
        if case .done = outcome { return }
        throw waitFailure(outcome, "the lock was not free in time")
    }
}
