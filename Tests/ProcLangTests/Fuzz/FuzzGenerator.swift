// Writes programs by the grammar: every statement and expression of the language, names that exist, types that often
// fit, loops that end.
//
// Invariants
// - The programs parse, and most resolve without errors; where an operation may fail a `try` stands around.
// - Without `hasProcesses` they run in one process and end: loops are counted, recursion is bounded by a parameter,
//   and no communication waits.

@testable import ProcLang

struct FuzzGenerator {
    private enum Kind: CaseIterable { case int, float, string, bool, list, map, any }

    private struct Local {
        let name: String
        let kind: Kind
        let isVariable: Bool
    }

    private var random: FuzzRandom
    private let hasProcesses: Bool
    private var scopes: [[Local]] = [[]]
    private var functions: [(name: String, count: Int)] = []
    /// How many functions were known at the beginning of each scope.
    private var functionCounts: [Int] = []
    private var counter = 0
    private var indent = 0
    private var lines: [String] = []
    private var loopDepth = 0
    private var functionDepth = 0
    /// Bounds the size of expressions and blocks.
    private var fuel = 0

    private static let library = LibraryTable()
    /// Calling these would end the program, wait, or leave the process.
    private static let excluded: Set<String> = [
        "exit", "input", "sleep", "semaphore", "barrier", "event", "print", "eprint", "error", "assert", "namespace", "run",
        "spawn", "read", "write", "lines", "append_file", "remove", "mkdir", "getcwd", "chdir", "stdin", "args", "env",
    ]

    init(random: FuzzRandom, hasProcesses: Bool) {
        self.random = random
        self.hasProcesses = hasProcesses
    }

    /// A program.
    mutating func program() -> String {
        fuel = 150 + random.below(400)
        for _ in 0..<(4 + random.below(14)) { statement() }
        for local in scopes[0].prefix(12) { line("print(\(local.name))") }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Names and lines

    private mutating func fresh(_ prefix: String) -> String {
        counter += 1
        return "\(prefix)\(counter)"
    }

    private mutating func line(_ text: String) { lines.append(String(repeating: "    ", count: indent) + text) }

    private mutating func declare(_ name: String, _ kind: Kind, isVariable: Bool = false) {
        scopes[scopes.count - 1].append(Local(name: name, kind: kind, isVariable: isVariable))
    }

    private func visible(_ kind: Kind) -> [Local] {
        scopes.flatMap { $0 }.filter { kind == .any || $0.kind == kind || $0.kind == .any }
    }

    private mutating func push(_ locals: [Local] = []) {
        scopes.append(locals)
        functionCounts.append(functions.count)
    }

    private mutating func pop() {
        scopes.removeLast()
        functions.removeLast(functions.count - functionCounts.removeLast())
    }

    private mutating func block(_ head: String, _ tail: String = "}", body: (inout FuzzGenerator) -> Void) {
        line(head + " {")
        indent += 1
        push()
        body(&self)
        pop()
        indent -= 1
        line(tail)
    }

    private mutating func statements(_ most: Int) {
        for _ in 0...random.below(most) { statement() }
    }

    // MARK: Statements

    private mutating func statement() {
        fuel -= 1
        guard fuel > 0, indent < 7 else { return line("print(\(expression(.any, 2)))") }
        switch random.below(hasProcesses ? 30 : 24) {
        case 0, 1, 2:
            let kind = random.pick(Kind.allCases)
            let name = fresh("v")
            let value = expression(kind, 3)
            let isVariable = random.chance(60)
            line("\(isVariable ? "var" : "let") \(name) = \(value)")
            declare(name, kind, isVariable: isVariable)
        case 3, 4:
            guard let local = random.any(of: scopes.flatMap({ $0 }).filter(\.isVariable)) else { return statement() }
            let op = random.pick(["=", "+=", "-=", "*=", "//=", "%="])
            guarded("\(local.name) \(op) \(expression(local.kind, 3))")
        case 5, 6: guarded("print(\(expression(.any, 4)), \(expression(.any, 2)))")
        case 7: guarded(expression(.any, 4))
        case 8: conditional()
        case 9: loop()
        case 10: countedLoop()
        case 11: function()
        case 12: tryStatement()
        case 13: matchStatement()
        case 14:
            let names = [fresh("p"), fresh("p")]
            line("let [\(names[0]), ...\(names[1])] = [\(expression(.any, 2)), \(expression(.any, 2))]")
            declare(names[0], .any)
            declare(names[1], .list)
        case 15:
            guard let local = random.any(of: visible(.list)) else { return statement() }
            guarded("\(local.name)[\(expression(.int, 2))] \(random.pick(["=", "+=", "*="])) \(expression(.any, 2))")
        case 16:
            guard let local = random.any(of: visible(.map)) else { return statement() }
            guarded("\(local.name)[\(expression(random.pick([.string, .int]), 2))] = \(expression(.any, 2))")
            guarded("\(local.name).k \(random.pick(["=", "+="])) \(expression(.any, 2))")
        case 17:
            let variables = visible(.any).filter(\.isVariable)
            guard variables.count > 1 else { return statement() }
            line("[\(random.pick(variables).name), \(random.pick(variables).name)] = [\(expression(.any, 2)), \(expression(.any, 2))]")
        case 18:
            block("") { $0.statements(3) }
            let name = fresh("v")
            line("let \(name) = \"\"\"\n    two\n      {\(expression(.int, 2))}\n    \"\"\"")
            declare(name, .string)
        case 19: channel()
        case 20: sharedVariable()
        case 21: selectStatement()
        case 22 where functionDepth > 0: line("return \(expression(.any, 3))")
        case 22 where loopDepth > 0, 23 where loopDepth > 0: line("if \(expression(.bool, 2)) { \(random.pick(["break", "continue"])) }")
        case 24: process()
        case 25: line("print(parallel { \(callOfProcess()); { return \(expression(.any, 2)) } })")
        case 26: line("let \(fresh("r")) = parallel for i in 0..<\(1 + random.below(4)) limit 2 { \(callOfProcess()) }")
        case 27: line("let \(fresh("h")) = start { print(\(expression(.any, 2))) }")
        case 28: line("supervise restarts \(random.below(3)) within 1s { \(callOfProcess()) }")
        default: line("# \(expression(.string, 1))")
        }
    }

    private mutating func guarded(_ text: String) {
        line(random.chance(80) ? "try { \(text) } catch e { print(e.kind) }" : text)
    }

    private mutating func conditional() {
        let condition = expression(.bool, 3)
        line("if \(condition) {")
        indent += 1
        push()
        statements(3)
        pop()
        indent -= 1
        if random.chance(40) {
            line("} else if \(expression(.bool, 2)) {")
            indent += 1
            line("print(\(expression(.any, 2)))")
            indent -= 1
        }
        if random.chance(50) {
            line("} else {")
            indent += 1
            push()
            statements(2)
            pop()
            indent -= 1
        }
        line("}")
    }

    private mutating func loop() {
        let name = fresh("i")
        let other = fresh("j")
        let (head, kinds): (String, [(String, Kind)])
        switch random.below(5) {
        case 0: (head, kinds) = ("for \(name) in \(random.below(3))..<\(random.below(6))", [(name, .int)])
        case 1: (head, kinds) = ("for \(name), \(other) in \(listLiteral(2))", [(name, .int), (other, .any)])
        case 2: (head, kinds) = ("for \(name), \(other) in (\(mapLiteral(2)))", [(name, .string), (other, .any)])
        case 3: (head, kinds) = ("for \(name) in \(stringLiteral())", [(name, .string)])
        default: (head, kinds) = ("for \(name) in \(listLiteral(3))", [(name, .any)])
        }
        loopDepth += 1
        block(head) { generator in
            for (name, kind) in kinds { generator.declare(name, kind) }
            generator.statements(3)
        }
        loopDepth -= 1
    }

    private mutating func countedLoop() {
        let name = fresh("n")
        line("var \(name) = 0")
        declare(name, .any)
        loopDepth += 1
        block(random.chance(50) ? "while \(name) < \(random.below(5))" : "loop") { generator in
            generator.line("\(name) += 1")
            generator.line("if \(name) > 4 { break }")
            generator.statements(2)
        }
        loopDepth -= 1
    }

    private mutating func function() {
        let name = fresh("f")
        let count = random.below(4)
        let parameters = (0..<count).map { _ in fresh("a") }
        let defaulted = random.below(count + 1)
        let list = parameters.enumerated().map { $0.offset < defaulted ? $0.element : "\($0.element) = \(literal())" }
        // Its own loops are not those around it.
        let outer = loopDepth
        loopDepth = 0
        functionDepth += 1
        block("func \(name)(\(list.joined(separator: ", ")))") { generator in
            for parameter in parameters { generator.declare(parameter, .any, isVariable: true) }
            generator.statements(4)
            generator.line("return \(generator.expression(.any, 3))")
        }
        functionDepth -= 1
        loopDepth = outer
        functions.append((name, count))
    }

    private mutating func tryStatement() {
        line("try {")
        indent += 1
        push()
        statements(3)
        if random.chance(40) { line("raise \(random.chance(50) ? stringLiteral() : "error(\"kind\", \(stringLiteral()))")") }
        pop()
        indent -= 1
        line("} catch e {")
        indent += 1
        push([Local(name: "e.kind", kind: .string, isVariable: false)])
        statements(2)
        pop()
        indent -= 1
        if random.chance(40) {
            line("} finally {")
            indent += 1
            push()
            statements(2)
            pop()
            indent -= 1
        }
        line("}")
    }

    private mutating func matchStatement() {
        line("try {")
        indent += 1
        line("match \(random.chance(50) ? "(\(expression(.any, 3)))" : listLiteral(2)) {")
        indent += 1
        let (a, b, c) = (fresh("m"), fresh("m"), fresh("m"))
        let patterns: [(String, [(String, Kind)])] = [
            ("[\(a), \(b)]", [(a, .any), (b, .any)]), ("[\(a), ...\(b)]", [(a, .any), (b, .list)]),
            ("{k: \(a)}", [(a, .any)]), ("int \(a) when \(a) > 0", [(a, .int)]), ("string \(a)", [(a, .string)]), ("nil", []),
            ("-1", []), ("\"a\"", []), ("[[\(a), \(b)], int \(c)]", [(a, .any), (b, .any), (c, .int)]), ("list \(a)", [(a, .list)]),
            ("map \(a)", [(a, .map)]), ("float _", []), ("true", []),
        ]
        for _ in 0...random.below(4) {
            let (pattern, names) = random.pick(patterns)
            line("case \(pattern) {")
            indent += 1
            push(names.map { Local(name: $0.0, kind: $0.1, isVariable: false) })
            statements(2)
            pop()
            indent -= 1
            line("}")
        }
        if random.chance(70) { line("else { print(\(expression(.any, 2))) }") }
        indent -= 1
        line("}")
        indent -= 1
        line("} catch e { print(e.kind, e.message) }")
    }

    private mutating func channel() {
        let name = fresh("c")
        line(random.pick(["channel \(name)(3)", "queue \(name)", "queue \(name)(2)", "let \(name) = channel(4)"]))
        let value = fresh("x")
        line("\(name) ! \(expression(.any, 2))")
        line(random.pick(["\(name) ? \(value)", "let \(value) = \(name).receive()"]))
        if indent == 0 { declare(value, .any) }
    }

    private mutating func sharedVariable() {
        let name = fresh("s")
        switch random.below(6) {
        case 0: line("shared \(name): int = \(random.below(9))")
        case 1: line("shared \(name): int8[4] = 0..<4")
        case 2: line("shared \(name): float")
        case 3: line("shared \(name) = \(random.below(100))")
        case 4: line("shared \(name) = 1.5")
        default: line("shared \(name) = true")
        }
        guarded("\(name) = \(expression(.int, 2))")
        guarded("\(name) += \(expression(.int, 2))")
        guarded("\(name)[\(expression(.int, 1))] *= 2")
        line("lock \(name) { print(\(name)) }")
    }

    private mutating func selectStatement() {
        let name = fresh("c")
        line("channel \(name)(1)")
        if random.chance(50) { line("\(name) ! \(expression(.any, 2))") }
        line("select\(random.chance(30) ? " first" : "") {")
        indent += 1
        line("case \(name) ? x when \(expression(.bool, 1)) { print(x) }")
        if random.chance(50) { line("case \(name) ! \(expression(.any, 2)) { print(\"sent\") }") }
        line(random.chance(50) ? "else { print(\"nothing\") }" : "after 0s { print(\"late\") }")
        indent -= 1
        line("}")
    }

    private mutating func process() {
        let name = fresh("w")
        block("process \(name)(out!, source?, n = 1)") { generator in
            generator.declare("n", .int, isVariable: true)
            generator.line("for x in source { out ! x }")
            generator.statements(2)
        }
    }

    private mutating func callOfProcess() -> String {
        guard let function = random.any(of: functions) else { return "{ print(\(expression(.any, 2))) }" }
        return call(function, 2)
    }

    // MARK: Expressions

    private mutating func call(_ function: (name: String, count: Int), _ depth: Int) -> String {
        "\(function.name)(\((0..<function.count).map { _ in expression(.any, depth - 1) }.joined(separator: ", ")))"
    }

    private mutating func expression(_ kind: Kind, _ depth: Int) -> String {
        fuel -= 1
        if depth <= 0 || fuel <= 0 || random.chance(20) { return leaf(kind) }
        if random.chance(10) { return "(\(expression(kind, depth - 1)))" }
        if random.chance(6) { return "(\(expression(kind, depth - 1)) if \(expression(.bool, depth - 1)) else \(expression(kind, depth - 1)))" }
        if random.chance(8), let function = random.any(of: functions) { return call(function, depth) }
        if random.chance(10) { return libraryCall(depth) }
        let d = depth - 1
        switch kind {
        case .int:
            switch random.below(5) {
            case 0, 1: return "(\(expression(.int, d)) \(random.pick(["+", "-", "*", "//", "%"])) \(expression(.int, d)))"
            case 2: return "len(\(expression(random.pick([.string, .list, .map]), d)))"
            case 3: return "-(\(leaf(.int)))"
            default: return "(\(leaf(.int)) ** \(random.below(5)))"
            }
        case .float: return "(\(expression(.float, d)) \(random.pick(["+", "-", "*", "/", "//", "%"])) \(expression(random.pick([.int, .float]), d)))"
        case .string:
            switch random.below(5) {
            case 0: return "(\(expression(.string, d)) + \(expression(.string, d)))"
            case 1: return interpolation(d)
            case 2: return "\(parenthesized(.string, d))[\(slice(d))]"
            case 3: return "str(\(expression(.any, d)))"
            default: return "\(parenthesized(.string, d)).\(random.pick(["upper", "lower", "strip", "title"]))()"
            }
        case .bool:
            switch random.below(6) {
            case 0: return "(\(expression(.int, d)) \(random.pick(["<", "<=", "==", "!=", ">", ">="])) \(expression(.int, d)))"
            case 1: return "(\(expression(.bool, d)) \(random.pick(["and", "or"])) \(expression(.bool, d)))"
            case 2: return "(not \(expression(.bool, d)))"
            case 3: return "(\(expression(.any, d)) is \(random.chance(30) ? "not " : "")\(random.pick(["int", "float", "string", "list", "map", "nil", "func"])))"
            case 4: return "(\(expression(.int, d)) \(random.pick(["in", "not in"])) \(expression(.list, d)))"
            default: return "(\(leaf(.int)) < \(expression(.int, d)) <= \(leaf(.int)))"
            }
        case .list:
            let name = fresh("k")
            switch random.below(6) {
            case 0: return listLiteral(d)
            case 1: return "(\(expression(.list, d)) + \(expression(.list, d)))"
            case 2: return "[\(name) for \(name) in \(expression(.list, d))]"
            case 3: return "[\(name) * 2 for \(name) in \(random.below(3))..<\(random.below(6)) if \(name) > \(random.below(3))]"
            case 4: return "\(parenthesized(.list, d))[\(slice(d))]"
            default: return "\(parenthesized(.list, d)).map(\(name) => \(expression(.any, min(d, 1))))"
            }
        case .map: return mapLiteral(d)
        case .any:
            switch random.below(8) {
            case 0: return "\(parenthesized(.list, d))[\(expression(.int, d))]"
            case 1: return "\(parenthesized(.map, d))[\(stringLiteral())]"
            case 2:
                let name = fresh("z")
                return "(\(name) => [\(name), \(expression(.any, d))])(\(expression(.any, d)))"
            case 3: return "(\(expression(.any, d)) \(random.pick(["+", "*", "==", "and", "or", "-", "<"])) \(expression(.any, d)))"
            case 4: return "(\(expression(.any, d)) or \(expression(.any, d)))"
            default: return expression(random.pick(Kind.allCases.dropLast()), d)
            }
        }
    }

    private mutating func parenthesized(_ kind: Kind, _ depth: Int) -> String { "(\(expression(kind, depth)))" }

    private mutating func slice(_ depth: Int) -> String {
        let (a, b) = (expression(.int, min(depth, 1)), expression(.int, min(depth, 1)))
        return random.pick(["\(a)", "\(a)..<\(b)", "\(a)...\(b)", "..<\(b)", "\(a)..", ".."])
    }

    /// A call of any function or method of the library, with as many arguments as it takes.
    private mutating func libraryCall(_ depth: Int) -> String {
        let declaration = random.pick(FuzzGenerator.library.declarations)
        guard !FuzzGenerator.excluded.contains(declaration.name) else { return leaf(.any) }
        var arguments = declaration.parameters.filter { !$0.namedOnly }.filter { $0.isRequired || random.chance(40) }
            .map { _ in expression(.any, min(2, depth - 1)) }
        if declaration.variadic != nil { arguments.append(expression(.any, 1)) }
        let list = arguments.joined(separator: ", ")
        switch declaration.place {
        case .global: return "\(declaration.name)(\(list))"
        case .module(let module):
            guard module == "math" || module == "json" else { return leaf(.any) }
            return "\(module).\(declaration.name)(\(list))"
        case .method(let tag):
            switch tag {
            case Tag.string: return "\(parenthesized(.string, 1)).\(declaration.name)(\(list))"
            case Tag.list: return "\(parenthesized(.list, 1)).\(declaration.name)(\(list))"
            case Tag.map: return "\(parenthesized(.map, 1)).\(declaration.name)(\(list))"
            case Tag.bytes: return "bytes(\(stringLiteral())).\(declaration.name)(\(list))"
            default: return leaf(.any)
            }
        }
    }

    private mutating func leaf(_ kind: Kind) -> String {
        if random.chance(55), let local = random.any(of: visible(kind)) { return local.name }
        switch kind {
        case .int: return random.pick(["0", "1", "2", "3", "7", "10", "255", "-1", "9223372036854775807", "0x10", "1_000"])
        case .float: return random.pick(["0.0", "1.5", "-2.25", "1e10", "1e-7", "3.0", "250ms"])
        case .string: return stringLiteral()
        case .bool: return random.pick(["true", "false"])
        case .list: return random.pick(["[]", "[1, 2, 3]", "[\"b\", \"a\"]", "[[1], 2.5, nil]", "list(0..<4)"])
        case .map: return random.pick(["({})", "({a: 1, \"b c\": [2]})", "({1: 2, true: nil})"])
        case .any: return literal()
        }
    }

    private mutating func literal() -> String {
        random.pick(["nil", "true", "0", "1", "-5", "2.5", "\"a\"", "[]", "[1, 2]", "({k: 1})", "(1..<3)", "''", "(x => x)"])
    }

    private mutating func stringLiteral() -> String {
        random.pick([
            "\"\"", "\"a\"", "\"k\"", "\"héllo 😀\"", "\"a\\tb\\n\"", "'raw {x}'", "\"1,2,3\"", "\"  pad \"", "\"12\"",
        ])
    }

    private mutating func interpolation(_ depth: Int) -> String {
        let format = random.pick(["", "", ":>6", ":.2f", ":^8", ":d", ":x", ":,", ":{1 + 2}"])
        return "\"<{\(expression(.any, depth))\(format)} {\(expression(.any, depth - 1))}>\""
    }

    private mutating func listLiteral(_ depth: Int) -> String {
        "[\((0..<random.below(4)).map { _ in expression(.any, depth - 1) }.joined(separator: ", "))]"
    }

    private mutating func mapLiteral(_ depth: Int) -> String {
        let entries = (0..<random.below(3)).map { _ in "\(random.pick(["k", "a", "b", "if"])): \(expression(.any, depth - 1))" }
        return "({\(entries.joined(separator: ", "))})"
    }
}
