// Reads the text of a script from wherever the command line says it is, and explains in one message why
// it cannot: what, where, and what to do.

import Glibc
import ProcLang

/// Where a script comes from.
enum ScriptOrigin {
    case file(String)
    case standardInput
    /// `-e CODE`.
    case argument(String)

    /// How diagnostics call it.
    var displayName: String {
        switch self {
        case .file(let path): return path
        case .standardInput: return "<stdin>"
        case .argument: return "<command line>"
        }
    }
}

/// Why a script's text could not be had; `message` is for the person at the terminal.
struct ScriptUnreadable: Error {
    let message: String
}

enum ScriptText {
    /// The bytes of the script. Blocks while standard input is read to its end.
    static func read(_ origin: ScriptOrigin) throws(ScriptUnreadable) -> [UInt8] {
        switch origin {
        case .argument(let code):
            return Array(code.utf8)
        case .standardInput:
            return try readAll(from: STDIN_FILENO, name: "standard input")
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw unreadable(path, errno) }
            defer { close(descriptor) }
            return try readAll(from: descriptor, name: path)
        }
    }

    private static func readAll(from descriptor: Int32, name: String) throws(ScriptUnreadable) -> [UInt8] {
        var status = stat()
        var bytes: [UInt8] = []
        if fstat(descriptor, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR { throw unreadable(name, EISDIR) }
            bytes.reserveCapacity(max(0, min(Int(status.st_size), 1 << 30)) + 1)
        }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(name, errno) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    private static func unreadable(_ name: String, _ code: Int32) -> ScriptUnreadable {
        let reason: String
        switch code {
        case ENOENT:
            let command = Suggestions.nearest(to: name, in: ProclangCommand.names)
            reason = "there is no such file; " + (command.map { "did you mean proclang \($0)?" } ?? "check the path")
        case EISDIR: reason = "it is a directory; name a .proc file in it"
        case EACCES: reason = "you may not read it; check its permissions"
        default: reason = String(cString: strerror(code))
        }
        return ScriptUnreadable(message: "cannot read \(name): \(reason)")
    }
}
