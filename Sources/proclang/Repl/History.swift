// Owns the REPL's history file: private to its user, one entry a statement, each statement once (its last time).

import CReadline
import Glibc

struct History {
    /// Where the entries are kept; nil when there is no home to keep them in.
    let path: String?
    /// Oldest entries beyond this many are dropped.
    private let limit: Int32 = 2000

    /// `$PROCLANG_HISTORY`, or `proclang/history` in the user's state directory.
    init(environment: [String: String]) {
        if let chosen = environment["PROCLANG_HISTORY"] {
            path = chosen.isEmpty ? nil : chosen
        } else {
            path = ReplFiles.state("history", environment)
        }
    }

    func load() {
        using_history()
        stifle_history(limit)
        // Time stamps delimit the entries, so that a statement of several lines comes back whole.
        history_comment_char = Int8(UInt8(ascii: "#"))
        history_write_timestamps = 1
        history_multiline_entries = 1
        guard let path, read_history(path) == 0 else { return }
        dropRepetitions()
        save()
    }

    /// Enters a statement; an earlier one that is the same goes.
    func add(_ entry: String) {
        guard !entry.allSatisfy(\.isWhitespace) else { return }
        remove { $0 == entry }
        add_history(entry)
        append()
    }

    private func remove(where isUnwanted: (String) -> Bool) {
        var index = history_length - 1
        while index >= 0 {
            if let found = history_get(history_base + index), isUnwanted(String(cString: found.pointee.line)) {
                if let removed = remove_history(index) { free_history_entry(removed).map { free($0) } }
            }
            index -= 1
        }
    }

    private func dropRepetitions() {
        var seen: Set<String> = []
        remove { !seen.insert($0).inserted }
    }

    /// Written after each entry, so that a killed REPL loses nothing, and added at the end, so that two REPLs keep
    /// the entries of both. A history that cannot be kept is no reason to disturb the session.
    private func append() {
        guard let path else { return }
        ReplFiles.makeParents(of: path)
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        fchmod(file, 0o600)
        close(file)
        append_history(1, path)
    }

    /// Writes the whole history in the place of the file.
    private func save() {
        guard let path else { return }
        let previous = umask(0o077)
        defer { umask(previous) }
        write_history(path)
        chmod(path, 0o600)
    }
}
