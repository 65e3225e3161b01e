// Indices, fields, slices, destructuring and interpolation: the slow paths of collection instructions.
//
// Invariants
// - Negative indices count from the end. A missing index raises `index`, a missing key `key`.
// - `m.name` is `m["name"]` for maps. Fields of other kinds are fixed (errors, handles, ends, `self`) or those of a
//   namespace; `x.method` without a call is a bound method.

extension VM {
    // MARK: Index

    /// The position that `index` means in something of `count` items.
    @inline(__always)
    func position(_ index: Value, _ count: Int, _ what: StaticString) throws(Raise) -> Int {
        guard index.isInt else { throw typeError("an index of a \(what) is an int, not \(index.typeName)") }
        let position = index.int < 0 ? index.int &+ count : index.int
        guard position >= 0, position < count else {
            throw raise(kinds.index, count == 0 ? "index \(index.int): the \(what) is empty"
                : "index \(index.int) is out of range: the \(what) has \(count) item\(count == 1 ? "" : "s")")
        }
        return position
    }

    @inline(never)
    func getIndex(_ object: Value, _ index: Value) throws(Raise) -> Value {
        switch object.tag {
        case Tag.list:
            if index.tag == Tag.range { return try sliceByRange(object, index) }
            return object.list.pointee.items[try position(index, object.list.pointee.count, "list")]
        case Tag.map:
            guard MapKey.isPossible(index) else { throw keyTypeError(index) }
            guard let value = object.map.get(index) else { throw missingKey(index, in: object.map) }
            return value
        case Tag.string:
            if index.tag == Tag.range { return try sliceByRange(object, index) }
            return heap.character(try position(index, object.string.charCount, "string"), of: object.string)
        case Tag.bytes:
            if index.tag == Tag.range { return try sliceByRange(object, index) }
            return Value(Int(object.bytes.pointee.bytes[try position(index, object.bytes.pointee.count, "bytes")]))
        case Tag.range:
            if index.tag == Tag.range { return try sliceByRange(object, index) }
            return Value(object.range.item(try position(index, object.range.pointee.count, "range")))
        default:
            if object.kind == Tag.shared { return try sharedPathGet(object, [index], fields: 0) }
            throw typeError("\(object.typeName) has no items to index")
        }
    }

    func keyTypeError(_ key: Value) -> Raise {
        typeError("the key of a map is a string, int, float or bool, not \(key.typeName)")
    }

    func missingKey(_ key: Value, in map: UnsafeMutablePointer<MapObject>) -> Raise {
        var text: [UInt8] = []
        do { try repr(key, into: &text) } catch { return error }
        return raise(kinds.key, "the map has no key \(String(decoding: text, as: UTF8.self))")
    }

    @inline(never)
    func setIndex(_ object: Value, _ index: Value, _ value: Value) throws(Raise) {
        switch object.tag {
        case Tag.list:
            object.list.pointee.items[try position(index, object.list.pointee.count, "list")] = value
        case Tag.map:
            try setKey(object.map, index, value)
        case Tag.string:
            throw typeError("strings cannot be changed; make a new one, e.g. with slices and `+`")
        default:
            if object.kind == Tag.shared { return try sharedPathSet(object, [index], fields: 0, value) }
            throw typeError("items of \(object.typeName) cannot be assigned")
        }
    }

    @inline(__always)
    func setKey(_ map: UnsafeMutablePointer<MapObject>, _ key: Value, _ value: Value) throws(Raise) {
        guard MapKey.isPossible(key) else { throw keyTypeError(key) }
        heap.set(key, value, in: map)
    }

    // MARK: Slices

    /// R[0][R[1] .. R[2]]; absent bounds are open.
    @inline(never)
    func slice(_ registers: UnsafeMutablePointer<Value>, closed: Bool) throws(Raise) -> Value {
        var object = registers[0]
        if object.kind == Tag.shared { object = try sharedValue(object) }
        let count = try sliceCount(object)
        let start = try bound(registers[1], count, absent: 0)
        var end = try bound(registers[2], count, absent: count)
        if closed, !registers[2].isAbsent, end < count, registers[2].int >= 0 || end >= 0 { end += 1 }
        return try slice(object, start, end)
    }

    private func sliceCount(_ object: Value) throws(Raise) -> Int {
        switch object.tag {
        case Tag.list: return object.list.pointee.count
        case Tag.string: return object.string.charCount
        case Tag.bytes: return object.bytes.pointee.count
        case Tag.range: return object.range.pointee.count
        default: throw typeError("\(object.typeName) cannot be sliced")
        }
    }

    /// A bound of a slice, clamped to -1 ... count (-1: before the first, only for closed ends).
    private func bound(_ value: Value, _ count: Int, absent: Int) throws(Raise) -> Int {
        if value.isAbsent { return absent }
        guard value.isInt else { throw typeError("the bounds of a slice are ints, not \(value.typeName)") }
        let index = value.int < 0 ? value.int &+ count : value.int
        return value.int < 0 && index < 0 ? -1 : min(index, count)
    }

    private func slice(_ object: Value, _ start: Int, _ end: Int) throws(Raise) -> Value {
        let start = max(start, 0)
        let end = max(end, start)
        switch object.tag {
        case Tag.list:
            try require(end - start, ofSize: 16)
            return Value(heap.makeList(object.list.pointee.items + start, count: end - start))
        case Tag.string: return heap.substring(object.string, start, end)
        case Tag.bytes: return heap.makeBytes(object.bytes.pointee.bytes + start, count: end - start)
        default:
            try require(end - start, ofSize: 16)
            let result = heap.newList(capacity: end - start)
            for index in start..<end { heap.append(Value(object.range.item(index)), to: result) }
            return Value(result)
        }
    }

    /// `a[r]` for a range value `r`.
    private func sliceByRange(_ object: Value, _ index: Value) throws(Raise) -> Value {
        let range = index.range.pointee
        guard range.step == 1 else { throw valueError("a slice takes a range with step 1") }
        return try withUnsafeTemporaryValues(3) { (registers) throws(Raise) in
            registers[0] = object
            registers[1] = Value(range.start)
            registers[2] = Value(range.end)
            return try self.slice(registers, closed: range.closed)
        }
    }

    // MARK: Fields

    @inline(never)
    func getField(_ object: Value, _ name: Value) throws(Raise) -> Value {
        switch object.kind {
        case Tag.map:
            if let value = object.map.get(name) { return value }
            if let method = library.method(object, name) { return heap.makeBoundMethod(object, Value(native: method)) }
            throw missingKey(name, in: object.map)
        case Tag.namespace:
            if let value = object.namespace.pointee.fields.get(name) { return value }
            throw noField(object, name)
        case Tag.error:
            if let value = try errorField(object, name.string.text) { return value }
        case Tag.handle:
            if let value = try handleField(object.handle, name.string.text) { return value }
        case Tag.end:
            if let value = try endField(object, name.string.text) { return value }
        case Tag.sync:
            if let value = try syncField(object, name.string.text) { return value }
        case Tag.me:
            if let value = selfField(name.string.text) { return value }
        case Tag.shared:
            if name.string.text == "value" { return try sharedValue(object) }
            return try sharedPathGet(object, [name], fields: 1)
        case Tag.range:
            switch name.string.text {
            case "start": return Value(object.range.pointee.start)
            case "end", "stop": return Value(object.range.pointee.end)
            case "step": return Value(object.range.pointee.step)
            default: break
            }
        case Tag.module where object.payload >= VM.importedModules:
            return try importedName(units[Int(object.payload - VM.importedModules)], name.string.text)
        case Tag.module:
            if let value = try library.moduleValue(Int(object.payload), name.string.text) { return value }
            throw raise(
                kinds.key, "the module \(library.moduleNames[Int(object.payload)]) has no `\(name.string.text)`")
        default: break
        }
        if let method = library.method(object, name) { return heap.makeBoundMethod(object, Value(native: method)) }
        throw noField(object, name)
    }

    func noField(_ object: Value, _ name: Value) -> Raise {
        let text = name.string.text
        if object.tag == Tag.namespace { return raise(kinds.key, "the namespace has no attribute `\(text)`") }
        if object.tag == Tag.closure, text == "start" || text == "run" {
            let info = infos[Int(object.closure.pointee.code.pointee.info)]
            return typeError("\(object.typeName) has no `\(text)`; write `start \(info.isAnonymous ? "f" : info.name)()`")
        }
        if let near = library.nearestMethod(to: text, of: object) {
            return typeError("\(object.typeName) has no `\(text)`; did you mean `\(near)`?")
        }
        return typeError("\(object.typeName) has no `\(text)`")
    }

    /// The names of an imported module where it is used as a value.
    private func importedName(_ unit: CompiledUnit, _ name: String) throws(Raise) -> Value {
        guard let binding = unit.scope?.binding(name), binding.globalSlot >= 0, binding.globalSlot < globalCount,
            case let value = globals[binding.globalSlot], !value.isAbsent
        else { throw raise(kinds.key, "the module \(moduleName(of: unit)) has no `\(name)`") }
        return value.kind == Tag.shared ? try sharedValue(value) : value
    }

    /// The name of its file, without folders and suffix.
    func moduleName(of unit: CompiledUnit) -> String {
        let info = infos[Int(unit.code.pointee.info)]
        let file = sources.file(of: Span(file: info.file, start: 0, end: 0))?.path ?? info.name
        let name = file.split(separator: "/").last.map(String.init) ?? file
        return name.hasSuffix(".proc") ? String(name.dropLast(5)) : name
    }

    @inline(never)
    func setField(_ object: Value, _ name: Value, _ value: Value) throws(Raise) {
        switch object.kind {
        case Tag.map: heap.set(name, value, in: object.map)
        case Tag.namespace: heap.set(name, value, in: object.namespace.pointee.fields)
        case Tag.shared:
            if name.string.text == "value" { return try sharedAssign(object, value) }
            try sharedPathSet(object, [name], fields: 1, value)
        case Tag.module:
            throw typeError("the names of a module are assigned by the module itself, or by its plain name: `lib.x = ...`")
        default: throw typeError("attributes of \(object.typeName) cannot be assigned")
        }
    }

    private func errorField(_ value: Value, _ name: String) throws(Raise) -> Value? {
        let error = value.error
        switch name {
        case "kind": return error.pointee.kindName
        case "message": return error.pointee.message
        case "process":
            // It is noted when the error leaves its process; one that was not raised has none.
            guard error.pointee.process.isNil, !error.pointee.trace.isNil || error.pointee.file >= 0 else { return error.pointee.process }
            return heap.makeString("\(host.selfName), \(host.selfPid)")
        case "trace": return heap.makeList(traceTexts(error).map { heap.makeString($0) })
        case "attached": return error.pointee.attached.isNil ? heap.makeList([]) : error.pointee.attached
        case "line":
            let span = Span(
                file: error.pointee.file, start: Int32(bitPattern: error.pointee.start),
                end: Int32(bitPattern: error.pointee.end))
            return span.isNone ? .nil : Value(Int(line(of: span)))
        default: return nil
        }
    }

    private func selfField(_ name: String) -> Value? {
        switch name {
        case "pid": return Value(Int(host.selfPid))
        case "name": return heap.makeString(host.selfName)
        case "parent": return host.parentPid.map { Value(Int($0)) } ?? .nil
        default: return nil
        }
    }

    // MARK: Patterns

    /// Puts the items of a list into registers; `match` if it does not fit.
    @inline(never)
    func unpack(_ value: Value, _ registers: UnsafeMutablePointer<Value>, _ count: Int, rest: Bool) throws(Raise) {
        var list = value
        if value.kind == Tag.shared { list = try sharedValue(value) }
        if list.isString { list = Value(try items(of: list)) }
        guard list.isList || list.tag == Tag.range else {
            throw raise(kinds.match, "a list of \(count) item\(count == 1 ? "" : "s") was expected, not \(value.typeName)")
        }
        let items = Items(value: list)
        let found = items.count
        guard rest ? found >= count : found == count else {
            throw raise(
                kinds.match,
                "a list of \(rest ? "at least " : "")\(count) item\(count == 1 ? "" : "s") was expected, this one has \(found)")
        }
        let tail = rest ? try slice(list, count, found) : .nil
        for index in 0..<count { registers[index] = items[index] }
        if rest { registers[count] = tail }
    }

    func matchFailed(_ value: Value, isBinding: Bool) {
        var text: [UInt8] = []
        do {
            try repr(value, into: &text)
            if text.count > 100 { text = Array(text.prefix(97)) + Array("...".utf8) }
            let shown = String(decoding: text, as: UTF8.self)
            _ = raise(kinds.match, isBinding ? "the pattern does not fit \(shown)" : "no case matches \(shown)")
        } catch {}
    }

    // MARK: Interpolation

    /// Strings and ints, by far the most frequent, are written straight into the new string: at once where a short string
    /// has room for eight digits of each int, otherwise after they were measured.
    @inline(never)
    func interpolate(_ parts: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) -> Value {
        var room = 0
        var next = parts
        while next < parts + count, room <= StringObject.maxShort {
            if next.tag == Tag.string, next.pointee.string.isASCII {
                room &+= next.pointee.string.byteCount
            } else if next.tag == Tag.int, Decimal.isShort(next.int) {
                room &+= 8
            } else {
                room = .max
            }
            next += 1
        }
        return room <= StringObject.maxShort ? interpolateShort(parts, count) : try interpolateLong(parts, count)
    }

    @inline(__always)
    private func interpolateShort(_ parts: UnsafeMutablePointer<Value>, _ count: Int) -> Value {
        let text = heap.newShort(byteCount: 0)
        var place = text.shortBytes
        var part = parts
        while part < parts + count {
            if part.tag == Tag.string {
                let piece = part.pointee.string
                let length = piece.byteCount
                copyBytes(place, piece.bytes, length)
                place += length
            } else {
                place += Decimal.writeShort(part.int, to: place)
            }
            part += 1
        }
        let length = place - text.shortBytes
        if length < 2 { return heap.makeASCII(text.shortBytes, count: length) }
        text.pointee.header.selector = UInt16(truncatingIfNeeded: length)
        return Value(text)
    }

    @inline(never)
    private func interpolateLong(_ parts: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) -> Value {
        var bytes = 0
        var characters = 0
        let end = parts + count
        var part = parts
        while part < end {
            if part.tag == Tag.string {
                let text = part.pointee.string
                bytes &+= text.byteCount
                characters &+= text.charCount
            } else if part.tag == Tag.int {
                let width = Decimal.width(part.int)
                bytes &+= width
                characters &+= width
            } else {
                return try interpolateAnything(parts, count)
            }
            part += 1
        }
        guard bytes > 1, bytes < 1 << 16 else { return try interpolateAnything(parts, count) }
        let text: UnsafeMutablePointer<StringObject>
        if characters == bytes {
            text = heap.newASCII(byteCount: bytes)
        } else {
            text = heap.newString(byteCount: bytes)
            text.pointee.storedCharacters = UInt32(truncatingIfNeeded: characters)
        }
        var place = text.bytes
        part = parts
        while part < end {
            if part.tag == Tag.string {
                let piece = part.pointee.string
                let length = piece.byteCount
                copyBytes(place, piece.bytes, length)
                place += length
            } else {
                place += Decimal.write(part.int, to: place)
            }
            part += 1
        }
        return Value(text)
    }

    @inline(never)
    private func interpolateAnything(_ parts: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) -> Value {
        var buffer = takeBuffer()
        defer { giveBuffer(buffer) }
        for index in 0..<count {
            try display(parts[index], into: &buffer)
            try requireBuffer(buffer.count)
        }
        guard buffer.count <= StringObject.maxBytes, heap.fits(buffer.count) else { throw memoryError(buffer.count) }
        return heap.makeString(buffer.start.assumingMemoryBound(to: UInt8.self), count: buffer.count)
    }

    /// Appends the text of a value: strings and ints directly, the rest the long way.
    @inline(__always)
    func display(_ value: Value, into buffer: inout ByteBuffer) throws(Raise) {
        switch value.tag {
        case Tag.string: buffer.append(value.string.bytes, value.string.byteCount)
        case Tag.int: buffer.append(decimal: value.int)
        default:
            var text: [UInt8] = []
            try display(value, into: &text)
            text.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
        }
    }

    // MARK: Raising

    /// `raise value`.
    func raiseValue(_ value: Value) {
        if value.tag == Tag.error {
            pendingError = value
        } else if value.isString {
            pendingError = heap.makeError(kind: kinds.error, message: value)
        } else {
            _ = typeError("`raise` takes a string or an error, not \(value.typeName)")
        }
    }

    @inline(never)
    func uninitialised() {
        let span = span(currentFrame)
        let name = sources.file(of: span).map { $0.string(span) } ?? "the name"
        _ = valueError("`\(name)` is used before it has a value")
    }
}
