// The command line: the ways to name a script, the exit statuses, and input that is bad in every way.

import Foundation
import Testing

@Suite("Command line")
struct CommandLineTests {
    /// Runs the program under test.
    func proclang(
        _ arguments: String..., input: String = "", files: [String: Data] = [:], outPath: String? = nil,
        during: (@Sendable (Child) -> Void)? = nil
    ) async throws -> ProgramRun {
        try await Limiter.shared.run {
            try ProgramRun.of(
                Project.program, arguments, input: Data(input.utf8), files: files, outPath: outPath, during: during)
        }
    }

    /// One clear message on standard error, and the documented status.
    func expectMessage(_ run: ProgramRun, status: Int32, _ text: String, lines: Int = 12) {
        #expect(run.status == status)
        #expect(run.err.contains(text))
        #expect(run.err.split(separator: "\n").count <= lines)
        #expect(!run.err.contains("Fatal error"))
        #expect(run.leftBehind == [])
    }

    @Test("a file, with and without `run`, with arguments")
    func file() async throws {
        let files = ["a.proc": Data("print(os.args)".utf8)]
        var run = try await proclang("a.proc", "x", "--flag", files: files)
        #expect(run.out == "[\"x\", \"--flag\"]\n")
        #expect(run.status == 0)
        run = try await proclang("run", "a.proc", "1", "--help", files: files)
        #expect(run.out == "[\"1\", \"--help\"]\n")
    }

    @Test("-e and standard input")
    func text() async throws {
        #expect(try await proclang("-e", "print(1 + 1)").out == "2\n")
        #expect(try await proclang("-e", "").status == 0)
        #expect(try await proclang("-", input: "print(2 + 2)\n").out == "4\n")
    }

    @Test("input that is no terminal needs no `-`, and shows no prompt or banner")
    func pipedInput() async throws {
        let run = try await proclang(input: "let x = 20\nprint(x * 2)\n")
        #expect(run.out == "40\n")
        #expect(run.err == "")
        #expect(run.status == 0)
    }

    @Test("#! makes a script a program")
    func hashBang() async throws {
        let script = "#!\(Project.program)\nprint(\"as a program\", os.args)\n"
        let run = try await Limiter.shared.run {
            try ProgramRun.of(
                "/bin/sh", ["-c", "cp s.proc t.proc; chmod +x t.proc; exec ./t.proc one"], files: ["s.proc": Data(script.utf8)])
        }
        #expect(run.out == "as a program [\"one\"]\n")
    }

    @Test("--help and --version")
    func help() async throws {
        let help = try await proclang("--help")
        #expect(help.status == 0)
        #expect(help.out.contains("proclang"))
        #expect(help.out.contains("check"))
        let version = try await proclang("--version")
        #expect(version.status == 0)
        #expect(version.out.contains("."))
    }

    @Test("check says what is wrong and runs nothing")
    func check() async throws {
        let good = try await proclang("check", "a.proc", files: ["a.proc": Data("print(1)".utf8)])
        #expect(good.status == 0)
        #expect(!good.out.contains("1\n"))
        let bad = try await proclang("check", "b.proc", files: ["b.proc": Data("print(1)\nprint(nowhere)\n".utf8)])
        #expect(bad.status == 2)
        #expect((bad.out + bad.err).contains("nowhere"))
        #expect((bad.out + bad.err).contains("b.proc:2:"))
    }

    @Test("files that cannot be read")
    func unreadable() async throws {
        expectMessage(try await proclang("no_such_file.proc"), status: 2, "no_such_file.proc")
        expectMessage(try await proclang("."), status: 2, "directory")
        let invalid = Data([0x70, 0x72, 0x69, 0x6e, 0x74, 0x28, 0x22, 0xff, 0xfe, 0x22, 0x29])
        expectMessage(try await proclang("bad.proc", files: ["bad.proc": invalid]), status: 2, "UTF-8")
    }

    @Test("a line of 10 MB")
    func longLine() async throws {
        let long = "let s = \"" + String(repeating: "x", count: 10_000_000) + "\"; print(len(s))"
        let run = try await proclang("long.proc", files: ["long.proc": Data(long.utf8)])
        #expect(run.out == "10000000\n")
        let bad = String(repeating: "x", count: 10_000_000) + " = ="
        let failed = try await proclang("bad.proc", files: ["bad.proc": Data(bad.utf8)])
        #expect(failed.status == 2)
        #expect(failed.err.utf8.count < 5000)
    }

    @Test("100,000 nested brackets", arguments: ["[", "(", "{ ", "-", "not ", "x => ", "\"{", "if true {", "f("])
    func nesting(_ opening: String) async throws {
        let run = try await proclang(
            "deep.proc", files: ["deep.proc": Data(String(repeating: opening, count: 100_000).utf8)])
        #expect(run.status == 2)
        #expect(!run.err.isEmpty)
        #expect(run.err.utf8.count < 20_000)
        #expect(!run.err.contains("Fatal error"))
    }

    @Test("infinite recursion")
    func recursion() async throws {
        let run = try await proclang("-e", "func f() { return f() + 1 }\nf()")
        expectMessage(run, status: 1, "recursion", lines: 60)
    }

    @Test("a closed or full standard output")
    func output() async throws {
        let full = try await proclang("-e", "for i in 0..<100000 { print(i) }", outPath: "/dev/full")
        #expect(full.status != 0)
        #expect(!full.err.contains("Fatal error"))
        let closed = try await Limiter.shared.run {
            try ProgramRun.of("/bin/sh", ["-c", "'\(Project.program)' -e 'loop { print(\"x\") }' | head -n 2"])
        }
        #expect(closed.out == "x\nx\n")
        #expect(closed.end == .exited(0))
        #expect(closed.leftBehind == [])
    }

    /// A script that says when it waits, has a child that waits too, and says what it cleans up.
    static let waiting = """
        process child(ready!) {
            ready ! true
            try { sleep(60s) } finally { print("child cleaned up") }
        }
        channel ready
        start child(ready)
        ready ? _
        fs.write("ready", "")
        try { sleep(60s) } finally { print("main cleaned up") }
        """

    @Test("SIGINT, SIGTERM and SIGHUP cancel in order and end the program by the signal",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func signals(_ signal: Int32) async throws {
        let run = try await proclang("w.proc", files: ["w.proc": Data(Self.waiting.utf8)], during: { child in
            waitForReady(child)
            kill(child.pid, signal)
        })
        #expect(run.end == .signalled(signal))
        #expect(run.out.split(separator: "\n").sorted() == ["child cleaned up", "main cleaned up"])
        #expect(run.leftBehind == [])
    }

    /// What waits for something that the same signal ends: a process, a group, a program, the output of one. `N`: the line
    /// that says that all wait.
    static let waitingForOthers = [
        "let h = start { N; sleep(60) }; try { h.join() } finally { sleep(20ms); print(1) }",
        "process boss() { let h = start { N; sleep(60) }; try { h.join() } finally { sleep(20ms); print(1) } }; parallel { boss() }",
        """
        process w() { try { N; sleep(60) } finally { sleep(20ms); print(1) } }
        process boss() { try { parallel { w() } } finally { sleep(20ms); print(2) } }
        try { parallel { boss() } } finally { sleep(20ms); print(3) }
        """,
        "try { os.run(\"touch ready; exec sleep 60\") } finally { sleep(20ms); print(1) }",
        "let s = os.spawn([\"cat\"]); N; try { for l in s.stdout { } } finally { sleep(20ms); print(1) }",
        "try { N; sleep(60) } finally { parallel for i in 1...3 { sleep(20ms); print(i) } }",
    ]

    @Test("a signal to the whole process group lets every `finally` run to its end", arguments: [SIGINT, SIGTERM], waitingForOthers)
    func groupSignals(_ signal: Int32, _ script: String) async throws {
        let text = script.replacingOccurrences(of: "N;", with: "fs.write(\"ready\", \"\");")
        // What GNU `timeout` does sends to the root once more, just before.
        for before in [false, true] {
            let run = try await proclang("w.proc", files: ["w.proc": Data(text.utf8)], during: { child in
                waitForReady(child)
                if before { kill(child.pid, signal) }
                kill(-child.pid, signal)
            })
            #expect(run.end == .signalled(signal))
            #expect(run.out.split(separator: "\n").sorted().joined() == (text.contains("3") ? "123" : "1"))
            #expect(run.err == "")
            #expect(run.leftBehind == [])
        }
    }

    @Test("kill -9 of the root leaves nothing behind")
    func killed() async throws {
        let run = try await proclang("w.proc", files: ["w.proc": Data(Self.waiting.utf8)], during: { child in
            waitForReady(child)
            kill(child.pid, SIGKILL)
            _ = holds { child.members().isEmpty }
        })
        #expect(run.end == .signalled(SIGKILL))
        #expect(run.leftBehind == [])
    }

    @Test("kill -9 of the root ends processes that go on starting others")
    func growingChain() async throws {
        let script = #"process chain(n) { if n == 50 { fs.write("ready", "") }; if n < 20_000 { parallel { chain(n + 1) } } }; parallel { chain(0) }"#
        let run = try await proclang("w.proc", files: ["w.proc": Data(script.utf8)], during: { child in
            waitForReady(child)
            kill(child.pid, SIGKILL)
            _ = holds { child.members().isEmpty }
        })
        #expect(run.end == .signalled(SIGKILL))
        #expect(run.leftBehind == [])
    }

    @Test("kill -9 of the root or of the main script reaches what a shell has started", arguments: [true, false])
    func shellsAreKilled(_ root: Bool) async throws {
        let script = #"process w() { os.run("touch ready; sleep 60 | cat; true") }; print(self.pid); parallel { w() }"#
        let run = try await proclang("w.proc", files: ["w.proc": Data(script.utf8)], during: { child in
            waitForReady(child)
            let main = (try? String(contentsOfFile: "/proc/\(child.pid)/task/\(child.pid)/children", encoding: .utf8))
                .flatMap { $0.split(separator: " ").first }.flatMap { pid_t($0) }
            kill(root ? child.pid : main ?? child.pid, SIGKILL)
            _ = holds { child.members().isEmpty }
        })
        #expect(run.end == (root ? .signalled(SIGKILL) : .exited(137)))
        #expect(run.leftBehind == [])
    }
}

/// Waits until the script has written its file `ready`.
private func waitForReady(_ child: Child) {
    _ = holds { access("/proc/\(child.pid)/cwd/ready", F_OK) == 0 }
}
