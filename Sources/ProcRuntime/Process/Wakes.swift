// Which wake-ups may wait a moment.
//
// A sender whose message was taken can go on, but nobody waits for what it does next as surely as for what the
// receiver does with the message. Waking it at once makes the kernel switch to it, only to find that it waits
// again: a rendezvous then costs four switches a round trip instead of two, and a full channel two for each
// message. So its FUTEX_WAKE is put off until the receiver has to wait itself, has emptied half of a longer
// buffer, or has gone on computing for a while.
//
// Invariants
// - Only the system call is put off. The target is noted in this process's slot and its sequence number has moved
//   on, as with every wake: the sweep repeats it if this process dies, and for the deadlock detector it has news.
// - It is made before this process sleeps, writes, forks, calls what may block, or ends; with the next wake that is
//   urgent; and else at a safe point of the interpreter (`attend`) or the next receive, after `limit`.
// - Whether it pays is learned: one who computes after each receive delivers at once, but for a trial now and then.

import CSystem

enum Wakes {
    /// Microseconds for which a completed sender may wait for its wake-up.
    private static let limit: UInt64 = 20
    /// The same while more than half of a longer buffer is unread: its sender is far ahead of us.
    private static let patientLimit: UInt64 = 1000
    private static let longBuffer: UInt64 = 8
    private static let longMessage: UInt64 = 16384
    private static let mostBudget: Int32 = 16

    /// After a receive from `o`, unlocked: wakes who is due, or puts it off.
    @inline(__always)
    static func deliverAfterReceive(_ o: UnsafeMutablePointer<pl_object>) {
        if pl_me().pointee.pending_count != 0 { decide(o) }
    }

    @inline(never)
    private static func decide(_ o: UnsafeMutablePointer<pl_object>) {
        let own = pl_own()!
        // Taking a long message apart is work without a safe point.
        let isShort = own.pointee.received_length <= longMessage
        if isShort, own.pointee.urgent == 0, Parker.hasSleepers {
            // Read without the lock: a hint.
            let isLong = o.pointee.capacity >= longBuffer
            let isFull = isLong && o.pointee.tail &- o.pointee.head > o.pointee.capacity / 2
            if own.pointee.deferring == 0 {
                if begin(isFull ? patientLimit : limit) { return }
            } else if isFull || !isLong, pl_ticks() &- own.pointee.deferred_since <= own.pointee.defer_limit {
                return
            }
        }
        Parker.deliver()
    }

    /// False: it does not pay here.
    private static func begin(_ microseconds: UInt64) -> Bool {
        let own = pl_own()!
        if own.pointee.defer_budget <= 0 {
            own.pointee.defers &+= 1
            if own.pointee.defers & 31 != 0 { return false }
        }
        own.pointee.deferring = 1
        own.pointee.defer_limit = microseconds &* own.pointee.ticks_per_us
        own.pointee.attend_left = 0
        own.pointee.attend_stride = 0
        own.pointee.deferred_since = pl_ticks()
        _ = pl_or32(&pl_me().pointee.cancel, CancelWord.attention)
        fault(.wakesBeginCancel)
        return true
    }

    /// The wakes that had been put off are made.
    @inline(never)
    static func delivered() {
        let own = pl_own()!
        own.pointee.deferring = 0
        if own.pointee.out_pending == 0 { _ = pl_and32(&pl_me().pointee.cancel, ~CancelWord.attention) }
        fault(.wakesDeliveredCancel)
        if own.pointee.defer_limit > limit &* own.pointee.ticks_per_us { return }
        if pl_ticks() &- own.pointee.deferred_since <= own.pointee.defer_limit {
            own.pointee.defer_budget = min(own.pointee.defer_budget + 1, mostBudget)
        } else {
            own.pointee.defer_budget = max(own.pointee.defer_budget - 2, 0)
        }
    }

    /// The output buffer is no longer empty: it is written at a safe point after `outputLimit`, if not before.
    static func attendOutput() {
        let own = pl_own()!
        own.pointee.out_since = pl_ticks()
        own.pointee.attend_left = 0
        _ = pl_or32(&pl_me().pointee.cancel, CancelWord.attention)
        fault(.wakesAttendOutputCancel)
    }

    /// Microseconds that output may wait in a process that computes.
    private static let outputLimit: UInt64 = 20_000

    /// At a safe point of the interpreter while the attention bit is set. Looks at the clock at every 16th of
    /// them, and more often where they are rare.
    static func attend() {
        let own = pl_own()!
        guard own.pointee.deferring != 0 || own.pointee.out_pending != 0 else {
            // A wish to collect came too late: the wait is over.
            let mine = CancelWord.attention | CancelWord.collect
            if pl_load32(&pl_me().pointee.cancel) & mine != 0 { _ = pl_and32(&pl_me().pointee.cancel, ~mine) }
            return
        }
        if own.pointee.attend_left > 0 {
            own.pointee.attend_left -= 1
            return
        }
        let now = pl_ticks()
        if own.pointee.out_pending != 0, now &- own.pointee.out_since > outputLimit &* own.pointee.ticks_per_us {
            return Output.flushQuietly()
        }
        if own.pointee.deferring != 0, now &- own.pointee.deferred_since > own.pointee.defer_limit { return Parker.deliver() }
        let isRare = now &- own.pointee.attended > limit &* own.pointee.ticks_per_us
        own.pointee.attended = now
        own.pointee.attend_stride = isRare ? 0 : min(own.pointee.attend_stride * 2 + 1, 15)
        own.pointee.attend_left = own.pointee.attend_stride
    }

    /// Begins the measure of `pl_ticks`; `calibrate` ends it.
    static func beginCalibration() -> (ticks: UInt64, time: Int64) { (pl_ticks(), pl_now()) }

    static func calibrate(since start: (ticks: UInt64, time: Int64)) {
        var now = pl_now()
        while now - start.time < 20_000 { now = pl_now() }
        let ticks = pl_ticks() &- start.ticks
        pl_own().pointee.ticks_per_us = max(1, ticks &* 1000 / UInt64(max(1, now - start.time)))
        pl_head().pointee.ticks_per_us = pl_own().pointee.ticks_per_us
        fault(.wakesCalibrateTicksPerUs)
    }

    /// In a new process.
    static func forget() {
        let own = pl_own()!
        own.pointee.urgent = 0
        own.pointee.deferring = 0
        own.pointee.defer_budget = mostBudget / 2
    }
}
