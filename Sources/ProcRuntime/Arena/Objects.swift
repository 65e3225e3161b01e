// Locking of objects, and what every kind of object has in common.
//
// Invariants
// - An object's lock protects all its fields, its list of end entries, and the links of the waiter records
//   at it. Several are taken in ascending order of their indices.
// - A process notes in its slot which objects it is about to lock (`lockset`); when it dies the sweep locks
//   those again, which repairs them, before it frees anything.

import CSystem
import Glibc

enum ObjectFlag {
    static let poisoned: UInt8 = 1
    /// No end is left; the object is being destroyed.
    static let dying: UInt8 = 2
    /// Its reader feeds an external program, whose end no process of this program can be seen to wait for.
    static let programInput: UInt8 = 4
}

enum Objects {
    /// Locks one object, repairing it first when the previous holder died inside.
    @inline(__always)
    static func lock(_ index: UInt32) {
        LockSet.add(index)
        let mutex = mutexOf(index)
        let result = pl_mutex_lock(mutex)
        if _slowPath(result != 0) {
            if result != EOWNERDEAD { fatal("the lock of object \(index) is unusable (errno \(result))") }
            Repair.object(index)
            fault(.objectsLockRepaired)
            _ = pl_mutex_consistent(mutex)
        }
        fault(.objectsLockTaken)
    }

    @inline(__always)
    static func unlock(_ index: UInt32) {
        _ = pl_mutex_unlock(mutexOf(index))
        fault(.objectsUnlockReleased)
        LockSet.remove(index)
    }

    @inline(__always)
    private static func mutexOf(_ index: UInt32) -> UnsafeMutablePointer<pthread_mutex_t> {
        // `lock` is the first field.
        UnsafeMutableRawPointer(pl_object_at(index)!).assumingMemoryBound(to: pthread_mutex_t.self)
    }

    /// The bit that marks an object as the owner of a block.
    static let ownerBit: UInt64 = 1 << 63

    /// The owner word of blocks that belong to an object.
    @inline(__always)
    static func tag(_ object: UInt32) -> UInt64 { ownerBit | UInt64(object) }

    @inline(__always)
    static func tag(of o: UnsafeMutablePointer<pl_object>) -> UInt64 { tag(UInt32(truncatingIfNeeded: o - pl_object_at(0)!)) }

    /// The kind of a live object.
    static func kind(_ o: UnsafeMutablePointer<pl_object>) -> ObjectKind? { ObjectKind(rawValue: o.pointee.kind &- 1) }

    /// The index of a reference whose object still exists, or nil.
    @inline(__always)
    static func index(of ref: ObjectRef) -> UInt32? {
        let i = ref.index
        guard i > 0, i < pl_acquire32(&Pool.objects.pointee.used) else { return nil }
        let o = pl_object_at(i)!
        return o.pointee.generation == ref.generation && o.pointee.kind != 0 ? i : nil
    }

    static func ref(_ index: UInt32) -> ObjectRef {
        ObjectRef(index: index, generation: pl_object_at(index).pointee.generation)
    }

    static func setName(_ index: UInt32, _ name: String) {
        let target = pl_object_name(pl_object_at(index))!
        var length = 0
        for byte in name.utf8.prefix(23) {
            target[length] = CChar(bitPattern: byte)
            length += 1
        }
        target[length] = 0
    }
}

/// The objects this process holds locks of, or is about to.
enum LockSet {
    @inline(__always)
    static func add(_ index: UInt32) {
        let me = pl_me()!
        let set = pl_lockset(me)!
        if _fastPath(set[0] == 0) {
            set[0] = index
            fault(.lockSetAddSet)
        } else {
            addFurther(me, set, index)
        }
        pl_order()
    }

    private static func addFurther(
        _ me: UnsafeMutablePointer<pl_slot>, _ set: UnsafeMutablePointer<UInt32>, _ index: UInt32
    ) {
        for i in 1..<Int(PL_LOCKSET) where set[i] == 0 {
            set[i] = index
            fault(.lockSetAddFurtherSet)
            return
        }
        me.pointee.lockset_overflow += 1  // the sweep looks at the lock words of all objects
        fault(.lockSetAddFurtherLocksetOverflow)
    }

    @inline(__always)
    static func remove(_ index: UInt32) {
        pl_order()
        let me = pl_me()!
        let set = pl_lockset(me)!
        if _fastPath(set[0] == index) {
            set[0] = 0
            fault(.lockSetRemoveSet)
        } else {
            removeFurther(me, set, index)
        }
    }

    private static func removeFurther(
        _ me: UnsafeMutablePointer<pl_slot>, _ set: UnsafeMutablePointer<UInt32>, _ index: UInt32
    ) {
        for i in 1..<Int(PL_LOCKSET) where set[i] == index {
            set[i] = 0
            fault(.lockSetRemoveFurtherSet)
            return
        }
        me.pointee.lockset_overflow -= 1
        fault(.lockSetRemoveFurtherLocksetOverflow)
    }
}
