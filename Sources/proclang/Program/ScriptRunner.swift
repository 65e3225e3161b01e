// Runs a script from its text to the exit status of the program.

import Glibc
import ProcLang
import ProcRuntime

struct ScriptRunner {
    let origin: ScriptOrigin
    /// `os.args`.
    let arguments: [String]

    /// Runs the script and ends the program.
    func runAndExit() -> Never {
        ProgramContext.arguments = arguments
        let text: [UInt8]
        do {
            text = try ScriptText.read(origin)
        } catch {
            complain("proclang: \(error.message)")
            exit(ExitStatus.refused)
        }
        let status = Runtime.run { runtime in
            run(text, on: runtime)
        }
        exit(status)
    }

    /// In the main script's process.
    private func run(_ text: [UInt8], on runtime: Runtime) -> BodyOutcome {
        let interpreter = Interpreter(host: runtime)
        let reporter = Reporter(runtime: runtime, sources: interpreter.sources)
        let loader = Loader(
            sources: interpreter.sources, globals: interpreter.globals, builtins: Interpreter.builtins,
            read: { try runtime.readFile($0) })
        let isFile = if case .file = origin { true } else { false }
        let program = loader.load(text: text, path: origin.displayName, isFile: isFile)
        reporter.report(program.diagnostics)
        guard !program.diagnostics.hasErrors else { return .exited(ExitStatus.refused) }
        return Execution(interpreter: interpreter, reporter: reporter).run(program)
    }
}

/// One program on one interpreter.
struct Execution {
    let interpreter: Interpreter
    let reporter: Reporter

    func run(_ program: LoadedProgram) -> BodyOutcome {
        var main: CompiledUnit?
        do {
            for loaded in program.modules {
                main = try interpreter.compile(module: loaded.module, scope: loaded.scope)
            }
        } catch {
            reporter.report([error])
            return .exited(ExitStatus.refused)
        }
        guard let main else { return .quiet }
        interpreter.onUnjoinedFailure = { reporter.report($0) }
        return interpreter.finish(outcome(of: interpreter.run(main)))
    }

    private func outcome(of result: RunOutcome) -> BodyOutcome {
        switch result {
        case .value: return .quiet
        case .failure(let failure):
            reporter.report(failure)
            return .exited(failure.kind == "deadlock" ? ExitStatus.deadlock : ExitStatus.failure)
        case .exit(let status): return .exited(status)
        case .cancelled: return .cancelled
        }
    }
}
