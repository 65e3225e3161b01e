// How much a process may allocate where its address space is limited (`ulimit -v`).
//
// Invariant: values stay below the limit by a margin, so that the language's error `memory` comes before an allocation
// fails, which nothing could catch.

import Glibc
import ProcLang

enum AddressSpace {
    /// Bounds the values of a process, and of those it will start, by what the limit leaves. To be called when the
    /// interpreter has its stack.
    static func bound(_ interpreter: Interpreter) {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limits) == 0, limits.rlim_cur < 1 << 46 else { return }
        var status = [UInt8](repeating: 0, count: 256)
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        let count = Glibc.read(file, &status, status.count)
        let pages = status[..<max(0, count)].prefix { $0 >= 48 && $0 <= 57 }.reduce(0) { $0 * 10 + Int($1 - 48) }
        let room = Int(limits.rlim_cur) - pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        // What lives may double before the collector looks; the copy of a growing list comes on top.
        interpreter.memoryLimit = min(interpreter.memoryLimit, max(1 << 20, room / 4))
    }
}
