// What somebody may have meant by a name that does not exist.

public enum Suggestions {
    /// Names of other languages, with the ProcLang way.
    static let foreignNames: [String: String] = [
        "None": "write `nil`", "null": "write `nil`", "NULL": "write `nil`", "undefined": "write `nil`",
        "nullptr": "write `nil`", "True": "write `true`", "False": "write `false`", "TRUE": "write `true`",
        "FALSE": "write `false`", "println": "write `print(...)`", "printf": "write `print(\"{x:.2f}\")`",
        "puts": "write `print(...)`", "echo": "write `print(...)`", "console": "write `print(...)`",
        "fmt": "write `print(...)`", "dict": "a map is `{key: value}`; `map(...)` makes one",
        "set": "there are no sets; use a map `{key: true}`", "tuple": "use a list `[a, b]`",
        "Exception": "write `raise error(\"kind\", \"text\")`", "Error": "write `raise error(\"kind\", \"text\")`",
        "isinstance": "write `x is int`", "typeof": "write `type(x)`", "append": "write `xs.append(x)`",
        "make": "a channel is declared by `channel c`, or made by `channel()`",
        "chan": "a channel is declared by `channel c`, or made by `channel()`",
        "Channel": "a channel is declared by `channel c`, or made by `channel()`",
        "Queue": "a queue is declared by `queue q`, or made by `queue()`",
        "Pipe": "a pipe is declared by `pipe left, right`, or made by `pipe()`",
        "Process": "a process is defined by `process name() { ... }` and started by `start name()`",
        "Lock": "a lock is taken by `lock x { ... }` on a shared variable or a semaphore",
        "Semaphore": "write `semaphore(n)`", "Barrier": "write `barrier(n)`", "Event": "write `event()`",
        "this": "`self` tells about the process", "async": "a process is started by `start f()`",
        "await": "wait for a process with `p.join()`", "PAR": "write `parallel { ... }`",
        "SEQ": "statements run one after the other by themselves", "ALT": "write `select { ... }`",
        "supervise": "write `supervise { a(); b() }`",
    ]

    /// The known name nearest to `name`: at most a third of its letters differ, or only their case.
    public static func nearest(to name: String, in known: [String]) -> String? {
        let wanted = Array(name.unicodeScalars)
        guard wanted.count <= 60 else { return nil }
        var best: (distance: Int, name: String)?
        for candidate in Set(known) where candidate != name {
            let other = Array(candidate.unicodeScalars)
            let shorter = min(wanted.count, other.count)
            let limit = shorter < 3 ? 0 : max(1, shorter / 3)
            guard abs(other.count - wanted.count) <= limit else { continue }
            let sameButCase = candidate.lowercased() == name.lowercased()
            let distance = sameButCase ? 0 : self.distance(wanted, other)
            guard distance <= limit else { continue }
            if best == nil || (distance, candidate) < (best!.distance, best!.name) { best = (distance, candidate) }
        }
        return best?.name
    }

    /// The optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var before = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var present = [i + 1] + [Int](repeating: 0, count: b.count)
            for j in 0..<b.count {
                let cost = a[i] == b[j] ? 0 : 1
                present[j + 1] = min(previous[j + 1] + 1, present[j] + 1, previous[j] + cost)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    present[j + 1] = min(present[j + 1], before[j - 1] + 1)
                }
            }
            before = previous
            previous = present
        }
        return previous[b.count]
    }
}
