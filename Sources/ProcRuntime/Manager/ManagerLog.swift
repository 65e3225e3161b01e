// What the arena keeps of a managed object: a chain of blocks, first a snapshot, then the operations that
// changed the object since. The object itself lives in the manager process; the chain is the truth, from which
// any manager makes the object again.
//
// Payload of a block:  next block | request number | client | length | the bytes
//
// Invariants
// - An operation has happened if and only if its block is linked: that store is its commit.
// - Only the manager changes a chain; the client that makes the object writes its first block.
// - `appendBlock` in the manager's slot names a block that is the object's by its tag, but perhaps not linked
//   yet; the sweep of a dead manager frees it in that case.
// - Blocks on their way out (after a compaction or a rollback) hang on words[dropping]. If they can still be
//   reached from the log, the cut has not happened and is forgotten; otherwise freeing them goes on.
// - words[saveVersion] says for which acquisition of the user lock words[saveBlock] is the last block before the
//   owner's first operation; it means something only while that acquisition lasts.

import CSystem
import Glibc

enum ManagerLog {
    typealias Object = Shared.Object

    static let headerBytes = 32
    private static let saved: UInt64 = 1 << 32

    @inline(__always)
    private static func words(_ block: UInt64) -> UnsafeMutablePointer<UInt64> {
        UnsafeMutableRawPointer(pl_block_bytes(block)!).assumingMemoryBound(to: UInt64.self)
    }
    static func next(_ block: UInt64) -> UInt64 { words(block)[0] }
    static func number(_ block: UInt64) -> UInt64 { words(block)[1] }
    static func client(_ block: UInt64) -> UInt64 { words(block)[2] }
    static func bytes(_ block: UInt64) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: pl_block_bytes(block)! + headerBytes, count: Int(words(block)[3]))
    }
    static func first(_ o: Object) -> UInt64 { pl_load64(Shared.word(o, ObjectWord.log)) }

    /// Writes one entry into a block that has room for it.
    static func fill(_ block: UInt64, number: UInt64, client: UInt64, _ bytes: UnsafeRawBufferPointer) {
        let w = words(block)
        w[0] = 0
        fault(.managerLogFillW)
        w[1] = number
        fault(.managerLogFillW2)
        w[2] = client
        fault(.managerLogFillW3)
        w[3] = UInt64(bytes.count)
        fault(.managerLogFillW4)
        if let start = bytes.baseAddress { memcpy(pl_block_bytes(block)! + headerBytes, start, bytes.count) }
        fault(.managerLogFillCopy)
    }

    /// Links a filled block of this process behind `tail`: the commit of an operation.
    static func append(_ object: UInt32, _ block: UInt64, after tail: UInt64) {
        announce(object, block)
        pl_store64(words(tail), block)
        fault(.managerLogAppendWords)
        pl_order()
        Shared.mine(SlotWord.appendBlock).pointee = 0
        fault(.managerLogAppendAppendBlock)
    }

    /// Makes a filled block the object's whole log, and frees what it was before.
    static func replace(_ o: Object, _ object: UInt32, _ block: UInt64) {
        announce(object, block)
        Shared.word(o, ObjectWord.dropping).pointee = first(o)
        fault(.managerLogReplaceDropping)
        pl_order()
        pl_store64(Shared.word(o, ObjectWord.log), block)
        fault(.managerLogReplaceLog)
        pl_order()
        Shared.mine(SlotWord.appendBlock).pointee = 0
        fault(.managerLogReplaceAppendBlock)
        drop(o, object)
    }

    private static func announce(_ object: UInt32, _ block: UInt64) {
        Shared.mine(SlotWord.appendObject).pointee = UInt64(object)
        fault(.managerLogAnnounceAppendObject)
        Shared.mine(SlotWord.appendBlock).pointee = block
        fault(.managerLogAnnounceAppendBlock)
        Shared.give(block, to: object)
    }

    /// Finishes a cut that a dead manager had begun.
    static func resume(_ o: Object, _ object: UInt32) {
        let block = Shared.word(o, ObjectWord.dropping).pointee
        if block == 0 { return }
        if contains(o, block) {
            Shared.word(o, ObjectWord.dropping).pointee = 0
            fault(.managerLogResumeDropping)
        } else {
            drop(o, object)
        }
    }

    private static func contains(_ o: Object, _ block: UInt64) -> Bool {
        var b = first(o)
        while b != 0 {
            if b == block { return true }
            b = next(b)
        }
        return false
    }

    /// After the death of a manager: a block that it was about to free, but that an object still names, is the object's.
    static func sweepFreeing(by manager: UInt64) {
        for object in 1..<max(1, pl_acquire32(&Pool.objects.pointee.used)) {
            let o = pl_object_at(object)!
            guard o.pointee.kind == ObjectKind.managed.rawValue + 1 else { continue }
            for word in [ObjectWord.dropping, ObjectWord.log] {
                let block = pl_load64(Shared.word(o, word))
                guard block != 0, pl_block_at(block).pointee.owner == manager else { continue }
                pl_block_at(block).pointee.owner = Objects.tag(object)
                fault(.managerLogSweepFreeingOwner)
            }
        }
    }

    private static func drop(_ o: Object, _ object: UInt32) { free(chain: Shared.word(o, ObjectWord.dropping)) }

    /// Frees the blocks of a chain from its head; each is in flight before it leaves the chain.
    private static func free(chain head: UnsafeMutablePointer<UInt64>) {
        while head.pointee != 0 {
            let block = head.pointee
            InFlight.add(block)
            pl_order()
            pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
            fault(.managerLogFreeOwner)
            pl_order()
            head.pointee = next(block)
            fault(.managerLogFreeWord)
            pl_order()
            Blocks.free(block)
        }
    }

    /// Frees the log of an object that nobody holds.
    static func discard(_ o: Object, _ object: UInt32) {
        resume(o, object)
        free(chain: Shared.word(o, ObjectWord.log))
    }

    // MARK: Rollback

    /// Remembers where the log ends before the first operation of the lock's owner. False when the owner lost the
    /// lock meanwhile: it is dead.
    static func save(_ o: Object, lockWord: UInt64, tail: UInt64) -> Bool {
        let version = UInt64(UserLock.version(lockWord)) | saved
        if Shared.word(o, ObjectWord.saveVersion).pointee != version {
            Shared.word(o, ObjectWord.saveBlock).pointee = tail
            fault(.managerLogSaveSaveBlock)
            pl_store64(Shared.word(o, ObjectWord.saveVersion), version)
            fault(.managerLogSaveSaveVersion)
        }
        pl_fence()
        // The sweep takes the lock away first and looks at `saveVersion` then: one of us sees the other.
        return UserLock.stamp(UserLock.word(o)) == UserLock.stamp(lockWord)
    }

    /// Whether the present acquisition of the lock has a save point, so that the log must not be compacted.
    static func isSaved(_ o: Object) -> Bool {
        let w = UserLock.word(o)
        return UserLock.owner(w) != 0
            && Shared.word(o, ObjectWord.saveVersion).pointee == UInt64(UserLock.version(w)) | saved
    }

    /// The sweep of a dead owner: the lock goes to the manager, which undoes and frees it; at once if there is
    /// nothing to undo.
    static func requestRollback(_ o: Object, _ object: UInt32, _ slot: UInt32) {
        UserLock.handToRollback(o, object, slot)
        pl_fence()
        if isSaved(o) { Manager.requestWork() } else { UserLock.endRollback(o, object) }
    }

    /// Cuts what the dead owner did. By the manager, which forgets the object first.
    static func rollBack(_ o: Object, _ object: UInt32) {
        resume(o, object)
        if isSaved(o) {
            let block = Shared.word(o, ObjectWord.saveBlock).pointee
            if contains(o, block), next(block) != 0 {
                Shared.word(o, ObjectWord.dropping).pointee = next(block)
                fault(.managerLogRollBackDropping)
                pl_order()
                pl_store64(words(block), 0)
                fault(.managerLogRollBackWords)
                pl_order()
                drop(o, object)
            }
        }
        UserLock.endRollback(o, object)
    }

    /// The sweep of a dead manager: a block that it was about to link.
    static func sweepAppend(_ slot: UInt32) {
        let block = Shared.slotWord(slot, SlotWord.appendBlock).pointee
        let object = UInt32(truncatingIfNeeded: Shared.slotWord(slot, SlotWord.appendObject).pointee)
        if block != 0, object != 0, !contains(pl_object_at(object), block) { Shared.freeOwned(block, object) }
        Shared.slotWord(slot, SlotWord.appendBlock).pointee = 0
        fault(.managerLogSweepAppendAppendBlock)
    }
}
