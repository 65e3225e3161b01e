// The file system as `fs` and `os` see it: whole files and directory operations, over system calls.
//
// Invariant: every failure is a HostError whose message names the path and the reason; its kind is `io`, and `memory` for
// a content that is larger than what may become a value.

import Glibc
import ProcLang

enum FileAccess {
    /// A script, of any size: the lexer refuses what is too long.
    static func read(_ path: String) throws -> [UInt8] { try read(path, limit: .max) }

    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        return try readAll(descriptor, path, limit: limit)
    }

    /// Writes all bytes, to a new or emptied file or at its end.
    static func write(_ path: String, _ bytes: UnsafeRawBufferPointer, append: Bool) throws {
        let mode = append ? O_APPEND : O_TRUNC
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o666)
        guard descriptor >= 0 else { throw failure("write", path) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                let error = failure("write", path)
                close(descriptor)
                throw error
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        // Some file systems report a full disk only here.
        guard close(descriptor) == 0 || errno == EINTR else { throw failure("write", path) }
    }

    /// Reads a descriptor to its end; more than `limit` bytes is a HostError of kind `memory`.
    private static func readAll(_ descriptor: Int32, _ path: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            bytes.reserveCapacity(max(0, min(Int(status.st_size), limit, 1 << 30)) + 1)
        }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw HostError(kind: "memory", message: "there is no memory for all of \(path)")
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }

    /// The operations of `Host.fileSystem`. Answers are strings; a boolean answer is "true" or "false".
    static func perform(_ operation: String, _ arguments: [String]) throws -> [String] {
        let path = arguments.first ?? ""
        switch operation {
        case "exists":
            return [String(access(path, F_OK) == 0)]
        case "is_dir", "is_file":
            var status = stat()
            guard stat(path, &status) == 0 else { return ["false"] }
            return [String(status.st_mode & S_IFMT == (operation == "is_dir" ? S_IFDIR : S_IFREG))]
        case "size", "modified":
            var status = stat()
            guard stat(path, &status) == 0 else { throw failure("look at", path) }
            if operation == "size" { return [String(status.st_size)] }
            return [String(Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)]
        case "list":
            return try list(path)
        case "mkdir":
            try makeDirectory(path)
        case "remove":
            guard Glibc.remove(path) == 0 else { throw failure("remove", path) }
        case "remove_tree":
            try removeTree(path)
        case "rename":
            guard arguments.count == 2, rename(path, arguments[1]) == 0 else { throw failure("rename", path) }
        case "cwd":
            guard let buffer = getcwd(nil, 0) else { throw failure("find", "the current directory") }
            defer { free(buffer) }
            return [String(cString: buffer)]
        case "chdir":
            guard Glibc.chdir(path) == 0 else { throw failure("change to", path) }
        case "temp_dir":
            return [try makeTemporaryDirectory()]
        case "real_path":
            guard let buffer = realpath(path, nil) else { throw failure("find", path) }
            defer { free(buffer) }
            return [String(cString: buffer)]
        default:
            throw HostError(kind: "io", message: "unknown file operation \(operation)")
        }
        return []
    }

    private static func list(_ path: String) throws -> [String] {
        guard let directory = opendir(path) else { throw failure("list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes the directory and its missing parents; one that exists already is fine.
    private static func makeDirectory(_ path: String) throws {
        let ends = path.indices.filter { path[$0] == "/" && $0 != path.startIndex } + [path.endIndex]
        for end in ends where mkdir(String(path[..<end]), 0o777) != 0 && errno != EEXIST {
            throw failure("make", path)
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            errno = ENOTDIR
            throw failure("make", path)
        }
    }

    /// Removes what is below first; never follows a symbolic link.
    private static func removeTree(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("remove", path) }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try list(path) { try removeTree(path + "/" + name) }
        }
        guard Glibc.remove(path) == 0 else { throw failure("remove", path) }
    }

    /// A new directory that only this user can enter (mode 0700).
    private static func makeTemporaryDirectory() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((parent + "/proclang-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw failure("make a directory in", parent) }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    private static func failure(_ verb: String, _ path: String) -> HostError {
        HostError(kind: "io", message: "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
