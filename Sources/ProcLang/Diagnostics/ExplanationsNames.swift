// Pages about names, calls, ends and shared variables.

extension Explanations {
    static let names: [Explanation] = [
        Explanation(
            .undefinedName, "a name means nothing here",
            [
                "No declaration of this name can be seen from here, and it is none of those that are always there. A "
                    + "name declared in a block is known in that block only. The nearest known name is offered when "
                    + "it looks like a misspelling."
            ],
            wrong: "let total = 3\nprint(totl)", right: "let total = 3\nprint(total)"),
        Explanation(
            .usedBeforeDeclaration, "a name is used above the line that declares it",
            [
                "let, var, channel, queue, pipe and shared take effect where they stand; functions and processes are "
                    + "known in the whole block. Move the declaration up."
            ],
            wrong: "print(count)\nvar count = 1", right: "var count = 1\nprint(count)"),
        Explanation(
            .duplicateName, "a name is declared twice in one scope",
            [
                "A new value for an existing var is assigned without let or var. Another thing needs another name, or "
                    + "a block of its own: an inner block may declare the names of an outer one anew."
            ],
            wrong: "var n = 1\nvar n = 2\nprint(n)", right: "var n = 1\nn = 2\nprint(n)"),
        Explanation(
            .assignToConstant, "something that is bound once is assigned",
            [
                "let binds a name once, and so do func, process, channel, queue, pipe, match, catch and import. What "
                    + "changes is declared with var. A list or map bound by let can still change inside."
            ],
            wrong: "let count = 0\ncount += 1\nprint(count)", right: "var count = 0\ncount += 1\nprint(count)"),
        Explanation(
            .foreignVariable, "a variable of another process is assigned",
            [
                "Every process has memory of its own. It sees the values that were there when it was created, as a "
                    + "copy; a change to the copy would be lost. To share a variable declare it with shared; or return "
                    + "the new value, or send it to a channel."
            ],
            wrong: "var hits = 0\nparallel {\n    { hits += 1 }\n}\nprint(hits)",
            right: "shared hits = 0\nparallel {\n    { hits += 1 }\n}\nprint(hits)"),
        Explanation(
            .foreignMutation, "a list or map of another process is changed",
            [
                "A warning: the process changes its own copy of the list or map, and nobody else sees it. If the "
                    + "change is meant for others, declare the list with shared, return it, or send it to a channel. If "
                    + "the copy is what you want, make it visible: let mine = list(names)."
            ],
            wrong: "let names = []\nparallel {\n    { names.append(\"Ada\") }\n}\nprint(names)",
            right: "shared names = []\nparallel {\n    { names.append(\"Ada\") }\n}\nprint(list(names))"),
        Explanation(
            .unusedVariable, "a name is declared and never used",
            [
                "A warning. Remove it, or let its name begin with _ if it must be there; _ alone takes any value and "
                    + "drops it."
            ],
            wrong: "func area(width, height) {\n    let half = width / 2\n    return width * height\n}\nprint(area(3, 4))",
            right: "func area(width, height) {\n    return width * height\n}\nprint(area(3, 4))"),
        Explanation(
            .unreachable, "a statement or a case is never reached",
            [
                "A warning: what stands before it always leaves (return, raise, break, continue, a loop without "
                    + "break), or an earlier case already matches everything."
            ],
            wrong: "func half(n) {\n    return n / 2\n    print(\"done\")\n}\nprint(half(4))",
            right: "func half(n) {\n    print(\"working\")\n    return n / 2\n}\nprint(half(4))"),
    ]

    static let calls: [Explanation] = [
        Explanation(
            .arity, "a call gives too few or too many arguments, or calls what cannot be called",
            [
                "Calls of known functions and processes are checked before the program runs. Parameters with a default "
                    + "may be left out. A module, a channel or a shared variable cannot be called."
            ],
            wrong: "func add(a, b) { return a + b }\nprint(add(1))",
            right: "func add(a, b = 0) { return a + b }\nprint(add(1))"),
        Explanation(
            .argumentName, "a named argument does not fit",
            [
                "There is no parameter of that name, or it is given already, or an argument without a name follows one "
                    + "with a name."
            ],
            wrong: "func area(width, height) { return width * height }\nprint(area(3, hight: 4))",
            right: "func area(width, height) { return width * height }\nprint(area(3, height: 4))"),
        Explanation(
            .processCall, "a process is called like a function",
            [
                "A call of a process creates an operating-system process, so it stands inside parallel { }, which waits "
                    + "for it, or after start, which gives a handle. What should run in this process is a func."
            ],
            wrong: "process worker(n) { print(n) }\nworker(1)",
            right: "process worker(n) { print(n) }\nlet w = start worker(1)\nw.join()"),
        Explanation(
            .direction, "an end is used the wrong way round",
            [
                "x? is the end to receive from, x! the end to send to. A process that needs both directions takes the "
                    + "parameter without a mark, or takes two ends of two channels."
            ],
            wrong: "process numbers(out!) {\n    out ? n\n    print(n)\n}\nchannel c\nparallel {\n    numbers(c)\n    { c ! 1 }\n}",
            right: "process numbers(source?) {\n    source ? n\n    print(n)\n}\nchannel c\nparallel {\n    numbers(c)\n    { c ! 1 }\n}"),
        Explanation(
            .sharedArgument, "a shared variable is expected, or is not one",
            [
                "A parameter written shared x takes a shared variable itself, not its value: the argument is the name "
                    + "of a variable that was declared with shared. The same holds for shared x as an argument or as a "
                    + "message."
            ],
            wrong: "process count(shared hits) { hits += 1 }\nvar total = 0\nparallel { count(total) }\nprint(total)",
            right: "process count(shared hits) { hits += 1 }\nshared total = 0\nparallel { count(total) }\nprint(total)"),
    ]
}
