// The interactive prompt, on a real terminal: every transcript in Tests/Golden/repl, played by Scripts/transcripts.

import Foundation
import Testing

@Suite("Transcripts of the interactive prompt")
struct TranscriptTests {
    static let names: [String] = {
        let folder = Project.golden.appendingPathComponent("repl")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    @Test("there are transcripts")
    func folder() { #expect(TranscriptTests.names.count >= 15) }

    @Test("shows what is expected", arguments: TranscriptTests.names)
    func transcript(_ name: String) async throws {
        let player = Project.root.appendingPathComponent("Scripts/transcripts").path
        let run = try await Limiter.shared.run {
            try ProgramRun.of(
                "/usr/bin/env", ["python3", player, name], patience: 120, environment: ["PROCLANG": Project.program])
        }
        #expect(run.status == 0, "\(run.out)\(run.err)")
    }
}

/// Without a terminal there is no prompt: the statements, the commands and the values are the same.
@Suite("Statements from a pipe")
struct PipedSessionTests {
    @Test("values are printed, prompts are not; commands work")
    func piped() async throws {
        let input = "let x = 20\nx + 1\nfunc f() {\n    return 2\n}\nf()\n:type x\nnil\n_ * 10\n"
        let run = try await Limiter.shared.run { try ProgramRun.of(Project.program, [], input: Data(input.utf8)) }
        #expect(run.out == "21\n2\nint\n20\n")
        #expect(run.err == "")
        #expect(run.status == 0)
    }
}
