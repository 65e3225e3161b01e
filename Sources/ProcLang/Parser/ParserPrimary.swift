// What expressions are made of: literals, names, strings, lists, maps, comprehensions, function values.
//
// Invariants
// - Each function begins at the first token of what it reads and ends behind its last one.
// - `{` is a map only where `mapsAllowed`; a list, map or parenthesis sets that anew for what is inside.

extension Parser {
    func parsePrimary() throws -> Expr {
        let outer = beginNode()
        defer { endNode(outer) }
        let first = index
        let token = current
        switch token.kind {
        case .name:
            if isWord("supervise"), beginsSupervise() { return try parseParallel() }
            advance()
            return try node(.name(Name(text(token), span(token))), span(token))
        case .int:
            let magnitude = lexed.ints[Int(token.payload)]
            guard let value = Int(exactly: magnitude) else {
                try fail("the integer does not fit in 64 bits", code: .numberTooLarge)
            }
            advance()
            return try node(.int(value), span(token))
        case .float:
            advance()
            return try node(.float(lexed.floats[Int(token.payload)]), span(token))
        case .string:
            advance()
            if sameLineKind == .string {
                try fail("two strings side by side", help: ["join them with `+`, or put a `,` between them"])
            }
            return try node(.string(lexed.strings[Int(token.payload)]), span(token))
        case .stringStart:
            let parts = try parseInterpolation()
            return try node(.interpolation(parts), spanFrom(first))
        case .nil:
            advance()
            return try node(.nilLiteral, span(token))
        case .true, .false:
            advance()
            return try node(.bool(token.kind == .true), span(token))
        case .leftParen: return try parseParenthesized()
        case .leftBracket: return try parseList()
        case .leftBrace where mapsAllowed: return try parseMap()
        case .func: return try parseFunctionValue()
        case .parallel: return try parseParallel()
        case .start: return try parseStart()
        case .channel, .queue, .pipe: return try parseChannelValue()
        case .invalid:
            advance()
            return Expr(.invalid, span(token))
        default: try failNoExpression()
        }
    }

    private func parseParenthesized() throws -> Expr {
        let opening = index
        advance()
        var inner = Expr(.invalid, currentSpan)
        try inBrackets {
            if kind == .rightParen {
                try fail("nothing between the parentheses", help: ["an empty list is `[]`"])
            }
            inner = try parseExpression()
            if kind == .comma {
                try fail("a list stands in brackets", code: .foreignSyntax, help: ["write `[a, b]`"])
            }
            if kind == .for { try fail("a comprehension stands in brackets", help: ["write `[x for x in xs]`"]) }
            try expectClosing(.rightParen, opening, or: "")
        }
        return inner
    }

    // MARK: Strings

    /// From `.stringStart` to `.stringEnd`.
    private func parseInterpolation() throws -> [InterpolationPart] {
        advance()
        let parts = try parseParts(until: .stringEnd)
        guard accept(.stringEnd) else { throw ParseFailure() }
        return parts
    }

    private func parseParts(until end: TokenKind) throws -> [InterpolationPart] {
        var parts: [InterpolationPart] = []
        while kind != end {
            switch kind {
            case .stringText:
                let text = lexed.strings[Int(advance().payload)]
                if !text.isEmpty { parts.append(.text(text)) }
            case .valueStart:
                let first = index
                advance()
                var value = Expr(.invalid, currentSpan)
                var format: [InterpolationPart]?
                try inBrackets {
                    if kind == .valueEnd || kind == .formatStart {
                        try fail(
                            "no value between the braces",
                            help: ["values stand in the text itself, `\"{x} items\"`; write `\\{` for a brace that is text"])
                    }
                    value = try parseExpression()
                    if accept(.formatStart) {
                        try enter()
                        format = try parseParts(until: .valueEnd)
                        nesting -= 1
                    }
                    guard accept(.valueEnd) else {
                        try fail(
                            "expected `}` after the value in the string, found \(found)",
                            help: ["write `\\{` for a brace that is text"])
                    }
                }
                parts.append(.value(value, format: format, span: spanFrom(first)))
            default: throw ParseFailure()
            }
        }
        return parts
    }

    // MARK: Lists and maps

    private func parseList() throws -> Expr {
        let opening = index
        advance()
        var result: Expr.Kind = .list([])
        try inBrackets {
            if accept(.rightBracket) { return }
            let first = try parseExpression()
            if kind == .for {
                result = .comprehension(try parseComprehension(of: first))
                try expectClosing(.rightBracket, opening, or: "")
                return
            }
            var items = [first]
            while accept(.comma), kind != .rightBracket {
                if kind == .ellipsis {
                    try fail("`...` only stands in patterns", help: ["lists are joined with `+`: [1, 2] + rest"])
                }
                items.append(try parseExpression())
            }
            result = .list(items)
            try expectClosing(.rightBracket, opening, or: "`,` or ")
        }
        return try node(result, spanFrom(opening))
    }

    private func parseComprehension(of element: Expr) throws -> Comprehension {
        var clauses: [Comprehension.Clause] = []
        while true {
            if accept(.for) {
                let patterns = try parseLoopPatterns()
                clauses.append(.iterate(patterns, try parseWithoutConditional()))
            } else if accept(.if) {
                clauses.append(.filter(try parseWithoutConditional()))
            } else {
                return Comprehension(element: element, clauses: clauses)
            }
        }
    }

    private func parseMap() throws -> Expr {
        let opening = index
        advance()
        var entries: [MapEntry] = []
        try inBrackets {
            while kind != .rightBrace {
                let key: Expr
                if kind.isWord, kind(ahead: 1) == .colon || kind == .name && kind(ahead: 1) == .assign {
                    let word = advance()
                    key = try node(.string(text(word)), span(word))
                } else {
                    key = try parseExpression()
                }
                if kind == .assign {
                    reportForeign("a key is followed by `:`", "write `key: value`")
                    advance()
                } else if !accept(.colon) {
                    if entries.isEmpty, kind == .comma || kind == .rightBrace {
                        try fail(
                            "expected `:` after the key of a map, found \(found)",
                            help: ["a map is `{key: value}`; there are no sets, a list is `[a, b]`"])
                    }
                    if entries.isEmpty, kind != .endOfFile {
                        try fail(
                            "expected `:` after the key of a map, found \(found)",
                            more: [.init(span(tokens[opening]), "here `{` begins a map")],
                            help: kind == .for ? ["there are comprehensions of lists only: `[x for x in xs]`"] : [])
                    }
                    try fail("expected `:` after the key of a map, found \(found)")
                }
                let value = try parseExpression()
                if kind == .for {
                    try fail("there are comprehensions of lists only", help: ["write `map([[k, v] for k, v in m])`"])
                }
                entries.append(MapEntry(key: key, value: value))
                if !accept(.comma) { break }
            }
            try expectClosing(.rightBrace, opening, or: "`,` or ")
        }
        return try node(.map(entries), spanFrom(opening))
    }

    // MARK: Function values

    /// Whether an arrow lambda begins here: `x =>`, or `( ... ) =>`. Tells how it begins.
    func lambdaParameters() -> TokenKind? {
        switch kind {
        case .name: return kind(ahead: 1) == .arrow ? .name : nil
        case .leftParen:
            let close = Int(partner[index])
            return close > 0 && close + 1 < tokens.count && tokens[close + 1].kind == .arrow ? .leftParen : nil
        default: return nil
        }
    }

    func parseArrowLambda(_ beginning: TokenKind) throws -> Expr {
        let outer = beginNode()
        defer { endNode(outer) }
        let first = index
        var parameters: [Parameter] = []
        if beginning == .name {
            let token = advance()
            parameters = [Parameter(name: Name(text(token), span(token)), kind: .value, defaultValue: nil)]
        } else {
            parameters = try parseParameters()
        }
        let header = spanFrom(first)
        advance()
        if kind == .leftBrace, mapsAllowed, looksLikeBlock() {
            try fail(
                "after `=>` stands a value; `{` begins a map here",
                help: ["a function with statements is `func(x) { ... }`"])
        }
        let body = try parseExpression()
        let function = FunctionNode(
            kind: .lambda, name: nil, parameters: parameters, body: .expression(body), span: spanFrom(first),
            headerSpan: header)
        return try node(.lambda(function), spanFrom(first))
    }

    private func parseFunctionValue() throws -> Expr {
        let first = index
        advance()
        if kind == .name {
            try fail(
                "a function with a name is a statement",
                help: ["leave out the name, or declare it on a line of its own"])
        }
        guard kind == .leftParen else { try fail("expected `(` after `func`, found \(found)") }
        let parameters = try parseParameters()
        let header = spanFrom(first)
        let body = try parseBlock()
        let function = FunctionNode(
            kind: .lambda, name: nil, parameters: parameters, body: .block(body), span: spanFrom(first),
            headerSpan: header)
        return try node(.lambda(function), spanFrom(first))
    }

    /// `(a, b = 1, c?, d!, shared e)`.
    func parseParameters() throws -> [Parameter] {
        let opening = index
        advance()
        var parameters: [Parameter] = []
        try inBrackets {
            while kind != .rightParen {
                var parameterKind = ParameterKind.value
                let isShared = accept(.shared)
                if kind == .star || kind == .ellipsis || kind == .doubleStar {
                    try fail(
                        "a function takes the arguments that it names", code: .foreignSyntax,
                        help: ["any number of values is passed as a list: `f([1, 2, 3])`"])
                }
                let name = try expectName("the name of a parameter")
                if isShared { parameterKind = .shared }
                if kind == .question || kind == .bang {
                    let mark = advance()
                    if isShared { try fail("a `shared` parameter has no direction", span(mark)) }
                    parameterKind = mark.kind == .question ? .reader : .writer
                }
                if kind == .colon {
                    try fail(
                        "parameters have no types", code: .foreignSyntax,
                        help: ["a default is given with `=`; `x?`, `x!` and `shared x` are the kinds of parameters"])
                }
                var defaultValue: Expr?
                if accept(.assign) {
                    if parameterKind != .value {
                        try fail("only a value can have a default", span(previous))
                    }
                    defaultValue = try parseExpression()
                } else if let last = parameters.last, last.defaultValue != nil {
                    try fail(
                        "a parameter without default after one with default", name.span,
                        help: ["give it a default, or put it first"])
                }
                parameters.append(Parameter(name: name, kind: parameterKind, defaultValue: defaultValue))
                if !accept(.comma) { break }
            }
            try expectClosing(.rightParen, opening, or: "`,` or ")
        }
        return parameters
    }

    // MARK: Channels as values

    /// `channel()`, `queue(100)`, `pipe()`.
    private func parseChannelValue() throws -> Expr {
        let first = index
        let word = advance()
        let channelKind = ChannelKind(rawValue: text(word)) ?? .channel
        guard kind == .leftParen else {
            try fail(
                "expected `(` after `\(channelKind.rawValue)`, found \(found)",
                help: ["`\(channelKind.rawValue)()` makes one"])
        }
        let arguments = try parseArguments()
        guard arguments.count <= (channelKind == .pipe ? 0 : 1) else {
            try fail(
                channelKind == .pipe
                    ? "`pipe()` takes no arguments" : "`\(channelKind.rawValue)` takes one argument, its capacity",
                spanFrom(first), code: .arity)
        }
        if let argument = arguments.first, let label = argument.label, label != "capacity" {
            try fail("`\(channelKind.rawValue)` has no parameter `\(label)`", argument.labelSpan, code: .argumentName)
        }
        return try node(.makeChannel(channelKind, capacity: arguments.first?.value), spanFrom(first))
    }
}
