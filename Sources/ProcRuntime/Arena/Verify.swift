// The arena's own checker: what must hold of the shared structures when nobody is working on them.
//
// Invariants
// - Reads only, under the locks of the objects it looks at; meant for tests and for the end of a program, when
//   the calling process is the only one awake. O(everything).

import CSystem

/// Checks the shared memory of the program that this process belongs to.
public enum ArenaCheck {
    /// Every violated invariant as one line; empty when all is well. `quiet`: all processes but this one and the
    /// supervisor have ended, so that nothing may belong to anybody else.
    public static func problems(quiet: Bool) -> [String] {
        var found: [String] = []
        if quiet { OwnerCheck.locks(&found) }
        Pool.repairAll()
        objects(&found, quiet)
        ends(&found, quiet)
        records(&found, quiet)
        Blocks.repairAll()
        chunks(&found)
        blocks(&found, quiet)
        OwnerCheck.slots(&found, quiet)
        OwnerCheck.memory(&found)
        if quiet {
            OwnerCheck.lists(&found)
            OwnerCheck.channelBlocks(&found)
        }
        return found
    }

    /// A number for each pool, to see leaks between two moments: objects, ends, records, blocks in use.
    public static func usage() -> (objects: Int, ends: Int, records: Int, blocks: Int) {
        Pool.repairAll()
        var blocks = 0
        Blocks.forEach { _ in blocks += 1 }
        return (Int(Pool.objects.pointee.live), Int(Pool.ends.pointee.live), Int(Pool.records.pointee.live), blocks)
    }

    /// Bytes of shared memory that were taken from the system.
    public static func committedBytes() -> Int { Int(Arena.inUse) }

    /// Places in the process table that are not free.
    public static func processCount() -> Int {
        (1..<max(1, pl_acquire32(&pl_head().pointee.slot_used))).reduce(0) { $0 + (ProcessTable.state(pl_slot_at($1)) == State.free ? 0 : 1) }
    }

    private static func objects(_ found: inout [String], _ quiet: Bool) {
        for i in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used)) {
            let o = pl_object_at(i)!
            Objects.lock(i)
            defer { Objects.unlock(i) }
            guard let kind = Objects.kind(o) else { continue }
            var counts: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
            var e = o.pointee.ends_first
            var previous: UInt32 = 0
            var steps: UInt32 = 0
            while e != 0, steps <= pl_acquire32(&Pool.ends.pointee.used) {
                let end = pl_end_at(e)!
                if end.pointee.object != i { found.append("object \(i): end \(e) in its list belongs to \(end.pointee.object)") }
                if end.pointee.owner == 0 { found.append("object \(i): end \(e) in its list is free") }
                if end.pointee.object_prev != previous { found.append("object \(i): end \(e) has a wrong back link") }
                switch Rights(rawValue: end.pointee.right) {
                case .read:
                    counts.0 += 1
                    if end.pointee.flags & EndFlag.lent != 0 { counts.3 += 1 }
                case .write: counts.1 += 1
                default: counts.2 += 1
                }
                previous = e
                e = end.pointee.object_next
                steps += 1
            }
            if counts != (o.pointee.readers, o.pointee.writers, o.pointee.holders, o.pointee.readers_lent) {
                found.append("object \(i): counts \(counts), recorded \(o.pointee.readers) \(o.pointee.writers) \(o.pointee.holders) \(o.pointee.readers_lent)")
            }
            // Of a pipe, one direction may be unused while the other is not.
            let peer = o.pointee.peer
            if steps == 0, peer == 0 || pl_object_at(peer).pointee.ends_first == 0 { found.append("object \(i): nobody holds it, but it exists") }
            if kind.isStream { stream(i, o, &found) } else { SharedCheck.object(i, o, kind, quiet: quiet, &found) }
        }
    }

    private static func stream(_ i: UInt32, _ o: UnsafeMutablePointer<pl_object>, _ found: inout [String]) {
        let count = o.pointee.tail &- o.pointee.head
        if o.pointee.ring == 0, count != 0 { found.append("channel \(i): messages without a ring") }
        if o.pointee.ring != 0 {
            let tag = Objects.tag(of: o)
            if count > 1 << (o.pointee.ring & 63) { found.append("channel \(i): \(count) messages exceed the ring") }
            if pl_block_at(o.pointee.ring & ~63).pointee.owner != tag { found.append("channel \(i): its ring is not its own") }
            var position = o.pointee.head
            while position != o.pointee.tail {
                let entry = pl_entry_at(o, position)!
                if entry.pointee.in_block != 0, pl_block_at(pl_get_ref(pl_entry_payload(entry))).pointee.owner != tag {
                    found.append("channel \(i): message \(position) is not its own")
                }
                position &+= 1
            }
        }
        if count > o.pointee.capacity { found.append("channel \(i): more messages than its capacity") }
        var senders: UInt32 = 0
        var receivers: UInt32 = 0
        var signalled: UInt32 = 0
        Repair.forEachRecord(at: i) { _, r in
            if r.pointee.direction == Direction.send { senders += 1 } else if r.pointee.signalled != 0 { signalled += 1 } else { receivers += 1 }
        }
        if (senders, receivers, signalled) != (o.pointee.send_count, o.pointee.recv_count, o.pointee.signalled) {
            found.append("channel \(i): waiting \(senders) \(receivers) \(signalled), recorded \(o.pointee.send_count) \(o.pointee.recv_count) \(o.pointee.signalled)")
        }
        // A receiver that is not signalled although there is a message for it has lost its wake-up.
        if o.pointee.recv_count > 0, UInt64(o.pointee.signalled) < count { found.append("channel \(i): a receiver waits beside a message") }
    }

    private static func ends(_ found: inout [String], _ quiet: Bool) {
        for i in 1..<max(1, pl_acquire32(&Pool.ends.pointee.used)) {
            let e = pl_end_at(i)!
            let owner = pl_load64(&e.pointee.owner)
            if owner == 0 { continue }
            if e.pointee.object == 0 { found.append("end \(i): taken, but of nothing") }
            if owner & Ends.blockOwner != 0 {
                if !Blocks.isUsed(owner & ~Ends.blockOwner) { found.append("end \(i): its message is free") }
            } else {
                let ref = ProcessRef(raw: owner)
                guard let s = ProcessTable.slot(of: ref) else {
                    found.append("end \(i): its process is gone")
                    continue
                }
                if quiet, ref.index != pl_my_index(), s.pointee.service == 0 { found.append("end \(i): held by slot \(ref.index), which has ended") }
            }
        }
    }

    private static func records(_ found: inout [String], _ quiet: Bool) {
        for i in 1..<max(1, pl_acquire32(&Pool.records.pointee.used)) {
            let r = pl_record_at(i)!
            guard r.pointee.owner != 0 else { continue }
            let s = pl_slot_at(r.pointee.owner)!
            if ProcessTable.state(s) == State.free { found.append("record \(i): its process is gone") }
            if quiet, r.pointee.owner != pl_my_index(), s.pointee.service == 0 { found.append("record \(i): of slot \(r.pointee.owner), which has ended") }
        }
    }

    private static func chunks(_ found: inout [String]) {
        for i in 1..<max(1, pl_acquire32(&pl_head().pointee.chunk_used)) {
            let c = pl_chunk_at(i)!
            guard c.pointee.state == ChunkState.blocks else { continue }
            var used = 0
            for w in 0..<16 { used += pl_bitmap(c)[w].nonzeroBitCount }
            let total = 1024 >> Int(c.pointee.size_class)
            if total - used != Int(c.pointee.free_blocks) { found.append("chunk \(i): \(total - used) free, recorded \(c.pointee.free_blocks)") }
            if (c.pointee.free_blocks > 0) != (c.pointee.listed != 0) { found.append("chunk \(i): wrongly listed") }
        }
    }

    private static func blocks(_ found: inout [String], _ quiet: Bool) {
        Blocks.forEach { ref in
            let owner = pl_block_at(ref).pointee.owner
            if owner & Objects.ownerBit != 0 {
                let index = UInt32(truncatingIfNeeded: owner)
                if index < pl_acquire32(&Pool.objects.pointee.used), pl_object_at(index).pointee.kind == 0 {
                    found.append("block \(ref): its object \(index) is gone")
                } else if Objects.kind(pl_object_at(index))?.isStream == false, !SharedCheck.reaches(index, ref) {
                    found.append("block \(ref): its object \(index) does not know it")
                }
            } else if owner == 0 {
                found.append("block \(ref): in use, but nobody's")
            } else if quiet, UInt32(truncatingIfNeeded: owner) != pl_my_index() {
                let slot = UInt32(truncatingIfNeeded: owner)
                let s = pl_slot_at(slot)!
                if s.pointee.service == 0, s.pointee.exit_block != ref { found.append("block \(ref): of slot \(slot), which has ended") }
            }
        }
    }
}
