// The interactive prompt, on a real terminal.

import Foundation
import Testing

@Suite("Interactive prompt")
struct ReplTests {
    /// Runs a session on a thread of its own; `steps` gets the terminal when the first prompt stands there.
    func session(
        environment: [String: String] = [:], _ steps: @escaping @Sendable (PseudoTerminal) throws -> Void
    ) async throws {
        try await Limiter.shared.run {
            let terminal = try PseudoTerminal(environment: environment)
            try terminal.expect("> ")
            try steps(terminal)
        }
    }

    /// Types a line and waits for what it answers.
    static func ask(_ terminal: PseudoTerminal, _ line: String, _ answer: String) throws {
        terminal.line(line)
        try terminal.expect(answer)
        try terminal.expect("> ")
    }

    @Test("the value of an expression is echoed, nil is not")
    func echo() async throws {
        try await session { terminal in
            try Self.ask(terminal, "1000 + 1", "1001")
            try Self.ask(terminal, "[1, \"a\" + \"b\"]", "[1, \"ab\"]")
            terminal.line("nil")
            let before = try terminal.expect("> ")
            #expect(before.components(separatedBy: "nil").count == 2)  // only what was typed
        }
    }

    @Test("state is kept over statements and errors")
    func state() async throws {
        try await session { terminal in
            terminal.line("var x = 20")
            try terminal.expect("> ")
            try Self.ask(terminal, "x + undefined_name", "not defined")
            try Self.ask(terminal, "1 // 0", "zero_division")
            terminal.line("x += 22")
            try terminal.expect("> ")
            try Self.ask(terminal, "x * 100", "4200")
        }
    }

    @Test("an incomplete input goes on in the next line")
    func continuation() async throws {
        try await session { terminal in
            terminal.line("func twice(n) {")
            terminal.line("    return n * 2")
            terminal.line("}")
            try Self.ask(terminal, "twice(2100)", "4200")
            terminal.line("let xs = [1,")
            terminal.line("2, 30]")
            try Self.ask(terminal, "sum(xs) * 100", "3300")
        }
    }

    @Test("processes run behind the prompt")
    func processes() async throws {
        try await session { terminal in
            terminal.line("process square(n) { return n * n }")
            terminal.line("let p = start square(111)")
            try Self.ask(terminal, "p.join()", "12321")
            terminal.line("channel c")
            terminal.line("let q = start { c ? x; return x + 1 }")
            try Self.ask(terminal, "q.status", "\"running\"")
            terminal.line("c ! 1233")
            try Self.ask(terminal, "q.join()", "1234")
        }
    }

    @Test("Ctrl-C comes back to the prompt and ends what the statement started")
    func interrupt() async throws {
        try await session { terminal in
            terminal.line("let kept = 777")
            try terminal.expect("> ")
            terminal.line("process sleeper() { sleep(60s) }")
            try terminal.expect("> ")
            terminal.line("parallel { sleeper(); { print(\"begun\" + \"!\"); sleep(60s) } }")
            try terminal.expect("begun!")
            #expect(terminal.child.members().contains { $0.name == "sleeper" })
            terminal.control("c")
            try terminal.expect("> ")
            #expect(!terminal.child.members().contains { $0.name == "sleeper" })
            try Self.ask(terminal, "kept + 1", "778")
            terminal.line("loop { }")
            usleep(200_000)
            terminal.control("c")
            try terminal.expect("> ")
            try Self.ask(terminal, "kept + 2", "779")
        }
    }

    @Test("Ctrl-C throws a half-typed line away")
    func interruptOfInput() async throws {
        try await session { terminal in
            terminal.send("1000 + ")
            try terminal.expect("1000 + ")
            terminal.control("c")
            try terminal.expect("> ")
            try Self.ask(terminal, "2 * 21", "42")
            terminal.line("func half(")
            terminal.control("c")
            try terminal.expect("> ")
            try Self.ask(terminal, "3 * 21", "63")
        }
    }

    @Test("a deadlocked statement returns to the prompt with the report")
    func deadlock() async throws {
        try await session { terminal in
            terminal.line("channel c")
            try Self.ask(terminal, "c ! 1", "deadlock")
            try Self.ask(terminal, "5 * 5", "25")
        }
    }

    @Test("Ctrl-D leaves, and leaves nothing behind")
    func leave() async throws {
        try await session { terminal in
            terminal.line("let p = start { sleep(60s) }")
            try Self.ask(terminal, "p.status", "\"running\"")
            terminal.control("d")
            let end = try terminal.end()
            #expect(end == .exited(0))
            #expect(terminal.child.members().isEmpty)
        }
    }

    @Test("exit(n) leaves with the status")
    func exit() async throws {
        try await session { terminal in
            terminal.line("exit(7)")
            let end = try terminal.end()
            #expect(end == .exited(7))
        }
    }

    @Test("history outlives the session")
    func history() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("home-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let environment = ["HOME": home.path, "XDG_STATE_HOME": home.path, "XDG_DATA_HOME": home.path]
        try await session(environment: environment) { terminal in
            try Self.ask(terminal, "111 * 3", "333")
            terminal.control("d")
            _ = try terminal.end()
        }
        try await session(environment: environment) { terminal in
            terminal.send("\u{1b}[A")  // the up key
            try terminal.expect("111 * 3")
            terminal.send("\r")
            try terminal.expect("333")
        }
    }
}
