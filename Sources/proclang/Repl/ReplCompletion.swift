// What Tab offers: commands and their arguments after a colon, the language's words elsewhere, files in strings.

import Glibc
import ProcLang
import ProcRuntime

struct ReplCompletion {
    let session: ReplSession

    /// The continuations at the end of `before`, the input up to the cursor.
    func complete(_ before: String) -> CompletionSet {
        if before.hasPrefix(":") { return command(before) }
        var found = session.interpreter.completions(at: Array(before.utf8), scope: session.scope)
        if case .path(let path) = found.kind { found.candidates = FileCompletion.candidates(for: path) }
        return found
    }

    private func command(_ before: String) -> CompletionSet {
        guard let blank = before.firstIndex(of: " ") else {
            let names = ReplCommands.all.map { ":" + $0.name }.filter { $0.hasPrefix(before) }
            return CompletionSet(kind: .names, start: 0, candidates: names.sorted())
        }
        let name = before[before.index(after: before.startIndex)..<blank]
        let argument = String(before[blank...].drop { $0 == " " })
        let start = before.utf8.count - argument.utf8.count
        func words(_ words: [String]) -> CompletionSet {
            let candidates = Set(words.filter { $0.hasPrefix(argument) }).sorted()
            return CompletionSet(kind: .names, start: start, candidates: candidates)
        }
        switch ReplCommands.named(String(name))?.argument {
        case .file:
            return CompletionSet(kind: .names, start: start, candidates: FileCompletion.candidates(for: argument))
        case .topic: return words(HelpTopics.names)
        case .process: return words(ProgramSnapshot().processes.filter { !$0.isService && $0.parent != nil }.map(\.name))
        case .code:
            var found = session.interpreter.completions(at: Array(argument.utf8), scope: session.scope)
            if case .path(let path) = found.kind { found.candidates = FileCompletion.candidates(for: path) }
            found.start += start
            return found
        case .step, .nothing, nil: return words([])
        }
    }
}

enum FileCompletion {
    /// The paths that begin with `path`, folders with a slash behind them.
    static func candidates(for path: String) -> [String] {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let prefix = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard let directory = opendir(folder.isEmpty ? "." : folder) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name != ".", name != "..", !name.hasPrefix(".") || prefix.hasPrefix(".")
            else { continue }
            var status = stat()
            let isFolder = stat(folder + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            found.append(folder + name + (isFolder ? "/" : ""))
        }
        return found.sorted()
    }
}
