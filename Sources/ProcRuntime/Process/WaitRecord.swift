// What a waiting process tells about its wait: read by others to decide ends of streams and deadlocks.
//
// Invariants
// - `wait_gen` is odd while the record holds; every wait has a generation of its own. Fields are written
//   before it becomes odd. A wait has no other inside: output, whose lock may have to be waited for, is
//   written before or after.
// - `wait_seq` is the sequence number on which the process sleeps: as long as `seq` has that value, nobody
//   has news for it.
// - A verdict of the supervisor names the generation it was found for; any other wait ignores it.

import CSystem
import Glibc

enum WaitRecord {
    enum Verdict {
        case none
        /// Every case of a choice is at its end.
        case ended
        /// Nobody can ever wake this process; the report.
        case deadlock(String)
    }

    /// The source line that runs now, asked for the waits whose callers do not know it (sleeping, input, external
    /// programs, operations on shared variables) or need it seldom (communication).
    static var lineOfProgram: (@convention(c) () -> Int32)?
    /// The same for the number of `try` around it.
    static var tryDepthOfProgram: (@convention(c) () -> Int32)?

    /// Gives up the ends that the program in this process can no longer reach; set by whoever executes it.
    static var collector: (() -> Void)?
    /// The present wait has been interrupted for that.
    private static var hasCollected = false

    static let verdictEnded: UInt32 = 1
    static let verdictDeadlock: UInt32 = 2

    /// Publishes the wait and returns its generation (odd). `first`: the wait begins now (and is not resumed
    /// after a wake-up that brought nothing). `line` 0, `tryDepth` -1: those of the program, found out here.
    static func begin(
        _ kind: UInt8, line: Int32, tryDepth: Int32, seen: UInt32, flags: UInt8, object: UInt64 = 0, first: Bool
    ) -> UInt32 {
        let me = pl_me()!
        assert(me.pointee.wait_gen & 1 == 0, "a wait inside a wait")
        me.pointee.wait_kind = kind
        fault(.waitRecordBeginWaitKind)
        if first {
            hasCollected = false
            // Of an earlier wait, which ended otherwise before it was read. One for this wait bumps `seq` after `seen`.
            if pl_load32(&me.pointee.verdict) != 0 { pl_store32(&me.pointee.verdict, 0) }
            fault(.waitRecordBeginVerdict)
        }
        me.pointee.wait_flags = hasCollected ? flags | WaitFlag.collected : flags
        fault(.waitRecordBeginWaitFlags)
        if first || line != 0 { me.pointee.wait_line = line != 0 ? line : lineOfProgram?() ?? 0 }
        fault(.waitRecordBeginWaitLine)
        if first || tryDepth >= 0 { me.pointee.wait_try_depth = tryDepth >= 0 ? tryDepth : tryDepthOfProgram?() ?? 0 }
        fault(.waitRecordBeginWaitTryDepth)
        me.pointee.wait_object = object
        fault(.waitRecordBeginWaitObject)
        me.pointee.wait_seq = seen
        fault(.waitRecordBeginWaitSeq)
        if first {
            me.pointee.wait_since = pl_add64(&pl_head().pointee.order, 1)
            fault(.waitRecordBeginWaitSince)
            me.pointee.wait_began = pl_ticks()  // no page of the kernel's clock is touched
        }
        let generation = pl_add32(&me.pointee.wait_gen, 1) &+ 1
        fault(.waitRecordBeginWaitGen)
        return generation
    }

    static func end() {
        _ = pl_add32(&pl_me().pointee.wait_gen, 1)
        fault(.waitRecordEndWaitGen)
    }

    #if DEBUG
        /// For tests that every wait is a safe point: with PROCLANG_COLLECT_IN_WAITS set each wait collects. No end is given
        /// up for that: unlike the members of a deadlock, these may yet go on.
        private static let alwaysCollects = getenv("PROCLANG_COLLECT_IN_WAITS") != nil
    #else
        private static let alwaysCollects = false
    #endif
    /// The collection at hand is not the detector's.
    private(set) static var sparesEnds = false

    static var isAskedToCollect: Bool { pl_load32(&pl_me().pointee.cancel) & CancelWord.collect != 0 || alwaysCollects }

    /// Between two sleeps of a wait without limit, no lock held: the detector found that nobody can end it, but an end that
    /// only garbage names may be what this process, or another, waits for.
    static func collectIfAsked() {
        if pl_load32(&pl_me().pointee.cancel) & CancelWord.collect != 0 {
            _ = pl_and32(&pl_me().pointee.cancel, ~CancelWord.collect)
            fault(.waitRecordCollectIfAskedCancel)
            hasCollected = true
        } else if alwaysCollects {
            sparesEnds = true
        } else {
            return
        }
        collector?()
        sparesEnds = false
    }

    /// The supervisor's verdict about the wait with this generation; taken once.
    static func verdict(of generation: UInt32) -> Verdict {
        let me = pl_me()!
        let word = pl_load32(&me.pointee.verdict)
        guard word != 0 else { return .none }
        var verdict = Verdict.none
        if word >> 2 == generation & 0x3fff_ffff {
            let report = UnsafeBufferPointer(start: pl_report(), count: Int(pl_load32(&pl_head().pointee.report_length)))
            verdict = word & 3 == verdictEnded ? .ended : .deadlock(String(decoding: report, as: UTF8.self))
        }
        // Last: from here on the report may be overwritten.
        pl_store32(&me.pointee.verdict, 0)
        fault(.waitRecordVerdictVerdict)
        return verdict
    }

    /// This process begins to wait in a choice and has writing ends on which others wait: whether their
    /// streams have ended with that, only the supervisor can see.
    static func hintOpenStreams() {
        var e = pl_me().pointee.ends
        var left = 32
        while e != 0, left > 0 {
            let end = pl_end_at(e)!
            if end.pointee.right == Rights.write.rawValue {
                let o = pl_object_at(end.pointee.object)!
                if pl_load32(&o.pointee.recv_count) > 0, pl_load64(&o.pointee.head) == pl_load64(&o.pointee.tail) {
                    Kick.supervisor(Kick.detect)
                    return
                }
            }
            e = end.pointee.own_next
            left -= 1
        }
    }
}
