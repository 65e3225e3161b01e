// Barriers: `n` processes wait until all have come, then all go on; and again.
//
// Invariants
// - All under the object's lock. The phase counts how often the barrier has filled; a process that waits
//   knows the phase in which it came (`WaitQueue.number`), and goes on when the phase is another.
// - The store to the phase is what lets everyone pass. Whoever makes it wakes them; if it dies before, the
//   repair does.
// - Once a holder has gone, the barrier may be unable to fill. That is certain when all that are left wait at
//   it and are too few: those are let go with `closed`. When others hold it who wait for these, the deadlock
//   detector finds out, and its verdict is told as `closed` here.

import CSystem

enum Barrier {
    static func wait(_ o: Shared.Object, _ object: UInt32, deadline: Int64, line: Int32, tryDepth: Int32)
        -> WaitOutcome?
    {
        // Those that this process lets pass, however its own wait ends.
        defer { Parker.deliver() }
        let me = pl_my_index()
        var wait = SyncWait(WaitKind.barrier, object, deadline, line, tryDepth)
        while true {
            wait.look()
            Objects.lock(object)
            var phase = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.phase).pointee)
            let verdict = wait.verdict
            if verdict == nil, WaitQueue.isAt(object), WaitQueue.number(me) != phase {
                let closed = Shared.word(o, ObjectWord.closedPhase).pointee == UInt64(WaitQueue.number(me)) + 1
                WaitQueue.leave(o, me)
                Objects.unlock(object)
                return closed ? .failed(cannotFill) : nil
            }
            if let outcome = verdict ?? wait.interruption {
                let lost = Shared.word(o, ObjectWord.lostHolder).pointee != 0
                WaitQueue.leave(o, me)
                Objects.unlock(object)
                if case .deadlocked = outcome, lost { return .failed(cannotFill) }
                return outcome
            }
            if !WaitQueue.isAt(object) {
                if Shared.word(o, ObjectWord.waitingCount).pointee + 1 >= Shared.word(o, ObjectWord.parties).pointee {
                    Shared.word(o, ObjectWord.closedPhase).pointee = 0
                    fault(.barrierWaitClosedPhase)
                    pl_order()
                    letPass(o)
                    Objects.unlock(object)
                    return nil
                }
                WaitQueue.enter(o, object, number: phase)
                closeIfHopeless(o)
                phase = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.phase).pointee)
                if WaitQueue.number(me) != phase {
                    Objects.unlock(object)
                    continue
                }
            }
            wait.begin()
            Objects.unlock(object)
            wait.park()
        }
    }

    /// Everyone goes on. Object's lock held.
    private static func letPass(_ o: Shared.Object) {
        Shared.word(o, ObjectWord.phase).pointee = (Shared.word(o, ObjectWord.phase).pointee + 1) & 0xffff_ffff
        fault(.barrierLetPassPhase)
        pl_order()
        while WaitQueue.first(o) != 0 { WaitQueue.signal(o, WaitQueue.first(o)) }
    }

    /// Somebody who held the barrier has gone (`lostHolder` says whether that was a process). Object's lock held.
    static func holderLeft(_ o: Shared.Object) {
        closeIfHopeless(o)
    }

    private static func closeIfHopeless(_ o: Shared.Object) {
        let waiting = Shared.word(o, ObjectWord.waitingCount).pointee
        guard Shared.word(o, ObjectWord.lostHolder).pointee != 0, waiting > 0,
            UInt64(o.pointee.holders) <= waiting, waiting < Shared.word(o, ObjectWord.parties).pointee
        else { return }
        Shared.word(o, ObjectWord.closedPhase).pointee = (Shared.word(o, ObjectWord.phase).pointee & 0xffff_ffff) + 1
        fault(.barrierCloseIfHopelessClosedPhase)
        pl_order()
        letPass(o)
    }

    private static var cannotFill: RuntimeError {
        RuntimeError(kind: "closed", message: "the barrier can no longer fill: processes that held it have ended")
    }

    /// After a death inside the object's lock: who came in an earlier phase is no longer queued.
    static func repair(_ o: Shared.Object) {
        let phase = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.phase).pointee)
        var slot = WaitQueue.first(o)
        while slot != 0 {
            let next = WaitQueue.next(slot)
            if WaitQueue.number(slot) != phase { WaitQueue.signal(o, slot) }
            slot = next
        }
    }
}
