// Cancelling and killing processes, and waits that end early by it.
//
// Invariants
// - The cancel word is stored before the parker is bumped; waiters look at the word after reading their
//   sequence number. Waits in system calls (`external` set) are interrupted by SIGURG, which is blocked
//   except inside `ppoll`.
// - Two seconds after the first cancellation the supervisor kills a process that has not ended.
// - Between `hold` and `admit` no cancellation becomes pending in a process: what comes meanwhile, and what was pending, is
//   pending from `admit` on. The two seconds run meanwhile.
// - Signals go only to processes that cannot have been reaped: by the parent (who reaps), or by the
//   supervisor through a pidfd.

import CSystem
import Glibc

/// The bits of `pl_slot.cancel`, the word that the interpreter looks at at every loop turn.
enum CancelWord {
    static let requested = UInt32(PL_CANCEL_REQUESTED)
    /// Set by the process itself: it has wakes to deliver (see Wakes).
    static let attention: UInt32 = 2
    /// Set by the deadlock detector: the process is to look which ends it can still reach (see WaitRecord).
    static let collect: UInt32 = 4
    /// The process holds cancellations back (set by itself): who cancels it sets `held` instead of `requested`.
    static let holding = UInt32(PL_CANCEL_HOLDING)
    static let held = UInt32(PL_CANCEL_HELD)
}

enum Cancellation {
    static let grace: Int64 = 2_000_000_000

    /// Asks a process to end. Harmless when it has ended.
    static func request(_ ref: ProcessRef) {
        withSlot(of: ref) { s in
            guard ProcessTable.state(s) < State.dead else { return }
            s.pointee.joined = 1  // asked for: no failure that nobody expects
            fault(.cancellationRequestJoined)
            mark(s, ref.index, grace: true)
            Kick.supervisor(Kick.cancel)
        }
    }

    /// Calls `act` with the slot of a process that has not been forgotten: not the next process in it. One's own child
    /// stays until one forgets it; the slots of others change hands under the lock of the table.
    private static func withSlot(of ref: ProcessRef, _ act: (UnsafeMutablePointer<pl_slot>) -> Void) {
        guard let s = ProcessTable.slot(of: ref) else { return }
        if s.pointee.parent == pl_my_index() { return act(s) }
        RobustLock.lock(&pl_head().pointee.slot_lock) { pl_head().pointee.slot_free_hint = 1 }
        if let s = ProcessTable.slot(of: ref) { act(s) }
        RobustLock.unlock(&pl_head().pointee.slot_lock)
    }

    /// Stores the cancellation and wakes the process. `grace`: it is killed when it does not end in time; once for
    /// each process, so that a second request does not reach what it does after the first. Without `grace` nothing but
    /// this ends what it does, so that this reaches it even while it holds cancellations back.
    static func mark(_ s: UnsafeMutablePointer<pl_slot>, _ index: UInt32, grace killLater: Bool) {
        if killLater {
            if pl_load32(&s.pointee.cancel_sent) != 0 { return }
            if s.pointee.cancel_deadline == 0 { s.pointee.cancel_deadline = pl_now() + grace }
        }
        fault(.cancellationMarkCancelDeadline)
        Parker.wake(index) {
            if killLater { pl_cancel_request(&s.pointee.cancel) } else { _ = pl_or32(&s.pointee.cancel, CancelWord.requested) }
        }
        fault(.cancellationMarkCancel)
        // Last: should this process die before, the next request is a first one.
        if killLater { pl_store32(&s.pointee.cancel_sent, 1) }
        fault(.cancellationMarkCancelSent)
        if pl_load32(&s.pointee.external) != 0, s.pointee.pid > 0 { Glibc.kill(s.pointee.pid, SIGURG) }
    }

    /// SIGKILL. Harmless when the process has ended.
    static func kill(_ ref: ProcessRef) {
        withSlot(of: ref) { s in
            let state = ProcessTable.state(s)
            guard state == State.reserved || state == State.running || state == State.exiting else { return }
            s.pointee.joined = 1
            fault(.cancellationKillJoined)
            if s.pointee.parent == pl_my_index(), s.pointee.pid > 0 {
                Glibc.kill(s.pointee.pid, SIGKILL)
            } else {
                pl_store32(&s.pointee.kill_request, 1)
                fault(.cancellationKillKillRequest)
                _ = pl_or64(pl_kill_bits() + Int(ref.index >> 6), 1 << UInt64(ref.index & 63))
                fault(.cancellationKillKillBit)
                Kick.supervisor(Kick.kill)
            }
        }
    }

    /// Holds cancellations of this process back. True: they were already.
    static func hold() -> Bool { pl_cancel_hold(&pl_me().pointee.cancel) }

    /// Lets cancellations come through again; one that was held back is pending then.
    static func admit() { pl_cancel_admit(&pl_me().pointee.cancel) }

    static var pending: Bool { pl_load32(&pl_me().pointee.cancel) & CancelWord.requested != 0 }

    /// Sleeps until a monotonic time.
    static func sleep(until deadline: Int64) -> WaitOutcome {
        Output.flushQuietly()
        var generation: UInt32 = 0
        while true {
            let seen = Parker.sequence
            if pending { return .cancelled }
            if pl_now() >= deadline { return .timedOut }
            generation = WaitRecord.begin(
                WaitKind.sleep, line: 0, tryDepth: 0, seen: seen, flags: WaitFlag.timed, first: generation == 0)
            _ = Parker.park(seen, deadline: deadline)
            WaitRecord.end()
        }
    }

    /// `ppoll` on descriptors of this process, ended early by a cancellation. `.done(n)`: n are ready.
    static func waitExternal(_ fds: UnsafeMutablePointer<pollfd>, _ count: Int, deadline: Int64) -> WaitOutcome {
        Output.flushQuietly()
        Parker.deliver()
        let me = pl_me()!
        let h = pl_head()!
        while true {
            // Announced before the word is read: who stores the word afterwards sees `external` and signals.
            pl_store32(&me.pointee.external, 1)
            fault(.cancellationWaitExternalExternal)
            if pending {
                pl_store32(&me.pointee.external, 0)
                fault(.cancellationWaitExternalExternal2)
                return .cancelled
            }
            _ = WaitRecord.begin(
                WaitKind.external, line: 0, tryDepth: 0, seen: Parker.sequence,
                flags: WaitFlag.external | (deadline != .max ? WaitFlag.timed : 0),
                object: count > 0 && fds[0].fd == 0 ? 1 : 0, first: true)
            _ = pl_sub32(&h.pointee.running, 1)
            fault(.cancellationWaitExternalRunning)
            let n = pl_ppoll(fds, Int32(count), deadline, SIGURG)
            _ = pl_add32(&h.pointee.running, 1)
            fault(.cancellationWaitExternalRunning2)
            WaitRecord.end()
            pl_store32(&me.pointee.external, 0)
            fault(.cancellationWaitExternalExternal3)
            if n > 0 { return .done(Int(n)) }
            if n == 0, deadline != .max { return pending ? .cancelled : .timedOut }
            if n < 0, n != -EINTR {
                return .failed(RuntimeError(kind: "io", message: String(cString: strerror(-n))))
            }
        }
    }
}
