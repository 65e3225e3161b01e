// What the program says about itself: help, wrong calls, the manual page and the completions that are made from it.

import Foundation
import Testing

@Suite("Help, manual page, completions")
struct HelpTests {
    func proclang(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramRun {
        try await Limiter.shared.run { try ProgramRun.of(Project.program, arguments, environment: environment) }
    }

    static let commands = ["run", "repl", "check", "fmt", "explain", "ps", "top", "reference"]

    @Test("every command has usage, examples and exit statuses, within 80 columns", arguments: commands)
    func help(_ command: String) async throws {
        let run = try await proclang([command, "--help"])
        #expect(run.status == 0)
        #expect(run.err == "")
        for part in ["proclang \(command) - ", "\nUsage:\n", "\nOptions:\n", "\nExamples:\n", "\nExit status:\n"] {
            #expect(run.out.contains(part), "no \(part.debugDescription)")
        }
        for line in run.out.split(separator: "\n") { #expect(line.count <= 80, "too wide: \(line)") }
        #expect(try await proclang(["help", command]).out == run.out)
    }

    @Test("the program's own help names every command")
    func wholeHelp() async throws {
        let run = try await proclang(["--help"])
        #expect(run.status == 0)
        for command in Self.commands { #expect(run.out.contains("\n  \(command) ")) }
        for status in ["0 ", "1 ", "2 ", "3 ", "n ", "128 + n "] { #expect(run.out.contains("\n  \(status)")) }
        #expect(!run.out.contains("\u{1b}"))
    }

    @Test("--color decides about colours, for help and for messages")
    func colour() async throws {
        let bad = Data("print(nowhere)\n".utf8)
        func err(_ words: [String], _ environment: [String: String] = [:]) async throws -> String {
            try await Limiter.shared.run {
                try ProgramRun.of(Project.program, words, files: ["a.proc": bad], environment: environment).err
            }
        }
        #expect(try await err(["--color", "always", "a.proc"]).contains("\u{1b}["))
        #expect(try await err(["check", "--color", "always", "a.proc"]).contains("\u{1b}["))
        #expect(!(try await err(["check", "--color=never", "a.proc"], ["NO_COLOR": ""]).contains("\u{1b}[")))
        #expect(!(try await err(["a.proc"], ["NO_COLOR": ""]).contains("\u{1b}[")))
    }

    @Test(
        "a wrong call is one clear message with the nearest name, and status 2",
        arguments: [
            (["check", "--jsn", "a.proc"], "Did you mean '--json'?"), (["--colour", "always", "a.proc"], "'--color'"),
            (["--color", "blue", "a.proc"], "'auto', 'always' or 'never'"), (["check"], "usage: proclang check"),
            (["chek"], "did you mean proclang check?"), (["explain", "undefned-name"], "did you mean undefined-name?"),
            (["ps", "first"], "first"), (["fmt", "--chek", "."], "Did you mean '--check'?"),
            (["reference", "manual"], "library, man, bash, zsh, fish, words"),
        ])
    func wrongCall(words: [String], text: String) async throws {
        let run = try await proclang(words)
        #expect(run.status == 2)
        #expect(run.out == "")
        #expect(run.err.hasPrefix("proclang"))
        #expect(run.err.contains(text), "\(run.err)")
        #expect(run.err.split(separator: "\n").count <= 4)
    }

    @Test(
        "the generated files are those of this program; Scripts/generate makes them anew",
        arguments: [
            ("man", "docs/proclang.1"), ("bash", "Scripts/completions/proclang.bash"),
            ("zsh", "Scripts/completions/_proclang"), ("fish", "Scripts/completions/proclang.fish"),
            ("words", "Scripts/editors/words.json"),
        ])
    func generated(topic: String, file: String) async throws {
        let run = try await proclang(["reference", topic])
        let kept = try String(contentsOf: Project.root.appendingPathComponent(file), encoding: .utf8)
        #expect(run.out == kept)
        #expect(run.out.count > 200)
    }

    @Test("the manual page holds every option and every exit status, and man can format it")
    func manual() async throws {
        let page = try await proclang(["reference", "man"]).out
        for option in ["\\-\\-color WHEN", "\\-\\-json", "\\-\\-check", "\\-e CODE", "128 + n"] {
            #expect(page.contains(option), "no \(option)")
        }
        guard let man = Self.find("man") else { return print("skipped: man is not installed") }
        let formatted = try await Limiter.shared.run {
            try ProgramRun.of(
                man, ["--warnings", "-l", Project.root.appendingPathComponent("docs/proclang.1").path],
                environment: ["MANWIDTH": "80", "PAGER": "cat"])
        }
        #expect(formatted.status == 0)
        #expect(formatted.err == "")
        #expect(formatted.out.contains("EXIT STATUS"))
    }

    /// Where a program is installed.
    static func find(_ program: String) -> String? {
        ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + program }.first { access($0, X_OK) == 0 }
    }
}

@Suite("Shell completions")
struct CompletionTests {
    /// What bash would offer for the last of these words.
    func offers(_ words: [String]) async throws -> [String] {
        let script = """
            source "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            _proclang
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let file = Project.root.appendingPathComponent("Scripts/completions/proclang.bash").path
        let run = try await Limiter.shared.run {
            try ProgramRun.of(
                "/bin/bash", ["-c", script, "bash", file, "proclang"] + words,
                files: ["job.proc": Data(), "text.md": Data()])
        }
        #expect(run.err == "")
        return run.out.split(separator: "\n").map(String.init)
    }

    @Test("bash offers commands, scripts, options and their values")
    func bash() async throws {
        #expect(try await offers(["ch"]) == ["check"])
        let first = try await offers([""])
        #expect(first.contains("repl") && first.contains("job.proc") && !first.contains("text.md"))
        #expect(try await offers(["check", "--js"]) == ["--json"])
        #expect(try await offers(["--color", "a"]).sorted() == ["always", "auto"])
        #expect(try await offers(["fmt", "j"]) == ["job.proc"])
        #expect(try await offers(["explain", "undefined-n"]) == ["undefined-name"])
        #expect(try await offers(["reference", "zs"]) == ["zsh"])
    }

    @Test(
        "the scripts are well-formed for their shells",
        arguments: [("bash", "proclang.bash"), ("zsh", "_proclang"), ("fish", "proclang.fish")])
    func syntax(shell: String, file: String) async throws {
        guard let path = HelpTests.find(shell) else { return print("skipped: \(shell) is not installed") }
        let script = Project.root.appendingPathComponent("Scripts/completions/\(file)").path
        let run = try await Limiter.shared.run { try ProgramRun.of(path, ["-n", script]) }
        #expect(run.status == 0)
        #expect(run.err == "")
    }
}
