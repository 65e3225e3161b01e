// How processes and waits end.

/// How a process ended.
public enum ProcessEnd {
    /// Its result, encoded.
    case value(UnsafeRawBufferPointer)
    /// Its uncaught error, encoded by the language.
    case failure(UnsafeRawBufferPointer)
    /// An uncaught `closed` or `poisoned`: result nil.
    case quiet
    case cancelled
    /// Killed by this signal.
    case killed(Int32)
    /// `exit(n)`.
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

/// How a wait ended that is no communication: for processes, a time, a lock, a barrier, a semaphore, an event.
public enum WaitOutcome {
    /// Ended; for `awaitAny` the index in the group.
    case done(Int)
    case timedOut
    case cancelled
    case deadlocked(String)
    case failed(HostError)
}
