// Ending an external program together with what it has started: a shell's command is more than the shell.
//
// Invariants
// - Every process is stopped before its children are looked up: none is born behind the look, and none that was
//   found can be reaped, so that its pid cannot become another's.
// - Only what still descends from the program is reached; what has left it (a daemon) has done so on purpose.

import Glibc

enum ExternalTree {
    /// Kills the program and all its descendants with SIGKILL. The caller is the program's parent and has not
    /// reaped it. Where the kernel does not list children, only the program itself is killed.
    static func kill(_ program: pid_t) {
        var found = [program]
        var next = 0
        Glibc.kill(program, SIGSTOP)
        while next < found.count {
            for child in children(of: found[next]) {
                Glibc.kill(child, SIGSTOP)
                found.append(child)
            }
            next += 1
        }
        for pid in found.reversed() { Glibc.kill(pid, SIGKILL) }
    }

    /// The children that any thread of the process has started.
    private static func children(of pid: pid_t) -> [pid_t] {
        guard let threads = opendir("/proc/\(pid)/task") else { return [] }
        defer { closedir(threads) }
        var found: [pid_t] = []
        while let entry = readdir(threads) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.first?.isNumber == true, let list = fopen("/proc/\(pid)/task/\(name)/children", "r") else { continue }
            defer { fclose(list) }
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            defer { free(line) }
            if getline(&line, &capacity, list) > 0, let line {
                found += String(cString: line).split(separator: " ").compactMap { pid_t($0) }
            }
        }
        return found
    }
}
