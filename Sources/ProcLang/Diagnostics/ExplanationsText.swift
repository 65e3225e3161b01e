// Pages about characters, literals and grammar.

extension Explanations {
    static let text: [Explanation] = [
        Explanation(
            .invalidUTF8, "the file is not UTF-8 text",
            [
                "A program is UTF-8 text. The byte that is pointed at cannot stand in such a text: the file was "
                    + "probably saved in another encoding (Latin-1, Windows-1252), or is no text at all. Nothing after "
                    + "it can be trusted, so nothing else is reported.",
                "Save the file as UTF-8, or convert it: iconv -f latin1 -t utf-8 old.proc > new.proc",
            ],
            wrong: "print(\"caf\u{FFFD}\")", right: "print(\"café\")"),
        Explanation(
            .tooLong, "the program is longer than 2 GiB",
            [
                "Places in a program are counted in 32 bits. Data of this size belongs in a file that the program "
                    + "reads (fs.lines, fs.read)."
            ]),
        Explanation(
            .unexpectedCharacter, "a character that no word, number, string or operator begins with",
            [
                "Mostly it came along when text was pasted: curly quotes, a long dash for a minus, a space that only "
                    + "looks like one. Inside strings and comments every character is allowed."
            ],
            wrong: "print(“hello”)", right: "print(\"hello\")"),
        Explanation(
            .unclosedString, "a string, or a value in a string, has no end",
            [
                "A string in \"...\" or '...' ends on its line. Longer texts stand in \"\"\"...\"\"\", and a line "
                    + "break is written \\n. In a string, { begins a value, which ends at }; a brace that is text is \\{."
            ],
            wrong: "print(\"Dear reader,\nwelcome\")", right: "print(\"\"\"\n    Dear reader,\n    welcome\n    \"\"\")"),
        Explanation(
            .invalidEscape, "a backslash in a string is followed by something unknown",
            [
                "The escapes are \\n \\t \\r \\0 \\e \\\" \\' \\\\ \\{ \\} and \\u{1F600}. Patterns and paths with many "
                    + "backslashes are easier as raw strings, '...', which know no escapes."
            ],
            wrong: "print(\"C:\\data\")", right: "print('C:\\data')"),
        Explanation(
            .invalidNumber, "something that begins like a number is none",
            [
                "Integers are written 42, 1_000, 0xff, 0o17 or 0b1010, floats 3.14 or 1e-9, durations 250ms, 1.5s, 2m "
                    + "or 1h. An underscore stands between two digits, no integer begins with 0, and no name begins "
                    + "with a digit."
            ],
            wrong: "sleep(10min)", right: "sleep(10m)"),
        Explanation(
            .numberTooLarge, "a number is out of range",
            [
                "An int has 64 bits: from -9223372036854775808 to 9223372036854775807. A float reaches about 1.8e308. "
                    + "A literal out of range is an error, never a wrong value; so is a computation that leaves the "
                    + "range of int (kind overflow, when it runs)."
            ],
            wrong: "print(10000000000000000000)", right: "print(10000000000000000000.0)"),
    ]

    static let grammar: [Explanation] = [
        Explanation(
            .syntax, "the text does not follow the grammar",
            [
                "The message says what was expected and what was found. The mistake may stand a little before the "
                    + "place that is pointed at. A statement ends with its line, unless a bracket is open or the line "
                    + "ends in an operator or a comma."
            ],
            wrong: "let area = 3 *", right: "let area = 3 *\n    4\nprint(area)"),
        Explanation(
            .unclosedBracket, "a bracket has no partner",
            ["The message points at the bracket that was opened, and at the place where it should have been closed by then."],
            wrong: "print(max(1, 2)", right: "print(max(1, 2))"),
        Explanation(
            .unmatchedBracket, "a closing bracket closes nothing",
            ["There is one bracket too many here, or one too few before."],
            wrong: "print(max(1, 2)))", right: "print(max(1, 2))"),
        Explanation(
            .nestedTooDeeply, "the program is nested more than 200 levels deep",
            [
                "Expressions, blocks and lists may be nested 200 levels deep. Long chains of operators and of else if "
                    + "are not nested. Give the inner parts names, or make functions of them."
            ],
            wrong: "print(" + String(repeating: "[", count: 210) + String(repeating: "]", count: 210) + ")",
            right: "let inner = [[1, 2], [3, 4]]\nprint([inner, inner])"),
        Explanation(
            .foreignSyntax, "something is written as in another language",
            [
                "The help shows how it is written here. Blocks stand in braces, conditions are combined with and, or "
                    + "and not, names are declared with let and var, functions with func, processes with process; "
                    + "else if is two words; comments begin with #."
            ],
            wrong: "let x = 3\nif x > 0 && x < 10:\n    print(\"a digit\")",
            right: "let x = 3\nif x > 0 and x < 10 {\n    print(\"a digit\")\n}"),
        Explanation(
            .invalidAssignment, "the left side of an assignment is no place for a value",
            [
                "A name, an element a[i], an attribute a.b, or a list of these in brackets can be assigned. Values are "
                    + "compared with ==."
            ],
            wrong: "var x = 1\nx + 1 = 2\nprint(x)", right: "var x = 1\nx = 2 - 1\nprint(x)"),
        Explanation(
            .notAProcess, "what stands in parallel, supervise or after start cannot run as a process",
            [
                "An item of parallel or supervise is a call, a block, or a nested parallel or supervise; start takes a "
                    + "call or a block. Anything else gets braces around it, which make it a process of its own."
            ],
            wrong: "channel c\nparallel {\n    c ! 1\n    { print(c.receive()) }\n}",
            right: "channel c\nparallel {\n    { c ! 1 }\n    { print(c.receive()) }\n}"),
    ]
}
