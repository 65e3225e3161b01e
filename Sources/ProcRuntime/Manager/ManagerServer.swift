// The manager process: takes requests, executes them one after the other, logs those that changed something,
// replies.
//
// Invariants (see also Manager.swift, ManagerLog.swift)
// - While it executes an operation for a client that does not hold the object's user lock, the manager holds it.
// - Order of a change: room for the log entry, execution, commit (the entry is linked), release of the lock, reply.
// - The private copy of an object is made from the log when it is first asked for, and is exactly what the log
//   says between two requests.

import CSystem
import Glibc

final class ManagerServer {
    /// What the manager knows of an object whose private copy exists.
    private struct Loaded {
        var tail: UInt64
        var logBytes: Int
        var snapshotBytes: Int
    }

    private let service: ManagedService
    private var loaded: [UInt64: Loaded] = [:]
    /// The copy of the request being executed.
    private var request = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    /// A block of this process for the next log entry.
    private var spare: UInt64 = 0
    private var spareRoom = 0
    /// How often a manager may die inside one operation before the operation is refused.
    private static let mostAttempts: UInt64 = 5

    init(_ service: ManagedService) { self.service = service }

    /// Serves until the program ends. The process has its slot already.
    func serve() -> Never {
        pl_store64(Shared.header(HeaderWord.managerWork), 1)
        fault(.managerServerServeManagerWork)
        pl_store64(Shared.header(HeaderWord.manager), UInt64(pl_my_index()))
        fault(.managerServerServeManager)
        recover()
        while true {
            let seen = Parker.sequence
            var worked = false
            if pl_load64(Shared.header(HeaderWord.managerWork)) != 0 {
                pl_store64(Shared.header(HeaderWord.managerWork), 0)
                fault(.managerServerServeManagerWork2)
                lookAfterObjects()
                worked = true
            }
            if answerRequests() { worked = true }
            if !worked { _ = Parker.park(seen) }
        }
    }

    /// First what an earlier manager had taken, then what waits.
    private func recover() {
        for state in [Manager.State.taken, Manager.State.pending] {
            for slot in 1..<max(1, pl_acquire32(&pl_head().pointee.slot_used)) {
                if pl_load64(Shared.slotWord(slot, SlotWord.request)) & Manager.State.mask == state { answer(slot) }
            }
        }
    }

    private func answerRequests() -> Bool {
        var any = false
        for i in 0..<16 where pl_load64(pl_manager_summary() + i) != 0 {
            var words = pl_swap64(pl_manager_summary() + i, 0)
            fault(.managerServerAnswerRequestsManagerSummary)
            while words != 0 {
                let w = i << 6 + words.trailingZeroBitCount
                words &= words - 1
                var bits = pl_swap64(pl_manager_bits() + w, 0)
                fault(.managerServerAnswerRequestsManagerBits)
                while bits != 0 {
                    answer(UInt32(w << 6 + bits.trailingZeroBitCount))
                    bits &= bits - 1
                    any = true
                }
            }
        }
        return any
    }

    // MARK: One request

    /// A request as it was taken.
    private struct Taken {
        var slot: UInt32
        /// By a manager before this one.
        var wasTaken: Bool
        /// The client held the object's lock when it asked.
        var locked: Bool
        /// The request word, state `taken`.
        var word: UInt64
        var number: UInt64
        var client: UInt64
        var object: ObjectRef
        var bytes: UnsafeRawBufferPointer
    }

    private func answer(_ slot: UInt32) {
        guard let taken = take(slot) else { return }
        execute(taken)
        Parker.deliver()
    }

    /// Copies the request of a process and takes it; nil when there is none.
    private func take(_ slot: UInt32) -> Taken? {
        let word = Shared.slotWord(slot, SlotWord.request)
        let w = pl_load64(word)
        let state = w & Manager.State.mask
        guard state == Manager.State.pending || state == Manager.State.taken else { return nil }
        let block = Shared.slotWord(slot, SlotWord.requestBlock).pointee
        let flagged = Shared.slotWord(slot, SlotWord.requestLength).pointee
        let length = flagged & ~ManagerClient.lockedFlag
        let object = ObjectRef(raw: Shared.slotWord(slot, SlotWord.requestObject).pointee)
        let client = ProcessRef(index: slot, generation: pl_slot_at(slot).pointee.generation).raw
        // Until the word has been seen unchanged these may be the remains of a dead client's request.
        guard length < 1 << 40, Blocks.isInside(block, Int(length)) else { return nil }
        if request.count < Int(length) || request.count > max(1 << 20, Int(length) * 4) {
            request.deallocate()
            request = .allocate(byteCount: max(4096, Int(length)), alignment: 16)
        }
        if length > 0 { memcpy(request.baseAddress!, pl_block_bytes(block), Int(length)) }
        let number = w >> 3
        let wasTaken = state == Manager.State.taken
        let taken = number << 3 | Manager.State.taken
        guard pl_cas64(word, w, taken) else { return nil }
        fault(.managerServerTakeWord)
        return Taken(
            slot: slot, wasTaken: wasTaken, locked: flagged != length, word: taken, number: number, client: client,
            object: object,
            bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(request)[..<Int(length)]))
    }

    private func execute(_ r: Taken) {
        guard let object = Objects.index(of: r.object), let o = pl_object_at(object),
            o.pointee.kind == ObjectKind.managed.rawValue + 1, o.pointee.reserved & SharedFlag.doomed == 0
        else { return respond(r, Manager.State.gone) }
        if r.wasTaken {
            // If the manager before had committed it, the log knows, and its replay the reply.
            forget(r.object.raw)
            if let reply = load(o, object, r.object.raw, number: r.number, client: r.client) {
                return deliver(r, reply)
            }
            if Shared.slotWord(r.slot, SlotWord.attempts).pointee >= Self.mostAttempts {
                return respond(r, Manager.State.crashed)
            }
        }
        let lockWord = UserLock.word(o)
        let owner = UserLock.owner(lockWord)
        var borrowed = false
        if owner == 0, !r.locked {
            Shared.mine(SlotWord.lockIntent).pointee = UInt64(object)
            fault(.managerServerExecuteLockIntent)
            pl_order()
            borrowed = UserLock.tryTake(o)
            if !borrowed { Shared.mine(SlotWord.lockIntent).pointee = 0 }
            fault(.managerServerExecuteLockIntent2)
        }
        // The client's own lock. As long as the request stands the slot is the client's: its sweep takes the request back,
        // and the next process in the slot may hold the lock as well.
        let isClients = owner == r.slot && pl_load64(Shared.slotWord(r.slot, SlotWord.request)) == r.word
        guard borrowed || isClients else { return respond(r, Manager.State.locked) }
        if loaded[r.object.raw] == nil { _ = load(o, object, r.object.raw, number: 0, client: 0) }
        let reply = run(r, o, object, lockWord, borrowed)
        if borrowed {
            UserLock.release(o, object)
            pl_order()
            Shared.mine(SlotWord.lockIntent).pointee = 0
            fault(.managerServerExecuteLockIntent3)
        }
        switch reply {
        case .bytes(let bytes): deliver(r, bytes)
        case .answer(let state): respond(r, state)
        }
        compactIfWorthwhile(o, object, r.object.raw)
    }

    private enum Reply {
        case bytes([UInt8])
        case answer(UInt64)
    }

    /// Executes the operation and commits it if it changed the object. The user lock is the manager's or the client's.
    private func run(_ r: Taken, _ o: Shared.Object, _ object: UInt32, _ lockWord: UInt64, _ borrowed: Bool) -> Reply {
        let tail = loaded[r.object.raw]!.tail
        if !borrowed, UserLock.depth(o) > 0, !ManagerLog.save(o, lockWord: lockWord, tail: tail) {
            return .answer(Manager.State.locked)
        }
        let size = ManagerLog.headerBytes + r.bytes.count
        if spare == 0 || spareRoom < size {
            if spare != 0 { Blocks.free(spare) }
            spare = 0
            do {
                spare = try Blocks.allocate(size)
                spareRoom = size
            } catch {
                return .answer(Manager.State.noMemory)
            }
        }
        var mutates = false
        let attempts = Shared.slotWord(r.slot, SlotWord.attempts)
        let before = attempts.pointee
        attempts.pointee = before + 1
        fault(.managerServerRunWord)
        pl_order()
        let bytes = service.execute(id: r.object.raw, request: r.bytes, mutates: &mutates)
        pl_order()
        attempts.pointee = before
        fault(.managerServerRunWord2)
        if mutates {
            let block = spare
            spare = 0
            ManagerLog.fill(block, number: r.number, client: r.client, r.bytes)
            ManagerLog.append(object, block, after: tail)
            loaded[r.object.raw]!.tail = block
            loaded[r.object.raw]!.logBytes += size + 64
        }
        return .bytes(bytes)
    }

    // MARK: Replies

    /// An answer without a block.
    private func respond(_ r: Taken, _ state: UInt64) {
        _ = Parker.wake(r.slot, ifDone: { pl_cas64(Shared.slotWord(r.slot, SlotWord.request), r.word, r.number << 3 | state) })
        fault(.managerServerRespondRequest)
    }

    private func deliver(_ r: Taken, _ bytes: [UInt8]) {
        guard let block = try? Blocks.allocate(bytes.count) else { return respond(r, Manager.State.noMemory) }
        bytes.withUnsafeBytes { if $0.count > 0 { memcpy(pl_block_bytes(block), $0.baseAddress!, $0.count) } }
        fault(.managerServerDeliverCopy)
        Shared.mine(SlotWord.outClient).pointee = UInt64(r.slot)
        fault(.managerServerDeliverOutClient)
        Shared.mine(SlotWord.outBlock).pointee = block
        fault(.managerServerDeliverOutBlock)
        pl_order()
        pl_block_at(block).pointee.owner = Manager.replyTag(r.slot)
        fault(.managerServerDeliverOwner)
        pl_order()
        InFlight.remove(block)
        let delivered = Parker.wake(r.slot, ifDone: {
            pl_cas64(Shared.slotWord(r.slot, SlotWord.request), r.word, block | Manager.State.replied)
        })
        fault(.managerServerDeliverReplied)
        if !delivered { Manager.reclaim(block) }
        pl_order()
        Shared.mine(SlotWord.outBlock).pointee = 0
        fault(.managerServerDeliverOutBlock2)
    }

    // MARK: Objects

    /// Makes the private copy of an object from its log. Returns the reply of the operation `number` of `client` if
    /// the log has it.
    private func load(_ o: Shared.Object, _ object: UInt32, _ id: UInt64, number: UInt64, client: UInt64) -> [UInt8]? {
        ManagerLog.resume(o, object)
        var found: [UInt8]?
        var block = ManagerLog.first(o)
        let snapshot = ManagerLog.bytes(block)
        service.create(id: id, initial: snapshot)
        var state = Loaded(tail: block, logBytes: 0, snapshotBytes: snapshot.count)
        while true {
            block = ManagerLog.next(block)
            if block == 0 { break }
            let bytes = ManagerLog.bytes(block)
            var mutates = false
            let reply = service.execute(id: id, request: bytes, mutates: &mutates)
            if number != 0, ManagerLog.number(block) == number, ManagerLog.client(block) == client { found = reply }
            state.tail = block
            state.logBytes += bytes.count + ManagerLog.headerBytes + 64
        }
        loaded[id] = state
        return found
    }

    private func forget(_ id: UInt64) {
        if loaded.removeValue(forKey: id) != nil { service.discard(id: id) }
    }

    /// Replaces a log that has outgrown the object by a snapshot: the cost is a constant factor on each change.
    private func compactIfWorthwhile(_ o: Shared.Object, _ object: UInt32, _ id: UInt64) {
        guard let state = loaded[id], state.logBytes > 16384 + 2 * state.snapshotBytes, !ManagerLog.isSaved(o) else {
            return
        }
        let bytes = service.snapshot(id: id)
        guard let block = try? Blocks.allocate(ManagerLog.headerBytes + bytes.count) else { return }
        bytes.withUnsafeBytes { ManagerLog.fill(block, number: 0, client: 0, $0) }
        ManagerLog.replace(o, object, block)
        loaded[id] = Loaded(tail: block, logBytes: 0, snapshotBytes: bytes.count)
    }

    /// Gives back the objects that nobody holds, and undoes what dead owners of locks did.
    private func lookAfterObjects() {
        let kind = ObjectKind.managed.rawValue + 1
        for object in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used))
        where pl_object_at(object).pointee.kind == kind {
            let o = pl_object_at(object)!
            if o.pointee.reserved & SharedFlag.doomed != 0 {
                forget(Objects.ref(object).raw)
                ManagerLog.discard(o, object)
                Pool.giveObject(object)
            } else if UserLock.owner(UserLock.word(o)) == UserLock.rollingBack {
                forget(Objects.ref(object).raw)
                ManagerLog.rollBack(o, object)
            }
        }
    }
}
