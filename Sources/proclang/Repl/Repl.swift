// The interactive prompt: reads one statement after another, runs each in one long-lived main process, and
// shows the value of an expression.
//
// Invariants
// - Names, and processes started in the background, live on from statement to statement, also over errors.
// - Ctrl-C reaches this process as a cancellation: while typing it clears the input, while a statement runs
//   it cancels that statement and what it started; it never ends the session.
// - Without a terminal there is no prompt and no banner; the statements and their values are the same.

import Glibc
import ProcLang
import ProcRuntime

enum Repl {
    static func runAndExit(limits: ProgramLimits = ProgramLimits()) -> Never {
        ProgramStart.runAndExit(interactive: true, limits: limits) { runtime in
            ReplSession(runtime: runtime, seed: limits.seed).run()
        }
    }
}

final class ReplSession {
    /// What became of a statement.
    enum Result {
        case value(Value)
        /// It did not run: the message was shown.
        case refused
        case failed
        case cancelled
        /// It ends the session.
        case exit(BodyOutcome)
    }

    let runtime: Runtime
    let interpreter: Interpreter
    let style: TerminalStyle
    let isTerminal: Bool
    private(set) var scope: ModuleScope
    private let reporter: Reporter
    private let loader: Loader
    private var input: ReplInput!
    private var statements = 0
    /// The statements that ran, for `:save`.
    private(set) var log: [String] = []
    /// The guided tour, while it goes on.
    var tutorial: TutorialTour?
    /// Set by `:quit`.
    var isLeaving = false

    init(runtime: Runtime, seed: UInt64?) {
        self.runtime = runtime
        let interpreter = Interpreter(host: runtime)
        AddressSpace.bound(interpreter)
        self.interpreter = interpreter
        ProgramContext.interpreter = interpreter
        interpreter.seed = seed
        runtime.lineOfProgram = { ProgramContext.ask { $0.currentLine } }
        runtime.tryDepthOfProgram = { ProgramContext.ask { $0.currentTryDepth } }
        runtime.collector = { interpreter.collectWhileWaiting() }
        style = TerminalStyle()
        isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        reporter = Reporter(runtime: runtime, sources: interpreter.sources)
        scope = ModuleScope(table: interpreter.globals, isInteractive: true)
        loader = Loader(
            sources: interpreter.sources, globals: interpreter.globals, builtins: interpreter.builtins,
            read: FileAccess.read)
        let reporter = self.reporter
        interpreter.onUnjoinedFailure = { reporter.report($0) }
    }

    func run() -> BodyOutcome {
        input = makeInput()
        input.begin()
        defer { input.end() }
        if isTerminal { runInitFile() }
        while !isLeaving, let text = input.nextStatement(prompt: tutorial?.prompt ?? "> ") {
            if case .exit(let outcome) = handle(text) { return interpreter.finish(outcome) }
            interpreter.releaseRetired(in: scope)
            interpreter.reportEndedProcesses()
            try? runtime.flush()
        }
        if isTerminal { interpreter.cancelStartedProcesses(except: []) }
        return interpreter.finish(.quiet)
    }

    private func makeInput() -> ReplInput {
        guard isTerminal else { return PipedInput(runtime: runtime) }
        let highlighter = Highlighter(builtins: interpreter.builtins)
        let editor = try? LineEditor(
            runtime: runtime, style: style, highlighter: highlighter,
            lookAround: { [unowned self] in reportFailures() },
            complete: { [unowned self] before in ReplCompletion(session: self).complete(before) })
        guard let editor else { return PipedInput(runtime: runtime) }
        return TerminalInput(editor: editor, history: History(environment: ProgramContext.environment), style: style)
    }

    /// Tells of background processes that have failed; true while there are any that run.
    private func reportFailures() -> Bool {
        interpreter.reportEndedProcesses()
        return !interpreter.startedProcesses.isEmpty
    }

    /// A statement or a command.
    private func handle(_ text: String) -> Result {
        if text.hasPrefix(":") { return ReplCommands.run(text, in: self) }
        let result = execute(text)
        show(result)
        tutorial?.check(text, result, in: self)
        return result
    }

    // MARK: Statements

    /// Runs one statement, or a whole text that comes from `path`. Failures are reported; values are not shown.
    func execute(_ text: String, path: String? = nil, isLogged: Bool = true) -> Result {
        statements += 1
        let before = scope.snapshot
        let started = interpreter.startedProcesses
        let program = loader.load(
            text: Array(text.utf8), path: path ?? "<input \(statements)>", isFile: path != nil, scope: scope)
        reporter.report(program.diagnostics)
        guard !program.diagnostics.hasErrors else {
            scope.restore(before)
            return .refused
        }
        do {
            guard let unit = try Execution.compile(program, with: interpreter, isMain: false) else {
                return .value(interpreter.nilValue)
            }
            if isLogged { log.append(text) }
            switch interpreter.run(unit) {
            case .value(let value):
                if isLogged, !interpreter.isNil(value) { interpreter.define("_", value, in: scope) }
                return .value(value)
            case .failure(let failure):
                reporter.report(failure)
                return .failed
            case .exit(let status):
                return .exit(.exited(status))
            case .cancelled:
                interpreter.cancelStartedProcesses(except: started)
                runtime.acceptCancellation()
                if isTerminal { LineEditor.dropTypedAhead() }
                // The terminal has echoed ^C.
                say((isTerminal ? "\n" : "") + "cancelled")
                return .cancelled
            }
        } catch {
            reporter.report([error])
            return .refused
        }
    }

    /// Shows the value of an expression; nil is not shown.
    func show(_ result: Result) {
        guard case .value(let value) = result, !interpreter.isNil(value) else { return }
        guard isTerminal else { return say(interpreter.repr(value)) }
        say(interpreter.preview(value, Preview(width: TerminalStyle.size().columns, isColoured: style.isColoured)))
    }

    /// Evaluates text quietly: nothing is shown, and a failure is nil.
    func probe(_ text: String) -> String? {
        let before = scope.snapshot
        defer { scope.restore(before) }
        let program = loader.load(text: Array(text.utf8), path: "<check>", isFile: false, scope: scope)
        guard !program.diagnostics.hasErrors,
            let unit = try? Execution.compile(program, with: interpreter, isMain: false),
            case .value(let value) = interpreter.run(unit)
        else { return nil }
        return interpreter.repr(value)
    }

    /// Forgets all names and ends all processes.
    func reset() {
        interpreter.cancelStartedProcesses(except: [])
        runtime.acceptCancellation()
        interpreter.forget(scope)
        scope = ModuleScope(table: interpreter.globals, isInteractive: true)
        log = []
    }

    /// `$XDG_CONFIG_HOME/proclang/init.proc` runs before the first prompt.
    private func runInitFile() {
        guard let path = ReplFiles.config("init.proc", ProgramContext.environment), access(path, R_OK) == 0 else {
            return
        }
        _ = load(path, isLogged: false)
    }

    /// Runs a file's statements as if they had been typed.
    func load(_ path: String, isLogged: Bool = true) -> Result {
        do {
            let bytes = try ScriptText.read(.file(path))
            return execute(String(decoding: bytes, as: UTF8.self), path: path, isLogged: isLogged)
        } catch {
            complain(error.message)
            return .refused
        }
    }

    // MARK: Talking

    /// Writes a text and a newline to standard output, after what was printed before.
    func say(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { try? runtime.write(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) }
    }

    /// A message about a command, to standard error.
    func complain(_ text: String) {
        var line = (Reporter.usesColour(STDERR_FILENO) ? "\u{1B}[1;31merror\u{1B}[0m: " : "error: ") + text + "\n"
        line.withUTF8 { try? runtime.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }
}

/// The REPL's own files.
enum ReplFiles {
    /// A file in `$XDG_CONFIG_HOME/proclang`, else `~/.config/proclang`; nil without a home.
    static func config(_ name: String, _ environment: [String: String]) -> String? {
        folder("XDG_CONFIG_HOME", ".config", environment).map { $0 + "/proclang/" + name }
    }

    /// A file in `$XDG_STATE_HOME/proclang`, else `~/.local/state/proclang`; nil without a home.
    static func state(_ name: String, _ environment: [String: String]) -> String? {
        folder("XDG_STATE_HOME", ".local/state", environment).map { $0 + "/proclang/" + name }
    }

    private static func folder(_ variable: String, _ standard: String, _ environment: [String: String]) -> String? {
        if let chosen = environment[variable], !chosen.isEmpty { return chosen }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/" + standard }
    }

    /// Makes the folders of a path, private to the user.
    static func makeParents(of path: String) {
        var index = path.startIndex
        while let slash = path[index...].dropFirst().firstIndex(of: "/") {
            mkdir(String(path[..<slash]), 0o700)
            index = slash
        }
    }
}
