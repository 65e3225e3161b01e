// The program's manager: one process that executes the operations on managed objects, for every client. This
// file has what both sides know: requests, the doorbell, the sweep.
//
// A client's request word:  number << 3 | state, or the block of the reply | replied.
//
//     idle -> pending -> taken -> replied, or an answer without a block -> idle
//
// Invariants
// - The number is used once in the life of an arena (generation of the slot and a count), so a compare-and-swap
//   on the request word never reaches another request, even if the slot was given to another process.
// - The request block is the client's. The manager copies it and then takes the request by compare-and-swap: if
//   that succeeds the client had not been swept, and the copy is whole.
// - The manager keeps nothing but what it can read again from the logs and the request words. A new one first
//   finishes the request that the old one had taken: if its block is in the log it was executed, and the
//   replay gives its reply; otherwise it is executed now.
// - A reply block belongs to the manager until the compare-and-swap to `replied`, and then to the client.
// - Bits of the doorbell are hints; a new manager looks at every slot.

import CSystem
import Glibc

enum Manager {
    enum State {
        static let pending: UInt64 = 1
        static let taken: UInt64 = 2
        static let replied: UInt64 = 3
        /// The object is locked by another process: the client waits for the lock and asks again.
        static let locked: UInt64 = 4
        static let noMemory: UInt64 = 5
        static let gone: UInt64 = 6
        /// Manager after manager died while it executed this.
        static let crashed: UInt64 = 7
        static let mask: UInt64 = 7
    }

    /// The owner word of a reply on its way to a client.
    static func replyTag(_ client: UInt32) -> UInt64 { 1 << 62 | UInt64(client) }

    // MARK: Doorbell

    /// Tells the manager that the process in `slot` has a request; starts it if there is none.
    static func ring(_ slot: UInt32) {
        _ = pl_or64(pl_manager_bits() + Int(slot >> 6), 1 << UInt64(slot & 63))
        fault(.managerRingManagerBits)
        _ = pl_or64(pl_manager_summary() + Int(slot >> 12), 1 << UInt64((slot >> 6) & 63))
        fault(.managerRingManagerSummary)
        wake()
    }

    /// Tells the manager to look for objects to be discarded or rolled back.
    static func requestWork() {
        pl_store64(Shared.header(HeaderWord.managerWork), 1)
        fault(.managerRequestWorkManagerWork)
        wake()
    }

    private static func wake() {
        let manager = UInt32(truncatingIfNeeded: pl_load64(Shared.header(HeaderWord.manager)))
        if _fastPath(manager != 0) {
            Parker.wake(manager)
        } else {
            pl_store64(Shared.header(HeaderWord.managerWanted), 1)
            fault(.managerWakeManagerWanted)
            Kick.supervisor(Kick.manager)
        }
    }

    /// Whether the supervisor is to start a manager now.
    static var isNeeded: Bool {
        pl_load64(Shared.header(HeaderWord.managerWanted)) != 0 && pl_load64(Shared.header(HeaderWord.manager)) == 0
    }

    // MARK: After a death

    /// Withdraws the request of a dead process and frees the reply that it did not read any more.
    static func sweepClient(_ slot: UInt32) {
        let request = Shared.slotWord(slot, SlotWord.request)
        while true {
            let w = pl_load64(request)
            if w == 0 { return }
            if w & State.mask == State.replied {
                let block = w & ~63
                if Blocks.isUsed(block), pl_block_at(block).pointee.owner == replyTag(slot) { reclaim(block) }
                pl_store64(request, 0)
                fault(.managerSweepClientWord)
                return
            }
            if pl_cas64(request, w, 0) {
                fault(.managerSweepClientWithdrawn)
                return
            }
        }
    }

    /// The manager died: what it had neither linked nor delivered is freed, and a new one will be started.
    static func sweepManager(_ slot: UInt32) {
        let block = Shared.slotWord(slot, SlotWord.outBlock).pointee
        let client = UInt32(truncatingIfNeeded: Shared.slotWord(slot, SlotWord.outClient).pointee)
        if block != 0 {
            // The client adopts the block before it clears its request word: look in the other order.
            let delivered = pl_load64(Shared.slotWord(client, SlotWord.request)) == block | State.replied
            if !delivered, Blocks.isUsed(block), pl_block_at(block).pointee.owner == replyTag(client) { reclaim(block) }
            Shared.slotWord(slot, SlotWord.outBlock).pointee = 0
            fault(.managerSweepManagerOutBlock)
        }
        ManagerLog.sweepAppend(slot)
        ManagerLog.sweepFreeing(by: ProcessRef(index: slot, generation: pl_slot_at(slot).pointee.generation).raw)
        pl_store64(Shared.header(HeaderWord.managerWork), 1)
        fault(.managerSweepManagerManagerWork)
        pl_store64(Shared.header(HeaderWord.manager), 0)
        fault(.managerSweepManagerManager)
    }

    static func reclaim(_ block: UInt64) {
        InFlight.add(block)
        pl_order()
        pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
        fault(.managerReclaimOwner)
        Blocks.free(block)
    }

    // MARK: Objects

    /// Nobody holds the managed object any more. True when it is free now, false when the manager will see to it.
    static func dispose(_ o: Shared.Object, _ object: UInt32) -> Bool {
        if pl_load64(Shared.header(HeaderWord.managerWanted)) == 0 {
            ManagerLog.discard(o, object)
            return true
        }
        _ = pl_or16(&o.pointee.reserved, SharedFlag.doomed)
        fault(.managerDisposeReserved)
        requestWork()
        return false
    }
}
