// Where the prompt's statements come from: a terminal through readline, or lines of a pipe or file.
//
// Invariant: a statement is as many lines as the parser needs to see its end; a command (`:name`) is one line.

import Glibc
import ProcLang
import ProcRuntime

protocol ReplInput {
    /// Before the first statement.
    func begin()
    /// The next statement; nil at the end. Waits.
    func nextStatement(prompt: String) -> String?
    /// After the last one.
    func end()
}

/// A person at a terminal.
struct TerminalInput: ReplInput {
    let editor: LineEditor
    let history: History
    let style: TerminalStyle

    func begin() {
        history.load()
        fputs(
            style.bold("ProcLang \(ProclangCommand.configuration.version)")
                + style.faint("  try :help or :tutorial; Ctrl-D leaves") + "\n", stdout)
        fflush(stdout)
    }

    func nextStatement(prompt: String) -> String? {
        while true {
            switch editor.readStatement(prompt: prompt) {
            case .interrupted: continue
            case .endOfInput: return nil
            case .statement(let text):
                if text.allSatisfy(\.isWhitespace) { continue }
                history.add(text)
                return text
            }
        }
    }

    func end() { editor.end() }
}

/// A pipe or a file.
struct PipedInput: ReplInput {
    let runtime: Runtime

    func begin() {}

    func nextStatement(prompt: String) -> String? {
        var text = ""
        while let bytes = try? runtime.readLine() {
            let line = String(decoding: bytes, as: UTF8.self)
            text += text.isEmpty ? line : "\n" + line
            if text.allSatisfy(\.isWhitespace) {
                text = ""
            } else if text.hasPrefix(":") || !Loader.isIncomplete(text) {
                return text
            }
        }
        return text.isEmpty ? nil : text
    }

    func end() {}
}
