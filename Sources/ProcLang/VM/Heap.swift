// The heap of one process: allocation of objects, accounting, the policy of when to collect.
//
// Invariants
// - Allocation never collects. The interpreter looks at `wantsCollection` at safe points between instructions,
//   and in waits, so native code may hold fresh objects in locals as long as it neither calls back into the
//   interpreter nor waits (then it roots them: `VM.rooting`).
// - `externalBytes` is exact: every malloc'd buffer owned by an object is added when it is made or grown and
//   subtracted when it is freed.
// - A single request that would pass `limit` is refused: the callers turn nil or `fits == false` into the
//   language error `memory`.

import Glibc

final class Heap {
    @exclusivity(unchecked) var blocks = BlockAllocator()
    /// Objects too large for the blocks. The slot index is in the 16 bytes before the object.
    @exclusivity(unchecked) var bigObjects: [UnsafeMutableRawPointer?] = []
    @exclusivity(unchecked) var bigMarks: [Bool] = []
    @exclusivity(unchecked) private var freeBigSlots: [Int] = []

    /// Bytes in buffers and big objects.
    @exclusivity(unchecked) var externalBytes = 0
    /// `externalBytes` after the last collection.
    @exclusivity(unchecked) var externalBytesAtCollection = 0
    /// Live bytes in blocks and outside after the last collection.
    @exclusivity(unchecked) var liveBytes = 0
    /// Collect when so much was allocated since the last collection.
    @exclusivity(unchecked) var threshold = Heap.minimumThreshold
    /// A heap that grows beyond this raises `memory`.
    @exclusivity(unchecked) var limit = 8 << 30
    @exclusivity(unchecked) var collections = 0
    /// Some object that the host accounts for was made or received by this process.
    @exclusivity(unchecked) private(set) var sawCapability = false
    /// Called with the process of a handle that is swept.
    @exclusivity(unchecked) var releaseHandle: (ProcessRef) -> Void = { _ in }

    /// The last position found in a string that is not ASCII (see `StringObject.offset`).
    @exclusivity(unchecked) var cachedString: UnsafeMutablePointer<StringObject>?
    @exclusivity(unchecked) var cachedChar = 0
    @exclusivity(unchecked) var cachedOffset = 0

    /// Strings of one ASCII character, and the empty string last; made once.
    let singleCharacters: UnsafeMutablePointer<Value>
    /// The interned strings: constants of the code and names of the library.
    @exclusivity(unchecked) private(set) var interned = InternTable()

    /// As much as the caches of a processor hold: what is allocated next lies where something died a moment ago, not in
    /// new pages that the system must clear first.
    static var minimumThreshold = 1 << 20

    init() {
        singleCharacters = .allocate(capacity: 129)
        singleCharacters.initialize(repeating: .nil, count: 129)
        for code in 0..<128 {
            let text = newString(byteCount: 1)
            text.bytes[0] = UInt8(code)
            finishASCII(text)
            singleCharacters[code] = Value(text)
        }
        let empty = newString(byteCount: 0)
        finishASCII(empty)
        singleCharacters[128] = Value(empty)
    }

    deinit { freeAll() }

    var emptyString: Value { singleCharacters[128] }

    /// Bytes allocated since the last collection.
    @inline(__always)
    var pressure: Int { blocks.freshBytes &+ externalBytes &- externalBytesAtCollection }

    @inline(__always)
    var wantsCollection: Bool { pressure > threshold }

    /// An object that the host accounts for was made or received. It takes no room here, but memory that all share, and
    /// nothing but a collection gives it up: so it counts as if it did.
    func noteCapability() {
        sawCapability = true
        blocks.freshBytes &+= Heap.capabilityPressure
    }

    static let capabilityPressure = 512

    /// Whether `bytes` more may be allocated at once.
    @inline(__always)
    func fits(_ bytes: Int) -> Bool { bytes < limit &- liveBytes &- pressure }

    /// How many bytes more may be allocated.
    var room: Int { max(0, limit &- liveBytes &- pressure) }

    // MARK: Raw memory

    /// Memory of an object with its header set. The system being out of memory for a small object ends the
    /// program: there is no state in which to go on.
    @inline(__always)
    func allocate(size: Int, kind: UInt64, finalizable: Bool) -> UnsafeMutableRawPointer {
        var flags: UInt8 = 0
        let memory: UnsafeMutableRawPointer
        if size <= BlockAllocator.largest {
            guard let cell = blocks.allocate(size: size, finalizable: finalizable) else { Heap.exhausted() }
            memory = cell
        } else {
            memory = allocateBig(size)
            flags = ObjectHeader.big
        }
        memory.storeBytes(of: ObjectHeader(kind: UInt8(kind), flags: flags), as: ObjectHeader.self)
        return memory
    }

    @inline(never)
    private func allocateBig(_ size: Int) -> UnsafeMutableRawPointer {
        let memory = Heap.buffer(size + 16)
        externalBytes += size
        let slot: Int
        if let free = freeBigSlots.popLast() {
            slot = free
        } else {
            slot = bigObjects.count
            bigObjects.append(nil)
            bigMarks.append(false)
        }
        memory.storeBytes(of: slot, as: Int.self)
        memory.storeBytes(of: size, toByteOffset: 8, as: Int.self)
        bigObjects[slot] = memory + 16
        return memory + 16
    }

    /// Marks an object; false if it was marked before.
    @inline(__always)
    func mark(_ object: UnsafeMutableRawPointer) -> Bool {
        let header = object.assumingMemoryBound(to: ObjectHeader.self)
        if header.pointee.flags & ObjectHeader.big == 0 { return BlockAllocator.mark(object) }
        let slot = (object - 16).load(as: Int.self)
        if bigMarks[slot] { return false }
        bigMarks[slot] = true
        return true
    }

    func sweepBig() {
        for slot in bigObjects.indices {
            guard let object = bigObjects[slot] else { continue }
            if bigMarks[slot] {
                bigMarks[slot] = false
            } else {
                finalize(object)
                externalBytes -= (object - 8).load(as: Int.self)
                free(object - 16)
                bigObjects[slot] = nil
                freeBigSlots.append(slot)
            }
        }
    }

    /// Frees all objects with what they own, and then the memory that they lay in.
    private func freeAll() {
        releaseHandle = { _ in }
        blocks.flushCursors()
        blocks.forEachObject { finalize($0) }
        bigMarks = bigMarks.map { _ in false }
        sweepBig()
        assert(externalBytes == 0, "\(externalBytes) bytes of buffers belong to no object")
        blocks.freeAll()
        singleCharacters.deallocate()
        interned.deallocate()
    }

    /// A buffer from the system, not cleared.
    static func buffer(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let memory = malloc(max(bytes, 1)) else { exhausted() }
        if bytes >= large { HugePages.advise(memory, bytes, fresh: memory) }
        return memory
    }

    private static let large = 8 << 20

    /// `used`: the bytes of `buffer` that hold something.
    static func resized(_ buffer: UnsafeMutableRawPointer?, _ bytes: Int, used: Int) -> UnsafeMutableRawPointer {
        guard let memory = realloc(buffer, max(bytes, 1)) else { exhausted() }
        if bytes >= large { HugePages.advise(memory, bytes, fresh: memory + used) }
        return memory
    }

    static func exhausted() -> Never {
        fputs("proclang: the system is out of memory\n", stderr)
        _exit(1)
    }

    // MARK: Interning

    /// The one string object for a text that appears in code; it is never collected.
    func intern(_ text: String) -> Value {
        var copy = text
        return copy.withUTF8 { bytes in
            var none: UInt8 = 0
            let start = bytes.baseAddress ?? withUnsafePointer(to: &none) { $0 }
            let hash = StringHash.hash(start, bytes.count)
            if let known = interned.find(start, bytes.count, hash) { return Value(known) }
            // Those of less than two characters are there already, and not short.
            let value = bytes.count < 2 ? makeString(start, count: bytes.count) : makeLong(start, count: bytes.count)
            value.string.pointee.header.aux = hash
            interned.insert(value.string)
            return value
        }
    }

    // MARK: Finalizers

    /// Frees what a dead object owns.
    func finalize(_ object: UnsafeMutableRawPointer) {
        switch UInt64(object.assumingMemoryBound(to: ObjectHeader.self).pointee.kind) {
        case Tag.list:
            let list = object.assumingMemoryBound(to: ListObject.self)
            externalBytes -= list.pointee.capacity * MemoryLayout<Value>.stride
            free(list.pointee.items)
        case Tag.map:
            let map = object.assumingMemoryBound(to: MapObject.self)
            externalBytes -= map.ownedBytes
            free(map.pointee.entries)
            free(map.pointee.index)
        case Tag.buffer:
            let buffer = object.assumingMemoryBound(to: BufferObject.self)
            externalBytes -= buffer.pointee.capacity
            free(buffer.pointee.bytes)
        case Tag.handle:
            releaseHandle(ProcessRef(raw: object.assumingMemoryBound(to: HandleObject.self).pointee.process))
        default:
            break
        }
    }
}

/// The interned strings by their hash, compared byte by byte: Swift's strings are equal when they look equal, those of the
/// language when their characters are.
struct InternTable {
    private var slots: UnsafeMutablePointer<UnsafeMutablePointer<StringObject>?>
    private var mask: Int
    private var count = 0

    init() {
        let size = 1024
        slots = .allocate(capacity: size)
        slots.initialize(repeating: nil, count: size)
        mask = size - 1
    }

    func find(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ hash: UInt32) -> UnsafeMutablePointer<StringObject>? {
        var slot = Int(hash) & mask
        while let text = slots[slot] {
            if text.pointee.header.aux == hash, text.byteCount == count, memcmp(text.bytes, bytes, count) == 0 {
                return text
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds a string whose hash is known and that is not there.
    mutating func insert(_ text: UnsafeMutablePointer<StringObject>) {
        if count * 2 > mask { grow() }
        var slot = Int(text.pointee.header.aux) & mask
        while slots[slot] != nil { slot = (slot + 1) & mask }
        slots[slot] = text
        count += 1
    }

    private mutating func grow() {
        let old = UnsafeMutableBufferPointer(start: slots, count: mask + 1)
        slots = .allocate(capacity: old.count * 2)
        slots.initialize(repeating: nil, count: old.count * 2)
        mask = old.count * 2 - 1
        count = 0
        for text in old { if let text { insert(text) } }
        old.deallocate()
    }

    func deallocate() { slots.deallocate() }

    func forEach(_ body: (Value) -> Void) {
        for slot in 0...mask { if let text = slots[slot] { body(Value(text)) } }
    }
}
