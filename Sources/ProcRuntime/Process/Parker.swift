// How a process sleeps and is woken: one sequence number per process, bumped by whoever has news for it.
//
// Invariants
// - News first, then the bump, then FUTEX_WAKE if the target is parked. A sleeper reads the sequence number
//   before it looks for news, and sleeps only while the number is unchanged: no wake-up is lost.
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
    static func park(_ seen: UInt32, deadline: Int64 = .max) -> Bool {
        let me = pl_me()!
        if Spin.worthwhile {
            if Spin.wait(seen) { return true }
        }
        pl_store32(&me.pointee.parked, 1)
        var result: Int32 = 0
        while pl_load32(&me.pointee.seq) == seen {
            result = pl_futex_wait(&me.pointee.seq, seen, deadline)
            if result == ETIMEDOUT || result == EINTR { break }
        }
        pl_store32(&me.pointee.parked, 0)
        return result != ETIMEDOUT
    }

    /// Tells process `index` that there is news: bumps now, and FUTEX_WAKEs at `deliver` (after unlocking).
    @inline(__always)
    static func post(_ index: UInt32) {
        let me = pl_me()!
        if me.pointee.pending_count == UInt32(PL_PENDING) { deliver() }
        let n = me.pointee.pending_count
        pl_pending(me)[Int(n)] = index
        pl_order()
        me.pointee.pending_count = n + 1
        pl_order()
        _ = pl_add32(&pl_slot_at(index).pointee.seq, 1)
    }

    /// Wakes everyone posted to. Call it without holding locks where that is possible.
    @inline(__always)
    static func deliver() {
        let me = pl_me()!
        let n = me.pointee.pending_count
        if n == 0 { return }
        for i in 0..<Int(n) {
            let target = pl_slot_at(pl_pending(me)[i])!
            if pl_load32(&target.pointee.parked) != 0 { pl_futex_wake(&target.pointee.seq, 1) }
        }
        pl_order()
        me.pointee.pending_count = 0
    }

    /// Bumps and wakes at once.
    static func wake(_ index: UInt32) {
        post(index)
        deliver()
    }
}

/// Adaptive spinning before a sleep. It pays only when the waker runs on another core at this moment; a
/// budget that follows success, and a probe now and then, find that out.
enum Spin {
    private static var budget: Int32 = 8
    private static var parks: UInt32 = 0
    static let cores = UInt32(clamping: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    private static let window: Int64 = 10_000

    @inline(__always)
    static var worthwhile: Bool {
        parks &+= 1
        return budget > 0 || parks & 63 == 0
    }

    /// Spins for at most 10 us; true when the sequence number changed.
    static func wait(_ seen: UInt32) -> Bool {
        let h = pl_head()!
        // `running` counts processes that are not parked: with more of them than cores, spinning steals.
        if cores < 2 || Int32(bitPattern: pl_load32(&h.pointee.running)) > Int32(bitPattern: cores) { return false }
        let me = pl_me()!
        let end = pl_now() + window
        repeat {
            for _ in 0..<32 {
                if pl_acquire32(&me.pointee.seq) != seen {
                    budget = min(budget + 2, 16)
                    return true
                }
                pl_relax()
            }
        } while pl_now() < end
        budget = max(budget - 1, 0)
        return false
    }
}
