// The dead: a process that died in the middle of something is swept, its end is told, its children are taken over, and
// nobody stays a zombie.
//
// Invariants
// - Nobody is reaped before it was swept: until then its pid, and what it held, are its own.
// - A process has ended when its children have: the kernel kills them with it (Newborn), and its end waits for theirs.
// - The dead of the deadlock detector are swept: between DEAD and SWEPT the supervisor does nothing else.

import CSystem
import Glibc

enum Burial {
    /// Pids of processes that were swept but not reaped, as far as that may be left to the root.
    private static var sweptPids: Set<Int32> = []
    /// Dead processes whose children have not all ended.
    private static var waitingForChildren: [UInt32: Set<UInt32>] = [:]

    /// Nobody's end waits for that of others.
    static var isDone: Bool { waitingForChildren.isEmpty }

    /// The pid is a new process's.
    static func forget(pid: Int32) {
        if !sweptPids.isEmpty { sweptPids.remove(pid) }
    }

    private static func isOrphan(_ s: UnsafeMutablePointer<pl_slot>) -> Bool {
        let parent = pl_slot_at(s.pointee.parent)!
        return parent.pointee.generation != s.pointee.parent_generation || ProcessTable.state(parent) > State.exiting
    }

    /// Cleans up after a process that is a zombie now.
    static func bury(_ ref: ProcessRef) {
        let index = ref.index
        let s = pl_slot_at(index)!
        let state = ProcessTable.state(s)
        // In this order: an ended process's slot may go to the next one at any time (its generation first).
        if state == State.free || s.pointee.generation != ref.generation {
            // The slot is the next process's: what waited for this event of its old fd is looked at now.
            Family.remove(ref)
            reapOrphans()
            return
        }
        if isOrphan(s) { sweptPids.insert(s.pointee.pid) }
        if state < State.dead {
            let status = ProcessStatus.exitStatus(of: s.pointee.pid)
            // In a wait outside of the runtime it does not count as running either.
            if pl_load32(&s.pointee.parked) == 0, pl_load32(&s.pointee.external) == 0, state != State.reserved {
                _ = pl_sub32(&pl_head().pointee.running, 1)
            }
            fault(.burialBuryRunning)
            pl_store32(&s.pointee.state, State.dead)
            fault(.burialBuryState)
            if s.pointee.fail_order == 0 { s.pointee.fail_order = pl_add64(&pl_head().pointee.order, 1) + 1 }
            fault(.burialBuryFailOrder)
            if s.pointee.exit_kind == ExitKind.none { s.pointee.exit_block = 0 }  // a result not yet published
            fault(.burialBuryExitBlock)
            Sweep.process(index)
            fault(.burialBurySwept)
            if s.pointee.service != 0 {
                ManagerProcess.bury(index)
                return
            }
            if s.pointee.exit_kind == ExitKind.none {
                let signal = pl_term_signal(status)
                s.pointee.exit_signal = UInt8(truncatingIfNeeded: signal)
                fault(.burialBuryExitSignal)
                s.pointee.exit_status = pl_exit_code(status)
                fault(.burialBuryExitStatus)
                pl_order()
                s.pointee.exit_kind = signal != 0 ? ExitKind.killed : ExitKind.exited
                fault(.burialBuryExitKind)
            }
            pl_store32(&s.pointee.state, State.swept)
            fault(.burialBuryState2)
            adoptOrphans(of: index)
        } else if state == State.ended {
            // Killed between its end and telling of it.
            ProcessTable.noteEnd(index)
            Sweep.repeatWakes(s, forget: false)
            if pl_load32(&s.pointee.foreign_waiters) != 0 { wakeForeign() }
            ended(index)
        }
        reapOrphans()
    }

    /// The children of a dead process are dying (the kernel sees to that); it has ended when they have.
    private static func adoptOrphans(of index: UInt32) {
        let dead = pl_slot_at(index)!
        let generation = dead.pointee.generation
        // Those it had started, and the one that it was about to start or to announce.
        Watch.newborn()
        var found = Family.children(of: index)
        let intended = dead.pointee.birth_intent
        if intended != 0, !found.contains(intended) { found.append(intended) }
        var alive: Set<UInt32> = []
        for i in found {
            let c = pl_slot_at(i)!
            let state = ProcessTable.state(c)
            guard state != State.free, c.pointee.parent == index, c.pointee.parent_generation == generation else {
                Family.remove(i, childOf: index)
                continue
            }
            if state == State.ended {
                Family.remove(i, childOf: index)
                Children.freeSlot(i)
            } else if state == State.reserved, pl_cas32(&c.pointee.state, State.reserved, State.dead) {
                fault(.burialAdoptOrphansState)
                // Not born, or about to see that its parent is gone.
                Family.remove(i, childOf: index)
                Sweep.process(i)
                ProcessTable.free(i)
            } else {
                alive.insert(i)
                if !Watch.isWatched(i) { Watch.slot(i) }
            }
        }
        if alive.isEmpty { publishEnd(index) } else { waitingForChildren[index] = alive }
    }

    private static func publishEnd(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let parent = s.pointee.parent
        Parker.wake(parent, after: {
            pl_store32(&s.pointee.state, State.ended)
            fault(.burialPublishEndState)
            ProcessTable.noteEnd(index)
        })
        if pl_load32(&s.pointee.foreign_waiters) != 0 { wakeForeign() }
        ended(index)
    }

    /// A process has ended: a dead parent may have, too.
    private static func ended(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let parent = s.pointee.parent
        guard parent != 0, !waitingForChildren.isEmpty, waitingForChildren[parent]?.remove(index) != nil else { return }
        Family.remove(index, childOf: parent)
        Children.freeSlot(index)
        if waitingForChildren[parent]!.isEmpty {
            waitingForChildren[parent] = nil
            publishEnd(parent)
        }
    }

    /// Reaps zombies that nobody else will: orphans, and what external programs left behind.
    static func reapOrphans() {
        while true {
            let pid = pl_peek_zombie()
            if pid <= 0 { return }
            if sweptPids.isEmpty || sweptPids.remove(pid) == nil, let index = slotOf(pid) {
                let state = ProcessTable.state(pl_slot_at(index))
                if state < State.swept {
                    // Its pidfd event comes; nobody reaps before the sweep.
                    if Watch.isWatched(index) { return }
                    bury(ProcessRef(index: index, generation: pl_slot_at(index).pointee.generation))
                    continue
                }
            }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) <= 0 { return }
        }
    }

    private static func slotOf(_ pid: Int32) -> UInt32? {
        for i in 1..<pl_acquire32(&pl_head().pointee.slot_used) {
            let s = pl_slot_at(i)!
            if s.pointee.pid == pid, ProcessTable.state(s) != State.free { return i }
        }
        return nil
    }

    /// Wakes those who wait for processes that are not their children.
    static func wakeForeign() {
        for i in 2..<max(2, pl_acquire32(&pl_head().pointee.slot_used)) {
            let s = pl_slot_at(i)!
            let state = ProcessTable.state(s)
            guard pl_load32(&s.pointee.watches_foreign) != 0 else { continue }
            if state == State.running || state == State.exiting { Parker.post(i) }
        }
        Parker.deliver()
    }
}

/// What the system says of a process in /proc.
enum ProcessStatus {
    /// The fields of its stat file, from the third (the state) on.
    private static func fields(_ pid: Int32) -> [ArraySlice<UInt8>] {
        guard let text = SmallFile.read("/proc/\(pid)/stat"), let close = text.lastIndex(of: 41) else { return [] }
        return text[(close + 1)...].split(separator: 32)
    }

    static func isZombie(_ pid: Int32) -> Bool {
        guard let state = fields(pid).first?.first else { return false }
        return state == 90 || state == 88  // Z, X
    }

    /// Wait status of a zombie that is not our child: field 52. 0 where /proc does not say.
    static func exitStatus(of pid: Int32) -> Int32 {
        let fields = fields(pid)
        guard fields.count >= 50, let value = SmallFile.firstNumber(Array(fields[49])) else { return 0 }
        return Int32(truncatingIfNeeded: value)
    }
}
