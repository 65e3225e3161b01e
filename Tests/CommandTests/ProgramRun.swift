// Runs the built program from outside and watches it.
//
// Owns: how a program is started (posix_spawn, never fork: the test runner has many threads), how long it may
// take, and what it may leave behind. Every run carries a mark in its environment, which all processes that it
// creates inherit; so a run can be ended, and its leftovers found, without touching any other process.

import Foundation

/// What a program did: its output, its end, and the processes that it should not have left behind.
struct ProgramRun: Sendable {
    enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut
    }

    var out: String
    var err: String
    var end: End
    /// Processes of the run that were alive after it had ended, as "name (pid)". They have been killed.
    var leftBehind: [String]

    /// The exit status as a shell would give it (128 + n after signal n); nil after a timeout.
    var status: Int32? {
        switch end {
        case .exited(let status): return status
        case .signalled(let signal): return 128 + signal
        case .timedOut: return nil
        }
    }
}

/// A reason why a program could not be started.
struct LaunchFailure: Error, CustomStringConvertible {
    let description: String
}

/// The folders and the program under test.
enum Project {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let golden = root.appendingPathComponent("Tests/Golden")

    /// $PROCLANG, or the debug build beside the tests.
    static let program: String = {
        if let path = ProcessInfo.processInfo.environment["PROCLANG"], !path.isEmpty {
            return URL(fileURLWithPath: path).path
        }
        return root.appendingPathComponent(".build/debug/proclang").path
    }()

    /// Seconds after which a run is ended by the watchdog.
    static let patience = ProcessInfo.processInfo.environment["GOLDEN_TIMEOUT"].flatMap(Double.init) ?? 10
}

/// Whether the condition comes true in time; asks every 5 ms. For what other processes do on their own time: a test never
/// sleeps for so long as "it should be done by then".
func holds(within seconds: Double = Project.patience, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while try !condition() {
        if Date() > deadline { return false }
        usleep(5_000)
    }
    return true
}

/// A child process that was started with posix_spawn in a session of its own.
struct Child {
    let pid: pid_t
    /// The text, in the environment of the child and of all that it creates, that makes them known.
    let mark: String

    /// Starts `program`; `files` are the paths to open as descriptors 0, 1, 2 (a terminal becomes the
    /// controlling one, because the child is a session leader without a terminal then).
    static func spawn(
        _ program: String, _ arguments: [String], folder: String, files: [(path: String, flags: Int32)],
        environment extra: [String: String] = [:]
    ) throws -> Child {
        let mark = "GOLDEN_RUN=" + UUID().uuidString
        var environment = ProcessInfo.processInfo.environment
        environment["LC_ALL"] = "C.UTF-8"
        environment["TZ"] = "UTC"
        environment["NO_COLOR"] = "1"
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment["GOLDEN_RUN"] = nil
        environment.merge(extra) { $1 }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, file) in files.enumerated() {
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), file.path, file.flags, 0o600)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID
        var noSignals = sigset_t()
        var allSignals = sigset_t()
        sigemptyset(&noSignals)
        sigemptyset(&allSignals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGQUIT] { sigaddset(&allSignals, signal) }
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        posix_spawnattr_setflags(
            &attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        // `env -C` enters the folder and then becomes the program, under the same process id.
        let words = ["env", "-C", folder, program] + arguments
        let argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let variables = environment.map { "\($0.key)=\($0.value)" } + [mark]
        let envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, argv, envp)
        guard failure == 0 else {
            throw LaunchFailure(description: "cannot start \(program): \(String(cString: strerror(failure)))")
        }
        return Child(pid: pid, mark: mark)
    }

    /// The processes of this run that are alive, zombies aside.
    func members() -> [(pid: pid_t, name: String)] {
        let wanted = Data(mark.utf8)
        var found: [(pid_t, String)] = []
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(entry),
                let environment = FileManager.default.contents(atPath: "/proc/\(entry)/environ"),
                environment.range(of: wanted) != nil,
                let stat = FileManager.default.contents(atPath: "/proc/\(entry)/stat").map({ String(decoding: $0, as: UTF8.self) }),
                let close = stat.lastIndex(of: ")"), let open = stat.firstIndex(of: "(")
            else { continue }
            let state = stat[close...].dropFirst(2).first
            if state != "Z" && state != "X" {
                found.append((pid, String(stat[stat.index(after: open)..<close])))
            }
        }
        return found
    }

    /// Waits for the end, at most so many seconds; nil when it takes longer.
    func wait(seconds: Double) -> ProgramRun.End? {
        let deadline = Date().addingTimeInterval(seconds)
        var pause: UInt32 = 200
        while true {
            var status: Int32 = 0
            let ended = waitpid(pid, &status, WNOHANG)
            if ended < 0 { return nil }  // its end was already told
            if ended == pid {
                let signal = status & 0x7f
                return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
            }
            if Date() > deadline { return nil }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Kills every process of this run and forgets the child.
    func destroy() {
        for member in members() { kill(member.pid, SIGKILL) }
        _ = wait(seconds: 5)
    }
}

extension ProgramRun {
    /// Runs the program to its end. Blocks the calling thread for at most `patience` seconds and a little.
    /// - Parameters:
    ///   - input: what it reads on standard input; `closed` descriptors are not offered here, see `outPath`.
    ///   - outPath: where standard output goes instead of being collected (for example /dev/full).
    ///   - during: called while it runs, with its process id (to send it signals).
    static func of(
        _ program: String, _ arguments: [String], input: Data = Data(),
        files: [String: Data] = [:], outPath: String? = nil, patience: Double = Project.patience,
        environment: [String: String] = [:], during: ((Child) -> Void)? = nil
    ) throws -> ProgramRun {
        let manager = FileManager.default
        let base = manager.temporaryDirectory.appendingPathComponent("golden-" + UUID().uuidString)
        let folder = base.appendingPathComponent("work")
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: base) }
        let names = ["in", "out", "err"].map { base.appendingPathComponent($0) }
        try input.write(to: names[0])
        for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }

        let child = try Child.spawn(
            program, arguments, folder: folder.path,
            files: [
                (names[0].path, O_RDONLY),
                (outPath ?? names[1].path, O_WRONLY | O_CREAT | O_APPEND),
                (names[2].path, O_WRONLY | O_CREAT | O_APPEND),
            ], environment: environment)
        during?(child)
        var end = child.wait(seconds: patience)
        var members = child.members()
        if end != nil, !members.isEmpty {
            // An external program that has just killed who started it is on its way out by itself. Asked by pid: one that
            // is just being replaced by another program does not show its mark.
            _ = holds(within: 0.5) { members.allSatisfy { kill($0.pid, 0) != 0 } }
            members = child.members()
        }
        if end == nil || !members.isEmpty {
            for member in members { kill(member.pid, SIGKILL) }
            if end == nil { _ = child.wait(seconds: 5) }
        }
        let timedOut = end == nil
        if timedOut { end = .timedOut }
        func text(_ url: URL) -> String {
            String(decoding: manager.contents(atPath: url.path) ?? Data(), as: UTF8.self)
        }
        return ProgramRun(
            out: outPath == nil ? text(names[1]) : "", err: text(names[2]), end: end!,
            leftBehind: timedOut ? [] : members.map { "\($0.name) (\($0.pid))" })
    }
}

/// Lets so many tasks in at a time: programs under test are themselves many processes.
actor Limiter {
    static let shared = Limiter(2)
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }

    /// Runs blocking work on a thread of its own, once there is room.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        await enter()
        defer { leave() }
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
        }
    }
}
