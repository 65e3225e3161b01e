// Finding processes that can never be woken, and telling them.
//
// A set of processes is deadlocked when each of them waits without limit and only members could wake it. The
// supervisor looks when the last running process went to sleep, and now and then while there are several
// processes. A finding is confirmed by a second look and once more under the locks of the objects concerned;
// only then are verdicts given. Before that the members are asked to collect their garbage, since an end that only
// garbage names is no hope, and may be what another member waits for to close. And who sleeps in a send that is done, until
// there is something to receive (Lone), is woken, to wait in the receive: till then it counts as alive.
//
// Invariants
// - No false alarm: at one instant all members lived and slept, had no news, and the ends that the finding rests on
//   were where the snapshot says. That a process lives, its slot does not tell: a killed one looks as if it waited
//   until it has been buried, so the system is asked.
// - Never allocates shared memory; the report has its place in the arena's header and is not overwritten while
//   somebody has yet to read it.

import CSystem
import Glibc

enum Detector {
    private static let shortest: Int64 = 50_000_000
    private static let longest: Int64 = 500_000_000
    private static let throttle: Int64 = 1_000_000
    private static let idle: Int64 = 2_000_000_000
    private static var interval: Int64 = shortest
    private static var lastLook: Int64 = 0
    /// What the last look took: with thousands of processes, looking must not become what the supervisor mostly does.
    private static var cost: Int64 = 0
    /// How many findings in a row could not be confirmed yet, because a member was dying, collecting or on its way to sleep.
    private static var unsettled: Int64 = 0
    /// Whom the present report was given to.
    private static var readers: [ProcessRef] = []

    /// Who slept in a send that is done at the last look: the generation of the wait, by slot.
    private static var expecting: [UInt32: UInt32] = [:]

    /// When the supervisor should call `turn` at the latest.
    private(set) static var nextLook: Int64 = .max

    /// The last running process went to sleep, or a stream may have ended for processes in a choice.
    static func request() {
        interval = shortest
        nextLook = max(pl_now(), lastLook + max(throttle, 4 * cost))
    }

    /// More than one process: look now and then.
    static func arm() { if nextLook == .max { nextLook = pl_now() + interval } }

    static func turn() {
        guard pl_now() >= nextLook else { return }
        let began = pl_now()
        let found = look()
        lastLook = pl_now()
        cost = lastLook - began
        switch found {
        case .unsettled:
            nextLook = lastLook + max(min(throttle << unsettled, shortest), 4 * cost)
            unsettled = min(unsettled + 1, 10)
        case .nothing(let isAlone):
            unsettled = 0
            // The number of running processes is a hint, which kills may have made wrong: at long intervals even who is
            // alone is looked at.
            nextLook = lastLook + (isAlone ? idle : max(interval, 20 * cost))
            interval = min(interval * 2, longest)
        case .told:
            unsettled = 0
            nextLook = lastLook + max(shortest, 20 * cost)
            interval = 2 * shortest
        }
    }

    private enum Finding {
        case nothing(isAlone: Bool)
        /// Perhaps something: look again soon.
        case unsettled
        case told
    }

    private static func look() -> Finding {
        let snapshot = Snapshot()
        // They count as alive, whoever they could still supply too; the next look finds them in their receives.
        let nothing = wakeExpecting(snapshot) ? Finding.unsettled : .nothing(isAlone: snapshot.processes.count <= 1)
        if snapshot.blocked.isEmpty { return nothing }
        let ended = snapshot.endedTogether()
        if !ended.isEmpty { return endTogether(ended, [], snapshot) }
        let members = snapshot.deadlocked()
        if members.isEmpty { return nothing }
        guard pl_load32(&pl_head().pointee.kicks) & (Kick.kill | Kick.cancel) == 0,
            members.allSatisfy({ Vitality.isAsleep($0.slot) })
        else { return .unsettled }
        if askToCollect(members) { return .unsettled }
        // Rather an end than a deadlock: the ends kept for processes that can only be started when one of these
        // has ended are no hope for them.
        let stuck = snapshot.endedTogether(stuck: Set(members.map(\.slot)))
        if !stuck.isEmpty { return endTogether(stuck, members, snapshot) }
        return tell(members, snapshot)
    }

    /// Wakes those who sleep in a send that is done, if nobody runs, or if they have done so since the last look: in a busy
    /// ring all are in such a send, but never long in the same. Says whether there was one.
    private static func wakeExpecting(_ snapshot: Snapshot) -> Bool {
        let former = expecting
        expecting = [:]
        let nobodyRuns = Int32(bitPattern: pl_load32(&pl_head().pointee.running)) <= 0
        var wokeSome = false
        for b in snapshot.expecting {
            expecting[b.slot] = b.generation
            if nobodyRuns || former[b.slot] == b.generation {
                Parker.wake(b.slot)
                wokeSome = true
            }
        }
        return wokeSome
    }

    /// Whether somebody had to be asked. Who has collected says so in the record of the wait, which is another one then.
    private static func askToCollect(_ members: [Blocked]) -> Bool {
        let unsure = members.filter { $0.flags & WaitFlag.collected == 0 }
        for b in unsure {
            Parker.wake(b.slot) { _ = pl_or32(&pl_slot_at(b.slot).pointee.cancel, CancelWord.collect) }
        }
        return !unsure.isEmpty
    }

    // MARK: Streams

    private static func endTogether(_ members: [Blocked], _ stuck: [Blocked], _ snapshot: Snapshot) -> Finding {
        let lenders = snapshot.lenders(of: members) + stuck
        return underLocks(of: members, lenders, snapshot) {
            for b in members { give(WaitRecord.verdictEnded, to: b) }
        }
    }

    // MARK: Deadlocks

    private static func tell(_ members: [Blocked], _ snapshot: Snapshot) -> Finding {
        guard reportWasRead() else { return .unsettled }
        // Members in joins get it as the failure of their children.
        let direct = members.filter { $0.kind != WaitKind.join }
        let candidates = direct.isEmpty ? members : direct
        // A barrier that lost holders is closed, which is no deadlock of those who wait at it.
        let closing = candidates.filter {
            $0.kind == WaitKind.barrier && SharedHooks.barrierLostHolder(UInt32(truncatingIfNeeded: $0.object))
        }
        let guarded = candidates.filter { pl_slot_at($0.slot).pointee.wait_try_depth > 0 }
        let victims = !closing.isEmpty ? closing : guarded.max { pl_slot_at($0.slot).pointee.wait_since < pl_slot_at($1.slot).pointee.wait_since }
            .map { [$0] } ?? candidates
        let report = Array(Report.text(members, snapshot).utf8.prefix(65536))
        return underLocks(of: members, [], snapshot) {
            report.withUnsafeBufferPointer { _ = memcpy(pl_report(), $0.baseAddress!, $0.count) }
            pl_store32(&pl_head().pointee.report_length, UInt32(report.count))
            readers = victims.map { ProcessRef(index: $0.slot, generation: pl_slot_at($0.slot).pointee.generation) }
            for b in victims { give(WaitRecord.verdictDeadlock, to: b) }
        }
    }

    /// Everybody has taken the last verdict, or is gone.
    private static func reportWasRead() -> Bool {
        readers.removeAll { ref in
            guard let s = ProcessTable.slot(of: ref) else { return true }
            return ProcessTable.state(s) > State.exiting || pl_load32(&s.pointee.verdict) == 0
        }
        return readers.isEmpty
    }

    private static func give(_ verdict: UInt32, to b: Blocked) {
        Parker.wake(b.slot) { pl_store32(&pl_slot_at(b.slot).pointee.verdict, b.generation << 2 | verdict) }
    }

    /// Runs `act` if the finding holds with the objects' locks held: nobody can commit a communication with a
    /// member meanwhile.
    private static func underLocks(
        of members: [Blocked], _ others: [Blocked], _ snapshot: Snapshot, act: () -> Void
    ) -> Finding {
        let examined = snapshot.examined(members)
        guard snapshot.confirms(members + others, examined) else { return .unsettled }
        let objects = examined.sorted()
        for object in objects { Objects.lock(object) }
        let holds = snapshot.confirms(members + others, examined)
        if holds { act() }
        for object in objects { Objects.unlock(object) }
        Parker.deliver()
        return holds ? .told : .unsettled
    }
}
