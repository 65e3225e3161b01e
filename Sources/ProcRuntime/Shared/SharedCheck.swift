// What must hold of shared variables, synchronisation objects and logs of managed objects when nobody is working on
// them: a part of `ArenaCheck`.

import CSystem

enum SharedCheck {
    /// Violated invariants of one object; its lock is held. `quiet`: no other process is left that could use it.
    static func object(_ i: UInt32, _ o: Shared.Object, _ kind: ObjectKind, quiet: Bool, _ found: inout [String]) {
        queue(i, o, &found)
        switch kind {
        case .cell, .array, .managed:
            let word = UserLock.word(o)
            let owner = UserLock.owner(word)
            if owner != 0, owner != UserLock.rollingBack, ProcessTable.state(pl_slot_at(owner)) == State.free {
                found.append("\(kind) \(i): its lock is held by slot \(owner), which is free")
            }
            if quiet, owner != 0, owner != pl_my_index() {
                found.append("\(kind) \(i): its lock is held by slot \(owner)")
            }
            if owner == 0, Shared.word(o, ObjectWord.held).pointee != 0 {
                found.append("\(kind) \(i): held, but not locked")
            }
            if owner == 0, kind == .cell, Shared.word(o, ObjectWord.undoValid).pointee != 0 {
                found.append("cell \(i): something to undo, but not locked")
            }
            if owner == 0, kind == .array,
                Shared.word(o, ObjectWord.undoPages).pointee != 0 || Shared.word(o, ObjectWord.committed).pointee != 0
            {
                found.append("array \(i): something to undo, but not locked")
            }
            if kind == .managed, ManagerLog.first(o) == 0 { found.append("managed \(i): no log") }
        case .semaphore:
            if Shared.word(o, ObjectWord.journalEntry).pointee != 0 {
                found.append("semaphore \(i): a change is half done")
            }
            if WaitQueue.first(o) != 0, Semaphore.permits(o) > 0, !anySignalled(i) {
                found.append("semaphore \(i): a process waits beside a free permit")
            }
        case .barrier:
            var count: UInt64 = 0
            var slot = WaitQueue.first(o)
            while slot != 0 {
                count += 1
                slot = WaitQueue.next(slot)
            }
            let recorded = Shared.word(o, ObjectWord.waitingCount).pointee
            if count != recorded { found.append("barrier \(i): \(count) wait, recorded \(recorded)") }
        default: break
        }
        if quiet, WaitQueue.first(o) != 0 { found.append("\(kind) \(i): slot \(WaitQueue.first(o)) waits") }
    }

    private static func queue(_ i: UInt32, _ o: Shared.Object, _ found: inout [String]) {
        var slot = WaitQueue.first(o)
        var last: UInt32 = 0
        var steps: UInt32 = 0
        while slot != 0, steps < pl_acquire32(&pl_head().pointee.slot_used) {
            if Shared.slotWord(slot, SlotWord.waitsAt).pointee != UInt64(i)
                || WaitQueue.flags(slot) & QueueFlag.queued == 0
            {
                found.append("object \(i): slot \(slot) is in its queue, but does not wait")
            }
            last = slot
            slot = WaitQueue.next(slot)
            steps += 1
        }
        if slot != 0 || last != WaitQueue.last(o) { found.append("object \(i): its queue is broken") }
    }

    private static func anySignalled(_ i: UInt32) -> Bool {
        for slot in 1..<max(1, pl_acquire32(&pl_head().pointee.slot_used))
        where Shared.slotWord(slot, SlotWord.waitsAt).pointee == UInt64(i)
            && WaitQueue.flags(slot) & QueueFlag.signalled != 0
        {
            return true
        }
        return false
    }

    /// Whether a block that is tagged as the object's can be reached from it.
    static func reaches(_ object: UInt32, _ block: UInt64) -> Bool {
        let o = pl_object_at(object)!
        func inChain(_ first: UInt64) -> Bool {
            var b = first
            while b != 0 {
                if b == block { return true }
                b = ManagerLog.next(b)  // both chains have the link in the first word
            }
            return false
        }
        switch Objects.kind(o) {
        case .array:
            return o.pointee.ring == block || Shared.word(o, ObjectWord.undoDirectory).pointee == block
                || inChain(Shared.word(o, ObjectWord.undoPages).pointee)
        case .managed: return inChain(ManagerLog.first(o)) || inChain(Shared.word(o, ObjectWord.dropping).pointee)
        default: return false
        }
    }
}
