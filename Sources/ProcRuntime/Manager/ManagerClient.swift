// Managed objects, as a program uses them: made without the manager, used by one request and one reply.
//
// Invariants
// - While another process holds the user lock of the object, or waits for it, a request goes the way of a `lock`: it
//   waits in the same queue (so the wait can be cancelled, and the deadlock detector sees it), and holds
//   the lock for the moment of the operation.
// - The wait for the reply itself is short, and is not ended by a cancellation: the caller would not know
//   whether the operation was executed.

import CSystem
import Glibc

extension Runtime {
    /// The pid of the manager, 0 while there is none.
    public static var managerPid: Int32 {
        let slot = UInt32(truncatingIfNeeded: pl_load64(Shared.header(HeaderWord.manager)))
        let pid = slot == 0 ? 0 : pl_slot_at(slot).pointee.pid
        // The place in the table may be another process's by now.
        return pl_load64(Shared.header(HeaderWord.manager)) == UInt64(slot) ? pid : 0
    }

    /// Makes an object that the manager will hold, from its encoded initial value. The caller holds it. It cannot
    /// have ends inside (`type`). Throws `memory`.
    public func makeManaged(initial: [UInt8], capabilities: [End]) throws -> ObjectRef {
        guard capabilities.isEmpty else {
            throw RuntimeError(kind: "type", message: "a managed object cannot hold channels or shared variables")
        }
        var block = try Blocks.allocate(ManagerLog.headerBytes + initial.count)
        initial.withUnsafeBytes { ManagerLog.fill(block, number: 0, client: 0, $0) }
        do {
            return try Shared.make(.managed) { o, object in
                Shared.word(o, ObjectWord.log).pointee = block
                fault(.runtimeMakeManagedLog)
                Shared.give(block, to: object)
                block = 0
            }
        } catch {
            Blocks.free(block)
            throw error
        }
    }

    /// Executes one encoded operation at the manager and returns its encoded reply, which is valid until the next
    /// managed call. Waits, also while another process holds the lock of the object. Throws `closed` when the
    /// object is gone, `memory`, `cancelled`, `deadlock`, and `process` when executing it kills the manager.
    public func managedCall(_ object: ObjectRef, request: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        let o = try Shared.resolve(object)
        guard o.pointee.kind == ObjectKind.managed.rawValue + 1 else { throw Shared.wrongKind("managed object") }
        if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
        let owner = UserLock.owner(UserLock.word(o))
        let manager = UInt32(truncatingIfNeeded: pl_load64(Shared.header(HeaderWord.manager)))
        if owner == 0 || owner == pl_my_index() || owner == manager {
            if let reply = try ManagerClient.call(object, request) { return reply }
        }
        if let outcome = UserLock.acquire(o, object.index, intent: SlotWord.bracket) { throw outcome.error }
        defer {
            UserLock.release(o, object.index)
            pl_order()
            Shared.mine(SlotWord.bracket).pointee = 0
            fault(.runtimeManagedCallBracket)
        }
        guard let reply = try ManagerClient.call(object, request) else { throw Shared.gone }
        return reply
    }
}

enum ManagerClient {
    /// The block of this process's requests, kept between calls, and the process it belongs to.
    private static var block: UInt64 = 0
    private static var blockRoom = 0
    private static var blockOwner: UInt64 = 0
    private static let keptRoom = 4064
    /// The client holds the object's lock, and the operation is void if it does no more: then it is dead, and what
    /// it did inside the lock is undone.
    static let lockedFlag: UInt64 = 1 << 63
    /// Private memory of the reply.
    private static var reply = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// One request and its reply; nil when another process has locked the object.
    static func call(_ object: ObjectRef, _ request: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer? {
        let me = pl_my_index()
        let block = try room(request.count)
        defer { dropLarge() }
        if let start = request.baseAddress { memcpy(pl_block_bytes(block), start, request.count) }
        fault(.managerClientCallCopy)
        let count = (Shared.mine(SlotWord.requestCount).pointee + 1) & 0x7fff_ffff
        Shared.mine(SlotWord.requestCount).pointee = count
        fault(.managerClientCallRequestCount)
        let number = UInt64(pl_me().pointee.generation) << 31 | count
        Shared.mine(SlotWord.requestBlock).pointee = block
        fault(.managerClientCallRequestBlock)
        let locked = UserLock.isMine(pl_object_at(object.index))
        Shared.mine(SlotWord.requestLength).pointee = UInt64(request.count) | (locked ? lockedFlag : 0)
        fault(.managerClientCallRequestLength)
        Shared.mine(SlotWord.requestObject).pointee = object.raw
        fault(.managerClientCallRequestObject)
        Shared.mine(SlotWord.attempts).pointee = 0
        fault(.managerClientCallAttempts)
        let word = Shared.mine(SlotWord.request)
        pl_store64(word, number << 3 | Manager.State.pending)
        fault(.managerClientCallPending)
        Manager.ring(me)
        var answer: UInt64
        var first = true
        while true {
            let seen = Parker.sequence
            answer = pl_load64(word)
            if answer & Manager.State.mask >= Manager.State.replied { break }
            _ = WaitRecord.begin(
                WaitKind.manager, line: 0, tryDepth: 0, seen: seen, flags: WaitFlag.external,
                object: UInt64(object.index),
                first: first)
            first = false
            _ = Parker.park(seen)
            WaitRecord.end()
        }
        switch answer & Manager.State.mask {
        case Manager.State.replied: return take(answer & ~63)
        case Manager.State.locked:
            pl_store64(word, 0)
            fault(.managerClientCallWord)
            return nil
        case Manager.State.noMemory:
            pl_store64(word, 0)
            fault(.managerClientCallWord2)
            throw RuntimeError(kind: "memory", message: "no shared memory for the operation")
        case Manager.State.crashed:
            pl_store64(word, 0)
            fault(.managerClientCallWord3)
            throw RuntimeError(kind: "process", message: "the manager dies when it executes the operation")
        default:
            pl_store64(word, 0)
            fault(.managerClientCallWord4)
            throw Shared.gone
        }
    }

    private static func take(_ block: UInt64) -> UnsafeRawBufferPointer {
        InFlight.add(block)
        pl_order()
        pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
        fault(.managerClientTakeOwner)
        pl_order()
        pl_store64(Shared.mine(SlotWord.request), 0)
        fault(.managerClientTakeRequest)
        let length = Int(pl_block_at(block).pointee.length)
        if reply.count < length || (reply.count > 1 << 20 && length < 65536) {
            reply.deallocate()
            reply = .allocate(byteCount: max(256, length), alignment: 16)
        }
        if length > 0 { memcpy(reply.baseAddress!, pl_block_bytes(block), length) }
        Blocks.free(block)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(reply)[..<length])
    }

    /// A block with room for a request; small ones share one that is kept.
    private static func room(_ bytes: Int) throws -> UInt64 {
        if blockOwner != ProcessTable.selfRef.raw {
            // After a fork: the block is the parent's.
            block = 0
            blockOwner = ProcessTable.selfRef.raw
        }
        if block != 0, blockRoom >= bytes { return block }
        if block != 0 { Blocks.free(block) }
        block = 0
        let size = max(bytes, 224)
        block = try Blocks.allocate(size)
        blockRoom = size
        return block
    }

    private static func dropLarge() { if blockRoom > keptRoom { forget() } }

    /// Frees the kept block: at the orderly end of the process.
    static func forget() {
        if block != 0, blockOwner == ProcessTable.selfRef.raw { Blocks.free(block) }
        block = 0
        blockRoom = 0
    }
}
