// Events: a flag that processes wait for.
//
// Invariants
// - The flag is read without the object's lock, and changed under it.
// - `setCount` counts how often it was set: who waits goes on even if it is cleared again at once.

import CSystem

enum Event {
    static func wait(_ o: Shared.Object, _ object: UInt32, deadline: Int64, line: Int32, tryDepth: Int32)
        -> WaitOutcome?
    {
        if pl_load64(Shared.word(o, ObjectWord.isSet)) != 0 { return nil }
        let me = pl_my_index()
        var wait = SyncWait(WaitKind.event, object, deadline, line, tryDepth)
        while true {
            wait.look()
            Objects.lock(object)
            let count = UInt32(truncatingIfNeeded: Shared.word(o, ObjectWord.setCount).pointee)
            let isAt = WaitQueue.isAt(object)
            let verdict = wait.verdict
            if verdict == nil, Shared.word(o, ObjectWord.isSet).pointee != 0 || (isAt && WaitQueue.number(me) != count)
            {
                WaitQueue.leave(o, me)
                Objects.unlock(object)
                return nil
            }
            if let outcome = verdict ?? wait.interruption {
                WaitQueue.leave(o, me)
                Objects.unlock(object)
                return outcome
            }
            if !isAt { WaitQueue.enter(o, object, number: count) }
            wait.begin()
            Objects.unlock(object)
            wait.park()
        }
    }

    static func set(_ o: Shared.Object, _ object: UInt32) {
        Objects.lock(object)
        Shared.word(o, ObjectWord.setCount).pointee = (Shared.word(o, ObjectWord.setCount).pointee + 1) & 0xffff_ffff
        fault(.eventSetSetCount)
        pl_order()
        pl_store64(Shared.word(o, ObjectWord.isSet), 1)
        fault(.eventSetIsSet)
        while WaitQueue.first(o) != 0 { WaitQueue.signal(o, WaitQueue.first(o)) }
        Objects.unlock(object)
        Parker.deliver()
    }

    static func clear(_ o: Shared.Object, _ object: UInt32) {
        Objects.lock(object)
        pl_store64(Shared.word(o, ObjectWord.isSet), 0)
        fault(.eventClearIsSet)
        Objects.unlock(object)
    }
}
