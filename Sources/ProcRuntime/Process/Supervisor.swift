// The root process: it runs no script code, watches every process (Watch), cleans up after the dead (Burial), keeps the
// time of cancellations, takes the terminal's signals, and outlives everything it started.
//
// Invariants
// - It is the subreaper: orphans become its children.
// - It never waits for anything but epoll, and needs no shared memory to clean up: where there is none, less is woken.
// - Slot 1 of the process table is its own, so that it can lock, post and keep in-flight notes like anybody.

import CSystem
import Glibc

enum Supervisor {
    static let slot = UInt32(PL_SUPERVISOR_SLOT)
    private(set) static var epoll: Int32 = -1
    private static var signals: Int32 = -1
    private static var mainSlot: UInt32 = 0
    private static var mainPid: Int32 = 0
    private static var signalTaken: Int32 = 0
    private static var signalTakenAt: Int64 = 0
    private static var killAt: Int64 = .max
    private static var interactive = false
    /// When main is cancelled because its time is over; `.max` afterwards.
    private static var timeOver: Int64 = .max
    private(set) static var ranOutOfTime = false

    /// The kernel says so in the lock that the root holds. Each process then kills its children by dying, generation after
    /// generation; one that starts others meanwhile could be faster.
    static var isGone: Bool { pl_mutex_owner_died(&pl_head().pointee.root_life) }

    /// Becomes the root: arena, slot 1, signals, epoll.
    static func prepare(memoryLimit: UInt64) throws {
        Faults.prepare()
        pl_ignore_signal(SIGPIPE)
        pl_ignore_signal(SIGXFSZ)
        Spawn.measureStack()
        let start = Wakes.beginCalibration()
        try Arena.create(limit: memoryLimit)
        try raiseFileLimit()
        pl_own().pointee.cores = UInt32(clamping: cs_processor_count())
        let index = try reserveOwnSlot()
        Newborn.become(index)
        let me = pl_me()!
        me.pointee.pid = getpid()
        ProcessTable.setName(me, "proclang")
        pl_store32(&me.pointee.state, State.running)
        pl_head().pointee.supervisor_pid = UInt32(bitPattern: getpid())
        EndTable.load()
        Random.seed()
        Title.prepare()
        pl_prctl(PR_SET_CHILD_SUBREAPER_OPTION, 1)
        var set = [SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGURG]
        pl_signal_mask(SIG_BLOCK, &set, 5)
        var handled = [SIGINT, SIGTERM, SIGHUP, SIGCHLD]
        signals = pl_signalfd(&handled, 4)
        epoll = pl_epoll_create()
        let kick = pl_eventfd()
        pl_own().pointee.kick_fd = kick
        guard signals >= 0, epoll >= 0, kick >= 0 else {
            throw RuntimeError(kind: "process", message: "cannot set up the supervisor (errno \(errno))")
        }
        pl_epoll_add(epoll, kick, 0)
        pl_epoll_add(epoll, signals, 1)
        Wakes.calibrate(since: start)
    }

    private static func reserveOwnSlot() throws -> UInt32 {
        // Reserving notes nothing in the reserver's slot, so it works without one.
        try ProcessTable.reserve(parent: 0)
    }

    /// Throws `io` where not even the supervisor can work: it has seven, and looks into /proc.
    private static func raiseFileLimit() throws {
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        }
        Watch.mostDescriptors = Int32(clamping: limit.rlim_cur)
        guard Watch.mostDescriptors >= 8 else {
            throw RuntimeError(
                kind: "io", message: "at most \(Watch.mostDescriptors) open files are allowed, at least 8 are needed (`ulimit -n`)")
        }
    }

    /// Forks the main script and supervises until nothing is left. Returns the exit status of the program;
    /// where a signal ended it, dies of that signal instead.
    static func run(name: String, interactive: Bool, timeLimit: Int64, body: () -> BodyOutcome) throws -> Int32 {
        self.interactive = interactive
        let (end, overflow) = pl_now().addingReportingOverflow(timeLimit)
        timeOver = overflow ? .max : end
        let ref = try Spawn.create(name: name, ends: [], line: 0, body: body)
        mainSlot = ref.index
        mainPid = pl_slot_at(mainSlot).pointee.pid
        Children.forget()
        while !finished() { turn() }
        Faults.checkAtEnd(turn: turn)
        ManagerProcess.end()
        // Main is in its last instructions. Reaped, its CPU time and that of all it waited for is this process's, and so
        // known to who waits for the program (`time`). One that was killed is reaped already.
        var last: Int32 = 0
        while waitpid(mainPid, &last, 0) < 0, errno == EINTR {}
        if signalTaken != 0 { dieOf(signalTaken) }
        return status()
    }

    private static func finished() -> Bool {
        pl_load32(&pl_slot_at(mainSlot).pointee.state) == State.ended && Burial.isDone
    }

    private static func status() -> Int32 {
        let s = pl_slot_at(mainSlot)!
        let failures = pl_load32(&pl_head().pointee.unjoined_failure) != 0
        switch s.pointee.exit_kind {
        case ExitKind.value, ExitKind.quiet: return failures ? 1 : 0
        case ExitKind.exited: return s.pointee.exit_status == 0 && failures ? 1 : s.pointee.exit_status & 0xff
        case ExitKind.killed: return 128 + Int32(s.pointee.exit_signal)
        default: return 1
        }
    }

    private static func dieOf(_ signal: Int32) -> Never {
        pl_default_signal(signal)
        var set = [signal]
        pl_signal_mask(SIG_UNBLOCK, &set, 1)
        Glibc.kill(getpid(), signal)
        _exit(128 + signal)
    }

    /// In a process that it started: these would only cost numbers there.
    static func closeDescriptors() {
        Watch.closeDescriptors()
        Glibc.close(epoll)
        Glibc.close(signals)
    }

    // MARK: One turn of the loop

    private static func turn() {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { events in
            let n = pl_epoll_wait(epoll, events.baseAddress, 64, timeout())
            var kicked = false
            if n > 0 {
                for i in 0..<Int(n) {
                    switch events[i] {
                    case 0:
                        var value: UInt64 = 0
                        _ = Glibc.read(pl_own().pointee.kick_fd, &value, 8)
                        kicked = true
                    case 1: takeSignals()
                    default: Watch.died(Int32(truncatingIfNeeded: events[i] >> 8))
                    }
                }
            }
            if kicked { takeKicks() }
            keepTime()
            Detector.turn()
        }
    }

    private static func timeout() -> Int32 {
        var next = min(killAt, nextDeadline, timeOver)
        next = min(next, Detector.nextLook, ManagerProcess.retry, Holes.nextTurn, Watch.nextLook)
        if next == .max { return -1 }
        let left = next - pl_now()
        return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
    }

    private static func takeKicks() {
        let reasons = pl_swap32(&pl_head().pointee.kicks, 0)
        fault(.supervisorTakeKicksKicks)
        if reasons & Kick.birth != 0 {
            Watch.newborn()
            Detector.arm()
        }
        // What was cancelled just now is killed in two seconds; until then there is nothing to look at.
        if reasons & Kick.cancel != 0 { nextDeadline = min(nextDeadline, pl_now() + Cancellation.grace / 2) }
        if reasons & Kick.kill != 0 { killRequested() }
        if reasons & Kick.foreign != 0 { Burial.wakeForeign() }
        if reasons & Kick.manager != 0 { ManagerProcess.start() }
        if reasons & Kick.detect != 0 { Detector.request() }
        if reasons & Kick.signal != 0 { takeMainSignal() }
        if reasons & Kick.trim != 0 { Holes.start() }
    }

    // MARK: Requests

    private static func killRequested() {
        let used = Int(pl_acquire32(&pl_head().pointee.slot_used))
        for word in 0..<(used + 63) >> 6 where pl_load64(pl_kill_bits() + word) != 0 {
            var bits = pl_swap64(pl_kill_bits() + word, 0)
            while bits != 0 {
                let i = UInt32(word * 64 + bits.trailingZeroBitCount)
                bits &= bits - 1
                // The slot may be another process's by now: the request is in the slot itself. A process that has not
                // begun yet sees it itself (Newborn).
                let s = pl_slot_at(i)!
                if ProcessTable.state(s) != State.reserved, pl_swap32(&s.pointee.kill_request, 0) != 0 {
                    fault(.supervisorKillRequestedKillRequest)
                    killNow(i)
                }
            }
        }
    }

    private static func killNow(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let state = ProcessTable.state(s)
        guard state == State.running || state == State.exiting else { return }
        if !Watch.isWatched(index) { Watch.slot(index) }
        if let fd = Watch.pidfd(of: index) {
            pl_pidfd_signal(fd, SIGKILL)
        } else if s.pointee.pid > 0, pl_cas32(&s.pointee.watch, 3, 1) {
            fault(.supervisorKillNowWatch)
            // Without a pidfd: while `watch` is 1 the parent does not reap it, and the pid is its own.
            if ProcessTable.state(s) < State.dead { Glibc.kill(s.pointee.pid, SIGKILL) }
            pl_store32(&s.pointee.watch, 3)
            fault(.supervisorKillNowWatch2)
        }
    }

    // MARK: Time

    private static var nextDeadline: Int64 = .max

    /// Kills those whose grace after a cancellation is over.
    private static func keepTime() {
        let now = pl_now()
        Watch.lookAtUnwatched()
        if now >= Holes.nextTurn { Holes.turn() }
        if now >= ManagerProcess.retry { ManagerProcess.start() }
        if now >= timeOver {
            timeOver = .max
            ranOutOfTime = true
            killAt = min(killAt, now + Cancellation.grace)
            Cancellation.mark(pl_slot_at(mainSlot), mainSlot, grace: true)
        }
        if now >= killAt {
            killAt = .max
            killNow(mainSlot)
        }
        if now < nextDeadline { return }
        nextDeadline = .max
        for i in 2..<max(2, pl_acquire32(&pl_head().pointee.slot_used)) {
            let s = pl_slot_at(i)!
            let deadline = s.pointee.cancel_deadline
            let state = ProcessTable.state(s)
            guard deadline != 0, state == State.running || state == State.exiting || state == State.reserved else { continue }
            if deadline <= now { killNow(i) } else { nextDeadline = min(nextDeadline, deadline) }
        }
    }

    // MARK: Signals

    private static func takeSignals() {
        while true {
            let signal = pl_signalfd_next(signals)
            if signal == 0 { break }
            if signal == SIGCHLD {
                Burial.reapOrphans()
                continue
            }
            if signal == passedOn {
                passedOn = 0
            } else {
                take(signal)
            }
        }
    }

    private static func take(_ signal: Int32) {
        if interactive, signal == SIGINT {
            Cancellation.mark(pl_slot_at(mainSlot), mainSlot, grace: false)
        } else if signalTaken == 0 {
            signalTaken = signal
            signalTakenAt = pl_now()
            // Before main can know: who is started because of it is younger.
            pl_store64(&pl_head().pointee.signal_taken, UInt64(signalTakenAt))
            killAt = signalTakenAt + Cancellation.grace
            Cancellation.mark(pl_slot_at(mainSlot), mainSlot, grace: true)
        } else if signal == SIGINT, pl_now() - signalTakenAt > oneSignal {
            killNow(mainSlot)  // a second Ctrl-C; whoever sends SIGTERM twice wants the same as with one
        }
    }

    /// Nobody types Ctrl-C twice in this time: GNU `timeout` sends to the program, and then to its group.
    private static let oneSignal: Int64 = 100_000_000

    /// The signal that came by way of the main script, if the same may yet come directly: who sends to a process
    /// group sends to both, but means it once.
    private static var passedOn: Int32 = 0

    private static func takeMainSignal() {
        let word = pl_load32(&pl_head().pointee.main_signal)
        let signal = Int32(bitPattern: word)
        if signal != 0, signal != signalTaken {
            take(signal)
            passedOn = signal
        }
        // Cleared when main is marked: at every moment it can tell that the program is about to be cancelled.
        if signal != 0 { _ = pl_cas32(&pl_head().pointee.main_signal, word, 0) }
    }
}
