// The text of the guided tour: the seven programs of Scripts/tutorial, taken apart into what one types at a prompt.
//
// Invariants
// - Typing each task's `code`, in order, passes the tour; a test does so.
// - A step needs no names of the steps before it, so that one can begin anywhere.

/// One thing to type.
struct TutorialTask {
    /// What it is about.
    let text: String
    /// What does it. The learner may write it otherwise.
    let code: String
    /// Words that the learner's statement has to contain.
    let words: [String]
    /// True in the session when it was done right.
    let check: String
    /// Said when it was not.
    let hint: String
}

struct TutorialStep {
    let title: String
    let introduction: String
    let tasks: [TutorialTask]
    /// Said at the end.
    let conclusion: String
}

enum TutorialSteps {
    static let all: [TutorialStep] = [
        TutorialStep(
            title: "Processes side by side",
            introduction: """
                A process in ProcLang is a real process of the operating system: it has a pid, its own memory, and dies
                alone. `process` defines what it does; nothing runs yet.
                """,
            tasks: [
                TutorialTask(
                    text: "Define a process P1 that sleeps a moment and says that it ends:",
                    code: "process P1() { sleep(500ms); print(\"P1 exiting\") }", words: ["process", "P1", "print"],
                    check: "type(P1) == \"process\"", hint: "A definition is `process NAME() { ... }`."),
                TutorialTask(
                    text: "And a second one (the up key brings the first back, to be changed):",
                    code: "process P2() { sleep(500ms); print(\"P2 exiting\") }", words: ["process", "P2", "print"],
                    check: "type(P2) == \"process\"", hint: "Like P1, with another name."),
                TutorialTask(
                    text: """
                        `parallel` runs each of its items as a process and waits for all. It takes half a second,
                        not one:
                        """,
                    code: "parallel { P1(); P2() }", words: ["parallel", "P1", "P2"], check: "_ == [nil, nil]",
                    hint: "Both calls stand inside `parallel { }`, separated by `;` or on lines of their own."),
            ],
            conclusion: "[nil, nil] is the value of `parallel`: what the two processes returned."),
        TutorialStep(
            title: "A network of processes",
            introduction: """
                Processes share no memory: they send each other values over channels. A parameter `x!` is an end to write
                to, `x?` one to read from. `c ! value` sends, `c ? name` receives, and each waits for the other.
                """,
            tasks: [
                TutorialTask(
                    text: "A process that squares what it reads. Enter goes on in the next line while a brace is open:",
                    code: """
                        process squares(source?, out!) {
                            for n in source { out ! n * n }
                        }
                        """, words: ["process", "squares", "for"], check: "type(squares) == \"process\"",
                    hint: "The parameters are `source?` and `out!`; the body is a `for` that sends."),
                TutorialTask(
                    text: "A process that asks it:",
                    code: """
                        process asker(out!, source?) {
                            for n in 1...3 {
                                out ! n
                                source ? answer
                                print("the square of {n} is {answer}")
                            }
                        }
                        """, words: ["process", "asker"], check: "type(asker) == \"process\"",
                    hint: "It sends with `out ! n` and receives with `source ? answer`."),
                TutorialTask(
                    text: "Two channels:", code: "channel questions, answers", words: ["channel"],
                    check: "type(questions) == \"channel\" and type(answers) == \"channel\"",
                    hint: "`channel NAME, NAME` declares two."),
                TutorialTask(
                    text: """
                        And now both at once. When the asker has ended nobody can write any more, and the `for` of
                        the other ends:
                        """,
                    code: "parallel { asker(questions, answers); squares(questions, answers) }",
                    words: ["parallel", "asker", "squares"], check: "_ == [nil, nil]",
                    hint: "Each process is given both channels; the parameters take the ends that they need."),
            ],
            conclusion: "Two processes, two channels, no memory in common: a network in the style of CSP."),
        TutorialStep(
            title: "Pipes",
            introduction: "A pipe has two ends, and both send and receive. `start` runs one process in the background.",
            tasks: [
                TutorialTask(
                    text: "Declare a pipe with two ends:", code: "pipe parent_conn, child_conn", words: ["pipe"],
                    check: "type(parent_conn) == \"pipe\" and type(child_conn) == \"pipe\"", hint: "`pipe NAME, NAME`."),
                TutorialTask(
                    text: "A process that sends one value, a list of different things, and closes its end:",
                    code: "process f(conn) { conn.send([42, nil, \"hello\"]); conn.close() }",
                    words: ["process", "f", "send"],
                    check: "type(f) == \"process\"", hint: "The ends have methods: `conn.send(value)`, `conn.close()`."),
                TutorialTask(
                    text: "Start it with the child's end, and keep the handle:", code: "let p = start f(child_conn)",
                    words: ["start", "f"], check: "type(p) == \"handle\"", hint: "`let p = start f(...)`."),
                TutorialTask(
                    text: "Receive what it sent:", code: "parent_conn.recv()", words: ["parent_conn"],
                    check: "_ == [42, nil, \"hello\"]",
                    hint: """
                        The other end is `parent_conn`; it has `.recv()`. It was received already? Start `f` once
                        more: with a new pipe.
                        """),
                TutorialTask(
                    text: "Wait for the process to end:", code: "p.join()", words: ["p", "join"],
                    check: "p.status == \"done\"", hint: "A handle has `.join()`."),
            ],
            conclusion: "What is sent arrives as a copy: any value can travel, also the ends of channels."),
        TutorialStep(
            title: "Queues",
            introduction: """
                A queue holds values until somebody takes them: the first in is the first out, for any number of
                processes.
                """,
            tasks: [
                TutorialTask(
                    text: "Declare a queue:", code: "queue q", words: ["queue", "q"], check: "type(q) == \"queue\"",
                    hint: "`queue NAME`."),
                TutorialTask(
                    text: "A process that puts something into it:",
                    code: "process fill(out!) { out.put([42, nil, \"hello\"]) }",
                    words: ["process", "fill", "put"], check: "type(fill) == \"process\"",
                    hint: "The parameter `out!` is an end to write to; `out.put(value)` writes."),
                TutorialTask(
                    text: "Start it:", code: "start fill(q)", words: ["start", "fill"], check: "type(_) == \"handle\"",
                    hint: "`start` and a call."),
                TutorialTask(
                    text: "Take the value out. `q.get()` waits until there is one:",
                    code: "q.get()", words: ["q", "get"],
                    check: "_ == [42, nil, \"hello\"]",
                    hint: "`q.get()`. Is the queue empty? Then `start fill(q)` again first."),
            ],
            conclusion: "`q ! value` and `q ? name` do the same as put and get."),
        TutorialStep(
            title: "Shared memory: a value and an array",
            introduction: """
                What processes are to share is declared `shared`. Numbers and arrays of numbers lie in shared memory; each
                operation on them is atomic.
                """,
            tasks: [
                TutorialTask(
                    text: "A number:", code: "shared num: float = 0.0", words: ["shared", "num"], check: "num == 0.0",
                    hint: "`shared NAME: float = 0.0`."),
                TutorialTask(
                    text: "An array of ten ints, filled from a range:", code: "shared arr: int32[10] = 0..<10",
                    words: ["shared", "arr"], check: "arr[..] == list(0..<10)",
                    hint: "The type is `int32[10]`, the value `0..<10`."),
                TutorialTask(
                    text: "A process that changes both. `shared` parameters are given by reference:",
                    code: """
                        process change(shared n, shared a) {
                            n = 3.1415927
                            for i in 0..<len(a) { a[i] = -a[i] }
                        }
                        """, words: ["process", "change", "shared"], check: "type(change) == \"process\"",
                    hint: "The parameters are `shared n, shared a`."),
                TutorialTask(
                    text: "Run it to its end:", code: "parallel { change(num, arr) }", words: ["change"],
                    check: "num == 3.1415927 and arr[1] == -1", hint: "`parallel { change(num, arr) }` waits for it."),
                TutorialTask(
                    text: "Look at the array; `[..]` makes a private copy of all of it:",
                    code: "arr[..]", words: ["arr"],
                    check: "_ == [-i for i in 0..<10]",
                    hint: "Just `arr[..]`. Twice negated? Then set it up once more."),
            ],
            conclusion: "`num += 1` by a thousand processes loses no addition: it is one atomic operation."),
        TutorialStep(
            title: "The manager: shared objects of any kind",
            introduction: """
                Lists, maps and everything else that is `shared` live at the program's manager, one server process that
                works for all the others.
                """,
            tasks: [
                TutorialTask(
                    text: "A shared list of records:",
                    code: "shared records = [[\"Computers\", 1], [\"History\", 5], [\"Hindi\", 9]]",
                    words: ["shared", "records"],
                    check: "len(records) == 3", hint: "`shared records = [[name, score], ...]` with three records."),
                TutorialTask(
                    text: "A process that adds one:",
                    code: "process insert_record(record, shared records) { records.append(record) }",
                    words: ["process", "insert_record", "append"], check: "type(insert_record) == \"process\"",
                    hint: "The second parameter is `shared records`."),
                TutorialTask(
                    text: "Start it with a new record:",
                    code: "let p1 = start insert_record([\"English\", 3], records)",
                    words: ["start", "insert_record"], check: "type(p1) == \"handle\"",
                    hint: "`let p1 = start insert_record(...)`."),
                TutorialTask(
                    text: "Wait for it:", code: "p1.join()", words: ["p1", "join"], check: "p1.status == \"done\"",
                    hint: "`p1.join()`."),
                TutorialTask(
                    text: "And look at the list here:", code: "records", words: ["records"],
                    check: "_ == [[\"Computers\", 1], [\"History\", 5], [\"Hindi\", 9], [\"English\", 3]]",
                    hint: "Its plain name. Other records in it? Then declare it anew and go through the step again."),
            ],
            conclusion: "`:ps` shows the manager now. It may even be killed: its objects survive."),
        TutorialStep(
            title: "Namespaces",
            introduction: "A namespace has attributes. A shared one is changed by any process, an attribute at a time.",
            tasks: [
                TutorialTask(
                    text: "A shared namespace with two attributes:", code: "shared using_ns = namespace(x: 1, y: 1)",
                    words: ["shared", "using_ns"], check: "using_ns.x == 1 and using_ns.y == 1",
                    hint: "`namespace(x: 1, y: 1)` makes one."),
                TutorialTask(
                    text: "A process that changes it. `ns.x += 5` is one operation at the manager:",
                    code: "process modify(shared ns) { ns.x += 5; ns.y *= 10 }", words: ["process", "modify", "shared"],
                    check: "type(modify) == \"process\"", hint: "The parameter is `shared ns`."),
                TutorialTask(
                    text: "Run it:", code: "parallel { modify(using_ns) }", words: ["modify"],
                    check: "using_ns.x == 6 and using_ns.y == 10", hint: "`parallel { modify(using_ns) }`, once."),
                TutorialTask(
                    text: "And look:",
                    code: "using_ns", words: ["using_ns"], check: "_.x == 6", hint: "Its plain name."),
            ],
            conclusion: "That was the last step."),
    ]
}
