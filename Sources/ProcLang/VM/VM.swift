// The virtual machine of one process: register stack, frames, globals, loaded code, the pending error.
//
// Invariants
// - Language calls use `frames` and the register stack, never the native stack. A native function that calls
//   back (`vm.call`) runs a nested loop; `nativeDepth` bounds that.
// - The frame of a function owns registers base ..< base + registerCount. R[-1] of a frame is where its result
//   goes: the register that held the callee.
// - At a safe point everything alive is below the current frame's last register, or in a root. Every wait of the host
//   is a safe point, too (the deadlock detector asks those who wait to collect): what native code has made before it
//   waits is on `roots`, what a wait gave it in `received`.
// - Registers between the current frame's end and `softLimit` may hold garbage; registers above it are clean.
// - `pendingError` is an error object exactly while an error is on its way to a handler.

import Glibc

/// Thrown by native code after it has set `VM.pendingError`.
struct Raise: Error {}

/// One activation of a function.
struct Frame {
    /// The next instruction; kept up to date while the frame calls, allocates or fails.
    var pc: UnsafeMutablePointer<Instruction>
    var base: UnsafeMutablePointer<Value>
    /// The closure that runs.
    var function: Value
}

final class VM {
    let host: Host
    let heap: Heap
    let library: LibraryTable
    /// The library's functions, their parameters and the methods, for the interpreter loop.
    let natives: UnsafeMutablePointer<NativeEntry>
    let nativeShapes: UnsafeMutablePointer<NativeShape>
    @exclusivity(unchecked) private(set) var methodTable = MethodTable()
    /// The methods that the loop performs itself.
    @exclusivity(unchecked) private(set) var listAppend = -1
    @exclusivity(unchecked) private(set) var listPop = -1
    @exclusivity(unchecked) private(set) var mapGet = -1
    /// Where errors, names and positions of functions are looked up.
    let sources: SourceMap

    /// Modules as values: those of the library count from 0, imported ones from here.
    static let importedModules: UInt64 = 1 << 32
    static let stackCapacity = 12_000_000
    static let maximumFrames = 220_000
    /// How many frames take the room of the wait points.
    private static let waitPointFrames = 128 * MemoryLayout<WaitPoint>.stride / MemoryLayout<Frame>.stride
    static let maximumNativeDepth = 180
    /// Registers beyond those that the compiler gave out: room to pad the arguments of library functions.
    static let spareRegisters = 10
    private static let softStep = 8192

    let stackBase: UnsafeMutablePointer<Value>
    let stackLimit: UnsafeMutablePointer<Value>
    @exclusivity(unchecked) var softLimit: UnsafeMutablePointer<Value>
    let frames: UnsafeMutablePointer<Frame>
    let framesLimit: UnsafeMutablePointer<Frame>
    @exclusivity(unchecked) var currentFrame: UnsafeMutablePointer<Frame>
    @exclusivity(unchecked) var globals: UnsafeMutablePointer<Value>
    @exclusivity(unchecked) var globalCount = 0
    /// In a REPL: slots that no name means any more.
    var retired = RetiredGlobals()

    /// Every function of the program, and what else is known of it, by `FunctionCode.info`.
    @exclusivity(unchecked) var loadedCode: [UnsafeMutablePointer<FunctionCode>] = []
    @exclusivity(unchecked) var infos: [FunctionInfo] = []
    /// The modules of the program, by the operand of `importModule`.
    @exclusivity(unchecked) var units: [CompiledUnit] = []

    @exclusivity(unchecked) var pendingError = Value.nil
    /// Values that native code holds across a call back into the interpreter, or across a wait.
    @exclusivity(unchecked) var roots: [Value] = []
    /// What was read from shared variables since the last collection between instructions: a native that reads several
    /// holds the first while it waits for the second.
    @exclusivity(unchecked) var received: [Value] = []
    /// The ends of this process are held by others than the script: no collection gives them up.
    @exclusivity(unchecked) var keepsAllEnds = false
    /// The task that this process runs.
    @exclusivity(unchecked) var taskRoot = Value.nil
    /// The ends inside the result of this process, whose body is finished.
    @exclusivity(unchecked) var resultEnds: Set<End> = []
    /// Processes that this one started and has not seen end.
    @exclusivity(unchecked) var started = StartedProcesses()
    /// With so many it is time to look which of them have ended and can be forgotten.
    @exclusivity(unchecked) var mostStarted = 256
    /// What is waited for in each `parallel` and `supervise` that is not over, by its object.
    @exclusivity(unchecked) var groups: [UnsafeMutableRawPointer: GroupState] = [:]
    /// Started processes without a handle that anything can reach.
    @exclusivity(unchecked) var orphans: Set<ProcessRef> = []
    /// Called for each process that failed and that nobody joined.
    @exclusivity(unchecked) var onUnjoinedFailure: (RuntimeFailure) -> Void = { _ in }
    /// Started processes whose failure is no surprise: the script killed or cancelled them.
    @exclusivity(unchecked) var quietProcesses: Set<ProcessRef> = []
    /// A function without content, for modules that are not compiled yet.
    let emptyFunction: UnsafeMutablePointer<FunctionCode>
    /// Channels whose writing end this process closed by `close()`.
    @exclusivity(unchecked) var closedWriters: Set<ObjectRef> = []
    /// The argument names of the call to come.
    @exclusivity(unchecked) var argumentNames = Value.nil
    @exclusivity(unchecked) var nativeDepth = 0
    /// Non-zero while a cancellation is pending; another address in each process.
    @exclusivity(unchecked) var cancelWord: UnsafePointer<UInt32>
    /// Set by `exit(n)`: unwinds everything, no handler stops it.
    @exclusivity(unchecked) var exitStatus: Int32?
    /// State of the random numbers; nil until first used in this process.
    @exclusivity(unchecked) var random: RandomState?
    /// With what `random` begins in this process; nil: with something new each time.
    @exclusivity(unchecked) var seed: UInt64?
    /// Processes that this one has created.
    @exclusivity(unchecked) var created: UInt64 = 0
    /// This process was cancelled: an error of that kind is no failure of the script's own.
    @exclusivity(unchecked) var wasCancelled = false
    /// This process was created by `start` or `parallel`.
    @exclusivity(unchecked) var isChild = false
    /// The buffer for messages, while nobody uses it.
    @exclusivity(unchecked) var spareBuffer: ByteBuffer?
    /// The case of a send or receive that is no `select`, always the same place; without capabilities between two uses.
    let lone: UnsafeMutablePointer<CommCase> = {
        let lone = UnsafeMutablePointer<CommCase>.allocate(capacity: 1)
        let nothing = End(object: ObjectRef(raw: 0), kind: .channel, rights: [])
        lone.initialize(to: CommCase(action: .receive, end: nothing))
        return lone
    }()
    /// For messages of one number, truth value or nil.
    let scalarBuffer = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
    /// The lists of a `select`, while there is none.
    @exclusivity(unchecked) var spareAlternatives: [CommCase] = []
    /// The empty list of cases that the last `select` left, or nil.
    @exclusivity(unchecked) var spareCases = Value.nil
    @exclusivity(unchecked) var spareExtents: [(index: Int, start: Int, end: Int)] = []
    /// 128 places, by pc.
    private let waitPoints: UnsafeMutablePointer<WaitPoint>
    /// What is known of shared variables, by the low bits of their reference.
    @exclusivity(unchecked) var sharedCache: [SharedInfo?] = []
    /// Kinds of errors, as interned strings.
    let kinds: ErrorKinds

    init(host: Host, sources: SourceMap, library: LibraryTable) {
        self.host = host
        self.sources = sources
        self.library = library
        natives = library.entries
        nativeShapes = library.shapes
        heap = Heap()
        kinds = ErrorKinds(heap)
        cancelWord = host.cancelWord
        // Touched page by page as the stack grows; nil is all zeros, and fresh memory of this size is zero.
        guard let stack = calloc(VM.stackCapacity, MemoryLayout<Value>.stride),
            let calls = calloc(VM.maximumFrames + 8 + VM.waitPointFrames, MemoryLayout<Frame>.stride)
        else { Heap.exhausted() }
        stackBase = stack.assumingMemoryBound(to: Value.self)
        stackLimit = stackBase + (VM.stackCapacity - 1024)
        softLimit = stackBase + VM.softStep
        // Before the first frame, in the page that every process writes to anyway.
        waitPoints = calls.assumingMemoryBound(to: WaitPoint.self)
        frames = calls.assumingMemoryBound(to: Frame.self) + VM.waitPointFrames
        framesLimit = frames + VM.maximumFrames
        currentFrame = frames - 1
        globals = .allocate(capacity: 1)
        emptyFunction = VM.makeEmptyFunction()
        heap.releaseHandle = { [unowned(unsafe) self] in self.handleDied($0) }
        library.attach(to: self)
        methodTable.deallocate()
        methodTable = library.methodTable
        listAppend = methodTable.find(Value(tag: Tag.list, payload: 0), heap.intern("append"))
        listPop = methodTable.find(Value(tag: Tag.list, payload: 0), heap.intern("pop"))
        mapGet = methodTable.find(Value(tag: Tag.map, payload: 0), heap.intern("get"))
        loadEmptyFunction()
    }

    /// The heap frees itself. Nothing may use a value of this machine any more.
    deinit {
        for function in loadedCode {
            function.pointee.code.deallocate()
            function.pointee.constants.deallocate()
            function.deallocate()
        }
        free(stackBase)
        free(waitPoints)
        globals.deallocate()
        spareBuffer?.deallocate()
        scalarBuffer.deallocate()
        lone.deinitialize(count: 1)
        lone.deallocate()
    }

    private static func makeEmptyFunction() -> UnsafeMutablePointer<FunctionCode> {
        let code = UnsafeMutablePointer<Instruction>.allocate(capacity: 1)
        code.initialize(to: Instruction(.returnNil))
        let function = UnsafeMutablePointer<FunctionCode>.allocate(capacity: 1)
        function.initialize(
            to: FunctionCode(
                code: code, constants: .allocate(capacity: 1), codeCount: 1, constantCount: 0, registerCount: 1,
                parameterCount: 0, requiredCount: 0, info: 0, isProcess: false))
        return function
    }

    private func loadEmptyFunction() {
        loadedCode.append(emptyFunction)
        infos.append(
            FunctionInfo(
                name: "main", parameterNames: [], parameterRights: [], parameterKinds: [], file: -1, line: 0,
                isAnonymous: false))
    }

    // MARK: Stack

    /// The end of the live registers.
    var stackTop: UnsafeMutablePointer<Value> {
        guard currentFrame >= frames else { return stackBase }
        return currentFrame.pointee.base + Int(currentFrame.pointee.function.closure.pointee.code.pointee.registerCount)
    }

    /// Raises the soft limit so that `end` is below it; false when the stack is full.
    @inline(never)
    func raiseSoftLimit(for end: UnsafeMutablePointer<Value>) -> Bool {
        if end >= stackLimit { return false }
        while softLimit <= end { softLimit += VM.softStep }
        if softLimit > stackLimit { softLimit = stackLimit }
        return true
    }

    /// Makes the registers above `top` clean and lowers the soft limit to them.
    func clearRegisters(above top: UnsafeMutablePointer<Value>) {
        let start = top - stackBase
        let used = softLimit - stackBase
        if used > start { memset(top, 0, (used - start) * MemoryLayout<Value>.stride) }
        softLimit = stackBase + min((start / VM.softStep + 1) * VM.softStep, VM.stackCapacity - 1024)
    }

    /// Makes room for the globals of newly compiled units.
    func growGlobals(to count: Int) {
        if count <= globalCount { return }
        let bigger = UnsafeMutablePointer<Value>.allocate(capacity: count)
        memcpy(bigger, globals, globalCount * MemoryLayout<Value>.stride)
        for index in globalCount..<count { bigger[index] = .absent }
        globals.deallocate()
        globals = bigger
        globalCount = count
    }

    // MARK: Safe points

    @inline(__always)
    func collectIfWanted() {
        if heap.wantsCollection { collect(top: stackTop) }
    }

    /// At a safe point: collects if it is time, and refuses to grow beyond the limit.
    @inline(never)
    func safePoint() throws(Raise) {
        collect(top: stackTop)
        if heap.liveBytes > heap.limit {
            throw raise(kinds.memory, "the program uses more than \(heap.limit >> 20) MiB of memory")
        }
    }

    /// At a safe point, with the cancel word set: attends to what the host wants, and raises `cancelled` if a cancellation
    /// is pending.
    @inline(never)
    func takeCancellation() throws(Raise) {
        let word = cancelWord.pointee
        if word & ~1 != 0 { host.attend() }
        guard word & 1 != 0 else { return }
        throw cancellation()
    }

    /// Takes the cancellation of this process: the error to be raised.
    func cancellation() -> Raise {
        wasCancelled = true
        host.acceptCancellation()
        return raise(kinds.cancelled, "the process was cancelled")
    }

    // MARK: Errors

    /// Sets the pending error. Use as `throw raise(...)`.
    @inline(never)
    func raise(_ kind: Value, _ message: String) -> Raise {
        pendingError = heap.makeError(kind: kind, message: heap.makeString(message))
        return Raise()
    }

    func typeError(_ message: String) -> Raise { raise(kinds.type, message) }
    func valueError(_ message: String) -> Raise { raise(kinds.value, message) }

    func raise(_ error: HostError) -> Raise {
        // A host call that a cancellation ended has not taken it: the waits of `finally` would be cancelled as well.
        if error.kind == "cancelled" { return cancellation() }
        // What this process holds of the host but cannot reach any more is given up before the next attempt.
        if error.kind == "memory" { heap.threshold = 0 }
        return raise(heap.intern(error.kind), error.message)
    }

    /// Raises what a host call threw.
    func raise(host error: Error) -> Raise {
        if let error = error as? HostError { return raise(error) }
        return raise(kinds.io, "\(error)")
    }

    /// Runs a host call, turning its error into a pending one.
    @inline(__always)
    func onHost<Result>(_ body: () throws -> Result) throws(Raise) -> Result {
        do { return try body() } catch { throw raise(host: error) }
    }

    func memoryError(_ bytes: Int) -> Raise {
        // Before the next attempt what cannot be reached any more goes.
        heap.threshold = 0
        return raise(kinds.memory, bytes < 1 << 20 ? "there is no memory for \(bytes) bytes more" : "there is no memory for \(bytes >> 20) MiB more")
    }

    /// Raises `memory` if so much cannot be allocated at once.
    @inline(__always)
    func require(_ count: Int, ofSize size: Int = 1) throws(Raise) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
        if overflow || !heap.fits(bytes) { throw memoryError(overflow ? .max : bytes) }
    }

    /// Raises `memory` if a text or message that is put together outside of the heap cannot grow to so many bytes: its
    /// buffer may be twice as large, beside the smaller one from which it is filled.
    @inline(__always)
    func requireBuffer(_ count: Int) throws(Raise) {
        if count > 1 << 16, !heap.fits(count &* 3) { throw memoryError(count) }
    }

    // MARK: Positions

    /// The span of the instruction before `pc` in a frame.
    func span(_ frame: UnsafeMutablePointer<Frame>) -> Span {
        let code = frame.pointee.function.closure.pointee.code
        let index = frame.pointee.pc - code.pointee.code - 1
        let info = infos[Int(code.pointee.info)]
        guard index >= 0, index < info.spans.count else { return .none }
        return Span(file: info.file, start: info.spans[index].start, end: info.spans[index].end)
    }

    func line(of span: Span) -> Int32 {
        guard let file = sources.file(of: span) else { return 0 }
        return Int32(truncatingIfNeeded: file.line(at: span.start))
    }

    /// Line, and number of `try ... catch` of the same function around it, of the instruction before a frame's pc.
    /// Remembered by pc: a loop that communicates asks for the same few places again and again.
    private func waitPoint(_ frame: UnsafeMutablePointer<Frame>) -> WaitPoint {
        let address = UInt(bitPattern: frame.pointee.pc)
        let slot = waitPoints + Int(address >> 3 & 127)
        if slot.pointee.pc == address { return slot.pointee }
        let code = frame.pointee.function.closure.pointee.code
        let pc = Int32(truncatingIfNeeded: frame.pointee.pc - code.pointee.code - 1)
        var tries: Int32 = 0
        for handler in infos[Int(code.pointee.info)].handlers
        where handler.isCatch && handler.start <= pc && pc < handler.end { tries += 1 }
        slot.pointee = WaitPoint(pc: address, line: line(of: span(frame)), tries: tries)
        return slot.pointee
    }

    /// The line that runs now, for the host.
    var currentLine: Int32 { currentFrame >= frames ? waitPoint(currentFrame).line : 0 }

    /// How many `try ... catch` surround the present point of this process.
    var tryDepth: Int32 {
        var depth: Int32 = 0
        var frame = currentFrame
        var visited = 0
        while frame >= frames, visited < 1000 {
            depth += waitPoint(frame).tries
            frame -= 1
            visited += 1
        }
        return depth
    }
}

/// What is remembered of a place in the code where a process waits.
struct WaitPoint {
    var pc: UInt
    var line: Int32
    var tries: Int32
}

/// The kinds of errors that the system raises, as string values.
struct ErrorKinds {
    let type, index, key, value, match, overflow, zeroDivision, assertion, recursion, timeout, closed, poisoned: Value
    let deadlock, process, cancelled, memory, io, denied, error: Value

    init(_ heap: Heap) {
        type = heap.intern("type")
        index = heap.intern("index")
        key = heap.intern("key")
        value = heap.intern("value")
        match = heap.intern("match")
        overflow = heap.intern("overflow")
        zeroDivision = heap.intern("zero_division")
        assertion = heap.intern("assertion")
        recursion = heap.intern("recursion")
        timeout = heap.intern("timeout")
        closed = heap.intern("closed")
        poisoned = heap.intern("poisoned")
        deadlock = heap.intern("deadlock")
        process = heap.intern("process")
        cancelled = heap.intern("cancelled")
        memory = heap.intern("memory")
        io = heap.intern("io")
        denied = heap.intern("denied")
        error = heap.intern("error")
    }
}
