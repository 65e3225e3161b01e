// What the language asks of the system it runs on. ProcLang knows nothing of operating systems: it
// compiles and runs against this protocol, so that the core can be tested without a fork and another
// host can be added.
//
// Invariants
// - Everything that crosses a process boundary crosses as bytes (Values/MessageCoder) plus the list of
//   the capabilities (ends, shared variables) inside those bytes. The host never looks into the bytes.
// - No method is called from inside the interpreter's fast path except `communicate` and the `shared…`
//   cell operations.
// - A method that waits says so. A waiting method ends early with `.cancelled` when the process is
//   cancelled and with `.deadlocked` when the host found that it can never be woken.

@_exported import ProcVocabulary

/// What an external program left behind: its exit status (128 + n after signal n) and what it wrote.
public struct CommandResult {
    public var status: Int32
    public var out: [UInt8]
    public var err: [UInt8]
    public init(status: Int32, out: [UInt8], err: [UInt8]) {
        self.status = status
        self.out = out
        self.err = err
    }
}

/// A running external program: its process and the ends of its streams.
public struct ExternalProgram {
    public var process: ProcessRef
    public var stdin: End
    public var stdout: End
    public var stderr: End
    public init(process: ProcessRef, stdin: End, stdout: End, stderr: End) {
        self.process = process
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
    }
}

/// What the language needs of the system it runs on; one object in each process. Methods that fail throw `HostError`.
public protocol Host: AnyObject {
    // MARK: This process

    var selfPid: Int32 { get }
    var selfName: String { get }
    /// The pid of the process that started this one; nil in the main script.
    var parentPid: Int32? { get }
    /// The interpreter loads it at every loop back-edge and call. Bit 0: a cancellation is pending. Another
    /// bit: the host may have something to do soon, for which it asks to be called back (`attend`).
    var cancelWord: UnsafePointer<UInt32> { get }
    /// Takes the pending cancellation: the caller now raises `cancelled` once.
    func acceptCancellation()
    /// Holds cancellations back until `admitCancellation`: none is pending meanwhile, not even one that was. They still
    /// limit the life of the process. True: they were held back already.
    func holdCancellation() -> Bool
    /// Lets cancellations come through again: one that was held back is pending now.
    func admitCancellation()
    /// Called at loop turns and calls while a bit of `cancelWord` but bit 0 is set.
    func attend()
    /// The same at once: this process comes by no loop turn and no call for a while.
    func beforeLongWork()
    /// Seconds since 1970.
    func wallClock() -> Double
    /// Monotonic nanoseconds, the clock of `CommMode.deadline`.
    func monotonicNow() -> Int64
    /// Waits until the monotonic time `deadline`. `.timedOut` is the normal outcome.
    func sleep(until deadline: Int64) -> WaitOutcome

    // MARK: Processes

    /// Creates an OS process that runs `body` and ends with its outcome. `ends` are the capabilities the
    /// child gets. Returns in the parent only; the child never comes back from here.
    func createProcess(name: String, ends: [End], line: Int32, body: () -> BodyOutcome) throws -> ProcessRef
    func pid(of process: ProcessRef) -> Int32
    /// nil while the process runs. The pointer in the result is valid until the next host call.
    func end(of process: ProcessRef) -> ProcessEnd?
    /// Waits until one member of `group` has ended: `.done` with its index there. Untimed, it lends the ends given to children (LANGUAGE.md
    /// section 6, "The end"), except those in `reserve`: the ends of processes that may yet be started.
    /// `uninterruptible`: do not end early by cancellation (used while cancelled children wind down).
    func awaitAny(
        _ group: ProcessGroup, deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool,
        line: Int32, tryDepth: Int32
    ) -> WaitOutcome
    func cancel(_ process: ProcessRef)
    func kill(_ process: ProcessRef)
    /// Marks the failure of a process as seen, so that nobody prints it when the parent ends.
    func markJoined(_ process: ProcessRef)
    /// Its end has been seen, or asked for (a kill, a cancellation), by this process or another.
    func isJoined(_ process: ProcessRef) -> Bool
    /// The caller does not need the handle any more; its slot may be reused after the process has ended.
    func release(_ process: ProcessRef)

    // MARK: Communication

    /// Makes a channel or a queue. `capacity` 0: rendezvous; `Int.max`: unbounded. The caller holds both ends.
    func makeChannel(kind: ObjectKind, capacity: Int) throws -> ObjectRef
    /// Makes a duplex pipe; the two refs are its two ends. A pipe end with `.read` receives what was sent on
    /// the other end with `.write`.
    func makePipe(capacity: Int) throws -> (ObjectRef, ObjectRef)
    /// What deadlock reports call the object.
    func setName(_ object: ObjectRef, _ name: String)
    func communicate(_ cases: UnsafeBufferPointer<CommCase>, mode: CommMode) -> CommOutcome
    /// The message of the last successful receive; valid until the next host call.
    var received: UnsafeRawBufferPointer { get }
    /// Gives up `rights` of this process on the object. Closing again does nothing.
    func close(_ end: End)
    func poison(_ object: ObjectRef) throws
    /// The rights this process has now on the object.
    func rights(on object: ObjectRef) -> Rights
    /// Number of unread messages, and the capacity (`Int.max`: unbounded).
    func occupancy(of end: End) -> (count: Int, capacity: Int)?
    /// After a collection: every capability that this process can still reach. The others are given up.
    func retain(only reachable: Set<End>)

    // MARK: Shared variables

    /// Makes `count` elements of shared memory, zero. `lockable`: some `lock` may name it, so that every
    /// access must respect a lock held by another process.
    func makeShared(element: ElementKind, count: Int, isArray: Bool, lockable: Bool) throws -> ObjectRef
    func sharedInfo(_ object: ObjectRef) throws -> (element: ElementKind, count: Int, isArray: Bool)
    /// Bits of an element: integers sign- or zero-extended to 64 bits, floats as the bits of a Double.
    func sharedLoad(_ object: ObjectRef, _ index: Int) throws -> UInt64
    func sharedStore(_ object: ObjectRef, _ index: Int, _ bits: UInt64) throws
    /// Stores `desired` if the element still has the bits `expected`; otherwise puts the present bits there.
    func sharedCompareExchange(_ object: ObjectRef, _ index: Int, _ expected: inout UInt64, _ desired: UInt64) throws -> Bool
    /// Adds to an `int64` element as one operation, if it can be had so cheaply: false, and nothing done, for any other
    /// element, lockable objects, and a sum that does not fit.
    func sharedAdd(_ object: ObjectRef, _ index: Int, _ delta: Int) throws -> Bool
    /// Brackets a read-modify-write on a lockable object; nothing to do for others.
    func beginUpdate(_ object: ObjectRef) throws
    func endUpdate(_ object: ObjectRef)
    /// All elements at one instant (lockable objects) or one after another.
    func sharedSnapshot(_ object: ObjectRef) throws -> [UInt64]

    func makeManaged(initial: [UInt8], capabilities: [End]) throws -> ObjectRef
    /// One operation at the manager: waits for the reply, which is valid until the next host call.
    func managedCall(_ object: ObjectRef, request: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer

    /// Takes the user locks of all `objects` (shared variables of any kind, semaphores) in the fixed order.
    /// Re-entrant. Waits.
    func lock(_ objects: [ObjectRef], deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome
    func unlock(_ objects: [ObjectRef])

    // MARK: Synchronisation

    func makeBarrier(_ n: Int) throws -> ObjectRef
    func makeSemaphore(_ n: Int) throws -> ObjectRef
    func makeEvent() throws -> ObjectRef
    /// `barrier.wait`, `semaphore.acquire`, `event.wait`. `.failed` with kind `closed` for a barrier that
    /// can no longer fill.
    func waitFor(_ object: ObjectRef, deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome
    /// `semaphore.release`, `event.set`.
    func signal(_ object: ObjectRef) throws
    /// `event.clear`.
    func clear(_ object: ObjectRef) throws
    /// `event.is_set` (0 or 1), free permits, processes waiting at the barrier.
    func level(of object: ObjectRef) throws -> Int

    // MARK: Outside world

    /// Buffered; flushed before anything is published to another process. `descriptor` is 1 or 2.
    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws
    func flush() throws
    /// One line without its newline; nil at the end of the input. Waits.
    func readLine() throws -> [UInt8]?
    func run(_ command: [String], shell: Bool, input: [UInt8]?, limit: Int) throws -> CommandResult
    func spawn(_ command: [String], shell: Bool) throws -> ExternalProgram
    var arguments: [String] { get }
    func environment() throws -> [String: String]
    func readFile(_ path: String, limit: Int) throws -> [UInt8]
    func writeFile(_ path: String, _ bytes: UnsafeRawBufferPointer, append: Bool) throws
    /// File-system operations without a method of their own (`exists`, `remove`, `list`, `mkdir`, ...).
    func fileSystem(_ operation: String, _ arguments: [String]) throws -> [String]
    func randomSeed() -> UInt64
    /// Processors that this program may run on; at least 1.
    var processorCount: Int { get }
}
