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
    private let runtime: Runtime
    private let interpreter: Interpreter
    private let reporter: Reporter
    private let loader: Loader
    private let scope: ModuleScope
    private let input: ReplInput
    private var statements = 0

    init(runtime: Runtime, seed: UInt64?) {
        self.runtime = runtime
        let interpreter = Interpreter(host: runtime)
        self.interpreter = interpreter
        ProgramContext.interpreter = interpreter
        interpreter.seed = seed
        runtime.lineOfProgram = { interpreter.currentLine }
        reporter = Reporter(runtime: runtime, sources: interpreter.sources)
        scope = ModuleScope(table: interpreter.globals, isInteractive: true)
        loader = Loader(
            sources: interpreter.sources, globals: interpreter.globals, builtins: interpreter.builtins,
            read: FileAccess.read)
        input = isatty(STDIN_FILENO) == 1 ? TerminalInput(runtime: runtime) : PipedInput(runtime: runtime)
        let reporter = self.reporter
        interpreter.onUnjoinedFailure = { reporter.report($0) }
    }

    func run() -> BodyOutcome {
        input.begin()
        while let text = input.nextStatement() {
            if let outcome = execute(text) { return interpreter.finish(outcome) }
            interpreter.reportEndedProcesses()
            try? runtime.flush()
        }
        input.end()
        if input.isTerminal { interpreter.cancelStartedProcesses(since: 0) }
        return interpreter.finish(.quiet)
    }

    /// Runs one statement; an outcome when it ends the session.
    private func execute(_ text: String) -> BodyOutcome? {
        statements += 1
        let before = scope.snapshot
        let started = interpreter.startedProcessCount
        let program = loader.load(text: Array(text.utf8), path: "<input \(statements)>", isFile: false, scope: scope)
        reporter.report(program.diagnostics)
        guard !program.diagnostics.hasErrors else {
            scope.restore(before)
            return nil
        }
        do {
            guard let unit = try Execution.compile(program, with: interpreter, isMain: false) else { return nil }
            switch interpreter.run(unit) {
            case .value(let value):
                if !interpreter.isNil(value) { print(interpreter.repr(value)) }
            case .failure(let failure):
                reporter.report(failure)
            case .exit(let status):
                return .exited(status)
            case .cancelled:
                interpreter.cancelStartedProcesses(since: started)
                runtime.acceptCancellation()
                print("cancelled")
            }
        } catch {
            reporter.report([error])
        }
        return nil
    }

    private func print(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { try? runtime.write(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) }
    }
}
