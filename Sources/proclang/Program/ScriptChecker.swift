// `proclang check`: loads scripts, reports, and runs nothing.

import Glibc
import ProcLang

struct ScriptChecker {
    /// Diagnostics as one JSON array on standard output, instead of text on standard error.
    let json: Bool

    /// Checks the files and ends the program: 0 without errors (warnings are no errors), 2 with.
    func checkAndExit(_ files: [String]) -> Never {
        var hasErrors = false
        var objects: [String] = []
        for file in files {
            let origin: ScriptOrigin = file == "-" ? .standardInput : .file(file)
            let text: [UInt8]
            do {
                text = try ScriptText.read(origin)
            } catch {
                complain("proclang: \(error.message)")
                hasErrors = true
                continue
            }
            let sources = SourceMap()
            let loader = Loader(
                sources: sources, globals: GlobalTable(), builtins: Interpreter.builtins, read: FileAccess.read)
            let program = loader.load(text: text, path: origin.displayName, isFile: file != "-")
            if program.diagnostics.hasErrors { hasErrors = true }
            if json {
                objects += program.diagnostics.map { DiagnosticJSON.render($0, sources: sources) }
            } else if !program.diagnostics.isEmpty {
                let renderer = DiagnosticRenderer(sources: sources, isColoured: Reporter.usesColour(STDERR_FILENO))
                complain(String(renderer.render(program.diagnostics).dropLast()))
            }
        }
        if json { print("[" + objects.joined(separator: ",\n ") + "]") }
        exit(hasErrors ? ExitStatus.refused : ExitStatus.success)
    }
}
