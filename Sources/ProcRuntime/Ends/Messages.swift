// Messages that do not fit into 48 bytes, or that carry capabilities: blocks with a list of ends.
//
// Invariants
// - The ends inside an unread message belong to its block and count as held.
// - Receiving makes each of them the receiver's by one store (or drops it, where the receiver has it already);
//   destroying a message releases them.

import CSystem
import Glibc

enum Messages {
    /// A block with a copy of `bytes` and an entry for each capability. Throws `memory`, or `closed` when this
    /// process does not have a capability that it wants to send.
    static func make(_ bytes: UnsafeRawBufferPointer, _ capabilities: [End]) throws -> UInt64 {
        let block = try Blocks.allocate(bytes.count)
        if bytes.count > 0 { memcpy(pl_block_bytes(block), bytes.baseAddress!, bytes.count) }
        fault(.messagesMakeCopy)
        if !capabilities.isEmpty {
            do {
                var granting = Granting(to: Ends.blockOwner | block, list: pl_block_ends(pl_block_at(block)))
                for end in capabilities where try !granting.grant(end) {
                    throw RuntimeError(kind: "closed", message: "an end that is closed cannot be sent")
                }
            } catch {
                discard(block)
                throw error
            }
        }
        return block
    }

    /// Makes the ends of a block that this process took over its own.
    @inline(__always)
    static func adopt(_ block: UInt64) {
        if block != 0, pl_block_at(block).pointee.ends != 0 { adoptEnds(block) }
    }

    private static func adoptEnds(_ block: UInt64) {
        let b = pl_block_at(block)!
        while b.pointee.ends != 0 {
            let index = b.pointee.ends
            let e = pl_end_at(index)!
            let object = e.pointee.object
            let right = Rights(rawValue: e.pointee.right)
            if object == 0 || EndTable.entry(object, right) != 0 {
                Ends.detach(index, list: &b.pointee.ends)
                continue
            }
            Ends.intend(index, e.pointee.owner)
            b.pointee.ends = e.pointee.own_next
            fault(.messagesAdoptEndsEnds)
            pl_order()
            e.pointee.owner = ProcessTable.selfRef.raw
            fault(.messagesAdoptEndsOwner)
            pl_order()
            if b.pointee.ends != 0 { pl_end_at(b.pointee.ends).pointee.own_prev = 0 }
            fault(.messagesAdoptEndsOwnPrev)
            Ends.link(index, &pl_me().pointee.ends)
            pl_me().pointee.end_intent = 0
            fault(.messagesAdoptEndsEndIntent2)
            _ = pl_add32(&pl_object_at(object).pointee.end_gen, 1)
            fault(.messagesAdoptEndsEndGen)
            EndTable.set(object, right, index)
        }
        Cleanup.run()
    }

    /// Destroys a message that this process has in its hands, with the ends inside it.
    static func discard(_ block: UInt64) {
        guard block != 0 else { return }
        let b = pl_block_at(block)!
        while b.pointee.ends != 0 { Ends.detach(b.pointee.ends, list: &b.pointee.ends) }
        Blocks.free(block)
    }
}
