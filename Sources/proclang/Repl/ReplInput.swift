// Where the prompt's statements come from: a terminal through readline, or lines of a pipe or file.
//
// Invariant: a statement is as many lines as the parser needs to see its end.

import Glibc
import ProcLang
import ProcRuntime

protocol ReplInput {
    var isTerminal: Bool { get }
    /// Before the first statement.
    func begin()
    /// The next statement; nil at the end. Waits.
    func nextStatement() -> String?
    func end()
}

/// A person at a terminal.
struct TerminalInput: ReplInput {
    let isTerminal = true
    private let runtime: Runtime
    private let editor: LineEditor
    private let history: History

    init(runtime: Runtime) {
        self.runtime = runtime
        history = History(environment: ProgramContext.environment)
        editor = LineEditor {
            var polls = [pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)]
            if (try? polls.withUnsafeMutableBufferPointer({ try runtime.poll($0) })) != nil { return true }
            runtime.acceptCancellation()
            return false
        }
    }

    func begin() {
        history.load()
        fputs("ProcLang \(ProclangCommand.configuration.version). Ctrl-D leaves.\n", stdout)
        fflush(stdout)
    }

    func nextStatement() -> String? {
        var text = ""
        while true {
            switch editor.readLine(prompt: text.isEmpty ? "> " : ". ") {
            case .interrupted:
                text = ""
            case .endOfInput:
                return nil
            case .line(let line):
                // An empty line ends an unfinished statement, so that nobody is caught in one.
                let isForced = line.isEmpty && !text.isEmpty
                text += text.isEmpty ? line : "\n" + line
                if text.allSatisfy(\.isWhitespace) {
                    text = ""
                } else if isForced || !Loader.isIncomplete(text) {
                    history.add(text)
                    return text
                }
            }
        }
    }

    func end() {}
}

/// A pipe or a file.
struct PipedInput: ReplInput {
    let isTerminal = false
    let runtime: Runtime

    func begin() {}

    func nextStatement() -> String? {
        var text = ""
        while let bytes = try? runtime.readLine() {
            let line = String(decoding: bytes, as: UTF8.self)
            text += text.isEmpty ? line : "\n" + line
            if text.allSatisfy(\.isWhitespace) {
                text = ""
            } else if !Loader.isIncomplete(text) {
                return text
            }
        }
        return text.isEmpty ? nil : text
    }

    func end() {}
}
