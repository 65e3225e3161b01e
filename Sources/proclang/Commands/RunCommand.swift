// `proclang run` and everything that runs a script: a file, `-`, `-e`; without any of them, the REPL.

import ArgumentParser

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script; without one, start the interactive prompt.")

    @Option(name: .customShort("e"), help: "Run this code instead of a file.")
    var code: String?

    @OptionGroup(title: "Options of a run") var options: RunOptions

    @Argument(help: "The script; - for standard input.")
    var file: String?

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in os.args.")
    var arguments: [String] = []

    func run() throws {
        let limits = options.limits
        if let code {
            // With -e there is no file: the first word is already the script's.
            let rest = (file.map { [$0] } ?? []) + arguments
            ScriptRunner(origin: .argument(code), arguments: rest, limits: limits).runAndExit()
        }
        switch file {
        case nil: Repl.runAndExit(limits: limits)
        case "-": ScriptRunner(origin: .standardInput, arguments: arguments, limits: limits).runAndExit()
        case let path?: ScriptRunner(origin: .file(path), arguments: arguments, limits: limits).runAndExit()
        }
    }
}
