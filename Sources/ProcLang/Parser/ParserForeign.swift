// Statements and blocks of other languages: each is named, the ProcLang way is shown, and parsing goes on as if it
// had been written so, where that is certain.
//
// Invariants
// - A word that another language uses is a name here: it counts as foreign only before what cannot follow a name.
// - What goes on reads at least one token, or fails.

extension Parser {
    /// Reports foreign syntax at the present token without leaving the statement.
    func reportForeign(_ title: String, _ help: String, at place: Span? = nil) {
        diagnostics.append(
            Diagnostic(.error, .foreignSyntax, title, labels: [.init(place ?? currentSpan)], help: [help]))
    }

    /// Statements of other languages that begin with a word that is a name here. Returns nil for others.
    func parseForeignStatement() throws -> Stmt.Kind? {
        switch kind {
        case .leftArrow,
            .less where kind == .leftArrow || kind(ahead: 1) == .minus:
            try failNoExpression()
        case .doubleSlash where linesMatter && current.startsLine:
            let line = source.bounds(ofLine: source.line(at: current.start))
            report(.foreignSyntax, "comments begin with `#`", currentSpan)
            while kind != .endOfFile, Int(current.start) < line.upperBound { advance() }
            throw ParseFailure()
        case .at: try failNoExpression()
        default: break
        }
        guard kind == .name else { return nil }
        let word = text(current)
        let next = kind(ahead: 1)
        let nextOnLine = !tokens[min(index + 1, tokens.count - 1)].startsLine
        guard nextOnLine else { return nil }
        switch word {
        case "def", "fn", "function", "fun", "sub", "proc":
            guard next == .name else { return nil }
            let isProcess = word == "proc"
            reportForeign(
                "`\(word)` is not a keyword",
                isProcess
                    ? "a process is defined by `process name() { ... }`"
                    : "a function is defined by `func name(x) { ... }`")
            let function = try parseFunction(isProcess ? .process : .function)
            return isProcess ? .process(function) : .function(function)
        case "chan":
            guard next == .name else { return nil }
            try fail("`chan` is not a keyword", code: .foreignSyntax, help: ["a channel is declared by `channel c`; it takes values of every type"])
        case "semaphore", "barrier", "event":
            guard next == .name else { return nil }
            let arguments = word == "event" ? "()" : "(3)"
            try fail(
                "`\(word)` does not declare a name", code: .foreignSyntax,
                help: ["write `let \(text(tokens[index + 1])) = \(word)\(arguments)`"])
        case "mutex", "Mutex":
            guard next == .name else { return nil }
            try fail(
                "`\(word)` does not declare a name", code: .foreignSyntax,
                help: [
                    "a shared variable is its own lock: `lock x { ... }`; a lock of its own is `let "
                        + "\(text(tokens[index + 1])) = semaphore(1)`"
                ])
        case "enum", "interface", "type", "trait", "typedef":
            guard next == .name, [.leftBrace, .name, .assign, .colon].contains(kind(ahead: 2)) else { return nil }
            try fail(
                "there are no declarations of types", code: .foreignSyntax,
                help: ["a kind of value is told by a string, `\"red\"`, or by the first item of a list, `[\"add\", 1, 2]`; `match` tells them apart"])
        case "public", "private", "export", "pub", "static", "inline":
            guard [.func, .process, .let, .var, .shared].contains(next) || next == .name else { return nil }
            try fail(
                "`\(word)` is not a keyword", code: .foreignSyntax,
                help: ["leave it out: an importing file sees all names of the top level"])
        case "const", "val", "auto", "int", "float", "string", "bool", "local":
            guard next == .name, kind(ahead: 2) == .assign || kind(ahead: 2) == .colon else { return nil }
            reportForeign(
                "`\(word)` does not declare a name",
                "write `let \(text(tokens[index + 1])) = ...`, or `var` if it is assigned later")
            return try parseDeclaration()
        case "go", "spawn", "async":
            guard next == .name || next == .func || next == .leftBrace else { return nil }
            reportForeign("`\(word)` is not a keyword", "write `start f()`; it creates a process")
            advance()
            if kind == .leftBrace || kind == .func { throw ParseFailure() }
            let expr = try parsePostfix()
            return .expression(try node(.start(ProcessItem(.call(expr), expr.span)), expr.span))
        case "elif", "elsif", "elseif":
            guard next != .assign, next != .leftParen else { return nil }
            try fail(
                "`\(word)` is not a keyword", code: .foreignSyntax, help: ["write `else if`, after the `}` of the `if`"]
            )
        case "class", "struct":
            guard next == .name else { return nil }
            try fail(
                "there are no classes", code: .foreignSyntax,
                help: ["data stands in maps and lists, state that acts in a process"])
        case "from":
            guard next == .name else { return nil }
            try fail(
                "`from` is not a keyword", code: .foreignSyntax,
                help: ["a file is imported by `import \"lib.proc\" as lib`"])
        case "unless", "until", "repeat", "do", "switch", "foreach", "defer", "async", "await", "yield", "throw", "del",
            "global", "nonlocal",
            "assert", "except", "with", "pass":
            return try parseForeignWord(word, next)
        default: return nil
        }
    }

    private func parseForeignWord(_ word: String, _ next: TokenKind) throws -> Stmt.Kind? {
        switch next {
        case .assign, .leftParen, .dot, .leftBracket, .bang, .question, .plusAssign, .minusAssign, .endOfFile,
            .semicolon,
            .rightBrace, .starAssign, .slashAssign, .comma:
            return nil
        default: break
        }
        let help: String
        switch word {
        case "unless": help = "write `if not c { ... }`"
        case "until": help = "write `while not c { ... }`"
        case "repeat", "do": help = "write `loop { ... }` with `break`"
        case "switch": help = "write `match x { case 1 { ... } else { ... } }`"
        case "foreach": help = "write `for x in xs { ... }`"
        case "defer": help = "write `try { ... } finally { ... }`"
        case "await": help = "wait for a process with `p.join()`"
        case "yield": help = "send to a channel with `c ! x`"
        case "throw": help = "write `raise error(\"kind\", \"text\")`"
        case "del": help = "use `a.remove(...)` or `m.remove(key)`"
        case "global", "nonlocal":
            help = "outer names may be assigned if they are declared with `var`; between processes use `shared`"
        case "assert": help = "write `assert(condition, \"text\")`"
        case "with": help = "write `lock x { ... }`, or `try { ... } finally { ... }`"
        case "except": help = "write `catch e { ... }`"
        default: return nil
        }
        try fail("`\(word)` is not a keyword", code: .foreignSyntax, help: [help])
    }

    /// A block is expected, and the present token is no `{`.
    func parseForeignBlock() throws -> Block {
        if kind == .colon, previous.kind != .invalid {
            if !reportedColonBlock {
                reportForeign("a block stands in braces", "write `{ ... }` instead of `:` and indentation")
                reportedColonBlock = true
            }
            return try parseIndentedBlock()
        }
        if isWord("do") || isWord("then") {
            try fail(
                "expected `{`, found `\(text(current))`", code: .foreignSyntax,
                help: ["a block stands in braces: `{ ... }`"])
        }
        if kind == .if, tokens[..<index].reversed().first(where: { $0.startsLine || $0.kind == .case })?.kind == .case {
            try fail("expected `{`, found the keyword `if`", help: ["a condition of a case is written `case x when condition { ... }`"])
        }
        if kind == .doubleDot {
            try fail(
                "expected `{`, found `..`", code: .foreignSyntax, help: ["a range is `a..<b` (without b) or `a...b` (with b)"])
        }
        if kind == .assign { try fail("expected `{`, found `=`", help: ["values are compared with `==`"]) }
        if kind == .arrow { try fail("expected `{`, found `=>`", help: ["a block stands in braces: `{ ... }`, without `=>`"]) }
        if kind == .question { try fail("expected `{`, found `?`", help: [helpOnReceiveInHeader()]) }
        try fail(
            "expected `{`, found \(found)", help: kind == .endOfFile ? [] : ["a block stands in braces: `{ ... }`"])
    }

    /// `while c ? x {`, `if c ? x {`, `for x in c? {`: a receive is a statement of its own.
    private func helpOnReceiveInHeader() -> String {
        let source = previous.kind == .name ? text(previous) : "c"
        switch tokens[..<index].last(where: { [.while, .if, .for].contains($0.kind) || $0.startsLine })?.kind {
        case .if: return "receive before it: `\(source) ? x`, then `if x { ... }`"
        default: return "write `for x in \(source) { ... }`; it receives until the end"
        }
    }

    /// Reads a block in Python's way so that what is in it is checked, too.
    private func parseIndentedBlock() throws -> Block {
        try enter()
        defer { nesting -= 1 }
        let outer = beginNode()
        let first = index
        let headerLine = source.line(at: current.start)
        let lineStart = source.bounds(ofLine: headerLine).lowerBound
        var indent = 0
        while lineStart + indent < source.text.count,
            source.text[lineStart + indent] == 32 || source.text[lineStart + indent] == 9
        {
            indent += 1
        }
        advance()
        var statements: [Stmt] = []
        let onOneLine = !current.startsLine
        try asStatements {
            while kind != .endOfFile, kind != .rightBrace {
                if current.startsLine {
                    if onOneLine { break }
                    let line = source.line(at: current.start)
                    if Int(current.start) - source.bounds(ofLine: line).lowerBound <= indent { break }
                }
                if isWord("pass"), kind(ahead: 1) == .endOfFile || tokens[index + 1].startsLine {
                    advance()
                    continue
                }
                if let statement = try parseRecovering(inBlock: true) { statements.append(statement) }
            }
        }
        try grow()
        endNode(outer)
        return Block(statements, spanFrom(first))
    }
}
