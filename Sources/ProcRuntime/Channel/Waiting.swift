// Waiter records at a channel: who waits to send (offers) and who waits to receive, and the rules by which
// they are woken. All functions here are called with the channel's lock held.
//
// Invariants
// - Records (`active`, object, direction, ticket, payload) are the truth; the two lists are derived, in the
//   order of the tickets. The receivers' list holds those that are not signalled.
// - The claim word of a process decides which of its offers is taken: WAITING -> CLAIMED (a mover or
//   receiver copies) -> DONE. A queued offer may be stale (another case of its select won): a non-empty
//   list does not mean that something is on offer.
// - Baton: at unlock at least min(available, waiting) receivers are signalled; a signalled receiver that
//   leaves without taking makes way for the next.

import CSystem

/// The claim word: epoch << 32 | case << 8 | state.
enum Claim {
    static let waiting: UInt64 = 1
    static let claimed: UInt64 = 2
    static let done: UInt64 = 3

    @inline(__always)
    static func word(_ epoch: UInt32, _ caseIndex: UInt16, _ state: UInt64) -> UInt64 {
        UInt64(epoch) << 32 | UInt64(caseIndex) << 8 | state
    }
    @inline(__always) static func epoch(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
    @inline(__always) static func state(_ word: UInt64) -> UInt64 { word & 0xff }
    @inline(__always) static func caseIndex(_ word: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: word >> 8) }
}

enum Direction {
    static let receive: UInt8 = 1
    static let send: UInt8 = 2
    /// The end of a process; such a record is at no object.
    static let process: UInt8 = 3
    /// Anything else that waits at an object (locks, barriers, semaphores, events).
    static let other: UInt8 = 4
}

/// A send that a receive follows at once may be one wait with it: whoever takes the message tells nobody, and the process
/// sleeps on until there is something to receive.
enum Sequel {
    static let none: UInt8 = 0
    /// The offer: its owner need not know that it was taken.
    static let first: UInt8 = 1
    /// The receive: its owner wants to be woken by it, but can receive only when the offer was taken.
    static let second: UInt8 = 2
}

enum Waiting {
    typealias Object = UnsafeMutablePointer<pl_object>
    typealias Record = UnsafeMutablePointer<pl_record>

    // MARK: Lists

    static func append(_ first: inout UInt32, _ last: inout UInt32, _ index: UInt32) {
        let r = pl_record_at(index)!
        r.pointee.next = 0
        fault(.waitingAppendNext)
        r.pointee.prev = last
        fault(.waitingAppendPrev)
        if last != 0 { pl_record_at(last).pointee.next = index } else { first = index }
        fault(.waitingAppendNext2)
        last = index
    }

    static func prepend(_ first: inout UInt32, _ last: inout UInt32, _ index: UInt32) {
        let r = pl_record_at(index)!
        r.pointee.prev = 0
        fault(.waitingPrependPrev)
        r.pointee.next = first
        fault(.waitingPrependNext)
        if first != 0 { pl_record_at(first).pointee.prev = index } else { last = index }
        fault(.waitingPrependPrev2)
        first = index
    }

    static func unlink(_ first: inout UInt32, _ last: inout UInt32, _ index: UInt32) {
        let r = pl_record_at(index)!
        if r.pointee.prev != 0 { pl_record_at(r.pointee.prev).pointee.next = r.pointee.next } else { first = r.pointee.next }
        fault(.waitingUnlinkNext)
        if r.pointee.next != 0 { pl_record_at(r.pointee.next).pointee.prev = r.pointee.prev } else { last = r.pointee.prev }
        fault(.waitingUnlinkPrev)
        r.pointee.next = 0
        fault(.waitingUnlinkNext2)
        r.pointee.prev = 0
        fault(.waitingUnlinkPrev2)
    }

    /// Puts a filled record into the list of its direction and makes it active.
    static func enqueue(_ o: Object, _ index: UInt32) {
        let r = pl_record_at(index)!
        r.pointee.ticket = o.pointee.ticket
        fault(.waitingEnqueueTicket)
        o.pointee.ticket += 1
        fault(.waitingEnqueueTicket2)
        r.pointee.signalled = 0
        fault(.waitingEnqueueSignalled)
        r.pointee.ended = 0
        fault(.waitingEnqueueEnded)
        pl_order()
        r.pointee.active = 1
        fault(.waitingEnqueueActive)
        if r.pointee.direction == Direction.send {
            append(&o.pointee.send_first, &o.pointee.send_last, index)
            o.pointee.send_count += 1
            fault(.waitingEnqueueSendCount)
        } else {
            append(&o.pointee.recv_first, &o.pointee.recv_last, index)
            o.pointee.recv_count += 1
            fault(.waitingEnqueueRecvCount)
        }
    }

    /// Takes a record out, wherever it is. Harmless when it is out already.
    static func withdraw(_ o: Object, _ index: UInt32) {
        let r = pl_record_at(index)!
        guard r.pointee.active != 0 else { return }
        if r.pointee.direction == Direction.send {
            unlink(&o.pointee.send_first, &o.pointee.send_last, index)
            o.pointee.send_count -= 1
            fault(.waitingWithdrawSendCount)
        } else if r.pointee.signalled != 0 {
            o.pointee.signalled -= 1
            fault(.waitingWithdrawSignalled)
        } else {
            unlink(&o.pointee.recv_first, &o.pointee.recv_last, index)
            o.pointee.recv_count -= 1
            fault(.waitingWithdrawRecvCount)
        }
        r.pointee.signalled = 0
        fault(.waitingWithdrawSignalled2)
        // The last store to the record: its owner may use it elsewhere from here on.
        pl_release8(&r.pointee.active, 0)
        fault(.waitingWithdrawActive)
    }

    /// Takes a receiving record off its list (or its signal back) for a moment; `stepBack` follows.
    static func stepAside(_ o: Object, _ index: UInt32) {
        let r = pl_record_at(index)!
        guard r.pointee.active != 0 else { return }
        if r.pointee.signalled != 0 {
            r.pointee.signalled = 0
            fault(.waitingStepAsideSignalled)
            o.pointee.signalled -= 1
            fault(.waitingStepAsideSignalled2)
        } else {
            unlink(&o.pointee.recv_first, &o.pointee.recv_last, index)
            o.pointee.recv_count -= 1
            fault(.waitingStepAsideRecvCount)
        }
    }

    /// Puts it back, at the head of the list: it was there first.
    static func stepBack(_ o: Object, _ index: UInt32) {
        guard pl_record_at(index).pointee.active != 0 else { return }
        prepend(&o.pointee.recv_first, &o.pointee.recv_last, index)
        o.pointee.recv_count += 1
        fault(.waitingStepBackRecvCount)
    }

    // MARK: Waking

    /// Re-establishes the baton invariant. The number of offers may count stale ones: a needless wake-up at most.
    @inline(__always)
    static func balance(_ o: Object) {
        while o.pointee.recv_count > 0,
            UInt64(o.pointee.signalled) < (o.pointee.tail &- o.pointee.head) + UInt64(o.pointee.send_count)
        {
            signalNext(o)
        }
    }

    private static func signalNext(_ o: Object) {
        let index = o.pointee.recv_first
        let r = pl_record_at(index)!
        unlink(&o.pointee.recv_first, &o.pointee.recv_last, index)
        o.pointee.recv_count -= 1
        fault(.waitingSignalNextRecvCount)
        r.pointee.signalled = 1
        fault(.waitingSignalNextSignalled)
        o.pointee.signalled += 1
        fault(.waitingSignalNextSignalled2)
        Parker.post(r.pointee.owner)
    }

    /// Wakes everyone who waits at the channel, to look again (poison, repair).
    static func broadcast(_ o: Object) {
        var index = o.pointee.send_first
        while index != 0 {
            let r = pl_record_at(index)!
            Parker.post(r.pointee.owner)
            index = r.pointee.next
        }
        index = o.pointee.recv_first
        while index != 0 {
            let r = pl_record_at(index)!
            Parker.post(r.pointee.owner)
            index = r.pointee.next
        }
    }

    static func wakeSenders(_ o: Object) {
        var index = o.pointee.send_first
        while index != 0 {
            let r = pl_record_at(index)!
            Parker.post(r.pointee.owner)
            index = r.pointee.next
        }
    }

    // MARK: Offers

    /// Finds the first offer that can be taken and is not `except`'s own; drops stale ones on the way.
    static func firstOffer(_ o: Object, except own: UInt32) -> UInt32 {
        var index = o.pointee.send_first
        while index != 0 {
            let r = pl_record_at(index)!
            let next = r.pointee.next
            let word = pl_load64(&pl_slot_at(r.pointee.owner).pointee.claim)
            if Claim.epoch(word) != r.pointee.epoch || Claim.state(word) == Claim.done {
                withdraw(o, index)
            } else if Claim.state(word) == Claim.waiting, r.pointee.owner != own {
                return index
            }
            index = next
        }
        return 0
    }

    /// Rendezvous: takes the payload out of a waiting sender's record and completes the sender. `prepare` is called
    /// before the commit. False: there is no offer, or it went elsewhere in the last moment.
    @inline(__always)
    static func takeOffer(_ o: Object, _ prepare: () -> Void) -> Bool {
        let index = firstOffer(o, except: pl_my_index())
        guard index != 0 else { return false }
        let r = pl_record_at(index)!
        let owner = pl_slot_at(r.pointee.owner)!
        guard pl_cas64(&owner.pointee.claim, Claim.word(r.pointee.epoch, 0, Claim.waiting),
            Claim.word(r.pointee.epoch, r.pointee.case_index, Claim.claimed))
        else { return false }
        fault(.waitingTakeOfferClaim)
        if r.pointee.sequel == Sequel.none { Parker.postCompleted(r.pointee.owner) }  // noted before DONE, see `settle`
        prepare()
        Received.take(pl_record_payload(r), Int(r.pointee.length), inBlock: r.pointee.in_block != 0)
        pl_order()
        pl_store64(&owner.pointee.claim, Claim.word(r.pointee.epoch, r.pointee.case_index, Claim.done))  // commit
        fault(.waitingTakeOfferClaim2)
        withdraw(o, index)
        return true
    }

    /// Moves offers into the ring while it has room, and completes their senders. Returns true when this
    /// process's own offer was among them.
    static func settle(_ o: Object) {
        // With nobody left to read, a message would be sent to nobody: its sender is told the end instead.
        guard o.pointee.readers != o.pointee.readers_lent, o.pointee.flags & ObjectFlag.poisoned == 0 else { return }
        while o.pointee.send_count > 0, o.pointee.tail &- o.pointee.head < o.pointee.capacity {
            let index = firstOffer(o, except: 0)
            guard index != 0, Ring.makeRoom(o) else { return }
            let r = pl_record_at(index)!
            let owner = pl_slot_at(r.pointee.owner)!
            guard pl_cas64(&owner.pointee.claim, Claim.word(r.pointee.epoch, 0, Claim.waiting),
                Claim.word(r.pointee.epoch, r.pointee.case_index, Claim.claimed))
            else { continue }
            fault(.waitingSettleClaim)
            // Noted before the move: killed between DONE and here we would leave the sender asleep for ever.
            Parker.postCompleted(r.pointee.owner)
            let e = pl_entry_at(o, o.pointee.tail)!
            e.pointee.message = r.pointee.message
            fault(.waitingSettleMessage)
            e.pointee.length = r.pointee.length
            fault(.waitingSettleLength)
            e.pointee.in_block = r.pointee.in_block
            fault(.waitingSettleInBlock)
            pl_copy_inline(pl_entry_payload(e), pl_record_payload(r), r.pointee.in_block != 0 ? 8 : Int(r.pointee.length))
            fault(.waitingSettleCopy)
            pl_order()
            o.pointee.tail &+= 1  // commit
            fault(.waitingSettleTail)
            pl_order()
            if r.pointee.in_block != 0 {
                pl_block_at(pl_get_ref(pl_record_payload(r))).pointee.owner = Objects.tag(of: o)
                fault(.waitingSettleOwner)
            }
            pl_store64(&owner.pointee.claim, Claim.word(r.pointee.epoch, r.pointee.case_index, Claim.done))
            fault(.waitingSettleClaim2)
            withdraw(o, index)
        }
    }
}
