// Which processes live: the supervisor has a descriptor of each (a pidfd), which tells of its death whatever its parent
// does.
//
// Invariants
// - `pl_slot.watch` settles with the parent who may use the pid: 0 -> 1 claims it while the pidfd is opened, 3 says that
//   the process is watched; a parent that reaps has made it 2.
// - A process for which no pidfd can be had is looked at now and then.

import CSystem
import Glibc

enum Watch {
    /// Watched processes (as raw references) by pidfd.
    private static var watched = WordTable()
    /// 1 + pidfd by slot.
    private static var fdOfSlot = WordTable()
    /// Processes for which no pidfd could be had.
    private static var unwatched: [ProcessRef] = []
    private static let interval: Int64 = 20_000_000
    /// No descriptor of a process has this number or a higher one less `spareDescriptors`: there is always one to be had
    /// for a look into /proc.
    static var mostDescriptors = Int32.max
    private static let spareDescriptors: Int32 = 4

    /// When the next of those without a pidfd must be looked at.
    static var nextLook: Int64 { unwatched.isEmpty ? .max : pl_now() + interval }

    /// Watches those that were announced since the last call.
    static func newborn() {
        for top in 0..<16 {
            var summary = pl_swap64(pl_birth_summary() + top, 0)
            fault(.watchNewbornBirthSummary)
            while summary != 0 {
                let word = top * 64 + summary.trailingZeroBitCount
                summary &= summary - 1
                var bits = pl_swap64(pl_births() + word, 0)
                fault(.watchNewbornBirths)
                while bits != 0 {
                    slot(UInt32(word * 64 + bits.trailingZeroBitCount))
                    bits &= bits - 1
                }
            }
        }
    }

    static func slot(_ index: UInt32) {
        let s = pl_slot_at(index)!
        // 0 -> 1 claims the pid: nobody reaps it now. A parent that reaped an ended child already has made it 2.
        guard pl_cas32(&s.pointee.watch, 0, 1) else {
            // Its parent may die before it gives the slot back. (Should the slot be the next process's by now, that
            // one is announced, too.)
            let ref = ProcessRef(index: index, generation: s.pointee.generation)
            if pl_load32(&s.pointee.watch) == 2, ProcessTable.state(s) != State.free {
                Family.add(ref, childOf: s.pointee.parent)
            }
            return
        }
        fault(.watchSlotWatch)
        guard ProcessTable.state(s) != State.free, s.pointee.pid > 0 else {
            pl_store32(&s.pointee.watch, 0)  // not born yet: it will be announced
            fault(.watchSlotWatch2)
            return
        }
        // Only now: until its state was seen, a free slot could become the next process's, and the pidfd of that one
        // would have been noted under the name of the former. Its death was then nobody's.
        let ref = ProcessRef(index: index, generation: s.pointee.generation)
        var fd = pl_pidfd_open(s.pointee.pid)
        if fd >= mostDescriptors - spareDescriptors {
            Glibc.close(fd)
            fd = -1
        }
        pl_store32(&s.pointee.watch, 3)
        fault(.watchSlotWatch3)
        Family.add(ref, childOf: s.pointee.parent)
        Burial.forget(pid: s.pointee.pid)
        guard fd >= 0 else {
            unwatched.append(ref)  // out of descriptors: looked at now and then
            return
        }
        watched[Int(fd)] = ref.raw
        fdOfSlot[Int(index)] = UInt64(fd) + 1
        pl_epoll_add(Supervisor.epoll, fd, UInt64(fd) << 8 | 2)
    }

    /// The present process of the slot has a pidfd here. (The slot's former one may still have one, too, whose event
    /// is yet to come.)
    static func isWatched(_ index: UInt32) -> Bool {
        pidfd(of: index) != nil
    }

    static func pidfd(of index: UInt32) -> Int32? {
        let fd = Int(fdOfSlot[Int(index)]) - 1
        guard fd >= 0, case let raw = watched[fd], raw != 0 else { return nil }
        return ProcessRef(raw: raw).generation == pl_slot_at(index).pointee.generation ? Int32(fd) : nil
    }

    /// Its pidfd says that it is dead; without one, the system by its pid.
    static func hasDied(_ index: UInt32) -> Bool {
        guard let fd = pidfd(of: index) else { return Glibc.kill(pl_slot_at(index).pointee.pid, 0) != 0 && errno == ESRCH }
        var poll = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    static func died(_ fd: Int32) {
        let raw = watched[Int(fd)]
        guard raw != 0 else { return }
        watched[Int(fd)] = 0
        let ref = ProcessRef(raw: raw)
        // Taken out before it is closed: a service that was just forked has a copy of it for a moment, which would keep
        // it in the epoll, to fire again when the number is the pidfd of a living process.
        pl_epoll_remove(Supervisor.epoll, fd)
        Glibc.close(fd)
        if fdOfSlot[Int(ref.index)] == UInt64(fd) + 1 { fdOfSlot[Int(ref.index)] = 0 }
        Burial.bury(ref)
    }

    /// Finds the dead among those without a pidfd.
    static func lookAtUnwatched() {
        if unwatched.isEmpty { return }
        var left: [ProcessRef] = []
        for ref in unwatched {
            let s = pl_slot_at(ref.index)!
            guard s.pointee.generation == ref.generation, ProcessTable.state(s) != State.free else { continue }
            let state = ProcessTable.state(s)
            if state == State.ended || (state < State.dead && ProcessStatus.isZombie(s.pointee.pid)) {
                Burial.bury(ref)
            } else if state < State.dead {
                left.append(ref)
            }
        }
        unwatched = left
    }

    /// In a child of the root: a pidfd that stays open there would keep its place in the root's epoll.
    static func closeDescriptors() {
        for fd in watched.numbers { Glibc.close(Int32(fd)) }
    }
}
