// The small-object allocator: 64 KiB blocks of equal cells, found by bitmaps.
//
// Invariants
// - A block is aligned to its size, and its first word points to its `BlockInfo`, so the block of an object is
//   one mask away. Everything that changes (mark bits, allocation bits) is in the info, outside the block.
// - An allocation takes the next free bit of the current bitmap word of its size class. All bits of the current
//   word are set in `allocated` beforehand; `flushCursors` takes back those not used before a collection.
// - Blocks for objects with a finalizer are kept apart from the others, so that sweeping strings, boxes and
//   closures never reads the dead objects.

import Glibc

struct BlockInfo {
    var base: UnsafeMutableRawPointer
    var cellSize: Int
    var cellCount: Int
    /// ceil(2^32 / cellSize): turns an offset into a cell index without a division.
    var reciprocal: UInt64
    var finalizable: Bool
    /// `BlockAllocator.words` words each.
    var allocated: UnsafeMutablePointer<UInt64>
    var marked: UnsafeMutablePointer<UInt64>
}

struct BlockAllocator {
    static let blockSize = 65536
    static let firstCell = 16
    static let words = 64
    static let largest = 2048
    static let sizes: [Int] = [
        16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024, 1344, 2048,
    ]
    static let classCount = sizes.count * 2
    private static let blocksPerChunk = 16
    /// A heap that has so many chunks gets larger ones, in huge pages: a fault for 2 MiB instead of 4 KiB.
    private static let smallChunks = 8

    /// The allocation state of one size class.
    struct Cursor {
        var free: UInt64 = 0
        var wordBase: UnsafeMutableRawPointer
        var cellSize: Int
        var block: Int = -1
        var word: Int = 0
        /// Index of the first block in `blocks` that was not searched since the last collection.
        var next: Int = 0
    }

    /// One for each size class; those of finalizable objects come after the others.
    let cursors: UnsafeMutablePointer<Cursor>
    /// Size in 16-byte steps -> size class.
    private let classOfSize: UnsafeMutablePointer<UInt8>
    /// The blocks of each size class.
    private(set) var blocks: [[UnsafeMutablePointer<BlockInfo>]]
    /// What is left of the last chunk.
    private var spare: UnsafeMutableRawPointer
    private var spareBlocks = 0
    /// What the system gave: runs of blocks.
    private var chunks: [UnsafeMutableRawPointer] = []
    /// Bytes in cells handed out since the last collection (counted a bitmap word at a time).
    var freshBytes = 0

    init() {
        cursors = .allocate(capacity: Self.classCount)
        spare = UnsafeMutableRawPointer(cursors)
        classOfSize = .allocate(capacity: Self.largest / 16 + 1)
        blocks = Array(repeating: [], count: Self.classCount)
        var sizeClass = 0
        for step in 0...(Self.largest / 16) {
            while Self.sizes[sizeClass] < step * 16 { sizeClass += 1 }
            classOfSize[step] = UInt8(sizeClass)
        }
        for index in 0..<Self.classCount {
            cursors[index] = Cursor(
                wordBase: UnsafeMutableRawPointer(cursors), cellSize: Self.sizes[index % Self.sizes.count])
        }
    }

    /// Memory for an object of `size` bytes (at most `largest`), not cleared; nil when the system has none.
    @inline(__always)
    mutating func allocate(size: Int, finalizable: Bool) -> UnsafeMutableRawPointer? {
        let sizeClass = Int(classOfSize[(size + 15) >> 4]) + (finalizable ? Self.sizes.count : 0)
        let cursor = cursors + sizeClass
        if cursor.pointee.free == 0, !refill(sizeClass) { return nil }
        let bit = cursor.pointee.free.trailingZeroBitCount
        cursor.pointee.free &= cursor.pointee.free &- 1
        return cursor.pointee.wordBase + bit &* cursor.pointee.cellSize
    }

    @inline(never)
    private mutating func refill(_ sizeClass: Int) -> Bool {
        let cursor = cursors + sizeClass
        while true {
            if cursor.pointee.block >= 0 {
                let info = blocks[sizeClass][cursor.pointee.block]
                let wordCount = (info.pointee.cellCount + 63) / 64
                while cursor.pointee.word + 1 < wordCount {
                    cursor.pointee.word += 1
                    if take(cursor, info) { return true }
                }
            }
            if cursor.pointee.next >= blocks[sizeClass].count {
                guard let info = makeBlock(sizeClass) else { return false }
                blocks[sizeClass].append(info)
            }
            cursor.pointee.block = cursor.pointee.next
            cursor.pointee.next += 1
            cursor.pointee.word = -1
        }
    }

    /// Claims the free cells of the cursor's word; false if there are none.
    private mutating func take(_ cursor: UnsafeMutablePointer<Cursor>, _ info: UnsafeMutablePointer<BlockInfo>) -> Bool {
        let word = cursor.pointee.word
        let remaining = info.pointee.cellCount - word * 64
        let valid: UInt64 = remaining >= 64 ? ~0 : (1 << UInt64(remaining)) - 1
        let free = ~info.pointee.allocated[word] & valid
        if free == 0 { return false }
        info.pointee.allocated[word] |= valid
        cursor.pointee.free = free
        cursor.pointee.wordBase = info.pointee.base + Self.firstCell + word * 64 * info.pointee.cellSize
        freshBytes += free.nonzeroBitCount * info.pointee.cellSize
        return true
    }

    private mutating func makeBlock(_ sizeClass: Int) -> UnsafeMutablePointer<BlockInfo>? {
        if spareBlocks == 0 {
            let isSmall = chunks.count < Self.smallChunks
            let size = isSmall ? Self.blockSize * Self.blocksPerChunk : 2 * HugePages.size
            guard let chunk = aligned_alloc(isSmall ? Self.blockSize : HugePages.size, size) else { return nil }
            chunks.append(chunk)
            if !isSmall { HugePages.advise(chunk, size, fresh: chunk) }
            spare = chunk
            spareBlocks = size / Self.blockSize
        }
        let base = spare
        spare += Self.blockSize
        spareBlocks -= 1
        let size = Self.sizes[sizeClass % Self.sizes.count]
        let info = UnsafeMutablePointer<BlockInfo>.allocate(capacity: 1)
        let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.words * 2)
        bits.initialize(repeating: 0, count: Self.words * 2)
        info.initialize(
            to: BlockInfo(
                base: base, cellSize: size, cellCount: (Self.blockSize - Self.firstCell) / size,
                reciprocal: (UInt64(1) << 32 + UInt64(size) - 1) / UInt64(size),
                finalizable: sizeClass >= Self.sizes.count, allocated: bits, marked: bits + Self.words))
        base.storeBytes(of: info, as: UnsafeMutablePointer<BlockInfo>.self)
        return info
    }

    /// The block of a small object, and the object's cell in it.
    @inline(__always)
    static func locate(_ object: UnsafeMutableRawPointer) -> (info: UnsafeMutablePointer<BlockInfo>, cell: Int) {
        let address = UInt(bitPattern: object)
        let base = UnsafeMutableRawPointer(bitPattern: address & ~UInt(blockSize - 1)).unsafelyUnwrapped
        let info = base.load(as: UnsafeMutablePointer<BlockInfo>.self)
        let offset = UInt64(address & UInt(blockSize - 1)) &- UInt64(firstCell)
        return (info, Int((offset &* info.pointee.reciprocal) >> 32))
    }

    /// Marks a small object; false if it was marked before.
    @inline(__always)
    static func mark(_ object: UnsafeMutableRawPointer) -> Bool {
        let (info, cell) = locate(object)
        let bit: UInt64 = 1 << UInt64(cell & 63)
        let word = info.pointee.marked + cell >> 6
        if word.pointee & bit != 0 { return false }
        word.pointee |= bit
        return true
    }

    /// Before a collection: cells that were claimed but not handed out are free again.
    mutating func flushCursors() {
        for index in 0..<Self.classCount {
            let cursor = cursors + index
            if cursor.pointee.free != 0 {
                blocks[index][cursor.pointee.block].pointee.allocated[cursor.pointee.word] &= ~cursor.pointee.free
                cursor.pointee.free = 0
            }
            cursor.pointee.block = -1
            cursor.pointee.next = 0
        }
    }

    /// Frees what is not marked and clears the marks. `finalize` sees every dead object that has a finalizer.
    /// Returns the live bytes.
    mutating func sweep(finalize: (UnsafeMutableRawPointer) -> Void) -> Int {
        var live = 0
        for sizeClass in 0..<Self.classCount {
            for info in blocks[sizeClass] {
                let size = info.pointee.cellSize
                for word in 0..<((info.pointee.cellCount + 63) / 64) {
                    let marked = info.pointee.marked[word]
                    if info.pointee.finalizable {
                        var dead = info.pointee.allocated[word] & ~marked
                        while dead != 0 {
                            let bit = dead.trailingZeroBitCount
                            dead &= dead &- 1
                            finalize(info.pointee.base + Self.firstCell + (word * 64 + bit) * size)
                        }
                    }
                    if info.pointee.allocated[word] != marked { info.pointee.allocated[word] = marked }
                    if marked != 0 {
                        live += marked.nonzeroBitCount * size
                        info.pointee.marked[word] = 0
                    }
                }
            }
        }
        freshBytes = 0
        return live
    }

    /// Gives everything back to the system: there must be no object any more that somebody uses.
    mutating func freeAll() {
        for list in blocks {
            for info in list {
                info.pointee.allocated.deallocate()
                info.deallocate()
            }
        }
        for chunk in chunks { free(chunk) }
        cursors.deallocate()
        classOfSize.deallocate()
        blocks = []
        chunks = []
        spareBlocks = 0
    }

    /// Calls `body` with every allocated object (for the verifier and the end of a heap). Cursors must be flushed.
    func forEachObject(_ body: (UnsafeMutableRawPointer) -> Void) {
        for list in blocks {
            for info in list {
                for cell in 0..<info.pointee.cellCount where info.pointee.allocated[cell >> 6] >> UInt64(cell & 63) & 1 == 1 {
                    body(info.pointee.base + Self.firstCell + cell * info.pointee.cellSize)
                }
            }
        }
    }

    /// Whether `object` is the start of an allocated cell of its block (for the verifier).
    static func isAllocated(_ object: UnsafeMutableRawPointer) -> Bool {
        let (info, cell) = locate(object)
        return info.pointee.base + firstCell + cell * info.pointee.cellSize == object
            && info.pointee.allocated[cell >> 6] >> UInt64(cell & 63) & 1 == 1
    }
}
