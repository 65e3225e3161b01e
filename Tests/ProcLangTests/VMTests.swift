// The virtual machine from inside: whole scripts on a host without an operating system, the message coder, the heap.

import Testing

@testable import ProcLang

/// A script that ran on a `TestHost`.
struct ScriptRun {
    let host: TestHost
    let interpreter: Interpreter
    let outcome: RunOutcome

    init(_ text: String, memoryLimit: Int? = nil, prepare: (TestHost) -> Void = { _ in }) throws {
        host = TestHost()
        prepare(host)
        interpreter = Interpreter(host: host, memoryLimit: memoryLimit)
        host.service = interpreter.makeManagedService()
        let source = interpreter.sources.add(path: "test.proc", text: Array(text.utf8))
        let parsed = Parser.parse(source)
        let scope = ModuleScope(table: interpreter.globals, isInteractive: false)
        let diagnostics = parsed.diagnostics + Resolver.resolve(parsed.module, in: scope, builtins: interpreter.builtins)
        try #require(!diagnostics.hasErrors, "\(diagnostics.map(\.title))")
        outcome = interpreter.run(try interpreter.compile(parsed.module, scope: scope))
        host.service = nil  // it knows the interpreter, and that the host
    }

    var failure: RuntimeFailure? {
        if case .failure(let failure) = outcome { return failure }
        return nil
    }
}

func output(_ text: String) throws -> String {
    let run = try ScriptRun(text)
    if let failure = run.failure { return run.host.text + "\(failure.kind): \(failure.message)" }
    return run.host.text
}

@Suite struct ControlFlowTests {
    @Test func finallyRunsOnEveryWayOut() throws {
        let text = """
            func f(way) {
                for i in 0..<3 {
                    try {
                        if way == "break" { break }
                        if way == "continue" { continue }
                        if way == "return" { return "returned" }
                        if way == "raise" { raise error("k", "m") }
                    } finally { print(way, i) }
                }
                return "end"
            }
            for way in ["break", "continue", "return", "none"] { print(f(way)) }
            try { f("raise") } catch e { print(e.kind) }
            """
        #expect(
            try output(text)
                == "break 0\nend\ncontinue 0\ncontinue 1\ncontinue 2\nend\nreturn 0\nreturned\nnone 0\nnone 1\nnone 2\nend\nraise 0\nk\n")
    }

    @Test func nestedFinallyAndRaiseInFinally() throws {
        let text = """
            func f() {
                try {
                    try { return 1 } finally { print("inner") }
                } finally { print("outer") }
            }
            print(f())
            try {
                try { raise "first" } finally { raise "second" }
            } catch e { print(e.message) }
            """
        #expect(try output(text) == "inner\nouter\n1\nsecond\n")
    }

    @Test func conditionsShortCircuit() throws {
        let text = """
            func t(x) { print("t", x); return true }
            func f(x) { print("f", x); return false }
            if t(1) and (f(2) or t(3)) and not f(4) { print("yes") }
            if f(5) or not t(6) { print("no") } else { print("else") }
            print(nil or 0, nil and 1, 1 < 2 < 3, 1 < 3 < 2)
            """
        #expect(try output(text) == "t 1\nf 2\nt 3\nf 4\nyes\nf 5\nt 6\nelse\n0 nil true false\n")
    }

    @Test func closuresHaveTheirOwnBindings() throws {
        let text = """
            let fs = []
            for i in 0..<3 { var j = i; fs.append(() => i * 10 + j); j += 1 }
            print([f() for f in fs])
            let gs = [() => x for x in [1, 2, 3]]
            print([g() for g in gs])
            func counter() { var n = 0; return func() { n += 1; return n } }
            let a = counter()
            let b = counter()
            print(a(), a(), b())
            func outer() {
                func even(n) { return true if n == 0 else odd(n - 1) }
                func odd(n) { return false if n == 0 else even(n - 1) }
                return even(10)
            }
            print(outer())
            """
        #expect(try output(text) == "[1, 12, 23]\n[1, 2, 3]\n1 2 1\ntrue\n")
    }

    @Test func jumpsBeyondSixteenBits() throws {
        // The body of the loop has far more than 32,767 instructions.
        let body = String(repeating: "n = n + 1; n = n - 1\n", count: 20000)
        let text = "var n = 0\nvar i = 0\nwhile i < 3 { i += 1\nif n == 5 { break }\n\(body) n += 1 }\nprint(n, i)"
        #expect(try output(text) == "3 3\n")
    }

    @Test func deepRecursion() throws {
        #expect(try output("func f(n) { return 0 if n == 0 else 1 + f(n - 1) }\nprint(f(150000))") == "150000\n")
        let run = try ScriptRun("func f(n) { return f(n + 1) + 1 }\nf(0)")
        #expect(run.failure?.kind == "recursion")
        let native = try ScriptRun("func f(x) { return sorted([2, 1], key: f)[0] }\nf(1)")
        #expect(native.failure?.kind == "recursion")
    }

    @Test func deepDataIsAnErrorNotACrash() throws {
        let text = """
            var deep = []
            for i in 0..<100000 { deep = [deep] }
            for test in [() => print(deep), () => deep == [deep], () => [deep] < [deep]] {
                try { test() } catch e { print(e.kind) }
            }
            let q = queue()
            try { q ! deep } catch e { print(e.kind) }
            var own = [1]
            own.append(own)
            print(own)
            """
        #expect(try output(text) == "recursion\nrecursion\nvalue\n[1, [...]]\n")
    }

    @Test func cancellationIsRaisedOnceAtALoopTurn() throws {
        let run = try ScriptRun(
            "var n = 0\ntry { loop { n += 1 } } catch e { print(e.kind) }\nfor i in 0..<5 { n = i }\nprint(n)"
        ) { $0.requestCancellation() }
        #expect(run.host.text == "cancelled\n4\n")
    }
}

@Suite struct ArithmeticTests {
    @Test(arguments: [
        ("9223372036854775807 + 1", "overflow"), ("-9223372036854775807 - 2", "overflow"), ("3037000500 * 3037000500", "overflow"),
        ("2 ** 63", "overflow"), ("1 / 0", "zero_division"), ("1 // 0", "zero_division"), ("1 % 0", "zero_division"),
        ("1.5 % 0", "zero_division"), ("\"a\" + 1", "type"), ("[1] < 2", "type"), ("[][0]", "index"), ("({})[\"a\"]", "key"),
        ("\"abc\"[5]", "index"), ("int(\"x\")", "value"), ("abs(-9223372036854775807 - 1)", "overflow"), ("nil.x", "type"),
    ]) func errorKinds(_ expression: String, _ kind: String) throws {
        let run = try ScriptRun("let x = \(expression)")
        #expect(run.failure?.kind == kind, "\(expression)")
    }

    @Test func roundsAsPython() throws {
        #expect(
            try output("print(7 // 2, -7 // 2, 7 // -2, -7 // -2, 7 % 3, -7 % 3, 7 % -3, -7.5 % 2, 7.5 // -2)")
                == "3 -4 -4 3 1 2 -2 0.5 -4.0\n")
        #expect(try output("print(2 ** 10, 2 ** -1, 2.0 ** 3, 1 / 4, 6 / 3)") == "1024 0.5 8.0 0.25 2.0\n")
        #expect(try output("print(round(2.5), round(3.5), round(2.675, 2), round(1234, -2))") == "2 4 2.67 1200\n")
    }

    @Test func floatsPrintAsPython() throws {
        #expect(
            try output("print(2.0, 3.1415927, 1e-9, 1e16, 1e15, 123456789012345680.0, 0.1 + 0.2, 1e300 * 1e300, -0.0, 5e-324)")
                == "2.0 3.1415927 1e-09 1e+16 1000000000000000.0 1.2345678901234568e+17 0.30000000000000004 inf -0.0 5e-324\n")
    }
}

@Suite struct HeapTests {
    @Test func collectsCyclesAndKeepsWhatIsReachable() throws {
        let text = """
            let kept = []
            for i in 0..<200 {
                let ring = {name: "ring {i}"}
                ring.me = ring
                ring.fill = [i] * 1000
                if i % 50 == 0 { kept.append(ring) }
            }
            for ring in kept { assert(ring.me.me.name == ring.name and len(ring.fill) == 1000) }
            print([ring.name for ring in kept])
            """
        let run = try ScriptRun(text)
        #expect(run.host.text == "[\"ring 0\", \"ring 50\", \"ring 100\", \"ring 150\"]\n")
        #expect(run.interpreter.vm.heap.collections > 0)
    }

    @Test func memoryStaysWithinAMultipleOfTheLiveData() throws {
        let run = try ScriptRun("var s = 0\nfor i in 0..<200000 { let l = [i, \"x{i}\", {k: i}]; s += len(l) }\nprint(s)")
        #expect(run.host.text == "600000\n")
        #expect(run.interpreter.vm.heap.liveBytes < 1 << 20)
    }

    @Test func aLimitRaisesMemory() throws {
        let list = try ScriptRun("let l = [0] * 1000000000", memoryLimit: 64 << 20)
        #expect(list.failure?.kind == "memory")
        let growing = try ScriptRun("let l = []\nloop { l.append([1, 2, 3]) }", memoryLimit: 32 << 20)
        #expect(growing.failure?.kind == "memory")
        let text = try ScriptRun("var s = \"ab\"\nloop { s += s }", memoryLimit: 32 << 20)
        #expect(text.failure?.kind == "memory")
        let caught = try ScriptRun("try { let l = [0] * 1000000000 } catch e { print(e.kind) }", memoryLimit: 64 << 20)
        #expect(caught.host.text == "memory\n")
    }

    @Test func appendingToStringsIsLinear() throws {
        #expect(try output("var s = \"\"\nfor i in 0..<300000 { s += \"é\" }\nlet t = s\ns += \"!\"\nprint(len(s), len(t), t == s[0..<300000])") == "300001 300000 true\n")
        #expect(try output("let a = \"x\" * 300\nlet b = a + \"1\"\nlet c = a + \"2\"\nlet d = b + \"3\"\nlet e = b + \"4\"\nprint(b[-1], c[-1], d[-2..], e[-2..])") == "1 2 13 14\n")
    }

    @Test func mapsKeepOrderThroughRemovalsAndGrowth() throws {
        let text = """
            let m = {}
            for i in 0..<1000 { m["k{i}"] = i }
            for i in 0..<1000 { if i % 7 != 0 { m.remove("k{i}") } }
            for i in 0..<1000 { m[i] = i * 2 }
            print(len(m), m.keys()[0..<3], m["k994"], m[999], m[999.0], "k1" in m)
            m[1.0] = "same"
            m[true] = "bool"
            print(m[1], m[true])
            """
        #expect(try output(text) == "1143 [\"k0\", \"k7\", \"k14\"] 994 1998 1998 false\nsame bool\n")
    }
}

@Suite struct MessageCoderTests {
    private func machine() -> Interpreter { Interpreter(host: TestHost()) }

    @Test func valuesArriveEqual() throws {
        let text = """
            let q = queue()
            let values = [nil, true, false, 0, -64, 63, 64, -65, 9223372036854775807, 1.5, "", "é", "long" * 100, bytes("ab"),
                [], [1, 2, 3, 4], [1, 300, 70000, 5000000000, -1], [1.5, 2.5, 3.5, 4.5], [1, "a", [nil]], {a: 1, 2: {b: []}},
                0..<5, 1...3, range(10, 0, -2), namespace(x: 1, y: [2]), error("k", "m")]
            for v in values {
                q ! v
                q ? w
                if str(v) != str(w) or type(v) != type(w) { print("differs", v, w) }
            }
            for f in [print, x => x, q.send, math] {
                try { q ! [f] } catch e { print(e.kind) }
            }
            """
        #expect(try output(text) == "type\ntype\ntype\ntype\n")
    }

    @Test func damageIsAnErrorNeverACrash() throws {
        let interpreter = machine()
        let vm = interpreter.vm
        let list = vm.heap.makeList([
            Value(1), Value(2.5), vm.heap.makeString("text"), vm.heap.makeList((0..<20).map { Value($0 * 1000) }), .nil,
            vm.heap.makeError(kind: vm.kinds.type, message: vm.heap.makeString("m")),
        ])
        let bytes = try vm.encoded(list).bytes
        var random = SystemRandomNumberGenerator()
        for length in 0..<bytes.count { _ = try? bytes.prefix(length).withUnsafeBytes { try vm.decode($0) } }
        for _ in 0..<20000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? damaged.withUnsafeBytes { try vm.decode($0) }
        }
        vm.pendingError = .nil
        vm.collect(top: vm.stackBase)
    }
}

@Suite struct InstructionTests {
    @Test func everyOpcodeIsDescribed() {
        for op in Opcode.allCases {
            #expect(!op.info.effect.isEmpty, "\(op)")
            #expect(op.info.operands.count <= 3, "\(op)")
        }
        #expect(Opcode.allCases.count < 256)
    }

    @Test func operandsComeBackAsTheyWereWritten() {
        let i = Instruction(.addInt, 65535, 40000, -5)
        #expect(i.op == .addInt && i.a == 65535 && i.b == 40000 && i.signedC == -5)
        let j = Instruction(.jump, 7, wide: -100_000)
        #expect(j.op == .jump && j.a == 7 && j.wide == -100_000)
    }
}

@Suite struct SharedVariableTests {
    @Test func operationsOnCellsArraysAndManagedObjects() throws {
        let text = """
            shared hits: int = 0
            shared small: int8[4] = 0..<4
            shared ratio = 1.5
            shared records = [["Ada", 1]]
            shared ns = namespace(x: 1, y: 1)
            shared best: any = nil
            hits += 5
            small[1] -= 100
            small[-1] = 7
            ratio *= 2
            records.append(["Bob", 2])
            records[0][1] += 41
            ns.x += 5
            ns.y *= 10
            best = {k: [1]}
            best.k[0] += 1
            print(hits, small, ratio, records, ns, best, len(small), len(records))
            try { small[0] = 200 } catch e { print(e.kind) }
            try { small[9] = 1 } catch e { print(e.kind) }
            try { records.nothing() } catch e { print(e.kind) }
            print([r[0] for r in records], small[1..<3], sum(small), type(hits), hits + 1)
            """
        #expect(
            try output(text)
                == "5 [0, -99, 2, 7] 3.0 [[\"Ada\", 42], [\"Bob\", 2]] Namespace(x=6, y=10) {\"k\": [2]} 4 2\noverflow\nindex\ntype\n[\"Ada\", \"Bob\"] [-99, 2] -90 int 6\n")
    }
}
