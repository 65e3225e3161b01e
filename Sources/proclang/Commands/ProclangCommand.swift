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
        usage: """
            proclang FILE [ARGUMENTS...]     run a script
            proclang                         start the interactive prompt (REPL)
            proclang -e CODE [ARGUMENTS...]  run a line of code
            proclang - [ARGUMENTS...]        run standard input
            proclang SUBCOMMAND
            """,
        discussion: """
            Exit status: 0 when the script ended, 1 after an uncaught error, 2 when nothing was run (a wrong \
            call, an unreadable file, errors found in the script), 3 after a deadlock, n after exit(n), and \
            128 + n, as the shell shows it, after signal n.
            """,
        version: "0.1.0",
        subcommands: [RunCommand.self, CheckCommand.self, FmtCommand.self, ExplainCommand.self, ReferenceCommand.self],
        defaultSubcommand: RunCommand.self)

    /// Whether a first word names a command and not a script. No Set: making its type costs a twentieth of a start.
    static func isSubcommand(_ word: String) -> Bool {
        switch word {
        case "run", "check", "fmt", "explain", "reference", "help": return true
        default: return false
        }
    }

    /// Runs the command that the words ask for, and ends the program.
    static func parseAndRun(_ words: [String]) -> Never {
        do {
            var command = try parseAsRoot(words)
            try command.run()
            Glibc.exit(ExitStatus.success)
        } catch {
            let message = fullMessage(for: error)
            if exitCode(for: error) == .success {
                print(message)
                Glibc.exit(ExitStatus.success)
            }
            complain(message)
            Glibc.exit(ExitStatus.refused)
        }
    }
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
