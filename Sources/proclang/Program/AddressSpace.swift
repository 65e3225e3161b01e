// How much memory the values of a process may take where the system gives less than usual: a control group with a limit,
// a limited address space (`ulimit -v`).
//
// Invariant: values stay below the limit by a margin, so that the language's error `memory` comes before an allocation
// fails or the kernel kills a process, which nothing could catch.

import Glibc
import ProcLang
import ProcRuntime

enum AddressSpace {
    /// Bounds the values of a process, and of those it will start. To be called when the interpreter has its stack.
    static func bound(_ interpreter: Interpreter) {
        var limit = min(UInt64(interpreter.memoryLimit), Runtime.machineMemory / 2)
        var limits = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0, limits.rlim_cur < 1 << 46, let used = size() {
            // What lives may double before the collector looks; the copy of a growing list comes on top.
            limit = min(limit, max(1 << 20, UInt64(max(0, Int(limits.rlim_cur) - used)) / 4))
        }
        interpreter.memoryLimit = Int(limit)
    }

    /// Bytes of address space that this process has.
    private static func size() -> Int? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(file, &text, text.count)
        let pages = text[..<max(0, count)].prefix { $0 >= 48 && $0 <= 57 }.reduce(0) { $0 * 10 + Int($1 - 48) }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
