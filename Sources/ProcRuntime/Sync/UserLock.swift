// The lock of a shared variable that a script's `lock` takes. Unlike the object's internal lock it may be held
// while its owner waits, forks or dies.
//
// The lock word:  version << 32 | waiters (bit 24) | owner's slot.  The version counts the acquisitions: who
// reads an element between two equal, free words has seen no half-done change.
//
// Invariants
// - A free word is taken by compare-and-swap by anybody (barging); an owned word is changed by its owner (or
//   by the sweep of a dead owner), and the waiters bit is set under the object's lock only.
// - The waiters bit is set whenever the wait queue is not empty.
// - A release wakes the first in the queue and leaves the lock free; one that comes too late because somebody
//   barged in goes back to its place as `starving`, and the next release hands the lock over to it. So nobody
//   is passed more than once after it reached the front.
// - Before a process takes or gives up a lock it notes the object in `lockIntent` (or `bracket`); the objects
//   that it holds are chained from `user_lock_head` through words[held]. The sweep finds every lock of a dead
//   process in one of the three.
// - Commit: the objects of one `lock` are committed together, by the store to `SlotWord.commit`.

import CSystem

enum UserLock {
    typealias Object = Shared.Object

    private static let ownerMask: UInt64 = 0xff_ffff
    private static let waiters: UInt64 = 1 << 24
    private static let committing: UInt64 = 1 << 32

    /// The owner of an object whose changes the manager is undoing.
    static let rollingBack: UInt32 = 0xff_ffff

    @inline(__always)
    static func owner(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word & ownerMask) }
    @inline(__always)
    static func version(_ word: UInt64) -> UInt32 { UInt32(word >> 32) }
    @inline(__always)
    static func word(_ o: Object) -> UInt64 { pl_load64(Shared.word(o, ObjectWord.lock)) }
    /// What of a word says whether an element was read undisturbed.
    @inline(__always)
    static func stamp(_ word: UInt64) -> UInt64 { word & ~waiters }
    @inline(__always)
    static func isMine(_ o: Object) -> Bool { owner(word(o)) == pl_my_index() }
    /// How many `lock`s of its owner name the object: 0 while it is only bracketed by an update.
    @inline(__always)
    static func depth(_ o: Object) -> UInt32 { UInt32(Shared.word(o, ObjectWord.held).pointee >> 32) }

    @inline(__always)
    private static func taken(_ word: UInt64, by slot: UInt32) -> UInt64 {
        UInt64(version(word) &+ 1) << 32 | word & waiters | UInt64(slot)
    }

    @inline(__always)
    static func tryTake(_ o: Object) -> Bool {
        let w = word(o)
        guard owner(w) == 0, pl_cas64(Shared.word(o, ObjectWord.lock), w, taken(w, by: pl_my_index())) else { return false }
        fault(.userLockTryTakeLock)
        return true
    }

    // MARK: One object

    /// Takes the lock; nil when it has it. `intent` is the slot word that names the object from before the
    /// acquisition on; on failure it is cleared again. Waits.
    @inline(__always)
    static func acquire(
        _ o: Object, _ object: UInt32, intent: Int, deadline: Int64 = .max, line: Int32 = 0, tryDepth: Int32 = 0
    ) -> WaitOutcome? {
        Shared.mine(intent).pointee = UInt64(object)
        fault(.userLockAcquireWord)
        pl_order()
        if _fastPath(tryTake(o)) { return nil }
        let outcome = wait(o, object, deadline, line, tryDepth)
        if outcome != nil { Shared.mine(intent).pointee = 0 }
        fault(.userLockAcquireWord2)
        return outcome
    }

    @inline(never)
    private static func wait(
        _ o: Object, _ object: UInt32, _ deadline: Int64, _ line: Int32, _ tryDepth: Int32
    ) -> WaitOutcome? {
        let me = pl_my_index()
        let p = Shared.word(o, ObjectWord.lock)
        var wait = SyncWait(WaitKind.lock, object, deadline, line, tryDepth)
        var came = false
        while true {
            wait.look()
            Objects.lock(object)
            if let outcome = wait.verdict {
                let signalled = WaitQueue.leave(o, me)
                if isMine(o) { passOn(o) } else if signalled { wakeNext(o) }
                Objects.unlock(object)
                Parker.deliver()
                return outcome
            }
            let w = pl_load64(p)
            if owner(w) == me || (owner(w) == 0 && pl_cas64(p, w, taken(w, by: me))) {
                fault(.userLockWaitTaken)
                WaitQueue.leave(o, me)
                Objects.unlock(object)
                return nil
            }
            if owner(w) == 0 || !(w & waiters != 0 || pl_cas64(p, w, w | waiters)) {
                Objects.unlock(object)
                continue
            }
            fault(.userLockWaitWaiters)
            if let outcome = wait.interruption {
                let signalled = WaitQueue.leave(o, me)
                if signalled { wakeNext(o) }
                Objects.unlock(object)
                Parker.deliver()
                return outcome
            }
            if WaitQueue.flags(me) & QueueFlag.queued == 0 {
                WaitQueue.enter(o, object, extra: came ? QueueFlag.starving : 0)
                came = true
            }
            wait.begin()
            Objects.unlock(object)
            wait.park()
        }
    }

    /// Gives up a lock of this process.
    @inline(__always)
    static func release(_ o: Object, _ object: UInt32) {
        let w = word(o)
        if _fastPath(w & waiters == 0 && pl_cas64(Shared.word(o, ObjectWord.lock), w, w & ~ownerMask)) {
            fault(.userLockReleaseLock)
            return
        }
        releaseSlowly(o, object)
    }

    @inline(never)
    private static func releaseSlowly(_ o: Object, _ object: UInt32) {
        Objects.lock(object)
        passOn(o)
        Objects.unlock(object)
        Parker.deliver()
    }

    /// Frees an owned word, or hands it to a starving waiter. Object's lock held.
    private static func passOn(_ o: Object) {
        let p = Shared.word(o, ObjectWord.lock)
        let w = pl_load64(p)
        let head = WaitQueue.first(o)
        let more = head != 0 && WaitQueue.next(head) != 0 ? waiters : 0
        let free = w & ~(ownerMask | waiters) | more
        if head == 0 {
            pl_store64(p, free)
            fault(.userLockPassOnWord)
        } else {
            pl_store64(p, WaitQueue.flags(head) & QueueFlag.starving != 0 ? taken(free, by: head) : free)
            fault(.userLockPassOnWord2)
            WaitQueue.signal(o, head)
        }
    }

    /// A signalled process went away: the next one is signalled if the lock is free.
    private static func wakeNext(_ o: Object) {
        let head = WaitQueue.first(o)
        if head != 0, owner(word(o)) == 0 { WaitQueue.signal(o, head) }
    }

    // MARK: The objects of one `lock`

    /// Links an acquired object into the list of held ones, at depth 1.
    static func hold(_ o: Object, _ object: UInt32) {
        let me = pl_me()!
        Shared.word(o, ObjectWord.held).pointee = UInt64(me.pointee.user_lock_head) | 1 << 32
        fault(.userLockHoldHeld)
        pl_order()
        me.pointee.user_lock_head = object
        fault(.userLockHoldUserLockHead)
        pl_order()
        Shared.mine(SlotWord.lockIntent).pointee = 0
        fault(.userLockHoldLockIntent)
    }

    static func addDepth(_ o: Object, _ n: Int) {
        let w = Shared.word(o, ObjectWord.held)
        w.pointee = UInt64(truncatingIfNeeded: Int(w.pointee >> 32) + n) << 32 | w.pointee & 0xffff_ffff
        fault(.userLockAddDepthWord)
    }

    /// Gives up the objects that the innermost `lock` took, and keeps their changes: all or, if this process
    /// dies before the store to `commit`, none.
    static func releaseGroup(_ objects: [UInt32]) {
        let me = pl_me()!
        var boundary = me.pointee.user_lock_head
        for _ in objects {
            // Locks that are not given up innermost first: each is a commit of its own.
            guard boundary != 0, objects.contains(boundary) else {
                for object in objects { releaseOne(object) }
                return
            }
            boundary = UInt32(truncatingIfNeeded: Shared.word(pl_object_at(boundary), ObjectWord.held).pointee)
        }
        Shared.mine(SlotWord.commit).pointee = committing | UInt64(boundary)
        fault(.userLockReleaseGroupCommit)
        pl_order()
        while me.pointee.user_lock_head != boundary { releaseOne(me.pointee.user_lock_head) }
        Shared.mine(SlotWord.commit).pointee = 0
        fault(.userLockReleaseGroupCommit2)
    }

    /// Gives up one object that is held at depth 1: a commit of its own.
    static func releaseOne(_ object: UInt32) {
        let me = pl_me()!
        let o = pl_object_at(object)!
        UndoLog.commitAny(o, object)
        Shared.mine(SlotWord.lockIntent).pointee = UInt64(object)
        fault(.userLockReleaseOneLockIntent)
        pl_order()
        let next = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.held).pointee)
        if me.pointee.user_lock_head == object {
            me.pointee.user_lock_head = next
            fault(.userLockReleaseOneUserLockHead)
        } else {
            var i = me.pointee.user_lock_head
            while i != 0 {
                let w = Shared.word(pl_object_at(i), ObjectWord.held)
                let following = UInt32(truncatingIfNeeded: w.pointee)
                if following == object {
                    w.pointee = w.pointee & ~0xffff_ffff | UInt64(next)
                    fault(.userLockReleaseOneWord)
                    break
                }
                i = following
            }
        }
        pl_order()
        Shared.word(o, ObjectWord.held).pointee = 0
        fault(.userLockReleaseOneHeld)
        pl_order()
        release(o, object)
        pl_order()
        Shared.mine(SlotWord.lockIntent).pointee = 0
        fault(.userLockReleaseOneLockIntent2)
    }

    /// Gives up everything that this process holds, keeping the changes: its orderly end.
    static func releaseAll() {
        while pl_me().pointee.user_lock_head != 0 { releaseGroup([pl_me().pointee.user_lock_head]) }
        let bracket = UInt32(truncatingIfNeeded: Shared.mine(SlotWord.bracket).pointee)
        if bracket != 0 {
            if isMine(pl_object_at(bracket)) { release(pl_object_at(bracket), bracket) }
            Shared.mine(SlotWord.bracket).pointee = 0
            fault(.userLockReleaseAllBracket)
        }
    }

    // MARK: After a death

    /// Takes the dead process `slot` out of wait queues, undoes what it changed inside a `lock`, and releases
    /// its locks. By the supervisor; may be repeated.
    static func sweep(_ slot: UInt32) {
        let s = pl_slot_at(slot)!
        func named(_ i: Int) -> UInt32 { UInt32(truncatingIfNeeded: Shared.slotWord(slot, i).pointee) }
        let waitsAt = named(SlotWord.waitsAt)
        if waitsAt != 0 {
            Objects.lock(waitsAt)
            let o = pl_object_at(waitsAt)!
            if WaitQueue.leave(o, slot) { Sync.signalledOneLeft(o) }
            Objects.unlock(waitsAt)
            Parker.deliver()
        }
        let commit = Shared.slotWord(slot, SlotWord.commit).pointee
        var committed = commit & committing != 0
        let boundary = UInt32(truncatingIfNeeded: commit)
        while s.pointee.user_lock_head != 0 {
            let object = s.pointee.user_lock_head
            if object == boundary { committed = false }
            let o = pl_object_at(object)!
            let next = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.held).pointee)
            if owner(word(o)) == slot {
                // First: from the rollback on, a managed object's lock may be somebody else's.
                Shared.word(o, ObjectWord.held).pointee = 0
                fault(.userLockSweepHeld)
                pl_order()
                if committed { UndoLog.commitAny(o, object) } else { UndoLog.rollBackAny(o, object, slot) }
                releaseDead(o, object, slot)
            }
            s.pointee.user_lock_head = next
            fault(.userLockSweepUserLockHead)
        }
        Shared.slotWord(slot, SlotWord.commit).pointee = 0
        fault(.userLockSweepCommit)
        for intent in [SlotWord.lockIntent, SlotWord.bracket] {
            let object = named(intent)
            if object != 0 { releaseDead(pl_object_at(object), object, slot) }
            Shared.slotWord(slot, intent).pointee = 0
            fault(.userLockSweepWord)
        }
    }

    /// Releases a lock if `slot` owns it.
    private static func releaseDead(_ o: Object, _ object: UInt32, _ slot: UInt32) {
        Objects.lock(object)
        if owner(word(o)) == slot { passOn(o) }
        Objects.unlock(object)
        Parker.deliver()
    }

    /// A dead owner's lock becomes the manager's until its changes are undone.
    static func handToRollback(_ o: Object, _ object: UInt32, _ slot: UInt32) {
        Objects.lock(object)
        let w = word(o)
        if owner(w) == slot { pl_store64(Shared.word(o, ObjectWord.lock), w & ~ownerMask | UInt64(rollingBack)) }
        fault(.userLockHandToRollbackLock)
        Objects.unlock(object)
    }

    /// The changes are undone: the lock is free for the next.
    static func endRollback(_ o: Object, _ object: UInt32) { releaseDead(o, object, rollingBack) }

    /// A signalled waiter died or gave up. Object's lock held.
    static func signalledOneLeft(_ o: Object) { wakeNext(o) }

    /// After a death inside the object's lock. The queue is linked again.
    static func repair(_ o: Object) {
        guard WaitQueue.first(o) != 0 else { return }
        _ = pl_or64(Shared.word(o, ObjectWord.lock), waiters)
        fault(.userLockRepairLock)
    }
}
