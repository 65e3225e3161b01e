import Testing

@testable import ProcLang

@Suite("Parser")
struct ParserTests {
    @Test(
        "operators bind as the language says",
        arguments: [
            ("1 + 2 * 3 - 4", "(calc 1 + (calc 2 * 3) - 4)"),
            ("-2 ** 2", "(- (calc 2 ** 2))"),
            ("2 ** 3 ** 4", "(calc 2 ** (calc 3 ** 4))"),
            ("2 ** -1", "(calc 2 ** -1)"),
            ("a // b % c / d", "(calc a // b % c / d)"),
            ("0..<n + 1", "(..< 0 (calc n + 1))"),
            ("1...3 == r", "(compare (... 1 3) == r)"),
            ("a < b <= c != d", "(compare a < b <= c != d)"),
            ("not a == b", "(not (compare a == b))"),
            ("not a and not b or c", "(or (and (not a) (not b)) c)"),
            ("x in xs and y not in ys", "(and (compare x in xs) (compare y not in ys))"),
            ("x is int and y is not nil", "(and (is x int) (is-not y nil))"),
            ("a if b else c if d else e", "(cond b a (cond d c e))"),
            ("a or b if c or d else e", "(cond (or c d) (or a b) e)"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("x => y => x + y", "(lambda (x) (lambda (y) (calc x + y)))"),
            ("(a, b = 1) => a", "(lambda (a, b=1) a)"),
            ("() => {a: 1}", "(lambda () (map \"a\": 1))"),
            ("f(x)[1].y.z(2)", "(call (. (. (index (call f x) 1) y) z) 2)"),
            ("(1 + 2) * 3", "(calc (calc 1 + 2) * 3)"),
        ])
    func precedence(text: String, expected: String) { #expect(syntaxTree(text) == expected) }

    @Test(
        "expressions",
        arguments: [
            ("[1, 2, [3],]", "(list 1 2 (list 3))"),
            (
                "x = {name: \"x\", \"two words\": 1, for: 2, 3: 4, (k): 5,}",
                "(= x (map \"name\": \"x\" \"two words\": 1 \"for\": 2 3: 4 k: 5))"
            ),
            ("[x * x for x in xs if x > 0]", "(comprehension (calc x * x) (for x in xs) (if (compare x > 0)))"),
            ("[k for k, v in m for [a, _] in v]", "(comprehension k (for k v in m) (for [a _] in v))"),
            ("[a if b else c for x in xs]", "(comprehension (cond b a c) (for x in xs))"),
            ("a[1..<3]", "(slice a 1 ..< 3)"),
            ("a[1...3]", "(slice a 1 ... 3)"),
            ("a[2..]", "(slice a 2 ..< _)"),
            ("a[..<2]", "(slice a _ ..< 2)"),
            ("a[...2]", "(slice a _ ... 2)"),
            ("a[..]", "(slice a _ ..< _)"),
            ("a[-1]", "(index a -1)"),
            ("f(a, timeout: 1s, in: 2)", "(call f a timeout: 1.0 in: 2)"),
            ("f(shared hits)", "(call f (shared hits))"),
            ("\"a{x}b{y:.2f}{z:>{w}}\"", "(string \"a\" {x} \"b\" {y : \".2f\"} {z : \">\" {w}})"),
            ("'{x}'", "\"{x}\""),
            ("func(x, y = 2) { return x }", "(lambda (x, y=2) {(return x)})"),
            ("channel(); queue(100); pipe()", "(make-channel)\n(make-queue 100)\n(make-pipe)"),
            (
                "let r = parallel { a(); { b() }; parallel { c() } }",
                "(let r (parallel (call a) (block {(call b)}) (nested (block (parallel (call c))))))"
            ),
            ("parallel for i in 0..<8 { w(i) }", "(parallel for i in (..< 0 8) (call w i))"),
            (
                "parallel for k, v in m limit 4 { x = k; return v }",
                "(parallel for k v in m (limit 4) (block {(= x k); (return v)}))"
            ),
            ("supervise restarts 10 within 1m { a() }", "(supervise (restarts 10) (within 60.0) (call a))"),
            ("supervise { a() }", "(supervise (call a))"),
            ("let p = start worker(3)", "(let p (start (call worker 3)))"),
            ("start { f() }", "(start (block {(call f)}))"),
        ])
    func expressions(text: String, expected: String) { #expect(syntaxTree(text) == expected) }

    @Test(
        "statements",
        arguments: [
            ("let [a, [b, _], ...rest] = xs", "(let [a [b _] ...rest] xs)"),
            ("var x", "(var x)"),
            ("channel a, b(16), cs[8](2)", "(channel a b(16) cs[8](2))"),
            ("queue q(100)", "(queue q(100))"),
            ("pipe left, right", "(pipe left right)"),
            (
                "shared hits: int = 0, grid: float[1000], best: any = nil, m = {}",
                "(shared hits:int=0 grid:float[1000] best:any=nil m=(map))"
            ),
            ("[x, y[0], z.w, ...r] = [y, x]", "(= [x (index y 0) (. z w) ...r] (list y x))"),
            ("a[0] **= 2; b.c //= d", "(**= (index a 0) 2)\n(//= (. b c) d)"),
            ("c ! shared x; c.out ! 1 + 2", "(! c (shared x))\n(! (. c out) (calc 1 + 2))"),
            ("c ? x; cs[i] ? [a, b]; c ? _", "(? c x)\n(? (index cs i) [a b])\n(? c _)"),
            ("if a { } else if b { x } else { }", "(if a {} b {x} else {})"),
            ("while a { break }", "(while a {(break)})"),
            ("loop { continue }", "(loop {(continue)})"),
            ("for i, x in xs { }", "(for i x in xs {})"),
            ("for [a, b] in xs { }", "(for [a b] in xs {})"),
            ("lock a, b[0] { }", "(lock a (index b 0) {})"),
            ("try { } catch e { } finally { }", "(try {} (catch e {}) (finally {}))"),
            ("try { } catch { }", "(try {} (catch {}))"),
            ("raise error(\"a\", \"b\")", "(raise (call error \"a\" \"b\"))"),
            ("import \"lib.proc\" as lib", "(import \"lib.proc\" lib)"),
            ("process p(a, b?, c!, shared d) { return }", "(process p(a, b?, c!, shared d) {(return)})"),
            ("func f() { }", "(func f() {})"),
            ("{ let a = 1; a }", "{(let a 1); a}"),
        ])
    func statements(text: String, expected: String) { #expect(syntaxTree(text) == expected) }

    @Test("every form of select")
    func select() {
        let text = """
            select first {
                case requests ? r               { serve(r) }
                case a ? [x, y] when n < most   { n += 1 }
                case out ! next                 { next += 1 }
                case cs[i] ? x for i in 0..<8 when ok[i] { use(i, x) }
                case cs[i] ! shared x when ok for i, c in cs { }
                after 500ms { }
                closed { break }
            }
            """
        #expect(
            syntaxTree(text) == "(select-first (case (? requests r) {(call serve r)})"
                + " (case (? a [x y]) (when (compare n < most)) {(+= n 1)}) (case (! out next) {(+= next 1)})"
                + " (case (? (index cs i) x) (for i in (..< 0 8)) (when (index ok i)) {(call use i x)})"
                + " (case (! (index cs i) (shared x)) (for i c in cs) (when ok) {}) (after 0.5 {}) (closed {(break)}))")
    }

    @Test("every pattern of match")
    func match() {
        let text = """
            match msg {
                case ["add", a, b] { }
                case {kind: "stop", "other key": [x, ...]} { }
                case int n when n > 0 { }
                case -1 { }
                case nil { }
                case channel c { }
                case [a, ...rest] { }
                case when { }
                case _ { }
                else { }
            }
            """
        #expect(
            syntaxTree(text) == "(match msg (case [(literal \"add\") a b] {})"
                + " (case {\"kind\": (literal \"stop\"), \"other key\": [x ...]} {})"
                + " (case (type int n) (when (compare n > 0)) {}) (case (literal -1) {}) (case (literal nil) {})"
                + " (case (type channel c) {}) (case [a ...rest] {}) (case when {}) (case _ {}) (else {}))")
    }

    @Test("lines go on inside brackets, after operators and commas, and before .name")
    func lines() {
        #expect(syntaxTree("a\n  .b\n  .c()") == "(call (. (. a b) c))")
        #expect(syntaxTree("x = 1 +\n  2 and\n  3") == "(= x (and (calc 1 + 2) 3))")
        #expect(syntaxTree("f(a\n, b\n)") == "(call f a b)")
        #expect(syntaxTree("x = [1\n+ 2\n]") == "(= x (list (calc 1 + 2)))")
        #expect(syntaxTree("x = {a:\n1,\n}") == "(= x (map \"a\": 1))")
        #expect(syntaxTree("channel a,\n  b") == "(channel a b)")
        #expect(syntaxTree("a\n(b)") == "a\nb")
        #expect(syntaxTree("a\n[b]") == "a\n(list b)")
        #expect(syntaxTree("a\n-b") == "a\n(- b)")
        #expect(syntaxTree("a;b;;c;") == "a\nb\nc")
        #expect(syntaxTree("f(func() {\na\nb\n})") == "(call f (lambda () {a; b}))")
        #expect(syntaxTree("if a { b }\nelse { c }") == "(if a {b} else {c})")
    }

    @Test("a brace is a block at the beginning of a statement and after a header, else a map")
    func braces() {
        #expect(syntaxTree("for x in m { }") == "(for x in m {})")
        #expect(syntaxTree("if ({a: 1}) == m { }") == "(if (compare (map \"a\": 1) == m) {})")
        #expect(syntaxTree("if f({a: 1}) { }") == "(if (call f (map \"a\": 1)) {})")
        #expect(syntaxTree("if [{}] == m { }") == "(if (compare (list (map)) == m) {})")
        #expect(syntaxTree("for x in parallel { a() } { }") == "(for x in (parallel (call a)) {})")
        #expect(syntaxTree("if supervise { }") == "(if supervise {})")
        #expect(syntaxTree("match x { case 1 { {a} } }") == "(match x (case (literal 1) {{a}}))")
    }

    @Test("words of one construct are names elsewhere, and any word follows a point")
    func contextWords() {
        #expect(syntaxTree("let limit = when + after") == "(let limit (calc when + after))")
        #expect(syntaxTree("first = closed; within(restarts, as)") == "(= first closed)\n(call within restarts as)")
        #expect(syntaxTree("a.process.select.for") == "(. (. (. a process) select) for)")
        #expect(syntaxTree("supervise = int(float)") == "(= supervise (call int float))")
    }

    @Test("a text may end too early for a REPL")
    func incomplete() {
        func isIncomplete(_ text: String) -> Bool {
            Parser.parse(SourceMap().add(path: "t", text: Array(text.utf8))).isIncomplete
        }
        for text in [
            "foo(1,", "if x {", "{", "let s = \"\"\"", "1 +", "func f(a,", "try { }", "x =>", "parallel {", "match x {",
            "[1, 2", "let m = {a: 1", "let s = \"\"\"a {x", "if x", "process p() {\n  a", "select { case c ? x {",
        ] {
            #expect(isIncomplete(text + "\n"), "\(text)")
        }
        for text in [
            "let x =", "print(\"a", ")", "c !", "f(a b", "let x = 3", "", "# a", "print(1))", "foo { ", "let = (",
        ] {
            #expect(!isIncomplete(text + "\n"), "\(text)")
        }
    }

    @Test("nesting is bounded, with one message")
    func nesting() {
        let n = 10_000
        func many(_ text: String) -> String { String(repeating: text, count: n) }
        for text in [
            many("["), many("[") + many("]"), many("(") + "1" + many(")"), many("{"), many("if x {") + many("}"),
            "let x = " + many("not ") + "1", "let x = " + many("- ") + "1", "let x = 1" + many(" ** 1"),
            "a" + many(".b"),
            "a" + many("()"), "a" + many("[0]"), many("x => ") + "1", "let x = " + many("1 if c else ") + "1",
            many("\"{") + "1" + many("}\""), "match x { case " + many("[") + " { } }",
            many("[") + "a" + many("]") + " = 1",
            many("parallel { ") + many("}"), "let " + many("["), many("func() {") + many("}"),
        ] {
            let checked = Checked(text)
            #expect(checked.errors.map(\.code) == [.nestedTooDeeply], "\(text.prefix(20))")
        }
    }

    @Test("what is long but flat is no problem")
    func long() {
        let n = 20_000
        for text in [
            "print(" + Array(repeating: "1", count: n).joined(separator: " + ") + ")",
            "print(" + Array(repeating: "true", count: n).joined(separator: " and ") + ")",
            "if true { }" + String(repeating: " else if true { }", count: n),
            "print([" + String(repeating: "1, ", count: n) + "])",
            String(repeating: "print(1);", count: n),
        ] {
            #expect(Checked(text).diagnostics.isEmpty)
        }
    }
}
