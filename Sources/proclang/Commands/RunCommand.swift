// `proclang run` and everything that runs a script: a file, `-`, `-e`; without any of them, the REPL.

import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script; without one, start the interactive prompt.")

    @Option(name: .customShort("e"), help: "Run this code instead of a file.")
    var code: String?

    @Argument(help: "The script; - for standard input.")
    var file: String?

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in os.args.")
    var arguments: [String] = []

    func run() throws {
        if let code {
            // With -e there is no file: the first word is already the script's.
            let rest = (file.map { [$0] } ?? []) + arguments
            ScriptRunner(origin: .argument(code), arguments: rest).runAndExit()
        }
        switch file {
        case nil: Repl.runAndExit()
        case "-": ScriptRunner(origin: .standardInput, arguments: arguments).runAndExit()
        case let path?: ScriptRunner(origin: .file(path), arguments: arguments).runAndExit()
        }
    }
}
