// The ring of a channel: unread messages in arrival order, 64 bytes each, payloads beyond 48 bytes in blocks.
// All functions are called with the channel's lock held.
//
// Invariants
// - `head` and `tail` count messages for ever; `tail += 1` commits a send, `head += 1` a receive.
// - The ring is allocated at the first message and doubles up to the capacity (without bound for queues). A large one
//   that is mostly empty is exchanged for a smaller one. `ring` holds reference and size in one word, so that the
//   change is one store.
// - A block in the ring belongs to the object: it becomes the receiver's before `head += 1`, the object's
//   after `tail += 1`; a repair reasserts "in the ring => the object's" before a sweep frees anything.

import CSystem
import Glibc

enum Ring {
    typealias Object = UnsafeMutablePointer<pl_object>

    /// Makes sure that one more entry fits (the caller has checked the capacity). False: out of memory.
    @inline(__always)
    static func makeRoom(_ o: Object) -> Bool {
        let size: UInt64 = o.pointee.ring == 0 ? 0 : 1 << (o.pointee.ring & 63)
        return o.pointee.tail &- o.pointee.head < size || grow(o, size)
    }

    private static func grow(_ o: Object, _ size: UInt64) -> Bool {
        var log: UInt64 = 3
        while (1 as UInt64) << log <= size { log += 1 }
        // Not one more entry than the capacity needs.
        if size == 0, o.pointee.capacity < 8 { log = o.pointee.capacity <= 1 ? 0 : (o.pointee.capacity <= 2 ? 1 : (o.pointee.capacity <= 4 ? 2 : 3)) }
        return move(o, log)
    }

    /// Rings of so many entries (4 MiB) or less stay; every `looks` receives a larger one is looked at.
    private static let keptLog: UInt64 = 16
    private static let looks: UInt64 = 1 << 14

    /// A queue that was long has become short: its entries move to a ring of twice their number.
    @inline(never)
    private static func shrink(_ o: Object) {
        let log = o.pointee.ring & 63
        let count = o.pointee.tail &- o.pointee.head
        guard log > keptLog, 8 * count < (1 as UInt64) << log else { return }
        _ = move(o, max(keptLog, UInt64(64 - (2 * count).leadingZeroBitCount)))
    }

    /// Gives the channel a ring of 1 << `log` entries. False: out of memory.
    private static func move(_ o: Object, _ log: UInt64) -> Bool {
        let count = Int(1 as UInt64) << Int(log)
        guard log < 40, let fresh = try? Blocks.allocate(count * MemoryLayout<pl_entry>.stride) else { return false }
        let bytes = pl_block_bytes(fresh)!
        var i = o.pointee.head
        while i != o.pointee.tail {
            let slot = Int(i & (UInt64(count) - 1)) * MemoryLayout<pl_entry>.stride
            memcpy(bytes + slot, pl_entry_at(o, i), MemoryLayout<pl_entry>.stride)
            fault(.ringMoveCopy)
            i &+= 1
        }
        let old = o.pointee.ring & ~63
        if old != 0 {
            // Ours from here on; should we die before the switch, the repair takes it back.
            InFlight.add(old)
            pl_order()
            pl_block_at(old).pointee.owner = ProcessTable.selfRef.raw
            fault(.ringMoveOwner)
        }
        pl_order()
        o.pointee.ring = fresh | log
        fault(.ringMoveRing)
        pl_order()
        pl_block_at(fresh).pointee.owner = Objects.tag(of: o)
        fault(.ringMoveOwner2)
        InFlight.remove(fresh)
        if old != 0 { Blocks.free(old) }
        return true
    }

    /// Appends a message of this process. The caller made room. `block` 0: the payload is inline.
    @inline(__always)
    static func push(_ o: Object, _ bytes: UnsafeRawPointer?, _ length: Int, block: UInt64) {
        let e = pl_entry_at(o, o.pointee.tail)!
        if Faults.misordered(.commitBeforeWrite) {
            o.pointee.tail &+= 1
            fault(.ringPushMisordered)
        }
        e.pointee.message = 0
        fault(.ringPushMessage)
        e.pointee.length = UInt32(truncatingIfNeeded: length)
        fault(.ringPushLength)
        if block == 0 {
            e.pointee.in_block = 0
            fault(.ringPushInBlock)
            if length > 0 { pl_copy_inline(pl_entry_payload(e), bytes.unsafelyUnwrapped, length) }
            fault(.ringPushCopy)
            pl_order()
            if !Faults.misordered(.commitBeforeWrite) { o.pointee.tail &+= 1 }  // commit
            fault(.ringPushTail)
        } else {
            e.pointee.in_block = 1
            fault(.ringPushInBlock2)
            pl_put_ref(pl_entry_payload(e), block)
            fault(.ringPushBlockRef)
            pl_order()
            if !Faults.misordered(.commitBeforeWrite) { o.pointee.tail &+= 1 }  // commit
            fault(.ringPushTail2)
            pl_order()
            pl_block_at(block).pointee.owner = Objects.tag(of: o)
            fault(.ringPushOwner)
            InFlight.remove(block)
        }
    }

    /// Takes the oldest message into this process's hands (`Received`). The caller checked that there is one.
    @inline(__always)
    static func pop(_ o: Object) {
        let e = pl_entry_at(o, o.pointee.head)!
        if Faults.misordered(.commitBeforeOwner) {
            o.pointee.head &+= 1
            fault(.ringPopMisordered)
            return Received.take(pl_entry_payload(e), Int(e.pointee.length), inBlock: e.pointee.in_block != 0)
        }
        Received.take(pl_entry_payload(e), Int(e.pointee.length), inBlock: e.pointee.in_block != 0)
        pl_order()
        o.pointee.head &+= 1  // commit
        fault(.ringPopHead)
        if _slowPath(o.pointee.head & (looks - 1) == 0) { shrink(o) }
    }

    /// Takes the oldest message only to destroy it: its block reference (now in flight here), or 0.
    static func discardOldest(_ o: Object) -> UInt64 {
        let e = pl_entry_at(o, o.pointee.head)!
        var block: UInt64 = 0
        if e.pointee.in_block != 0 {
            block = pl_get_ref(pl_entry_payload(e))
            InFlight.add(block)
            pl_order()
            pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
            fault(.ringDiscardOldestOwner)
        }
        pl_order()
        o.pointee.head &+= 1
        fault(.ringDiscardOldestHead)
        return block
    }
}

/// The message that this process received last; valid until its next call.
enum Received {
    /// Copies an inline payload, or takes the block over.
    @inline(__always)
    static func take(_ payload: UnsafeMutablePointer<UInt8>, _ length: Int, inBlock: Bool) {
        let own = pl_own()!
        if inBlock {
            let block = pl_get_ref(payload)
            InFlight.add(block)
            pl_order()
            pl_block_at(block).pointee.owner = own.pointee.selfref
            own.pointee.received_block = block
            own.pointee.received = UnsafePointer(pl_block_bytes(block))
            own.pointee.received_length = pl_block_at(block).pointee.length
        } else {
            let target = pl_received_inline()!
            pl_copy_inline(target, payload, length)
            own.pointee.received_block = 0
            own.pointee.received = UnsafePointer(target)
            own.pointee.received_length = UInt64(length)
        }
    }

    /// Forgets the last message and frees its block.
    @inline(__always)
    static func release() {
        let own = pl_own()!
        if own.pointee.received_block != 0 {
            let block = own.pointee.received_block
            own.pointee.received_block = 0
            own.pointee.received = nil
            own.pointee.received_length = 0
            Messages.discard(block)
        }
    }
}
