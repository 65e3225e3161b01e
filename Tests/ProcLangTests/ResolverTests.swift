import Testing

@testable import ProcLang

@Suite("Resolver: names")
struct ResolverTests {
    @Test(
        "what is right is not reported",
        arguments: [
            "let a = 1\nlet b = a\nprint(b)",
            "print(f(1))\nfunc f(x) { return g(x) }\nfunc g(x) { return x }",
            "func f() { return later }\nlet later = 1\nprint(f())",
            "var n = 0\nfunc f() { n += 1 }\nf()",
            "let x = 1\nif true { let x = 2; print(x) }\nprint(x)",
            "for x in [1] { for x in [2] { print(x) } }",
            "let f = x => x + 1\nprint(f(1), [y for y in [1] if y > 0])",
            "channel c\nstart { c ! 1 }\nc ? x\nc ? x\nc ? [x, y]\nprint(x, y)",
            "channel c\nstart { c ! 1 }\nvar x = 0\nloop { c ? x; if x > 3 { break } }",
            "let print = 3\nlet max = print\nlen(max)",
            "try { raise \"x\" } catch e { print(e.kind) }",
            "match [1] { case [a, ...rest] when a > 0 { print(rest) } case {k: int n} { print(n) } case _ { } }",
            "process p(a, b = 2) { print(a, b) }\nparallel { p(1); p(1, 2); p(a: 1, b: 2) }\nlet h = start p(b: 1, a: 2)\nprint(h)",
            "func f(x) { x = x + 1; return x }\nprint(f(1))",
            "for i in 0..<3 { i += 1; print(i) }",
            "shared n: int = 0\nprocess p() { n += 1 }\nparallel { p() }\nlock n { n = n + 1 }",
            "print(math.pi, math.sqrt(4))",
            "func f() { func g() { return h() }; func h() { return k }; let k = 1; return g() }\nprint(f())",
            "print([1, 2], sep: \", \")\nsorted([1], key: x => -x)",
            "func f() { let _unused = 1; let _ = 2 }",
            "process p() { var n = 0; func up() { n += 1 }; up() }",
            "let w = func(x?) { for y in x { print(y) } }\nchannel c\nstart w(c)",
        ])
    func fine(text: String) {
        let checked = Checked(text)
        #expect(checked.diagnostics.isEmpty, "\(checked.rendered)")
    }

    @Test(
        "names",
        arguments: [
            ("print(a)", "undefined-name@1"),
            ("print(\"{a}\")", "undefined-name@1"),
            ("if true { let a = 1; print(a) }\nprint(a)", "undefined-name@2"),
            ("print(a)\nlet a = 1", "used-before-declaration@1"),
            ("a = 1", "undefined-name@1"),
            ("let a = 1\nlet a = 2", "duplicate-name@2"),
            ("let a = 1\nfunc a() { }", "duplicate-name@1"),
            ("func a() { }\nprocess a() { }", "duplicate-name@2"),
            ("func f(a, a) { }", "duplicate-name@1"),
            ("func f(a) { let a = 1; print(a) }", "duplicate-name@1"),
            ("let [a, a] = [1, 2]", "duplicate-name@1"),
            ("channel c\nc ? x\nlet x = 1", "duplicate-name@3"),
            ("let a = 1\na = 2", "assign-to-constant@2"),
            ("let a = 1\n[a] = [2]", "assign-to-constant@2"),
            ("func f() { }\nf = 1", "assign-to-constant@2"),
            ("channel c\nc = 1", "assign-to-constant@2"),
            ("channel c\nc ? x\nx = 1", "assign-to-constant@3"),
            ("print = 1", "assign-to-constant@1"),
            ("try { } catch e { e = 1 }", "assign-to-constant@1"),
            ("print(_)", "undefined-name@1"),
            ("math.cosine(1)", "undefined-name@1"),
            ("channel c\nselect { case c ? x { } after 1s { print(x) } }", "undefined-name@2"),
            ("match 1 { case int n { } else { print(n) } }", "undefined-name@1"),
            ("print([x for x in [1]], x)", "undefined-name@1"),
        ])
    func names(text: String, expected: String) { #expect(Checked(text).summary == [expected]) }

    @Test("a name that does not exist is reported once, with the nearest that does")
    func nearest() {
        let checked = Checked("let counter = 1\nprint(countre)\nprint(countre)\nprnt(counter)")
        #expect(checked.summary == ["undefined-name@2", "undefined-name@4"])
        #expect(checked.errors.map(\.help) == [["did you mean `counter`?"], ["did you mean `print`?"]])
        #expect(Checked("print(None)").errors.first?.help == ["write `nil`"])
        #expect(Checked("print(zzz)").errors.first?.help == [])
    }

    @Test(
        "calls",
        arguments: [
            ("func f(a, b = 1) { }\nf()", "arity@2"),
            ("func f(a, b = 1) { }\nf(1, 2, 3)", "arity@2"),
            ("func f(a) { }\nf(b: 1)", "argument-name@2"),
            ("func f(a) { }\nf(1, a: 2)", "argument-name@2"),
            ("func f(a) { }\nf(a: 1, a: 2)", "argument-name@2"),
            ("func f(a, b) { }\nf(a: 1, 2)", "argument-name@2"),
            ("process p() { }\np()", "process-call@2"),
            ("process p() { }\nlet x = [p()]", "process-call@2"),
            ("process p(a) { }\nparallel { p() }", "arity@2"),
            ("len()", "arity@1"),
            ("len(1, 2)", "arity@1"),
            ("print(1, seperator: 2)", "argument-name@1"),
            ("math.sqrt()", "arity@1"),
            ("channel c\nc(1)", "arity@2"),
        ])
    func calls(text: String, expected: String) { #expect(Checked(text).summary == [expected]) }

    @Test("processes do not see each other's variables")
    func otherProcesses() {
        let direct = Checked("var n = 0\nprocess p() { n += 1 }\nparallel { { n = 2 } }")
        #expect(direct.summary == ["variable-of-another-process@2", "variable-of-another-process@3"])
        #expect(direct.errors.allSatisfy { $0.help.joined().contains("shared n") })
        #expect(
            Checked("var n = 0\nfunc up() { n += 1 }\nprocess p() { up() }").summary == [
                "variable-of-another-process@3"
            ])
        #expect(
            Checked("var n = 0\nfunc up() { n += 1 }\nparallel { up() }").summary == ["variable-of-another-process@3"])
        #expect(
            Checked("let xs = []\nprocess p() { xs.append(1); xs[0] = 2 }").summary == [
                "change-not-seen@2", "change-not-seen@2",
            ])
        #expect(Checked("let m = {}\nparallel { { m.a = 1 } }").summary == ["change-not-seen@2"])
        #expect(Checked("let xs = []\nfunc f() { xs.append(1) }\nf()").summary == [])
        #expect(Checked("shared xs = []\nprocess p() { xs.append(1) }").summary == [])
        // A receive binds anew where the variable belongs to another process.
        #expect(Checked("var x = 0\nchannel c\nparallel { { c ? x; print(x) } { c ! x } }").summary == [])
    }

    @Test(
        "directions",
        arguments: [
            "x ! 1", "x.send(1)", "x.put(1)", "x.try_put(1)", "select { case x ! 1 { } }", "q(x)", "q(out: x)",
            "print(x.writer)",
        ])
    func sendingToReader(statement: String) {
        #expect(Checked("func q(out!) { out ! 1 }\nprocess p(x?) { \(statement) }").summary == ["direction@2"])
    }

    @Test(
        "directions the other way",
        arguments: [
            "x ? y", "x.receive()", "x.get()", "x.recv()", "x.try_get()", "for y in x { }", "select { case x ? y { } }",
            "q(x)",
            "print([y for y in x])", "print(x.reader)",
        ])
    func receivingFromWriter(statement: String) {
        #expect(Checked("func q(source?) { source ? y }\nprocess p(x!) { \(statement) }").summary == ["direction@2"])
    }

    @Test("shared parameters take shared variables")
    func sharedParameters() {
        let process = "process p(shared n) { n += 1 }\n"
        #expect(Checked(process + "shared a: int = 0\nparallel { p(a); p(shared a) }").summary == [])
        #expect(Checked(process + "channel c\nstart { shared s = 1; c ! shared s }\nc ? cell\nstart p(cell)").summary == [])
        #expect(Checked(process + "let a = 0\nstart p(a)").summary == ["shared-argument@3"])
        #expect(Checked(process + "start p(0)").summary == ["shared-argument@2"])
        #expect(Checked("let a = 0\nchannel c\nc ! shared a").summary == ["shared-argument@3"])
    }

    @Test(
        "control flow",
        arguments: [
            ("break", "misplaced@1"), ("continue", "misplaced@1"), ("return 1", "misplaced@1"),
            ("while true { func f() { break } }", "misplaced@1"),
            ("while true { parallel { { break } } }", "misplaced@1"),
            ("while true { start { continue } }", "misplaced@1"),
            ("func f() { return 1; print(2) }", "unreachable-code@1"),
            ("loop { }\nprint(1)", "unreachable-code@2"),
            ("func f() { if true { return } else { raise \"x\" }\nprint(1) }", "unreachable-code@2"),
            ("match 1 { case n { print(n) } case 2 { } }", "unreachable-code@1"),
            ("func f() { let a = 1 }", "unused-variable@1"),
            ("func f() { var a = 1; a = 2 }", "unused-variable@1"),
            ("shared a: int = 0\na = a + 1", "lost-update@2"),
            ("shared a: int[3]\na[0] = a[0] + 1", "lost-update@2"),
            ("shared a: int = 0\nshared b: int = 0\nlock a { lock b { } }", "nested-lock@3"),
            ("let a = 1\nlock a { }", "misplaced@2"),
            ("var a = 1\na == 2", "no-effect@2"),
            ("func f() { }\nf", "no-effect@2"),
            ("loop { select { case c ? x { break } } }\nchannel c", "used-before-declaration@1"),
        ])
    func control(text: String, expected: String) { #expect(Checked(text).summary == [expected]) }

    @Test("a process that talks to itself on an unbuffered channel is warned")
    func selfCommunication() {
        #expect(Checked("channel c\nc ! 1\nc ? x\nprint(x)").summary == ["self-communication@2"])
        #expect(Checked("process p() { channel c\nc ? x\nc ! x }").summary == ["self-communication@2"])
        #expect(Checked("channel c(1)\nc ! 1\nc ? x\nprint(x)").summary == [])
        #expect(Checked("channel c\nstart { c ! 1 }\nc ? x\nc ! x").summary == [])
        #expect(Checked("channel c\nlet d = c\nstart { d ! 1 }\nc ? x\nc ! x").summary == [])
    }

    @Test("a loop with a break ends")
    func loops() {
        #expect(Checked("loop { if true { break } }\nprint(1)").summary == [])
        #expect(Checked("channel c\nstart { c ! 1 }\nloop { select { case c ? x { print(x); break } } }\nprint(1)").summary == [])
        #expect(Checked("loop { while true { break } }\nprint(1)").summary == ["unreachable-code@2"])
        #expect(Checked("shared a: int = 0\nlock a { lock a { a += 1 } }").summary == [])
    }

    @Test("a REPL keeps names, replaces them, and forgets those of an input with errors")
    func interactive() {
        let scope = ModuleScope(table: GlobalTable(), isInteractive: true)
        let first = Checked("let a = 1\nshared s: int = 0", in: scope)
        #expect(first.diagnostics.isEmpty)
        #expect(first.global("s")?.mayBeLocked == true)
        let slot = first.global("a")?.globalSlot
        #expect(Checked("let b = a\nprint(b)", in: scope).diagnostics.isEmpty)
        let third = Checked("let a = 2\nprint(a)", in: scope)
        #expect(third.diagnostics.isEmpty)
        #expect(third.global("a")?.globalSlot != slot)
        #expect(Checked("let c = 1\nprint(nothing)", in: scope).summary == ["undefined-name@2"])
        #expect(Checked("print(c)", in: scope).summary == ["undefined-name@1"])
        #expect(Checked("a == 1", in: scope).diagnostics.isEmpty)
        #expect(scope.names == ["a", "b", "s"])
        #expect(Checked("channel k\nk ? x", in: scope).diagnostics.isEmpty)
        #expect(Checked("k ? x\nprint(x)", in: scope).diagnostics.isEmpty)
        #expect(
            Checked("func f() { var n = 0; return () => n }\nprocess p() { x = 1 }", in: scope).summary == [
                "assign-to-constant@2"
            ])
    }
}
