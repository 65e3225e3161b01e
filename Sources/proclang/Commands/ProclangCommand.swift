// The root of the command line: which commands there are, and how a wrong call is answered.

import ArgumentParser
import Glibc

/// The exit statuses that the program itself chooses (LANGUAGE.md section 8).
enum ExitStatus {
    static let success: Int32 = 0
    /// An uncaught error while the script ran.
    static let failure: Int32 = 1
    /// Found before anything ran: a wrong call, a script that cannot be read, errors in the script.
    static let refused: Int32 = 2
    /// A deadlock.
    static let deadlock: Int32 = 3
    /// `--timeout`: the status that timeout(1) has for it.
    static let outOfTime: Int32 = 124
}

struct ProclangCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proclang",
        abstract: "Run programs made of communicating processes.",
        version: "0.1.0",
        subcommands: [
            RunCommand.self, ReplCommand.self, CheckCommand.self, FmtCommand.self, ExplainCommand.self, PsCommand.self,
            TopCommand.self, ReferenceCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static let notes = CommandNotes(
        usage: [
            "proclang FILE [ARGUMENTS...]", "proclang", "proclang -e CODE [ARGUMENTS...]",
            "proclang COMMAND [OPTIONS] ...",
        ],
        discussion: [
            "ProcLang is a language for programs made of communicating processes. Every process of a script is a process "
                + "of the operating system; they talk through channels, queues, pipes and shared variables. Without "
                + "anything to run, proclang is an interactive prompt."
        ],
        examples: [
            ManualItem("proclang job.proc 10", "run a script with an argument"),
            ManualItem("proclang", "the interactive prompt"),
            ManualItem("proclang check job.proc", "what is wrong, without running it"),
            ManualItem("proclang top", "watch the processes of a running script"),
        ],
        exitStatuses: runStatuses,
        sections: [
            (
                "Environment",
                [
                    ManualItem("NO_COLOR", "if set and not empty, no colours"),
                    ManualItem("PROCLANG_HISTORY", "where the prompt keeps its history; empty: nowhere"),
                ]
            )
        ])

    /// The exit statuses of a program that runs a script.
    static let runStatuses = [
        ManualItem("0", "the script ended"), ManualItem("1", "an uncaught error, or an unjoined process failed"),
        ManualItem("2", "nothing was run: a wrong call, an unreadable file, errors found in the script"),
        ManualItem("3", "a deadlock"), ManualItem("124", "--timeout: the time was up"),
        ManualItem("n", "exit(n) was called"),
        ManualItem("128 + n", "signal n ended the program, as the shell shows it: 130 after Ctrl-C"),
    ]

    static let names = ["run", "repl", "check", "fmt", "explain", "ps", "top", "reference", "help"]

    /// Whether a first word names a command and not a script. No Set: making its type costs a twentieth of a start.
    static func isSubcommand(_ word: String) -> Bool {
        switch word {
        case "run", "repl", "check", "fmt", "explain", "ps", "top", "reference", "help": return true
        default: return false
        }
    }

    /// Runs the command that the words ask for, and ends the program.
    static func parseAndRun(_ words: [String]) -> Never {
        do {
            var command = try parseAsRoot(words)
            try command.run()
            StandardStreams.finish()
        } catch {
            let name = words.first == "help" ? words.dropFirst().first : words.first
            let command = CommandDescription.program.commands.first { $0.commandName == name }
            if exitCode(for: error) == .success {
                let message = fullMessage(for: error)
                // The parser knows when help is due; how it looks is ours.
                let isHelp = message.hasPrefix("OVERVIEW:")
                let program = CommandDescription.program
                print(isHelp ? HelpText.forStandardOutput().render(command ?? program, isRoot: command == nil) : message,
                    terminator: isHelp ? "" : "\n")
                StandardStreams.finish()
            }
            complain(refusal(message(for: error), command: command?.commandName))
            Glibc.exit(ExitStatus.refused)
        }
    }

    /// One message for a wrong call: what is wrong, and where to read more; how it is called, if something is missing.
    private static func refusal(_ message: String, command: String?) -> String {
        let caller = command.map { "proclang \($0)" } ?? "proclang"
        // Longer lists of values come a line each.
        let parts = message.split(separator: "\n").map { $0.hasPrefix("  - ") ? String($0.dropFirst(4)) : String($0) }
        let text = parts.count > 1 ? parts[0] + " " + parts.dropFirst().joined(separator: ", ") : message
        var lines = ["\(caller): \(lowerFirst(text))"]
        if message.hasPrefix("Missing") {
            let usage = command.map { notes(of: $0).usage } ?? notes.usage
            lines.append("usage: \(usage.joined(separator: "\n       "))")
        }
        return (lines + ["\(caller) --help says more"]).joined(separator: "\n")
    }

    private static func lowerFirst(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }
}

/// Writes one message and a newline to standard error.
func complain(_ message: String) {
    var text = message + "\n"
    text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let count = write(STDERR_FILENO, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
