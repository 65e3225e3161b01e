// Where shared variables, user locks, barriers, semaphores, events and the manager plug into the life of objects
// and processes. Nothing here allocates shared memory.

import CSystem

enum SharedHooks {
    /// A process died inside the object's lock: makes what is derived again. Lock held.
    static func repair(_ object: UInt32) {
        let o = pl_object_at(object)!
        WaitQueue.rebuild(o, object)
        switch Objects.kind(o) {
        case .cell, .array, .managed: UserLock.repair(o)
        case .semaphore: Semaphore.repair(o)
        case .barrier: Barrier.repair(o)
        default: break
        }
    }

    /// Whether this process ends, or goes on, in order: permits that it keeps then are a hand-over to others and do
    /// not return. Those of a process that failed or died do.
    private static var orderly = true

    /// A process gives up its `hold` end. Lock held; the entry is still in the object's list.
    static func holderLeaves(_ object: UInt32, entry: UInt32) {
        let o = pl_object_at(object)!
        switch Objects.kind(o) {
        case .semaphore: if !orderly || pl_my_index() == Supervisor.slot { Semaphore.giveBack(o, entry) }
        case .barrier:
            // An end inside a message is nobody who could have come.
            if pl_end_at(entry).pointee.owner & Ends.blockOwner == 0 {
                Shared.word(o, ObjectWord.lostHolder).pointee = 1
                fault(.sharedHooksHolderLeavesLostHolder)
            }
        default: break
        }
    }

    /// A holder has gone from the list and the counts. Lock held.
    static func holderLeft(_ object: UInt32) {
        let o = pl_object_at(object)!
        if Objects.kind(o) == .barrier { Barrier.holderLeft(o) }
    }

    /// Frees what an unused object owns. False when the manager has to do it, and gives the object back then.
    /// May be repeated.
    static func dispose(_ object: UInt32) -> Bool {
        let o = pl_object_at(object)!
        switch Objects.kind(o) {
        case .array:
            UndoLog.discard(o, object)
            Shared.freeOwned(o.pointee.ring, object)
            o.pointee.ring = 0
            fault(.sharedHooksDisposeRing)
        case .managed: return Manager.dispose(o, object)
        default: break
        }
        return true
    }

    /// The process in this slot is dead. By the supervisor, before its blocks in flight and its ends are freed.
    static func sweep(_ slot: UInt32) {
        if pl_load64(Shared.header(HeaderWord.manager)) == UInt64(slot) {
            Manager.sweepManager(slot)
        } else {
            Manager.sweepClient(slot)
        }
        UserLock.sweep(slot)
    }

    /// This process ends by itself: gives up its locks, and keeps their changes. `orderly`: with a result.
    static func finish(orderly: Bool) {
        self.orderly = orderly
        UserLock.releaseAll()
        ManagerClient.forget()
    }

    /// Whether a process that held the barrier has gone: who can never pass it gets `closed`.
    static func barrierLostHolder(_ object: UInt32) -> Bool {
        Shared.word(pl_object_at(object), ObjectWord.lostHolder).pointee != 0
    }

    /// Who could give the lock that is waited for at `object`: its owner's slot, 0 when it is free or changes hands.
    static func lockOwner(_ object: UInt32) -> UInt32 {
        let owner = UserLock.owner(UserLock.word(pl_object_at(object)))
        return owner == UserLock.rollingBack ? 0 : owner
    }
}
