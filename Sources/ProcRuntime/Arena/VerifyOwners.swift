// The second half of the arena's checker: what processes own, and what owns the memory. See `ArenaCheck`.

import CSystem

enum OwnerCheck {
    /// Before anything is locked: at rest nobody holds a lock, and no dead holder's lock waits for its repair.
    static func locks(_ found: inout [String]) {
        for i in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used)) {
            let word = UnsafeRawPointer(pl_object_at(i)!).assumingMemoryBound(to: UInt32.self).pointee
            let holder = word & 0x3fff_ffff
            if pl_mutex_owner_died(UnsafeRawPointer(pl_object_at(i)!).assumingMemoryBound(to: pthread_mutex_t.self)) {
                found.append("lock of object \(i): its holder died and nobody repaired it")
            } else if holder != 0 {
                found.append("lock of object \(i): held by thread \(holder)")
            }
        }
        for (name, lock) in [("output", OwnerLocks.output), ("input", OwnerLocks.input)] where pl_load32(&lock.pointee.word) != 0 {
            found.append("lock of the \(name): held by slot \(lock.pointee.word)")
        }
    }

    /// Slots of the process table: legal states, and nothing left in those of the dead.
    static func slots(_ found: inout [String], _ quiet: Bool) {
        for i in 1..<max(1, pl_acquire32(&pl_head().pointee.slot_used)) {
            let s = pl_slot_at(i)!
            let state = ProcessTable.state(s)
            if state > State.ended { found.append("slot \(i): there is no state \(state)") }
            let atRest = state == State.free || state == State.ended
            guard atRest else {
                if quiet, i != pl_my_index(), i != Supervisor.slot, s.pointee.service == 0 {
                    found.append("slot \(i): in state \(state)")
                }
                continue
            }
            func expect(_ value: UInt64, _ what: String) {
                if value != 0 { found.append("slot \(i): \(what) \(value), though its process has ended") }
            }
            expect(UInt64(s.pointee.ends), "end")
            expect(UInt64(s.pointee.records), "record")
            expect(UInt64(s.pointee.end_intent), "end intent")
            expect(UInt64(s.pointee.record_intent), "record intent")
            expect(UInt64(s.pointee.object_intent), "object intent")
            expect(UInt64(s.pointee.user_lock_head), "lock")
            for k in [SlotWord.lockIntent, SlotWord.bracket, SlotWord.commit, SlotWord.waitsAt, SlotWord.request] {
                // The manager, whose place this may have been, uses the words of the client differently.
                if k != SlotWord.request || s.pointee.service == 0 { expect(Shared.slotWord(i, k).pointee, "word \(k) is") }
            }
            for k in 0..<Int(PL_LOCKSET) { expect(UInt64(pl_lockset(s)[k]), "noted lock") }
            for k in 0..<Int(PL_INFLIGHT) { expect(pl_inflight(s)[k], "block in flight") }
            if s.pointee.claim & 0xff == Claim.claimed { found.append("slot \(i): its offer is claimed") }
        }
    }

    /// Lists of owners reach what they own, free lists what is free.
    static func lists(_ found: inout [String]) {
        var listedEnds: Set<UInt32> = []
        var listedRecords: Set<UInt32> = []
        for i in 1..<max(1, pl_acquire32(&pl_head().pointee.slot_used)) {
            let s = pl_slot_at(i)!
            guard ProcessTable.state(s) != State.free else { continue }
            let ref = ProcessRef(index: i, generation: s.pointee.generation).raw
            var e = s.pointee.ends
            while e != 0, listedEnds.insert(e).inserted {
                if pl_end_at(e).pointee.owner != ref { found.append("end \(e): in the list of slot \(i), but not its own") }
                e = pl_end_at(e).pointee.own_next
            }
            var r = s.pointee.records
            while r != 0, pl_record_at(r).pointee.owner == i, listedRecords.insert(r).inserted { r = pl_record_at(r).pointee.chain }
        }
        Blocks.forEach { block in
            var e = pl_block_at(block).pointee.ends
            let owner = Ends.blockOwner | block
            while e != 0, e < pl_acquire32(&Pool.ends.pointee.used), pl_end_at(e).pointee.owner == owner,
                listedEnds.insert(e).inserted
            { e = pl_end_at(e).pointee.own_next }
        }
        for e in 1..<max(1, pl_acquire32(&Pool.ends.pointee.used))
        where pl_end_at(e).pointee.owner != 0 && !listedEnds.contains(e) {
            found.append("end \(e): not in the list of its owner \(String(pl_end_at(e).pointee.owner, radix: 16))")
        }
        for r in 1..<max(1, pl_acquire32(&Pool.records.pointee.used))
        where pl_record_at(r).pointee.owner != 0 && !listedRecords.contains(r) {
            found.append("record \(r): not in the chain of slot \(pl_record_at(r).pointee.owner)")
        }
        free("objects", Pool.objects, &found) { i in pl_object_at(i).pointee.kind == 0 ? pl_object_at(i).pointee.next_free : nil }
        free("ends", Pool.ends, &found) { i in pl_end_at(i).pointee.owner == 0 ? pl_end_at(i).pointee.next_free : nil }
        free("records", Pool.records, &found) { i in pl_record_at(i).pointee.owner == 0 ? pl_record_at(i).pointee.next_free : nil }
    }

    /// One free list; `next` is nil for an item that is not free.
    private static func free(
        _ name: String, _ pool: UnsafeMutablePointer<pl_pool>, _ found: inout [String], next: (UInt32) -> UInt32?
    ) {
        var i = pool.pointee.free_first
        var count: UInt32 = 0
        while i != 0, count <= pool.pointee.used {
            guard let following = next(i) else {
                found.append("free \(name): \(i) is in use")
                return
            }
            i = following
            count += 1
        }
        if count + pool.pointee.live + 1 != pool.pointee.used {
            found.append("free \(name): \(count) free and \(pool.pointee.live) live of \(pool.pointee.used - 1)")
        }
    }

    /// A block of a channel is its ring, or in its ring.
    static func channelBlocks(_ found: inout [String]) {
        var reachable: Set<UInt64> = []
        for i in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used)) {
            let o = pl_object_at(i)!
            guard let kind = Objects.kind(o), kind.isStream, o.pointee.ring != 0 else { continue }
            reachable.insert(o.pointee.ring & ~63)
            var position = o.pointee.head
            while position != o.pointee.tail {
                let entry = pl_entry_at(o, position)!
                if entry.pointee.in_block != 0 { reachable.insert(pl_get_ref(pl_entry_payload(entry))) }
                position &+= 1
            }
        }
        Blocks.forEach { ref in
            let owner = pl_block_at(ref).pointee.owner
            guard owner & Objects.ownerBit != 0, !reachable.contains(ref) else { return }
            let index = UInt32(truncatingIfNeeded: owner)
            guard index < pl_acquire32(&Pool.objects.pointee.used) else { return }
            if Objects.kind(pl_object_at(index))?.isStream == true { found.append("block \(ref): not in the ring of channel \(index)") }
        }
    }

    /// What the regions have is what was counted against the limit.
    static func memory(_ found: inout [String]) {
        let h = pl_head()!
        Arena.settleGrowth()
        var sum = pl_region_at(0).pointee.offset
        for i in 0..<UInt32(PL_REGIONS) { sum += pl_region_at(i).pointee.committed }
        if sum != h.pointee.total_committed { found.append("memory: \(h.pointee.total_committed) bytes counted, \(sum) there") }
        Blocks.withChunkLock {
            var free = 0, holes = 0
            var i: UInt32 = 1
            while i < h.pointee.chunk_used {
                let c = pl_chunk_at(i)!
                if c.pointee.state == ChunkState.free { free += 1 }
                if c.pointee.state == ChunkState.hole { holes += 1 }
                i += c.pointee.state == ChunkState.runHead ? max(1, c.pointee.run) : 1
            }
            if free != Int(h.pointee.chunks_free) { found.append("chunks: \(h.pointee.chunks_free) free counted, \(free) there") }
            if holes != Int(h.pointee.holes) { found.append("chunks: \(h.pointee.holes) holes counted, \(holes) there") }
        }
    }
}
