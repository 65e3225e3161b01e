// `proclang check`: everything that is found before running, and nothing is run.

import ArgumentParser

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report the errors and warnings of scripts without running them.")

    @Flag(help: "Print the diagnostics as JSON, for editors.")
    var json = false

    @Argument(help: "The scripts; - for standard input.")
    var files: [String]

    func run() throws {
        ScriptChecker(json: json).checkAndExit(files)
    }
}
