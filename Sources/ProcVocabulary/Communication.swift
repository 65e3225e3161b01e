// Communications and waits: what is asked for, and how they end.

/// One alternative of a communication.
public struct CommCase {
    /// What is to happen: receive or send a message, or learn that a process has ended.
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
    /// A case with what its action needs.
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
    /// Absolute monotonic time in nanoseconds (see `Host.monotonicNow`); `Int64.max`: no limit.
    public var deadline: Int64 = .max
    /// Take the first ready case in the order written, instead of a fair choice.
    public var first = false
    /// Do not wait at all (`else`, `try_get`).
    public var immediate = false
    /// The source line that waits, for deadlock reports; 0: the host asks for it if it has to wait.
    public var line: Int32 = 0
    /// How many `try` blocks surround the wait in this process, for the choice of a deadlock's victim; -1: the host asks.
    public var tryDepth: Int32 = 0
    /// From where the process receives, without time limit, as the very next thing that it does after this send. So the
    /// send may return late: when it is done and there is something to receive. If that was received, too, the outcome is
    /// `done(1)`, and `Host.received` holds it.
    public var next: End?
    /// Without limit, fair.
    public init() {}
}

/// How a communication ended. All but `.done` leave the channels as they were.
public enum CommOutcome {
    /// The case that happened. For `receive`, `Host.received` holds the message until the next call.
    case done(Int)
    /// The deadline passed.
    case timedOut
    /// `immediate`, and nothing was ready.
    case notReady
    /// Every case is at its end: for one case, the `closed` of LANGUAGE.md section 6.
    case ended
    /// The channel of this case was poisoned.
    case poisoned(Int)
    case cancelled
    /// The process can never be woken; the text is the report.
    case deadlocked(String)
    /// Anything else, e.g. `memory`, `type` (an end without the right).
    case failed(HostError)
}
