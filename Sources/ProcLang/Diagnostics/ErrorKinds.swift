// `proclang explain KIND`: the kinds of errors that the system raises while a program runs.
//
// Invariants
// - There is one page for each kind that LANGUAGE.md names in section 8, in its order.
// - Each `raises` ends by an uncaught error of its kind, each `handled` ends well and prints nothing on standard error:
//   they are tests. (`denied` is raised only where the command line forbids something, so its program has no test.)

/// One page about a kind of error.
public struct ErrorKindPage {
    /// As in `e.kind`.
    public let kind: String
    /// One line.
    public let summary: String
    /// Paragraphs, each one line of source text; wrapped when printed.
    let meaning: [String]
    /// A program that ends by it.
    let raises: String
    /// One that does not.
    let handled: String

    init(_ kind: String, _ summary: String, _ meaning: [String], raises: String, handled: String) {
        self.kind = kind
        self.summary = summary
        self.meaning = meaning
        self.raises = raises
        self.handled = handled
    }

    /// The page as text.
    public func text() -> String {
        var result = "\(kind): \(summary)\n"
        for paragraph in meaning { result += "\n" + Explanation.wrap(paragraph) }
        return result + "\nRaises it:\n\n" + Explanation.indent(raises) + "\nGoes on:\n\n" + Explanation.indent(handled)
    }

    /// The page about a kind; nil where the system raises no such kind.
    public static func named(_ kind: String) -> ErrorKindPage? { all.first { $0.kind == kind } }

    /// Every page, in the order of LANGUAGE.md.
    public static let all: [ErrorKindPage] = values + waiting + world

    private static let values: [ErrorKindPage] = [
        ErrorKindPage(
            "type", "a value is of a type that does not fit",
            [
                "An operator, a function or a method was given what it cannot work on, a value has no such method, or "
                    + "something was sent that cannot be: functions and handles stay in their process. type(x) and x is "
                    + "int tell what a value is; str(x), int(x), float(x) convert."
            ],
            raises: "let count = input() or \"3\"\nprint(count + 1)", handled: "let count = input() or \"3\"\nprint(int(count) + 1)"),
        ErrorKindPage(
            "index", "a list, string or range has no element there",
            [
                "The elements of xs have the indices 0 to len(xs) - 1, and -1 to -len(xs) from the end. A slice takes what "
                    + "is there, without error."
            ],
            raises: "let xs = [1, 2, 3]\nprint(xs[3])", handled: "let xs = [1, 2, 3]\nprint(xs[-1], xs[..<2])"),
        ErrorKindPage(
            "key", "a map has no such key, or a namespace no such attribute",
            ["m.get(key, default) gives a default instead, key in m tells whether it is there."],
            raises: "let ages = {Ada: 36}\nprint(ages[\"Bob\"])",
            handled: "let ages = {Ada: 36}\nprint(ages.get(\"Bob\", 0), \"Bob\" in ages)"),
        ErrorKindPage(
            "value", "a value is of the right type, but not one that can be used",
            [
                "A text that is no number, a negative count, a list that is changed while a loop goes through it, data "
                    + "that contains itself and is to be sent."
            ],
            raises: "print(int(\"12a\"))",
            handled: "try {\n    print(int(\"12a\"))\n} catch e {\n    print(\"not a number:\", e.message)\n}"),
        ErrorKindPage(
            "match", "no case or pattern fits a value",
            [
                "A match without else takes only what one of its cases fits, and [a, b] only a list of two elements. An "
                    + "else takes the rest; ...others in a list pattern takes any number."
            ],
            raises: "let [first, second] = [1, 2, 3]\nprint(first, second)",
            handled: "let [first, second, ...others] = [1, 2, 3]\nprint(first, second, others)"),
        ErrorKindPage(
            "overflow", "an int would leave its 64 bits, or a float is too large for an int",
            ["Ints never wrap round. Floats reach further, with about 16 digits."],
            raises: "print(9223372036854775807 + 1)", handled: "print(9223372036854775807.0 + 1)"),
        ErrorKindPage(
            "zero_division", "a division by zero",
            ["It is raised by /, // and %, of ints and of floats."],
            raises: "let counts = []\nprint(sum(counts) / len(counts))",
            handled: "let counts = []\nprint(sum(counts) / len(counts) if counts != [] else nil)"),
        ErrorKindPage(
            "assertion", "assert(...) found its condition false",
            ["assert(condition, \"text\") says what ought to be true; the text becomes the message."],
            raises: "let n = -1\nassert(n >= 0, \"n is negative\")", handled: "let n = 1\nassert(n >= 0, \"n is negative\")"),
        ErrorKindPage(
            "recursion", "calls are nested too deeply",
            ["Mostly a function that calls itself without end. A loop with a list of what is left to do needs no calls."],
            raises: "func count(n) { return count(n + 1) }\ncount(0)",
            handled: "func count(n) { return n if n == 100 else count(n + 1) }\nprint(count(0))"),
    ]

    private static let waiting: [ErrorKindPage] = [
        ErrorKindPage(
            "timeout", "the time given to a waiting operation has passed",
            [
                "Every operation that waits takes timeout: 500ms, or the like. It has not happened then: nothing was "
                    + "received, the value was not sent, the process still runs. In a select, after 500ms { } is the "
                    + "branch for it, and nothing is raised."
            ],
            raises: "queue q\nprint(q.get(timeout: 50ms))",
            handled: "queue q\ntry {\n    print(q.get(timeout: 50ms))\n} catch e {\n    if e.kind != \"timeout\" { raise e }\n"
                + "    print(\"nothing yet\")\n}"),
        ErrorKindPage(
            "closed", "the other side of a channel, queue or pipe is gone",
            [
                "A receive raises it at the end: everything sent was read, and nobody who could still send holds the "
                    + "writing end. A send raises it when nobody holds the reading end any more, and so does the use of an "
                    + "end that this process has closed. for x in c { } stops at the end without an error, and "
                    + "c.receive(default: nil) gives a value for it.",
                "In a process that does not catch it, closed is a quiet end: a network winds down from any side. In the "
                    + "main script it is an error.",
            ],
            raises: "process produce(out!) { out ! 1 }\nchannel c\nstart produce(c)\nprint(c.receive())\nprint(c.receive())",
            handled: "process produce(out!) { out ! 1 }\nchannel c\nstart produce(c)\nfor x in c { print(x) }"),
        ErrorKindPage(
            "poisoned", "c.poison() was called on the channel, queue or pipe",
            [
                "Every use of it, by every process, raises poisoned from then on, also of those that wait already. A "
                    + "process that does not catch it ends quietly, so that poison takes a whole network down."
            ],
            raises: "channel c(1)\nc.poison()\nc ! 1",
            handled: "process count(out!) {\n    var n = 0\n    loop {\n        out ! n\n        n += 1\n    }\n}\nchannel c\n"
                + "let p = start count(c)\nprint(c.receive(), c.receive())\nc.poison()\np.join()"),
        ErrorKindPage(
            "deadlock", "processes wait for each other in a circle, or for what cannot happen any more",
            [
                "No member of the set can go on, whatever the other processes do. The message says which process waits for "
                    + "what, at which line, and who holds the other end. Usual causes: all wait to receive and none sends "
                    + "first; two take locks in different orders; a process waits for an event that nobody can set.",
                "It is raised in the member inside a try that began to wait last, and in every member where none is. A "
                    + "wait with a timeout is no part of a deadlock. A script that ends by it exits 3.",
            ],
            raises: "let ready = event()\nready.wait()",
            handled: "let ready = event()\nstart { ready.set() }\nready.wait()\nprint(\"ready\")"),
        ErrorKindPage(
            "process", "a process was killed by a signal, or ended by exit(n) with n not 0",
            [
                "It is raised by what waits for the process: join, parallel, supervise. A process that failed by an error "
                    + "raises that error there; e.process tells which it was. supervise starts a failed one again."
            ],
            raises: "let p = start { exit(3) }\np.join()",
            handled: "let p = start { exit(3) }\ntry {\n    p.join()\n} catch e {\n    print(e.kind, p.status)\n}"),
        ErrorKindPage(
            "cancelled", "the process was cancelled",
            [
                "By p.cancel(), by the failure of another process of its parallel, or by a signal to the program (Ctrl-C). "
                    + "It is raised at the next operation that waits, or turn of a loop; finally blocks run, and after two "
                    + "seconds the process is killed. Joining a process that was cancelled raises it as well."
            ],
            raises: "let p = start { sleep(10s) }\np.cancel()\np.join()",
            handled: "let p = start {\n    try { sleep(10s) } finally { print(\"cleaned up\") }\n}\nsleep(50ms)\np.cancel()\n"
                + "try { p.join() } catch e { print(e.kind) }"),
    ]

    private static let world: [ErrorKindPage] = [
        ErrorKindPage(
            "memory", "the memory limit was reached",
            [
                "A process may use as much memory as --memory says (8 GiB without it), and what is shared has a limit of "
                    + "its own. The operation that asked for too much has not happened. Go through a large input line by "
                    + "line instead of reading it as a whole; bound a queue by queue q(1000)."
            ],
            raises: "let squares = [x * x for x in list(range(1_000_000_000_000))]\nprint(len(squares))",
            handled: "var sum = 0\nfor x in 0..<1_000 { sum += x * x }\nprint(sum)"),
        ErrorKindPage(
            "io", "a file, a program or standard output could not be used",
            ["The message names the file and what the system said about it."],
            raises: "print(fs.read(\"missing.txt\"))",
            handled: "print(fs.read(\"missing.txt\") if fs.exists(\"missing.txt\") else \"\")"),
        ErrorKindPage(
            "denied", "the command line forbids what the program tries",
            ["proclang run --deny takes classes of library calls away from a program, with all its processes."],
            raises: "# proclang run --deny fs script.proc\nprint(fs.read(\"data.txt\"))",
            handled: "try {\n    print(fs.read(\"data.txt\"))\n} catch e {\n    print(e.kind)\n}"),
    ]
}
