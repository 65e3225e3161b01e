// Locks for standard input and output: they may be held over a blocking system call, so they are no robust
// mutexes. The holder's slot is in the lock word; the sweep of a dead holder releases it.
//
// Invariants
// - `word` is 0 (free) or the slot index of the holder, changed by compare-and-swap.
// - Waiters announce themselves in their wait record; a release wakes those it finds there.

import CSystem
import Glibc

enum OwnerLocks {
    static var output: UnsafeMutablePointer<pl_owner_lock> { pl_output_lock() }
    static var input: UnsafeMutablePointer<pl_owner_lock> { pl_input_lock() }

    /// Waits for the lock. False: cancelled (only if `cancellable`).
    static func acquire(_ lock: UnsafeMutablePointer<pl_owner_lock>, cancellable: Bool) -> Bool {
        if pl_cas32(&lock.pointee.word, 0, pl_my_index()) {
            fault(.ownerLocksAcquireWord)
            return true
        }
        _ = pl_add32(&lock.pointee.waiters, 1)
        fault(.ownerLocksAcquireWaiters)
        defer {
            _ = pl_sub32(&lock.pointee.waiters, 1)
            fault(.ownerLocksAcquireNoWaiter)
        }
        var generation: UInt32 = 0
        while true {
            let seen = Parker.sequence
            if pl_cas32(&lock.pointee.word, 0, pl_my_index()) {
                fault(.ownerLocksAcquireWord2)
                return true
            }
            if cancellable, Cancellation.pending { return false }
            generation = WaitRecord.begin(
                WaitKind.external, line: 0, tryDepth: 0, seen: seen, flags: WaitFlag.external,
                object: mark(of: lock), first: generation == 0)
            pl_fence()
            if pl_load32(&lock.pointee.word) != 0 { _ = Parker.park(seen) }
            WaitRecord.end()
        }
    }

    /// What names a lock in the wait record of who waits for it, in every mapping of the arena.
    static func mark(of lock: UnsafeMutablePointer<pl_owner_lock>) -> UInt64 {
        1 << 32 | UInt64(UInt(bitPattern: lock) - UInt(bitPattern: pl_head()!))
    }

    static func release(_ lock: UnsafeMutablePointer<pl_owner_lock>) {
        pl_store32(&lock.pointee.word, 0)
        fault(.ownerLocksReleaseWord)
        if pl_load32(&lock.pointee.waiters) != 0 { wakeWaiters(lock) }
    }

    private static func wakeWaiters(_ lock: UnsafeMutablePointer<pl_owner_lock>) {
        let mark = mark(of: lock)
        for i in 1..<pl_acquire32(&pl_head().pointee.slot_used) {
            let s = pl_slot_at(i)!
            if s.pointee.wait_kind == WaitKind.external, s.pointee.wait_object == mark, pl_load32(&s.pointee.wait_gen) & 1 == 1 {
                Parker.post(i)
            }
        }
        Parker.deliver()
    }

    /// The sweep's: a dead process holds nothing. It may also have died between its release and the wake-ups.
    static func release(ownedBy index: UInt32) {
        let s = pl_slot_at(index)!
        for lock in [output, input] {
            if pl_load32(&s.pointee.wait_gen) & 1 == 1, s.pointee.wait_kind == WaitKind.external,
                s.pointee.wait_object == mark(of: lock)
            {
                _ = pl_sub32(&lock.pointee.waiters, 1)
                fault(.ownerLocksReleaseWaiters)
            }
            if pl_load32(&lock.pointee.word) == index {
                release(lock)
            } else if pl_load32(&lock.pointee.waiters) != 0 {
                wakeWaiters(lock)
            }
        }
    }
}
