// Waiting awake before going to sleep.
//
// A wake-up of a process that sleeps on another CPU costs some 20 us or more, mostly the interrupt; one that still
// looks at its sequence number sees the news in a tenth of a microsecond. But looking pays only if the waker runs on
// another CPU at that moment: on one's own it takes the time of just that waker.
//
// Invariants
// - Only with more than one CPU, while no more processes of the program are awake than CPUs, and if the last
//   news came from another CPU than this process is on now (`waker_cpu`).
// - A budget that follows success decides how often; without budget a trial now and then, ever more seldom while
//   it fails. Where spinning never pays it takes less than a hundredth of the time.

import CSystem

enum Spin {
    /// Microseconds.
    private static let window: UInt64 = 20
    private static let trialWindow: UInt64 = 50
    private static let firstInterval: UInt32 = 64
    private static let longestInterval: UInt32 = 4096
    private static let mostBudget: Int32 = 16

    /// Spins if that is promising; true when the sequence number is not `seen` any more.
    @inline(__always)
    static func wait(_ seen: UInt32) -> Bool {
        let own = pl_own()!
        if own.pointee.cores < 2 { return false }
        own.pointee.parks &+= 1
        let waker = UInt32(pl_me().pointee.waker_cpu)
        guard waker != 0, waker != pl_cpu(),
            own.pointee.spin_budget > 0 || own.pointee.parks &- own.pointee.probe_at >= own.pointee.probe_interval,
            Int32(bitPattern: pl_load32(&pl_head().pointee.running)) <= Int32(bitPattern: own.pointee.cores)
        else { return false }
        return spin(seen)
    }

    @inline(never)
    private static func spin(_ seen: UInt32) -> Bool {
        let own = pl_own()!
        let me = pl_me()!
        let isTrial = own.pointee.spin_budget <= 0
        let limit = (isTrial ? trialWindow : window) &* own.pointee.ticks_per_us
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
    }
}
