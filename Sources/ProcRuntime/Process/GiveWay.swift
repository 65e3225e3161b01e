// Giving way before going to sleep: `sched_yield`, once for each wait (for news from another CPU up to 50 us).
//
// Who has news for a process that waits on the same CPU can bring it only when this process lets it. Giving way does
// that without the price of a sleep: no wait record, no FUTEX_WAIT here, no FUTEX_WAKE there. It pays while the
// processes of the program have the CPU to themselves. Beside others it does not: the kernel takes the rest of a time
// slice for it, and the turn lasts as long as theirs.
//
// Invariants
// - A process that gives way is awake: it counts in `header.running`, and blocks no detector.
// - A budget that follows success decides how often; without budget a trial now and then, ever more seldom while it fails.
// - After a turn that took so long that others than this program must have had the CPU, no process of the program gives
//   way for a pause, which grows with each such turn from 20 ms up to ten seconds.

import CSystem
import Glibc

enum GiveWay {
    /// Microseconds: a turn that took longer was a stranger's.
    private static let longestTurn: UInt64 = 200
    /// Microseconds for which to wait for news from another CPU.
    private static let window: UInt64 = 50
    private static let firstPause: UInt64 = 20_000
    private static let longestPause: UInt64 = 10_000_000
    private static let firstInterval: UInt32 = 64
    private static let longestInterval: UInt32 = 4096
    private static let mostBudget: Int32 = 16

    /// Before a sleep on `seen`: gives way if that is promising; true when there is news.
    @inline(__always)
    static func wait(_ seen: UInt32) -> Bool {
        isPromising && turn { pl_acquire32(&pl_me().pointee.seq) != seen }
    }

    /// The same where the news will come from another CPU, while more processes are awake than there are CPUs: spinning
    /// that lets them run.
    @inline(__always)
    static func waitForAnotherCPU(_ seen: UInt32) -> Bool { isPromising && turns(seen) }

    @inline(never)
    private static func turns(_ seen: UInt32) -> Bool {
        let own = pl_own()!
        let begun = pl_ticks()
        var start = begun
        while true {
            _ = sched_yield()
            let came = pl_acquire32(&pl_me().pointee.seq) != seen
            let end = pl_ticks()
            if came || end &- begun > window &* own.pointee.ticks_per_us {
                learn(came, start, end)
                return came
            }
            start = end
        }
    }

    /// Before a wait is even begun: whether who could bring what we wait for is likely to be on this CPU, and to come
    /// if it is let.
    @inline(__always)
    static var isPromisingHere: Bool {
        let own = pl_own()!
        if own.pointee.cores > 1 {
            let waker = UInt32(pl_me().pointee.waker)
            if waker == 0 || (waker ^ pl_cpu()) & 0xff != 0 { return false }
        }
        return isPromising
    }

    @inline(__always)
    private static var isPromising: Bool {
        let own = pl_own()!
        let after = pl_acquire64(&pl_head().pointee.turns_after)
        if _slowPath(after != own.pointee.turns_after) {
            // A process of the program has met strangers.
            own.pointee.turns_after = after
            own.pointee.turn_budget = 0
        }
        if own.pointee.turn_budget > 0 { return true }
        own.pointee.turn_waits &+= 1
        return own.pointee.turn_waits &- own.pointee.turn_probe_at >= own.pointee.turn_interval && pl_ticks() >= after
    }

    /// Lets others run; says whether there is `news` then.
    @inline(__always)
    static func turn(_ news: () -> Bool) -> Bool {
        let start = pl_ticks()
        _ = sched_yield()
        let came = news()
        learn(came, start, pl_ticks())
        return came
    }

    /// After a send that leaves many messages unread: lets the receivers take `count` of them, if they are as fast as
    /// senders are: one each microsecond. (A slow receiver would make its senders slow, too, and nobody asked for that.)
    @inline(never)
    static func letCatchUp(_ head: UnsafePointer<UInt64>, by count: UInt64) {
        guard isPromising else { return }
        let us = pl_own().pointee.ticks_per_us
        let before = pl_acquire64(head)
        let start = pl_ticks()
        var end = start
        var taken: UInt64 = 0
        var isFast = true
        while isFast, taken < count, end &- start < window &* us {
            _ = sched_yield()
            end = pl_ticks()
            taken = pl_acquire64(head) &- before
            isFast = end &- start <= (taken &+ 1) &* us
        }
        learn(isFast && taken > 0, start, end, isOurs: isFast)
    }

    /// `isOurs`: however long it took, processes of this program used the time well.
    @inline(__always)
    private static func learn(_ came: Bool, _ start: UInt64, _ end: UInt64, isOurs: Bool = false) {
        let own = pl_own()!
        if _slowPath(end &- start > longestTurn &* own.pointee.ticks_per_us), !isOurs { return pause(start, end) }
        let isTrial = own.pointee.turn_budget <= 0
        if came {
            own.pointee.turn_budget = isTrial ? 4 : min(own.pointee.turn_budget + 2, mostBudget)
            own.pointee.turn_interval = firstInterval
            return
        }
        if isTrial {
            own.pointee.turn_interval = min(own.pointee.turn_interval * 2, longestInterval)
        } else {
            own.pointee.turn_budget -= 1
        }
        own.pointee.turn_probe_at = own.pointee.turn_waits
    }

    /// A stranger had the CPU: a pause for all, since what one lost the others need not lose too. Grows unless it went
    /// well for much longer than the pause before.
    @inline(never)
    private static func pause(_ start: UInt64, _ end: UInt64) {
        let own = pl_own()!
        let us = own.pointee.ticks_per_us
        own.pointee.turn_budget = 0
        own.pointee.turn_interval = firstInterval
        own.pointee.turn_probe_at = own.pointee.turn_waits
        let h = pl_head()!
        let after = pl_load64(&h.pointee.turns_after)
        if end < after { return }  // another process was faster
        let last = pl_load64(&h.pointee.turn_pause)
        let wentWell = start > after &+ last &* 16 &* us
        let pause = wentWell ? firstPause : min(max(firstPause, last * 4), longestPause)
        pl_release64(&h.pointee.turn_pause, pause)
        fault(.giveWayPauseTurnPause)
        pl_release64(&h.pointee.turns_after, end &+ pause &* us)
        fault(.giveWayPauseTurnsAfter)
    }

    /// In a new process.
    static func forget() {
        let own = pl_own()!
        own.pointee.turn_waits = 0
        own.pointee.turn_probe_at = 0
        own.pointee.turn_interval = firstInterval
        own.pointee.turns_after = pl_load64(&pl_head().pointee.turns_after)
        own.pointee.turn_budget = pl_ticks() >= own.pointee.turns_after ? 2 : 0
    }
}
