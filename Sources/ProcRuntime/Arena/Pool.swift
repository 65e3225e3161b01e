// Type-stable pools of objects, end entries and waiter records: fixed-size structures that keep their type
// for ever and are named by index (and generation, where references outlive them).
//
// Invariants
// - An item is free if and only if its owner word is 0 (objects: its kind). The free list is derived from
//   that and rebuilt when a process died inside the pool's lock.
// - Whoever takes an item notes it in its slot first (`…_intent`); the sweep of a dead process returns an
//   item that was taken but not yet linked into a list of its owner.
// - Taking and returning are O(1); only a repair looks at all items.

import CSystem
import Glibc

enum Pool {
    /// Takes the lock of every pool once: if its last holder died inside, what is derived is made again.
    static func repairAll() {
        for (pool, rebuild) in [(objects, rebuildObjects), (ends, rebuildEnds), (records, rebuildRecords)] {
            RobustLock.lock(&pool.pointee.lock, repair: rebuild)
            RobustLock.unlock(&pool.pointee.lock)
        }
    }

    // MARK: Objects

    /// Takes a free object and gives it `kind`. Its lock is initialised once in its life. The caller's
    /// `object_intent` names it until the caller has attached an end (or destroys it).
    static func takeObject(kind: UInt8) throws -> UInt32 {
        let pool = objects
        RobustLock.lock(&pool.pointee.lock, repair: rebuildObjects)
        defer { RobustLock.unlock(&pool.pointee.lock) }
        let index: UInt32
        if pool.pointee.free_first != 0 {
            index = pool.pointee.free_first
            pl_me().pointee.object_intent = index
            fault(.poolTakeObjectObjectIntent)
            pl_order()
            pool.pointee.free_first = pl_object_at(index).pointee.next_free
            fault(.poolTakeObjectFreeFirst)
        } else {
            index = pool.pointee.used
            try Arena.grow(PL_REGION_OBJECTS, toHold: UInt64(index + 1) * UInt64(MemoryLayout<pl_object>.stride))
            pl_mutex_init(&pl_object_at(index).pointee.lock)
            pl_object_at(index).pointee.generation = 1
            fault(.poolTakeObjectGeneration)
            pl_me().pointee.object_intent = index
            fault(.poolTakeObjectObjectIntent2)
            pl_order()
            pool.pointee.used = index + 1
            fault(.poolTakeObjectUsed)
        }
        let o = pl_object_at(index)!
        o.pointee.next_free = 0
        fault(.poolTakeObjectNextFree)
        clear(o)
        o.pointee.maker = ProcessTable.selfRef.raw
        fault(.poolTakeObjectMaker)
        pl_order()
        o.pointee.kind = kind
        fault(.poolTakeObjectKind)
        pool.pointee.live += 1
        fault(.poolTakeObjectLive)
        return index
    }

    /// Returns an object whose contents are gone. References to it are stale from here on.
    static func giveObject(_ index: UInt32) {
        let pool = objects
        RobustLock.lock(&pool.pointee.lock, repair: rebuildObjects)
        let o = pl_object_at(index)!
        if o.pointee.kind != 0 {
            o.pointee.generation &+= 1
            fault(.poolGiveObjectGeneration)
            if o.pointee.generation == 0 { o.pointee.generation = 1 }
            fault(.poolGiveObjectGeneration2)
            pl_order()
            o.pointee.kind = 0
            fault(.poolGiveObjectKind)
            o.pointee.next_free = pool.pointee.free_first
            fault(.poolGiveObjectNextFree)
            pool.pointee.free_first = index
            fault(.poolGiveObjectFreeFirst)
            pool.pointee.live -= 1
            fault(.poolGiveObjectLive)
        }
        RobustLock.unlock(&pool.pointee.lock)
    }

    private static func clear(_ o: UnsafeMutablePointer<pl_object>) {
        o.pointee.flags = 0
        fault(.poolClearFlags)
        // Before the object has a kind: the manager gives back any managed object that is marked `doomed` here.
        o.pointee.reserved = 0
        fault(.poolClearReserved)
        o.pointee.capacity = 0
        fault(.poolClearCapacity)
        o.pointee.head = 0
        fault(.poolClearHead)
        o.pointee.tail = 0
        fault(.poolClearTail)
        o.pointee.ring = 0
        fault(.poolClearRing)
        o.pointee.ticket = 0
        fault(.poolClearTicket)
        o.pointee.send_first = 0
        fault(.poolClearSendFirst)
        o.pointee.send_last = 0
        fault(.poolClearSendLast)
        o.pointee.send_count = 0
        fault(.poolClearSendCount)
        o.pointee.recv_first = 0
        fault(.poolClearRecvFirst)
        o.pointee.recv_last = 0
        fault(.poolClearRecvLast)
        o.pointee.recv_count = 0
        fault(.poolClearRecvCount)
        o.pointee.signalled = 0
        fault(.poolClearSignalled)
        o.pointee.ends_first = 0
        fault(.poolClearEndsFirst)
        o.pointee.readers = 0
        fault(.poolClearReaders)
        o.pointee.writers = 0
        fault(.poolClearWriters)
        o.pointee.readers_lent = 0
        fault(.poolClearReadersLent)
        o.pointee.holders = 0
        fault(.poolClearHolders)
        o.pointee.peer = 0
        fault(.poolClearPeer)
        o.pointee.line = 0
        fault(.poolClearLine)
        memset(pl_words(o), 0, 64)
        fault(.poolClearZero)
        memset(pl_object_name(o), 0, 24)
        fault(.poolClearZero2)
    }

    private static func rebuildObjects() {
        let pool = objects
        var first: UInt32 = 0
        var live: UInt32 = 0
        var index = pool.pointee.used
        while index > 1 {
            index -= 1
            let o = pl_object_at(index)!
            if o.pointee.kind == 0 {
                o.pointee.next_free = first
                fault(.poolRebuildObjectsNextFree)
                first = index
            } else {
                live += 1
            }
        }
        pool.pointee.free_first = first
        fault(.poolRebuildObjectsFreeFirst)
        pool.pointee.live = live
        fault(.poolRebuildObjectsLive)
    }

    // MARK: Ends

    /// Takes a free end entry for `owner`; it is not in any list yet, `end_intent` names it.
    static func takeEnd(owner: UInt64) throws -> UInt32 {
        let pool = ends
        RobustLock.lock(&pool.pointee.lock, repair: rebuildEnds)
        defer { RobustLock.unlock(&pool.pointee.lock) }
        var index = pool.pointee.free_first
        let fresh = index == 0
        if fresh {
            index = pool.pointee.used
            try Arena.grow(PL_REGION_ENDS, toHold: UInt64(index + 1) * UInt64(MemoryLayout<pl_end>.stride))
        }
        let e = pl_end_at(index)!
        let next = e.pointee.next_free
        e.pointee.object = 0
        fault(.poolTakeEndObject)
        e.pointee.flags = 0
        fault(.poolTakeEndFlags)
        e.pointee.reserved2 = 0
        fault(.poolTakeEndReserved2)
        e.pointee.own_next = 0
        fault(.poolTakeEndOwnNext)
        e.pointee.own_prev = 0
        fault(.poolTakeEndOwnPrev)
        e.pointee.object_next = 0
        fault(.poolTakeEndObjectNext)
        e.pointee.object_prev = 0
        fault(.poolTakeEndObjectPrev)
        Ends.intend(index, owner)
        pl_order()
        e.pointee.owner = owner
        fault(.poolTakeEndOwner)
        pl_order()
        if fresh { pool.pointee.used = index + 1 } else { pool.pointee.free_first = next }
        fault(.poolTakeEndUsed)
        pool.pointee.live += 1
        fault(.poolTakeEndLive)
        return index
    }

    static func giveEnd(_ index: UInt32) {
        let pool = ends
        RobustLock.lock(&pool.pointee.lock, repair: rebuildEnds)
        let e = pl_end_at(index)!
        if e.pointee.owner != 0 {
            e.pointee.owner = 0
            fault(.poolGiveEndOwner)
            pl_order()
            e.pointee.next_free = pool.pointee.free_first
            fault(.poolGiveEndNextFree)
            pool.pointee.free_first = index
            fault(.poolGiveEndFreeFirst)
            pool.pointee.live -= 1
            fault(.poolGiveEndLive)
        }
        RobustLock.unlock(&pool.pointee.lock)
    }

    private static func rebuildEnds() {
        let pool = ends
        // The entry just above `used` may have an owner already: it was on its way out.
        if (UInt64(pool.pointee.used) + 1) * UInt64(MemoryLayout<pl_end>.stride)
            <= pl_region_at(UInt32(PL_REGION_ENDS)).pointee.committed,
            pl_end_at(pool.pointee.used).pointee.owner != 0
        {
            pool.pointee.used += 1
            fault(.poolRebuildEndsUsed)
        }
        var first: UInt32 = 0
        var live: UInt32 = 0
        var index = pool.pointee.used
        while index > 1 {
            index -= 1
            let e = pl_end_at(index)!
            if e.pointee.owner == 0 {
                e.pointee.next_free = first
                fault(.poolRebuildEndsNextFree)
                first = index
            } else {
                live += 1
            }
        }
        pool.pointee.free_first = first
        fault(.poolRebuildEndsFreeFirst)
        pool.pointee.live = live
        fault(.poolRebuildEndsLive)
    }

    // MARK: Waiter records

    /// Takes a free waiter record for this process and links it into the chain of its slot.
    static func takeRecord() throws -> UInt32 {
        let pool = records
        RobustLock.lock(&pool.pointee.lock, repair: rebuildRecords)
        defer { RobustLock.unlock(&pool.pointee.lock) }
        var index = pool.pointee.free_first
        let fresh = index == 0
        if fresh {
            index = pool.pointee.used
            try Arena.grow(PL_REGION_RECORDS, toHold: UInt64(index + 1) * UInt64(MemoryLayout<pl_record>.stride))
        }
        let r = pl_record_at(index)!
        let next = r.pointee.next_free
        let me = pl_me()!
        r.pointee.active = 0
        fault(.poolTakeRecordActive)
        r.pointee.object = 0
        fault(.poolTakeRecordObject)
        r.pointee.chain = me.pointee.records
        fault(.poolTakeRecordChain)
        pl_order()
        // In the chain before it is owned: the sweep stops at a record that is not the dead process's.
        me.pointee.record_intent = index
        fault(.poolTakeRecordRecordIntent)
        pl_order()
        r.pointee.owner = pl_my_index()
        fault(.poolTakeRecordOwner)
        pl_order()
        me.pointee.records = index
        fault(.poolTakeRecordRecords)
        me.pointee.record_intent = 0
        fault(.poolTakeRecordRecordIntent2)
        if fresh { pool.pointee.used = index + 1 } else { pool.pointee.free_first = next }
        fault(.poolTakeRecordUsed)
        pool.pointee.live += 1
        fault(.poolTakeRecordLive)
        return index
    }

    static func giveRecord(_ index: UInt32) {
        let pool = records
        RobustLock.lock(&pool.pointee.lock, repair: rebuildRecords)
        let r = pl_record_at(index)!
        if r.pointee.owner != 0 {
            r.pointee.owner = 0
            fault(.poolGiveRecordOwner)
            pl_order()
            r.pointee.next_free = pool.pointee.free_first
            fault(.poolGiveRecordNextFree)
            pool.pointee.free_first = index
            fault(.poolGiveRecordFreeFirst)
            pool.pointee.live -= 1
            fault(.poolGiveRecordLive)
        }
        RobustLock.unlock(&pool.pointee.lock)
    }

    private static func rebuildRecords() {
        let pool = records
        if (UInt64(pool.pointee.used) + 1) * UInt64(MemoryLayout<pl_record>.stride)
            <= pl_region_at(UInt32(PL_REGION_RECORDS)).pointee.committed,
            pl_record_at(pool.pointee.used).pointee.owner != 0
        {
            pool.pointee.used += 1
            fault(.poolRebuildRecordsUsed)
        }
        var first: UInt32 = 0
        var live: UInt32 = 0
        var index = pool.pointee.used
        while index > 1 {
            index -= 1
            let r = pl_record_at(index)!
            if r.pointee.owner == 0 {
                r.pointee.next_free = first
                fault(.poolRebuildRecordsNextFree)
                first = index
            } else {
                live += 1
            }
        }
        pool.pointee.free_first = first
        fault(.poolRebuildRecordsFreeFirst)
        pool.pointee.live = live
        fault(.poolRebuildRecordsLive)
    }

    // MARK: The pools themselves

    @inline(__always) static var objects: UnsafeMutablePointer<pl_pool> { pl_object_pool() }
    @inline(__always) static var ends: UnsafeMutablePointer<pl_pool> { pl_end_pool() }
    @inline(__always) static var records: UnsafeMutablePointer<pl_pool> { pl_record_pool() }
}
