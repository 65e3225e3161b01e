// Starts the tree of processes: the supervisor here, the main script in its first child, the manager on demand.

import Glibc
import ProcLang
import ProcRuntime

enum ProgramStart {
    /// Runs `main` as the main process, waits for everything it started, and ends the program with its status.
    /// `interactive`: Ctrl-C cancels what main is doing and does not end the program.
    static func runAndExit(interactive: Bool, limits: ProgramLimits, main: (Runtime) -> BodyOutcome) -> Never {
        Runtime.managedService = { Interpreter(host: Runtime.current).makeManagedService() }
        ProgramContext.denied = limits.denied
        do {
            let status = try Runtime.run(
                memoryLimit: limits.memory, timeLimit: limits.time, interactive: interactive, main: main)
            if Runtime.ranOutOfTime {
                complain("proclang: the program did not end within \(text(limits.time)) (--timeout) and was cancelled")
                exit(ExitStatus.outOfTime)
            }
            exit(status)
        } catch {
            let reason = (error as? HostError)?.message ?? "\(error)"
            complain("proclang: cannot start: \(reason)")
            exit(ExitStatus.failure)
        }
    }

    /// A time as it is written in a script.
    private static func text(_ nanoseconds: Int64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        if seconds < 1 { return "\(Double(nanoseconds) / 1e6)ms".replacing(".0ms", "ms") }
        return "\(seconds)s".replacing(".0s", "s")
    }
}

extension String {
    /// This text with one ending for another, where it has it.
    fileprivate func replacing(_ ending: String, _ other: String) -> String {
        hasSuffix(ending) ? String(dropLast(ending.count)) + other : self
    }
}
