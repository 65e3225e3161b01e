// What a waiting process keeps of the group that it waits for, and how it finds who has ended.
//
// Invariants
// - Who ends sets a bit for its slot (`header.ended`) after its state says ENDED and before it wakes its parent; the bit
//   is cleared when the slot is reserved for the next process. So the bits name all that have ended, and perhaps a few
//   that have not: the state decides.
// - A look costs one load for 64 slots, not one for each member: thousands may be waited for.
// - Processes that are not children are asked one by one: their slots may be another's already.

import CSystem

final class AwaitedMembers {
    /// Their `awaited_group`.
    var group: UInt32 = 0
    /// Members that this wait is the first to see.
    var arrived: [ProcessRef] = []
    var foreign: [ProcessRef] = []
    /// Bits of the slots of members, and of some that were.
    private var slots: [UInt64] = []
    /// Found ended by the last look and not told yet: the last one is told first.
    private var ended: [(order: UInt64, process: ProcessRef)] = []
    /// The first failure of a member that had not ended at that look; 0: there was none.
    private var pendingFailure: UInt64 = 0

    func add(_ ref: ProcessRef, isChild: Bool) {
        if !isChild {
            foreign.append(ref)
            return
        }
        let word = Int(ref.index >> 6)
        if word >= slots.count { slots += [UInt64](repeating: 0, count: word + 1 - slots.count) }
        slots[word] |= 1 << UInt64(ref.index & 63)
    }

    /// The index of a member that has ended: one that did not fail, or else the one that failed first; nil also
    /// while a process that failed earlier has not ended yet.
    func firstEnded(_ group: ProcessGroup) -> Int? {
        if let index = next(group) { return index }
        look(group)
        return next(group)
    }

    private func next(_ group: ProcessGroup) -> Int? {
        while let (order, process) = ended.last {
            guard let index = group.index(of: process) else {
                ended.removeLast()
                continue
            }
            if order != 0, pendingFailure != 0, pendingFailure < order { return nil }
            ended.removeLast()
            return index
        }
        return nil
    }

    private func look(_ group: ProcessGroup) {
        ended.removeAll(keepingCapacity: true)
        pendingFailure = 0
        var failures = false
        func found(_ ref: ProcessRef) {
            let order = Join.failOrder(ref)
            if order != 0 { failures = true }
            ended.append((order, ref))
        }
        let bits = pl_ended_bits()!
        for word in slots.indices where slots[word] != 0 {
            var candidates = slots[word] & pl_load64(bits + word)
            while candidates != 0 {
                let index = UInt32(word * 64 + candidates.trailingZeroBitCount)
                candidates &= candidates - 1
                let s = pl_slot_at(index)!
                let ref = ProcessRef(index: index, generation: s.pointee.generation)
                if group.index(of: ref) == nil {
                    slots[word] &= ~(1 << UInt64(index & 63))
                } else if pl_load32(&s.pointee.state) == State.ended {
                    found(ref)
                }
            }
        }
        for ref in foreign where Join.hasEnded(ref) { found(ref) }
        guard failures else { return }
        // Last in the list what is told first: first those that did not fail, then by the order of failures.
        ended.sort { ($1.order, $1.process.raw) < ($0.order, $0.process.raw) }
        for ref in group.members where !Join.hasEnded(ref) {
            let order = Join.failOrder(ref)
            if order != 0, pendingFailure == 0 || order < pendingFailure { pendingFailure = order }
        }
    }
}
