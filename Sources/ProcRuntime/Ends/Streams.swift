// The end of a stream, as seen by one reader: who still counts as a writer.
//
// The rule (LANGUAGE.md section 6): a reader R has reached the end when everything sent was read and nobody
// holds the writing end who could still use it. Not counted are
// - a process that itself waits without timeout in a receive on that channel (R included);
// - a process that waits without timeout, in `parallel` or `join`, for R or for one that R descends from,
//   unless it keeps the end in reserve for processes it may yet start;
// - if R feeds an external program: a process that waits in `parallel` for one that it gave the end to. (That
//   one writes what the program gets, and others of the `parallel` read what it answers.)
// An end inside an unread message counts. (Processes in a `select` whose every case would be at its end are
// found by the supervisor's scan, which sees all channels.)
//
// Invariants
// - Everything here runs under the channel's lock. A receiver on the channel cannot leave its wait without
//   that lock; a process in `join` can, so its wait generation is checked again at the end: at that instant
//   nobody could write.
// - Whoever makes the condition true for others (releases an end, begins to wait, takes the last message)
//   evaluates it for all waiting readers before it unlocks.

import CSystem
import Glibc

enum WaitKind {
    static let none: UInt8 = 0
    static let communicate: UInt8 = 1
    static let join: UInt8 = 2
    static let sleep: UInt8 = 3
    static let external: UInt8 = 4
    static let lock: UInt8 = 5
    static let barrier: UInt8 = 6
    static let semaphore: UInt8 = 7
    static let event: UInt8 = 8
    static let manager: UInt8 = 9
}

enum WaitFlag {
    static let timed: UInt8 = 1
    static let external: UInt8 = 2
    /// A single receive without timeout; `wait_object` is its channel.
    static let soleReceive: UInt8 = 4
    static let parallel: UInt8 = 8
    static let uninterruptible: UInt8 = 16
    /// `wait_object` is a process reference that is not a child.
    static let foreign: UInt8 = 32
    /// Since it began, the process has given up the ends that it cannot reach any more.
    static let collected: UInt8 = 64
    /// A send that will return only when there is something to receive, too (Lone).
    static let expecting: UInt8 = 128
}

enum Streams {
    enum Verdict {
        case ended
        /// Somebody counts, whoever reads.
        case open
        /// Somebody counts for this reader.
        case openForReader
    }

    /// Whether `reader`, at an empty channel, has reached the end. Lock held.
    static func ended(
        _ o: UnsafeMutablePointer<pl_object>, _ object: UInt32, reader: UInt32, excludeSelf: Bool
    ) -> Verdict {
        if o.pointee.writers == 0 { return .ended }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { lenders in
            var count = 0
            var index = o.pointee.ends_first
            while index != 0 {
                let e = pl_end_at(index)!
                let next = e.pointee.object_next
                if e.pointee.right == Rights.write.rawValue {
                    let owner = e.pointee.owner
                    if owner & Ends.blockOwner != 0 { return found(o, index, .open) }
                    let p = UInt32(truncatingIfNeeded: owner)
                    if p == reader {
                        if !excludeSelf { return .openForReader }
                    } else {
                        let s = pl_slot_at(p)!
                        let generation = pl_load32(&s.pointee.wait_gen)
                        guard generation & 1 == 1, s.pointee.wait_flags & WaitFlag.timed == 0 else {
                            return found(o, index, .open)
                        }
                        if s.pointee.wait_kind == WaitKind.communicate {
                            guard s.pointee.wait_flags & WaitFlag.soleReceive != 0,
                                s.pointee.wait_object == UInt64(object), pl_load32(&s.pointee.cancel) & CancelWord.requested == 0
                            else { return .openForReader }
                        } else if s.pointee.wait_kind == WaitKind.join, e.pointee.flags & EndFlag.reserved == 0 {
                            guard count < 16, e.pointee.flags & EndFlag.lent != 0 || waits(s, p, for: reader) else {
                                return .openForReader
                            }
                            lenders[count] = UInt64(p) << 32 | UInt64(generation)
                            count += 1
                        } else {
                            return .openForReader
                        }
                    }
                }
                index = next
            }
            for i in 0..<count {
                let s = pl_slot_at(UInt32(lenders[i] >> 32))!
                if pl_load32(&s.pointee.wait_gen) != UInt32(truncatingIfNeeded: lenders[i]) { return .openForReader }
            }
            return .ended
        }
    }

    /// Moves the entry that decided to the front: the next question is answered by it at once.
    private static func found(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32, _ verdict: Verdict) -> Verdict {
        let e = pl_end_at(index)!
        if e.pointee.object_prev != 0 {
            pl_end_at(e.pointee.object_prev).pointee.object_next = e.pointee.object_next
            fault(.streamsFoundObjectNext)
            if e.pointee.object_next != 0 { pl_end_at(e.pointee.object_next).pointee.object_prev = e.pointee.object_prev }
            fault(.streamsFoundObjectPrev)
            e.pointee.object_prev = 0
            fault(.streamsFoundObjectPrev2)
            e.pointee.object_next = o.pointee.ends_first
            fault(.streamsFoundObjectNext2)
            pl_end_at(o.pointee.ends_first).pointee.object_prev = index
            fault(.streamsFoundObjectPrev3)
            o.pointee.ends_first = index
            fault(.streamsFoundEndsFirst)
        }
        return verdict
    }

    /// Whether process `p` (slot `s`), which is in a join, waits for `reader` or an ancestor of it.
    static func waits(_ s: UnsafeMutablePointer<pl_slot>, _ p: UInt32, for reader: UInt32) -> Bool {
        let group = s.pointee.join_group
        let foreign = s.pointee.wait_flags & WaitFlag.foreign != 0 ? s.pointee.wait_object : 0
        var n = reader
        while n != 0 {
            let node = pl_slot_at(n)!
            if foreign != 0, UInt32(truncatingIfNeeded: foreign) == n,
                UInt32(truncatingIfNeeded: foreign >> 32) == node.pointee.generation
            { return true }
            if node.pointee.parent == p, group != 0, node.pointee.awaited_group == group { return true }
            n = node.pointee.parent
        }
        return false
    }

    /// Tells every waiting reader that has reached the end. Lock held; the caller delivers the wake-ups.
    static func evaluate(_ o: UnsafeMutablePointer<pl_object>, _ object: UInt32) {
        guard o.pointee.recv_count > 0, o.pointee.head == o.pointee.tail else { return }
        if o.pointee.send_count > 0, Waiting.firstOffer(o, except: 0) != 0 { return }
        var index = o.pointee.recv_first
        while index != 0 {
            let r = pl_record_at(index)!
            let next = r.pointee.next
            let untimed = r.pointee.untimed != 0
            switch ended(o, object, reader: r.pointee.owner, excludeSelf: untimed) {
            case .open: return
            case .openForReader: break
            case .ended:
                // A receive alone has its answer; a select asks again for all its cases.
                if r.pointee.sole != 0 && untimed { r.pointee.ended = 1 }
                fault(.streamsEvaluateEnded)
                Parker.post(r.pointee.owner)
            }
            index = next
        }
    }

    /// This process has begun to wait for others: readers of its streams may have reached their end.
    static func beganJoin() {
        pl_fence()
        var e = pl_me().pointee.ends
        while e != 0 {
            let end = pl_end_at(e)!
            if end.pointee.right == Rights.write.rawValue, end.pointee.flags & EndFlag.reserved == 0 {
                let object = end.pointee.object
                let o = pl_object_at(object)!
                if pl_load32(&o.pointee.recv_count) > 0 {
                    Objects.lock(object)
                    evaluate(o, object)
                    Objects.unlock(object)
                    Parker.deliver()
                }
            }
            e = end.pointee.own_next
        }
    }
}
