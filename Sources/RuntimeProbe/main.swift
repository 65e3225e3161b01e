// A program that exercises the runtime with real processes and is judged from outside, by its output, its
// exit status and what it leaves behind. `RuntimeProbe list` names the scenarios; `RuntimeProbe NAME [N]`
// runs one and exits 0 when it held.
//
// Never linked into the test runner: that has many threads, and fork copies only one.

import Glibc
import ProcRuntime

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    print("usage: RuntimeProbe list | NAME [N]")
    exit(2)
}
if arguments[1] == "list" {
    for name in Scenarios.all.keys.sorted() { print(name) }
    exit(0)
}
#if FAULTS
    if arguments[1] == "points" {
        for name in FaultNames.points { print(name) }
        exit(0)
    }
    if arguments[1] == "misorders" {
        for name in FaultNames.misorders { print(name) }
        exit(0)
    }
#endif
guard let scenario = Scenarios.all[arguments[1]] else {
    print("no scenario named \(arguments[1])")
    exit(2)
}
let size = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 0
Runtime.managedService = { ListService() }
setvbuf(stdout, nil, _IONBF, 0)
if arguments[1] == "fault-unwatched" {
    var few = rlimit(rlim_cur: 11, rlim_max: 11)
    setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &few)
}
do {
    exit(try Runtime.run(name: "probe", memoryLimit: arguments[1] == "fault-full" ? 8 << 20 : 0) { runtime in
        do {
            try scenario(Probe(runtime), size)
            var problems = ArenaCheck.problems(quiet: true)
            for _ in 0..<20 where !problems.isEmpty {
                // The manager and the supervisor may be tidying up.
                usleep(20_000)
                problems = ArenaCheck.problems(quiet: true)
            }
            for problem in problems.prefix(10) { Probe(runtime).complain(problem) }
            return problems.isEmpty ? .quiet : .exited(1)
        } catch let error as Failed {
            Probe(runtime).complain(error.text)
            return .exited(1)
        } catch let error as RuntimeError {
            Probe(runtime).complain("\(error.kind): \(error.message)")
            return .exited(1)
        } catch {
            return .exited(1)
        }
    })
} catch {
    print("cannot start: \(error)")
    exit(2)
}
