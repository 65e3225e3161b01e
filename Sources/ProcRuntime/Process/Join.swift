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
        pl_store32(&pl_me().pointee.watches_foreign, 1)
        fault(.joinWatchWatchesForeign)
        pl_store32(&s.pointee.foreign_waiters, 1)
        fault(.joinWatchForeignWaiters)
    }

    static func isChild(_ ref: ProcessRef) -> Bool {
        guard let s = ProcessTable.slot(of: ref) else { return false }
        return s.pointee.parent == pl_my_index() && s.pointee.parent_generation == pl_me().pointee.generation
    }

    /// `communicate` with the end of one process as its only case is a join.
    static func asCommunication(_ ref: ProcessRef, _ mode: CommMode) -> CommOutcome {
        switch awaitAny(
            ProcessGroup([ref]), deadline: mode.deadline, reserve: [], isParallel: false, uninterruptible: false, line: mode.line,
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
    /// The group whose members among the children carry the present `join_group`.
    private static var current: ProcessGroup?

    static func awaitAny(
        _ group: ProcessGroup, deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool,
        line: Int32, tryDepth: Int32
    ) -> WaitOutcome {
        Received.release()
        Children.tidy()
        guard !group.isEmpty else {
            return .failed(RuntimeError(kind: "value", message: "there is no process to wait for"))
        }
        let me = pl_me()!
        if !uninterruptible, Cancellation.pending { return .cancelled }
        let members = enter(group)
        if isParallel { Lending.enterParallel(group, members) }
        if let i = firstEnded(group, members) { return .done(i) }
        Output.flushQuietly()

        let untimed = deadline == .max
        let foreign = members.foreign.first
        guard registerForeign(members.foreign) else {
            return .failed(RuntimeError(kind: "memory", message: "no memory for a waiter record"))
        }
        if untimed { Lending.begin(reserve: reserve, isParallel: isParallel) }
        var generation: UInt32 = 0
        var outcome: WaitOutcome?
        while outcome == nil {
            let seen = Parker.sequence
            if let i = firstEnded(group, members) {
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
                if WaitRecord.isAskedToCollect {
                    if untimed { Lending.end() }
                    WaitRecord.collectIfAsked()
                    if untimed { Lending.begin(reserve: reserve, isParallel: isParallel) }
                }
            }
        }
        if untimed { Lending.end() }
        leaveForeign()
        me.pointee.wait_object = 0
        fault(.joinAwaitAnyWaitObject)
        return outcome!
    }

    /// An ended member. Failures come in the order in which they happened: the first cause before what followed from
    /// it, even if the process of the cause takes longer to end.
    private static func firstEnded(_ group: ProcessGroup, _ members: AwaitedMembers) -> Int? {
        guard let i = members.firstEnded(group) else { return nil }
        let ref = group.members[i]
        if isChild(ref) {
            // Seen: it will not wake its parent any more.
            pl_slot_at(ref.index).pointee.awaited_group = 0
            fault(.joinFirstEndedAwaitedGroup)
        }
        Children.sawEnd(ref)
        return i
    }

    static func failOrder(_ ref: ProcessRef) -> UInt64 {
        guard let s = ProcessTable.slot(of: ref) else { return 0 }
        return pl_load64(&s.pointee.fail_order)
    }

    /// Marks the children waited for with one number for the group; those that carry it already are left alone.
    private static func enter(_ group: ProcessGroup) -> AwaitedMembers {
        let me = pl_me()!
        let members = group.hostState as? AwaitedMembers ?? AwaitedMembers()
        group.hostState = members
        var arrived = group.takeArrivals()
        members.arrived = arrived
        for ref in arrived { members.add(ref, isChild: isChild(ref)) }
        members.foreign.removeAll { group.index(of: $0) == nil }
        if current !== group {
            nextGroup &+= 1
            if nextGroup == 0 { nextGroup = 1 }
            members.group = nextGroup
            arrived = group.members
        }
        for ref in arrived where isChild(ref) {
            pl_slot_at(ref.index).pointee.awaited_group = members.group
            fault(.joinEnterGroupAwaitedGroup)
        }
        if current !== group {
            pl_order()
            me.pointee.join_group = members.group
            fault(.joinEnterGroupJoinGroup)
            current = group
        }
        return members
    }

    /// Processes that are not children are listed in waiter records, for the deadlock detector. False without memory.
    private static func registerForeign(_ others: [ProcessRef]) -> Bool {
        guard Records.ensure(others.count) else { return false }
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
        return true
    }

    private static var foreignRecords = 0

    private static func leaveForeign() {
        for i in 0..<foreignRecords { pl_record_at(Records.own[i]).pointee.active = 0 }
        fault(.joinLeaveForeignActive)
        foreignRecords = 0
    }

    static func forget() {
        nextGroup = 0
        replaceInherited(&current, for: nil)
        foreignRecords = 0
    }
}

/// The ends that do not count while their owner waits for others.
enum Lending {
    /// The `parallel` whose ends are in `given`.
    private static var parallel: ProcessGroup?
    /// Own entries marked `given`, and what is marked for the present wait.
    private static var given: [UInt32] = []
    private static var lent: [UInt32] = []
    private static var reserved: [UInt32] = []

    static func forget() {
        replaceInherited(&parallel, for: nil)
        replaceInherited(&given, for: [])
        replaceInherited(&lent, for: [])
        replaceInherited(&reserved, for: [])
    }

    /// Notes which ends went to processes of the current `parallel`, which is known by its group.
    static func enterParallel(_ group: ProcessGroup, _ members: AwaitedMembers) {
        var arrived = members.arrived
        if parallel !== group {
            for e in given where isMine(e) {
                pl_end_at(e).pointee.flags &= ~EndFlag.given
                fault(.lendingEnterParallelFlags)
            }
            given = []
            parallel = group
            arrived = group.members
        }
        for ref in arrived {
            for (object, right) in Children.find(ref)?.given ?? [] {
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
