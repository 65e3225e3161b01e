// Pages about control flow, locks, modules, and errors of the running program.

extension Explanations {
    static let flow: [Explanation] = [
        Explanation(
            .misplaced, "a statement stands where it means nothing",
            [
                "break and continue belong into a loop of the same process, return into a function or process; lock "
                    + "takes shared variables and semaphores. Another process cannot be left from here: it can be told, "
                    + "by a channel or a shared variable."
            ],
            wrong: "for i in 1...3 {\n    parallel {\n        { break }\n    }\n    print(i)\n}",
            right: "for i in 1...3 {\n    parallel {\n        { print(\"working\") }\n    }\n    if i == 2 { break }\n}"),
        Explanation(
            .nestedLock, "a lock is taken while another one is held",
            [
                "A warning: two processes that take the same locks in different orders wait for each other forever. "
                    + "One lock statement with all variables takes them in a fixed order."
            ],
            wrong: "shared a = 1\nshared b = 2\nlock a {\n    lock b { a += b }\n}\nprint(a)",
            right: "shared a = 1\nshared b = 2\nlock a, b { a += b }\nprint(a)"),
        Explanation(
            .lostUpdate, "a shared variable is read and written in two operations",
            [
                "A warning: hits = hits + 1 is a read and then a write, and the change that another process makes in "
                    + "between is lost. hits += 1 is one operation; lock hits { } makes several operations one."
            ],
            wrong: "shared hits = 0\nparallel for i in 0..<4 { hits = hits + i }\nprint(hits)",
            right: "shared hits = 0\nparallel for i in 0..<4 { hits += i }\nprint(hits)"),
        Explanation(
            .emptySelect, "a select has nothing to wait for",
            ["A select waits for the first of its cases; without cases, after and else it would wait for nothing."],
            wrong: "select { }", right: "channel c(1)\nc ! 1\nselect {\n    case c ? x { print(x) }\n    after 1s { print(\"nothing\") }\n}"),
        Explanation(
            .noEffect, "a statement computes a value that nobody uses",
            [
                "A comparison was probably meant to be an assignment (=), a mentioned function or method to be called. A "
                    + "function main is not called by itself.",
                "What a name, a loop or a method takes out of a shared variable is a private copy, and so is the argument "
                    + "of a process: a change that nobody looks at afterwards was meant for the original, which is "
                    + "changed by a path that begins with its name, records[i][1] += 1. Methods of lists would change "
                    + "only a copy of a shared array: this is an error, the others are warnings."
            ],
            wrong: "func greet() { print(\"hello\") }\ngreet", right: "func greet() { print(\"hello\") }\ngreet()"),
        Explanation(
            .indexAndPair, "two names take an index and a pair",
            [
                "A warning: for with two names takes index and element of a list, key and value of a map. m.items(), "
                    + "enumerate(xs) and zip(xs, ys) give pairs, so that the second name takes a whole pair. A pair is "
                    + "taken apart by for [a, b] in pairs; and maps and lists need no call for two names. Nothing is said "
                    + "where an element of the second name is used."
            ],
            wrong: "let ages = {\"Ada\": 36}\nfor name, age in ages.items() { print(name, age) }",
            right: "let ages = {\"Ada\": 36}\nfor name, age in ages { print(name, age) }\n"
                + "for [name, age] in sorted(ages.items()) { print(name, age) }"),
        Explanation(
            .bindsAnew, "a new name is bound where a known one, or a type, seems to be meant",
            [
                "A warning. A receive c ? x assigns x if it is a var of this process, and otherwise binds a new x that "
                    + "ends with its block: who reads an outer x afterwards, or in the condition of the loop, finds it as "
                    + "it was. Declare the outer one with var, or give the inner one another name.",
                "A name in a pattern of match is a new name, too, and fits everything: the pattern for a type is int n "
                    + "or int _. The name after catch is that of the error, whatever its kind."
            ],
            wrong: "channel c(3)\nc ! 2\nc ! 1\nc ! 0\nc ? n\nwhile n > 0 {\n    print(n)\n    c ? n\n}",
            right: "channel c(3)\nc ! 2\nc ! 1\nc ! 0\nvar n = c.receive()\nwhile n > 0 {\n    print(n)\n    c ? n\n}"),
        Explanation(
            .selfCommunication, "a process sends to itself on a channel without room",
            [
                "A warning: a send on an unbuffered channel waits until another process receives. Where one process "
                    + "alone uses the channel, it waits for itself. A buffered channel keeps the value meanwhile."
            ],
            wrong: "channel c\ntry {\n    c ! 1\n    c ? x\n    print(x)\n} catch e { print(e.kind) }",
            right: "channel c(1)\nc ! 1\nc ? x\nprint(x)"),
        Explanation(
            .oneSidedChannel, "a channel has readers but no writer, or writers but no reader",
            [
                "A warning: whoever receives from a channel to which nothing is ever sent waits in vain, or finds it at its "
                    + "end at once; what is sent to a channel that nobody reads is lost. Mostly a name is wrong, or a "
                    + "parameter has the wrong mark. Nothing is said where a timeout, another way out of a select, or a "
                    + "try ... catch shows that it is meant."
            ],
            wrong: "process produce(out!) { out ! 1 }\nprocess consume(source?) { for x in source { print(x) } }\n"
                + "channel numbers, results\nparallel {\n    produce(numbers)\n    consume(results)\n}",
            right: "process produce(out!) { out ! 1 }\nprocess consume(source?) { for x in source { print(x) } }\n"
                + "channel numbers\nparallel {\n    produce(numbers)\n    consume(numbers)\n}"),
        Explanation(
            .endUsedAfterPassing, "an end is used after it was passed on",
            [
                "A warning: a sent end is a copy. Whoever sends it away still holds it, competes with the one who got "
                    + "it, and keeps the stream open. Usually only the receiver is meant to use it."
            ],
            wrong: "channel ends(1), c(2)\nends ! c.writer\nc ! 1\nends ? e\ne ! 2\nprint(len(c))",
            right: "channel ends(1), c(2)\nends ! c.writer\nends ? e\ne ! 1\ne ! 2\nprint(len(c))"),
    ]

    static let modules: [Explanation] = [
        Explanation(
            .importFailed, "an imported file cannot be read",
            [
                "The path of an import is relative to the file that imports it. The modules math, random, time, json, "
                    + "os and fs are always there and need no import."
            ],
            wrong: "import \"shapse.proc\" as shapes\nprint(shapes.area(2, 3))",
            right: "import \"shapes.proc\" as shapes\nprint(shapes.area(2, 3))",
            rightFile: .init(path: "shapes.proc", text: "func area(width, height) { return width * height }")),
        Explanation(
            .importCycle, "files import each other in a circle",
            [
                "A file is run when it is first imported, which cannot be before itself. Move what both files need "
                    + "into a third one that imports neither."
            ],
            wrong: "import \"b.proc\" as b\nfunc double(x) { return 2 * x }\nprint(b.four())",
            right: "import \"numbers.proc\" as numbers\nprint(numbers.double(2))",
            wrongFile: .init(path: "b.proc", text: "import \"main.proc\" as main\nfunc four() { return main.double(2) }"),
            rightFile: .init(path: "numbers.proc", text: "func double(x) { return 2 * x }")),
    ]

    static let running: [Explanation] = [
        Explanation(
            .runtime, "an error was raised while the program ran, and nobody caught it",
            [
                "The message begins with the kind of the error. Errors are caught by try { } catch e { }, where e.kind "
                    + "and e.message tell what happened, and raised by raise. The kinds that the system raises are "
                    + "\(ErrorKindPage.all.dropLast().map(\.kind).joined(separator: ", ")) and "
                    + "\(ErrorKindPage.all.last?.kind ?? ""); each has a page here, as proclang explain timeout."
            ],
            wrong: "let xs = [1, 2, 3]\nprint(xs[3])", right: "let xs = [1, 2, 3]\nprint(xs[-1])"),
        Explanation(
            .compile, "a function is too large",
            [
                "A function has too many local names, constants or instructions at once. Divide it into several "
                    + "functions; data of this size belongs in a file."
            ]),
    ]
}
