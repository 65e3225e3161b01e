// Looking at a program from outside: its arena, mapped for reading only.
//
// Invariants
// - The observer has no arena of its own: it never was a process of a program, and never becomes one.
// - Nothing is written, no lock is taken; the program does not notice. Only pages that it has are touched: every
//   index is checked against the used part of its pool, and that against the file (ArenaBounds.swift).
// - What stands in the memory is not trusted: of a damaged one something wrong may be told, no more.
// - The mapping stays valid when the program ends: what is seen then is its last state.

import CSystem
import Glibc

/// Why a program cannot be looked at; the message is for the person who asked.
public struct AttachFailure: Error {
    /// One line, without the name of the program that asked.
    public let message: String
}

/// A program that this process looks at. `ProgramSnapshot()` and `ProgramTotals()` tell about it.
public struct AttachedProgram {
    /// Its root process.
    public let pid: Int32
    /// The words with which it was called.
    public let command: [String]
    /// When its main process was created: monotonic ns.
    public let born: Int64
    private let pidfd: Int32

    /// Attaches to the program that a process belongs to: its root, or any other of its processes. Only once.
    public init(pid: Int32) throws(AttachFailure) {
        guard let owner = RunningPrograms.owner(of: pid) else {
            throw AttachFailure(message: "there is no process \(pid)")
        }
        guard owner == geteuid() else {
            throw AttachFailure(message: "process \(pid) belongs to another user; only programs of the same user can be watched")
        }
        guard let arena = ArenaFile.open(of: pid) else {
            throw AttachFailure(message: "process \(pid) is no process of a ProcLang program")
        }
        defer { arena.close() }
        guard arena.hasProgram else {
            throw AttachFailure(message: "the program of process \(pid) is just being started, or has ended")
        }
        guard arena.layout == pl_layout() else {
            throw AttachFailure(
                message: "process \(pid) is run by another version of proclang; use that one to watch it")
        }
        pidfd = pl_pidfd_open(arena.root)
        guard pidfd >= 0 else { throw AttachFailure(message: "the program of process \(pid) has ended") }
        try AttachedProgram.map(arena)
        self.pid = arena.root
        command = RunningPrograms.command(of: arena.root)
        let main = Supervisor.slot + 1
        born = ArenaBounds.slotsInUse > main ? Int64(bitPattern: pl_slot_at(main).pointee.birth) : pl_now()
    }

    private static func map(_ arena: ArenaFile) throws(AttachFailure) {
        var status = stat()
        guard fstat(arena.descriptor, &status) == 0, status.st_size >= MemoryLayout<pl_header>.stride else {
            throw AttachFailure(message: "its memory is not whole")
        }
        let base = pl_mmap_read(arena.descriptor, Int(status.st_size))
        guard let base, !pl_mmap_failed(base) else {
            throw AttachFailure(message: "no address space for its memory: \(String(cString: strerror(errno)))")
        }
        pl_arena.base = base.assumingMemoryBound(to: UInt8.self)
        pl_arena.header = base.assumingMemoryBound(to: pl_header.self)
        guard ArenaBounds.areSound(fileSize: UInt64(status.st_size), inMemory: UInt64(max(0, status.st_blocks)) * 512) else {
            throw AttachFailure(message: "its memory is damaged")
        }
        Arena.setBases()
    }

    /// Whether its root process is alive.
    public var isRunning: Bool { !hasEnded(within: 0) }

    /// Waits until the program ends, at most so many milliseconds; a signal ends the wait, too.
    public func hasEnded(within milliseconds: Int32) -> Bool {
        var polled = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, milliseconds) > 0
    }
}
