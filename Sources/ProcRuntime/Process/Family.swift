// The supervisor's private knowledge of who started whom, among the processes that it watches: the death of one of many
// processes must not cost a walk through the table.
//
// Invariants
// - Lists by slot: a slot is in one list at most, that of the slot of its process's parent.
// - A list has every child whose slot is in use; it may also name slots that were given back since, or that are
//   children of the slot's former owner: who uses it compares generations.

import CSystem

enum Family {
    private static var firstChild: [UInt32] = []
    private static var next: [UInt32] = []
    private static var previous: [UInt32] = []
    /// 0: in no list.
    private static var parent: [UInt32] = []
    private static var generation: [UInt32] = []

    /// A process is watched from now on.
    static func add(_ ref: ProcessRef, childOf parentSlot: UInt32) {
        makeRoom(max(ref.index, parentSlot))
        unlink(ref.index)
        let i = Int(ref.index)
        let first = firstChild[Int(parentSlot)]
        next[i] = first
        previous[i] = 0
        if first != 0 { previous[Int(first)] = ref.index }
        firstChild[Int(parentSlot)] = ref.index
        parent[i] = parentSlot
        generation[i] = ref.generation
    }

    /// Its slot was given back. (One that has only died keeps its place: its parent has not freed the slot, and may
    /// never come to that.)
    static func remove(_ ref: ProcessRef) {
        if Int(ref.index) < generation.count, generation[Int(ref.index)] == ref.generation { unlink(ref.index) }
    }

    /// The slot is free, or about to be, or another parent's child has it.
    static func remove(_ index: UInt32, childOf parentSlot: UInt32) {
        if Int(index) < parent.count, parent[Int(index)] == parentSlot { unlink(index) }
    }

    /// The slots in the list of a parent's slot.
    static func children(of parentSlot: UInt32) -> [UInt32] {
        guard Int(parentSlot) < firstChild.count else { return [] }
        var found: [UInt32] = []
        var child = firstChild[Int(parentSlot)]
        while child != 0 {
            found.append(child)
            child = next[Int(child)]
        }
        return found
    }

    private static func unlink(_ index: UInt32) {
        let i = Int(index)
        guard parent[i] != 0 else { return }
        if previous[i] != 0 { next[Int(previous[i])] = next[i] } else { firstChild[Int(parent[i])] = next[i] }
        if next[i] != 0 { previous[Int(next[i])] = previous[i] }
        parent[i] = 0
    }

    private static func makeRoom(_ index: UInt32) {
        guard Int(index) >= parent.count else { return }
        let more = max(64, Int(index) + 1 - parent.count, parent.count)
        let zeros = [UInt32](repeating: 0, count: more)
        firstChild += zeros
        next += zeros
        previous += zeros
        parent += zeros
        generation += zeros
    }
}
