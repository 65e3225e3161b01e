// One wait at a user lock, barrier, semaphore or event: the wait record that the deadlock detector reads, and
// the reasons to give up.
//
// Use:  loop { look; lock the object; give up if there is a `verdict`; take it, or give up if there is an
//              `interruption`; enqueue; begin; unlock; park }

import CSystem

struct SyncWait {
    private let kind: UInt8
    private let object: UInt32
    private let deadline: Int64
    private let line: Int32
    private let tryDepth: Int32
    private var seen: UInt32 = 0
    private var generation: UInt32 = 0

    init(_ kind: UInt8, _ object: UInt32, _ deadline: Int64, _ line: Int32, _ tryDepth: Int32) {
        self.kind = kind
        self.object = object
        self.deadline = deadline
        self.line = line
        self.tryDepth = tryDepth
    }

    /// Before looking for news.
    mutating func look() { seen = Parker.sequence }

    /// Publishes the wait; the object's lock is held.
    mutating func begin() {
        generation = WaitRecord.begin(
            kind, line: line, tryDepth: tryDepth, seen: seen, flags: deadline != .max ? WaitFlag.timed : 0,
            object: UInt64(object), first: generation == 0)
    }

    /// Sleeps until there may be news, or writes what was printed before: look again in any case. No lock is held.
    mutating func park() {
        Parker.deliver()
        let isOwing = pl_own().pointee.out_pending != 0
        if !isOwing { _ = Parker.park(seen, deadline: deadline) }
        WaitRecord.end()
        if isOwing { Output.flushQuietly() }
        WaitRecord.collectIfAsked()
    }

    /// The detector's verdict about this wait, or nil. It was given under the object's lock, and is to be taken
    /// under it, even if by now the wait could end well: every member of a deadlock is told.
    var verdict: WaitOutcome? {
        if generation == 0 || pl_load32(&pl_me().pointee.verdict) == 0 { return nil }
        switch WaitRecord.verdict(of: generation) {
        case .none: return nil
        case .ended: return .failed(RuntimeError(kind: "closed", message: "nobody is left to end the wait"))
        case .deadlock(let report): return .deadlocked(report)
        }
    }

    /// Why a wait that cannot end yet must be given up, or nil.
    var interruption: WaitOutcome? {
        if Cancellation.pending { return .cancelled }
        if deadline != .max, pl_now() >= deadline { return .timedOut }
        return nil
    }
}

extension WaitOutcome {
    /// The outcome of a wait inside an operation that can only throw.
    var error: RuntimeError {
        switch self {
        case .failed(let error): return error
        case .cancelled: return RuntimeError(kind: "cancelled", message: "cancelled")
        case .deadlocked(let report): return RuntimeError(kind: "deadlock", message: report)
        case .timedOut: return RuntimeError(kind: "timeout", message: "timed out")
        case .done: return RuntimeError(kind: "error", message: "the wait is over")
        }
    }
}
