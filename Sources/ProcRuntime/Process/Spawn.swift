// Creating a process, and how a process ends by itself.
//
// Invariants
// - The child's ends are counted before the fork, with the child's slot as their owner: no stream seems to
//   end before its writer was born.
// - At the fork nothing is locked and no output is buffered; the child inherits memory, not obligations.
// - The child asks for SIGKILL at its parent's death first and looks whether the parent still lives second:
//   no orphan survives. Nobody is started when the root is dead.
// - Order of an end: result -> ends released -> children ended -> output flushed -> exit record -> ENDED.

import CSystem
import Glibc

enum Spawn {
    /// Where the native stack began, and how far it may reach. A child runs on top of the frames of its parent, which it
    /// has inherited: a chain of processes, each started by the one before, grows it by about a kilobyte a generation.
    private static var stackBase = UInt.max
    private static var stackRoom = UInt.max
    /// What a process needs for itself.
    private static let ownStack: UInt = 256 << 10

    /// Called by the root, before there is any other process.
    static func measureStack() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_STACK.rawValue)), &limit) == 0, limit.rlim_cur != .max else { return }
        stackBase = withUnsafePointer(to: &limit) { UInt(bitPattern: $0) }
        stackRoom = UInt(limit.rlim_cur)
    }

    /// Throws `process` when a child would not have enough of the stack left.
    private static func checkStack() throws {
        var here: UInt8 = 0
        let place = withUnsafePointer(to: &here) { UInt(bitPattern: $0) }
        guard stackBase > place, stackBase - place < stackRoom, stackRoom - (stackBase - place) < ownStack else { return }
        throw RuntimeError(
            kind: "process",
            message: "cannot create a process: too many generations, each started by the one before (\(stackRoom >> 10) KiB of stack, `ulimit -s`)")
    }

    /// Forks a process that runs `body`. See `Runtime.createProcess`.
    static func create(name: String, ends: [End], line: Int32, body: () -> BodyOutcome) throws -> ProcessRef {
        try checkStack()
        Received.release()
        Children.tidy()
        Output.flushQuietly()
        Parker.deliver()
        ReadyScan.makeBuffers()
        let index = try ProcessTable.reserve(parent: pl_my_index())
        let s = pl_slot_at(index)!
        let ref = ProcessRef(index: index, generation: s.pointee.generation)
        ProcessTable.setName(s, name)
        s.pointee.start_line = line
        fault(.spawnCreateStartLine)
        s.pointee.birth = UInt64(pl_now())
        fault(.spawnCreateBirth)
        var given: [(object: UInt32, right: Rights)] = []
        do {
            var granting = Granting(to: ref.raw, list: pl_slot_ends(s))
            for end in ends {
                try granting.grant(end)
                Ends.parts(of: end) { object, right in
                    let isInput = pl_object_at(object).pointee.flags & ObjectFlag.programInput != 0
                    if right == .read || isInput { given.append((object, right)) }
                }
            }
        } catch {
            undo(index)
            throw error
        }
        let parentPid = pl_me().pointee.pid
        fault(.spawnCreateBeforeFork)
        if Supervisor.isGone { _exit(1) }
        let pid = pl_fork()
        if pid == 0 { Newborn.begin(index, parentPid: parentPid, body: body) }
        guard pid > 0 else {
            let code = errno
            undo(index)
            throw RuntimeError(kind: "process", message: "cannot create a process: \(String(cString: strerror(code)))")
        }
        fault(.spawnCreateForked)
        s.pointee.pid = pid
        fault(.spawnCreatePid)
        announce(index)
        Children.add(Child(ref: ref, pid: pid, given: given))
        return ref
    }

    private static func undo(_ index: UInt32) {
        let s = pl_slot_at(index)!
        while s.pointee.ends != 0 { Ends.detach(s.pointee.ends, list: &s.pointee.ends) }
        ProcessTable.free(index)
    }

    /// Tells the supervisor to watch a process.
    static func announce(_ index: UInt32) {
        _ = pl_or64(pl_births() + Int(index >> 6), 1 << UInt64(index & 63))
        fault(.spawnAnnounceBirths)
        _ = pl_or64(pl_birth_summary() + Int(index >> 12), 1 << UInt64((index >> 6) & 63))
        fault(.spawnAnnounceBirthSummary)
        Kick.supervisor(Kick.birth)
    }
}

/// The first and last acts of a process.
enum Newborn {
    static func begin(_ index: UInt32, parentPid: Int32, body: () -> BodyOutcome) -> Never {
        become(index)
        fault(.newbornBeginUnprotected)
        pl_prctl(PR_SET_PDEATHSIG_OPTION, UInt(SIGKILL))
        let s = pl_slot_at(index)!
        // With the parent gone the slot may be another's already: not a word is written then.
        guard getppid() == parentPid, !Supervisor.isGone else { _exit(1) }
        s.pointee.pid = getpid()
        fault(.newbornBeginPid)
        guard pl_cas32(&s.pointee.state, State.reserved, State.running) else { _exit(1) }
        fault(.newbornBeginState)
        _ = pl_add32(&pl_head().pointee.running, 1)
        fault(.newbornBeginRunning)
        if pl_load32(&s.pointee.kill_request) != 0 { Glibc.kill(getpid(), SIGKILL) }
        pl_set_name(pl_slot_name(s))
        Title.set(pl_slot_name(s))
        // The others inherit these.
        if s.pointee.parent == Supervisor.slot {
            signals()
            Supervisor.closeDescriptors()
        }
        Random.seed()
        EndTable.load()
        Finish.process(body())
    }

    /// Private state starts anew: what the parent had in hands is the parent's.
    static func become(_ index: UInt32) {
        pl_arena.me = pl_slot_at(index)
        pl_arena.my_index = index
        Faults.become(index)
        let own = pl_own()!
        own.pointee.selfref = ProcessRef(index: index, generation: pl_slot_at(index).pointee.generation).raw
        own.pointee.received = nil
        own.pointee.received_length = 0
        own.pointee.received_block = 0
        Wakes.forget()
        Spin.forget()
        Records.forget()
        Children.forget()
        Join.forget()
        Lending.forget()
        Cleanup.forget()
        Output.forget()
    }

    static func signals() {
        pl_ignore_signal(SIGPIPE)
        pl_ignore_signal(SIGXFSZ)
        pl_interrupting_handler(SIGURG)
        for signal in [SIGTERM, SIGINT, SIGHUP] { pl_cancelling_handler(signal) }
        pl_default_signal(SIGCHLD)
        // Sent from outside these kill, as everywhere; the Swift runtime's crash reports are for developers.
        if getenv("PROCLANG_BACKTRACE") == nil {
            for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGQUIT] { pl_default_signal(signal) }
        }
        // SIGURG interrupts only inside ppoll; everything else may come at any time.
        var blocked = [SIGURG]
        pl_signal_mask(SIG_SETMASK, &blocked, 1)
    }
}

let PR_SET_PDEATHSIG_OPTION: Int32 = 1
let PR_SET_CHILD_SUBREAPER_OPTION: Int32 = 36

/// `pl_slot.exit_kind`.
enum ExitKind {
    static let none: UInt8 = 0
    static let value: UInt8 = 1
    static let failure: UInt8 = 2
    static let quiet: UInt8 = 3
    static let cancelled: UInt8 = 4
    static let killed: UInt8 = 5
    static let exited: UInt8 = 6
}

enum Finish {
    /// Called for each child of an ending process that failed and that nobody joined.
    static var onUnjoinedFailure: ((ProcessRef, String, Int32, ProcessEnd) -> Void)?

    /// A process whose last output is lost did not end well, whatever its body says.
    private static func outputWasWritten(_ outcome: BodyOutcome) -> BodyOutcome {
        do {
            try Output.flush()
            return outcome
        } catch {
            complain("", error)
            switch outcome {
            case .value, .quiet, .exited(0): return .exited(1)
            default: return outcome
            }
        }
    }

    /// Ends this process with `outcome`.
    static func process(_ outcome: BodyOutcome) -> Never {
        let me = pl_me()!
        Received.release()
        Parker.deliver()
        let outcome = outputWasWritten(outcome)
        pl_store32(&me.pointee.state, State.exiting)
        fault(.finishProcessState)
        var kind = ExitKind.quiet
        var status: Int32 = 0
        var block: UInt64 = 0
        switch outcome {
        case .value(let bytes, let capabilities):
            kind = ExitKind.value
            if capabilities.isEmpty, bytes.count <= Int(PL_INLINE) {
                // Most results are nil or a number: no block, and no page of the arena that this process has not used.
                bytes.withUnsafeBytes { copy in
                    if let start = copy.baseAddress { memcpy(ProcessResult.inline(me), start, copy.count) }
                }
                me.pointee.exit_length = UInt8(truncatingIfNeeded: bytes.count + 1)
                fault(.finishProcessExitInline)
                break
            }
            do { block = try bytes.withUnsafeBytes { try Messages.make($0, capabilities) } } catch {
                complain("the result of a process is lost: ", error)
                kind = ExitKind.exited
                status = 1
            }
        case .failure(let bytes):
            kind = ExitKind.failure
            status = 1
            block = (try? bytes.withUnsafeBytes { try Messages.make($0, []) }) ?? 0
            if block == 0 { kind = ExitKind.exited }
        case .quiet: break
        case .cancelled:
            kind = ExitKind.cancelled
            status = 1
        case .exited(let code):
            kind = ExitKind.exited
            status = code
        }
        SharedHooks.finish(orderly: kind == ExitKind.value)
        // Before the others can see that our ends are gone, and fail because of it.
        if status != 0, kind != ExitKind.cancelled { me.pointee.fail_order = pl_add64(&pl_head().pointee.order, 1) + 1 }
        fault(.finishProcessFailOrder)
        Ends.releaseAll()
        awaitChildren(cancelFirst: kind == ExitKind.failure || kind == ExitKind.cancelled || status != 0)
        Output.flushQuietly()
        Records.giveBack()
        me.pointee.exit_status = status
        fault(.finishProcessExitStatus)
        me.pointee.exit_block = block
        fault(.finishProcessExitBlock)
        pl_order()
        me.pointee.exit_kind = kind
        fault(.finishProcessExitKind)
        if block != 0 { InFlight.remove(block) }
        _ = pl_sub32(&pl_head().pointee.running, 1)
        fault(.finishProcessRunning)
        let parent = me.pointee.parent
        Parker.wake(parent, after: {
            pl_store32(&me.pointee.state, State.ended)
            fault(.finishProcessEnded)
            ProcessTable.noteEnd(pl_my_index())
        })
        fault(.finishProcessState2)
        if pl_load32(&me.pointee.foreign_waiters) != 0 { Kick.supervisor(Kick.foreign) }
        _exit(status & 0xff)
    }

    private static func complain(_ what: String, _ error: Error) {
        let text = "proclang: \(what)\((error as? RuntimeError)?.message ?? "\(error)")\n"
        _ = text.withCString { Glibc.write(2, $0, strlen($0)) }
    }

    /// A process ends only when those it started have ended.
    private static func awaitChildren(cancelFirst: Bool) {
        if Children.all.isEmpty { return }
        var cancelling = cancelFirst
        if cancelling { cancelAll() }
        let alive = ProcessGroup(Children.all.map(\.ref))
        while !alive.isEmpty {
            let outcome = Join.awaitAny(
                alive, deadline: .max, reserve: [], isParallel: false, uninterruptible: cancelling, line: 0, tryDepth: 0)
            switch outcome {
            case .cancelled, .deadlocked, .failed:
                cancelling = true
                cancelAll()
            case .done(let i): alive.remove(at: i)
            case .timedOut: break
            }
        }
        for child in Children.all.sorted(by: { $0.pid < $1.pid }) {
            let s = pl_slot_at(child.ref.index)!
            let kind = s.pointee.exit_kind
            let failed = kind == ExitKind.failure || kind == ExitKind.killed
                || (kind == ExitKind.exited && s.pointee.exit_status != 0)
            if failed, s.pointee.joined == 0, !child.released {
                pl_store32(&pl_head().pointee.unjoined_failure, 1)
                fault(.finishAwaitChildrenUnjoinedFailure)
                if let end = ProcessResult.end(of: child.ref) {
                    onUnjoinedFailure?(child.ref, ProcessTable.name(s), child.pid, end)
                }
            }
        }
        for child in Children.all { Children.release(child.ref) }
        for child in Children.all {
            Children.reapNow(child)
            Children.freeSlot(child.ref.index)
        }
        Children.forget()
    }

    private static func cancelAll() {
        for child in Children.all where !Join.hasEnded(child.ref) { Cancellation.request(child.ref) }
    }
}

/// Reading exit records.
enum ProcessResult {
    static func end(of ref: ProcessRef) -> ProcessEnd? {
        guard let s = ProcessTable.slot(of: ref) else { return .quiet }
        guard pl_load32(&s.pointee.state) == State.ended else { return nil }
        if s.pointee.parent != pl_my_index() { return foreignEnd(s, ref) }
        Children.sawEnd(ref)
        let block = s.pointee.exit_block
        switch s.pointee.exit_kind {
        case ExitKind.value:
            Messages.adopt(block)
            return .value(result(s, block))
        case ExitKind.failure: return .failure(bytes(block))
        case ExitKind.cancelled: return .cancelled
        case ExitKind.killed: return .killed(Int32(s.pointee.exit_signal))
        case ExitKind.exited: return .exited(s.pointee.exit_status)
        default: return .quiet
        }
    }

    /// The end of a process that is not a child. Its parent may free the record at any moment: what was copied counts
    /// only if the record is still there afterwards.
    private static func foreignEnd(_ s: UnsafeMutablePointer<pl_slot>, _ ref: ProcessRef) -> ProcessEnd {
        let kind = s.pointee.exit_kind
        let block = s.pointee.exit_block
        let signal = s.pointee.exit_signal
        let status = s.pointee.exit_status
        copied.deallocate()
        copied = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let record = block == 0 ? result(s, 0) : bytes(block)
        if record.count > 0, block == 0 || Blocks.isInside(block, record.count) {
            copied = .allocate(byteCount: record.count, alignment: 16)
            memcpy(copied.baseAddress!, record.baseAddress!, record.count)
        }
        pl_fence()
        guard ProcessTable.slot(of: ref) != nil, s.pointee.exit_block == block else { return .quiet }
        // Failures, and values that are not in the slot, have a block: its parent was about to free the record when the
        // kind was read.
        if block == 0, kind == ExitKind.failure || kind == ExitKind.value && s.pointee.exit_length == 0 { return .quiet }
        switch kind {
        case ExitKind.value: return .value(UnsafeRawBufferPointer(copied))
        case ExitKind.failure: return .failure(UnsafeRawBufferPointer(copied))
        case ExitKind.cancelled: return .cancelled
        case ExitKind.killed: return .killed(Int32(signal))
        case ExitKind.exited: return .exited(status)
        default: return .quiet
        }
    }

    private static var copied = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// Where a small result lies.
    static func inline(_ s: UnsafeMutablePointer<pl_slot>) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(s) + MemoryLayout<pl_slot>.offset(of: \.exit_inline)!
    }

    private static func result(_ s: UnsafeMutablePointer<pl_slot>, _ block: UInt64) -> UnsafeRawBufferPointer {
        if block != 0 { return bytes(block) }
        return UnsafeRawBufferPointer(start: inline(s), count: min(max(Int(s.pointee.exit_length) - 1, 0), Int(PL_INLINE)))
    }

    private static func bytes(_ block: UInt64) -> UnsafeRawBufferPointer {
        block == 0
            ? UnsafeRawBufferPointer(start: nil, count: 0)
            : UnsafeRawBufferPointer(start: pl_block_bytes(block), count: Int(pl_block_at(block).pointee.length))
    }
}

/// The command line that `ps` shows: the memory of the program's own arguments is overwritten.
enum Title {
    private static var start: UnsafeMutablePointer<CChar>?
    private static var room = 0

    /// Finds the argument memory; called once in the root.
    static func prepare() {
        let arguments = CommandLine.unsafeArgv
        guard CommandLine.argc > 0, let first = arguments[0] else { return }
        var end = first
        for i in 0..<Int(CommandLine.argc) {
            guard let argument = arguments[i], argument == end else { break }
            end = argument + strlen(argument) + 1
        }
        start = first
        room = end - first
        _ = CommandLine.arguments  // copied by the standard library before they are overwritten
    }

    static func set(_ name: UnsafePointer<CChar>) {
        guard let start, room > 1 else { return }
        memset(start, 0, room)
        memcpy(start, name, min(strnlen(name, Int(PL_NAME_BYTES)), room - 1))
    }
}
