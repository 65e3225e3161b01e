// The runtime as one object: what a program does with processes, channels and the outside world.
//
// Invariants
// - One instance per process, reached by `Runtime.current`; it has no state of its own that a fork could copy
//   wrongly: everything private is set up anew at the beginning of each process.
// - Not thread-safe: a process of the runtime has one thread.

import CSystem
import Glibc

/// What a process of a program can do: start and join others, communicate, share variables, lock, print. `run` makes a program of
/// the calling process; `current` is the instance of the present one.
public final class Runtime {
    /// The runtime of this process.
    public private(set) static var current: Runtime!

    private init() {}

    /// Makes what executes the operations on managed objects; called in the manager process, once in its life.
    /// Set it before `run`.
    public static var managedService: (() -> ManagedService)? {
        get { ManagerProcess.service }
        set { ManagerProcess.service = newValue }
    }

    /// Turns the calling process into the root of a tree of processes: forks `main`, supervises everything
    /// that comes from it, and returns the program's exit status when nothing is left: 0 for a value, 1 for a
    /// failure (also of a process that nobody joined), the status of `.exited`, 128 + n for a main process
    /// killed by signal n. A program that was ended by SIGINT, SIGTERM or SIGHUP dies of that signal here.
    ///
    /// `main` runs in the forked process and never returns there into the caller. The calling process must
    /// have one thread. `memoryLimit` in bytes bounds the shared memory (0: half of what the machine or the
    /// control group has), `timeLimit` in nanoseconds its time: then main is cancelled, and killed if it has not ended two
    /// seconds later (`ranOutOfTime`). `interactive`: SIGINT only cancels what main is doing.
    public static func run(
        name: String = "main", memoryLimit: UInt64 = 0, timeLimit: Int64 = .max, interactive: Bool = false, main: (Runtime) -> BodyOutcome
    ) throws -> Int32 {
        try Supervisor.prepare(memoryLimit: memoryLimit)
        let runtime = Runtime()
        current = runtime
        return try Supervisor.run(name: name, interactive: interactive, timeLimit: timeLimit) { main(runtime) }
    }

    /// Bytes of memory that all processes together may use: what the machine or the control group has.
    public static var machineMemory: UInt64 { Arena.machineMemory }

    /// After `run`: the program was cancelled because its time was over.
    public static var ranOutOfTime: Bool { Supervisor.ranOutOfTime }

    // MARK: This process

    /// The pid of this process.
    public var selfPid: Int32 { pl_me().pointee.pid }
    /// The name under which it was started.
    public var selfName: String { ProcessTable.name(pl_me()) }
    /// The pid of the process that started this one; nil in the main process.
    public var parentPid: Int32? {
        let parent = pl_me().pointee.parent
        return parent <= Supervisor.slot ? nil : pl_slot_at(parent).pointee.pid
    }
    /// Non-zero while a cancellation is pending (odd) or `attend` should be called. Cheap: one load from shared memory.
    public var cancelWord: UnsafePointer<UInt32> {
        UnsafeRawPointer(pl_me()!).advanced(by: MemoryLayout<pl_slot>.offset(of: \.cancel)!).assumingMemoryBound(to: UInt32.self)
    }
    /// Takes the pending cancellation: waits are possible again. The time until the kill goes on.
    public func acceptCancellation() { _ = pl_and32(&pl_me().pointee.cancel, ~CancelWord.requested) }
    /// Holds cancellations back until `admitCancellation`: none is pending meanwhile, not even one that was; the time until
    /// the kill goes on. True: they were held back already.
    public func holdCancellation() -> Bool { Cancellation.hold() }
    /// Lets cancellations come through again: one that was held back is pending now.
    public func admitCancellation() { Cancellation.admit() }
    /// A cancellation or a signal that cancels has reached this process, even if it does not know yet.
    public var isBeingCancelled: Bool {
        let me = pl_me()!
        let isMain = me.pointee.parent == Supervisor.slot
        return me.pointee.cancel_deadline != 0 || isMain && pl_load32(&pl_head().pointee.main_signal) != 0
    }
    /// Does what may not wait much longer; to be called often while `cancelWord` is not zero.
    public func attend() { Wakes.attend() }
    /// To be called before a system call that may block (all that wait here do it themselves).
    public func beforeBlocking() { Parker.deliver() }
    /// To be called before work without a call of `attend` for a while: wakes whom this process lets wait, and writes what it
    /// has printed.
    public func beforeLongWork() {
        Parker.deliver()
        Output.flushQuietly()
    }
    /// Seconds since 1970.
    public func wallClock() -> Double {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
    }
    /// Monotonic nanoseconds: the clock of every deadline.
    public func monotonicNow() -> Int64 { pl_now() }
    /// Waits until the monotonic time `deadline`; `.timedOut` is the normal outcome.
    public func sleep(until deadline: Int64) -> WaitOutcome { Cancellation.sleep(until: deadline) }

    /// Tells the source line that runs now, for those who inspect the program; set by whoever executes it, in each
    /// process anew if the answer is not inherited by a fork. A plain function: calling a closure counts references, which
    /// in a newborn process copies a page.
    public var lineOfProgram: (@convention(c) () -> Int32)? {
        get { WaitRecord.lineOfProgram }
        set { WaitRecord.lineOfProgram = newValue }
    }
    /// The same for the number of `try` statements around it.
    public var tryDepthOfProgram: (@convention(c) () -> Int32)? {
        get { WaitRecord.tryDepthOfProgram }
        set { WaitRecord.tryDepthOfProgram = newValue }
    }

    /// Calls `retain` with the ends that the program can still reach. Called inside a wait, before a deadlock is said to
    /// be one. Set like `lineOfProgram`.
    public var collector: (() -> Void)? {
        get { WaitRecord.collector }
        set { WaitRecord.collector = newValue }
    }

    // MARK: Processes

    /// Forks a process that runs `body` and ends with its outcome; returns in the parent only. `ends`: what the
    /// child gets of this process's ends. Throws `process` (no more processes) and `memory`.
    public func createProcess(name: String, ends: [End], line: Int32, body: () -> BodyOutcome) throws -> ProcessRef {
        try Spawn.create(name: name, ends: ends, line: line, body: body)
    }
    /// The pid of a process; 0 when it has ended and its place in the table was given back.
    public func pid(of process: ProcessRef) -> Int32 {
        if let child = Children.find(process) { return child.pid }
        return ProcessTable.slot(of: process)?.pointee.pid ?? 0
    }
    /// How a process ended; nil while it, or a process it started, runs. Valid until the next call.
    public func end(of process: ProcessRef) -> ProcessEnd? {
        Received.release()
        return ProcessResult.end(of: process)
    }
    /// Waits until one member of `group` has ended; see `Host.awaitAny` for lending and `reserve`.
    public func awaitAny(
        _ group: ProcessGroup, deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool,
        line: Int32, tryDepth: Int32
    ) -> WaitOutcome {
        Join.awaitAny(
            group, deadline: deadline, reserve: reserve, isParallel: isParallel, uninterruptible: uninterruptible,
            line: line, tryDepth: tryDepth)
    }
    /// The same for a list of processes: the index is that in the list.
    public func awaitAny(
        _ processes: [ProcessRef], deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool,
        line: Int32, tryDepth: Int32
    ) -> WaitOutcome {
        awaitAny(
            ProcessGroup(processes), deadline: deadline, reserve: reserve, isParallel: isParallel,
            uninterruptible: uninterruptible, line: line, tryDepth: tryDepth)
    }
    /// Asks a process to end: its waits end with `.cancelled`. After two seconds it is killed.
    public func cancel(_ process: ProcessRef) {
        Output.flushQuietly()
        Cancellation.request(process)
    }
    /// SIGKILL, for the process and all that it started.
    public func kill(_ process: ProcessRef) {
        Output.flushQuietly()
        Cancellation.kill(process)
    }
    /// The failure of this process was seen: it is no unjoined failure.
    public func markJoined(_ process: ProcessRef) {
        ProcessTable.slot(of: process)?.pointee.joined = 1
        fault(.runtimeMarkJoinedJoined)
    }
    /// Its end was seen, or asked for, by any process.
    public func isJoined(_ process: ProcessRef) -> Bool { ProcessTable.slot(of: process).map { $0.pointee.joined != 0 } ?? false }
    /// Reaps the children whose end was seen, so that their CPU time counts as this process's. Short.
    public func collectEnded() { Children.reapSeen() }
    /// The handle is not needed any more; its slot is used again once the process has ended.
    public func release(_ process: ProcessRef) { Children.release(process) }
    /// Called in an ending process, after its body, for each process it started that failed and was not joined.
    public var onUnjoinedFailure: ((ProcessRef, _ name: String, _ pid: Int32, ProcessEnd) -> Void)? {
        get { Finish.onUnjoinedFailure }
        set { Finish.onUnjoinedFailure = newValue }
    }

    // MARK: Communication

    /// Makes a channel (`capacity` 0: rendezvous) or queue (`Int.max`: unbounded); this process has both ends.
    public func makeChannel(kind: ObjectKind, capacity: Int) throws -> ObjectRef {
        try Channels.make(kind: kind, capacity: capacity)
    }
    /// Makes a channel whose reader feeds an external program: a process that gives its writing end to another in
    /// `parallel` does not count as a writer while it waits there.
    public func makeProgramInput(capacity: Int) throws -> ObjectRef {
        try Channels.make(kind: .channel, capacity: capacity, flags: ObjectFlag.programInput)
    }
    /// Makes a duplex pipe: its two ends, both this process's, each with room for `capacity` messages.
    public func makePipe(capacity: Int) throws -> (ObjectRef, ObjectRef) { try Channels.makePipe(capacity: capacity) }
    /// Performs exactly one of `cases`, waiting as `mode` says.
    public func communicate(_ cases: UnsafeBufferPointer<CommCase>, mode: CommMode) -> CommOutcome {
        Communicate.run(cases, mode)
    }
    /// The message of the last successful receive; valid until the next call.
    public var received: UnsafeRawBufferPointer {
        let own = pl_own()!
        return UnsafeRawBufferPointer(start: own.pointee.received, count: Int(own.pointee.received_length))
    }
    /// Gives up `end.rights` of this process on the object. Closing again does nothing.
    public func close(_ end: End) {
        Output.flushQuietly()
        Ends.parts(of: end) { object, right in Ends.release(object, right) }
    }
    /// Every use of the object by any process ends with `poisoned` from now on; unread messages are destroyed.
    public func poison(_ object: ObjectRef) throws {
        Output.flushQuietly()
        try Channels.poison(object)
    }
    /// The rights that this process has now.
    public func rights(on object: ObjectRef) -> Rights { Channels.rights(object) }
    /// Unread messages and capacity (`Int.max`: unbounded) of what the end reads (or, without the right to
    /// read, writes).
    public func occupancy(of end: End) -> (count: Int, capacity: Int)? { Channels.occupancy(end) }
    /// Gives up every end that is not in `reachable`.
    public func retain(only reachable: Set<End>) {
        if !WaitRecord.sparesEnds { Channels.retain(only: reachable) }
    }
    /// Names an object for reports; at most 23 bytes.
    public func setName(_ object: ObjectRef, _ name: String) {
        if let index = Objects.index(of: object) { Objects.setName(index, name) }
    }

    // MARK: Outside world

    /// Buffers output for descriptor 1 or writes to 2; never torn by another process. Throws `io` once.
    public func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        try Output.write(bytes, to: descriptor)
    }
    /// Writes out what this process has buffered. Waits for the turn of the output; throws `io`.
    public func flush() throws { try Output.flush() }
    /// One line of standard input without its newline; nil at its end. Waits; throws `cancelled` and `io`.
    public func readLine() throws -> [UInt8]? { try Input.readLine() }
    /// Waits until a descriptor is ready (`poll` semantics), cancellable; never counts as deadlocked.
    public func waitExternal(_ fds: UnsafeMutablePointer<pollfd>, _ count: Int, deadline: Int64) -> WaitOutcome {
        Cancellation.waitExternal(fds, count, deadline: deadline)
    }
}
