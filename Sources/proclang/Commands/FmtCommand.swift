// `proclang fmt`: writes scripts in the canonical style, or tells which are not.

import ArgumentParser
import Glibc
import ProcLang

struct FmtCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(commandName: "fmt", abstract: "Format scripts in place.")

    static let notes = CommandNotes(
        usage: ["proclang fmt [--check] FILE...", "proclang fmt -"],
        discussion: [
            "Puts scripts into the one canonical style, and prints the names of the files that it changed. Files with "
                + "syntax errors are left alone. Of a folder it takes all scripts in and below it, but for hidden folders "
                + "and for what a file .fmtignore there names, a path a line: scripts that are wrong on purpose."
        ],
        examples: [
            ManualItem("proclang fmt .", "all .proc files in and below this folder"),
            ManualItem("proclang fmt --check src", "only name those that are not formatted"),
            ManualItem("proclang fmt - < a.proc", "print the formatted text, for editors"),
        ],
        exitStatuses: [
            ManualItem("0", "all is well"), ManualItem("1", "--check found a file that is not formatted"),
            ManualItem("2", "a file cannot be read, written or parsed"),
        ])

    @Flag(help: "Change nothing; print the names of the files that are not formatted.")
    var check = false

    @OptionGroup var display: DisplayOptions

    @Argument(
        help: ArgumentHelp(
            "Scripts, folders of scripts, or - to format standard input to standard output.", valueName: "file"),
        completion: .file(extensions: ["proc"]))
    var files: [String]

    func run() throws {
        var status = ExitStatus.success
        for file in files {
            for path in file == "-" ? ["-"] : ScriptFolder.scripts(at: file) {
                status = max(status, format(path))
            }
        }
        if status != ExitStatus.success { Glibc.exit(status) }
    }

    /// Formats one file; the exit status that it deserves.
    private func format(_ path: String) -> Int32 {
        do {
            let isInput = path == "-"
            let text = try ScriptText.read(isInput ? .standardInput : .file(path))
            let sources = SourceMap()
            let source = sources.add(path: isInput ? "<stdin>" : path, text: text)
            switch Formatter.format(source) {
            case .refused(let diagnostics):
                let renderer = DiagnosticRenderer(sources: sources, isColoured: Reporter.usesColour(STDERR_FILENO))
                complain(String(renderer.render(diagnostics).dropLast()))
                return ExitStatus.refused
            case .formatted(let formatted):
                let isChanged = Array(formatted.utf8) != text
                if check {
                    if isChanged { print(source.path) }
                    return isChanged ? ExitStatus.failure : ExitStatus.success
                }
                if isInput {
                    print(formatted, terminator: "")
                } else if isChanged {
                    try FileReplacement.write(Array(formatted.utf8), to: path)
                    print(path)
                }
                return ExitStatus.success
            }
        } catch let error as ScriptUnreadable {
            complain("proclang: \(error.message)")
        } catch {
            complain("proclang: \((error as? HostError)?.message ?? "cannot format \(path)")")
        }
        return ExitStatus.refused
    }
}
