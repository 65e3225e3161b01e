// Terminals, pipes and signals of the kernel: readers that go away, full disks, closed descriptors, a terminal that is
// closed, a job that is stopped and goes on. What matters: the status, the message, and that nothing stays behind.

import Foundation
import Testing

@Suite("Terminals and signals")
struct TerminalTests {
    /// Three processes that print until they cannot.
    private static let talkers = """
        process talk(i) { loop { print("line {i}") } }
        parallel { talk(1); talk(2); talk(3) }
        """
    /// Two that know what to do about it.
    private static let careful = """
        process talk(i) { loop { print("line {i}") } }
        try { parallel { talk(1); talk(2) } } catch e { eprint("caught {e.kind}") }
        """

    /// Runs a command of the shell in a folder with the two scripts; `$p` is the program.
    private func shell(_ command: String) async throws -> ProgramRun {
        try await Limiter.shared.run {
            try ProgramRun.of(
                "/bin/bash", ["-c", command],
                files: ["talkers.proc": Data(Self.talkers.utf8), "careful.proc": Data(Self.careful.utf8)],
                patience: 3 * Project.patience, environment: ["p": Project.program])
        }
    }

    @Test("a reader that goes away while children print", arguments: ["head -n 2", "sleep 0.2"])
    func brokenPipe(_ reader: String) async throws {
        let run = try await shell("$p talkers.proc | \(reader) >/dev/null; echo ${PIPESTATUS[0]}")
        #expect(run.out == "1\n")
        #expect(run.err.contains("error: io: cannot write to standard output: Broken pipe"))
        #expect(!run.err.contains("Fatal error"))
        #expect(run.leftBehind == [])
    }

    @Test("a full disk, and a closed standard output",
        arguments: [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
    func lostOutput(_ where: String, _ reason: String) async throws {
        let run = try await shell("$p talkers.proc \(`where`)")
        #expect(run.end == .exited(1))
        #expect(run.err.contains("error: io: cannot write to standard output: \(reason)"))
        #expect(run.leftBehind == [])
        let caught = try await shell("$p careful.proc \(`where`)")
        #expect(caught.err.contains("caught io"))
        #expect(caught.leftBehind == [])
        // One line that stays in the buffer until the end is as lost as any other.
        #expect(try await shell("$p -e 'print(1)' \(`where`)").end == .exited(1))
        #expect(try await shell("$p -e 'print(1)' \(`where`) 2>&-").end == .exited(1))
    }

    @Test("an input that is closed is at its end")
    func closedInput() async throws {
        let run = try await shell("$p -e 'print(input())' <&-")
        #expect(run.out == "nil\n")
        #expect(run.end == .exited(0))
    }

    /// A parent and a child that wait until there is a file `go`, and say when they have begun and ended.
    private static let waiting = """
        process child(ready!) {
            ready ! true
            while not fs.exists("go") { sleep(5ms) }
            print("child done")
        }
        queue ready
        let c = start child(ready)
        ready ? _
        print("started")
        c.join()
        print("main done")
        """

    @Test("a closed terminal ends the program")
    func closedTerminal() async throws {
        let left = try await Limiter.shared.run { () -> [String] in
            let terminal = try PseudoTerminal(Project.program, ["-e", Self.waiting])
            try terminal.expect("started")
            let child = terminal.child
            terminal.hangUp()
            let end = child.wait(seconds: Project.patience)
            #expect(end == .signalled(SIGHUP))
            _ = holds { child.members().isEmpty }
            return child.members().map(\.name)
        }
        #expect(left == [])
    }

    @Test("Ctrl-Z stops the whole program, fg lets it go on")
    func stopped() async throws {
        try await Limiter.shared.run {
            let terminal = try PseudoTerminal("/bin/bash", ["--norc", "--noprofile", "-i"], environment: ["PS1": "$ ", "p": Project.program])
            try Data(Self.waiting.utf8).write(to: terminal.folder.appendingPathComponent("w.proc"))
            terminal.line("$p w.proc")
            try terminal.expect("started")
            terminal.control("z")
            try terminal.expect("Stopped")
            func states() -> [Character] {
                terminal.child.members().filter { $0.pid != terminal.child.pid }.compactMap { member in
                    let stat = FileManager.default.contents(atPath: "/proc/\(member.pid)/stat").map { String(decoding: $0, as: UTF8.self) }
                    return stat.flatMap { text in text.lastIndex(of: ")").flatMap { text[$0...].dropFirst(2).first } }
                }
            }
            // The shell says so as soon as the root has stopped; the others may still be on their way.
            #expect(holds { states() == ["T", "T", "T"] }, "\(states())")
            try Data().write(to: terminal.folder.appendingPathComponent("go"))
            terminal.line("fg")
            try terminal.expect("child done")
            try terminal.expect("main done")
            terminal.line("echo status $?")
            try terminal.expect("status 0")
            #expect(holds { states() == [] }, "\(states())")
            terminal.line("exit")
            #expect(try terminal.end() == .exited(0))
        }
    }

    @Test("who waits for the program learns its processor time, and that of all its processes")
    func processorTime() async throws {
        let work = "parallel for i in 0..<3 { var n = 0; while n < 6000000 { n += 1 } }"
        for _ in 0..<5 {
            let run = try await shell("TIMEFORMAT=%U; time $p -e '\(work)'")
            let seconds = run.err.split(separator: "\n").last.flatMap { Double($0) } ?? 0
            // The root alone takes some milliseconds, the work at least 60.
            #expect(seconds > 0.04, "\(run.err)")
            #expect(run.end == .exited(0))
        }
    }
}
