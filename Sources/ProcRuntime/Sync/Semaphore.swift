// Semaphores: a number of permits, and who has how many of them.
//
// Invariants
// - All under the object's lock.
// - The end entry of a process that holds the semaphore counts the permits that it acquired and that nobody
//   has released since (`pl_end.reserved2`): they return when it dies. A release by a process that has none is
//   taken from another's account, so that a hand-over from process to process leaves no debt.
// - Permits and account change together: both new values are in the journal words before the first store,
//   and a repair applies them again.
// - A process that comes takes a permit only if nobody is queued. A release signals one waiter for each permit;
//   a signalled one that comes too late goes back to its old place.

import CSystem

enum Semaphore {
    private static let journalValid: UInt64 = 1 << 32

    @inline(__always)
    static func permits(_ o: Shared.Object) -> UInt32 {
        UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.permits).pointee)
    }

    /// Takes one permit; nil when it has it. Waits.
    static func acquire(
        _ o: Shared.Object, _ object: UInt32, deadline: Int64, line: Int32, tryDepth: Int32
    ) -> WaitOutcome? {
        let entry = EndTable.entry(object, .hold)
        guard entry != 0 else { return .failed(Sync.notHeld) }
        // The next in the queue, however this wait ends.
        defer { Parker.deliver() }
        let me = pl_my_index()
        var wait = SyncWait(WaitKind.semaphore, object, deadline, line, tryDepth)
        while true {
            wait.look()
            Objects.lock(object)
            let verdict = wait.verdict
            let head = WaitQueue.first(o)
            let flags = WaitQueue.isAt(object) ? WaitQueue.flags(me) : 0
            if verdict == nil, permits(o) > 0, head == 0 || head == me || flags & QueueFlag.signalled != 0 {
                set(o, permits(o) - 1, entry, pl_end_at(entry).pointee.reserved2 + 1)
                WaitQueue.leave(o, me)
                signalNext(o)
                Objects.unlock(object)
                return nil
            }
            if let outcome = verdict ?? wait.interruption {
                if WaitQueue.leave(o, me) { signalNext(o) }
                Objects.unlock(object)
                return outcome
            }
            if flags & QueueFlag.queued == 0 { WaitQueue.enter(o, object) }
            wait.begin()
            Objects.unlock(object)
            wait.park()
        }
    }

    /// Gives one permit back, or makes a new one.
    static func release(_ o: Shared.Object, _ object: UInt32) throws {
        Objects.lock(object)
        guard permits(o) < UInt32(Int32.max) else {
            Objects.unlock(object)
            throw RuntimeError(kind: "value", message: "the semaphore has too many permits")
        }
        var entry = EndTable.entry(object, .hold)
        if entry == 0 || pl_end_at(entry).pointee.reserved2 == 0 {
            var e = o.pointee.ends_first
            while e != 0, pl_end_at(e).pointee.reserved2 == 0 { e = pl_end_at(e).pointee.object_next }
            entry = e
        }
        set(o, permits(o) + 1, entry, entry == 0 ? 0 : pl_end_at(entry).pointee.reserved2 - 1)
        signalNext(o)
        Objects.unlock(object)
        Parker.deliver()
    }

    /// The permits of a process that died return. Object's lock held.
    static func giveBack(_ o: Shared.Object, _ entry: UInt32) {
        let held = pl_end_at(entry).pointee.reserved2
        guard held > 0 else { return }
        let (sum, overflow) = permits(o).addingReportingOverflow(held)
        set(o, overflow ? .max : sum, entry, 0)
        signalNext(o)
    }

    /// Signals a waiter for a free permit. Object's lock held.
    static func signalNext(_ o: Shared.Object) {
        let head = WaitQueue.first(o)
        if head != 0, permits(o) > 0 { WaitQueue.signal(o, head) }
    }

    private static func set(_ o: Shared.Object, _ permits: UInt32, _ entry: UInt32, _ held: UInt32) {
        Shared.word(o, ObjectWord.journalValues).pointee = UInt64(permits) | UInt64(held) << 32
        fault(.semaphoreSetJournalValues)
        pl_order()
        Shared.word(o, ObjectWord.journalEntry).pointee = journalValid | UInt64(entry)
        fault(.semaphoreSetJournalEntry)
        pl_order()
        apply(o)
    }

    private static func apply(_ o: Shared.Object) {
        let values = Shared.word(o, ObjectWord.journalValues).pointee
        let entry = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.journalEntry).pointee)
        Shared.word(o, ObjectWord.permits).pointee = values & 0xffff_ffff
        fault(.semaphoreApplyPermits)
        if entry != 0 { pl_end_at(entry).pointee.reserved2 = UInt32(values >> 32) }
        fault(.semaphoreApplyReserved2)
        pl_order()
        Shared.word(o, ObjectWord.journalEntry).pointee = 0
        fault(.semaphoreApplyJournalEntry)
    }

    /// After a death inside the object's lock. The queue is linked again and everyone woken.
    static func repair(_ o: Shared.Object) {
        if Shared.word(o, ObjectWord.journalEntry).pointee & journalValid != 0 { apply(o) }
        signalNext(o)
    }
}
