// The waiter records of a choice: filled, put at its channels, taken out again; and those that a process has.
//
// Invariants
// - A record stands at a channel only between `enqueue` and `leave`, and only with an epoch of this wait.
// - The claim word of the process says that its records stand before the first of them is linked.

import CSystem
import Glibc

extension Choice {
    mutating func takeRecords() -> Bool {
        guard Records.ensure(prepared.count) else { return false }
        for i in prepared.indices where prepared[i].action != .closed { prepared[i].record = Records.own[i] }
        return true
    }

    /// A new epoch for the records of this wait, and a claim word that says they stand.
    @inline(__always)
    static func newEpoch(_ me: UnsafeMutablePointer<pl_slot>) -> UInt32 {
        let epoch = me.pointee.epoch &+ 1
        me.pointee.epoch = epoch
        fault(.choiceNewEpochEpoch)
        pl_release64(&me.pointee.claim, Claim.word(epoch, 0, Claim.waiting))
        fault(.choiceNewEpochClaim)
        return epoch
    }

    @inline(__always)
    static func fill(
        _ r: UnsafeMutablePointer<pl_record>, _ object: UInt32, _ epoch: UInt32, caseIndex: UInt16, isSoleReceive: Bool,
        isUntimed: Bool, length: Int, sequel: UInt8 = Sequel.none
    ) {
        r.pointee.object = object
        fault(.choiceFillObject)
        r.pointee.epoch = epoch
        fault(.choiceFillEpoch)
        r.pointee.case_index = caseIndex
        fault(.choiceFillCaseIndex)
        r.pointee.sole = isSoleReceive ? 1 : 0
        fault(.choiceFillSole)
        r.pointee.untimed = isUntimed ? 1 : 0
        fault(.choiceFillUntimed)
        r.pointee.length = UInt32(truncatingIfNeeded: length)
        fault(.choiceFillLength)
        let me = pl_me()!
        r.pointee.message = UInt64(pl_my_index()) << 48 | UInt64(me.pointee.generation & 0xffff) << 32 | UInt64(epoch)
        fault(.choiceFillMessage)
        r.pointee.ended = 0
        fault(.choiceFillEnded)
        r.pointee.sequel = sequel
        fault(.choiceFillSequel)
    }

    /// Makes a filled record the offer of a message.
    @inline(__always)
    static func offer(_ r: UnsafeMutablePointer<pl_record>, _ bytes: UnsafeRawPointer?, _ length: Int, block: UInt64) {
        r.pointee.direction = Direction.send
        fault(.choiceOfferDirection)
        if block != 0 {
            r.pointee.in_block = 1
            fault(.choiceOfferInBlock)
            pl_put_ref(pl_record_payload(r), block)
            fault(.choiceOfferBlockRef)
        } else {
            r.pointee.in_block = 0
            fault(.choiceOfferInBlock2)
            if let bytes, length > 0 { pl_copy_inline(pl_record_payload(r), bytes, length) }
            fault(.choiceOfferCopy)
        }
    }

    mutating func enqueue(_ me: UnsafeMutablePointer<pl_slot>) {
        epoch = Self.newEpoch(me)
        enqueued = true
        for i in prepared.indices where prepared[i].record != 0 {
            let p = prepared[i]
            let r = pl_record_at(p.record)!
            Self.fill(r, p.object, epoch, caseIndex: UInt16(i), isSoleReceive: isSoleReceive, isUntimed: untimed, length: p.length)
            switch p.action {
            case .send:
                Self.offer(r, p.bytes, p.length, block: p.block)
                Waiting.enqueue(pl_object_at(p.object)!, p.record)
            case .process:
                r.pointee.direction = Direction.process
                fault(.choiceEnqueueDirection2)
                r.pointee.message = p.process.raw
                fault(.choiceEnqueueMessage2)
                r.pointee.object = 0
                fault(.choiceEnqueueObject2)
                pl_order()
                r.pointee.active = 1
                fault(.choiceEnqueueActive)
                Join.watch(p.process)
            case .receive:
                r.pointee.direction = Direction.receive
                fault(.choiceEnqueueDirection3)
            case .closed: break
            }
        }
        // Receivers are signalled before our own receiving records join them: we cannot take our own offers.
        for object in objects { Waiting.balance(pl_object_at(object)!) }
        for p in prepared where p.action == .receive { Waiting.enqueue(pl_object_at(p.object)!, p.record) }
    }

    /// Nothing was there: wait on, at the head of the lists, and pass a baton that we could not use.
    func rejoin() {
        for p in prepared where p.action == .receive { Waiting.stepAside(pl_object_at(p.object)!, p.record) }
        for object in objects { Waiting.balance(pl_object_at(object)!) }
        for p in prepared.reversed() where p.action == .receive { Waiting.stepBack(pl_object_at(p.object)!, p.record) }
    }

    /// Takes our records out and passes the baton. All locks are held.
    mutating func leave() {
        guard enqueued else { return }
        enqueued = false
        for p in prepared where p.record != 0 {
            if p.action == .process {
                pl_record_at(p.record).pointee.active = 0
                fault(.choiceLeaveActive)
            } else {
                Waiting.withdraw(pl_object_at(p.object)!, p.record)
            }
        }
        pl_release64(&pl_me().pointee.claim, 0)
        fault(.choiceLeaveClaim)
        for object in objects { Waiting.balance(pl_object_at(object)!) }
    }
}

/// The waiter records of this process: taken from the pool once, used again for every wait.
enum Records {
    /// In the page of the other private words: most processes never need more than these few.
    static var own: UnsafeMutablePointer<UInt32> { pl_own().pointee.records }

    static func ensure(_ count: Int) -> Bool {
        let own = pl_own()!
        if own.pointee.record_room == 0 { forget() }
        while Int(own.pointee.record_count) < count {
            if own.pointee.record_count == own.pointee.record_room { grow() }
            guard let r = try? Pool.takeRecord() else { return false }
            own.pointee.records[Int(own.pointee.record_count)] = r
            own.pointee.record_count += 1
        }
        return true
    }

    private static func grow() {
        let own = pl_own()!
        let room = own.pointee.record_room
        let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * Int(room))
        larger.update(from: own.pointee.records, count: Int(room))
        if own.pointee.records != pl_first_records() { own.pointee.records.deallocate() }
        own.pointee.records = larger
        own.pointee.record_room = 2 * room
    }

    /// After a fork: the parent's records are the parent's.
    static func forget() {
        let own = pl_own()!
        own.pointee.records = pl_first_records()
        own.pointee.record_count = 0
        own.pointee.record_room = UInt32(PL_FIRST_RECORDS)
    }

    static func giveBack() {
        for i in 0..<Int(pl_own().pointee.record_count) { Pool.giveRecord(own[i]) }
        pl_own().pointee.record_count = 0
        pl_me().pointee.records = 0
        fault(.recordsGiveBackRecords)
    }
}
