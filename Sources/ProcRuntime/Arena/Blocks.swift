// Blocks of shared memory for payloads, rings and results: size classes of 64 B to 32 KiB (powers of two,
// header included) cut from 64 KiB chunks; larger ones are runs of chunks.
//
// Invariants
// - Truth is the chunk's bitmap (small blocks) or its state (runs); the lists of partly free chunks and the
//   counts are derived and rebuilt when a process died inside a lock.
// - Every block carries its owner: a process (its reference) or an object. A process notes a block in its
//   in-flight list *before* it tags and takes it; the sweep of a dead process frees what is in the list and
//   still has the process's tag.
// - Chunk 0 is never used, so that reference 0 means "none".

import CSystem
import Glibc

enum ChunkState {
    static let free: UInt8 = 0
    static let blocks: UInt8 = 1
    static let runHead: UInt8 = 2
    static let runInside: UInt8 = 3
    /// Free, and its memory was given back (Holes.swift).
    static let hole: UInt8 = 4
}

enum Blocks {
    static let headerBytes = UInt64(MemoryLayout<pl_block>.stride)
    static let chunkBytes = UInt64(PL_CHUNK_BYTES)
    static let largestSmall: UInt64 = 32768

    /// The smallest class (0: 64 B, 9: 32 KiB) for a block of `total` bytes.
    @inline(__always)
    static func sizeClass(_ total: UInt64) -> Int {
        total <= 64 ? 0 : 58 - (total - 1).leadingZeroBitCount
    }

    /// A new block with room for `payload` bytes, owned by this process and in flight. O(1) below 32 KiB.
    static func allocate(_ payload: Int) throws -> UInt64 {
        guard payload >= 0, payload < 1 << 40 else {
            throw RuntimeError(kind: "memory", message: "a message of \(payload) bytes is too large")
        }
        let total = UInt64(payload) + headerBytes
        let ref = total <= largestSmall ? try small(sizeClass(total)) : try run(Int((total + chunkBytes - 1) / chunkBytes))
        let b = pl_block_at(ref)!
        b.pointee.length = UInt64(payload)
        fault(.blocksAllocateLength)
        b.pointee.ends = 0
        fault(.blocksAllocateEnds)
        b.pointee.ends_count = 0
        fault(.blocksAllocateEndsCount)
        return ref
    }

    /// Gives a block back. Its ends must have been released. Harmless on a block that is free already.
    static func free(_ ref: UInt64) {
        guard ref != 0 else { return }
        let index = chunkIndex(ref)
        let c = pl_chunk_at(index)!
        if c.pointee.state == ChunkState.runHead {
            freeRun(index)
        } else if c.pointee.state == ChunkState.blocks {
            freeSmall(ref, index, c)
        }
        InFlight.remove(ref)
    }

    @inline(__always)
    static func chunkIndex(_ ref: UInt64) -> UInt32 {
        UInt32((ref - pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee.offset) / chunkBytes)
    }

    /// True while the block is in use: what the sweep asks of an in-flight note.
    static func isUsed(_ ref: UInt64) -> Bool {
        let index = chunkIndex(ref)
        guard index > 0, index < pl_head().pointee.chunk_used else { return false }
        let c = pl_chunk_at(index)!
        if c.pointee.state == ChunkState.runHead { return ref == address(of: index) }
        guard c.pointee.state == ChunkState.blocks else { return false }
        let bit = (ref - address(of: index)) >> (6 + UInt64(c.pointee.size_class))
        return pl_bitmap(c)[Int(bit >> 6)] & (1 << (bit & 63)) != 0
    }

    /// Takes every lock of the allocator once: if its last holder died inside, what is derived is made again.
    static func repairAll() {
        for k in 0..<Int(PL_CLASSES) {
            let cls = pl_class_at(UInt32(k))!
            RobustLock.lock(&cls.pointee.lock, repair: { rebuild(class: k) })
            RobustLock.unlock(&cls.pointee.lock)
        }
        withChunkLock {}
    }

    /// Visits every block in use. O(blocks): repair and checks only.
    static func forEach(_ visit: (UInt64) -> Void) {
        var index: UInt32 = 1
        while index < pl_acquire32(&pl_head().pointee.chunk_used) {
            let c = pl_chunk_at(index)!
            if c.pointee.state == ChunkState.runHead {
                visit(address(of: index))
            } else if c.pointee.state == ChunkState.blocks {
                let k = UInt64(c.pointee.size_class)
                for bit: UInt64 in 0..<(1024 >> k) where pl_bitmap(c)[Int(bit >> 6)] & (1 << (bit & 63)) != 0 {
                    visit(address(of: index) + (bit << (6 + k)))
                }
            }
            index += 1
        }
    }

    /// Whether a block of `payload` bytes could lie at `ref`: memory that may be read, whatever is in it.
    static func isInside(_ ref: UInt64, _ payload: Int) -> Bool {
        let region = pl_region_at(UInt32(PL_REGION_BLOCKS))!
        let start = region.pointee.offset
        return ref & 63 == 0 && ref >= start && payload >= 0
            && ref + headerBytes + UInt64(payload) <= start + pl_acquire64(&region.pointee.committed)
    }

    @inline(__always)
    static func address(of chunk: UInt32) -> UInt64 {
        pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee.offset + UInt64(chunk) * chunkBytes
    }

    // MARK: Small blocks

    private static func small(_ k: Int) throws -> UInt64 {
        let cls = pl_class_at(UInt32(k))!
        RobustLock.lock(&cls.pointee.lock, repair: { rebuild(class: k) })
        defer { RobustLock.unlock(&cls.pointee.lock) }
        var index = cls.pointee.partial
        if index == 0 {
            index = try takeChunks(1) { i in
                let c = pl_chunk_at(i)!
                memset(pl_bitmap(c), 0, 128)
                fault(.blocksSmallBitmap)
                c.pointee.size_class = UInt8(k)
                fault(.blocksSmallSizeClass)
                c.pointee.free_blocks = UInt16(1024 >> k)
                fault(.blocksSmallFreeBlocks)
                c.pointee.listed = 0
                fault(.blocksSmallListed)
                pl_order()
                c.pointee.state = ChunkState.blocks
                fault(.blocksSmallState)
            }
            link(cls, index)
        }
        let c = pl_chunk_at(index)!
        let bits = pl_bitmap(c)!
        let words = max(1, 16 >> k)
        let last: UInt64 = k > 4 ? (1 << UInt64(1024 >> k)) - 1 : .max
        for w in 0..<words where bits[w] & last != last {
            let bit = UInt64((~bits[w]).trailingZeroBitCount)
            let ref = address(of: index) + ((UInt64(w) << 6 + bit) << (6 + UInt64(k)))
            if Faults.misordered(.takenBeforeNote) {
                bits[w] |= 1 << bit
                fault(.blocksSmallMisordered)
            }
            InFlight.add(ref)
            pl_order()
            pl_block_at(ref).pointee.owner = ProcessTable.selfRef.raw
            fault(.blocksSmallOwner)
            pl_order()
            bits[w] |= 1 << bit
            fault(.blocksSmallBits)
            c.pointee.free_blocks -= 1
            fault(.blocksSmallFreeBlocks2)
            if c.pointee.free_blocks == 0 { unlink(cls, index) }
            return ref
        }
        fatal("a partly free chunk is full")
    }

    private static func freeSmall(_ ref: UInt64, _ index: UInt32, _ c: UnsafeMutablePointer<pl_chunk>) {
        let k = Int(c.pointee.size_class)
        let cls = pl_class_at(UInt32(k))!
        RobustLock.lock(&cls.pointee.lock, repair: { rebuild(class: k) })
        let bit = (ref - address(of: index)) >> (6 + UInt64(k))
        let mask: UInt64 = 1 << (bit & 63)
        if pl_bitmap(c)[Int(bit >> 6)] & mask != 0 {
            // The owner goes last: the sweep of a process that dies in here finds the block in flight and its own,
            // or free.
            pl_bitmap(c)[Int(bit >> 6)] &= ~mask
            fault(.blocksFreeSmallBitmap)
            pl_order()
            pl_block_at(ref).pointee.owner = 0
            fault(.blocksFreeSmallOwner)
            c.pointee.free_blocks += 1
            fault(.blocksFreeSmallFreeBlocks)
            if c.pointee.listed == 0 { link(cls, index) }
            // An empty chunk goes back unless it is the only one of its class.
            if Int(c.pointee.free_blocks) == 1024 >> k, c.pointee.next != 0 || c.pointee.prev != 0 {
                unlink(cls, index)
                giveChunk(index)
            }
        }
        RobustLock.unlock(&cls.pointee.lock)
    }

    private static func link(_ cls: UnsafeMutablePointer<pl_class>, _ index: UInt32) {
        let c = pl_chunk_at(index)!
        c.pointee.next = cls.pointee.partial
        fault(.blocksLinkNext)
        c.pointee.prev = 0
        fault(.blocksLinkPrev)
        if cls.pointee.partial != 0 { pl_chunk_at(cls.pointee.partial).pointee.prev = index }
        fault(.blocksLinkPrev2)
        cls.pointee.partial = index
        fault(.blocksLinkPartial)
        c.pointee.listed = 1
        fault(.blocksLinkListed)
    }

    private static func unlink(_ cls: UnsafeMutablePointer<pl_class>, _ index: UInt32) {
        let c = pl_chunk_at(index)!
        if c.pointee.prev != 0 {
            pl_chunk_at(c.pointee.prev).pointee.next = c.pointee.next
            fault(.blocksUnlinkNext)
        } else {
            cls.pointee.partial = c.pointee.next
            fault(.blocksUnlinkPartial)
        }
        if c.pointee.next != 0 { pl_chunk_at(c.pointee.next).pointee.prev = c.pointee.prev }
        fault(.blocksUnlinkPrev)
        c.pointee.listed = 0
        fault(.blocksUnlinkListed)
        c.pointee.next = 0
        fault(.blocksUnlinkNext2)
        c.pointee.prev = 0
        fault(.blocksUnlinkPrev2)
    }

    private static func rebuild(class k: Int) {
        let cls = pl_class_at(UInt32(k))!
        cls.pointee.partial = 0
        fault(.blocksRebuildPartial)
        for index in 1..<max(1, pl_acquire32(&pl_head().pointee.chunk_used)) {
            let c = pl_chunk_at(index)!
            guard c.pointee.state == ChunkState.blocks, Int(c.pointee.size_class) == k else { continue }
            var used = 0
            for w in 0..<16 { used += pl_bitmap(c)[w].nonzeroBitCount }
            c.pointee.free_blocks = UInt16((1024 >> k) - used)
            fault(.blocksRebuildFreeBlocks)
            c.pointee.listed = 0
            fault(.blocksRebuildListed)
            c.pointee.next = 0
            fault(.blocksRebuildNext)
            c.pointee.prev = 0
            fault(.blocksRebuildPrev)
            if c.pointee.free_blocks > 0 { link(cls, index) }
        }
    }

    // MARK: Chunks and runs

    static func withChunkLock(_ work: () -> Void) {
        RobustLock.lock(&pl_head().pointee.chunk_lock, repair: rebuildChunks)
        defer { RobustLock.unlock(&pl_head().pointee.chunk_lock) }
        work()
    }

    private static func run(_ count: Int) throws -> UInt64 {
        let index = try takeChunks(count) { first in
            let ref = address(of: first)
            InFlight.add(ref)
            pl_order()
            pl_block_at(ref).pointee.owner = ProcessTable.selfRef.raw
            fault(.blocksRunOwner)
            for i in stride(from: first + UInt32(count) - 1, to: first, by: -1) {
                pl_chunk_at(i).pointee.state = ChunkState.runInside
                fault(.blocksRunState)
            }
            pl_chunk_at(first).pointee.run = UInt32(count)
            fault(.blocksRunRun)
            pl_order()
            pl_chunk_at(first).pointee.state = ChunkState.runHead
            fault(.blocksRunState2)
        }
        return address(of: index)
    }

    /// Finds `count` free neighbouring chunks, growing the region where there are none, and lets `commit` take them.
    private static func takeChunks(_ count: Int, commit: (UInt32) -> Void) throws -> UInt32 {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.chunk_lock, repair: rebuildChunks)
        defer { RobustLock.unlock(&h.pointee.chunk_lock) }
        var start = h.pointee.chunk_hint
        if start == 0 { start = 1 }
        var firstFree: UInt32 = 0
        var found: UInt32 = 0
        var length = 0
        var i = start
        while i < h.pointee.chunk_used {
            let c = pl_chunk_at(i)!
            if c.pointee.state == ChunkState.free || c.pointee.state == ChunkState.hole {
                if firstFree == 0 { firstFree = i }
                if length == 0 { found = i }
                length += 1
                if length == count { break }
                i += 1
            } else {
                length = 0
                i += c.pointee.state == ChunkState.runHead ? c.pointee.run : 1
            }
        }
        if length < count {
            // The free tail, if any, is extended.
            if length == 0 { found = h.pointee.chunk_used }
            let used = h.pointee.chunk_used
            let end = UInt64(found) + UInt64(count)
            try Arena.grow(PL_REGION_CHUNKS, toHold: end * UInt64(MemoryLayout<pl_chunk>.stride))
            try Arena.grow(PL_REGION_BLOCKS, toHold: end * chunkBytes)
            if found < used { try Holes.take(found..<used) }
            if firstFree == 0 { firstFree = found }
            pl_release32(&h.pointee.chunk_used, UInt32(end))
            fault(.blocksTakeChunksChunkUsed)
        } else {
            try Holes.take(found..<(found + UInt32(count)))
        }
        commit(found)
        h.pointee.chunk_hint = firstFree == found ? found + UInt32(count) : firstFree
        fault(.blocksTakeChunksChunkHint)
        return found
    }

    private static func giveChunk(_ index: UInt32) {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.chunk_lock, repair: rebuildChunks)
        pl_chunk_at(index).pointee.state = ChunkState.free
        fault(.blocksGiveChunkState)
        Holes.note(1)
        if index < h.pointee.chunk_hint { h.pointee.chunk_hint = index }
        fault(.blocksGiveChunkChunkHint)
        RobustLock.unlock(&h.pointee.chunk_lock)
    }

    private static func freeRun(_ index: UInt32) {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.chunk_lock, repair: rebuildChunks)
        let c = pl_chunk_at(index)!
        if c.pointee.state == ChunkState.runHead {
            let count = c.pointee.run
            c.pointee.state = ChunkState.free
            fault(.blocksFreeRunState)
            pl_order()
            pl_block_at(address(of: index)).pointee.owner = 0
            fault(.blocksFreeRunOwner)
            for i in (index + 1)..<(index + max(1, count)) { pl_chunk_at(i).pointee.state = ChunkState.free }
            fault(.blocksFreeRunState2)
            Holes.note(max(1, count))
            if index < h.pointee.chunk_hint { h.pointee.chunk_hint = index }
            fault(.blocksFreeRunChunkHint)
        }
        RobustLock.unlock(&h.pointee.chunk_lock)
    }

    private static func rebuildChunks() {
        let h = pl_head()!
        var i: UInt32 = 1
        while i < h.pointee.chunk_used {
            let c = pl_chunk_at(i)!
            if c.pointee.state == ChunkState.runHead {
                i += max(1, c.pointee.run)
            } else {
                // An inside without a head before it belongs to a run that was being taken or given back.
                if c.pointee.state == ChunkState.runInside { c.pointee.state = ChunkState.free }
                fault(.blocksRebuildChunksState)
                i += 1
            }
        }
        h.pointee.chunk_hint = 1
        fault(.blocksRebuildChunksChunkHint)
        Holes.recount()
    }
}

/// The blocks that only this process knows of at this moment; what the sweep frees if it dies.
enum InFlight {
    static func add(_ ref: UInt64) {
        let me = pl_me()!
        let list = pl_inflight(me)!
        for i in 0..<Int(PL_INFLIGHT) where list[i] == 0 {
            list[i] = ref
            fault(.inFlightAddList)
            return
        }
        // No room to note it: the sweep will look at the tags of all blocks.
        me.pointee.inflight_overflow = 1
        fault(.inFlightAddInflightOverflow)
    }

    static func remove(_ ref: UInt64) {
        let list = pl_inflight(pl_me())!
        for i in 0..<Int(PL_INFLIGHT) where list[i] == ref {
            list[i] = 0
            fault(.inFlightRemoveList)
            return
        }
    }
}
