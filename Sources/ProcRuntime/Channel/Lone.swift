// A send or a receive alone, without time limit, that has to wait: what `Choice` does for it, without the lists of a
// choice. It becomes one only if something else happens than that the message is taken, or that there is one.
//
// A send that is followed by a receive at once is one wait with it. Who takes the message wakes nobody; the sender sleeps
// on until there is something to receive, with a record at either channel. In a ring, where each process waits for the
// token again when it has passed it on, that saves every second context switch.
//
// Invariants
// - The send returns only after the message was taken by a live receiver, or as a `Choice` lets it, and nothing is received
//   before. If both are done it says so: what was received is in `Received`.
// - The record of the receive to follow is out of its channel before the send returns, the baton passed.
// - While the send is not done only its own record counts for the deadlock detector; once it is done and nobody was told,
//   the detector wakes the process, which then waits in the receive itself, before it judges (Detector).

import CSystem

enum Lone {
    // MARK: Sending

    /// Sends a short message on a channel without room.
    static func send(
        _ object: UInt32, _ payload: UnsafeRawBufferPointer, _ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode
    ) -> CommOutcome {
        let me = pl_me()!
        let o = pl_object_at(object)!
        guard Records.ensure(2) else {
            return .failed(RuntimeError(kind: "memory", message: "no memory for a waiter record"))
        }
        let record = Records.own[0]
        let next = following(mode, object)
        let seen = Parker.sequence
        Objects.lock(object)
        guard o.pointee.flags & ObjectFlag.poisoned == 0, o.pointee.readers != o.pointee.readers_lent,
            pl_load32(&me.pointee.cancel) & CancelWord.requested == 0
        else {
            Objects.unlock(object)
            var choice = Choice(cases, mode)
            return choice.run()
        }
        let epoch = Choice.newEpoch(me)
        let r = pl_record_at(record)!
        Choice.fill(
            r, object, epoch, caseIndex: 0, isSoleReceive: false, isUntimed: true, length: payload.count,
            sequel: next != 0 ? Sequel.first : Sequel.none)
        Choice.offer(r, payload.baseAddress, payload.count, block: 0)
        Waiting.enqueue(o, record)
        Waiting.balance(o)
        Objects.unlock(object)

        let isExpecting = next != 0 && expect(next, epoch)
        if next != 0, !isExpecting { insist(object, record) }
        Parker.deliver()
        var generation: UInt32 = 0
        if isExpecting || next == 0 || !Choice.wasTaken(r, epoch, me) {
            generation = sleep(seen, mode, flags: isExpecting ? WaitFlag.expecting : 0)
        }
        if Choice.wasTaken(r, epoch, me) {
            Choice.forgetClaim(me)
            me.pointee.sent &+= 1
            if isExpecting, pl_load32(&me.pointee.cancel) & CancelWord.requested == 0, take(next, Records.own[1]) {
                return .done(1)
            }
            if isExpecting { forgo(next) }
            Cleanup.run()
            return .done(0)
        }
        if isExpecting {
            forgo(next)
            insist(object, record)
        }
        WaitRecord.collectIfAsked()
        var choice = Choice(cases, mode)
        return choice.resume(record, epoch, generation)
    }

    /// The channel from which this process receives next; 0 if it does not, or if its waiting there may be the end for others.
    @inline(__always)
    private static func following(_ mode: CommMode, _ object: UInt32) -> UInt32 {
        guard let end = mode.next else { return 0 }
        let next = EndTable.resolve(end, .read)
        return next == EndTable.closed || next == EndTable.never || next == object || EndTable.entry(next, .write) != 0
            ? 0 : next
    }

    /// Puts the record of the receive to follow at its channel. False: there is something already.
    private static func expect(_ next: UInt32, _ epoch: UInt32) -> Bool {
        let record = Records.own[1]
        let o = pl_object_at(next)!
        Objects.lock(next)
        defer { Objects.unlock(next) }
        guard !hasNews(o) else { return false }
        let r = pl_record_at(record)!
        Choice.fill(
            r, next, epoch, caseIndex: 1, isSoleReceive: true, isUntimed: true, length: 0, sequel: Sequel.second)
        r.pointee.direction = Direction.receive
        fault(.choiceExpectDirection)
        Waiting.enqueue(o, record)
        pl_fence()
        guard Streams.ended(o, next, reader: pl_my_index(), excludeSelf: true) != .ended else {
            Waiting.withdraw(o, record)
            return false
        }
        return true
    }

    /// Takes it out again, and passes the baton.
    private static func forgo(_ next: UInt32) {
        let o = pl_object_at(next)!
        Objects.lock(next)
        Waiting.withdraw(o, Records.own[1])
        Waiting.balance(o)
        Objects.unlock(next)
        Parker.deliver()
    }

    /// From here on the sender is told when its message is taken. (It may have been, without a word.)
    private static func insist(_ object: UInt32, _ record: UInt32) {
        Objects.lock(object)
        pl_record_at(record).pointee.sequel = Sequel.none
        fault(.choiceInsistSequel)
        Objects.unlock(object)
    }

    // MARK: Receiving

    /// Receives from a channel where nothing was.
    static func receive(_ object: UInt32, _ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode) -> CommOutcome {
        let me = pl_me()!
        let o = pl_object_at(object)!
        // With a writing end of our own the others' stream may end by our waiting.
        guard EndTable.entry(object, .write) == 0, Records.ensure(1) else {
            var choice = Choice(cases, mode)
            return choice.run()
        }
        let record = Records.own[0]
        let seen = Parker.sequence
        Objects.lock(object)
        guard !hasNews(o), pl_load32(&me.pointee.cancel) & CancelWord.requested == 0 else {
            Objects.unlock(object)
            var choice = Choice(cases, mode)
            return choice.run()
        }
        let epoch = Choice.newEpoch(me)
        let r = pl_record_at(record)!
        Choice.fill(r, object, epoch, caseIndex: 0, isSoleReceive: true, isUntimed: true, length: 0)
        r.pointee.direction = Direction.receive
        fault(.choiceAcceptDirection)
        Waiting.enqueue(o, record)
        // Who began to join in the meantime saw nobody waiting here, whom that concerns.
        pl_fence()
        let hasEnded = Streams.ended(o, object, reader: pl_my_index(), excludeSelf: true) == .ended
        Objects.unlock(object)
        var generation: UInt32 = 0
        if !hasEnded {
            Parker.deliver()
            generation = sleep(seen, mode, flags: WaitFlag.soleReceive, object: UInt64(object))
            if take(object, record) { return .done(0) }
            WaitRecord.collectIfAsked()
        }
        var choice = Choice(cases, mode)
        return choice.resume(record, epoch, generation)
    }

    /// Takes a message, if one is there, and the record of this wait out of the channel.
    @inline(__always)
    private static func take(_ object: UInt32, _ record: UInt32) -> Bool {
        let o = pl_object_at(object)!
        Objects.lock(object)
        guard o.pointee.flags & ObjectFlag.poisoned == 0 else {
            Objects.unlock(object)
            return false
        }
        if o.pointee.head != o.pointee.tail {
            Ring.pop(o)
        } else if o.pointee.send_count == 0 || !Waiting.takeOffer(o, {}) {
            Objects.unlock(object)
            return false
        }
        Waiting.withdraw(o, record)
        pl_release64(&pl_me().pointee.claim, 0)
        fault(.choiceAcceptClaim)
        Communicate.taken(o, object)
        Objects.unlock(object)
        pl_me().pointee.received &+= 1
        Wakes.deliverAfterReceive(o)
        Messages.adopt(pl_own().pointee.received_block)
        Cleanup.run()
        return true
    }

    // MARK: Both

    @inline(__always)
    private static func hasNews(_ o: UnsafeMutablePointer<pl_object>) -> Bool {
        o.pointee.flags & ObjectFlag.poisoned != 0 || o.pointee.head != o.pointee.tail || o.pointee.send_count != 0
    }

    /// Waits awake or asleep for news after `seen`; the generation of the wait record, or 0 if there was none.
    @inline(__always)
    private static func sleep(_ seen: UInt32, _ mode: CommMode, flags: UInt8, object: UInt64 = 0) -> UInt32 {
        if Spin.wait(seen) { return 0 }
        let generation = WaitRecord.begin(
            WaitKind.communicate, line: mode.line, tryDepth: mode.tryDepth, seen: seen, flags: flags, object: object,
            first: true)
        _ = Parker.sleep(seen)
        WaitRecord.end()
        return generation
    }
}
