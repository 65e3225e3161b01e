// The syntax files of the editors against the real lexer, token by token: Scripts/editors/check compares, these tests
// run it. What it compares with is kept up to date by EditorSpanTests and HelpTests.

import Foundation
import Testing

@Suite("Editors")
struct EditorTests {
    static let check = Project.root.appendingPathComponent("Scripts/editors/check").path

    /// Exit status of a shell command line.
    static func status(_ command: String) -> Int32? {
        try? ProgramRun.of("/bin/sh", ["-c", command], patience: 20).status
    }

    static let hasPython = status("python3 -c ''") == 0
    static let hasPygments = status("python3 -c 'import pygments'") == 0
    static let hasVim = status("vim --version | grep -q '+syntax'") == 0

    func run(_ what: String) async throws {
        let run = try await Limiter.shared.run {
            try ProgramRun.of("/usr/bin/env", ["python3", Self.check, what], patience: 120)
        }
        #expect(run.status == 0, "\(run.out)\(run.err)")
        #expect(run.out == "")
    }

    @Test("all name the keywords, types, functions and modules that there are", .enabled(if: hasPython, "needs python3"))
    func words() async throws { try await run("words") }

    @Test("the TextMate grammar", .enabled(if: hasPython, "needs python3"))
    func textmate() async throws { try await run("textmate") }

    @Test("the Pygments lexer", .enabled(if: hasPygments, "needs python3-pygments"))
    func pygments() async throws { try await run("pygments") }

    @Test("Vim's syntax", .enabled(if: hasPython && hasVim, "needs python3 and vim with syntax files"))
    func vim() async throws { try await run("vim") }

    @Test("Vim's indentation", .enabled(if: hasPython && hasVim, "needs python3 and vim with syntax files"))
    func indentation() async throws { try await run("indent") }

    @Test("the README's line for pygmentize", .enabled(if: hasPygments, "needs python3-pygments"))
    func pygmentize() async throws {
        let lexer = Project.root.appendingPathComponent("Scripts/editors/pygments/proclang_lexer.py").path
        let run = try await Limiter.shared.run {
            try ProgramRun.of(
                "/usr/bin/env", ["python3", "-m", "pygments", "-x", "-l", "\(lexer):ProcLangLexer", "-f", "raw", "a.proc"],
                files: ["a.proc": Data("process p(c?) { c ? x }\n".utf8)], patience: 60)
        }
        #expect(run.status == 0, "\(run.err)")
        #expect(run.out.contains("Token.Keyword.Declaration\t'process'"))
    }
}
