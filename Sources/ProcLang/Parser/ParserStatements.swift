// Statements and blocks, except declarations (ParserDeclarations.swift) and what belongs to processes
// (ParserProcesses.swift).

extension Parser {
    func parseStatement() throws -> Stmt {
        try enter()
        defer { nesting -= 1 }
        let outer = beginNode()
        let first = index
        let statement = try parseStatementKind()
        try grow()
        endNode(outer)
        return Stmt(statement, spanFrom(first))
    }

    private func parseStatementKind() throws -> Stmt.Kind {
        switch kind {
        case .let, .var: return try parseDeclaration()
        case .func where kind(ahead: 1) != .leftParen: return .function(try parseFunction(.function))
        case .process: return .process(try parseFunction(.process))
        case .channel, .queue, .pipe:
            if kind(ahead: 1) == .leftParen { break }
            return try parseChannels()
        case .shared: return try parseShared()
        case .leftBrace:
            if looksLikeMap() {
                try fail(
                    "`{` begins a block here",
                    help: ["a map at the beginning of a statement needs parentheses: `({a: 1})`"])
            }
            return .block(try parseBlock())
        case .if: return try parseIf()
        case .while:
            advance()
            let condition = try parseHeader()
            return .whileLoop(condition, try parseBlock())
        case .loop:
            advance()
            return .loop(try parseBlock())
        case .for: return try parseFor()
        case .break:
            advance()
            return .breakLoop
        case .continue:
            advance()
            return .continueLoop
        case .return:
            advance()
            return .returnValue(atStatementEnd ? nil : try parseSharableResult())
        case .select: return try parseSelect()
        case .lock: return try parseLock()
        case .match: return try parseMatch()
        case .try: return try parseTry()
        case .raise:
            try expectValue(after: advance(), help: ["the error of `catch e { ... }` is raised again by `raise e`"])
            return .raise(try parseExpression())
        case .import: return try parseImport()
        case .leftBracket:
            let close = Int(partner[index])
            if close > 0, close + 1 < tokens.count, tokens[close + 1].kind == .assign, !tokens[close + 1].startsLine {
                let target = try parseListTarget()
                try expectValue(after: advance())
                return .assign(target, try parseExpression())
            }
        case .rightBrace, .rightParen, .rightBracket:
            try fail("`\(text(current))` closes nothing", code: .unmatchedBracket)
        case .else, .catch, .finally, .case:
            let owner = kind == .else ? "`if`, `select` or `match`" : kind == .case ? "`select` or `match`" : "`try`"
            try fail("`\(text(current))` without \(owner)", help: ["it follows the `}` of what it belongs to"])
        default:
            if let foreign = try parseForeignStatement() { return foreign }
        }
        return try parseExpressionStatement()
    }

    /// Expression, assignment, send, receive.
    private func parseExpressionStatement() throws -> Stmt.Kind {
        let first = index
        let expr = try parseExpression()
        let op = sameLineKind
        switch op {
        case .assign, .colonAssign:
            if op == .colonAssign {
                reportForeign("`:=` is not an operator", "declare with `let x = ...` or `var x = ...`")
            }
            let target = try assignTarget(expr, first)
            try expectValue(after: advance())
            let value = try parseExpression()
            if sameLineKind == .assign {
                try fail("assignments cannot be chained", help: ["write one statement for each"])
            }
            return .assign(target, value)
        case .plusAssign, .minusAssign, .starAssign, .slashAssign, .doubleSlashAssign, .percentAssign,
            .doubleStarAssign:
            let target = try assignTarget(expr, first)
            let operation = advance()
            let opSpan = span(operation)
            try expectValue(after: operation)
            let value = try parseExpression()
            return .augment(augmentedOperator(op), target, value, opSpan: opSpan)
        case .bang:
            try expectValue(after: advance())
            let value = try parseSharable()
            return .send(channel: expr, value: value)
        case .question:
            advance()
            return .receive(source: expr, target: try parseReceiveTarget())
        case .doublePlus, .doubleMinus:
            reportForeign(
                "`\(text(current))` is not an operator",
                "write `\(source.string(expr.span)) \(op == .doublePlus ? "+=" : "-=") 1`")
            advance()
            return .expression(expr)
        default: return .expression(expr)
        }
    }

    private func augmentedOperator(_ kind: TokenKind) -> ArithmeticOperator {
        switch kind {
        case .plusAssign: return .add
        case .minusAssign: return .subtract
        case .starAssign: return .multiply
        case .slashAssign: return .divide
        case .doubleSlashAssign: return .floorDivide
        case .percentAssign: return .remainder
        default: return .power
        }
    }

    // MARK: Targets

    private func assignTarget(_ expr: Expr, _ first: Int) throws -> AssignTarget {
        switch expr.kind {
        case .name(let name): return .name(name)
        case .index(let object, let index): return .index(object, index, expr.span)
        case .member(let member): return .member(member, expr.span)
        case .slice:
            try fail(
                "a slice cannot be assigned", expr.span, code: .invalidAssignment,
                help: ["join the parts anew, `xs = xs[..<a] + items + xs[b..]`, or assign the elements one by one"])
        case .list:
            try fail("a list of values cannot be changed by an operator", expr.span, code: .invalidAssignment)
        case .invalid: throw ParseFailure()
        default:
            try fail(
                "this cannot be assigned", expr.span, code: .invalidAssignment,
                help: ["a name, `a[i]`, `a.b`, or a list of them can be assigned; values are compared with `==`"])
        }
    }

    /// `[a, b[0], [c, d], ...rest]` before `=`.
    private func parseListTarget() throws -> AssignTarget {
        try enter()
        defer { nesting -= 1 }
        let opening = index
        advance()
        var targets: [AssignTarget] = []
        var rest: AssignTarget.Rest?
        try inBrackets {
            while kind != .rightBracket {
                let first = index
                if accept(.ellipsis) {
                    let name = kind == .name ? try expectName("a name") : nil
                    rest = AssignTarget.Rest(
                        target: name.flatMap { $0.isDiscard ? nil : .name($0) }, span: spanFrom(first))
                    _ = accept(.comma)
                    if kind != .rightBracket { try fail("`...` takes the rest and stands last") }
                    break
                }
                if kind == .leftBracket, case let close = Int(partner[index]), close > 0,
                    tokens[close + 1].kind == .comma || tokens[close + 1].kind == .rightBracket
                {
                    targets.append(try parseListTarget())
                } else {
                    targets.append(try assignTarget(try parsePostfix(), first))
                }
                if !accept(.comma) { break }
            }
            try expectClosing(.rightBracket, opening, or: "`,` or ")
        }
        try grow()
        return .list(targets, rest: rest, spanFrom(opening))
    }

    private func parseSharableResult() throws -> Expr {
        if kind == .shared {
            try fail(
                "a shared variable cannot be returned",
                help: ["return its value, or pass the variable as a `shared` parameter"])
        }
        return try parseExpression()
    }

    // MARK: Blocks

    /// An expression before the `{` of a block: a map in it needs brackets around it.
    func parseHeader() throws -> Expr {
        let outer = mapsAllowed
        mapsAllowed = false
        let expr = try parseExpression()
        mapsAllowed = outer
        return expr
    }

    func parseBlock() throws -> Block {
        guard kind == .leftBrace else { return try parseForeignBlock() }
        try enter()
        defer { nesting -= 1 }
        let opening = index
        let outer = beginNode()
        var statements: [Stmt] = []
        try parseBraces { if let statement = try parseRecovering(inBlock: true) { statements.append(statement) } }
        try grow()
        endNode(outer)
        return Block(statements, spanFrom(opening))
    }

    /// From `{` to its `}`; calls `part` for each thing in between.
    func parseBraces(_ part: () throws -> Void) throws {
        let opening = index
        advance()
        try asStatements {
            while kind != .rightBrace {
                if kind == .endOfFile {
                    report(
                        .unclosedBracket, "`{` is never closed", span(tokens[opening]), label: "opened here",
                        more: [.init(currentSpan, "the text ends here")])
                    throw ParseFailure()
                }
                try part()
            }
            advance()
        }
    }

    /// Parses with the rules of a block, whatever stands around it. After a failure the recovery sets the rules anew.
    func asStatements(_ body: () throws -> Void) throws {
        let (lines, maps) = (linesMatter, mapsAllowed)
        linesMatter = true
        mapsAllowed = true
        try body()
        linesMatter = lines
        mapsAllowed = maps
    }

    // MARK: Control flow

    private func parseIf() throws -> Stmt.Kind {
        var branches: [(condition: Expr, body: Block)] = []
        var otherwise: Block?
        advance()
        while true {
            let condition = try parseHeader()
            if kind == .assign {
                try fail("`=` assigns; it is not a condition", help: ["values are compared with `==`"])
            }
            branches.append((condition, try parseBlock()))
            if isWord("elif") || isWord("elsif") || isWord("elseif") {
                reportForeign("`\(text(current))` is not a keyword", "write `else if`")
                advance()
                continue
            }
            guard accept(.else) else { break }
            if accept(.if) { continue }
            otherwise = try parseBlock()
            break
        }
        return .conditional(If(branches: branches, otherwise: otherwise))
    }

    private func parseFor() throws -> Stmt.Kind {
        advance()
        if kind == .leftParen || kind == .leftBrace && tokens[Int(partner[index]) + 1].kind != .in { try failForeignFor() }
        let patterns = try parseLoopPatterns()
        let iterable = try parseHeader()
        let body = try parseBlock()
        return .forLoop(For(patterns: patterns, iterable: iterable, body: body))
    }

    /// One or two patterns and `in`.
    func parseLoopPatterns() throws -> [Pattern] {
        var patterns = [try parseBindingPattern()]
        if accept(.comma) { patterns.append(try parseBindingPattern()) }
        if kind == .comma {
            try fail("a loop has one or two names", help: ["a list is taken apart by `for [a, b, c] in xs`"])
        }
        guard accept(.in) else {
            if kind == .assign || kind == .colonAssign { try failForeignFor() }
            let help =
                kind == .question
                ? ["write `for x in \(text(previous)) { ... }`; it receives until the end"]
                : isWord("of") ? ["write `for x in xs { ... }`"] : []
            try fail("expected `in`, found \(found)", help: help)
        }
        return patterns
    }

    private func failForeignFor() throws -> Never {
        var help = "count with `for i in 0..<n { ... }`; repeat with `while c { ... }` or `loop { ... }`"
        let close = kind == .leftParen ? Int(partner[index]) : 0
        if kind == .leftBrace {
            help = "write `loop { ... }`"
        } else if close > index + 1, tokens[close + 1].kind == .in {
            let names = Span(file: source.id, start: tokens[index + 1].start, end: tokens[close - 1].end)
            help = "write `for \(source.string(names)) in ... { }`, or `for [\(source.string(names))] in pairs { }`"
        }
        try fail("this is not how loops are written", code: .foreignSyntax, help: [help])
    }

    private func parseLock() throws -> Stmt.Kind {
        advance()
        if kind == .leftBrace {
            try fail(
                "expected what to lock, found `{`",
                help: ["a shared variable or a semaphore is named: `lock x { ... }`"])
        }
        var targets = [try parseHeader()]
        while accept(.comma) { targets.append(try parseHeader()) }
        return .lock(targets, try parseBlock())
    }

    private func parseTry() throws -> Stmt.Kind {
        let first = index
        advance()
        let body = try parseBlock()
        var handler: (name: Name?, body: Block)?
        if kind == .catch || isWord("except") {
            if kind != .catch {
                reportForeign("`except` is not a keyword", "write `catch e { ... }`")
            }
            advance()
            var name: Name?
            if kind == .name || kind.isKeyword { name = try expectName("a name for the error") }
            if kind == .if || isWord("when") {
                try fail(
                    "expected `{` after the name of the error, found \(found)",
                    help: [
                        "all errors are caught: `catch e { if e.kind == \"timeout\" { ... } else { raise e } }`"
                    ])
            }
            if kind == .name || kind == .colon || kind == .comma || kind == .leftParen {
                try fail(
                    "expected `{` after the name of the error, found \(found)",
                    help: ["write `catch e { ... }`; all errors are caught: look at `e.kind`"])
            }
            handler = (name, try parseBlock())
        }
        var final: Block?
        if accept(.finally) { final = try parseBlock() }
        if handler == nil, final == nil {
            if kind == .endOfFile { try fail("`try` needs `catch` or `finally`", span(tokens[first])) }
            report(.syntax, "`try` needs `catch` or `finally`", span(tokens[first]), help: ["catch e { ... }"])
        }
        return .tryCatch(Try(body: body, handler: handler, finally: final))
    }

    private func parseMatch() throws -> Stmt.Kind {
        advance()
        let subject = try parseHeader()
        var cases: [Match.Case] = []
        var otherwise: Block?
        try parseClauses("match") { first in
            if accept(.case) {
                if let otherwise {
                    report(
                        .unreachable, "a `case` after `else` is never reached", span(tokens[first]),
                        more: [.init(otherwise.span, "")])
                }
                let pattern = try parsePattern()
                if kind == .comma || kind == .bar {
                    try fail("one pattern for each `case`", help: ["use `case x when x in [1, 2]`"])
                }
                if kind == .or {
                    try fail("one pattern for each `case`, found `or`", help: ["use `case x when x in [1, 2]`"])
                }
                if kind == .ellipsis || kind == .halfOpenRange {
                    let range = source.string(pattern.span.union(span(tokens[min(index + 1, tokens.count - 1)])))
                    try fail("a range is no pattern", help: ["use `case n when n in \(range)`"])
                }
                let condition = isWord("when") ? try parseCondition() : nil
                let body = try parseBlock()
                cases.append(
                    Match.Case(pattern: pattern, condition: condition, body: body, span: spanFrom(first)))
            } else if accept(.else) {
                if otherwise != nil { try fail("a second `else`", span(tokens[first])) }
                otherwise = try parseBlock()
            } else {
                return false
            }
            return true
        }
        return .match(Match(subject: subject, cases: cases, otherwise: otherwise))
    }

    func parseCondition() throws -> Expr {
        advance()
        return try parseHeader()
    }

    /// The braces of `select` and `match`. `clause` parses one, or returns false where none begins. A clause
    /// that does not parse is passed like a statement.
    func parseClauses(_ word: String, _ clause: (Int) throws -> Bool) throws {
        guard kind == .leftBrace else {
            try fail("expected `{`, found \(found)", help: ["`\(word)` has its cases in braces"])
        }
        try parseBraces {
            if accept(.semicolon) { return }
            let first = index
            let (outerNesting, outerHeight) = (nesting, height)
            do {
                if try clause(first) { return }
                try fail(
                    "expected a case of `\(word)`, found \(found)",
                    help: text(current) == "default" || isWord("_")
                        ? ["write `else { ... }`"]
                        : word == "match" ? ["write `case pattern { ... }`"] : helpInSelect())
            } catch let failure as ParseFailure {
                try recover(failure, outerNesting, outerHeight, from: first, inBlock: true)
            }
        }
    }
}
