// How a process sleeps and is woken: one sequence number per process, bumped by whoever has news for it.
//
// Invariants
// - News first, then the bump, then FUTEX_WAKE if the target is parked. A sleeper reads the sequence number
//   before it looks for news, and sleeps only while the number is unchanged: no wake-up is lost.
// - `parked` says on which number its process sleeps. A waker clears it (and wakes) only if the sequence number
//   has moved on from there: a slow waker, whose news was seen long ago, must not take the mark of a later
//   sleep, or the next waker would not wake it.
// - A waker notes its targets in its slot before the bump and forgets them after the FUTEX_WAKE; the sweep
//   of a dead waker repeats the list.
// - A wake-up is a hint: the woken process looks again.

import CSystem
import Glibc

enum Parker {
    /// The sequence number to wait on; read it before looking for news.
    @inline(__always)
    static var sequence: UInt32 { pl_load32(&pl_me().pointee.seq) }

    /// Sleeps until the sequence number differs from `seen`, the deadline passes or a signal comes.
    /// Returns false when the deadline passed. The caller looks for news in any case.
    ///
    /// `header.running` counts the processes that are not parked (a hint): whoever clears `parked`, waker or
    /// sleeper, counts the process again.
    static func park(_ seen: UInt32, deadline: Int64 = .max) -> Bool {
        deliver()
        if deadline == .max, Spin.wait(seen) { return true }
        return sleep(seen, deadline: deadline)
    }

    /// The same for one who has waited awake already, and has no wakes to deliver.
    static func sleep(_ seen: UInt32, deadline: Int64 = .max) -> Bool {
        let me = pl_me()!
        let h = pl_head()!
        pl_store32(&me.pointee.parked, seen | 1)
        fault(.parkerParkParked)
        let left = pl_sub32(&h.pointee.running, 1)
        fault(.parkerParkRunning)
        if left == 1, deadline == .max, pl_load32(&me.pointee.seq) == seen {
            Kick.supervisor(Kick.detect)
        }
        var result: Int32 = 0
        while pl_load32(&me.pointee.seq) == seen {
            result = pl_futex_wait(&me.pointee.seq, seen, deadline)
            if result == ETIMEDOUT || result == EINTR { break }
        }
        if pl_swap32(&me.pointee.parked, 0) != 0 { _ = pl_add32(&h.pointee.running, 1) }
        fault(.parkerParkParked2)
        return result != ETIMEDOUT
    }

    /// Tells process `index` that there is news: bumps now, and FUTEX_WAKEs at `deliver` (after unlocking).
    @inline(__always)
    static func post(_ index: UInt32) {
        pl_own().pointee.urgent = 1
        postCompleted(index)
    }

    /// The same for the sender of a message that was taken: its FUTEX_WAKE may wait a moment (see Wakes).
    @inline(__always)
    static func postCompleted(_ index: UInt32) {
        note(index)
        bump(index)
    }

    @inline(__always)
    private static func note(_ index: UInt32) {
        let me = pl_me()!
        if me.pointee.pending_count == UInt32(PL_PENDING) { deliver() }
        let n = me.pointee.pending_count
        pl_pending(me)[Int(n)] = index
        fault(.parkerPostPending)
        pl_order()
        me.pointee.pending_count = n + 1
        fault(.parkerPostPendingCount)
        pl_order()
    }

    @inline(__always)
    private static func bump(_ index: UInt32) {
        let target = pl_slot_at(index)!
        if pl_own().pointee.cores > 1 { Spin.leaveMark(target, index) }
        _ = pl_add32(&target.pointee.seq, 2)
        fault(.parkerPostSeq)
    }

    /// Wakes everyone posted to. Call it without holding locks where that is possible.
    @inline(__always)
    static func deliver() {
        if pl_me().pointee.pending_count != 0 { deliverAll() }
    }

    /// The same, unless all of them may wait.
    @inline(__always)
    static func deliverUrgent() {
        if pl_own().pointee.urgent != 0 { deliver() }
    }

    /// Whether one of those posted to sleeps: the others need no system call. (What is said of news and bump holds
    /// here: one who is not parked yet compares the sequence number before it sleeps.)
    static var hasSleepers: Bool {
        let me = pl_me()!
        for i in 0..<Int(me.pointee.pending_count)
        where pl_load32(&pl_slot_at(pl_pending(me)[i]).pointee.parked) != 0 { return true }
        return false
    }

    @inline(never)
    private static func deliverAll() {
        let me = pl_me()!
        let n = me.pointee.pending_count
        // The newest first: who was signalled goes on with our message; a sender completed before has time.
        var i = Int(n)
        while i > 0 {
            i -= 1
            let target = pl_slot_at(pl_pending(me)[i])!
            let parked = pl_load32(&target.pointee.parked)
            if parked != 0, parked != pl_load32(&target.pointee.seq) | 1, pl_cas32(&target.pointee.parked, parked, 0) {
                fault(.parkerDeliverParked)
                _ = pl_add32(&pl_head().pointee.running, 1)
                fault(.parkerDeliverRunning)
                pl_futex_wake(&target.pointee.seq, 1)
            }
        }
        pl_order()
        me.pointee.pending_count = 0
        fault(.parkerDeliverPendingCount)
        pl_own().pointee.urgent = 0
        if _slowPath(pl_own().pointee.deferring != 0) { Wakes.delivered() }
    }

    /// What a dead waker had begun: it may have taken `parked` and died before its FUTEX_WAKE.
    static func repeatWake(_ index: UInt32) {
        let target = pl_slot_at(index)!
        _ = pl_add32(&target.pointee.seq, 2)
        fault(.parkerRepeatWakeSeq)
        if pl_swap32(&target.pointee.parked, 0) != 0 { _ = pl_add32(&pl_head().pointee.running, 1) }
        fault(.parkerRepeatWakeParked)
        pl_futex_wake(&target.pointee.seq, 1)
    }

    /// Notes the target, lets `publish` make the news, then bumps and wakes: should this process be killed at any
    /// point after the news, the sweep finds the note and wakes in its place.
    static func wake(_ index: UInt32, after publish: () -> Void) {
        note(index)
        publish()
        fault(.parkerWakePublished)
        bump(index)
        deliver()
    }

    /// As `wake(_:after:)`, where the news is a compare-and-swap that may fail. Says whether it did not.
    static func wake(_ index: UInt32, ifDone publish: () -> Bool) -> Bool {
        var done = false
        wake(index) { done = publish() }
        return done
    }

    /// Bumps and wakes at once.
    static func wake(_ index: UInt32) {
        post(index)
        deliver()
    }
}

/// Reasons for the supervisor to look, set by anybody: bits in `header.kicks`, then one write to its eventfd.
enum Kick {
    static let birth: UInt32 = 1
    static let cancel = UInt32(PL_KICK_CANCEL)
    static let kill: UInt32 = 4
    static let detect: UInt32 = 8
    static let foreign: UInt32 = 16
    static let manager: UInt32 = 32
    static let signal = UInt32(PL_KICK_SIGNAL)
    static let trim: UInt32 = 128

    static func supervisor(_ reason: UInt32) {
        _ = pl_or32(&pl_head().pointee.kicks, reason)
        fault(.kickSupervisorKicks)
        var one: UInt64 = 1
        _ = Glibc.write(pl_own().pointee.kick_fd, &one, 8)
    }
}
