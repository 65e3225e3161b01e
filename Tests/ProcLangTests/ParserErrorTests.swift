import Testing

@testable import ProcLang

@Suite("Parser: mistakes")
struct ParserErrorTests {
    @Test("five mistakes make five messages, each at its line")
    func five() {
        let text = """
            let x =
            print("a" "b")
            func f(a b) { return a }
            let z = "abc
            for i in 0..<3 { print(i }
            print("fine")
            """
        #expect(
            Checked(text).summary == ["syntax@1", "syntax@2", "syntax@3", "unclosed-string@4", "unclosed-bracket@5"])
    }

    @Test("mistakes inside blocks leave the blocks around them whole")
    func nested() {
        let text = """
            process p(out!) {
                let = 1
                while true {
                    out ! )
                    if { }
                }
                y ++
            }
            p(
            let q = 1
            """
        let checked = Checked(text)
        #expect(
            checked.summary.filter { !$0.hasPrefix("undefined") } == [
                "syntax@2", "syntax@4", "syntax@5", "foreign-syntax@7", "unclosed-bracket@9",
            ])
    }

    @Test("syntax errors and errors of meaning come together, without consequences of the former")
    func together() {
        let text = """
            let a = = 1
            print(a, b)
            let c = 1
            c = 2
            process w() { return wrong +* }
            w()
            """
        #expect(
            Checked(text).summary == [
                "syntax@1", "undefined-name@2", "assign-to-constant@4", "syntax@5", "process-call@6",
            ])
    }

    @Test("brackets that are not closed are shown where they open")
    func brackets() {
        let checked = Checked("foo(1,\n  [2, 3\nlet x = 1\n")
        #expect(checked.summary.first == "unclosed-bracket@2")
        #expect(Checked("if true {\nprint(1)\n").summary == ["unclosed-bracket@1"])
        #expect(Checked("print(1)\n}\nprint(2)").summary == ["unmatched-bracket@2"])
        #expect(Checked("print(1))\nprint(2)").summary == ["unmatched-bracket@1"])
    }

    @Test(
        "what comes from other languages is named, with the way to write it here",
        arguments: [
            (
                "if true:\n    print(1)\nelse:\n    print(2)\nprint(3)", "foreign-syntax@1",
                "write `{ ... }` instead of `:` and indentation"
            ),
            ("def f(x) { return x }", "foreign-syntax@1", "a function is defined by `func name(x) { ... }`"),
            ("function f(x) { return x }", "foreign-syntax@1", "a function is defined by `func name(x) { ... }`"),
            ("const x = 1", "foreign-syntax@1", "write `let x = ...`, or `var` if it is assigned later"),
            ("if true { } elif false { }", "foreign-syntax@1", "write `else if`"),
            ("if true && false { }", "foreign-syntax@1", "write `and`"),
            ("if true || false { }", "foreign-syntax@1", "write `or`"),
            ("if !true { }", "foreign-syntax@1", "write `not x`; `c ! x` sends x to c"),
            ("if 1 === 2 { }", "foreign-syntax@1", "write `==`"),
            ("if 1 !== 2 { }", "foreign-syntax@1", "write `!=`"),
            ("var x = 1\nx++", "foreign-syntax@2", "write `x += 1`"),
            ("let x := 1", "foreign-syntax@1", "write `let x = ...`"),
            ("go print(1)", "foreign-syntax@1", "write `start f()`; it creates a process"),
            ("channel c\nc <- 1", "foreign-syntax@2", "send with `c ! v`, receive with `c ? x`"),
            ("print \"x\"", "syntax@1", "a call has parentheses: `print(...)`"),
            ("let x: int = 1", "foreign-syntax@1", "write `let x = ...`; only `shared` variables have types"),
            ("func f(x) -> int { return x }", "foreign-syntax@1", "leave out `-> ...`"),
            ("print(sep=1)", "foreign-syntax@1", "write `sep: ...`"),
            ("// a comment", "foreign-syntax@1", nil),
            (
                "for (i = 0; i < 3; i++) { }", "foreign-syntax@1",
                "count with `for i in 0..<n { ... }`; repeat with `while c { ... }` or `loop { ... }`"
            ),
            ("let a = [1]\nprint(a[0:1])", "foreign-syntax@2", "write `a[1..<3]`, `a[2..]`, `a[..<2]` or `a[..]`"),
            ("let x = 1\nif x = 2 { }", "syntax@2", "values are compared with `==`"),
            ("class A { }", "foreign-syntax@1", "data stands in maps and lists, state that acts in a process"),
        ] as [(String, String, String?)])
    func foreign(text: String, code: String, help: String?) {
        let checked = Checked(text)
        #expect(checked.errors.count == 1, "\(checked.rendered)")
        #expect(checked.summary.first == code)
        if let help { #expect(checked.errors.first?.help.contains(help) == true, "\(checked.rendered)") }
    }

    @Test("an item of parallel that is no process gets the hint to put it in braces")
    func items() {
        let checked = Checked("var x = 0\nparallel {\n    x = 1\n    print(x)\n    if x > 0 { }\n}")
        #expect(checked.summary == ["not-a-process@3", "not-a-process@5"])
        #expect(checked.errors.first?.help == ["put it in braces to make it a process of its own: `{ x = 1 }`"])
        #expect(Checked("start 1 + 2").errors.first?.code == .notAProcess)
        #expect(Checked("func f() { }\nstart f").errors.first?.code == .notAProcess)
    }

    @Test(
        "other mistakes",
        arguments: [
            "let x", "let [a, b] + 1", "f(a b)", "[1, 2", "{a: 1, b}", "c ?", "c ! ", "c ? a.b", "1 = 2", "f() = 3",
            "a[1..<2] = 3",
            "let process = 1", "func x { }", "process { }", "raise", "try { }", "select { }", "select { foo }",
            "select { after 1s { } else { } }", "match x { foo }", "match x { case 1 + 2 { } }", "for x { }",
            "for a, b, c in d { }",
            "shared x", "shared x: blob = 1", "shared x: any[3]", "pipe a", "pipe a, b, c", "pipe a(3), b", "channel",
            "channel 3",
            "import lib", "import \"lib\"", "x is 3", "x is y is z", "1..<2..<3", "a if b", "func f(a = 1, b) { }",
            "func f(shared x!) { }", "func f(x? = 1) { }", "supervise {", "parallel limit 3 { }", "parallel f()",
            "let x = shared y",
            "return shared x", "a.", "a.1", "x = y = z", "\"{}\"", "\"{x y}\"", "(", ")", "]", "}", "...", "@", "$x",
            "a ? b ? c", "\\",
            "queue(1, 2)", "pipe(3)", "channel c = d", "else { }", "case 1 { }", "catch e { }", "a ~ b", "a & b",
            "(1, 2)", "a, b = b, a",
            "let x = if a { 1 }", "+1", ".5", "var a, b = 1, 2", "x => { return 1 }", "[...a] = ", "[...a, b] = c",
            "lock { }",
        ])
    func mistakes(text: String) {
        let result = Parser.parse(SourceMap().add(path: "t", text: Array(text.utf8)))
        #expect(result.diagnostics.count == 1, "\(text): \(result.diagnostics.map(\.title))")
    }

    @Test("any piece of a program ends parsing with a tree, without hanging")
    func truncated() {
        let program = Array(
            """
            process p(a?, b! , shared c) { for x in a { b ! "v{x:>{2}}" } }
            shared n: int[3] = 0..<3
            let r = parallel for [i, j] in [[1, 2]] limit 2 { p(i, j, n) }
            select first { case q ? [m, ...k] when m > 1 { } case z[i] ! 3 for i in 0..<2 { } after 1s { } closed { } }
            match r { case {a: [1, int n]} when n is not nil { } else { try { } catch e { } finally { } } }
            """.utf8)
        for end in 0...program.count {
            _ = Checked(bytes: Array(program[..<end]))
            _ = Checked(bytes: Array(program[end...]))
        }
    }

    @Test("texts of random tokens end parsing and resolving, too")
    func random() {
        let pieces = [
            "let", "var", "x", "y", "=", "+", "-", "(", ")", "[", "]", "{", "}", ",", ";", "\n", "if", "else", "for",
            "in", "while",
            "func", "process", "parallel", "start", "select", "case", "?", "!", "channel", "c", "shared", ":", "int",
            "1", "2.5",
            "\"a\"", "\"{x}\"", "=>", "..<", "...", "..", "match", "try", "catch", "finally", "lock", "return", "break",
            "not", "is",
            "and", "or", ".", "limit", "when", "after", "supervise", "**", "+=", "import", "as", "nil", "raise", "loop",
            "\"", "'", "#",
        ]
        var state: UInt64 = 88_172_645_463_325_252
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for _ in 0..<3000 {
            let text = (0..<(1 + next(40))).map { _ in pieces[next(pieces.count)] }.joined(separator: " ")
            let checked = Checked(text)
            for diagnostic in checked.diagnostics {
                #expect(
                    Int(diagnostic.span.end) <= text.utf8.count && diagnostic.span.start <= diagnostic.span.end,
                    "\(text)")
            }
            _ = checked.rendered
        }
    }
}
