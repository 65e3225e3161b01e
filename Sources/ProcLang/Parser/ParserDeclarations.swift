// Declarations: names, functions, processes, channels, shared variables, imports; and patterns.
//
// Invariants
// - A declaration declares at least one name; what it takes as its value stands on the same line as `=`.
// - A parameter list that does not parse costs the list only: the body is read all the same.
// - Patterns of declarations bind names and take lists and maps apart; only `match` has literals and types.

extension Parser {
    func parseDeclaration() throws -> Stmt.Kind {
        let isVariable = advance().kind == .var
        let word = isVariable ? "var" : "let"
        if kind == .shared {
            let name = kind(ahead: 1) == .name ? text(tokens[index + 1]) : "x"
            try fail("`shared` stands alone", help: ["write `shared \(name) = ...`"])
        }
        if kind == .leftParen {
            try fail(
                "expected a name after `\(word)`, found \(found)",
                help: ["a list is taken apart by `\(word) [a, b] = ...`"])
        }
        let pattern = try parseBindingPattern()
        switch kind {
        case .assign: try expectValue(after: advance())
        case .colonAssign:
            reportForeign("`:=` is not an operator", "write `\(word) x = ...`")
            try expectValue(after: advance())
        case .colon:
            reportForeign(
                "names are declared without type", "write `\(word) x = ...`; only `shared` variables have types")
            advance()
            if kind.isWord { advance() }
            if !accept(.assign) { throw ParseFailure() }
        case .question:
            try fail("`?` is a statement by itself", help: ["write `c ? x`, or `\(word) x = c.receive()`"])
        case .comma:
            try fail("one name for each `\(word)`", help: ["take a list apart with `\(word) [a, b] = ...`"])
        default:
            if isVariable, atStatementEnd, case .name = pattern.kind {
                return .declare(Declaration(isVariable: true, pattern: pattern, value: nil))
            }
            try fail(
                "expected `=` after `\(word) \(source.string(pattern.span))`, found \(found)",
                help: helpInDeclaration(word, source.string(pattern.span)))
        }
        if kind == .shared {
            try fail(
                "a shared variable cannot be the value of a name",
                help: ["use the variable by its own name, or pass it as a `shared` parameter"])
        }
        let value = try parseExpression()
        if sameLineKind == .comma {
            try fail("one name for each `\(word)`", help: ["several values stand in brackets: `[1, 2]`"])
        }
        if sameLineKind == .assign {
            try fail("assignments cannot be chained", help: ["write one statement for each"])
        }
        return .declare(Declaration(isVariable: isVariable, pattern: pattern, value: value))
    }

    func parseFunction(_ functionKind: FunctionNode.Kind) throws -> FunctionNode {
        let first = index
        let word = text(advance())
        if functionKind == .process, kind == .leftParen || kind == .leftBrace {
            try fail(
                "expected the name of the process, found \(found)",
                help: ["an anonymous process is `start { ... }`, or a block in `parallel`"])
        }
        let name = try expectName("the name of the \(word == "process" ? "process" : "function")")
        var parameters: [Parameter] = []
        if kind == .leftParen {
            let opening = index
            do {
                parameters = try parseParameters()
            } catch let failure as ParseFailure {
                // The body is worth reading if the list has an end.
                let close = Int(partner[opening])
                guard !failure.isFatal, close > 0 else { throw failure }
                for token in tokens[opening...close] where token.kind == .name {
                    unreliableNames.insert(text(token))
                }
                unreliableNames.insert(name.text)
                index = close + 1
                linesMatter = true
                mapsAllowed = true
            }
        } else {
            try fail(
                "expected `(` after the name, found \(found)",
                help: ["without parameters it is `\(word) \(name.text)() { ... }`"])
        }
        let header = spanFrom(first)
        if kind == .assign || kind == .arrow {
            try fail("expected `{`, found \(found)", help: ["write `{ return ... }`"])
        }
        if kind == .rightArrow {
            reportForeign("functions do not declare what they return", "leave out `-> ...`")
            while kind != .leftBrace, !atStatementEnd { advance() }
        }
        let body = try parseBlock()
        return FunctionNode(
            kind: functionKind, name: name, parameters: parameters, body: .block(body), span: spanFrom(first),
            headerSpan: header)
    }

    // MARK: Channels

    func parseChannels() throws -> Stmt.Kind {
        let word = advance()
        let first = index
        let channelKind = ChannelKind(rawValue: text(word)) ?? .channel
        var items: [ChannelDeclaration.Item] = []
        repeat {
            let first = index
            let name = try expectName("the name of the \(channelKind.rawValue)")
            var count: Expr?
            var capacity: Expr?
            if sameLineKind == .leftBracket {
                count = try parseDeclaredSize(.rightBracket, example: "\(channelKind.rawValue) \(name.text)[8]")
            }
            if sameLineKind == .leftParen {
                capacity = try parseDeclaredSize(.rightParen, example: "\(channelKind.rawValue) \(name.text)(16)")
            }
            if channelKind == .pipe, count != nil || capacity != nil {
                try fail("a pipe has no size", spanFrom(first), help: ["`pipe left, right` declares its two ends"])
            }
            items.append(.init(name: name, count: count, capacity: capacity, span: spanFrom(first)))
        } while accept(.comma)
        if sameLineKind == .name {
            try fail(
                "expected `,` or the end of the statement, found \(found)",
                help: [
                    "several names stand with commas: "
                        + "`\(channelKind.rawValue) \(source.string(spanFrom(first))), \(text(current))`"
                ])
        }
        if kind == .assign {
            try fail(
                "`\(channelKind.rawValue)` declares a new one", help: ["an existing one is named with `let x = ...`"])
        }
        if channelKind == .pipe, items.count != 2 {
            try fail("a pipe has two ends", spanFrom(index - 1), help: ["`pipe left, right` declares them"])
        }
        return .channels(ChannelDeclaration(kind: channelKind, items: items))
    }

    /// `[n]` or `(n)`, with something in it; an array cannot do without.
    private func parseDeclaredSize(_ closing: TokenKind, example: String) throws -> Expr? {
        let opening = index
        advance()
        var size: Expr?
        try inBrackets {
            if kind == closing {
                if closing == .rightParen { return }
                try fail("expected how many elements there are, found `]`", help: ["for example `\(example)`"])
            }
            size = try parseExpression()
            guard kind == closing else { return }
        }
        try expectClosing(closing, opening, or: "")
        return size
    }

    // MARK: Shared variables

    func parseShared() throws -> Stmt.Kind {
        advance()
        if kind == .let || kind == .var {
            try fail("`shared` stands alone", help: ["write `shared x = ...`"])
        }
        var items: [SharedDeclaration] = []
        repeat {
            let first = index
            let name = try expectName("the name of the shared variable")
            if sameLineKind == .name, SharedType(rawValue: name.text) != nil {
                try fail(
                    "the type of a shared variable stands after its name", name.span, code: .foreignSyntax,
                    help: ["write `shared \(text(current)): \(name.text) = ...`"])
            }
            var type: SharedType?
            var count: Expr?
            if sameLineKind == .leftBracket {
                try fail("an array needs the type of its elements", help: ["write `shared \(name.text): int[10]`"])
            }
            if accept(.colon) {
                let word = current
                guard word.kind.isWord, let known = SharedType(rawValue: text(word)) else {
                    let all = SharedType.allCases.map(\.rawValue).joined(separator: " ")
                    try fail(
                        "expected the type of the shared variable, found \(found)",
                        help: ["the types are \(all)", "leave out `:` and type for a list, a map or a namespace"])
                }
                advance()
                type = known
                if sameLineKind == .leftBracket {
                    count = try parseDeclaredSize(.rightBracket, example: "shared \(name.text): \(known.rawValue)[10]")
                    if sameLineKind == .leftBracket {
                        try fail(
                            "a shared array has one dimension",
                            help: [
                                "write `shared \(name.text): \(known.rawValue)[rows * columns]`, with the index `row * columns + column`",
                                "or use a shared list of lists: `shared \(name.text) = [[0, 0], [0, 0]]`",
                            ])
                    }
                    if known == .any {
                        try fail(
                            "an array of `any` does not exist", spanFrom(first),
                            help: ["a shared list takes all values: `shared \(name.text) = []`"])
                    }
                }
            }
            let value = accept(.assign) ? try parseExpression() : nil
            if value == nil, type == nil {
                try fail(
                    "a shared variable needs a type or a value", name.span,
                    help: ["for example `shared \(name.text): int = 0` or `shared \(name.text) = []`"])
            }
            items.append(SharedDeclaration(name: name, type: type, count: count, value: value, span: spanFrom(first)))
        } while accept(.comma)
        return .shared(items)
    }

    // MARK: Imports

    func parseImport() throws -> Stmt.Kind {
        advance()
        guard kind == .string else {
            let help =
                kind == .name
                ? [
                    "the modules `math random time json os fs` are always there; a file is imported by `import \"lib.proc\" as lib`"
                ]
                : ["a file is imported by `import \"lib.proc\" as lib`"]
            try fail("expected the path of a file in quotes, found \(found)", help: help)
        }
        let path = advance()
        guard isWord("as") else {
            if current.startsLine || atStatementEnd {
                try fail(
                    "an import needs a name", span(path), help: ["write `import \(source.string(span(path))) as lib`"])
            }
            try fail("expected `as` and a name, found \(found)", help: ["for example `import \"lib.proc\" as lib`"])
        }
        advance()
        let name = try expectName("a name for the module")
        let node = Import(path: lexed.strings[Int(path.payload)], pathSpan: span(path), name: name)
        imports.append(node)
        return .importModule(node)
    }

    // MARK: Patterns

    /// A name, `_`, or a list or map of such: what a declaration or loop takes.
    func parseBindingPattern() throws -> Pattern {
        switch kind {
        case .leftBracket: return try parseListPattern { try self.parseBindingPattern() }
        case .leftBrace: return try parseMapPattern { try self.parseBindingPattern() }
        case .name:
            let token = advance()
            let name = Name(text(token), span(token))
            return Pattern(name.isDiscard ? .wildcard : .name(name), name.span)
        case .leftParen:
            try fail("a list pattern stands in brackets", code: .foreignSyntax, help: ["write `[a, b]`"])
        default:
            let name = try expectName("a name")
            return Pattern(.name(name), name.span)
        }
    }

    /// After `?`.
    func parseReceiveTarget() throws -> Pattern {
        if atStatementEnd || kind == .leftBrace && !looksLikeMap() {
            try fail(
                "expected a name after `?`", help: ["`c ? x` receives into x; a value to use at once is `c.receive()`"])
        }
        let pattern = try parseBindingPattern()
        if sameLineKind == .dot || sameLineKind == .leftBracket {
            try fail(
                "a receive binds a name", help: ["receive into a name, and assign it: `c ? x` and then `a[i] = x`"])
        }
        return pattern
    }

    private func parseListPattern(_ element: () throws -> Pattern) throws -> Pattern {
        try enter()
        defer { nesting -= 1 }
        let outer = beginNode()
        let opening = index
        advance()
        var items: [Pattern] = []
        var rest: Pattern.Rest?
        try inBrackets {
            while kind != .rightBracket {
                let first = index
                if accept(.ellipsis) {
                    let name = kind == .name ? try expectName("a name") : nil
                    rest = Pattern.Rest(name: name?.isDiscard == true ? nil : name, span: spanFrom(first))
                    _ = accept(.comma)
                    if kind != .rightBracket { try fail("`...` takes the rest and stands last") }
                    break
                }
                items.append(try element())
                if !accept(.comma) { break }
            }
            try expectClosing(.rightBracket, opening, or: "`,` or ")
        }
        try grow()
        endNode(outer)
        return Pattern(.list(items, rest: rest), spanFrom(opening))
    }

    /// Any pattern, as in `match`.
    func parsePattern() throws -> Pattern {
        let first = index
        let token = current
        switch token.kind {
        case .leftBracket: return try parseListPattern { try self.parsePattern() }
        case .leftBrace: return try parseMapPattern { try self.parsePattern() }
        case .int, .float, .string, .minus, .true, .false, .nil:
            if token.kind == .nil, kind(ahead: 1) == .name, !isWord("when", ahead: 1) { break }
            let outer = beginNode()
            let literal = try parseUnary()
            endNode(outer)
            switch literal.kind {
            case .int, .float, .string, .bool, .nilLiteral: return Pattern(.literal(literal), literal.span)
            default:
                try fail(
                    "a pattern holds literals, no computations", literal.span,
                    help: ["compare with `when`: `case x when x == ...`"])
            }
        case .stringStart:
            try fail("a string in a pattern has no values in it", help: ["compare with `when`: `case x when x == ...`"])
        case .invalid: throw ParseFailure()
        default: break
        }
        if token.kind.isWord, let type = TypeName(rawValue: text(token)), kind(ahead: 1) == .name,
            !isWord("when", ahead: 1)
        {
            advance()
            let name = try expectName("a name")
            return Pattern(.type(type, name.isDiscard ? nil : name), spanFrom(first))
        }
        guard token.kind == .name else {
            let compares: Set<TokenKind> = [
                .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual, .in, .not,
            ]
            try fail(
                "expected a pattern, found \(found)",
                help: compares.contains(token.kind) ? ["compare with `when`: `case x when x \(text(token)) ...`"] : [])
        }
        advance()
        if sameLineKind == .dot || sameLineKind == .leftParen {
            try fail(
                "a pattern holds names, literals, lists and maps", help: ["compare with `when`: `case x when x == ...`"]
            )
        }
        let name = Name(text(token), span(token))
        return Pattern(name.isDiscard ? .wildcard : .name(name), name.span)
    }

    private func parseMapPattern(_ element: () throws -> Pattern) throws -> Pattern {
        try enter()
        defer { nesting -= 1 }
        let outer = beginNode()
        let opening = index
        advance()
        var entries: [(key: Expr, pattern: Pattern)] = []
        try inBrackets {
            while kind != .rightBrace {
                let token = current
                let key: Expr
                switch token.kind {
                case .string, .int, .float, .minus:
                    key = try parseUnary()
                default:
                    guard token.kind.isWord else { try fail("expected a key, found \(found)") }
                    advance()
                    key = try node(.string(text(token)), span(token))
                }
                guard accept(.colon) else {
                    try fail(
                        "expected `:` after the key, found \(found)", help: ["`{kind: k}` binds k to the value of kind"]
                    )
                }
                entries.append((key, try element()))
                if !accept(.comma) { break }
            }
            try expectClosing(.rightBrace, opening, or: "`,` or ")
        }
        try grow()
        endNode(outer)
        return Pattern(.map(entries), spanFrom(opening))
    }
}
