// Runs a script from its text to the exit status of the program.

import Glibc
import ProcLang
import ProcRuntime

struct ScriptRunner {
    let origin: ScriptOrigin
    /// `os.args`.
    let arguments: [String]
    var limits = ProgramLimits()

    /// Runs the script and ends the program.
    func runAndExit() -> Never {
        ProgramContext.arguments = arguments
        guard let text = readOrComplain() else { exit(ExitStatus.refused) }
        ProgramStart.runAndExit(interactive: false, limits: limits) { runtime in run(text, on: runtime) }
    }

    /// The text of the script; nil after saying why there is none.
    private func readOrComplain() -> [UInt8]? {
        do {
            return try ScriptText.read(origin)
        } catch {
            complain("proclang: \(error.message)")
            return nil
        }
    }

    /// In the main script's process.
    private func run(_ text: [UInt8], on runtime: Runtime) -> BodyOutcome {
        let interpreter = Interpreter(host: runtime)
        AddressSpace.bound(interpreter)
        ProgramContext.interpreter = interpreter
        interpreter.seed = limits.seed
        runtime.lineOfProgram = { ProgramContext.ask { $0.currentLine } }
        runtime.tryDepthOfProgram = { ProgramContext.ask { $0.currentTryDepth } }
        runtime.collector = { interpreter.collectWhileWaiting() }
        let reporter = Reporter(runtime: runtime, sources: interpreter.sources)
        let loader = Loader(
            sources: interpreter.sources, globals: interpreter.globals, builtins: interpreter.builtins,
            read: FileAccess.read)
        let isFile = if case .file = origin { true } else { false }
        let program = loader.load(text: text, path: origin.displayName, isFile: isFile)
        reporter.report(program.diagnostics)
        guard !program.diagnostics.hasErrors else { return .exited(ExitStatus.refused) }
        return Execution(interpreter: interpreter, reporter: reporter, runtime: runtime).run(program)
    }
}

/// One program on one interpreter.
final class Execution {
    let interpreter: Interpreter
    let reporter: Reporter
    let runtime: Runtime
    /// The reports of deadlocks whose members nobody joined: each member has the same.
    private var deadlocks: Set<String> = []

    init(interpreter: Interpreter, reporter: Reporter, runtime: Runtime) {
        self.interpreter = interpreter
        self.reporter = reporter
        self.runtime = runtime
    }

    func run(_ program: LoadedProgram) -> BodyOutcome {
        let main: CompiledUnit?
        do {
            main = try Execution.compile(program, with: interpreter)
        } catch {
            reporter.report([error])
            return .exited(ExitStatus.refused)
        }
        guard let main else { return .quiet }
        interpreter.onUnjoinedFailure = { [self] failure in
            if failure.kind == "deadlock", !deadlocks.insert(failure.message).inserted { return }
            reporter.report(failure)
        }
        let outcome = outcome(of: interpreter.run(main))
        let end = interpreter.finish(outcome)
        if case .exited(ExitStatus.failure) = end, case .quiet = outcome, !deadlocks.isEmpty {
            return .exited(ExitStatus.deadlock)
        }
        return end
    }

    /// Compiles all modules; the unit of the script itself, nil when there was nothing.
    static func compile(
        _ program: LoadedProgram, with interpreter: Interpreter, isMain: Bool = true
    ) throws(Diagnostic) -> CompiledUnit? {
        var unit: CompiledUnit?
        for (index, loaded) in program.modules.enumerated() {
            let isLast = index == program.modules.count - 1
            unit = try interpreter.compile(loaded.module, scope: loaded.scope, isMain: isMain && isLast)
        }
        return unit
    }

    private func outcome(of result: RunOutcome) -> BodyOutcome {
        switch result {
        case .value: return .quiet
        case .failure(let failure):
            // A signal to the whole process group reaches a child, whose failure this is, and then us.
            if failure.kind == "cancelled", runtime.isBeingCancelled { return .cancelled }
            reporter.report(failure)
            return .exited(failure.kind == "deadlock" ? ExitStatus.deadlock : ExitStatus.failure)
        case .exit(let status): return .exited(status)
        case .cancelled: return .cancelled
        }
    }
}
