// Type-stable pools of objects, end entries and waiter records: fixed-size structures that keep their type
// for ever and are named by index (and generation, where references outlive them).
//
// Invariants
// - An item is free if and only if the word that says whose it is (objects: its kind) is 0. The free list and
//   the counts are derived from that and rebuilt when a process died inside the pool's lock.
// - Whoever takes an item notes it in its slot first (`…_intent`), and makes the item its own before the pool
//   forgets it; the sweep of a dead process returns an item that was taken but not yet linked into a list of its owner.
// - Taking and returning are O(1); only a repair looks at all items.

import CSystem
import Glibc

/// A structure that a pool holds.
protocol PoolItem {
    static var pool: UnsafeMutablePointer<pl_pool> { get }
    static var region: Int { get }
    static func at(_ index: UInt32) -> UnsafeMutablePointer<Self>
    /// Whose it is, or what; 0 if and only if it is free.
    var claim: UInt64 { get }
    /// In the free list: the next free one.
    var next_free: UInt32 { get set }
}

extension pl_object: PoolItem {
    @inline(__always) static var pool: UnsafeMutablePointer<pl_pool> { pl_object_pool() }
    static var region: Int { Int(PL_REGION_OBJECTS) }
    @inline(__always) static func at(_ index: UInt32) -> UnsafeMutablePointer<pl_object> { pl_object_at(index) }
    @inline(__always) var claim: UInt64 { UInt64(kind) }
}

extension pl_end: PoolItem {
    @inline(__always) static var pool: UnsafeMutablePointer<pl_pool> { pl_end_pool() }
    static var region: Int { Int(PL_REGION_ENDS) }
    @inline(__always) static func at(_ index: UInt32) -> UnsafeMutablePointer<pl_end> { pl_end_at(index) }
    @inline(__always) var claim: UInt64 { owner }
}

extension pl_record: PoolItem {
    @inline(__always) static var pool: UnsafeMutablePointer<pl_pool> { pl_record_pool() }
    static var region: Int { Int(PL_REGION_RECORDS) }
    @inline(__always) static func at(_ index: UInt32) -> UnsafeMutablePointer<pl_record> { pl_record_at(index) }
    @inline(__always) var claim: UInt64 { UInt64(owner) }
}

extension PoolItem {
    /// Takes a free item. `claim` fills it and stores its claim last; `isFresh`: it is used for the first time.
    /// Throws `memory`. Blocks only for the pool's lock.
    @inline(__always)
    fileprivate static func take(
        _ claim: (_ item: UnsafeMutablePointer<Self>, _ index: UInt32, _ isFresh: Bool) -> Void
    ) throws -> UInt32 {
        RobustLock.lock(&pool.pointee.lock, repair: rebuild)
        defer { RobustLock.unlock(&pool.pointee.lock) }
        var index = pool.pointee.free_first
        let isFresh = index == 0
        if isFresh {
            index = pool.pointee.used
            try Arena.grow(region, toHold: UInt64(index + 1) * UInt64(MemoryLayout<Self>.stride))
        }
        let next = at(index).pointee.next_free
        claim(at(index), index, isFresh)
        pl_order()
        if isFresh { pool.pointee.used = index + 1 } else { pool.pointee.free_first = next }
        fault(.poolTakeUsed)
        pool.pointee.live += 1
        fault(.poolTakeLive)
        return index
    }

    /// Returns an item, unless that has been done: `release` ends with storing 0 as its claim.
    @inline(__always)
    fileprivate static func give(_ index: UInt32, _ release: (UnsafeMutablePointer<Self>) -> Void) {
        RobustLock.lock(&pool.pointee.lock, repair: rebuild)
        let item = at(index)
        if item.pointee.claim != 0 {
            release(item)
            pl_order()
            item.pointee.next_free = pool.pointee.free_first
            fault(.poolGiveNextFree)
            pool.pointee.free_first = index
            fault(.poolGiveFreeFirst)
            pool.pointee.live -= 1
            fault(.poolGiveLive)
        }
        RobustLock.unlock(&pool.pointee.lock)
    }

    /// Takes the lock once: if its last holder died inside, what is derived is made again.
    fileprivate static func repair() {
        RobustLock.lock(&pool.pointee.lock, repair: rebuild)
        RobustLock.unlock(&pool.pointee.lock)
    }

    private static func rebuild() {
        // The item just above `used` may be claimed already: it was on its way out.
        if (UInt64(pool.pointee.used) + 1) * UInt64(MemoryLayout<Self>.stride)
            <= pl_region_at(UInt32(region)).pointee.committed, at(pool.pointee.used).pointee.claim != 0
        {
            pool.pointee.used += 1
            fault(.poolRebuildUsed)
        }
        var first: UInt32 = 0
        var live: UInt32 = 0
        var index = pool.pointee.used
        while index > 1 {
            index -= 1
            if at(index).pointee.claim == 0 {
                at(index).pointee.next_free = first
                fault(.poolRebuildNextFree)
                first = index
            } else {
                live += 1
            }
        }
        pool.pointee.free_first = first
        fault(.poolRebuildFreeFirst)
        pool.pointee.live = live
        fault(.poolRebuildLive)
    }
}

enum Pool {
    @inline(__always) static var objects: UnsafeMutablePointer<pl_pool> { pl_object.pool }
    @inline(__always) static var ends: UnsafeMutablePointer<pl_pool> { pl_end.pool }
    @inline(__always) static var records: UnsafeMutablePointer<pl_pool> { pl_record.pool }

    /// Repairs every pool whose last holder died inside its lock.
    static func repairAll() {
        pl_object.repair()
        pl_end.repair()
        pl_record.repair()
    }

    // MARK: Objects

    /// Takes a free object and gives it `kind`. Its lock is initialised once in its life. The caller's
    /// `object_intent` names it until the caller has attached an end (or destroys it).
    static func takeObject(kind: UInt8) throws -> UInt32 {
        try pl_object.take { o, index, isFresh in
            if isFresh {
                pl_mutex_init(&o.pointee.lock)
                o.pointee.generation = 1
                fault(.poolTakeObjectGeneration)
            }
            clear(o)
            o.pointee.maker = ProcessTable.selfRef.raw
            fault(.poolTakeObjectMaker)
            pl_me().pointee.object_intent = index
            fault(.poolTakeObjectObjectIntent)
            pl_order()
            o.pointee.kind = kind
            fault(.poolTakeObjectKind)
        }
    }

    /// Returns an object whose contents are gone. References to it are stale from here on.
    static func giveObject(_ index: UInt32) {
        pl_object.give(index) { o in
            o.pointee.generation &+= 1
            fault(.poolGiveObjectGeneration)
            if o.pointee.generation == 0 { o.pointee.generation = 1 }
            fault(.poolGiveObjectGeneration2)
            pl_order()
            o.pointee.kind = 0
            fault(.poolGiveObjectKind)
        }
    }

    private static func clear(_ o: UnsafeMutablePointer<pl_object>) {
        o.pointee.flags = 0
        fault(.poolClearFlags)
        // Before the object has a kind: the manager gives back any managed object that is marked `doomed` here.
        if !Faults.misordered(.kindBeforeMark) { o.pointee.reserved = 0 }
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

    // MARK: Ends

    /// Takes a free end entry for `owner`; it is not in any list yet, `end_intent` names it.
    static func takeEnd(owner: UInt64) throws -> UInt32 {
        try refusable(.poolTakeEndRefused)
        return try pl_end.take { e, index, _ in
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
        }
    }

    static func giveEnd(_ index: UInt32) {
        pl_end.give(index) { e in
            e.pointee.owner = 0
            fault(.poolGiveEndOwner)
        }
    }

    // MARK: Waiter records

    /// Takes a free waiter record for this process and links it into the chain of its slot.
    static func takeRecord() throws -> UInt32 {
        try pl_record.take { r, index, _ in
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
        }
    }

    static func giveRecord(_ index: UInt32) {
        pl_record.give(index) { r in
            r.pointee.owner = 0
            fault(.poolGiveRecordOwner)
        }
    }
}
