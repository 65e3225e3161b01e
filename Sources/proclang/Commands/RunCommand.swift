// `proclang run` and everything that runs a script: a file, `-`, `-e`; without any of them, the REPL.

import ArgumentParser

struct RunCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a script; without one, start the interactive prompt.")

    static let notes = CommandNotes(
        usage: [
            "proclang [run] [OPTIONS] FILE [ARGUMENTS...]", "proclang [run] [OPTIONS] -e CODE [ARGUMENTS...]",
            "proclang [run] [OPTIONS] - [ARGUMENTS...]",
        ],
        discussion: [
            "The word run may be left out, unless the script has the name of a command (or write ./NAME). Options stand "
                + "before the script: what follows it belongs to the script, which finds it in os.args. SIGINT, SIGTERM "
                + "and SIGHUP cancel the script, whose `finally` blocks run, and end the program."
        ],
        examples: [
            ManualItem("proclang job.proc 10 fast", "run a script; os.args is [\"10\", \"fast\"]"),
            ManualItem("proclang -e 'print(6 * 7)'", "run a line of code"),
            ManualItem("proclang --timeout 5s --memory 64M job.proc", "not longer, and not more shared memory"),
            ManualItem("proclang --deny exec,fs.write,env job.proc", "a script that is not trusted"),
            ManualItem("generate | proclang -", "run what another program writes"),
        ],
        exitStatuses: ProclangCommand.runStatuses)

    @Option(
        name: .customShort("e"), help: ArgumentHelp("Run this code instead of a file.", valueName: "code"))
    var code: String?

    @OptionGroup var options: RunOptions
    @OptionGroup var display: DisplayOptions

    @Argument(help: "The script; - for standard input.", completion: .file(extensions: ["proc"]))
    var file: String?

    @Argument(parsing: .captureForPassthrough, help: "What the script finds in os.args.", completion: .default)
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
