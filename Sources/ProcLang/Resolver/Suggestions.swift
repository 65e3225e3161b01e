// What somebody may have meant by a name that does not exist.
//
// Invariants
// - Data and pure functions: nothing here is asked before something was found wrong.
// - A suggestion differs from what was written; there is at most one.

/// Looks up what is said instead, or the nearest name.
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
        "sys": "write `os.args`, `os.stdin`, `exit(n)`, `eprint(...)`", "subprocess": "write `os.run([\"program\", \"argument\"])`",
        "multiprocessing": "processes are part of the language: `process`, `parallel`, `start`",
        "threading": "processes are part of the language: `process`, `parallel`, `start`",
        "sync": "write `lock x { ... }`, `semaphore(n)`, `barrier(n)`, `event()`",
        "open": "write `fs.read(path)`, `fs.lines(path)` or `fs.write(path, text)`",
        "pow": "write `a ** b`", "divmod": "write `[a // b, a % b]`", "hex": "write `\"{x:x}\"`", "oct": "write `\"{x:o}\"`",
        "bin": "write `\"{x:b}\"`", "format": "write `\"{x:.2f}\"`", "sprintf": "write `\"{x:.2f}\"`",
        "reduce": "write `xs.reduce((a, b) => a + b)`", "iter": "go through it with `for`",
        "next": "receive from a channel, or go through it with `for`", "yield": "a process sends: `out ! value`",
        "isnan": "write `math.isnan(x)`", "sqrt": "write `math.sqrt(x)`", "quit": "write `exit()`", "panic": "write `raise \"text\"`",
        "recover": "write `try { ... } catch e { ... }`", "throw": "write `raise \"text\"`",
        "object": "a record is `namespace(x: 1)` or a map `{x: 1}`", "array": "write `[1, 2, 3]`",
        "bytearray": "bytes cannot be changed; make a list of ints and `bytes(list)`",
        "frozenset": "there are no sets; use a map `{key: true}`", "Thread": "a process is started by `start f()`",
        "Pool": "write `parallel for x in xs limit 4 { ... }`", "Manager": "declare `shared x = [...]`",
        "Value": "declare `shared x: int = 0`", "Array": "declare `shared xs: int[10]`",
        "Parallel": "write `parallel { a(); b() }`", "Sequence": "statements run one after the other by themselves",
        "Alternative": "write `select { case c ? x { ... } }`", "poison": "write `c.poison()`", "retire": "write `c.close()`",
        "close": "write `c.close()`", "delete": "write `m.remove(key)`", "cap": "a capacity is given in `channel c(16)`",
        "string": "a value as text is `str(x)`", "pass": "an empty block is `{ }`",
        "function": "write `x => value`, or `func(x) { ... }`", "new": "a value is made by calling a function",
        "ValueError": "write `raise error(\"value\", \"text\")`", "TypeError": "write `raise error(\"type\", \"text\")`",
        "KeyError": "write `raise error(\"key\", \"text\")`", "IndexError": "write `raise error(\"index\", \"text\")`",
        "__name__": "a script runs from top to bottom: call `main()` at its end; what is imported is a file of definitions",
        "wait": "write `p.join()` for a process, `sleep(1s)` for a time", "Sleep": "write `sleep(1s)`",
        "begin": "a block stands in braces: `{ ... }`",
        "RuntimeError": "write `raise \"text\"`", "NotImplementedError": "write `raise \"text\"`",
    ]

    /// Members of modules that other languages have.
    static let foreignMembers: [String: String] = [
        "time.sleep": "write `sleep(1s)`", "time.time": "write `time.now()`", "time.perf_counter": "write `time.monotonic()`",
        "time.strftime": "write `time.format(seconds, pattern)`", "time.ctime": "write `time.format()`",
        "random.randint": "write `random.int(low, high)`", "random.random": "write `random.float()`",
        "random.uniform": "write `random.float(low, high)`", "random.randrange": "write `random.int(low, high)`",
        "random.choices": "write `[random.choice(xs) for _ in 0..<n]`",
        "json.loads": "write `json.parse(text)`", "json.load": "write `json.parse(fs.read(path))`",
        "json.dumps": "write `json.format(value)`", "json.dump": "write `fs.write(path, json.format(value))`",
        "json.stringify": "write `json.format(value)`", "json.Marshal": "write `json.format(value)`",
        "json.Unmarshal": "write `json.parse(text)`", "os.system": "write `os.run(\"...\")`",
        "os.popen": "write `os.run(\"...\").out`", "os.getcwd": "write `os.cwd()`", "os.environ": "write `os.env`",
        "os.getenv": "write `os.env.get(\"NAME\")`", "os.Getenv": "write `os.env.get(\"NAME\")`",
        "os.getpid": "write `self.pid`", "os.fork": "a process is started by `start { ... }`",
        "os.kill": "write `p.kill()` on the handle of the process", "os.listdir": "write `fs.list(path)`",
        "os.mkdir": "write `fs.mkdir(path)`", "os.makedirs": "write `fs.mkdir(path)`", "os.remove": "write `fs.remove(path)`",
        "os.unlink": "write `fs.remove(path)`", "os.rename": "write `fs.rename(path, to)`",
        "os.path": "write `fs.exists(path)`, `fs.is_dir(path)`, ...", "os.cpu_count": "write `os.cpus()`",
        "os.exit": "write `exit(n)`", "os.Exit": "write `exit(n)`", "os.argv": "write `os.args`", "os.Args": "write `os.args`",
        "os.stdout": "write `print(...)`", "os.stderr": "write `eprint(...)`", "os.pipe": "write `pipe left, right`",
        "fs.open": "write `fs.read(path)`, `fs.lines(path)` or `fs.write(path, text)`",
        "fs.unlink": "write `fs.remove(path)`", "fs.readFileSync": "write `fs.read(path)`",
        "math.abs": "write `abs(x)`", "math.fabs": "write `abs(x)`", "math.round": "write `round(x)`",
        "math.max": "write `max(a, b)`", "math.min": "write `min(a, b)`", "math.random": "write `random.float()`",
        "math.prod": "write `xs.reduce((a, b) => a * b, 1)`", "math.fsum": "write `sum(xs)`",
    ]

    /// Methods of other languages, with what is written for them: the first that the value has, or that is no method. Of
    /// ends also by kind, `queue.push`.
    static let foreignMethods: [String: [String]] = [
        "push": ["append", "send"], "add": ["append"], "length": ["len(x)"], "size": ["len(x)"], "toUpperCase": ["upper"],
        "toLowerCase": ["lower"], "len": ["len(x)"], "has": ["x in xs"], "contains": ["x in xs"], "foreach": ["for x in xs"],
        "put": ["send"], "recv": ["receive"], "read": ["receive"], "write": ["send"], "isnumeric": ["isdigit"],
        "isdecimal": ["isdigit"], "has_key": ["x in xs"], "containsKey": ["x in xs"], "includes": ["x in xs"],
        "trim": ["strip"], "toString": ["str(x)"], "concat": ["+"], "substring": ["s[a..<b]"], "substr": ["s[a..<b]"],
        "slice": ["xs[a..<b]"], "forEach": ["for x in xs"], "indexOf": ["index"], "startsWith": ["startswith"],
        "endsWith": ["endswith"], "format": ["\"{x:.2f}\""], "entries": ["items"], "shift": ["pop(0)"],
        "unshift": ["insert(0, x)"], "appendleft": ["insert(0, x)"], "popleft": ["pop(0)"], "terminate": ["kill"],
        "is_alive": ["alive"], "exitcode": ["status"], "wait": ["join"], "start": ["start f()"],
        "queue.push": ["put"], "queue.enqueue": ["put"], "queue.add": ["put"], "queue.append": ["put"], "queue.pop": ["get"],
        "queue.dequeue": ["get"], "queue.get_nowait": ["try_get"], "queue.put_nowait": ["try_put"],
    ]

    /// Named arguments that the same functions have elsewhere.
    static let foreignArguments: [String: String] = [
        "print.file": "write `eprint(...)` for the standard error, `fs.append(path, text)` for a file",
        "print.flush": "what is printed is seen before anything that happens after it; leave it out",
        "sorted.cmp": "write `sorted(xs, key: f)`", "os.run.shell": "a string instead of a list goes through the shell",
        "os.run.capture_output": "`.out` and `.err` of the result are what the program wrote",
        "os.run.check": "look at `.status` of the result", "os.run.text": "`.out` is text", "os.run.stdin": "write `input: text`",
        "json.format.sort_keys": "a map keeps the order of its keys: `map(sorted(m.items()))`",
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

extension String {
    /// For messages: a text that is longer than so many characters is cut in the middle.
    func shortened(to limit: Int) -> String {
        guard utf8.count > limit, count > limit else { return self }
        return "\(prefix(limit * 2 / 3))…\(suffix(limit / 4))"
    }
}
