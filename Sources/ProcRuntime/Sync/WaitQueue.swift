// The queue of the processes that wait at a user lock, barrier, semaphore or event, linked through their
// slots: a process waits at one such object at a time.
//
// Invariants
// - All functions are called with the object's lock held.
// - The truth is in the slots: `waitsAt` names the object, `waitState` says whether the process is queued. The
//   links and the ends of the queue are derived; `rebuild` makes them again, in the order of the tickets.
// - A signalled process has left the queue but not `waitsAt`: if it dies or gives up instead of taking what it
//   was signalled for, the next one is signalled (`leave` says so).

import CSystem

enum QueueFlag {
    static let queued: UInt64 = 1
    static let signalled: UInt64 = 2
    /// Was signalled once and came too late: the lock is handed to it directly.
    static let starving: UInt64 = 4
}

enum WaitQueue {
    @inline(__always)
    static func first(_ o: Shared.Object) -> UInt32 {
        UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.queue).pointee)
    }
    @inline(__always)
    static func last(_ o: Shared.Object) -> UInt32 { UInt32(Shared.word(o, ObjectWord.queue).pointee >> 32) }

    @inline(__always)
    private static func set(_ o: Shared.Object, _ first: UInt32, _ last: UInt32) {
        Shared.word(o, ObjectWord.queue).pointee = UInt64(first) | UInt64(last) << 32
        fault(.waitQueueSetQueue)
    }
    @inline(__always)
    static func next(_ slot: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: Shared.slotWord(slot, SlotWord.links).pointee)
    }
    @inline(__always)
    private static func previous(_ slot: UInt32) -> UInt32 {
        UInt32(Shared.slotWord(slot, SlotWord.links).pointee >> 32)
    }
    @inline(__always)
    private static func setLinks(_ slot: UInt32, next: UInt32, previous: UInt32) {
        Shared.slotWord(slot, SlotWord.links).pointee = UInt64(next) | UInt64(previous) << 32
        fault(.waitQueueSetLinksLinks)
    }
    @inline(__always)
    static func flags(_ slot: UInt32) -> UInt64 { Shared.slotWord(slot, SlotWord.waitState).pointee & 0xffff_ffff }
    @inline(__always)
    private static func setFlags(_ slot: UInt32, _ flags: UInt64) {
        let w = Shared.slotWord(slot, SlotWord.waitState)
        w.pointee = w.pointee & ~0xffff_ffff | flags
        fault(.waitQueueSetFlagsWord)
    }
    /// The number that the kind of object keeps with a waiting process.
    @inline(__always)
    static func number(_ slot: UInt32) -> UInt32 { UInt32(Shared.slotWord(slot, SlotWord.waitState).pointee >> 32) }

    /// Whether this process waits at the object (queued or signalled).
    @inline(__always)
    static func isAt(_ object: UInt32) -> Bool { Shared.mine(SlotWord.waitsAt).pointee == UInt64(object) }

    /// Puts this process into the queue: at the end when it comes, at its old place when it comes back.
    static func enter(_ o: Shared.Object, _ object: UInt32, number: UInt32 = 0, extra: UInt64 = 0) {
        let me = pl_my_index()
        if !isAt(object) {
            Shared.mine(SlotWord.ticket).pointee = o.pointee.ticket
            fault(.waitQueueEnterTicket)
            o.pointee.ticket += 1
            fault(.waitQueueEnterTicket2)
        }
        Shared.mine(SlotWord.waitState).pointee = UInt64(number) << 32 | QueueFlag.queued | extra
        fault(.waitQueueEnterWaitState)
        pl_order()
        Shared.mine(SlotWord.waitsAt).pointee = UInt64(object)
        fault(.waitQueueEnterWaitsAt)
        pl_order()
        insert(o, me)
        if counts(o) { Shared.word(o, ObjectWord.waitingCount).pointee += 1 }
        fault(.waitQueueEnterWaitingCount)
    }

    /// Takes a queued process out and wakes it; it takes what it waits for by itself.
    static func signal(_ o: Shared.Object, _ slot: UInt32) {
        unlink(o, slot)
        setFlags(slot, flags(slot) & ~QueueFlag.queued | QueueFlag.signalled)
        Parker.post(slot)
    }

    /// Takes a process out, wherever it is. True when it was signalled: the caller looks whether the next one
    /// is to be signalled.
    @discardableResult
    static func leave(_ o: Shared.Object, _ slot: UInt32) -> Bool {
        let state = flags(slot)
        if state & QueueFlag.queued != 0 { unlink(o, slot) }
        setFlags(slot, 0)
        pl_order()
        Shared.slotWord(slot, SlotWord.waitsAt).pointee = 0
        fault(.waitQueueLeaveWaitsAt)
        return state & QueueFlag.signalled != 0
    }

    /// After a death inside the object's lock: links the queued processes again and wakes everyone who waits
    /// here, to look again.
    static func rebuild(_ o: Shared.Object, _ object: UInt32) {
        set(o, 0, 0)
        if counts(o) { Shared.word(o, ObjectWord.waitingCount).pointee = 0 }
        fault(.waitQueueRebuildWaitingCount)
        for slot in 1..<max(1, pl_acquire32(&pl_head().pointee.slot_used)) {
            guard Shared.slotWord(slot, SlotWord.waitsAt).pointee == UInt64(object),
                pl_load32(&pl_slot_at(slot).pointee.state) != State.free
            else { continue }
            if flags(slot) & QueueFlag.queued != 0 {
                insert(o, slot)
                if counts(o) { Shared.word(o, ObjectWord.waitingCount).pointee += 1 }
                fault(.waitQueueRebuildWaitingCount2)
            }
            Parker.post(slot)
        }
    }

    /// Before the first one with a later ticket, looked for from the end.
    private static func insert(_ o: Shared.Object, _ slot: UInt32) {
        let ticket = Shared.slotWord(slot, SlotWord.ticket).pointee
        var after = last(o)
        while after != 0, Shared.slotWord(after, SlotWord.ticket).pointee > ticket { after = previous(after) }
        let before = after == 0 ? first(o) : next(after)
        setLinks(slot, next: before, previous: after)
        if after != 0 { setLinks(after, next: slot, previous: previous(after)) }
        if before != 0 { setLinks(before, next: next(before), previous: slot) }
        set(o, after == 0 ? slot : first(o), before == 0 ? slot : last(o))
    }

    private static func unlink(_ o: Shared.Object, _ slot: UInt32) {
        let n = next(slot)
        let p = previous(slot)
        if p != 0 { setLinks(p, next: n, previous: previous(p)) }
        if n != 0 { setLinks(n, next: next(n), previous: p) }
        set(o, p == 0 ? n : first(o), n == 0 ? p : last(o))
        setLinks(slot, next: 0, previous: 0)
        if counts(o) { Shared.word(o, ObjectWord.waitingCount).pointee -= 1 }
        fault(.waitQueueUnlinkWaitingCount)
    }

    /// Barriers know how many wait.
    @inline(__always)
    private static func counts(_ o: Shared.Object) -> Bool { o.pointee.kind == ObjectKind.barrier.rawValue + 1 }
}
