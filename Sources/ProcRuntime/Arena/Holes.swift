// Giving the memory of free chunks back to the system, and getting it again.
//
// A free chunk keeps its memory, since it is likely to be needed again. What nobody has needed for a while, beyond
// `slack`, the supervisor gives back: it punches holes into the memfd, a stretch at a time.
//
// Invariants
// - A chunk is a `hole` before its memory goes and until its memory is there again. Who dies in between leaves a hole
//   with some memory in it; the repair of the chunk lock punches all holes once more.
// - `chunks_free` (free with memory), `chunks_spare` (the least of it since the supervisor's last look) and `holes` are
//   derived from the states of the chunks and protected by the chunk lock; `holes` changes under the growth lock, too,
//   as it counts against the limit.
// - All but the supervisor's `turn` and `start` are called with the chunk lock held.

import CSystem

enum Holes {
    /// Free chunks that are always kept: 16 MiB.
    static let slack: UInt32 = 256
    /// So long a chunk must have been spare before its memory goes (ns).
    private static let period: Int64 = 200_000_000
    /// Most chunks that lose their memory while the chunk lock is held (4 MiB, about a millisecond).
    private static let stretch: UInt32 = 64

    // MARK: Taking and freeing chunks

    /// Makes sure that the free chunks in `range` have memory, and counts them as taken. Throws `memory`.
    static func take(_ range: Range<UInt32>) throws {
        let h = pl_head()!
        var free: UInt32 = 0
        var holes: UInt32 = 0
        for i in range {
            if pl_chunk_at(i).pointee.state == ChunkState.hole { holes += 1 } else { free += 1 }
        }
        if holes > 0 {
            do {
                try Arena.refill(holes: holes, at: Blocks.address(of: range.lowerBound), UInt64(range.count) * Blocks.chunkBytes)
            } catch {
                // The memory of free chunks elsewhere will do.
                guard punchAll() else { throw error }
                return try take(range)
            }
            for i in range where pl_chunk_at(i).pointee.state == ChunkState.hole {
                pl_chunk_at(i).pointee.state = ChunkState.free
                fault(.holesTakeState)
            }
        }
        h.pointee.chunks_free -= free
        fault(.holesTakeChunksFree)
        if h.pointee.chunks_free < h.pointee.chunks_spare { h.pointee.chunks_spare = h.pointee.chunks_free }
        fault(.holesTakeChunksSpare)
    }

    /// `count` chunks became free: when there are many, the supervisor looks after them.
    static func note(_ count: UInt32) {
        let h = pl_head()!
        h.pointee.chunks_free += count
        fault(.holesNoteChunksFree)
        if h.pointee.chunks_free > slack, h.pointee.trim_wanted == 0 {
            h.pointee.trim_wanted = 1
            fault(.holesNoteTrimWanted)
            Kick.supervisor(Kick.trim)
        }
    }

    /// The repair: what is derived is made again, and every hole is one.
    static func recount() {
        let h = pl_head()!
        // What was given to the region, but to nobody in it, is free.
        let there = min(
            pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee.committed / Blocks.chunkBytes,
            pl_region_at(UInt32(PL_REGION_CHUNKS)).pointee.committed / UInt64(MemoryLayout<pl_chunk>.stride))
        if h.pointee.chunk_used < there { pl_release32(&h.pointee.chunk_used, UInt32(there)) }
        fault(.holesRecountChunkUsed)
        var free: UInt32 = 0
        var holes: UInt32 = 0
        var i: UInt32 = 1
        while i < h.pointee.chunk_used {
            let c = pl_chunk_at(i)!
            switch c.pointee.state {
            case ChunkState.runHead: i += max(1, c.pointee.run) - 1
            case ChunkState.free: free += 1
            case ChunkState.hole:
                holes += 1
                Arena.punch(Blocks.address(of: i), Blocks.chunkBytes)
            default: break
            }
            i += 1
        }
        h.pointee.chunks_free = free
        fault(.holesRecountChunksFree)
        h.pointee.chunks_spare = 0
        fault(.holesRecountChunksSpare)
        h.pointee.trim_wanted = 0
        fault(.holesRecountTrimWanted)
        Arena.setHoles(holes)
        if free > slack { note(0) }
    }

    /// Punches every free chunk, for somebody who needs memory elsewhere. False: there is nothing to be had.
    static func punchAll() -> Bool {
        var any = false
        var top = pl_head().pointee.chunk_used
        while let start = punch(below: top, most: .max) {
            top = start
            any = true
        }
        return any
    }

    /// Punches the topmost stretch of free chunks below `top`, `most` chunks or less. Returns where it begins; nil when
    /// there is no free chunk.
    private static func punch(below top: UInt32, most: UInt32) -> UInt32? {
        var end = top
        while end > 1, pl_chunk_at(end - 1).pointee.state != ChunkState.free { end -= 1 }
        guard end > 1 else { return nil }
        var start = end
        while start > 1, end - start < most, pl_chunk_at(start - 1).pointee.state == ChunkState.free {
            start -= 1
            pl_chunk_at(start).pointee.state = ChunkState.hole
            fault(.holesPunchState)
        }
        pl_order()
        let count = end - start
        Arena.punch(Blocks.address(of: start), UInt64(count) * Blocks.chunkBytes)
        let h = pl_head()!
        Arena.setHoles(h.pointee.holes + count)
        h.pointee.chunks_free -= count
        fault(.holesPunchChunksFree)
        h.pointee.chunks_spare -= min(count, h.pointee.chunks_spare)
        fault(.holesPunchChunksSpare)
        return start
    }

    // MARK: The supervisor

    /// When the supervisor should call `turn`.
    private(set) static var nextTurn: Int64 = .max

    /// There are many free chunks: from now on counts what is not needed.
    static func start() {
        if nextTurn == .max { nextTurn = pl_now() + period }
    }

    /// Gives back one stretch of what was spare for a whole period, or begins a new period.
    static func turn() {
        Blocks.withChunkLock {
            let h = pl_head()!
            let spare = min(h.pointee.chunks_spare, h.pointee.chunks_free)
            if spare > slack, punch(below: h.pointee.chunk_used, most: min(stretch, spare - slack)) != nil {
                nextTurn = pl_now()
                return
            }
            h.pointee.chunks_spare = h.pointee.chunks_free
            fault(.holesTurnChunksSpare)
            if h.pointee.chunks_free > slack {
                nextTurn = pl_now() + period
            } else {
                nextTurn = .max
                h.pointee.trim_wanted = 0
                fault(.holesTurnTrimWanted)
            }
        }
    }
}
