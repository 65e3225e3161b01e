// What a wait waits for, told from its record. The deadlock report and the snapshot of a program say the same.

import CSystem

enum WaitTargets {
    /// The targets of a wait that was just read. Stale references are left out.
    static func of(_ wait: Blocked) -> [ProgramSnapshot.WaitTarget] {
        let target = object(UInt32(truncatingIfNeeded: wait.object))
        switch wait.kind {
        case WaitKind.communicate: return wait.records.compactMap(record)
        case WaitKind.join: return [.end(awaited(by: wait))]
        case WaitKind.sleep: return [.time]
        case WaitKind.lock:
            return target.map { [.lock($0, owner: process(SharedHooks.lockOwner($0.index)))] } ?? []
        case WaitKind.barrier: return target.map { [.barrier($0)] } ?? []
        case WaitKind.semaphore: return target.map { [.semaphore($0)] } ?? []
        case WaitKind.event: return target.map { [.event($0)] } ?? []
        case WaitKind.manager: return target.map { [.manager($0)] } ?? []
        case WaitKind.external:
            if wait.object == 1 || wait.object == OwnerLocks.mark(of: OwnerLocks.input) { return [.standardInput] }
            if wait.object == OwnerLocks.mark(of: OwnerLocks.output) { return [.standardOutput] }
            return [.external]
        default: return []
        }
    }

    private static func record(_ index: UInt32) -> ProgramSnapshot.WaitTarget? {
        let record = pl_record_at(index)!
        switch record.pointee.direction {
        case Direction.receive: return object(record.pointee.object).map { .receive($0) }
        case Direction.send: return object(record.pointee.object).map { .send($0) }
        case Direction.process: return .end([ProcessRef(raw: record.pointee.message)])
        default: return nil
        }
    }

    /// The processes whose end a join waits for: the children of its group, and others.
    static func awaited(by wait: Blocked) -> [ProcessRef] {
        let group = pl_slot_at(wait.slot).pointee.join_group
        var found: [ProcessRef] = []
        for index in 2..<max(2, ArenaBounds.slotsInUse) {
            let s = pl_slot_at(index)!
            guard s.pointee.parent == wait.slot, s.pointee.awaited_group == group, group != 0,
                ProcessTable.state(s) != State.free, ProcessTable.state(s) != State.ended
            else { continue }
            found.append(ProcessRef(index: index, generation: s.pointee.generation))
        }
        for record in wait.records where pl_record_at(record).pointee.direction == Direction.process {
            found.append(ProcessRef(raw: pl_record_at(record).pointee.message))
        }
        return found
    }

    /// The reference of an index that was read from shared memory; nil if it is out of range or free.
    static func object(_ index: UInt32) -> ObjectRef? {
        guard index > 0, index < ArenaBounds.objectsInUse, pl_object_at(index).pointee.kind != 0 else {
            return nil
        }
        return Objects.ref(index)
    }

    static func process(_ index: UInt32) -> ProcessRef? {
        guard index > 0, index < ArenaBounds.slotsInUse else { return nil }
        return ProcessRef(index: index, generation: pl_slot_at(index).pointee.generation)
    }
}
