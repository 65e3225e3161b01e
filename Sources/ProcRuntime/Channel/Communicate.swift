// One operation for send, receive, and the choice among several of them and the ends of processes: here what can be done
// at once on one channel, with a message or room that is there. Everything else is a `Choice`.
//
// Invariants
// - Receivers take: a message leaves a ring or an offer only by the act of a live receiver.
// - A case is committed by one store (`head += 1`, `tail += 1`, claim DONE); whatever kills this process
//   before leaves the message where it was, after it the message is delivered exactly once.

import CSystem
import Glibc

enum Communicate {
    /// What was printed is written before anybody can learn from us that we have come so far: by our message, by a receive
    /// that lets its sender go on, and before any wait (writing may be a wait of its own).
    static func run(_ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode) -> CommOutcome {
        Received.release()
        if _slowPath(pl_load32(&pl_me().pointee.cancel) & CancelWord.requested != 0) { return .cancelled }
        if cases.count == 1 {
            let c = cases.baseAddress.unsafelyUnwrapped
            switch c.pointee.action {
            case .receive:
                let object = EndTable.resolve(c.pointee.end, .read)
                guard object != EndTable.closed, object != EndTable.never else { break }
                if receiveAtOnce(object, mode) { return .done(0) }
                if mode.immediate { break }  // who finds nothing tells nobody
                if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
                if mode.deadline == .max { return Lone.receive(object, cases, mode) }
            case .send:
                if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
                let payload = c.pointee.payload
                guard payload.count <= Int(PL_INLINE), c.pointee.capabilities.isEmpty else { break }
                let object = EndTable.resolve(c.pointee.end, .write)
                guard object != EndTable.closed, object != EndTable.never else { break }
                if pl_object_at(object).pointee.capacity != 0 {
                    if sendAtOnce(object, payload, mode) { return .done(0) }
                } else if mode.deadline == .max, !mode.immediate {
                    return Lone.send(object, payload, cases, mode)
                }
            case .ended: break
            }
        } else {
            if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
            if let outcome = ReadyScan.receive(cases, mode) { return outcome }
        }
        var choice = Choice(cases, mode)
        return choice.run()
    }

    // MARK: Fast paths: one channel, nobody to wait for

    /// Takes a message that is there, in the channel or with a sender; where all processes share one CPU, it is given
    /// a moment to come. False: the general way has to decide.
    @inline(__always)
    private static func receiveAtOnce(_ object: UInt32, _ mode: CommMode) -> Bool {
        if take(object) { return true }
        let own = pl_own()!
        guard own.pointee.cores == 1, mode.deadline == .max, !mode.immediate, own.pointee.out_pending == 0,
            GiveWay.isPromisingHere
        else { return false }
        Parker.deliver()
        return GiveWay.turn { hasMessage(pl_object_at(object)) } && take(object)
    }

    /// Read without the lock: a hint.
    @inline(__always)
    static func hasMessage(_ o: UnsafeMutablePointer<pl_object>) -> Bool {
        pl_acquire64(&o.pointee.head) != pl_acquire64(&o.pointee.tail) || pl_acquire32(&o.pointee.send_count) != 0
    }

    /// Receives from a channel if a message is there and it is not poisoned.
    @inline(__always)
    static func take(_ object: UInt32) -> Bool {
        let o = pl_object_at(object)!
        guard hasMessage(o) else { return false }
        Objects.lock(object)
        let tellsNobody = o.pointee.send_count == 0 && o.pointee.tail &- o.pointee.head < o.pointee.capacity
        guard o.pointee.flags & ObjectFlag.poisoned == 0, tellsNobody || pl_own().pointee.out_pending == 0 else {
            // A sender that waits, or comes to a channel that was full, learns that we have come so far: what we printed
            // comes before.
            Objects.unlock(object)
            return false
        }
        if o.pointee.head != o.pointee.tail {
            Ring.pop(o)
        } else if o.pointee.send_count == 0 || !Waiting.takeOffer(o, {}) {
            Objects.unlock(object)
            return false
        }
        taken(o, object)
        Objects.unlock(object)
        pl_me().pointee.received &+= 1
        Wakes.deliverAfterReceive(o)
        Messages.adopt(pl_own().pointee.received_block)
        return true
    }

    /// Puts a short message into a ring with room; where all processes share one CPU, its readers are given a moment to
    /// make room. False: the general way has to decide.
    @inline(__always)
    private static func sendAtOnce(_ object: UInt32, _ payload: UnsafeRawBufferPointer, _ mode: CommMode) -> Bool {
        let o = pl_object_at(object)!
        if !hasRoom(o) {
            let own = pl_own()!
            guard own.pointee.cores == 1, mode.deadline == .max, !mode.immediate, GiveWay.isPromisingHere else { return false }
            Parker.deliver()
            guard GiveWay.turn({ hasRoom(o) }) else { return false }
        }
        Objects.lock(object)
        guard o.pointee.flags == 0, o.pointee.send_count == 0, o.pointee.readers != o.pointee.readers_lent,
            o.pointee.tail &- o.pointee.head < o.pointee.capacity, Ring.makeRoom(o)
        else {
            Objects.unlock(object)
            return false
        }
        Ring.push(o, payload.baseAddress, payload.count, block: 0)
        Waiting.balance(o)
        let isFarAhead = o.pointee.tail &- o.pointee.head > farAhead
        Objects.unlock(object)
        pl_me().pointee.sent &+= 1
        Parker.deliver()
        if _slowPath(isFarAhead), mode.deadline == .max, !mode.immediate { GiveWay.letCatchUp(&o.pointee.head, by: farAhead / 2) }
        return true
    }

    /// So many unread messages (64 KiB of ring) lie in the caches still; many more would be written to memory that is
    /// new, and read from there.
    private static let farAhead: UInt64 = 1024

    /// Read without the lock: a hint.
    @inline(__always)
    private static func hasRoom(_ o: UnsafeMutablePointer<pl_object>) -> Bool {
        let head = pl_acquire64(&o.pointee.head)
        return pl_acquire64(&o.pointee.tail) &- head < o.pointee.capacity && pl_acquire32(&o.pointee.send_count) == 0
    }

    /// After a message left a channel: room for offers, the baton, and perhaps the end for the other readers.
    @inline(__always)
    static func taken(_ o: UnsafeMutablePointer<pl_object>, _ object: UInt32) {
        if o.pointee.send_count > 0 { Waiting.settle(o) }
        if o.pointee.recv_count > 0 {
            Waiting.balance(o)
            if o.pointee.head == o.pointee.tail { Streams.evaluate(o, object) }
        }
    }
}
