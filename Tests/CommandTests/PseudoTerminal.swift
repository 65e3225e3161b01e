// A terminal for tests: a program is started on a real pseudo-terminal and talked to step by step.
//
// Owns: the master side, and the transcript of all that came from the program. The program is the leader of a
// session whose controlling terminal is the slave side, so control characters (Ctrl-C, Ctrl-D) do to it what
// they do in a real terminal. Nothing here depends on timing: `expect` waits for a text, at most so long.

import Foundation

final class PseudoTerminal {
    /// All that the program has written, control sequences included.
    private(set) var transcript = ""
    /// The part of the transcript that no `expect` has consumed yet.
    private var unread = ""
    private var master: Int32
    let child: Child
    let folder: URL

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts a program on a new pseudo-terminal, in a temporary folder that is its HOME too.
    init(
        _ program: String = Project.program, _ arguments: [String] = [], rows: UInt16 = 24, columns: UInt16 = 100,
        environment: [String: String] = [:]
    ) throws {
        // The functions of <stdlib.h> for this are hidden from Swift; these are the requests they make.
        let unlock: UInt = 0x4004_5431  // TIOCSPTLCK
        let getNumber: UInt = 0x8004_5430  // TIOCGPTN
        var locked: Int32 = 0
        var number: UInt32 = 0
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, ioctl(master, unlock, &locked) == 0, ioctl(master, getNumber, &number) == 0 else {
            throw Failure(description: "no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        let path = "/dev/pts/\(number)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("terminal-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var variables = ["TERM": "xterm", "HOME": folder.path, "INPUTRC": "/dev/null"]
        variables.merge(environment) { $1 }
        child = try Child.spawn(
            program, arguments, folder: folder.path,
            files: [(path, O_RDWR), (path, O_RDWR), (path, O_RDWR)], environment: variables)
    }

    deinit {
        child.destroy()
        hangUp()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Closes the terminal, as its window or a lost connection does.
    func hangUp() {
        if master >= 0 { close(master) }
        master = -1
    }

    /// Makes the terminal larger or smaller; the program gets SIGWINCH.
    func resize(rows: UInt16, columns: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Types a text.
    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Types a text and the return key.
    func line(_ text: String) { send(text + "\r") }

    /// Types a key together with Control, such as `control("c")`.
    func control(_ key: Character) { send(String(UnicodeScalar(key.asciiValue! & 0x1f))) }

    /// Waits until the program has written `text` (after what earlier calls consumed), at most so long, and
    /// returns what came before it.
    @discardableResult
    func expect(_ text: String, within seconds: Double = Project.patience) throws -> String {
        let deadline = Date().addingTimeInterval(seconds)
        while true {
            if let range = unread.range(of: text) {
                let before = String(unread[..<range.lowerBound])
                unread = String(unread[range.upperBound...])
                return before
            }
            guard read(until: deadline) else {
                throw Failure(description: "no \(text.debugDescription) came; unread so far: \(unread.debugDescription)")
            }
        }
    }

    /// What comes within so many seconds without being waited for (to see that something does not come).
    func quiet(for seconds: Double) -> String {
        let deadline = Date().addingTimeInterval(seconds)
        while read(until: deadline) {}
        return unread
    }

    /// Waits for the program to end.
    func end(within seconds: Double = Project.patience) throws -> ProgramRun.End {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            // The slave side must be drained, or the program could block in its last write.
            _ = read(until: Date().addingTimeInterval(0.02))
            if let end = child.wait(seconds: 0) { return end }
        }
        throw Failure(description: "it did not end; unread so far: \(unread.debugDescription)")
    }

    /// Reads what there is, waiting until the deadline for something; false when nothing came or it is over.
    private func read(until deadline: Date) -> Bool {
        var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        let wait = max(0, deadline.timeIntervalSinceNow)
        guard poll(&polled, 1, Int32(wait * 1000)) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { Glibc.read(master, $0.baseAddress, $0.count) }
        guard count > 0 else { return false }  // EIO: the slave side is closed
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        transcript += text
        unread += text
        return true
    }
}
