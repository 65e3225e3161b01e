// `lock`, barriers, semaphores and events, as a program uses them. They also flush this process's output before
// others can learn of what it did.

import CSystem

extension Runtime {
    /// Takes the user locks of all `objects` (lockable shared variables, managed objects) and one permit of each
    /// semaphore among them, in the order of their places in the arena, whatever the order given. Re-entrant.
    /// Waits. When it does not end with `.done` it has taken nothing.
    public func lock(_ objects: [ObjectRef], deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome {
        if objects.count == 1 { return Sync.take(objects[0], deadline, line, tryDepth) ?? .done(0) }
        let sorted = Sync.ordered(objects)
        var taken = 0
        for ref in sorted {
            if let outcome = Sync.take(ref, deadline, line, tryDepth) {
                unlock(Array(sorted[..<taken]))
                return outcome
            }
            taken += 1
        }
        return .done(0)
    }

    /// Ends what `lock` with the same objects began, and keeps the changes: of all of them or, if the process
    /// dies in here, of none.
    public func unlock(_ objects: [ObjectRef]) {
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        if objects.count == 1, Sync.giveUp(objects[0]) { return }
        var ending: [UInt32] = []
        var semaphores: [ObjectRef] = []
        for ref in Sync.ordered(objects) {
            guard let i = Objects.index(of: ref), let o = pl_object_at(i) else { continue }
            if o.pointee.kind == ObjectKind.semaphore.rawValue + 1 {
                semaphores.append(ref)
            } else if UserLock.isMine(o) {
                if UserLock.depth(o) > 1 { UserLock.addDepth(o, -1) } else { ending.append(i) }
            }
        }
        if !ending.isEmpty { UserLock.releaseGroup(ending) }
        for ref in semaphores { try? signal(ref) }
    }

    /// A barrier for `n` processes, held by the caller. Throws `value`, `memory`.
    public func makeBarrier(_ n: Int) throws -> ObjectRef {
        guard n > 0, n <= 1 << 24 else { throw RuntimeError(kind: "value", message: "a barrier for \(n) processes") }
        return try Shared.make(.barrier) { o, _ in
            Shared.word(o, ObjectWord.parties).pointee = UInt64(n)
            fault(.runtimeMakeBarrierParties)
        }
    }

    /// A semaphore with `n` free permits, held by the caller. Throws `value`, `memory`.
    public func makeSemaphore(_ n: Int) throws -> ObjectRef {
        guard n >= 0, n <= Int(Int32.max) else {
            throw RuntimeError(kind: "value", message: "a semaphore cannot have \(n) permits")
        }
        return try Shared.make(.semaphore) { o, _ in
            Shared.word(o, ObjectWord.permits).pointee = UInt64(n)
            fault(.runtimeMakeSemaphorePermits)
        }
    }

    /// An event that is not set, held by the caller. Throws `memory`.
    public func makeEvent() throws -> ObjectRef { try Shared.make(.event) { _, _ in } }

    /// `barrier.wait`, `semaphore.acquire`, `event.wait`. `.failed` with kind `closed` for a barrier that can no
    /// longer fill.
    public func waitFor(_ object: ObjectRef, deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome {
        guard let i = Objects.index(of: object), let o = pl_object_at(i) else { return .failed(Shared.gone) }
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        let outcome: WaitOutcome?
        switch Objects.kind(o) {
        case .barrier: outcome = Barrier.wait(o, i, deadline: deadline, line: line, tryDepth: tryDepth)
        case .semaphore: outcome = Semaphore.acquire(o, i, deadline: deadline, line: line, tryDepth: tryDepth)
        case .event: outcome = Event.wait(o, i, deadline: deadline, line: line, tryDepth: tryDepth)
        default: outcome = .failed(Shared.wrongKind("barrier, semaphore or event"))
        }
        return outcome ?? .done(0)
    }

    /// `semaphore.release`, `event.set`. Throws `closed`, `type`, `value`.
    public func signal(_ object: ObjectRef) throws {
        let o = try Shared.resolve(object)
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        switch Objects.kind(o) {
        case .semaphore: try Semaphore.release(o, object.index)
        case .event: Event.set(o, object.index)
        default: throw Shared.wrongKind("semaphore or event")
        }
    }

    /// `event.clear`. Throws `closed`, `type`.
    public func clear(_ object: ObjectRef) throws {
        let o = try Shared.resolve(object)
        guard Objects.kind(o) == .event else { throw Shared.wrongKind("event") }
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        Event.clear(o, object.index)
    }

    /// 1 or 0 for an event that is set or not, the free permits of a semaphore, how many wait at a barrier: at
    /// the moment of the call, no longer.
    public func level(of object: ObjectRef) throws -> Int {
        let o = try Shared.resolve(object)
        switch Objects.kind(o) {
        case .event: return Int(pl_load64(Shared.word(o, ObjectWord.isSet)))
        case .semaphore: return Int(pl_load64(Shared.word(o, ObjectWord.permits)))
        case .barrier: return Int(pl_load64(Shared.word(o, ObjectWord.waitingCount)))
        default: throw Shared.wrongKind("barrier, semaphore or event")
        }
    }
}

enum Sync {
    static var notHeld: RuntimeError {
        RuntimeError(kind: "closed", message: "this process has given the object up")
    }

    /// Each object once, ascending: the fixed order of locks.
    static func ordered(_ objects: [ObjectRef]) -> [ObjectRef] {
        if objects.count < 2 { return objects }
        var sorted = objects.sorted { $0.index < $1.index }
        var kept = 1
        for i in 1..<sorted.count where sorted[i] != sorted[kept - 1] {
            sorted[kept] = sorted[i]
            kept += 1
        }
        sorted.removeSubrange(kept...)
        return sorted
    }

    /// Takes one object of a `lock`; nil when it has it.
    static func take(_ ref: ObjectRef, _ deadline: Int64, _ line: Int32, _ tryDepth: Int32) -> WaitOutcome? {
        guard let i = Objects.index(of: ref), let o = pl_object_at(i) else { return .failed(Shared.gone) }
        switch Objects.kind(o) {
        case .semaphore:
            return Semaphore.acquire(o, i, deadline: deadline, line: line, tryDepth: tryDepth)
        case .cell, .array:
            guard Shared.isLockable(o) else {
                return .failed(RuntimeError(kind: "value", message: "the shared variable was not made to be locked"))
            }
        case .managed: break
        default: return .failed(Shared.wrongKind("shared variable or semaphore"))
        }
        if UserLock.isMine(o), UserLock.depth(o) > 0 {
            UserLock.addDepth(o, 1)
            return nil
        }
        if let outcome = UserLock.acquire(
            o, i, intent: SlotWord.lockIntent, deadline: deadline, line: line, tryDepth: tryDepth)
        {
            return outcome
        }
        UserLock.hold(o, i)
        return nil
    }

    /// Ends a `lock` of one shared variable without the group's bookkeeping; false when it is another case.
    static func giveUp(_ ref: ObjectRef) -> Bool {
        guard let i = Objects.index(of: ref), let o = pl_object_at(i), UserLock.isMine(o), UserLock.depth(o) == 1,
            o.pointee.kind != ObjectKind.semaphore.rawValue + 1
        else { return false }
        UserLock.releaseOne(i)
        return true
    }

    /// A process that was signalled at the object died before it took what it was signalled for. Object's lock held.
    static func signalledOneLeft(_ o: Shared.Object) {
        switch Objects.kind(o) {
        case .cell, .array, .managed: UserLock.signalledOneLeft(o)
        case .semaphore: Semaphore.signalNext(o)
        default: break
        }
    }
}
