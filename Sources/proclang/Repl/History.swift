// Owns the REPL's history file: private to its user, one entry a statement, no entry twice in a row.

import CReadline
import Glibc

struct History {
    /// Where the entries are kept; nil when there is no home to keep them in.
    let path: String?
    /// Oldest entries beyond this many are dropped when the file is written.
    private let limit: Int32 = 2000

    /// `$PROCLANG_HISTORY`, or `proclang/history` in the user's state directory.
    init(environment: [String: String]) {
        if let chosen = environment["PROCLANG_HISTORY"] {
            path = chosen.isEmpty ? nil : chosen
        } else if let state = environment["XDG_STATE_HOME"], !state.isEmpty {
            path = state + "/proclang/history"
        } else if let home = environment["HOME"], !home.isEmpty {
            path = home + "/.local/state/proclang/history"
        } else {
            path = nil
        }
    }

    func load() {
        using_history()
        stifle_history(limit)
        // Time stamps delimit the entries, so that a statement of several lines comes back whole.
        history_comment_char = Int8(UInt8(ascii: "#"))
        history_write_timestamps = 1
        history_multiline_entries = 1
        if let path { read_history(path) }
    }

    func add(_ entry: String) {
        guard !entry.allSatisfy(\.isWhitespace) else { return }
        if history_length > 0, let last = history_get(history_base + history_length - 1),
            String(cString: last.pointee.line) == entry
        {
            return
        }
        add_history(entry)
        save()
    }

    /// Written after each entry, so that a killed REPL loses nothing. A history that cannot be kept is no
    /// reason to disturb the session.
    private func save() {
        guard let path else { return }
        makeParents(of: path)
        let previous = umask(0o077)
        defer { umask(previous) }
        write_history(path)
        chmod(path, 0o600)
    }

    private func makeParents(of path: String) {
        var index = path.startIndex
        while let slash = path[index...].dropFirst().firstIndex(of: "/") {
            mkdir(String(path[..<slash]), 0o700)
            index = slash
        }
    }
}
