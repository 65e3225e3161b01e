// The test helpers themselves, against programs that every system has.

import Foundation
import Testing

@Suite("Helpers of the command tests")
struct HelperTests {
    @Test("a run gives output, status and leftovers")
    func run() async throws {
        let run = try await Limiter.shared.run {
            try ProgramRun.of("/bin/sh", ["-c", "cat; echo oops >&2; sleep 30 & exit 3"], input: Data("hi\n".utf8))
        }
        #expect(run.out == "hi\n")
        #expect(run.err == "oops\n")
        #expect(run.status == 3)
        #expect(run.leftBehind.count == 1)
    }

    @Test("the watchdog ends a run with all its processes")
    func watchdog() async throws {
        let run = try await Limiter.shared.run {
            try ProgramRun.of("/bin/sh", ["-c", "echo started; sleep 60 & sleep 60"], patience: 0.5)
        }
        #expect(run.end == .timedOut)
        #expect(run.out == "started\n")
    }

    @Test("the pseudo-terminal is the controlling one")
    func terminal() async throws {
        let end = try await Limiter.shared.run {
            let terminal = try PseudoTerminal("/bin/cat")
            terminal.line("hello")
            try terminal.expect("hello")
            try terminal.expect("hello")
            terminal.control("c")
            return try terminal.end()
        }
        #expect(end == .signalled(SIGINT))
    }
}
