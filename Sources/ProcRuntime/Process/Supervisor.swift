// The root process: it runs no script code, watches every process, cleans up after the dead, keeps the time
// of cancellations, takes the terminal's signals, and outlives everything it started.
//
// Invariants
// - It is the subreaper: orphans become its children, and nobody is reaped before it was swept.
// - Every process is watched through a pidfd, which fires at its death whatever its parent does.
// - It never waits for anything but epoll, and never allocates shared memory while sweeping.
// - Slot 1 of the process table is its own, so that it can lock, post and keep in-flight notes like anybody.

import CSystem
import Glibc

enum Supervisor {
    static let slot = UInt32(PL_SUPERVISOR_SLOT)
    private static var epoll: Int32 = -1
    private static var signals: Int32 = -1
    private static var mainSlot: UInt32 = 0
    private static var mainPid: Int32 = 0
    /// Watched processes (as raw references) by pidfd.
    private static var watched = WordTable()
    /// 1 + pidfd by slot.
    private static var fdOfSlot = WordTable()
    /// Pids of processes that were swept but not reaped, as far as that may be left to the root.
    private static var sweptPids: Set<Int32> = []
    /// Processes for which no pidfd could be had.
    private static var unwatched: [ProcessRef] = []
    private static let unwatchedInterval: Int64 = 20_000_000
    /// Dead processes whose children have not all ended.
    private static var waitingForChildren: [UInt32: Set<UInt32>] = [:]
    private static var signalTaken: Int32 = 0
    private static var killAt: Int64 = .max
    private static var interactive = false
    /// When main is cancelled because its time is over; `.max` afterwards.
    private static var timeOver: Int64 = .max
    private(set) static var ranOutOfTime = false

    /// Becomes the root: arena, slot 1, signals, epoll.
    static func prepare(memoryLimit: UInt64) throws {
        Faults.prepare()
        pl_ignore_signal(SIGPIPE)
        pl_ignore_signal(SIGXFSZ)
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
        mostDescriptors = Int32(clamping: limit.rlim_cur)
        guard mostDescriptors >= 8 else {
            throw RuntimeError(
                kind: "io", message: "at most \(mostDescriptors) open files are allowed, at least 8 are needed (`ulimit -n`)")
        }
    }

    /// No descriptor of a process has this number or a higher one less `spareDescriptors`: there is always one to be had
    /// for a look into /proc.
    private static var mostDescriptors = Int32.max
    private static let spareDescriptors: Int32 = 4

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
        endServices()
        // Main is in its last instructions. Reaped, its CPU time and that of all it waited for is this process's, and so
        // known to who waits for the program (`time`). One that was killed is reaped already.
        var last: Int32 = 0
        while waitpid(mainPid, &last, 0) < 0, errno == EINTR {}
        if signalTaken != 0 { dieOf(signalTaken) }
        return status()
    }

    private static func finished() -> Bool {
        pl_load32(&pl_slot_at(mainSlot).pointee.state) == State.ended && waitingForChildren.isEmpty
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
                    default: died(Int32(truncatingIfNeeded: events[i] >> 8))
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
        next = min(next, Detector.nextLook, managerRetry, Holes.nextTurn)
        if !unwatched.isEmpty { next = min(next, pl_now() + unwatchedInterval) }
        if next == .max { return -1 }
        let left = next - pl_now()
        return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
    }

    private static func takeKicks() {
        let reasons = pl_swap32(&pl_head().pointee.kicks, 0)
        fault(.supervisorTakeKicksKicks)
        if reasons & Kick.birth != 0 {
            watchNewborn()
            Detector.arm()
        }
        // What was cancelled just now is killed in two seconds; until then there is nothing to look at.
        if reasons & Kick.cancel != 0 { nextDeadline = min(nextDeadline, pl_now() + Cancellation.grace / 2) }
        if reasons & Kick.kill != 0 { killRequested() }
        if reasons & Kick.foreign != 0 { wakeForeign() }
        if reasons & Kick.manager != 0 { startManager() }
        if reasons & Kick.detect != 0 { Detector.request() }
        if reasons & Kick.signal != 0 { takeMainSignal() }
        if reasons & Kick.trim != 0 { Holes.start() }
    }

    // MARK: Births

    private static func watchNewborn() {
        for top in 0..<16 {
            var summary = pl_swap64(pl_birth_summary() + top, 0)
            fault(.supervisorWatchNewbornBirthSummary)
            while summary != 0 {
                let word = top * 64 + summary.trailingZeroBitCount
                summary &= summary - 1
                var bits = pl_swap64(pl_births() + word, 0)
                fault(.supervisorWatchNewbornBirths)
                while bits != 0 {
                    watch(UInt32(word * 64 + bits.trailingZeroBitCount))
                    bits &= bits - 1
                }
            }
        }
    }

    private static func watch(_ index: UInt32) {
        let s = pl_slot_at(index)!
        // 0 -> 1 claims the pid: nobody reaps it now. A parent that reaped an ended child already has made it 2.
        guard pl_cas32(&s.pointee.watch, 0, 1) else {
            // Its parent may die before it gives the slot back. (Should the slot be the next process's by now, that
            // one is announced, too.)
            let ref = ProcessRef(index: index, generation: s.pointee.generation)
            if pl_load32(&s.pointee.watch) == 2, ProcessTable.state(s) != State.free {
                Family.add(ref, childOf: s.pointee.parent)
            }
            return
        }
        fault(.supervisorWatchWatch)
        guard ProcessTable.state(s) != State.free, s.pointee.pid > 0 else {
            pl_store32(&s.pointee.watch, 0)  // not born yet: it will be announced
            fault(.supervisorWatchWatch2)
            return
        }
        // Only now: until its state was seen, a free slot could become the next process's, and the pidfd of that one
        // would have been noted under the name of the former. Its death was then nobody's.
        let ref = ProcessRef(index: index, generation: s.pointee.generation)
        var fd = pl_pidfd_open(s.pointee.pid)
        if fd >= mostDescriptors - spareDescriptors {
            Glibc.close(fd)
            fd = -1
        }
        pl_store32(&s.pointee.watch, 3)
        fault(.supervisorWatchWatch3)
        Family.add(ref, childOf: s.pointee.parent)
        if !sweptPids.isEmpty { sweptPids.remove(s.pointee.pid) }
        guard fd >= 0 else {
            unwatched.append(ref)  // out of descriptors: looked at now and then
            return
        }
        watched[Int(fd)] = ref.raw
        fdOfSlot[Int(index)] = UInt64(fd) + 1
        pl_epoll_add(epoll, fd, UInt64(fd) << 8 | 2)
    }

    /// The present process of the slot has a pidfd here. (The slot's former one may still have one, too, whose event
    /// is yet to come.)
    private static func isWatched(_ index: UInt32) -> Bool {
        pidfd(of: index) != nil
    }

    private static func pidfd(of index: UInt32) -> Int32? {
        let fd = Int(fdOfSlot[Int(index)]) - 1
        guard fd >= 0, case let raw = watched[fd], raw != 0 else { return nil }
        return ProcessRef(raw: raw).generation == pl_slot_at(index).pointee.generation ? Int32(fd) : nil
    }

    // MARK: Deaths

    private static func died(_ fd: Int32) {
        let raw = watched[Int(fd)]
        guard raw != 0 else { return }
        watched[Int(fd)] = 0
        let ref = ProcessRef(raw: raw)
        // Taken out before it is closed: a service that was just forked has a copy of it for a moment, which would keep
        // it in the epoll, to fire again when the number is the pidfd of a living process.
        pl_epoll_remove(epoll, fd)
        Glibc.close(fd)
        if fdOfSlot[Int(ref.index)] == UInt64(fd) + 1 { fdOfSlot[Int(ref.index)] = 0 }
        bury(ref)
    }

    private static func isOrphan(_ s: UnsafeMutablePointer<pl_slot>) -> Bool {
        let parent = pl_slot_at(s.pointee.parent)!
        return parent.pointee.generation != s.pointee.parent_generation || ProcessTable.state(parent) > State.exiting
    }

    /// Cleans up after a process that is a zombie now.
    private static func bury(_ ref: ProcessRef) {
        let index = ref.index
        let s = pl_slot_at(index)!
        let state = ProcessTable.state(s)
        // In this order: an ended process's slot may go to the next one at any time (its generation first).
        if state == State.free || s.pointee.generation != ref.generation {
            // The slot is the next process's: what waited for this event of its old fd is looked at now.
            Family.remove(ref)
            reapOrphans()
            return
        }
        if isOrphan(s) { sweptPids.insert(s.pointee.pid) }
        if state < State.dead {
            let status = exitStatus(of: s.pointee.pid)
            // In a wait outside of the runtime it does not count as running either.
            if pl_load32(&s.pointee.parked) == 0, pl_load32(&s.pointee.external) == 0, state != State.reserved {
                _ = pl_sub32(&pl_head().pointee.running, 1)
            }
            fault(.supervisorBuryRunning)
            pl_store32(&s.pointee.state, State.dead)
            fault(.supervisorBuryState)
            if s.pointee.fail_order == 0 { s.pointee.fail_order = pl_add64(&pl_head().pointee.order, 1) + 1 }
            fault(.supervisorBuryFailOrder)
            if s.pointee.exit_kind == ExitKind.none { s.pointee.exit_block = 0 }  // a result not yet published
            fault(.supervisorBuryExitBlock)
            Sweep.process(index)
            fault(.supervisorBurySwept)
            if s.pointee.service != 0 {
                buryService(index)
                return
            }
            if s.pointee.exit_kind == ExitKind.none {
                let signal = pl_term_signal(status)
                s.pointee.exit_signal = UInt8(truncatingIfNeeded: signal)
                fault(.supervisorBuryExitSignal)
                s.pointee.exit_status = pl_exit_code(status)
                fault(.supervisorBuryExitStatus)
                pl_order()
                s.pointee.exit_kind = signal != 0 ? ExitKind.killed : ExitKind.exited
                fault(.supervisorBuryExitKind)
            }
            pl_store32(&s.pointee.state, State.swept)
            fault(.supervisorBuryState2)
            adoptOrphans(of: index)
        } else if state == State.ended {
            // Killed between its end and telling of it.
            ProcessTable.noteEnd(index)
            Sweep.repeatWakes(s, forget: false)
            if pl_load32(&s.pointee.foreign_waiters) != 0 { wakeForeign() }
            ended(index)
        }
        reapOrphans()
    }

    /// The children of a dead process are dying (the kernel sees to that); it has ended when they have.
    private static func adoptOrphans(of index: UInt32) {
        let dead = pl_slot_at(index)!
        let generation = dead.pointee.generation
        // Those it had started, and the one that it was about to start or to announce.
        watchNewborn()
        var found = Family.children(of: index)
        let intended = dead.pointee.birth_intent
        if intended != 0, !found.contains(intended) { found.append(intended) }
        var alive: Set<UInt32> = []
        for i in found {
            let c = pl_slot_at(i)!
            let state = ProcessTable.state(c)
            guard state != State.free, c.pointee.parent == index, c.pointee.parent_generation == generation else {
                Family.remove(i, childOf: index)
                continue
            }
            if state == State.ended {
                Family.remove(i, childOf: index)
                Children.freeSlot(i)
            } else if state == State.reserved, pl_cas32(&c.pointee.state, State.reserved, State.dead) {
                fault(.supervisorAdoptOrphansState)
                // Not born, or about to see that its parent is gone.
                Family.remove(i, childOf: index)
                Sweep.process(i)
                ProcessTable.free(i)
            } else {
                alive.insert(i)
                if !isWatched(i) { watch(i) }
            }
        }
        if alive.isEmpty { publishEnd(index) } else { waitingForChildren[index] = alive }
    }

    private static func publishEnd(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let parent = s.pointee.parent
        Parker.wake(parent, after: {
            pl_store32(&s.pointee.state, State.ended)
            fault(.supervisorPublishEndState)
            ProcessTable.noteEnd(index)
        })
        if pl_load32(&s.pointee.foreign_waiters) != 0 { wakeForeign() }
        ended(index)
    }

    /// A process has ended: a dead parent may have, too.
    private static func ended(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let parent = s.pointee.parent
        guard parent != 0, !waitingForChildren.isEmpty, waitingForChildren[parent]?.remove(index) != nil else { return }
        Family.remove(index, childOf: parent)
        Children.freeSlot(index)
        if waitingForChildren[parent]!.isEmpty {
            waitingForChildren[parent] = nil
            publishEnd(parent)
        }
    }

    /// Reaps zombies that nobody else will: orphans, and what external programs left behind.
    private static func reapOrphans() {
        while true {
            let pid = pl_peek_zombie()
            if pid <= 0 { return }
            if sweptPids.isEmpty || sweptPids.remove(pid) == nil, let index = slotOf(pid) {
                let state = ProcessTable.state(pl_slot_at(index))
                if state < State.swept {
                    // Its pidfd event comes; nobody reaps before the sweep.
                    if isWatched(index) { return }
                    bury(ProcessRef(index: index, generation: pl_slot_at(index).pointee.generation))
                    continue
                }
            }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) <= 0 { return }
        }
    }

    private static func slotOf(_ pid: Int32) -> UInt32? {
        for i in 1..<pl_acquire32(&pl_head().pointee.slot_used) {
            let s = pl_slot_at(i)!
            if s.pointee.pid == pid, ProcessTable.state(s) != State.free { return i }
        }
        return nil
    }

    /// Wait status of a zombie that is not our child: field 52 of its stat file.
    private static func exitStatus(of pid: Int32) -> Int32 {
        guard let text = SmallFile.read("/proc/\(pid)/stat"), let close = text.lastIndex(of: 41) else { return 0 }
        let fields = text[(close + 1)...].split(separator: 32)
        guard fields.count >= 50, let value = SmallFile.firstNumber(Array(fields[49])) else { return 0 }
        return Int32(truncatingIfNeeded: value)
    }

    // MARK: Services

    /// What executes operations on managed objects; made in the manager process.
    static var managedService: (() -> ManagedService)?
    private static var servicePids: [UInt32: Int32] = [:]

    /// Forks the manager if somebody needs one and there is none.
    private static func startManager() {
        guard Manager.isNeeded, servicePids.isEmpty, let make = managedService else { return }
        do {
            let ref = try Spawn.create(name: "manager", ends: [], line: 0) {
                forgetDescriptors()
                ManagerServer(make()).serve()
            }
            pl_slot_at(ref.index).pointee.service = 1
            fault(.supervisorStartManagerService)
            servicePids[ref.index] = pl_slot_at(ref.index).pointee.pid
            Children.forget()
            watchNewborn()
        } catch {
            // No process to be had: those who wait look again, and so does this.
            managerRetry = pl_now() + 100_000_000
        }
    }

    private static var managerRetry: Int64 = .max

    /// In a service: a pidfd that stays open here would keep its place in the root's epoll.
    private static func forgetDescriptors() {
        for fd in watched.numbers { Glibc.close(Int32(fd)) }
        Glibc.close(epoll)
        Glibc.close(signals)
    }

    /// A service died and was swept: nobody joins it, its slot is free again.
    private static func buryService(_ index: UInt32) {
        if let pid = servicePids.removeValue(forKey: index) {
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        ProcessTable.free(index)
        startManager()
    }

    private static func endServices() {
        for (_, pid) in servicePids {
            Glibc.kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        servicePids = [:]
    }

    // MARK: Requests

    private static func wakeForeign() {
        for i in 2..<max(2, pl_acquire32(&pl_head().pointee.slot_used)) {
            let s = pl_slot_at(i)!
            let state = ProcessTable.state(s)
            guard pl_load32(&s.pointee.watches_foreign) != 0 else { continue }
            if state == State.running || state == State.exiting { Parker.post(i) }
        }
        Parker.deliver()
    }

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
        if !isWatched(index) { watch(index) }
        if let fd = pidfd(of: index) {
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

    /// Finds the dead among those without a pidfd.
    private static func lookAtUnwatched() {
        if unwatched.isEmpty { return }
        var left: [ProcessRef] = []
        for ref in unwatched {
            let s = pl_slot_at(ref.index)!
            guard s.pointee.generation == ref.generation, ProcessTable.state(s) != State.free else { continue }
            let state = ProcessTable.state(s)
            if state == State.ended || (state < State.dead && isZombie(s.pointee.pid)) {
                bury(ref)
            } else if state < State.dead {
                left.append(ref)
            }
        }
        unwatched = left
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        guard let text = SmallFile.read("/proc/\(pid)/stat"), let close = text.lastIndex(of: 41), close + 2 < text.count else {
            return false
        }
        return text[close + 2] == 90 || text[close + 2] == 88  // Z, X
    }

    /// Kills those whose grace after a cancellation is over.
    private static func keepTime() {
        let now = pl_now()
        lookAtUnwatched()
        if now >= Holes.nextTurn { Holes.turn() }
        if now >= managerRetry {
            managerRetry = .max
            startManager()
        }
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
                reapOrphans()
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
            killAt = pl_now() + Cancellation.grace
            Cancellation.mark(pl_slot_at(mainSlot), mainSlot, grace: true)
        } else if signal == SIGINT {
            killNow(mainSlot)  // a second Ctrl-C; whoever sends SIGTERM twice wants the same as with one
        }
    }

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
