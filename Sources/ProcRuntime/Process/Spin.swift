// Waiting awake before going to sleep.
//
// A wake-up of a process that sleeps on another CPU costs some 20 us or more, mostly the interrupt; one that still
// looks at its sequence number sees the news in a tenth of a microsecond. But looking pays only if the waker runs on
// another CPU at that moment: on one's own it takes the time of just that waker.
//
// Invariants
// - Only with more than one CPU, while no more processes of the program are awake than CPUs, and if the last
//   news came from another CPU than this process is on now (`pl_slot.waker`).
// - A budget that follows success decides how often; without budget a trial now and then, ever more seldom while
//   it fails. Where spinning never pays it takes less than a hundredth of the time.
// - Two processes that only wake each other, quickly and on one CPU, are told apart by moving one of them (Placement).

import CSystem

enum Spin {
    /// Microseconds.
    private static let window: UInt64 = 50
    private static let firstInterval: UInt32 = 64
    private static let longestInterval: UInt32 = 4096
    private static let mostBudget: Int32 = 16

    /// Spins, or gives way on one's own CPU, if that is promising; true when the sequence number is not `seen` any more.
    @inline(__always)
    static func wait(_ seen: UInt32) -> Bool {
        let own = pl_own()!
        if own.pointee.cores < 2 { return GiveWay.wait(seen) }
        own.pointee.parks &+= 1
        let waker = UInt32(pl_me().pointee.waker)
        if waker == 0 { return false }
        if (waker ^ pl_cpu()) & 0xff == 0 {
            guard Placement.leave(waker) else { return GiveWay.wait(seen) }
        } else {
            own.pointee.partner_parks = 0
        }
        // More are awake than there are CPUs: who waits awake must let the others run.
        if Int32(bitPattern: pl_load32(&pl_head().pointee.running)) > Int32(bitPattern: own.pointee.cores) {
            return GiveWay.waitForAnotherCPU(seen)
        }
        guard own.pointee.spin_budget > 0 || own.pointee.parks &- own.pointee.probe_at >= own.pointee.probe_interval
        else { return false }
        return spin(seen)
    }

    /// Tells `target` who has news for it, and on which CPU.
    @inline(__always)
    static func leaveMark(_ target: UnsafeMutablePointer<pl_slot>, _ index: UInt32) {
        target.pointee.waker = UInt16(truncatingIfNeeded: pl_my_index() << 8 | pl_cpu() & 0xff)
        pl_own().pointee.posted = index & 0xff
    }

    @inline(never)
    private static func spin(_ seen: UInt32) -> Bool {
        let own = pl_own()!
        let me = pl_me()!
        let isTrial = own.pointee.spin_budget <= 0
        let limit = window &* own.pointee.ticks_per_us
        let start = pl_ticks()
        var elapsed: UInt64 = 0
        repeat {
            for _ in 0..<16 {
                if pl_acquire32(&me.pointee.seq) != seen {
                    // Later than we would have given up: it had to take our CPU first.
                    learn(succeeded: pl_ticks() &- start <= limit, isTrial)
                    return true
                }
                pl_relax()
            }
            elapsed = pl_ticks() &- start
        } while elapsed < limit
        learn(succeeded: false, isTrial)
        return false
    }

    private static func learn(succeeded: Bool, _ isTrial: Bool) {
        let own = pl_own()!
        if succeeded {
            own.pointee.spin_budget = isTrial ? 4 : min(own.pointee.spin_budget + 2, mostBudget)
            own.pointee.probe_interval = firstInterval
            return
        }
        if isTrial {
            own.pointee.probe_interval = min(own.pointee.probe_interval * 2, longestInterval)
        } else {
            own.pointee.spin_budget -= 1
            if own.pointee.spin_budget <= 0 { Placement.comeBack() }
        }
        own.pointee.probe_at = own.pointee.parks
    }

    /// In a new process.
    static func forget() {
        let own = pl_own()!
        own.pointee.parks = 0
        own.pointee.probe_at = 0
        own.pointee.probe_interval = firstInterval
        own.pointee.spin_budget = 2
        own.pointee.partner = 0
        own.pointee.partner_parks = 0
        own.pointee.moved = 0
        own.pointee.move_after = 0
        own.pointee.move_pause = 0
        GiveWay.forget()
    }
}

/// The kernel tends to put two processes that keep waking each other on one CPU, where one can never wait awake for
/// the other, even if another CPU has nothing to do. Then one of them moves, and comes back if spinning does not pay.
///
/// Invariants
/// - Only the one or the other moves: the header's `last_move` is claimed by compare-and-swap.
/// - The set of CPUs that a process may use is afterwards what it was before.
/// - A move that did not pay is tried again only after four times as long, up to ten seconds.
enum Placement {
    /// So many waits for the same process, each after waking it, and shorter than so many microseconds.
    private static let waits: UInt32 = 64
    private static let longestWait: UInt64 = 25
    private static let firstPause: UInt64 = 20_000
    private static let longestPause: UInt64 = 10_000_000
    private static let betweenMoves: UInt64 = 1000

    /// This process is about to wait again for one that was on the same CPU. True: it is on another CPU now.
    @inline(__always)
    static func leave(_ waker: UInt32) -> Bool {
        let own = pl_own()!
        guard waker == own.pointee.partner, waker >> 8 == own.pointee.posted else {
            own.pointee.partner = waker
            own.pointee.partner_parks = 0
            return false
        }
        own.pointee.partner_parks += 1
        if own.pointee.partner_parks == 1 { own.pointee.partner_since = pl_ticks() }
        return own.pointee.partner_parks > waits && move()
    }

    @inline(never)
    private static func move() -> Bool {
        let own = pl_own()!
        own.pointee.partner_parks = 0
        let now = pl_ticks()
        let us = own.pointee.ticks_per_us
        let last = pl_load64(&pl_head().pointee.last_move)
        guard now &- own.pointee.partner_since < UInt64(waits) * longestWait * us, now >= own.pointee.move_after,
            Int32(bitPattern: pl_load32(&pl_head().pointee.running)) <= Int32(bitPattern: own.pointee.cores),
            now &- last > betweenMoves * us, pl_cas64(&pl_head().pointee.last_move, last, now), pl_leave_cpu()
        else { return false }
        own.pointee.moved = 1
        own.pointee.spin_budget = 8
        return true
    }

    /// Spinning stopped paying.
    static func comeBack() {
        let own = pl_own()!
        if own.pointee.moved == 0 { return }
        own.pointee.moved = 0
        own.pointee.move_pause = min(max(firstPause, own.pointee.move_pause * 4), longestPause)
        own.pointee.move_after = pl_ticks() &+ own.pointee.move_pause &* own.pointee.ticks_per_us
        pl_join_cpu(UInt32(pl_me().pointee.waker) & 0xff)
    }
}
