// Which programs run here, told from /proc: a program is a process that has an arena and is its supervisor.
//
// Invariant: reads only what the kernel shows to everybody, and the arenas of programs of the same user.

import CSystem
import Glibc

/// A running program, as its root process shows it.
public struct RunningProgram {
    /// Of its first process, the supervisor.
    public let pid: Int32
    /// The words with which it was called.
    public let command: [String]
    /// How many processes it has now, without the supervisor.
    public let processes: Int
}

/// Looks through /proc; costs O(processes of the machine).
public enum RunningPrograms {
    /// The programs of this user, in the order of their pids.
    public static func list() -> [RunningProgram] {
        ProcFiles.names(in: "/proc").compactMap { Int32($0) }.sorted().compactMap { pid in
            guard pid != getpid(), owner(of: pid) == geteuid(), let arena = ArenaFile.open(of: pid) else { return nil }
            defer { arena.close() }
            guard arena.hasProgram, arena.root == pid else { return nil }
            return RunningProgram(
                pid: pid, command: command(of: pid), processes: arena.countProcesses())
        }
    }

    /// The words of a process's command line; empty when it is gone.
    public static func command(of pid: Int32) -> [String] {
        (SmallFile.read("/proc/\(pid)/cmdline") ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The user that a process belongs to; nil when there is no such process.
    static func owner(of pid: Int32) -> UInt32? {
        var status = stat()
        return stat("/proc/\(pid)", &status) == 0 ? status.st_uid : nil
    }
}

/// The file behind the arena of another process, open for reading.
struct ArenaFile {
    let descriptor: Int32
    /// The first words of the arena.
    let magic: UInt64
    let layout: UInt64
    /// The supervisor's pid.
    let root: Int32
    var hasProgram: Bool { magic == Arena.magic && root != 0 }

    /// Finds the arena among the files that a process has open; nil where there is none or it may not be seen.
    static func open(of pid: Int32) -> ArenaFile? {
        for name in ProcFiles.names(in: "/proc/\(pid)/fd") {
            let path = "/proc/\(pid)/fd/\(name)"
            guard ProcFiles.link(path).hasPrefix("/memfd:proclang") else { continue }
            let descriptor = pl_open(path, O_RDONLY, 0)
            if descriptor >= 0 { return ArenaFile(descriptor) }
        }
        return nil
    }

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
        magic = ArenaFile.read(descriptor, 0, UInt64(0))
        layout = ArenaFile.read(descriptor, 8, UInt64(0))
        root = ArenaFile.read(descriptor, MemoryLayout<pl_header>.offset(of: \.supervisor_pid)!, Int32(0))
    }

    /// A value at an offset; `empty` where the file has none.
    private static func read<T>(_ descriptor: Int32, _ offset: Int, _ empty: T) -> T {
        var value = empty
        let size = MemoryLayout<T>.size
        let count = withUnsafeMutableBytes(of: &value) { pread(descriptor, $0.baseAddress, size, off_t(offset)) }
        return count == size ? value : empty
    }

    /// How many processes the program has now, without the supervisor; 0 for another layout.
    func countProcesses() -> Int {
        guard layout == pl_layout() else { return 0 }
        let used = ArenaFile.read(descriptor, MemoryLayout<pl_header>.offset(of: \.slot_used)!, UInt32(0))
        let slots = ArenaFile.read(descriptor, MemoryLayout<pl_header>.offset(of: \.regions)!, pl_region())
        // What the file says is not trusted: there are never more processes than this.
        let most = UInt32(clamping: min(slots.limit, 64 << 20) / UInt64(MemoryLayout<pl_slot>.stride))
        return (Supervisor.slot + 1..<max(Supervisor.slot + 1, min(used, most))).count { index in
            let place = Int(truncatingIfNeeded: slots.offset) &+ Int(index) * MemoryLayout<pl_slot>.stride
            let state = ArenaFile.read(descriptor, place, State.free)
            return state == State.running || state == State.exiting
        }
    }

    func close() { _ = Glibc.close(descriptor) }
}

/// Folders and links in /proc.
enum ProcFiles {
    /// The entries of a folder; none when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// What a symbolic link says; empty when there is none.
    static func link(_ path: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes {
            readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
    }
}
