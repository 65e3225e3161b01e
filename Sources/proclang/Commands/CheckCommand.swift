// `proclang check`: everything that is found before running, and nothing is run.

import ArgumentParser

struct CheckCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report the errors and warnings of scripts without running them.")

    static let notes = CommandNotes(
        usage: ["proclang check [OPTIONS] FILE..."],
        examples: [
            ManualItem("proclang check job.proc", "what is wrong, or may be, in a script and its imports"),
            ManualItem("proclang check --json *.proc", "the same as data: code, message, file, line, column, help"),
        ],
        exitStatuses: [
            ManualItem("0", "no errors; there may be warnings"), ManualItem("2", "errors, or a file cannot be read"),
        ])

    @Flag(help: "Print the diagnostics as JSON, for editors.")
    var json = false

    @OptionGroup var display: DisplayOptions

    @Argument(
        help: ArgumentHelp("The scripts; - for standard input.", valueName: "file"),
        completion: .file(extensions: ["proc"]))
    var files: [String]

    func run() throws {
        ScriptChecker(json: json).checkAndExit(files)
    }
}
