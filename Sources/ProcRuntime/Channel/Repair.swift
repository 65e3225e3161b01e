// Repair of an object whose lock's holder died: everything derived is made anew from the truth.
//
// Invariants
// - May itself be interrupted by death at any store, and is then begun again by the next locker.
// - Whoever may have missed a wake-up because of the death is woken: a needless wake-up harms nobody.
// - O(records + ends of the program); only deaths inside a critical section pay it.

import CSystem

enum Repair {
    /// Called with the lock held, before it is marked consistent.
    static func object(_ index: UInt32) {
        let o = pl_object_at(index)!
        guard let kind = Objects.kind(o) else { return }
        ends(o, index)
        if kind.isStream {
            let peer = o.pointee.peer
            if peer != 0, pl_object_at(peer).pointee.peer == index, pl_object_at(peer).pointee.flags & ObjectFlag.poisoned != 0 {
                o.pointee.flags |= ObjectFlag.poisoned
                fault(.repairObjectPoisoned)
            }
            claims(o, index)
            ring(o, index)
            lists(o, index)
            Waiting.settle(o)
            Waiting.balance(o)
            Streams.evaluate(o, index)
        } else {
            SharedHooks.repair(index)
        }
    }

    /// Recounts the ends.
    private static func ends(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        o.pointee.ends_first = 0
        fault(.repairEndsEndsFirst)
        o.pointee.readers = 0
        fault(.repairEndsReaders)
        o.pointee.writers = 0
        fault(.repairEndsWriters)
        o.pointee.readers_lent = 0
        fault(.repairEndsReadersLent)
        o.pointee.holders = 0
        fault(.repairEndsHolders)
        for i in 1..<max(1, pl_acquire32(&Pool.ends.pointee.used)) {
            let e = pl_end_at(i)!
            if e.pointee.owner != 0, e.pointee.object == index, e.pointee.object_generation == o.pointee.generation {
                Ends.enter(o, i)
            }
        }
    }

    /// Decides the offers that the dead process had claimed: moved means done, otherwise they stand again.
    private static func claims(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        forEachRecord(at: index) { i, r in
            guard r.pointee.direction == Direction.send else { return }
            let owner = pl_slot_at(r.pointee.owner)!
            let word = pl_load64(&owner.pointee.claim)
            guard Claim.epoch(word) == r.pointee.epoch else { return }
            if Claim.state(word) == Claim.claimed, Claim.caseIndex(word) == r.pointee.case_index {
                let moved = o.pointee.tail != o.pointee.head && o.pointee.capacity > 0
                    && pl_entry_at(o, o.pointee.tail &- 1).pointee.message == r.pointee.message
                if !moved, r.pointee.in_block != 0 {
                    pl_block_at(pl_get_ref(pl_record_payload(r))).pointee.owner =
                        ProcessRef(index: r.pointee.owner, generation: owner.pointee.generation).raw
                    fault(.repairClaimsOwner)
                }
                pl_order()
                pl_store64(&owner.pointee.claim, moved
                    ? Claim.word(r.pointee.epoch, r.pointee.case_index, Claim.done)
                    : Claim.word(r.pointee.epoch, 0, Claim.waiting))
                fault(.repairClaimsClaim)
            }
        }
    }

    /// What is in the ring is the object's.
    private static func ring(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        guard o.pointee.ring != 0 else { return }
        let tag = Objects.tag(of: o)
        pl_block_at(o.pointee.ring & ~63).pointee.owner = tag
        fault(.repairRingOwner)
        var i = o.pointee.head
        while i != o.pointee.tail {
            let e = pl_entry_at(o, i)!
            if e.pointee.in_block != 0 { pl_block_at(pl_get_ref(pl_entry_payload(e))).pointee.owner = tag }
            fault(.repairRingOwner2)
            i &+= 1
        }
    }

    /// Rebuilds both lists in the order of the tickets, and wakes everyone in them.
    private static func lists(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        o.pointee.send_first = 0
        fault(.repairListsSendFirst)
        o.pointee.send_last = 0
        fault(.repairListsSendLast)
        o.pointee.send_count = 0
        fault(.repairListsSendCount)
        o.pointee.recv_first = 0
        fault(.repairListsRecvFirst)
        o.pointee.recv_last = 0
        fault(.repairListsRecvLast)
        o.pointee.recv_count = 0
        fault(.repairListsRecvCount)
        o.pointee.signalled = 0
        fault(.repairListsSignalled)
        var found: [(UInt64, UInt32)] = []
        forEachRecord(at: index) { i, r in found.append((r.pointee.ticket, i)) }
        found.sort { $0.0 < $1.0 }
        for (ticket, i) in found {
            if ticket >= o.pointee.ticket { o.pointee.ticket = ticket + 1 }
            fault(.repairListsTicket)
            let r = pl_record_at(i)!
            r.pointee.signalled = 0
            fault(.repairListsSignalled2)
            if r.pointee.direction == Direction.send {
                Waiting.append(&o.pointee.send_first, &o.pointee.send_last, i)
                o.pointee.send_count += 1
                fault(.repairListsSendCount2)
            } else {
                Waiting.append(&o.pointee.recv_first, &o.pointee.recv_last, i)
                o.pointee.recv_count += 1
                fault(.repairListsRecvCount2)
            }
        }
        Waiting.broadcast(o)
    }

    /// Visits the active records at an object.
    static func forEachRecord(at object: UInt32, _ visit: (UInt32, UnsafeMutablePointer<pl_record>) -> Void) {
        for i in 1..<max(1, pl_acquire32(&Pool.records.pointee.used)) {
            let r = pl_record_at(i)!
            if r.pointee.owner != 0, r.pointee.active != 0, r.pointee.object == object { visit(i, r) }
        }
    }
}
