// Values as bytes: messages, results of processes, requests to the manager, failures.
//
// Format: a tag byte, then its content; counts are LEB128. Lists of ints and of floats are packed.
//
// Invariants
// - Everything but functions, processes, handles and modules can be encoded. Ends and shared variables are written as
//   object, kind and rights, and listed as capabilities besides.
// - The decoder trusts nothing: every count and every byte is checked against what is left, nesting is bounded, text
//   must be UTF-8. A damaged message is a `value` error, never a crash.

import Glibc

enum WireTag {
    static let `nil`: UInt8 = 0
    static let `false`: UInt8 = 1
    static let `true`: UInt8 = 2
    static let int: UInt8 = 3
    static let float: UInt8 = 4
    static let string: UInt8 = 5
    static let bytes: UInt8 = 6
    static let list: UInt8 = 7
    static let map: UInt8 = 8
    static let range: UInt8 = 9
    static let namespace: UInt8 = 10
    static let error: UInt8 = 11
    static let capability: UInt8 = 12
    /// Count, then so many ints of 1, 2, 4 or 8 bytes: tag + log2(width).
    static let ints1: UInt8 = 16
    static let ints8: UInt8 = 19
    static let floats: UInt8 = 20
    /// One byte: an int from -64 to 63.
    static let smallInt: UInt8 = 128
}

/// A growing buffer of raw bytes that is used again and again.
struct ByteBuffer {
    private(set) var start = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
    private(set) var count = 0
    private var capacity = 256

    var view: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
    var array: [UInt8] { Array(view) }

    /// A large buffer is given back rather than kept.
    mutating func clear() {
        if capacity > 4 << 20 {
            start.deallocate()
            start = .allocate(byteCount: 256, alignment: 16)
            capacity = 256
        }
        count = 0
    }

    func deallocate() { start.deallocate() }

    @inline(__always)
    mutating func room(_ more: Int) -> UnsafeMutableRawPointer {
        if count + more > capacity { grow(more) }
        let place = start + count
        count += more
        return place
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let bigger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        memcpy(bigger, start, count)
        start.deallocate()
        start = bigger
    }

    mutating func shorten(by bytes: Int) { count -= bytes }

    @inline(__always)
    mutating func append(_ byte: UInt8) { room(1).storeBytes(of: byte, as: UInt8.self) }
    @inline(__always)
    mutating func append(word: UInt64) { room(8).storeBytes(of: word, as: UInt64.self) }
    mutating func append(_ bytes: UnsafeRawPointer, _ length: Int) {
        if length > 0 { memcpy(room(length), bytes, length) }
    }
    /// A number as decimal text.
    mutating func append(decimal number: Int) {
        _ = Decimal.write(number, to: room(Decimal.width(number)).assumingMemoryBound(to: UInt8.self))
    }
    mutating func append(count number: Int) {
        var rest = UInt64(number)
        while rest >= 128 {
            append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        append(UInt8(rest))
    }
    mutating func append(text: String) {
        var copy = text
        copy.withUTF8 {
            append(count: $0.count)
            if let base = $0.baseAddress { append(base, $0.count) }
        }
    }
}

extension VM {
    /// Bytes that the encoding of a number, a truth value or nil may take.
    static let scalarRoom = 9

    /// Writes the encoding of a number, a truth value or nil, and returns its length; 0 for any other value.
    @inline(__always)
    func encodeScalar(_ value: Value, to place: UnsafeMutableRawPointer) -> Int {
        switch value.kind {
        case Tag.int where value.int >= -64 && value.int < 64:
            place.storeBytes(of: WireTag.smallInt | UInt8(truncatingIfNeeded: value.int & 127), as: UInt8.self)
            return 1
        case Tag.int, Tag.float:
            place.storeBytes(of: value.kind == Tag.int ? WireTag.int : WireTag.float, as: UInt8.self)
            place.storeBytes(of: value.payload, toByteOffset: 1, as: UInt64.self)
            return 9
        case Tag.bool: place.storeBytes(of: value.bool ? WireTag.true : WireTag.false, as: UInt8.self)
        case Tag.nil: place.storeBytes(of: WireTag.nil, as: UInt8.self)
        default: return 0
        }
        return 1
    }

    /// The value of a message that `encodeScalar` wrote; nil for any other.
    @inline(__always)
    static func decodeScalar(_ bytes: UnsafeRawBufferPointer) -> Value? {
        guard let start = bytes.baseAddress, bytes.count == 1 || bytes.count == scalarRoom else { return nil }
        let tag = start.load(as: UInt8.self)
        if bytes.count == 1 {
            if tag >= WireTag.smallInt { return Value(Int(Int8(bitPattern: tag << 1) >> 1)) }
            return tag == WireTag.nil ? .nil : tag == WireTag.true ? .true : tag == WireTag.false ? .false : nil
        }
        guard tag == WireTag.int || tag == WireTag.float else { return nil }
        return Value(tag: tag == WireTag.int ? Tag.int : Tag.float, payload: start.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    }

    /// Appends the encoding of a value to `buffer`, and its capabilities to `capabilities`.
    func encode(
        _ value: Value, into buffer: inout ByteBuffer, _ capabilities: inout [End], depth: Int = 0
    ) throws(Raise) {
        switch value.kind {
        case Tag.nil, Tag.bool, Tag.int, Tag.float:
            let place = buffer.room(VM.scalarRoom)
            buffer.shorten(by: VM.scalarRoom - encodeScalar(value, to: place))
        case Tag.string:
            try requireBuffer(buffer.count + value.string.byteCount)
            buffer.append(WireTag.string)
            buffer.append(count: value.string.byteCount)
            buffer.append(value.string.bytes, value.string.byteCount)
        case Tag.bytes:
            try requireBuffer(buffer.count + value.bytes.pointee.count)
            buffer.append(WireTag.bytes)
            buffer.append(count: value.bytes.pointee.count)
            buffer.append(value.bytes.pointee.bytes, value.bytes.pointee.count)
        case Tag.list:
            if depth > maximumNesting { throw cycleError() }
            try encodeList(value.list, into: &buffer, &capabilities, depth: depth)
        case Tag.map:
            if depth > maximumNesting { throw cycleError() }
            buffer.append(WireTag.map)
            try encodeEntries(value.map, into: &buffer, &capabilities, depth: depth)
        case Tag.namespace:
            if depth > maximumNesting { throw cycleError() }
            buffer.append(WireTag.namespace)
            try encodeEntries(value.namespace.pointee.fields, into: &buffer, &capabilities, depth: depth)
        case Tag.range:
            let range = value.range.pointee
            buffer.append(WireTag.range)
            buffer.append(word: UInt64(bitPattern: Int64(range.start)))
            buffer.append(word: UInt64(bitPattern: Int64(range.end)))
            buffer.append(word: UInt64(bitPattern: Int64(range.step)))
            buffer.append(range.closed ? 1 : 0)
        case Tag.error:
            if depth > maximumNesting { throw cycleError() }
            try encodeError(value.error, into: &buffer, &capabilities, depth: depth)
        case Tag.end, Tag.shared, Tag.sync:
            let end = value.end
            buffer.append(WireTag.capability)
            buffer.append(word: end.object.raw)
            buffer.append(end.kind.rawValue)
            buffer.append(end.rights.rawValue)
            capabilities.append(end)
        case Tag.closure:
            let what = value.closure.pointee.code.pointee.isProcess ? "a process definition" : "a function"
            throw typeError("\(what) cannot be sent to another process")
        case Tag.native, Tag.boundMethod: throw typeError("a function cannot be sent to another process")
        case Tag.handle: throw typeError("a handle cannot be sent to another process")
        default: throw typeError("\(value.typeName) cannot be sent to another process")
        }
    }

    private func cycleError() -> Raise {
        valueError("data that contains itself, or is nested more than \(maximumNesting) levels deep, cannot be sent")
    }

    private func encodeList(
        _ list: UnsafeMutablePointer<ListObject>, into buffer: inout ByteBuffer, _ capabilities: inout [End], depth: Int
    ) throws(Raise) {
        let count = list.pointee.count
        let items = list.pointee.items
        try requireBuffer(buffer.count + count)
        if count >= 4, packList(items, count, into: &buffer) { return }
        buffer.append(WireTag.list)
        buffer.append(count: count)
        for index in 0..<count { try encode(items[index], into: &buffer, &capabilities, depth: depth + 1) }
    }

    /// Writes a list of ints or of floats compactly; false if it is neither.
    private func packList(_ items: UnsafeMutablePointer<Value>, _ count: Int, into buffer: inout ByteBuffer) -> Bool {
        let tag = items[0].tag
        guard tag == Tag.int || tag == Tag.float, let bits = Packing.bits(items, count, tag: tag) else { return false }
        let log = tag == Tag.float || bits >> 31 != 0 ? 3 : bits >> 15 != 0 ? 2 : bits >> 7 != 0 ? 1 : 0
        buffer.append(tag == Tag.float ? WireTag.floats : WireTag.ints1 + UInt8(log))
        buffer.append(count: count)
        let place = buffer.room(count << log)
        switch log {
        case 0: Packing.narrow(items, count, to: place, Int8.self)
        case 1: Packing.narrow(items, count, to: place, Int16.self)
        case 2: Packing.narrow(items, count, to: place, Int32.self)
        default: Packing.narrow(items, count, to: place, Int64.self)
        }
        return true
    }

    private func encodeEntries(
        _ map: UnsafeMutablePointer<MapObject>, into buffer: inout ByteBuffer, _ capabilities: inout [End], depth: Int
    ) throws(Raise) {
        try requireBuffer(buffer.count + map.pointee.count)
        buffer.append(count: map.pointee.count)
        var entry = 0
        while entry < map.pointee.used, let entries = map.pointee.entries {
            let slot = entries[entry]
            entry += 1
            if slot.key.isAbsent { continue }
            try encode(slot.key, into: &buffer, &capabilities, depth: depth + 1)
            try encode(slot.value, into: &buffer, &capabilities, depth: depth + 1)
        }
    }

    private func encodeError(
        _ error: UnsafeMutablePointer<ErrorObject>, into buffer: inout ByteBuffer, _ capabilities: inout [End], depth: Int
    ) throws(Raise) {
        buffer.append(WireTag.error)
        try encode(error.pointee.kindName, into: &buffer, &capabilities, depth: depth + 1)
        try encode(error.pointee.message, into: &buffer, &capabilities, depth: depth + 1)
        let trace = traceTexts(error)
        buffer.append(count: trace.count)
        for line in trace { buffer.append(text: line) }
        try encode(error.pointee.process, into: &buffer, &capabilities, depth: depth + 1)
        try encode(error.pointee.attached, into: &buffer, &capabilities, depth: depth + 1)
        buffer.append(word: UInt64(UInt32(bitPattern: error.pointee.file)))
        buffer.append(word: UInt64(error.pointee.start) << 32 | UInt64(error.pointee.end))
    }

    /// A value on its own, for results and requests.
    func encoded(_ value: Value) throws(Raise) -> (bytes: [UInt8], capabilities: [End]) {
        var buffer = ByteBuffer()
        defer { buffer.deallocate() }
        var capabilities: [End] = []
        try encode(value, into: &buffer, &capabilities)
        return (buffer.array, capabilities)
    }

    /// The value that `bytes` encode.
    func decode(_ bytes: UnsafeRawBufferPointer) throws(Raise) -> Value {
        if let scalar = VM.decodeScalar(bytes) { return scalar }
        var decoder = MessageDecoder(heap: heap, bytes: bytes)
        guard let value = decoder.value(depth: 0), decoder.isAtEnd else { throw valueError("a damaged message was received") }
        return value
    }
}

/// Reads what `VM.encode` wrote. nil anywhere means damage.
struct MessageDecoder {
    let heap: Heap
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    init(heap: Heap, bytes: UnsafeRawBufferPointer) {
        self.heap = heap
        self.bytes = bytes
        unreserved = bytes.count
    }

    /// Places that may still be made before there is anything to put into them. An element takes at least a byte, so
    /// a whole message needs no more places than it has bytes; a damaged one may claim as many at every level of its
    /// nesting.
    private var unreserved: Int

    /// How many of `count` claimed places to make at once.
    private mutating func places(_ count: Int) -> Int {
        let granted = min(count, unreserved)
        unreserved -= granted
        return granted
    }

    var isAtEnd: Bool { place == bytes.count }
    var left: Int { bytes.count - place }

    mutating func byte() -> UInt8? {
        guard place < bytes.count else { return nil }
        place += 1
        return bytes[place - 1]
    }

    mutating func word() -> UInt64? {
        guard left >= 8 else { return nil }
        place += 8
        return bytes.loadUnaligned(fromByteOffset: place - 8, as: UInt64.self)
    }

    mutating func count() -> Int? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while let next = byte() {
            if shift > 56 { return nil }
            result |= UInt64(next & 127) << shift
            if next < 128 { return Int(result) }
            shift += 7
        }
        return nil
    }

    /// The next `length` bytes.
    private mutating func take(_ length: Int) -> UnsafePointer<UInt8>? {
        guard length >= 0, length <= left, let start = bytes.baseAddress else { return nil }
        place += length
        return (start + place - length).assumingMemoryBound(to: UInt8.self)
    }

    mutating func string() -> Value? {
        guard let length = count(), length <= StringObject.maxBytes, let start = take(length) else { return nil }
        if length == 0 { return heap.emptyString }
        let text = UnsafeBufferPointer(start: start, count: length)
        // ASCII needs no validation beyond the count of characters.
        guard UTF8Text.count(start, length) == length && !hasHighBit(text) || UTF8Text.isValid(text) else { return nil }
        return heap.makeString(start, count: length)
    }

    private func hasHighBit(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var all: UInt8 = 0
        for byte in text { all |= byte }
        return all & 128 != 0
    }

    mutating func value(depth: Int) -> Value? {
        guard depth <= maximumNesting + 8, let tag = byte() else { return nil }
        if tag >= WireTag.smallInt { return Value(Int(Int8(bitPattern: tag << 1) >> 1)) }
        switch tag {
        case WireTag.nil: return .nil
        case WireTag.false: return .false
        case WireTag.true: return .true
        case WireTag.int: return word().map { Value(tag: Tag.int, payload: $0) }
        case WireTag.float: return word().map { Value(tag: Tag.float, payload: $0) }
        case WireTag.string: return string()
        case WireTag.bytes:
            guard let length = count(), let start = take(length) else { return nil }
            return heap.makeBytes(start, count: length)
        case WireTag.list:
            guard let count = count(), count <= left else { return nil }
            let list = heap.newList(capacity: places(count))
            for _ in 0..<count {
                guard let item = value(depth: depth + 1) else { return nil }
                heap.append(item, to: list)
            }
            return Value(list)
        case WireTag.ints1...WireTag.ints8: return numbers(Tag.int, Int(tag - WireTag.ints1))
        case WireTag.floats: return numbers(Tag.float, 3)
        case WireTag.map: return entries(depth: depth).map { Value($0) }
        case WireTag.namespace: return entries(depth: depth).map { heap.makeNamespace($0) }
        case WireTag.range:
            guard let start = word(), let end = word(), let step = word(), let closed = byte(), step != 0 else { return nil }
            return heap.makeRange(
                Int(truncatingIfNeeded: start), Int(truncatingIfNeeded: end), step: Int(truncatingIfNeeded: step),
                closed: closed != 0)
        case WireTag.error: return error(depth: depth)
        case WireTag.capability:
            guard let raw = word(), let kind = byte(), let rights = byte(), let kind = ObjectKind(rawValue: kind) else {
                return nil
            }
            heap.noteCapability()
            return Value(end: End(object: ObjectRef(raw: raw), kind: kind, rights: Rights(rawValue: rights)))
        default: return nil
        }
    }

    /// A packed list.
    private mutating func numbers(_ tag: UInt64, _ log: Int) -> Value? {
        guard let count = count(), count <= left >> log, let start = take(count << log) else { return nil }
        let list = heap.newList(capacity: count)
        switch log {
        case 0: Packing.widen(start, count, to: list.pointee.items, tag, Int8.self)
        case 1: Packing.widen(start, count, to: list.pointee.items, tag, Int16.self)
        case 2: Packing.widen(start, count, to: list.pointee.items, tag, Int32.self)
        default: Packing.widen(start, count, to: list.pointee.items, tag, Int64.self)
        }
        list.pointee.count = count
        return Value(list)
    }

    private mutating func entries(depth: Int) -> UnsafeMutablePointer<MapObject>? {
        guard let count = count(), count <= left else { return nil }
        let map = heap.newMap(capacity: places(count))
        for _ in 0..<count {
            guard let key = value(depth: depth + 1), MapKey.isPossible(key), let item = value(depth: depth + 1) else {
                return nil
            }
            heap.set(key, item, in: map)
        }
        return map
    }

    private mutating func error(depth: Int) -> Value? {
        guard let kind = value(depth: depth + 1), let message = value(depth: depth + 1), let count = count(), count <= left
        else { return nil }
        let trace = heap.newList(capacity: places(count))
        for _ in 0..<count {
            guard let line = string() else { return nil }
            heap.append(line, to: trace)
        }
        guard let process = value(depth: depth + 1), let attached = value(depth: depth + 1), let file = word(),
            let span = word()
        else { return nil }
        let error = heap.makeError(kind: kind, message: message)
        error.error.pointee.trace = Value(trace)
        error.error.pointee.process = process
        error.error.pointee.attached = attached
        error.error.pointee.file = Int32(truncatingIfNeeded: file)
        error.error.pointee.start = UInt32(truncatingIfNeeded: span >> 32)
        error.error.pointee.end = UInt32(truncatingIfNeeded: span)
        return error
    }
}
