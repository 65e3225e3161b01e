// `proclang ps` and `proclang top`, on programs that run meanwhile. Other programs may run on the same machine: nothing
// here depends on being alone.

import Foundation
import Testing

@Suite("ps and top")
struct WatchTests {
    /// Three processes that stay as they are: one that waits to receive, one that computes, and main, which waits for
    /// both; and a queue with three messages.
    static let script = """
        process reader(jobs?) {
            jobs ? job
        }
        process spinner(jobs!) {
            var n = 0
            while n >= 0 { n = (n + 1) % 1000 }
            jobs ! n
        }
        channel jobs
        queue backlog(5)
        for i in 1...3 { backlog ! i }
        parallel {
            reader(jobs)
            spinner(jobs)
        }
        """

    static func ps(_ words: String..., environment: [String: String] = [:]) throws -> ProgramRun {
        try ProgramRun.of(Project.program, ["ps"] + words, environment: environment)
    }

    /// Runs the script, and `body` as soon as its processes do what they do; then ends it.
    func watching(_ text: String = script, _ body: @escaping @Sendable (Child) throws -> Void) async throws {
        let run = try await Limiter.shared.run {
            var failure: Error?
            let run = try ProgramRun.of(
                Project.program, ["watched.proc"], files: ["watched.proc": Data(text.utf8)], patience: 60,
                during: { child in
                    do {
                        try Self.waitUntilBusy(child)
                        try body(child)
                    } catch {
                        failure = error
                    }
                    kill(child.pid, SIGTERM)
                })
            if let failure { throw failure }
            return run
        }
        #expect(run.end == .signalled(SIGTERM))
        #expect(run.leftBehind == [])
    }

    static func waitUntilBusy(_ child: Child) throws {
        var seen = ""
        let busy = try holds {
            seen = try ps("\(child.pid)").out
            return seen.contains("to receive from channel jobs") && seen.contains("spinner")
        }
        if !busy { throw LaunchFailure(description: "the watched program did not come so far: \(seen)") }
    }

    @Test("ps shows processes with state, line and what they wait for, and channels with their ends")
    func tables() async throws {
        try await watching { child in
            let run = try Self.ps("\(child.pid)")
            #expect(run.status == 0)
            #expect(run.err == "")
            let lines = run.out.split(separator: "\n").map(String.init)
            func line(_ words: String...) -> String? {
                lines.first { line in
                    let have = line.split(separator: " ").map(String.init)
                    return words.allSatisfy(have.contains)
                }
            }
            #expect(lines[0].contains("watched.proc (pid \(child.pid))"))
            #expect(lines[0].contains("3 processes: 1 running, 2 waiting"))
            #expect(line("reader", "waiting", "2")?.hasSuffix("to receive from channel jobs") == true)
            #expect(line("spinner", "running") != nil)
            #expect(line("main", "waiting", "12")?.contains("for the end of reader (") == true)
            #expect(line("jobs", "channel", "-")?.contains("reader (") == true)
            #expect(line("backlog", "queue", "3/5") != nil)
            // Nothing is coloured, and nothing depends on a terminal.
            #expect(!run.out.contains("\u{1b}"))
        }
    }

    @Test("any process of the program names it, and several programs are listed")
    func choice() async throws {
        try await watching { first in
            let reader = try #require(first.members().first { $0.name == "reader" })
            let run = try Self.ps("\(reader.pid)")
            #expect(run.out.contains("watched.proc (pid \(first.pid))"))
            let second = try PseudoTerminal()
            try second.expect("> ")
            let all = try Self.ps()
            #expect(all.status == 0)
            for child in [first, second.child] {
                #expect(all.out.split(separator: "\n").contains { $0.split(separator: " ").first == "\(child.pid)" })
            }
            #expect(all.out.contains("watched.proc"))
            let pids = try Self.ps("--pids").out.split(separator: "\n")
            #expect(pids.contains("\(first.pid)") && pids.contains("\(second.child.pid)"))
        }
    }

    @Test("who cannot be watched is told why")
    func refused() async throws {
        let none = try await Limiter.shared.run { try Self.ps("\(Int32.max)") }
        #expect(none.status == 1)
        #expect(none.err == "proclang: there is no process \(Int32.max)\n")
        let own = try await Limiter.shared.run { try Self.ps("\(getppid())") }
        #expect(own.status == 1)
        #expect(own.err.contains("is no process of a ProcLang program"))
    }

    @Test("another user's program cannot be watched", .enabled(if: geteuid() == 0, "needs root, to be another user"))
    func otherUser() async throws {
        try await watching { child in
            let run = try ProgramRun.of(
                "/usr/bin/setpriv",
                ["--reuid=65534", "--regid=65534", "--clear-groups", Project.program, "ps", "\(child.pid)"])
            #expect(run.status != 0)
            #expect(run.out == "")
            // 126: the other user may not even run the program under test, where it lies.
            #expect(run.err.contains("belongs to another user") || run.err.contains("Permission denied"))
        }
    }

    @Test("a program of another version is recognised by its layout", .enabled(if: EditorTests.hasPython, "needs python3"))
    func otherVersion() async throws {
        // A memory file with the right name and mark, but another layout; every word after it is this process's pid.
        let forged = """
            import os, struct, time
            memory = os.memfd_create("proclang")
            os.write(memory, struct.pack("<QQ", 0x50524f434152454e, 1) + struct.pack("<I", os.getpid()) * 40000)
            open("ready", "w").close()
            time.sleep(60)
            """
        let run = try await Limiter.shared.run {
            var err = ""
            _ = try ProgramRun.of("/usr/bin/env", ["python3", "-c", forged], during: { child in
                _ = holds { access("/proc/\(child.pid)/cwd/ready", F_OK) == 0 }
                err = (try? Self.ps("\(child.pid)").err) ?? ""
                kill(child.pid, SIGKILL)
            })
            return err
        }
        #expect(run.contains("another version of proclang"))
    }

    // MARK: top

    @Test("top in a terminal: tables that live, keys, sizes, and leaving")
    func top() async throws {
        try await watching { child in
            let terminal = try PseudoTerminal(Project.program, ["top", "\(child.pid)"], rows: 24, columns: 110)
            try terminal.expect("\u{1b}[?1049h")
            try terminal.expect("watched.proc (pid \(child.pid))")
            try terminal.expect("to receive from channel jobs")
            try terminal.expect("q leave")
            // It goes on by itself.
            try terminal.expect("spinner")
            try terminal.expect("spinner")
            terminal.send("s")
            try terminal.expect("by messages")
            terminal.send("sss")
            try terminal.expect("by PID")
            terminal.send("r")
            try terminal.expect("by PID, reversed")
            terminal.send("h")
            try terminal.expect("pause, and go on")
            terminal.send("h")
            try terminal.expect("CHANNEL")
            terminal.send("c")
            try terminal.expect("STATE")
            terminal.send("c")
            try terminal.expect("WRITERS")
            terminal.send("c")
            try terminal.expect("STATE")
            terminal.send("p")
            try terminal.expect("PAUSED")
            try terminal.expect("go on")
            terminal.send("p")
            try terminal.expect("p pause")
            terminal.resize(rows: 10, columns: 40)
            try terminal.expect("…")
            for line in terminal.quiet(for: 1.2).components(separatedBy: "\u{1b}[H").last!.components(separatedBy: "\r\n") {
                let visible = line.replacing(#/\x1b\[[0-9;?]*[A-Za-z]/#, with: "")
                #expect(visible.count <= 40, "too wide: \(visible.debugDescription)")
            }
            terminal.send("q")
            #expect(try terminal.end() == .exited(0))
            // The screen and the cursor are as they were.
            #expect(terminal.transcript.hasSuffix("\u{1b}[?25h\u{1b}[?1049l"))
        }
    }

    @Test("top says when the program ends, and gives the terminal back")
    func end() async throws {
        try await watching { child in
            let terminal = try PseudoTerminal(Project.program, ["top", "\(child.pid)"])
            try terminal.expect("spinner")
            kill(child.pid, SIGTERM)
            try terminal.expect("\u{1b}[?1049l")
            try terminal.expect("watched.proc (pid \(child.pid)) has ended")
            #expect(try terminal.end() == .exited(0))
        }
    }

    @Test("Ctrl-C and SIGTERM leave top, and the terminal is given back")
    func signals() async throws {
        try await watching { child in
            for signal in [nil, SIGTERM] {
                let terminal = try PseudoTerminal(Project.program, ["top", "\(child.pid)"])
                try terminal.expect("spinner")
                if let signal { kill(terminal.child.pid, signal) } else { terminal.control("c") }
                try terminal.expect("\u{1b}[?1049l")
                #expect(try terminal.end() == (signal.map { .signalled($0) } ?? .exited(0)))
            }
        }
    }

    @Test("top asks which of several programs, in a terminal")
    func asks() async throws {
        try await watching { first in
            let second = try PseudoTerminal()
            try second.expect("> ")
            let terminal = try PseudoTerminal(Project.program, ["top"])
            try terminal.expect("Which one")
            terminal.line("no such")
            try terminal.expect("Which one")
            terminal.line("\(first.pid)")
            try terminal.expect("watched.proc (pid \(first.pid))")
            terminal.send("q")
            #expect(try terminal.end() == .exited(0))
        }
    }

    @Test("top without a terminal prints one plain table")
    func plain() async throws {
        try await watching { child in
            let run = try ProgramRun.of(Project.program, ["top", "\(child.pid)"])
            #expect(run.status == 0)
            #expect(run.err == "")
            #expect(!run.out.contains("\u{1b}"))
            #expect(run.out.components(separatedBy: "PID  NAME").count == 2)
            #expect(run.out.contains("to receive from channel jobs"))
            // The busiest process comes first.
            let names = run.out.split(separator: "\n").filter { $0.contains("(pid") || $0.contains("spinner") || $0.contains("reader") }
            #expect(names.count >= 3 && names[1].contains("spinner"))
        }
    }

    @Test("ps of a damaged program says so, or something wrong, and never dies of it")
    func damaged() async throws {
        try await watching { child in
            let original = try ArenaCopy(of: child.pid)
            let mutex = MemoryLayout<pthread_mutex_t>.size
            // The regions stand behind five words, the pool of objects behind them and three locks.
            let regions = 40
            let objectsInUse = regions + 6 * 24 + 3 * mutex + mutex + 4
            #expect(try original.ps().status == 0)
            for (place, count) in [(regions, 8), (regions + 24 + 14, 1), (objectsInUse, 4)] {
                var copy = original
                for index in place..<place + count { copy.pieces[0].bytes[index] = 0xFF }
                let run = try copy.ps()
                #expect(run.status == 1 && run.err == "proclang: its memory is damaged\n", "\(place): \(run.end) \(run.err)")
            }
            for round in 0..<60 {
                var copy = original
                let seed = UInt64.random(in: 0...UInt64.max)
                var state = seed
                func next(_ bound: Int) -> Int {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return Int(state >> 33) % bound
                }
                for _ in 0..<(1 << next(12)) {
                    let piece = next(copy.pieces.count)
                    // What is there in use is mostly at the beginning.
                    let place = next(min(copy.pieces[piece].bytes.count, 1 << (8 + next(12))))
                    copy.pieces[piece].bytes[place] = UInt8(truncatingIfNeeded: state >> 40)
                }
                let run = try copy.ps()
                #expect(run.end == .exited(0) || run.end == .exited(1), "seed \(seed), round \(round): \(run.end) \(run.err)")
            }
        }
    }
}

/// The shared memory of a program, to be changed and looked at. Where it has no pages, there is nothing.
private struct ArenaCopy {
    var pieces: [(offset: off_t, bytes: [UInt8])] = []
    /// What was given memory, used or not.
    private var committed: [(offset: off_t, count: off_t)] = []
    let size: off_t

    init(of pid: Int32) throws {
        let folder = "/proc/\(pid)/fd"
        let name = try FileManager.default.contentsOfDirectory(atPath: folder).first {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)").hasPrefix("/memfd:proclang")) == true
        }
        let descriptor = open("\(folder)/\(try #require(name))", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        size = lseek(descriptor, 0, SEEK_END)
        var place = lseek(descriptor, 0, 3)  // SEEK_DATA
        while place >= 0 {
            let end = lseek(descriptor, place, 4)  // SEEK_HOLE
            var bytes = [UInt8](repeating: 0, count: Int(end - place))
            try #require(pread(descriptor, &bytes, bytes.count, place) == bytes.count)
            pieces.append((place, bytes))
            place = lseek(descriptor, end, 3)
        }
        let words = try #require(pieces.first).bytes.prefix(40 + 6 * 24).withUnsafeBytes { Array($0.bindMemory(to: Int.self)) }
        for region in 0..<6 where words[5 + region * 3 + 2] > 0 {
            committed.append((words[5 + region * 3], words[5 + region * 3 + 2]))
        }
    }

    /// `proclang ps` of a process that has the copy open meanwhile, and is none of a program.
    func ps() throws -> ProgramRun {
        // Glibc's headers hide it from Swift.
        typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
        let create = unsafeBitCast(try #require(dlsym(nil, "memfd_create")), to: Create.self)
        let descriptor = create("proclang", 1)  // MFD_CLOEXEC
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(ftruncate(descriptor, size) == 0)
        for (offset, count) in committed { try #require(posix_fallocate(descriptor, offset, count) == 0) }
        for (offset, bytes) in pieces { try #require(pwrite(descriptor, bytes, bytes.count, offset) == bytes.count) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptor, 9)
        var pid: pid_t = 0
        var words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
        defer { words.forEach { free($0) } }
        try #require(posix_spawnp(&pid, "sleep", &actions, nil, &words, environ) == 0)
        defer {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        return try WatchTests.ps("\(pid)")
    }
}
