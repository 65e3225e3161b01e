// Files on the command line that are more than read: folders of scripts, and scripts that are written anew.

import Glibc
import ProcLang

/// Puts a new text in the place of a file.
enum FileReplacement {
    /// Writes a new file beside the old one and renames it, so that the path names either the whole old or the whole
    /// new text at every moment. Keeps permissions, and the owner where that is allowed; a symbolic link stays one.
    static func write(_ bytes: [UInt8], to path: String) throws(HostError) {
        func failure(_ code: Int32) -> HostError {
            HostError(kind: "io", message: "cannot write \(path): \(String(cString: strerror(code)))")
        }
        guard let resolved = realpath(path, nil) else { throw failure(errno) }
        defer { free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0, access(resolved, W_OK) == 0 else { throw failure(errno) }
        let temporary = "\(String(cString: resolved)).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(errno) }
        var problem: Int32 = 0
        bytes.withUnsafeBytes { all in
            var rest = all
            while !rest.isEmpty, problem == 0 {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if errno != EINTR {
                    problem = errno
                }
            }
        }
        // Who may not give the file away keeps it.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
        if problem == 0, fchmod(descriptor, status.st_mode & 0o7777) != 0 || fsync(descriptor) != 0 { problem = errno }
        if close(descriptor) != 0, problem == 0 { problem = errno }
        if problem == 0, rename(temporary, resolved) != 0 { problem = errno }
        if problem != 0 {
            unlink(temporary)
            throw failure(problem)
        }
    }
}

/// The scripts that a path stands for.
enum ScriptFolder {
    /// Names files and folders that a run over a folder leaves out: those that are wrong on purpose.
    static let ignoreFile = ".fmtignore"

    /// The path itself, or for a folder all `.proc` files in and below it, sorted; hidden folders, symbolic links to
    /// folders, and what a `.fmtignore` names are left out.
    static func scripts(at path: String) -> [String] {
        guard isFolder(path, followsLinks: true) else { return [path] }
        var ignored: Set<String> = []
        return below(path, &ignored).sorted()
    }

    /// The paths in the `.fmtignore` of a folder: one a line, relative to the folder; `#` begins a comment.
    private static func ignored(in folder: String) -> [String] {
        guard let text = try? ScriptText.read(.file(folder + ignoreFile)) else { return [] }
        return text.split(separator: 10).compactMap { line in
            let path = String(decoding: line, as: UTF8.self).split(separator: " ").first.map(String.init) ?? ""
            return path.isEmpty || path.hasPrefix("#") ? nil : folder + (path.hasSuffix("/") ? String(path.dropLast()) : path)
        }
    }

    private static func below(_ folder: String, _ ignored: inout Set<String>) -> [String] {
        guard let directory = opendir(folder) else { return [folder] }
        defer { closedir(directory) }
        let start = folder + (folder.hasSuffix("/") ? "" : "/")
        ignored.formUnion(self.ignored(in: start))
        var result: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let path = start + name
            if ignored.contains(path) { continue }
            if isFolder(path, followsLinks: false) {
                result += below(path, &ignored)
            } else if name.hasSuffix(".proc") {
                result.append(path)
            }
        }
        return result
    }

    private static func isFolder(_ path: String, followsLinks: Bool) -> Bool {
        var status = stat()
        guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }
}
