// Shared cells and arrays, as a program uses them.
//
// Without `lockable`, every access is one atomic instruction on the element. With it
// - a write takes the object's user lock for the moment (or has it, in a `lock` or between `beginUpdate` and
//   `endUpdate`), so it waits while another process holds the lock;
// - a read takes nothing: it reads between two equal states of the lock word that say "free", and waits only
//   while another process holds the lock;
// - what is changed inside a `lock` goes into the undo log first.
//
// All of these flush this process's output before others can see a change.

import CSystem
import Glibc

extension Runtime {
    /// Makes `count` elements of shared memory, all zero; the caller holds the object. `lockable`: some `lock`
    /// may name it, so every access respects a lock held by another process. Throws `memory`, `value`.
    public func makeShared(element: ElementKind, count: Int, isArray: Bool, lockable: Bool) throws -> ObjectRef {
        guard count >= 0, isArray || count == 1 else {
            throw RuntimeError(kind: "value", message: "a shared array cannot have \(count) elements")
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: Element.size(element))
        guard !overflow, bytes < 1 << 40 else {
            throw RuntimeError(kind: "memory", message: "a shared array of \(count) elements is too large")
        }
        var block: UInt64 = 0
        if isArray {
            block = try Blocks.allocate(bytes)
            Shared.zero(block, bytes)
        }
        do {
            return try Shared.make(isArray ? .array : .cell) { o, object in
                o.pointee.capacity = UInt64(count)
                fault(.runtimeMakeSharedCapacity)
                o.pointee.reserved = UInt16(element.rawValue) | (lockable ? SharedFlag.lockable : 0)
                fault(.runtimeMakeSharedReserved)
                if block != 0 {
                    o.pointee.ring = block
                    fault(.runtimeMakeSharedRing)
                    Shared.give(block, to: object)
                    block = 0
                }
            }
        } catch {
            Blocks.free(block)
            throw error
        }
    }

    /// The shape of a shared cell or array. Throws `closed` when it is gone.
    public func sharedInfo(_ object: ObjectRef) throws -> (element: ElementKind, count: Int, isArray: Bool) {
        let o = try Shared.variable(object)
        return (Element.kind(o), Int(o.pointee.capacity), o.pointee.kind == ObjectKind.array.rawValue + 1)
    }

    /// The bits of an element: integers sign- or zero-extended to 64 bits, floats as the bits of a Double.
    /// Waits while another process holds the lock of the object.
    public func sharedLoad(_ object: ObjectRef, _ index: Int) throws -> UInt64 {
        let o = try Shared.variable(object)
        let kind = Element.kind(o)
        let p = try Element.address(o, kind, index)
        if _fastPath(!Shared.isLockable(o)) { return Element.load(p, kind) }
        let before = UserLock.word(o)
        let owner = UserLock.owner(before)
        if owner == 0 || owner == pl_my_index() {
            let bits = Element.load(p, kind)
            if UserLock.stamp(UserLock.word(o)) == UserLock.stamp(before) { return bits }
        }
        let took = try Shared.beginAccess(o, object.index)
        defer { Shared.endAccess(o, object.index, took) }
        return Element.load(p, kind)
    }

    /// Stores the low bits of `bits` (a Double's bits for floats) into an element. Waits while another process
    /// holds the lock of the object. Throws `memory` when the undo log of a `lock` finds no room.
    public func sharedStore(_ object: ObjectRef, _ index: Int, _ bits: UInt64) throws {
        let o = try Shared.variable(object)
        let kind = Element.kind(o)
        let p = try Element.address(o, kind, index)
        if _slowPath(pl_own().pointee.out_pending != 0) { Output.flushQuietly() }
        if _fastPath(!Shared.isLockable(o)) {
            Element.store(p, kind, bits)
            return
        }
        let took = try Shared.beginAccess(o, object.index)
        defer { Shared.endAccess(o, object.index, took) }
        if UserLock.depth(o) > 0 { try UndoLog.note(o, object.index, kind, index) }
        Element.store(p, kind, bits)
    }

    /// Stores `desired` if the element still has the bits `expected`; otherwise puts the present bits there.
    /// Waits as `sharedStore` does.
    public func sharedCompareExchange(
        _ object: ObjectRef, _ index: Int, _ expected: inout UInt64, _ desired: UInt64
    ) throws -> Bool {
        let o = try Shared.variable(object)
        let kind = Element.kind(o)
        let p = try Element.address(o, kind, index)
        if _slowPath(pl_own().pointee.out_pending != 0) { Output.flushQuietly() }
        if _fastPath(!Shared.isLockable(o)) { return Element.compareExchange(p, kind, &expected, desired) }
        let took = try Shared.beginAccess(o, object.index)
        defer { Shared.endAccess(o, object.index, took) }
        if UserLock.depth(o) > 0 { try UndoLog.note(o, object.index, kind, index) }
        return Element.compareExchange(p, kind, &expected, desired)
    }

    /// Adds to an `int64` element that no `lock` can name: the read, the addition and the store are one. False, and
    /// nothing is done: it is another kind, or the sum would not fit.
    public func sharedAdd(_ object: ObjectRef, _ index: Int, _ delta: Int) throws -> Bool {
        let o = try Shared.variable(object)
        guard Element.kind(o) == .int64, !Shared.isLockable(o) else { return false }
        let p = try Element.address(o, .int64, index).assumingMemoryBound(to: UInt64.self)
        if _slowPath(pl_own().pointee.out_pending != 0) { Output.flushQuietly() }
        var seen = pl_load64(p)
        while true {
            let (sum, overflow) = Int(bitPattern: UInt(seen)).addingReportingOverflow(delta)
            if overflow { return false }
            let present = pl_cas_value64(p, seen, UInt64(UInt(bitPattern: sum)))
            if present == seen { return true }
            seen = present
        }
    }

    /// Brackets a read-modify-write on a lockable object, which no other operation on it interrupts; nothing to
    /// do for others. Nothing in between may wait for another process. Waits for the object's lock.
    public func beginUpdate(_ object: ObjectRef) throws {
        let o = try Shared.resolve(object)
        guard Shared.isLockable(o), o.pointee.kind != ObjectKind.managed.rawValue + 1, !UserLock.isMine(o) else {
            return
        }
        if let outcome = UserLock.acquire(o, object.index, intent: SlotWord.bracket) { throw outcome.error }
    }

    /// Ends what `beginUpdate` has begun: writes out what was printed, and lets the next one in. Nothing to do without it.
    public func endUpdate(_ object: ObjectRef) {
        guard Shared.mine(SlotWord.bracket).pointee == UInt64(object.index), object.index != 0 else { return }
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        UserLock.release(pl_object_at(object.index), object.index)
        pl_order()
        Shared.mine(SlotWord.bracket).pointee = 0
        fault(.runtimeEndUpdateBracket)
    }

    /// All elements at one instant (lockable objects) or one after another. Waits while another process holds
    /// the lock of the object.
    public func sharedSnapshot(_ object: ObjectRef) throws -> [UInt64] {
        let o = try Shared.variable(object)
        let kind = Element.kind(o)
        let count = Int(o.pointee.capacity)
        func copy() -> [UInt64] {
            let size = Element.size(kind)
            let base = Element.base(o)
            return [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
                for i in 0..<count { buffer.initializeElement(at: i, to: Element.load(base + i * size, kind)) }
                initialized = count
            }
        }
        if !Shared.isLockable(o) { return copy() }
        for _ in 0..<2 {
            let before = UserLock.word(o)
            let owner = UserLock.owner(before)
            guard owner == 0 || owner == pl_my_index() else { break }
            let elements = copy()
            if UserLock.stamp(UserLock.word(o)) == UserLock.stamp(before) { return elements }
        }
        let took = try Shared.beginAccess(o, object.index)
        defer { Shared.endAccess(o, object.index, took) }
        return copy()
    }
}

extension Shared {
    /// The cell or array that a reference names. Throws `closed` when it is gone, `type` when it is another kind.
    @inline(__always)
    static func variable(_ ref: ObjectRef) throws -> Object {
        let o = try resolve(ref)
        let kind = o.pointee.kind
        guard kind == ObjectKind.cell.rawValue + 1 || kind == ObjectKind.array.rawValue + 1 else {
            throw wrongKind("shared number or array")
        }
        return o
    }

    /// Takes the user lock for one access unless this process has it; true when it took it.
    @inline(__always)
    static func beginAccess(_ o: Object, _ object: UInt32) throws -> Bool {
        if UserLock.isMine(o) { return false }
        if let outcome = UserLock.acquire(o, object, intent: SlotWord.lockIntent) { throw outcome.error }
        return true
    }

    @inline(__always)
    static func endAccess(_ o: Object, _ object: UInt32, _ took: Bool) {
        guard took else { return }
        UserLock.release(o, object)
        pl_order()
        mine(SlotWord.lockIntent).pointee = 0
        fault(.sharedEndAccessLockIntent)
    }

    /// A new object of a kind that is no channel, filled by `fill` and held by this process. Throws `memory`.
    static func make(_ kind: ObjectKind, fill: (Object, UInt32) -> Void) throws -> ObjectRef {
        let object = try Pool.takeObject(kind: kind.rawValue + 1)
        let o = pl_object_at(object)!
        if Faults.misordered(.kindBeforeMark) { o.pointee.reserved = 0 }
        fill(o, object)
        do {
            try Ends.acquire(object, .hold)
        } catch {
            Cleanup.abandon(object, maker: ProcessTable.selfRef.raw)
            pl_me().pointee.object_intent = 0
            fault(.sharedMakeObjectIntent)
            throw error
        }
        pl_me().pointee.object_intent = 0
        fault(.sharedMakeObjectIntent2)
        return Objects.ref(object)
    }

    /// Clears a block's payload.
    static func zero(_ block: UInt64, _ bytes: Int) { memset(pl_block_bytes(block), 0, bytes) }
}
