// What the supervisor does with a process that died without ending itself.
//
// Invariants
// - Idempotent and restartable: each step looks at what is there.
// - The order matters: locks are repaired before blocks are freed (a block in a ring is the object's), ends
//   are released after user locks (who learns of an end finds the lock free), wake-ups are repeated last.
// - Never allocates shared memory.

import CSystem
import Glibc

enum Sweep {
    static func process(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let ref = ProcessRef(index: index, generation: s.pointee.generation).raw
        repairLocks(s, ref)
        withdrawRecords(s, index)
        OwnerLocks.release(ownedBy: index)
        SharedHooks.sweep(index)
        while s.pointee.ends != 0 { Ends.detach(s.pointee.ends, list: &s.pointee.ends) }
        intents(s, ref)
        blocks(s, ref)
        repeatWakes(s)
        s.pointee.cancel_deadline = 0
        fault(.sweepProcessCancelDeadline)
        Cleanup.run()
        Parker.deliver()
    }

    /// Wakes whom the process was about to wake.
    /// `forget`: false where the slot may already be the next process's; a needless wake-up harms nobody.
    static func repeatWakes(_ s: UnsafeMutablePointer<pl_slot>, forget: Bool = true) {
        for i in 0..<min(Int(s.pointee.pending_count), Int(PL_PENDING)) {
            let target = pl_pending(s)[i]
            if target > 0, target < pl_acquire32(&pl_head().pointee.slot_used) { Parker.repeatWake(target) }
        }
        if forget { s.pointee.pending_count = 0 }
        fault(.sweepRepeatWakesPendingCount)
    }

    /// Locks again what the process may have held: the lock's own repair does the rest.
    private static func repairLocks(_ s: UnsafeMutablePointer<pl_slot>, _ ref: UInt64) {
        for i in 0..<Int(PL_LOCKSET) where pl_lockset(s)[i] != 0 {
            touch(pl_lockset(s)[i], ref)
            pl_lockset(s)[i] = 0
            fault(.sweepRepairLocksLockset)
        }
        if s.pointee.lockset_overflow != 0 {
            // With its locks, or without ends: it had put off their cleaning.
            for i in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used)) {
                let isEmptied = pl_object_at(i).pointee.kind != 0 && pl_object_at(i).pointee.ends_first == 0
                if isEmptied || pl_mutex_owner_died(mutex(i)) { touch(i, ref) }
            }
            s.pointee.lockset_overflow = 0
            fault(.sweepRepairLocksLocksetOverflow)
        }
    }

    private static func mutex(_ i: UInt32) -> UnsafePointer<pthread_mutex_t> {
        UnsafeRawPointer(pl_object_at(i)!).assumingMemoryBound(to: pthread_mutex_t.self)
    }

    private static func touch(_ object: UInt32, _ ref: UInt64) {
        let o = pl_object_at(object)!
        Objects.lock(object)
        if o.pointee.kind != 0, Objects.kind(o)?.isStream == true {
            Waiting.settle(o)
            Waiting.balance(o)
            Streams.evaluate(o, object)
        }
        Objects.unlock(object)
        Parker.deliver()
        Cleanup.resume(object, of: ref)
    }

    private static func withdrawRecords(_ s: UnsafeMutablePointer<pl_slot>, _ index: UInt32) {
        var i = s.pointee.records
        while i != 0 {
            let r = pl_record_at(i)!
            let next = r.pointee.chain
            if r.pointee.owner == index {
                let object = r.pointee.object
                if r.pointee.active != 0, object != 0 {
                    Objects.lock(object)
                    let o = pl_object_at(object)!
                    if r.pointee.active != 0, o.pointee.kind != 0 {
                        Waiting.withdraw(o, i)
                        Waiting.settle(o)
                        Waiting.balance(o)
                    }
                    Objects.unlock(object)
                    Parker.deliver()
                }
                r.pointee.active = 0
                fault(.sweepWithdrawRecordsActive)
                Pool.giveRecord(i)
            }
            i = next
        }
        s.pointee.records = 0
        fault(.sweepWithdrawRecordsRecords)
    }

    /// Items taken from a pool but not yet in a list.
    private static func intents(_ s: UnsafeMutablePointer<pl_slot>, _ ref: UInt64) {
        // If it died while it took an item, the pool counts that from here on: the manager finds an object that is to go
        // only among those.
        Pool.repairAll()
        let e = s.pointee.end_intent
        let owner = e == 0 ? 0 : pl_end_at(e).pointee.owner
        if owner != 0, owner == ref || owner == s.pointee.end_intent_owner, !Ends.isListed(e) {
            var none: UInt32 = e
            pl_end_at(e).pointee.own_next = 0
            fault(.sweepIntentsOwnNext)
            pl_end_at(e).pointee.own_prev = 0
            fault(.sweepIntentsOwnPrev)
            Ends.detach(e, list: &none)
        }
        s.pointee.end_intent = 0
        fault(.sweepIntentsEndIntent)
        let r = s.pointee.record_intent
        if r != 0, pl_record_at(r).pointee.owner != 0, pl_record_at(r).pointee.owner == index(of: s) { Pool.giveRecord(r) }
        s.pointee.record_intent = 0
        fault(.sweepIntentsRecordIntent)
        let o = s.pointee.object_intent
        if o != 0 { Cleanup.abandon(o, maker: ref) }
        s.pointee.object_intent = 0
        fault(.sweepIntentsObjectIntent)
    }

    private static func index(of s: UnsafeMutablePointer<pl_slot>) -> UInt32 {
        UInt32((UInt(bitPattern: s) - UInt(bitPattern: pl_slot_at(0)!)) / 1024)
    }

    /// Frees the blocks that only the dead process knew of.
    private static func blocks(_ s: UnsafeMutablePointer<pl_slot>, _ ref: UInt64) {
        for i in 0..<Int(PL_INFLIGHT) {
            let block = pl_inflight(s)[i]
            if block != 0, Blocks.isUsed(block), pl_block_at(block).pointee.owner == ref, block != s.pointee.exit_block {
                Messages.discard(block)
            }
            pl_inflight(s)[i] = 0
            fault(.sweepBlocksInflight)
        }
        if s.pointee.inflight_overflow != 0 {
            Blocks.forEach { block in
                if pl_block_at(block).pointee.owner == ref, block != s.pointee.exit_block { Messages.discard(block) }
            }
            s.pointee.inflight_overflow = 0
            fault(.sweepBlocksInflightOverflow)
        }
    }
}
