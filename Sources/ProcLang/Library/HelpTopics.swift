// The topics of the help: what the language can do, each in a few lines with an example that runs. The REPL's
// `:help` and docs/library.md (`proclang reference`) are made from them.
//
// Invariant: every example is a whole program; its output is exact. The documentation's tests run them all.

/// One topic.
public struct HelpTopic: Sendable {
    public let name: String
    /// What it is about, in one line.
    public let title: String
    public let text: String
    /// A program and what it prints.
    public let code: String
    public let output: String
}

/// Everything `:help` knows.
public enum HelpTopics {
    /// All topics: those of the language, then the parts of the library.
    public static var names: [String] { language.map(\.name) + LibraryReference.sectionNames }

    /// A topic of the language by its name.
    public static func language(named name: String) -> HelpTopic? { language.first { $0.name == name } }

    /// The name of the topic nearest to a word.
    public static func nearest(to word: String) -> String? { Suggestions.nearest(to: word, in: names) }

    /// The topic under which a keyword is explained.
    public static func topic(ofKeyword word: String) -> String? {
        switch word {
        case "process", "return": return "process"
        case "parallel": return "parallel"
        case "start": return "start"
        case "channel": return "channel"
        case "queue": return "queue"
        case "pipe": return "pipe"
        case "select", "case": return "select"
        case "shared": return "shared"
        case "lock": return "lock"
        case "func": return "func"
        case "let", "var": return "names"
        case "if", "else", "while", "loop", "for", "in", "break", "continue": return "control"
        case "match", "is": return "match"
        case "try", "catch", "finally", "raise": return "errors"
        case "import": return "import"
        default: return nil
        }
    }

    /// The topics about the language itself, in the order in which they are listed.
    public static let language: [HelpTopic] = [
        HelpTopic(
            name: "names", title: "let, var, values",
            text: """
                `let` binds a name once, `var` may be assigned again. Values are nil, bools, ints, floats, strings, lists,
                maps, ranges, functions, processes, channels and more: `type(x)` tells.
                """,
            code: """
                let name = "Ada"
                var count = 1
                count += 1
                let [x, y] = [3, 4]
                print("{name} {count} {x * y} {2.5:.2f}", type(count))
                """, output: "Ada 2 12 2.50 int"),
        HelpTopic(
            name: "control", title: "if, for, while, loop",
            text: """
                Conditions need no parentheses; bodies stand in braces. `for` goes through lists, maps, strings, ranges,
                channels. `loop` goes on until `break`. Only nil and false are false.
                """,
            code: """
                for i in 1...3 {
                    if i == 2 { continue }
                    print(i)
                }
                let ages = {a: 1, b: 2}
                for key, value in ages { print(key, value) }
                """, output: "1\n3\na 1\nb 2"),
        HelpTopic(
            name: "match", title: "match: take a value apart",
            text: """
                Cases are literals, names, list and map patterns, types; `when` adds a condition. A value that no case
                matches is an error.
                """,
            code: """
                func area(shape) {
                    match shape {
                        case ["circle", r] { return 3 * r * r }
                        case {kind: "square", side: a} { return a * a }
                        case int n when n > 0 { return n }
                        else { return nil }
                    }
                }
                print(area(["circle", 2]), area({kind: "square", side: 3}), area(7), area("?"))
                """, output: "12 9 7 nil"),
        HelpTopic(
            name: "func", title: "functions and lambdas",
            text: """
                Parameters may have defaults, arguments may be named. Functions are closures; `x => x * x` is a short one.
                """,
            code: """
                func power(base, exponent = 2) { return base ** exponent }
                print(power(3), power(2, exponent: 10))
                print([1, 2, 3].map(x => x * x))
                """, output: "9 1024\n[1, 4, 9]"),
        HelpTopic(
            name: "process", title: "process: an operating-system process",
            text: """
                `process` defines what a process does; called inside `parallel` or after `start` it becomes a real
                process, with its own pid and memory. `x?` is a parameter that is read from, `x!` one that is written to,
                `shared x` a shared variable.
                """,
            code: """
                process double(source?, out!) {
                    for x in source { out ! 2 * x }
                }
                channel a, b
                parallel {
                    { for i in 1...3 { a ! i } }
                    double(a, b)
                    { for y in b { print(y) } }
                }
                """, output: "2\n4\n6"),
        HelpTopic(
            name: "parallel", title: "parallel: processes side by side",
            text: """
                Each item becomes a process; `parallel` waits for all and gives the list of their results, in the order
                written. If one fails the others are cancelled. `parallel for ... limit 4` runs one process a turn.
                """,
            code: """
                process square(n) { return n * n }
                print(parallel { square(3); square(4) })
                print(parallel for i in 1...4 limit 2 { square(i) })
                """, output: "[9, 16]\n[1, 4, 9, 16]"),
        HelpTopic(
            name: "start", title: "start: one process in the background",
            text: """
                `start` gives a handle: `.join()` waits for the result, `.status`, `.pid`, `.cancel()`, `.kill()`.
                """,
            code: """
                process slow(n) { sleep(10ms); return n + 1 }
                let p = start slow(41)
                print(p.join(), p.status)
                """, output: "42 done"),
        HelpTopic(
            name: "channel", title: "channel: send and receive",
            text: """
                `c ! value` sends, `c ? x` receives. An unbuffered channel hands over hand to hand; `channel c(16)` holds
                16 values. `for x in c` ends when nobody can write any more.
                """,
            code: """
                channel c(2)
                c ! "first"
                c ! "second"
                c ? x
                print(x, len(c), c.receive())
                """, output: "first 1 second"),
        HelpTopic(
            name: "queue", title: "queue: first in, first out",
            text: "A queue holds any number of values, or so many: `queue q(100)`. `q.put(v)` and `q.get()`, or `!` and `?`.",
            code: """
                queue q
                for word in ["a", "b"] { q.put(word) }
                print(q.get(), q.get(), q.try_get("empty"))
                """, output: "a b empty"),
        HelpTopic(
            name: "pipe", title: "pipe: two ends, both ways",
            text: "What is sent on one end is received on the other.",
            code: """
                pipe left, right
                let p = start { right ! right.recv() + 1 }
                left ! 41
                print(left.recv())
                p.join()
                """, output: "42"),
        HelpTopic(
            name: "select", title: "select: the first of several",
            text: """
                Waits until one of its cases can happen: receives, sends, ends of processes. `after` limits the wait,
                `else` does not wait at all, `closed` runs when every case is at its end.
                """,
            code: """
                channel a, b
                let p = start { b ! "hello" }
                select {
                    case a ? x { print("a:", x) }
                    case b ? x { print("b:", x) }
                    after 5s { print("nothing came") }
                }
                p.join()
                """, output: "b: hello"),
        HelpTopic(
            name: "shared", title: "shared variables",
            text: """
                `shared` names are seen by every process that uses them; each operation is atomic. Numbers and arrays lie
                in shared memory, everything else at the program's manager.
                """,
            code: """
                shared hits = 0
                shared names = []
                parallel for i in 1...4 {
                    hits += i
                    names.append("p{i}")
                }
                print(hits, sorted(names))
                """, output: "10 [\"p1\", \"p2\", \"p3\", \"p4\"]"),
        HelpTopic(
            name: "lock", title: "lock: several operations as one",
            text: "Others' operations on the variables wait. Name all variables in one `lock`: they are taken in a fixed order.",
            code: """
                shared from = 100
                shared to = 0
                parallel for i in 1...5 {
                    lock from, to {
                        from -= 10
                        to += 10
                    }
                }
                print(from, to)
                """, output: "50 50"),
        HelpTopic(
            name: "errors", title: "raise, try, catch, finally",
            text: "An error has `.kind`, `.message`, `.process` and `.trace`. A failing process fails its `parallel` or `join`.",
            code: """
                func check(n) {
                    if n < 0 { raise error("value", "{n} is negative") }
                    return n
                }
                try {
                    check(-1)
                } catch e {
                    print(e.kind, "-", e.message)
                } finally {
                    print("done")
                }
                """, output: "value - -1 is negative\ndone"),
        HelpTopic(
            name: "supervise", title: "supervise: restart what fails",
            text: """
                Like `parallel`, but a process that fails is started again, and standard error says so: at most 3 times in
                5 s, or as often as `restarts 5 within 10s` says. After that it fails like `parallel`.
                """,
            code: """
                process worker() { return "went well" }
                print(supervise restarts 5 within 10s { worker() })
                """, output: "[\"went well\"]"),
        HelpTopic(
            name: "import", title: "import: other files",
            text: "`import \"lib.proc\" as lib` runs a file once; what it defines is `lib.name`. Modules of the library need no import.",
            code: "print(math.sqrt(16), json.format({a: [1, nil]}))", output: "4.0 {\"a\": [1, null]}"),
    ]

    /// Examples for the sections of the library, by their names.
    static let sections: [String: (code: String, output: String)] = [
        "functions": (
            """
            print(sorted([3, 1, 2]), sum([1, 2, 3]), max("ada", "bob"))
            for [i, x] in enumerate(["a", "b"]) { print(i, x) }
            """, "[1, 2, 3] 6 bob\n0 a\n1 b"
        ),
        "strings": (
            """
            let line = "  one, two ,three "
            print(line.strip().split(","))
            print("-".join(["a", "b"]), "abc".upper(), "hello"[1..<3], "{3.14159:.2f}")
            """, "[\"one\", \" two \", \"three\"]\na-b ABC el 3.14"
        ),
        "bytes": ("let b = bytes(\"hé\")\nprint(len(b), b[0], list(b))", "3 104 [104, 195, 169]"),
        "lists": (
            """
            let xs = [3, 1]
            xs.append(2)
            xs.sort()
            print(xs, xs.map(x => x * 10), [x for x in xs if x > 1], xs[-1])
            """, "[1, 2, 3] [10, 20, 30] [2, 3] 3"
        ),
        "maps": (
            """
            let ages = {ada: 36, "bob": 40}
            ages["eve"] = 28
            print(ages.ada, ages.get("nobody", 0), "bob" in ages, len(ages))
            for name, age in ages { print(name, age) }
            """, "36 0 true 3\nada 36\nbob 40\neve 28"
        ),
        "ranges": ("let r = 1...3\nprint(r, len(r), 3 in r, list(range(0, 10, 3)))", "1...3 3 true [0, 3, 6, 9]"),
        "ends": (
            """
            channel c(3)
            c.send(1)
            print(len(c), c.empty, c.full, c.receive(timeout: 1s))
            c.close()
            print(c.receive(default: "over"))
            """, "1 false false 1\nover"
        ),
        "handles": (
            """
            let p = start { return "result" }
            print(p.join(timeout: 5s), p.status, p.alive)
            """, "result done false"
        ),
        "sync": (
            """
            let ready = event()
            let p = start { ready.wait(); return "went" }
            ready.set()
            print(p.join())
            """, "went"
        ),
        "math": ("print(math.sqrt(2), math.floor(2.7), math.pi > 3)", "1.4142135623730951 2 true"),
        "random": ("random.seed(1)\nlet n = random.int(1, 6)\nprint(n >= 1 and n <= 6)", "true"),
        "time": ("let start_time = time.now()\nsleep(5ms)\nprint(time.now() - start_time >= 0.004)", "true"),
        "json": ("let data = json.parse('{\"a\": [1, 2.5, null]}')\nprint(data.a, json.format(data))", "[1, 2.5, nil] {\"a\": [1, 2.5, null]}"),
        "os": ("let r = os.run([\"echo\", \"hello\"])\nprint(r.status, r.out.strip())", "0 hello"),
        "fs": ("fs.write(\"note.txt\", \"one\\ntwo\\n\")\nprint(fs.lines(\"note.txt\"), fs.exists(\"none\"))", "[\"one\", \"two\"] false"),
    ]
}
