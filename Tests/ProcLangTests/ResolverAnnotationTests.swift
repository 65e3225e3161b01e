import Testing

@testable import ProcLang

@Suite("Resolver: annotations")
struct ResolverAnnotationTests {
    private func uses(_ scope: FunctionScope?) -> [String: Rights] {
        var result: [String: Rights] = [:]
        for use in scope?.capabilityUses ?? [] { result[use.binding.name] = use.rights }
        return result
    }

    private func rights(_ checked: Checked, _ function: String) -> [String: Rights] {
        var result: [String: Rights] = [:]
        for parameter in checked.scope(function)?.node?.parameters ?? [] {
            result[parameter.name.text] = parameter.rights
        }
        return result
    }

    @Test("globals have slots; names of blocks are locals of the main")
    func globals() {
        let checked = Checked("let a = 1\nif true { let b = a; print(b) }\nfunc f() { return a }\nprint(f)")
        #expect(checked.global("a")?.isGlobal == true)
        #expect(checked.global("a")?.globalSlot == 1)
        #expect(checked.global("a")?.isCaptured == true)
        #expect(checked.global("f")?.globalSlot == 0)
        #expect(checked.global("b") == nil)
        #expect(checked.module.scope.locals.map(\.name) == ["b"])
        #expect(Checked("let a = 1\nprint(a)").global("a")?.isCaptured == false)
    }

    @Test("closures carry what they use, through every function in between")
    func captures() {
        let checked = Checked(
            """
            func outer(p) {
                var n = 0
                let k = 1
                func middle() {
                    return () => n + k + p
                }
                n += 1
                return middle
            }
            print(outer(1))
            """)
        #expect(checked.diagnostics.isEmpty)
        #expect(checked.scope("middle")?.captures.map(\.name) == ["n", "k", "p"])
        #expect(checked.module.functions.last?.captures.map(\.name) == ["n", "k", "p"])
        #expect(checked.local("n")?.needsCell == true)
        // `middle` is made at the beginning of the block, before `k` has its value.
        #expect(checked.local("k")?.needsCell == true)
        #expect(checked.local("p")?.needsCell == false)
        guard case .block(let body)? = checked.scope("outer")?.node?.body else { return }
        #expect(body.earlyCells.map(\.name) == ["n", "k"])
    }

    @Test("a binding that is settled when the closure is made needs no cell")
    func settled() {
        let checked = Checked(
            "func f() {\nlet k = 1\nvar n = 0\nn = 2\nlet g = () => k\nprint(n)\nreturn g\n}\nprint(f())")
        #expect(checked.local("k")?.needsCell == false)
        #expect(checked.local("n")?.needsCell == false)
        let loop = Checked("let fs = [() => i for i in 0..<3]\nfor j in 0..<3 { fs.append(() => j) }")
        #expect(loop.local("i")?.isCaptured == true)
        #expect(loop.local("i")?.needsCell == false)
        #expect(loop.local("j")?.needsCell == false)
    }

    @Test("local functions that call each other need cells")
    func recursion() {
        let checked = Checked("func f() {\nfunc a() { return b() }\nfunc b() { return a() }\nreturn a\n}\nprint(f())")
        #expect(checked.local("b")?.needsCell == true)
        #expect(checked.local("a")?.needsCell == false)
        #expect(Checked("func f() {\nfunc a() { return a() }\nreturn a\n}\nprint(f())").local("a")?.needsCell == true)
    }

    @Test("uses that may come before the declaration are marked, others not")
    func uninitialised() {
        func isMarked(_ text: String) -> Bool {
            let checked = Checked(text)
            #expect(!checked.diagnostics.hasErrors)
            guard let function = checked.scope("f")?.node, case .block(let body) = function.body,
                case .returnValue(let value?)? = body.statements.first?.kind, case .name(let name) = value.kind
            else { return false }
            return name.mayBeUninitialised
        }
        #expect(isMarked("print(f())\nlet a = 1\nfunc f() { return a }"))
        #expect(isMarked("func f() { return a }\nprint(f())\nlet a = 1"))
        #expect(!isMarked("let a = 1\nfunc f() { return a }\nprint(f())"))
        #expect(!isMarked("func f() { return a }\nlet a = 1\nprint(f())"))
        #expect(!isMarked("func f() { return a }\nfunc g() { return f() }\nlet a = 1\nprint(g())"))
        #expect(isMarked("func f() { return a }\nfunc g() { return f() }\nprint(g())\nlet a = 1"))
    }

    @Test("known calls say which argument each parameter takes")
    func arguments() {
        let checked = Checked("func f(a, b = 1, c = 2) { }\nf(1, c: 3)")
        guard case .expression(let expr)? = checked.module.body.statements.last?.kind, case .call(let call) = expr.kind
        else {
            Issue.record("no call")
            return
        }
        #expect(call.target === checked.scope("f")?.node)
        #expect(call.argumentOfParameter == [0, nil, 1])
    }

    @Test("shared arguments are passed by reference where the parameter is shared")
    func sharedArguments() {
        let checked = Checked("func f(shared a, b) { a += b }\nshared s: int = 0\nf(s, s)")
        guard case .expression(let expr)? = checked.module.body.statements.last?.kind, case .call(let call) = expr.kind
        else {
            Issue.record("no call")
            return
        }
        #expect(call.passesShared == [true, false])
    }

    @Test("a receive assigns a variable of this process, and binds anew otherwise")
    func receives() {
        func declares(_ text: String) -> Bool? {
            var found: Bool?
            let checked = Checked(text)
            #expect(!checked.diagnostics.hasErrors)
            func visit(_ statements: [Stmt]) {
                for statement in statements {
                    switch statement.kind {
                    case .receive(_, let target): target.forEachName { found = $0.declares }
                    case .block(let block), .whileLoop(_, let block): visit(block.statements)
                    case .process(let node):
                        if case .block(let block) = node.body { visit(block.statements) }
                    default: break
                    }
                }
            }
            visit(checked.module.body.statements)
            return found
        }
        #expect(declares("channel c\nc ? x") == true)
        #expect(declares("channel c\nvar x = 0\nc ? x") == false)
        #expect(declares("channel c\nvar x = 0\nwhile true { c ? x }") == false)
        #expect(declares("channel c\nlet x = 0\n{ c ? x }\nprint(x)") == true)
        #expect(declares("channel c\nvar x = 0\nprocess p() { c ? x }\nprint(x)") == true)
        #expect(declares("process p(c?, x) { c ? x }") == false)
    }

    @Test("a process takes the ends that its body uses, in the direction in which it uses them")
    func capabilities() {
        let checked = Checked(
            """
            channel a, b, c, d, e
            channel cs[3]
            queue q
            shared s: int = 0
            let list = [a]
            process p(i) {
                a ! 1
                for x in b { print(x) }
                cs[i] ! 2
                q.put(len(d))
                s += 1
                helper()
                print(list, [e])
            }
            func helper() { c ? y; print(y) }
            parallel {
                p(1)
                { b ! 1; c ! 2; cs[0] ? z; q ? w; print(z, w) }
            }
            """)
        #expect(checked.diagnostics.isEmpty)
        #expect(
            uses(checked.scope("p")) == [
                "a": .write, "b": [.read, .elements(at: 0)], "cs": .write, "q": .write, "d": .hold, "s": .hold, "c": .read, "list": .hold,
                "e": .both,
            ])
        #expect(uses(checked.scope("helper")) == ["c": .read])
    }

    @Test("directions of unmarked parameters follow the body, through other functions")
    func parameterRights() {
        let checked = Checked(
            """
            process p(jobs, results, both, none, looked, passed) {
                for j in jobs { results.send(j) }
                both ! 1
                both ? x
                print(len(looked), x)
                q(passed)
                start { for y in none { print(y) } }
            }
            process r(a?, b!, shared c) { a ? x; b ! x; c += 1 }
            func q(z) { z ! 1 }
            func recursive(n, out) { if n > 0 { out ! n; recursive(n - 1, out) } }
            """)
        #expect(
            rights(checked, "p").mapValues { $0.intersection(.both) } == [
                "jobs": .read, "results": .write, "both": .both, "none": .read, "looked": [], "passed": .write,
            ])
        #expect(rights(checked, "r") == ["a": .read, "b": .write, "c": .hold])
        #expect(rights(checked, "recursive")["out"]?.intersection(.both) == .write)
    }

    @Test("what an inner process uses, the outer one uses, too")
    func innerProcesses() {
        let checked = Checked(
            """
            channel c
            process outer() { parallel { inner(); { c ? x; print(x) } } }
            process inner() { c ! 1 }
            start outer()
            """)
        #expect(uses(checked.scope("outer")) == ["c": .both])
        #expect(uses(checked.scope("inner")) == ["c": .write])
    }

    @Test("shared variables that a lock may name are marked")
    func locks() {
        let direct = Checked("shared a: int = 0\nshared b: int = 0\nlock a { }\nprint(b)")
        #expect(direct.global("a")?.mayBeLocked == true)
        #expect(direct.global("b")?.mayBeLocked == false)
        let passed = Checked(
            "shared a: int = 0\nshared b: int = 0\nfunc f(shared x) { g(x) }\nfunc g(shared y) { lock y { } }\nf(a)\nprint(b)"
        )
        #expect(passed.global("a")?.mayBeLocked == true)
        #expect(passed.global("b")?.mayBeLocked == false)
        let sent = Checked("shared a: int = 0\nchannel c(1)\nc ! shared a\nc ? x\nlock x { }")
        #expect(sent.global("a")?.mayBeLocked == true)
        let semaphores = Checked("shared a: int = 0\nlet s = semaphore(1)\nlock s { a += 1 }")
        #expect(semaphores.global("a")?.mayBeLocked == false)
    }
}
