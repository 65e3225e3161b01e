// The style, rule by rule.

extension FormatterTests {
    static let cases: [FormatCase] = [
        FormatCase(name: "empty", before: "\n\n", after: ""),
        FormatCase(name: "switched off", before: "x=1\r\n\n\n# fmt: off", after: "x=1\r\n\n\n# fmt: off"),
        FormatCase(name: "only comments", before: "\n# a\n\n\n  # b", after: "# a\n\n# b\n"),
        FormatCase(
            name: "first line", before: "#!/usr/bin/env proclang\n\n\nprint( 1 )\n",
            after: "#!/usr/bin/env proclang\n\nprint(1)\n"),
        FormatCase(name: "byte order mark", before: "\u{FEFF}let x=1", after: "let x = 1\n"),
        FormatCase(name: "line ends", before: "let x = 1\r\n\r\nprint(x)\r\n", after: "let x = 1\n\nprint(x)\n"),
        FormatCase(
            name: "operators", before: "var x=1+2*3**-4- -5\nx+=- -x\nlet y=-x-1\n",
            after: "var x = 1 + 2 * 3 ** -4 - -5\nx += - -x\nlet y = -x - 1\n"),
        FormatCase(
            name: "words", before: "let b=not(x)and(y or z)==(a is not int)if c else[1]\n",
            after: "let b = not (x) and (y or z) == (a is not int) if c else [1]\n"),
        FormatCase(
            name: "ranges and slices", before: "print(xs[1 ..< 3],xs[ ..<2],xs[2.. ],xs[ .. ],0 ... n-1,-1 ..< -f ( x ))\n",
            after: "print(xs[1..<3], xs[..<2], xs[2..], xs[..], 0...n - 1, -1..<-f(x))\n"),
        FormatCase(
            name: "calls and members", before: "f (1) [2] . g ( a : 1 , if:2 ).lock (3)[4]\n\"a\" [0]\n(f) (x)\n",
            after: "f(1)[2].g(a: 1, if: 2).lock(3)[4]\n\"a\"[0]\n(f)(x)\n"),
        FormatCase(
            name: "maps", before: "let m={ a:1,\"two words\":[ 1,2, ],3 : {} , }\nlet e = { }\n",
            after: "let m = {a: 1, \"two words\": [1, 2], 3: {}}\nlet e = {}\n"),
        FormatCase(
            name: "functions", before: "let f=x=>x*2\nlet g=( a,b=1 )=>a+b\nlet h=func (x){return x}\nfunc k(a,b=2){}\n",
            after: "let f = x => x * 2\nlet g = (a, b = 1) => a + b\nlet h = func(x) { return x }\nfunc k(a, b = 2) { }\n"),
        FormatCase(
            name: "processes and ends",
            before: "process p(out !,source ?,shared s,n){source?x;out!- x}\nchannel a,b(2),cs [8] (2)\npipe l,r\n",
            after: "process p(out!, source?, shared s, n) { source ? x; out ! -x }\nchannel a, b(2), cs[8](2)\npipe l, r\n"),
        FormatCase(
            name: "shared", before: "shared grid:float [1000]\nshared low : int8[10]=0..<10\nc!shared hits\n",
            after: "shared grid: float[1000]\nshared low: int8[10] = 0..<10\nc ! shared hits\n"),
        FormatCase(
            name: "statements of one line", before: "a();b();;c()\n;d();\n", after: "a()\nb()\nc()\nd()\n"),
        FormatCase(
            name: "blocks", before: "if x{a()\nb()}\nelse\n{\nc()}\nwhile y\n{ z() }\nloop{}\nfor x in xs {\n}\n",
            after: """
                if x {
                    a()
                    b()
                } else {
                    c()
                }
                while y { z() }
                loop { }
                for x in xs { }

                """),
        FormatCase(
            name: "each block for itself",
            before: "if x { a() } else {\n b() }\ntry { a() } catch e { b() }\n",
            after: "if x { a() } else {\n    b()\n}\ntry { a() } catch e { b() }\n"),
        FormatCase(
            name: "a block that does not fit its line",
            before: "for number in numbers { some_function_with_a_long_name(number, another_argument, one_more_of_them, last) }\n",
            after: """
                for number in numbers {
                    some_function_with_a_long_name(number, another_argument, one_more_of_them, last)
                }

                """),
        FormatCase(
            name: "parallel",
            before: "let r=parallel{a(1);b(2)}\nparallel{{ print(1) } {print(2)}\nc()\n(d)(1) ; (e(1)) }\n"
                + "parallel for i,x in xs limit(4){f(i,x)}\nparallel{parallel for i in xs\n{\na();b()}}\nstart{g()}\nlet q=start f(1)\n",
            after: """
                let r = parallel { a(1); b(2) }
                parallel {
                    { print(1) }
                    { print(2) }
                    c()
                    (d)(1)
                    (e(1))
                }
                parallel for i, x in xs limit (4) { f(i, x) }
                parallel {
                    parallel for i in xs {
                        a()
                        b()
                    }
                }
                start { g() }
                let q = start f(1)

                """),
        FormatCase(
            name: "supervise", before: "supervise restarts(2)within 1m{a()\nb()}\nsupervise{ c() }\n",
            after: "supervise restarts (2) within 1m {\n    a()\n    b()\n}\nsupervise { c() }\n"),
        FormatCase(
            name: "select",
            before: "select first{case a?x when(n<3){f(x)}\ncase cs[i]?[x,_]for i in 0..<8{ }\ncase out!n{}"
                + "after(1s){g()} closed{break}}\nselect { case a ? x { } else { } }\n",
            after: """
                select first {
                    case a ? x when (n < 3) { f(x) }
                    case cs[i] ? [x, _] for i in 0..<8 { }
                    case out ! n { }
                    after (1s) { g() }
                    closed { break }
                }
                select { case a ? x { } else { } }

                """),
        FormatCase(
            name: "match",
            before: "match m{case[\"add\",a,...rest]{}\ncase{kind:\"stop\",n:int x}{}\ncase int n when n>0{}else{}}\n",
            after: """
                match m {
                    case ["add", a, ...rest] { }
                    case {kind: "stop", n: int x} { }
                    case int n when n > 0 { }
                    else { }
                }

                """),
        FormatCase(
            name: "broken brackets",
            before: "f(a,\n  b)\nlet xs = [\n1, 2, x]\nlet m = {a: 1\n, b: 2}\ng([\n1+1,\n2+2])\nh(a\n)\nlet one = [\nx,\n]\n",
            after: """
                f(
                    a,
                    b,
                )
                let xs = [
                    1,
                    2,
                    x,
                ]
                let m = {
                    a: 1,
                    b: 2,
                }
                g([
                    1 + 1,
                    2 + 2,
                ])
                h(a)
                let one = [
                    x
                ]

                """),
        FormatCase(
            name: "rows of numbers", before: "let t = [1, 2,\n -3, 4.5,\n\n 5, 6]\n",
            after: "let t = [\n    1, 2,\n    -3, 4.5,\n\n    5, 6,\n]\n"),
        FormatCase(
            name: "comprehensions", before: "let a = [ x*x for i,x in xs if x>0 ]\nlet b = [\nx\nfor x in xs\nif x > 0\n]\n",
            after: "let a = [x * x for i, x in xs if x > 0]\nlet b = [\n    x\n    for x in xs\n    if x > 0\n]\n"),
        FormatCase(
            name: "a function as the last argument", before: "xs.each(func(x){\nprint(x)\n},1)\n",
            after: "xs.each(func(x) {\n    print(x)\n}, 1)\n"),
        FormatCase(
            name: "lines that go on",
            before: "let x = a +\nb +\n  c\nlet y = xs\n  .filter(x => x > 0)\n.map(func(x) {\nreturn x })\nif a and\nb {\nc() }\n"
                + "let z = (a\n+ b)\nchannel p,\nq\n",
            after: """
                let x = a +
                    b +
                    c
                let y = xs
                    .filter(x => x > 0)
                    .map(func(x) {
                        return x
                    })
                if a and
                    b {
                    c()
                }
                let z = (a
                    + b)
                channel p,
                    q

                """),
        FormatCase(
            name: "blank lines", before: "\n\na()\n\n\n\nb()\nif x {\n\n\nc()\n\n\n# d\n\ne()\n\n}\n\n\n",
            after: "a()\n\nb()\nif x {\n    c()\n\n    # d\n\n    e()\n}\n"),
        FormatCase(
            name: "comments behind code",
            before: "a() # one\nlong_name() # two\n\nb() # three\nc()\nif x { # four\nd() # five\n} # six\n",
            after: """
                a()          # one
                long_name()  # two

                b()  # three
                c()
                if x {   # four
                    d()  # five
                }        # six

                """),
        FormatCase(
            name: "comments that go on below", before: "let x = 1   # one\n            # two\n # three\n",
            after: "let x = 1  # one\n           # two\n# three\n"),
        FormatCase(
            name: "comments in brackets",
            before: "f(a, # one\n b # two\n)\nlet xs = [ # three\n # four\n 1, 2 # five\n\n # six\n]\nlet e = [\n# seven\n]\n",
            after: """
                f(
                    a,  # one
                    b,  # two
                )
                let xs = [  # three
                    # four
                    1, 2,  # five

                    # six
                ]
                let e = [
                    # seven
                ]

                """),
        FormatCase(
            name: "comments everywhere",
            before: "if x # one\n{ # two\na() }\n# three\nelse # four\n{ b() ; # five\n}\nlet y = 1 + # six\n# seven\n2\n{\n# eight\n}\n"
                + "a(); # nine\n# ten\n; b()\n",
            after: """
                if x  # one
                {     # two
                    a()
                }
                # three
                else  # four
                {
                    b()  # five
                }
                let y = 1 +  # six
                    # seven
                    2
                {
                    # eight
                }
                a()  # nine
                # ten
                b()

                """),
        FormatCase(
            name: "strings stay", before: "let s=\"{ x+1 :>3}{ y }\"+'a  b'\nlet t = \"\"\"\n   a\n     { x }\n   \"\"\"\nf( \"{g(\"{h}\")}\" )\n",
            after: "let s = \"{ x+1 :>3}{ y }\" + 'a  b'\nlet t = \"\"\"\n   a\n     { x }\n   \"\"\"\nf(\"{g(\"{h}\")}\")\n"),
        FormatCase(
            name: "blocks that belong to values", before: "if f(func() {\na() }) {\nb() }\nlet r = parallel {\na()\n}\n",
            after: "if f(func() {\n    a()\n}) {\n    b()\n}\nlet r = parallel {\n    a()\n}\n"),
        FormatCase(
            name: "locks, imports, assignments of lists",
            before: "lock a,b{ c+=1 }\nimport\"lib.proc\"as lib\n[ x,[y,...z] ]=[ y,x ]\nlet[a,_]=b\nraise error ( \"k\",\"t\" )\n",
            after: "lock a, b { c += 1 }\nimport \"lib.proc\" as lib\n[x, [y, ...z]] = [y, x]\nlet [a, _] = b\nraise error(\"k\", \"t\")\n"
        ),
    ]
}
