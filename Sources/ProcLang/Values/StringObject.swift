// Strings: immutable UTF-8, indexed by character (Unicode scalar).
//
// Invariants
// - The bytes are always valid UTF-8; the `ascii` flag and `charCount` are set when a string is finished.
// - `a + b` is amortised linear in `b` when `a` was itself built by `+`: the two share a `BufferObject` whose
//   bytes below `used` never change.
// - The hash is computed at most once (32 bits, 0 means not yet).

import Glibc

extension UnsafeMutablePointer where Pointee == StringObject {
    @inline(__always)
    var inlineBytes: UnsafeMutablePointer<UInt8> {
        (UnsafeMutableRawPointer(self) + StringObject.inlineOffset).assumingMemoryBound(to: UInt8.self)
    }
    @inline(__always)
    var isOutside: Bool { pointee.header.flags & ObjectHeader.outside != 0 }
    @inline(__always)
    var isShort: Bool { pointee.header.flags & ObjectHeader.short != 0 }
    /// Where a short string begins.
    @inline(__always)
    var shortBytes: UnsafeMutablePointer<UInt8> {
        (UnsafeMutableRawPointer(self) + StringObject.shortOffset).assumingMemoryBound(to: UInt8.self)
    }
    @inline(__always)
    var bytes: UnsafeMutablePointer<UInt8> {
        if _fastPath(!isOutside) { return isShort ? shortBytes : inlineBytes }
        return pointee.start
    }
    /// The buffer that holds the bytes, if they are not inline.
    @inline(__always)
    var sharedBuffer: UnsafeMutablePointer<BufferObject>? { isOutside ? pointee.owner : nil }
    @inline(__always)
    var byteCount: Int { isShort ? Int(pointee.header.selector) : Int(pointee.storedBytes) }
    @inline(__always)
    var charCount: Int { isShort ? Int(pointee.header.selector) : Int(pointee.storedCharacters) }
    @inline(__always)
    var isASCII: Bool { pointee.header.flags & ObjectHeader.ascii != 0 }
    var utf8: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: byteCount) }
    /// A Swift copy.
    var text: String { String(decoding: utf8, as: UTF8.self) }

    @inline(__always)
    var hash: UInt64 {
        if isShort { return UInt64(StringHash.short(shortBytes, UInt64(pointee.header.selector))) }
        if pointee.header.aux == 0 { pointee.header.aux = StringHash.hash(bytes, byteCount) }
        return UInt64(pointee.header.aux)
    }

    @inline(__always)
    func equals(_ other: UnsafeMutablePointer<StringObject>) -> Bool {
        if self == other { return true }
        let count = byteCount
        return count == other.byteCount && memcmp(bytes, other.bytes, count) == 0
    }

    /// Negative, zero or positive. UTF-8 byte order is code point order.
    func compare(_ other: UnsafeMutablePointer<StringObject>) -> Int {
        let shared = Swift.min(byteCount, other.byteCount)
        let order = memcmp(bytes, other.bytes, shared)
        return order != 0 ? Int(order) : byteCount - other.byteCount
    }
}

/// Byte sequences of UTF-8.
enum UTF8Text {
    /// Length of the sequence that begins with `lead`.
    @inline(__always)
    static func width(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    @inline(__always)
    static func isASCII(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> Bool {
        var seen: UInt64 = 0
        var index = 0
        while index + 8 <= byteCount {
            seen |= UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self)
            index += 8
        }
        if index < byteCount {
            if byteCount >= 8 {
                seen |= UnsafeRawPointer(bytes + byteCount - 8).loadUnaligned(as: UInt64.self)
            } else if byteCount >= 4 {
                seen |= UInt64(UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
                seen |= UInt64(UnsafeRawPointer(bytes + byteCount - 4).loadUnaligned(as: UInt32.self))
            } else {
                seen |= UInt64(bytes[0] | bytes[byteCount >> 1] | bytes[byteCount - 1])
            }
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }

    /// Number of characters in valid UTF-8.
    static func count(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> Int {
        var count = 0
        var index = 0
        while index + 8 <= byteCount {
            let word = UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self)
            if word & 0x8080_8080_8080_8080 == 0 {
                count += 8
            } else {
                // Continuation bytes are 10xxxxxx.
                let continuation = (word >> 7) & (~word >> 6) & 0x0101_0101_0101_0101
                count += 8 - continuation.nonzeroBitCount
            }
            index += 8
        }
        while index < byteCount {
            if bytes[index] & 0xC0 != 0x80 { count += 1 }
            index += 1
        }
        return count
    }

    /// The scalar at `bytes` and its width. The text must be valid.
    @inline(__always)
    static func decode(_ bytes: UnsafePointer<UInt8>) -> (UInt32, Int) {
        let lead = UInt32(bytes[0])
        if lead < 0x80 { return (lead, 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | UInt32(bytes[1] & 0x3F), 2) }
        if lead < 0xF0 {
            return ((lead & 0x0F) << 12 | UInt32(bytes[1] & 0x3F) << 6 | UInt32(bytes[2] & 0x3F), 3)
        }
        let high = (lead & 0x07) << 18 | UInt32(bytes[1] & 0x3F) << 12
        return (high | UInt32(bytes[2] & 0x3F) << 6 | UInt32(bytes[3] & 0x3F), 4)
    }

    /// Whether the bytes are well-formed UTF-8.
    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }
}

/// Hash of byte strings: multiply and fold, eight bytes a step (after wyhash).
enum StringHash {
    static func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(count)
        var index = 0
        let raw = UnsafeRawPointer(bytes)
        while index + 8 <= count {
            state = mix(state ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        if index < count {
            // The last one to seven bytes as a number, from words that may overlap what is done or each other.
            let rest = count - index
            let tail: UInt64
            if index > 0 {
                tail = raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self) >> UInt64((8 - rest) * 8)
            } else if rest >= 4 {
                tail = UInt64(raw.loadUnaligned(as: UInt32.self))
                    | UInt64(raw.loadUnaligned(fromByteOffset: rest - 4, as: UInt32.self)) << UInt64((rest - 4) * 8)
            } else {
                tail = UInt64(bytes[0]) | UInt64(bytes[rest >> 1]) << UInt64((rest >> 1) * 8)
                    | UInt64(bytes[rest - 1]) << UInt64((rest - 1) * 8)
            }
            state = mix(state ^ tail)
        }
        return folded(state)
    }

    /// The hash of a short string, which is not kept: the same as `hash` of its one to twelve bytes, in the words that they
    /// lie in.
    @inline(__always)
    static func short(_ bytes: UnsafePointer<UInt8>, _ count: UInt64) -> UInt32 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ count
        let first = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
        if count < 8 {
            state = mix(state ^ first & (1 << (count &* 8) &- 1))
        } else {
            state = mix(state ^ first)
            if count > 8 {
                let second = UInt64(UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: 8, as: UInt32.self))
                state = mix(state ^ second & (1 << ((count &- 8) &* 8) &- 1))
            }
        }
        return folded(state)
    }

    @inline(__always)
    private static func folded(_ state: UInt64) -> UInt32 {
        let folded = UInt32(truncatingIfNeeded: state ^ state >> 32)
        return folded == 0 ? 1 : folded
    }

    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}

extension Heap {
    /// A string object with room for `byteCount` inline bytes, to be filled and then given to `finishString`.
    @inline(__always)
    func newString(byteCount: Int) -> UnsafeMutablePointer<StringObject> {
        let memory = allocate(
            size: StringObject.inlineOffset + byteCount, kind: Tag.string, finalizable: false)
        let text = memory.assumingMemoryBound(to: StringObject.self)
        text.pointee.storedBytes = UInt32(truncatingIfNeeded: byteCount)
        return text
    }

    /// An ASCII string of one to `maxShort` bytes, to be filled.
    @inline(__always)
    func newShort(byteCount: Int) -> UnsafeMutablePointer<StringObject> {
        let memory = allocate(
            size: StringObject.shortOffset + StringObject.maxShort, kind: Tag.string, finalizable: false)
        let text = memory.assumingMemoryBound(to: StringObject.self)
        text.pointee.header.flags = ObjectHeader.short | ObjectHeader.ascii
        text.pointee.header.selector = UInt16(truncatingIfNeeded: byteCount)
        return text
    }

    /// A string of ASCII only, of at least one byte, to be filled.
    @inline(__always)
    func newASCII(byteCount: Int) -> UnsafeMutablePointer<StringObject> {
        if byteCount <= StringObject.maxShort { return newShort(byteCount: byteCount) }
        let text = newString(byteCount: byteCount)
        finishASCII(text)
        return text
    }

    /// Sets the derived fields of a string that is not short after the bytes were written.
    @inline(__always)
    func finishString(_ text: UnsafeMutablePointer<StringObject>) {
        let bytes = text.inlineBytes
        let count = Int(text.pointee.storedBytes)
        if UTF8Text.isASCII(bytes, count) { return finishASCII(text) }
        text.pointee.storedCharacters = UInt32(truncatingIfNeeded: UTF8Text.count(bytes, count))
    }

    /// `finishString` for bytes that are known to be ASCII.
    @inline(__always)
    func finishASCII(_ text: UnsafeMutablePointer<StringObject>) {
        text.pointee.storedCharacters = text.pointee.storedBytes
        text.pointee.header.flags |= ObjectHeader.ascii
    }

    /// A part of an ASCII string.
    @inline(__always)
    func makeASCII(_ bytes: UnsafePointer<UInt8>, count: Int) -> Value {
        if count == 0 { return emptyString }
        if count == 1 { return singleCharacters[Int(bytes[0] & 0x7F)] }
        let text = newASCII(byteCount: count)
        copyBytes(text.bytes, bytes, count)
        return Value(text)
    }

    func makeString(_ bytes: UnsafePointer<UInt8>?, count: Int) -> Value {
        guard let bytes, count > 0 else { return emptyString }
        if count == 1 { return singleCharacters[Int(bytes[0] & 0x7F)] }
        if count <= StringObject.maxShort, UTF8Text.isASCII(bytes, count) {
            let text = newShort(byteCount: count)
            copyBytes(text.shortBytes, bytes, count)
            return Value(text)
        }
        return makeLong(bytes, count: count)
    }

    /// A string that is not short, whatever its length (at least one): for interned ones.
    func makeLong(_ bytes: UnsafePointer<UInt8>, count: Int) -> Value {
        let text = newString(byteCount: count)
        copyBytes(text.inlineBytes, bytes, count)
        finishString(text)
        return Value(text)
    }

    func makeString(_ text: String) -> Value {
        var copy = text
        return copy.withUTF8 { makeString($0.baseAddress, count: $0.count) }
    }

    func makeString(_ bytes: [UInt8]) -> Value {
        bytes.withUnsafeBufferPointer { makeString($0.baseAddress, count: $0.count) }
    }

    /// One character.
    func makeCharacter(_ scalar: UInt32) -> Value {
        if scalar < 128 { return singleCharacters[Int(scalar)] }
        var bytes: [UInt8] = []
        UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}", into: { bytes.append($0) })
        return makeString(bytes)
    }

    /// `a + b`; nil when the result would be too large.
    func concatenate(
        _ a: UnsafeMutablePointer<StringObject>, _ b: UnsafeMutablePointer<StringObject>
    ) -> Value? {
        let added = b.byteCount
        if added == 0 { return Value(a) }
        if a.isOutside {
            // What repeated `+` built grows in its place, if it ends where its buffer does and there is room.
            let shared = a.pointee.owner
            let used = shared.pointee.used
            if shared.pointee.bytes + used == a.pointee.start + Int(a.pointee.storedBytes),
                shared.pointee.capacity - used >= added, Int(a.pointee.storedBytes) + added <= StringObject.maxBytes
            {
                return extend(shared, a, b, added)
            }
        }
        let before = a.byteCount
        if before == 0 { return Value(b) }
        let total = before + added
        if total <= 200 {
            let text: UnsafeMutablePointer<StringObject>
            if total <= StringObject.maxShort && a.isASCII && b.isASCII {
                text = newShort(byteCount: total)
            } else {
                text = newString(byteCount: total)
                join(text, a, b)
            }
            let place = text.bytes
            copyBytes(place, a.bytes, before)
            copyBytes(place + before, b.bytes, added)
            return Value(text)
        }
        if total > StringObject.maxBytes || !fits(total) { return nil }
        // The first long concatenation takes exactly what it needs: it may be the last.
        let buffer = newBuffer(capacity: a.isOutside ? total + total / 2 : total)
        memcpy(buffer.pointee.bytes, a.bytes, before)
        buffer.pointee.used = before
        return extend(buffer, a, b, added)
    }

    /// `a + b` in a buffer that ends with `a` and has room for the `added` bytes of `b`.
    @inline(__always)
    private func extend(
        _ buffer: UnsafeMutablePointer<BufferObject>, _ a: UnsafeMutablePointer<StringObject>,
        _ b: UnsafeMutablePointer<StringObject>, _ added: Int
    ) -> Value {
        let end = buffer.pointee.bytes + buffer.pointee.used
        copyBytes(end, b.bytes, added)
        buffer.pointee.used += added
        let total = a.byteCount + added
        let text = newString(byteCount: 16)
        text.pointee.storedBytes = UInt32(truncatingIfNeeded: total)
        text.pointee.header.flags |= ObjectHeader.outside
        text.pointee.start = end + added - total
        text.pointee.owner = buffer
        join(text, a, b)
        return Value(text)
    }

    @inline(__always)
    private func join(
        _ text: UnsafeMutablePointer<StringObject>, _ a: UnsafeMutablePointer<StringObject>,
        _ b: UnsafeMutablePointer<StringObject>
    ) {
        text.pointee.storedCharacters = UInt32(truncatingIfNeeded: a.charCount &+ b.charCount)
        text.pointee.header.flags |= a.pointee.header.flags & b.pointee.header.flags & ObjectHeader.ascii
    }

    private func newBuffer(capacity: Int) -> UnsafeMutablePointer<BufferObject> {
        let memory = allocate(size: MemoryLayout<BufferObject>.size, kind: Tag.buffer, finalizable: true)
        let buffer = memory.assumingMemoryBound(to: BufferObject.self)
        buffer.pointee.used = 0
        buffer.pointee.capacity = capacity
        buffer.pointee.bytes = Heap.buffer(capacity).assumingMemoryBound(to: UInt8.self)
        externalBytes += capacity
        return buffer
    }

    /// Byte offset of character `index` (0 ... charCount). Walks from the last position found in the same
    /// string, so that a loop over the indices is linear.
    func offset(of index: Int, in text: UnsafeMutablePointer<StringObject>) -> Int {
        if text.isASCII { return index }
        var char = 0
        var offset = 0
        if cachedString == text {
            if cachedChar <= index {
                char = cachedChar
                offset = cachedOffset
            } else if cachedChar - index < index {
                char = cachedChar
                offset = cachedOffset
                while char > index {
                    offset -= 1
                    while text.bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
                    char -= 1
                }
            }
        }
        while char < index {
            offset += UTF8Text.width(text.bytes[offset])
            char += 1
        }
        cachedString = text
        cachedChar = char
        cachedOffset = offset
        return offset
    }

    /// The character at `index`, which must be in range.
    @inline(__always)
    func character(_ index: Int, of text: UnsafeMutablePointer<StringObject>) -> Value {
        if text.isASCII { return singleCharacters[Int(text.bytes[index])] }
        let (scalar, _) = UTF8Text.decode(text.bytes + offset(of: index, in: text))
        return makeCharacter(scalar)
    }

    /// The characters from `start` up to `end` (both in range).
    func substring(_ text: UnsafeMutablePointer<StringObject>, _ start: Int, _ end: Int) -> Value {
        if start >= end { return emptyString }
        if text.isASCII { return makeASCII(text.bytes + start, count: end - start) }
        let from = offset(of: start, in: text)
        let to = offset(of: end, in: text)
        return makeString(text.bytes + from, count: to - from)
    }

    // MARK: Bytes

    /// A bytes object, not cleared.
    func newBytes(count: Int) -> UnsafeMutablePointer<BytesObject> {
        let memory = allocate(size: BytesObject.inlineOffset + count, kind: Tag.bytes, finalizable: false)
        let object = memory.assumingMemoryBound(to: BytesObject.self)
        object.pointee.count = count
        object.pointee.bytes = (memory + BytesObject.inlineOffset).assumingMemoryBound(to: UInt8.self)
        return object
    }

    func makeBytes(_ bytes: UnsafePointer<UInt8>?, count: Int) -> Value {
        let object = newBytes(count: count)
        if let bytes, count > 0 { memcpy(object.pointee.bytes, bytes, count) }
        return Value(heap: Tag.bytes, object)
    }

    func makeBytes(_ bytes: [UInt8]) -> Value {
        bytes.withUnsafeBufferPointer { makeBytes($0.baseAddress, count: $0.count) }
    }
}
