// Starts the tree of processes: the supervisor here, the main script in its first child, the manager on demand.

import Glibc
import ProcLang
import ProcRuntime

enum ProgramStart {
    /// Runs `main` as the main process, waits for everything it started, and ends the program with its status.
    /// `interactive`: Ctrl-C cancels what main is doing and does not end the program.
    static func runAndExit(interactive: Bool, main: (Runtime) -> BodyOutcome) -> Never {
        Runtime.managedService = { Interpreter(host: Runtime.current).makeManagedService() }
        do {
            exit(try Runtime.run(interactive: interactive, main: main))
        } catch {
            let reason = (error as? HostError)?.message ?? "\(error)"
            complain("proclang: cannot start: \(reason)")
            exit(ExitStatus.failure)
        }
    }
}
