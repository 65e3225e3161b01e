// Waiting for the end of processes.
//
// Invariants
// - A parent is woken at each end of a child; others register by `foreign_waiters` before they look.
// - While a process waits here without limit it lends the writing ends to the readers among those it waits
//   for and their descendants (Streams.swift), except those kept in reserve; in `parallel` it also lends the
//   reading ends, and the writing ends of external programs' inputs, that it gave to processes of that `parallel`.
// - `awaited_group` of a child names the wait of its parent that includes it.

import CSystem
import Glibc

enum Join {
    static func hasEnded(_ ref: ProcessRef) -> Bool {
        guard let s = ProcessTable.slot(of: ref) else { return true }
        return pl_load32(&s.pointee.state) == State.ended
    }

    /// Registers interest in a process that is not a child, before looking at its state.
    static func watch(_ ref: ProcessRef) {
        guard let s = ProcessTable.slot(of: ref), s.pointee.parent != pl_my_index() else { return }
        pl_store32(&s.pointee.foreign_waiters, 1)
        fault(.joinWatchForeignWaiters)
    }

    private static func isChild(_ ref: ProcessRef) -> Bool {
        guard let s = ProcessTable.slot(of: ref) else { return false }
        return s.pointee.parent == pl_my_index() && s.pointee.parent_generation == pl_me().pointee.generation
    }

    /// `communicate` with the end of one process as its only case is a join.
    static func asCommunication(_ ref: ProcessRef, _ mode: CommMode) -> CommOutcome {
        switch awaitAny(
            [ref], deadline: mode.deadline, reserve: [], isParallel: false, uninterruptible: false, line: mode.line,
            tryDepth: mode.tryDepth)
        {
        case .done(let i): return .done(i)
        case .timedOut: return .timedOut
        case .cancelled: return .cancelled
        case .deadlocked(let report): return .deadlocked(report)
        case .failed(let error): return .failed(error)
        }
    }

    // MARK: The wait

    private static var nextGroup: UInt32 = 0
    private static var groupAlive = 0

    static func awaitAny(
        _ processes: [ProcessRef], deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool,
        line: Int32, tryDepth: Int32
    ) -> WaitOutcome {
        Received.release()
        Children.tidy()
        guard !processes.isEmpty else {
            return .failed(RuntimeError(kind: "value", message: "there is no process to wait for"))
        }
        let me = pl_me()!
        if !uninterruptible, Cancellation.pending { return .cancelled }
        if isParallel { Lending.enterParallel(processes, hasReserve: !reserve.isEmpty) }
        if let i = firstEnded(processes) { return .done(i) }
        Output.flushQuietly()

        let untimed = deadline == .max
        let foreign = enterGroup(processes)
        if untimed { Lending.begin(reserve: reserve, isParallel: isParallel) }
        var generation: UInt32 = 0
        var outcome: WaitOutcome?
        while outcome == nil {
            let seen = Parker.sequence
            if let i = firstEnded(processes) {
                outcome = .done(i)
            } else if !uninterruptible, Cancellation.pending {
                outcome = .cancelled
            } else if deadline != .max, pl_now() >= deadline {
                outcome = .timedOut
            } else if generation != 0, case .deadlock(let report) = WaitRecord.verdict(of: generation) {
                outcome = .deadlocked(report)
            } else {
                let flags = (untimed ? 0 : WaitFlag.timed) | (isParallel ? WaitFlag.parallel : 0)
                    | (uninterruptible ? WaitFlag.uninterruptible : 0) | (foreign != nil ? WaitFlag.foreign : 0)
                generation = WaitRecord.begin(
                    WaitKind.join, line: line, tryDepth: tryDepth, seen: seen, flags: flags,
                    object: foreign?.raw ?? 0, first: generation == 0)
                if untimed { Streams.beganJoin() }
                _ = Parker.park(seen, deadline: deadline)
                WaitRecord.end()
            }
        }
        if untimed { Lending.end() }
        leaveForeign()
        me.pointee.wait_object = 0
        fault(.joinAwaitAnyWaitObject)
        return outcome!
    }

    /// An ended process of the list. Failures come in the order in which they happened: the first cause before
    /// what followed from it, even if the process of the cause takes longer to end.
    private static func firstEnded(_ processes: [ProcessRef]) -> Int? {
        var found: Int?
        var order = UInt64.max
        for i in processes.indices where hasEnded(processes[i]) {
            let failed = failOrder(processes[i])
            if failed == 0 {
                found = i
                order = 0
                break
            }
            if failed < order {
                found = i
                order = failed
            }
        }
        guard let i = found else { return nil }
        if order != 0, processes.contains(where: { (1..<order).contains(failOrder($0)) }) { return nil }
        if isChild(processes[i]) {
            let s = pl_slot_at(processes[i].index)!
            if s.pointee.awaited_group != 0, s.pointee.awaited_group == pl_me().pointee.join_group { groupAlive -= 1 }
            s.pointee.awaited_group = 0  // seen: it will not wake its parent any more
            fault(.joinFirstEndedAwaitedGroup)
        }
        Children.sawEnd(processes[i])
        return i
    }

    private static func failOrder(_ ref: ProcessRef) -> UInt64 {
        guard let s = ProcessTable.slot(of: ref) else { return 0 }
        return pl_load64(&s.pointee.fail_order)
    }

    /// Marks the children waited for with one group number; returns a target that is not a child, if any.
    private static func enterGroup(_ processes: [ProcessRef]) -> ProcessRef? {
        let me = pl_me()!
        var group = me.pointee.join_group
        var foreign: ProcessRef?
        var others: [ProcessRef] = []
        var same = group != 0 && groupAlive == processes.count
        for ref in processes {
            if !isChild(ref) {
                foreign = foreign ?? ref
                others.append(ref)
            } else if pl_slot_at(ref.index).pointee.awaited_group != group {
                same = false
            }
        }
        if !same {
            nextGroup &+= 1
            if nextGroup == 0 { nextGroup = 1 }
            group = nextGroup
            for ref in processes where isChild(ref) { pl_slot_at(ref.index).pointee.awaited_group = group }
            fault(.joinEnterGroupAwaitedGroup)
            groupAlive = processes.count
            pl_order()
            me.pointee.join_group = group
            fault(.joinEnterGroupJoinGroup)
        }
        registerForeign(others)
        return foreign
    }

    /// Processes that are not children are listed in waiter records, for the deadlock detector.
    private static func registerForeign(_ others: [ProcessRef]) {
        guard !others.isEmpty, Records.ensure(others.count) else { return }
        for (i, ref) in others.enumerated() {
            watch(ref)
            let r = pl_record_at(Records.own[i])!
            r.pointee.object = 0
            fault(.joinRegisterForeignObject)
            r.pointee.direction = Direction.process
            fault(.joinRegisterForeignDirection)
            r.pointee.message = ref.raw
            fault(.joinRegisterForeignMessage)
            pl_order()
            r.pointee.active = 1
            fault(.joinRegisterForeignActive)
            foreignRecords += 1
        }
    }

    private static var foreignRecords = 0

    private static func leaveForeign() {
        for i in 0..<foreignRecords { pl_record_at(Records.own[i]).pointee.active = 0 }
        fault(.joinLeaveForeignActive)
        foreignRecords = 0
    }

    static func forget() {
        nextGroup = 0
        groupAlive = 0
        foreignRecords = 0
    }
}

/// The ends that do not count while their owner waits for others.
enum Lending {
    private static var members: Set<UInt64> = []
    private static var hadReserve = false
    /// Own entries marked `given`, and what is marked for the present wait.
    private static var given: [UInt32] = []
    private static var lent: [UInt32] = []
    private static var reserved: [UInt32] = []

    static func forget() {
        members = []
        hadReserve = false
        given = []
        lent = []
        reserved = []
    }

    /// Notes which ends went to processes of the current `parallel`. Consecutive waits belong to one
    /// `parallel` when they share a process or the earlier one kept ends for processes to come.
    static func enterParallel(_ processes: [ProcessRef], hasReserve: Bool) {
        if !hadReserve, !processes.contains(where: { members.contains($0.raw) }) {
            for e in given where isMine(e) { pl_end_at(e).pointee.flags &= ~EndFlag.given }
            fault(.lendingEnterParallelFlags)
            given = []
            members = []
        }
        hadReserve = hasReserve
        for ref in processes where members.insert(ref.raw).inserted {
            for (object, right) in Children.table[ref.raw]?.given ?? [] {
                let e = EndTable.entry(object, right)
                if e != 0, pl_end_at(e).pointee.flags & EndFlag.given == 0 {
                    pl_end_at(e).pointee.flags |= EndFlag.given
                    fault(.lendingEnterParallelFlags2)
                    given.append(e)
                }
            }
        }
    }

    private static func isMine(_ e: UInt32) -> Bool { pl_end_at(e).pointee.owner == ProcessTable.selfRef.raw }

    static func begin(reserve: [End], isParallel: Bool) {
        for end in reserve {
            Ends.parts(of: end) { object, right in
                let e = EndTable.entry(object, right)
                if e != 0, pl_end_at(e).pointee.flags & EndFlag.reserved == 0 {
                    pl_end_at(e).pointee.flags |= EndFlag.reserved
                    fault(.lendingBeginFlags)
                    reserved.append(e)
                }
            }
        }
        guard isParallel else { return }
        for e in given where isMine(e) && pl_end_at(e).pointee.flags & (EndFlag.reserved | EndFlag.given) == EndFlag.given {
            let object = pl_end_at(e).pointee.object
            Objects.lock(object)
            let o = pl_object_at(object)!
            pl_end_at(e).pointee.flags |= EndFlag.lent
            fault(.lendingBeginFlags2)
            if pl_end_at(e).pointee.right == Rights.read.rawValue { o.pointee.readers_lent += 1 }
            fault(.lendingBeginReadersLent)
            o.pointee.end_gen &+= 1
            fault(.lendingBeginEndGen)
            if o.pointee.readers_lent == o.pointee.readers { Waiting.wakeSenders(o) }
            Objects.unlock(object)
            lent.append(e)
        }
        Parker.deliver()
    }

    static func end() {
        for e in lent {
            let object = pl_end_at(e).pointee.object
            Objects.lock(object)
            pl_end_at(e).pointee.flags &= ~EndFlag.lent
            fault(.lendingEndFlags)
            if pl_end_at(e).pointee.right == Rights.read.rawValue { pl_object_at(object).pointee.readers_lent -= 1 }
            fault(.lendingEndReadersLent)
            pl_object_at(object).pointee.end_gen &+= 1
            fault(.lendingEndEndGen)
            Objects.unlock(object)
        }
        lent.removeAll(keepingCapacity: true)
        for e in reserved { pl_end_at(e).pointee.flags &= ~EndFlag.reserved }
        fault(.lendingEndFlags2)
        reserved.removeAll(keepingCapacity: true)
    }
}
