// What the words mean that shared variables, user locks and the manager keep in the arena.
//
// An object that is no channel (`pl_object`) uses
//   reserved   low byte: element kind; high byte: `SharedFlag`
//   capacity   number of elements (cells, arrays)
//   ring       block of the elements (arrays)
//   ticket     numbers the arrivals at the wait queue
//   words[0]   user lock: owner, waiters, version (UserLock.swift)
//   words[1]   wait queue: first slot | last slot << 32
//   words[2]   user lock: next object held by the owner | depth << 32
//   words[3…7] by kind, below
//
// A process (`pl_slot`) uses user[0…15] as named by `SlotWord`.
//
// Invariants
// - Words of an object are written under its lock, except the user lock word (compare-and-swap) and what
//   the owner of the user lock may change: the elements, the undo log, words[2].
// - Words of a slot are written by its process, except the links of a wait queue (under the lock of the object
//   it waits at), and the request word (compare-and-swap with the manager).

import CSystem

enum ObjectWord {
    static let lock = 0
    static let queue = 1
    static let held = 2

    // Cells
    static let value = 3
    static let undoValue = 4
    static let undoValid = 5

    // Arrays
    static let undoPages = 3
    static let undoDirectory = 4
    static let committed = 5

    // Managed objects
    static let log = 3
    static let saveBlock = 4
    static let saveVersion = 5
    static let dropping = 6

    // Semaphores
    static let permits = 3
    static let journalValues = 4
    static let journalEntry = 5

    // Barriers
    static let parties = 3
    static let phase = 4
    static let lostHolder = 5
    static let closedPhase = 6
    static let waitingCount = 7

    // Events
    static let isSet = 3
    static let setCount = 4
}

enum SlotWord {
    /// The object whose user lock this process takes or gives up at this moment.
    static let lockIntent = 0
    /// The object in whose wait queue this process is (or from which it was just signalled).
    static let waitsAt = 1
    static let ticket = 2
    /// next slot | previous slot << 32 of the wait queue
    static let links = 3
    /// `QueueFlag` | a number that the kind needs << 32
    static let waitState = 4
    /// The lockable object in a read-modify-write of this process.
    static let bracket = 5
    /// `committing` flag << 32 | first object of the list of held locks that is not being committed
    static let commit = 6

    // As a client of the manager
    static let request = 8
    static let requestBlock = 9
    /// `ManagerClient.lockedFlag` | the length in bytes
    static let requestLength = 10
    static let requestObject = 11
    /// How many managers died while they executed the request.
    static let attempts = 12
    static let requestCount = 13

    // As the manager
    static let outBlock = 8
    static let outClient = 9
    static let appendBlock = 10
    static let appendObject = 11
}

enum HeaderWord {
    /// The manager's slot, 0 while there is none.
    static let manager = 0
    /// Not 0 once a process has asked for the manager.
    static let managerWanted = 1
    /// Not 0 when some managed object waits for the manager: to be discarded, or to be rolled back.
    static let managerWork = 2
}

enum SharedFlag {
    /// Some `lock` may name the object: every access respects its user lock.
    static let lockable: UInt16 = 1 << 8
    /// Nobody holds the managed object any more; the manager gives it back.
    static let doomed: UInt16 = 2 << 8
}

enum Shared {
    typealias Object = UnsafeMutablePointer<pl_object>

    @inline(__always)
    static func word(_ o: Object, _ i: Int) -> UnsafeMutablePointer<UInt64> { pl_words(o) + i }

    @inline(__always)
    static func mine(_ i: Int) -> UnsafeMutablePointer<UInt64> { pl_slot_user(pl_me()) + i }

    @inline(__always)
    static func slotWord(_ slot: UInt32, _ i: Int) -> UnsafeMutablePointer<UInt64> {
        pl_slot_user(pl_slot_at(slot)) + i
    }

    @inline(__always)
    static func header(_ i: Int) -> UnsafeMutablePointer<UInt64> { pl_header_user() + i }

    /// Moves a block that this process has in flight to an object; the caller has linked it there already.
    static func give(_ block: UInt64, to object: UInt32) {
        pl_order()
        pl_block_at(block).pointee.owner = Objects.tag(object)
        fault(.sharedGiveOwner)
        pl_order()
        InFlight.remove(block)
    }

    /// Frees a block of an object, unless it is not the object's (any more).
    static func freeOwned(_ block: UInt64, _ object: UInt32) {
        guard block != 0, Blocks.isUsed(block), pl_block_at(block).pointee.owner == Objects.tag(object) else { return }
        InFlight.add(block)
        pl_order()
        pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
        fault(.sharedFreeOwnedOwner)
        Blocks.free(block)
    }

    @inline(__always)
    static func isLockable(_ o: Object) -> Bool { o.pointee.reserved & SharedFlag.lockable != 0 }

    /// The live object of a reference. Throws `closed` when it is gone.
    @inline(__always)
    static func resolve(_ ref: ObjectRef) throws -> Object {
        guard let i = Objects.index(of: ref) else { throw gone }
        return pl_object_at(i)
    }

    static var gone: RuntimeError { RuntimeError(kind: "closed", message: "the shared object does not exist any more") }

    static func wrongKind(_ what: String) -> RuntimeError {
        RuntimeError(kind: "type", message: "the object is no \(what)")
    }
}
