// The words in which a program talks to the runtime: references, rights, cases and outcomes.
//
// Invariants
// - References are values: index and generation. A stale one is recognised and never reaches another object.
// - The runtime never looks into payloads; the capabilities inside them are listed beside them.

/// Names an object (channel, pipe end, shared variable, barrier, ...): index in the low half, generation above.
public struct ObjectRef: Hashable {
    public var raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    init(index: UInt32, generation: UInt32) { raw = UInt64(generation) << 32 | UInt64(index) }
    var index: UInt32 { UInt32(truncatingIfNeeded: raw) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) }
}

/// Names a process: slot in the process table and its generation, never a pid.
public struct ProcessRef: Hashable {
    public var raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    init(index: UInt32, generation: UInt32) { raw = UInt64(generation) << 32 | UInt64(index) }
    var index: UInt32 { UInt32(truncatingIfNeeded: raw) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) }
}

/// What a process may do with an object. Channel-like objects know `read` and `write`, all others `hold`.
public struct Rights: OptionSet, Hashable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let read = Rights(rawValue: 1)
    public static let write = Rights(rawValue: 2)
    public static let hold = Rights(rawValue: 4)
    public static let both: Rights = [.read, .write]
}

/// The kinds of objects. Raw value + 1 is the kind byte in the arena (0: free).
public enum ObjectKind: UInt8 {
    case channel, queue, pipe, cell, array, managed, barrier, semaphore, event
    /// True for the kinds with a reading and a writing end.
    public var isStream: Bool { rawValue <= ObjectKind.pipe.rawValue }
}

/// A capability: an object together with what its holder may do with it.
public struct End: Hashable {
    public var object: ObjectRef
    public var kind: ObjectKind
    public var rights: Rights
    public init(object: ObjectRef, kind: ObjectKind, rights: Rights) {
        self.object = object
        self.kind = kind
        self.rights = rights
    }
}

/// An error of the runtime. `kind` is one of `io`, `memory`, `process`, `closed`, `poisoned`, `type`, `value`,
/// `cancelled`, `deadlock`, `timeout`.
public struct RuntimeError: Error {
    public var kind: String
    public var message: String
    public init(kind: String, message: String) {
        self.kind = kind
        self.message = message
    }
}

/// One alternative of a communication.
public struct CommCase {
    public enum Action { case receive, send, ended }
    public var action: Action
    /// The channel, queue or pipe end (`receive`, `send`).
    public var end: End
    /// The process whose end is awaited (`ended`).
    public var process: ProcessRef
    /// The encoded value of a `send`; must stay valid until `communicate` returns.
    public var payload: UnsafeRawBufferPointer
    /// The capabilities inside `payload`.
    public var capabilities: [End]
    public init(
        action: Action, end: End, process: ProcessRef = ProcessRef(raw: 0),
        payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), capabilities: [End] = []
    ) {
        self.action = action
        self.end = end
        self.process = process
        self.payload = payload
        self.capabilities = capabilities
    }
}

/// How a communication chooses and how long it waits.
public struct CommMode {
    /// Absolute monotonic time in nanoseconds (see `Runtime.monotonicNow`); `Int64.max`: no limit.
    public var deadline: Int64 = .max
    /// Take the first ready case in the order written, instead of a fair choice.
    public var first = false
    /// Do not wait at all.
    public var immediate = false
    /// The source line that waits, for deadlock reports.
    public var line: Int32 = 0
    /// How many handlers surround the wait in this process, for the choice of a deadlock's victim.
    public var tryDepth: Int32 = 0
    public init() {}
}

public enum CommOutcome {
    /// The case that happened. For `receive`, `Runtime.received` holds the message until the next call.
    case done(Int)
    /// The deadline passed.
    case timedOut
    /// `immediate`, and nothing was ready.
    case notReady
    /// Every case is at its end.
    case ended
    /// The channel of this case was poisoned.
    case poisoned(Int)
    case cancelled
    /// The process can never be woken; the text is the report.
    case deadlocked(String)
    /// Anything else, e.g. `memory`, `type` (an end without the right).
    case failed(RuntimeError)
}

/// How a process ended.
public enum ProcessEnd {
    /// Its result, as it was published.
    case value(UnsafeRawBufferPointer)
    /// Its failure, as it was published.
    case failure(UnsafeRawBufferPointer)
    /// Without a result, e.g. because its streams had ended.
    case quiet
    case cancelled
    /// Killed by this signal.
    case killed(Int32)
    /// Ended by itself with this status.
    case exited(Int32)
}

/// What the body of a process leaves behind; see `ProcessEnd`.
public enum BodyOutcome {
    case value([UInt8], capabilities: [End])
    case failure([UInt8])
    case quiet
    case cancelled
    case exited(Int32)
}

public enum WaitOutcome {
    /// What was waited for happened; for `awaitAny` the index in the list that was given.
    case done(Int)
    case timedOut
    case cancelled
    case deadlocked(String)
    case failed(RuntimeError)
}
