// Operators: precedence climbing over the levels of LANGUAGE.md section 2.
//
// Levels, loosest first: lambda, conditional, `or`, `and`, `not`, comparison, range, sum, product, unary
// minus, power, postfix. Operators of one level make one flat node.

enum Level: Int {
    case or = 1
    case and, not, comparison, range, sum, product, unary
}

extension Parser {
    /// Any expression: lambda, conditional, or below.
    func parseExpression() throws -> Expr {
        try enter()
        defer { nesting -= 1 }
        if let parameters = lambdaParameters() { return try parseArrowLambda(parameters) }
        let outer = beginNode()
        let first = index
        let value = try parseLevel(.or)
        guard sameLineKind == .if else {
            endNode(outer)
            return value
        }
        advance()
        let condition = try parseLevel(.or)
        guard accept(.else) else {
            if kind == .leftBrace || atStatementEnd {
                try fail(
                    "`x if c` needs an `else`", spanFrom(first),
                    help: ["to do something on a condition write `if c { ... }`"])
            }
            try fail("expected `else`, found \(found)", help: ["a conditional value is `x if c else y`"])
        }
        let otherwise = try parseExpression()
        let result = try node(
            .conditional(condition: condition, then: value, otherwise: otherwise), spanFrom(first))
        endNode(outer)
        return result
    }

    /// An expression that a following `if` does not belong to (in comprehensions).
    func parseWithoutConditional() throws -> Expr {
        try enter()
        defer { nesting -= 1 }
        if let parameters = lambdaParameters() { return try parseArrowLambda(parameters) }
        return try parseLevel(.or)
    }

    func parseLevel(_ minimum: Level) throws -> Expr {
        let outer = beginNode()
        let first = index
        var left: Expr
        if kind == .not {
            guard minimum.rawValue <= Level.not.rawValue else {
                try fail(
                    "`not` binds more loosely than the operator before it", help: ["put `(not ...)` in parentheses"])
            }
            try enter()
            advance()
            let operand = try parseLevel(.not)
            nesting -= 1
            left = try node(.not(operand), spanFrom(first))
        } else {
            left = try parseUnary()
        }
        while true {
            let op = sameLineKind
            switch op {
            case .star, .slash, .doubleSlash, .percent:
                guard minimum.rawValue <= Level.product.rawValue else { break }
                left = try parseArithmetic(left, first, .product)
                continue
            case .plus, .minus:
                guard minimum.rawValue <= Level.sum.rawValue else { break }
                left = try parseArithmetic(left, first, .sum)
                continue
            case .halfOpenRange, .ellipsis:
                guard minimum.rawValue <= Level.range.rawValue, kind(ahead: 1) != .rightBracket else { break }
                left = try parseRange(left, first)
                continue
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in, .is, .tripleEqual,
                .notTripleEqual:
                guard minimum.rawValue <= Level.comparison.rawValue else { break }
                left = try parseComparison(left, first)
                continue
            case .not where kind(ahead: 1) == .in:
                guard minimum.rawValue <= Level.comparison.rawValue else { break }
                left = try parseComparison(left, first)
                continue
            case .and, .doubleAmpersand:
                guard minimum.rawValue <= Level.and.rawValue else { break }
                left = try parseLogical(left, first, .and)
                continue
            case .or, .doubleBar:
                guard minimum.rawValue <= Level.or.rawValue else { break }
                left = try parseLogical(left, first, .or)
                continue
            case .ampersand, .bar, .caret, .leftShift, .rightShift:
                try fail(
                    "`\(text(current))` is not an operator", code: .foreignSyntax,
                    help: bitHelp(kind))
            default: break
            }
            endNode(outer)
            return left
        }
    }

    /// What is written instead of an operator on bits.
    private func bitHelp(_ kind: TokenKind) -> [String] {
        switch kind {
        case .ampersand: return ["conditions are combined by `and`, bits by `math.bit_and(a, b)`"]
        case .bar: return ["conditions are combined by `or`, bits by `math.bit_or(a, b)`"]
        case .caret: return ["a power is `a ** b`; bits are combined by `math.bit_xor(a, b)`"]
        case .leftShift: return ["write `math.shift_left(n, count)`"]
        default: return ["write `math.shift_right(n, count)`"]
        }
    }

    private func parseArithmetic(_ left: Expr, _ first: Int, _ level: Level) throws -> Expr {
        var links: [ArithmeticLink] = []
        while let op = arithmeticOperator(sameLineKind, level) {
            let opSpan = span(advance())
            let right = try parseLevel(level == .sum ? .product : .unary)
            links.append(ArithmeticLink(op: op, opSpan: opSpan, right: right))
        }
        return try node(.arithmetic(left, links), spanFrom(first))
    }

    private func arithmeticOperator(_ kind: TokenKind, _ level: Level) -> ArithmeticOperator? {
        switch (kind, level) {
        case (.plus, .sum): return .add
        case (.minus, .sum): return .subtract
        case (.star, .product): return .multiply
        case (.slash, .product): return .divide
        case (.doubleSlash, .product): return .floorDivide
        case (.percent, .product): return .remainder
        default: return nil
        }
    }

    private func parseRange(_ low: Expr, _ first: Int) throws -> Expr {
        let closed = advance().kind == .ellipsis
        let high = try parseLevel(.sum)
        let result = try node(.range(low: low, high: high, closed: closed), spanFrom(first))
        if sameLineKind == .halfOpenRange || sameLineKind == .ellipsis {
            try fail("ranges cannot be chained")
        }
        return result
    }

    private func parseLogical(_ left: Expr, _ first: Int, _ level: Level) throws -> Expr {
        var operands = [left]
        while true {
            let op = sameLineKind
            if level == .and, op == .and || op == .doubleAmpersand {
                if op == .doubleAmpersand { reportForeign("`&&` is not an operator", "write `and`") }
                advance()
                operands.append(try parseLevel(.not))
            } else if level == .or, op == .or || op == .doubleBar {
                if op == .doubleBar { reportForeign("`||` is not an operator", "write `or`") }
                advance()
                operands.append(try parseLevel(.and))
            } else {
                break
            }
        }
        return try node(level == .and ? .and(operands) : .or(operands), spanFrom(first))
    }

    private func parseComparison(_ left: Expr, _ first: Int) throws -> Expr {
        if sameLineKind == .is { return try parseTypeTest(left, first) }
        var links: [ComparisonLink] = []
        while let op = comparisonOperator() {
            var opSpan = span(advance())
            if op == .isNotIn { opSpan = opSpan.union(span(advance())) }
            let right = try parseLevel(.range)
            links.append(ComparisonLink(op: op, opSpan: opSpan, right: right))
        }
        let result = try node(.comparison(left, links), spanFrom(first))
        if sameLineKind == .is { try fail("`is` cannot be chained with other comparisons", help: ["use parentheses"]) }
        return result
    }

    private func comparisonOperator() -> ComparisonOperator? {
        switch sameLineKind {
        case .equal: return .equal
        case .notEqual: return .notEqual
        case .less: return .less
        case .lessOrEqual: return .lessOrEqual
        case .greater: return .greater
        case .greaterOrEqual: return .greaterOrEqual
        case .in: return .isIn
        case .not: return kind(ahead: 1) == .in ? .isNotIn : nil
        case .tripleEqual:
            reportForeign("`===` is not an operator", "write `==`")
            return .equal
        case .notTripleEqual:
            reportForeign("`!==` is not an operator", "write `!=`")
            return .notEqual
        default: return nil
        }
    }

    private func parseTypeTest(_ left: Expr, _ first: Int) throws -> Expr {
        advance()
        let negated = accept(.not)
        let word = current
        guard word.kind.isWord, let type = TypeName(rawValue: text(word)) else {
            let known = TypeName.allCases.map(\.rawValue).joined(separator: " ")
            try fail(
                "expected the name of a type after `is`, found \(found)",
                help: text(current) == "None" || text(current) == "null" ? ["write `x == nil` or `x is nil`"] : ["the types are \(known)", "values are compared with `==`"])
        }
        advance()
        let result = try node(.isType(left, type, negated: negated), spanFrom(first))
        if comparisonOperator() != nil || sameLineKind == .is {
            try fail("`is` cannot be chained with other comparisons", help: ["use parentheses"])
        }
        return result
    }

    func parseUnary() throws -> Expr {
        let outer = beginNode()
        defer { endNode(outer) }
        let first = index
        switch kind {
        case .minus, .doubleMinus:
            try enter()
            defer { nesting -= 1 }
            if kind == .doubleMinus {
                try fail("`--` is not an operator", code: .foreignSyntax, help: ["write `x -= 1`"])
            }
            advance()
            if kind == .int, lexed.ints[Int(current.payload)] == 1 << 63, kind(ahead: 1) != .doubleStar {
                advance()
                return try node(.int(Int.min), spanFrom(first))
            }
            let operand = try parseUnary()
            switch operand.kind {
            case .int(let value) where value != Int.min: return try node(.int(-value), spanFrom(first))
            case .float(let value): return try node(.float(-value), spanFrom(first))
            default: return try node(.negate(operand), spanFrom(first))
            }
        case .bang:
            reportForeign("`!` is not an operator", "write `not x`; `c ! x` sends x to c")
            try enter()
            defer { nesting -= 1 }
            advance()
            return try node(.not(try parseUnary()), spanFrom(first))
        default: break
        }
        let base = try parsePostfix()
        guard sameLineKind == .doubleStar else { return base }
        try enter()
        defer { nesting -= 1 }
        let opSpan = span(advance())
        let exponent = try parseUnary()
        return try node(
            .arithmetic(base, [ArithmeticLink(op: .power, opSpan: opSpan, right: exponent)]), spanFrom(first))
    }

    // MARK: Postfix

    func parsePostfix() throws -> Expr {
        let outer = beginNode()
        defer { endNode(outer) }
        let first = index
        var left = try parsePrimary()
        while true {
            switch kind {
            case .dot where !(linesMatter && current.startsLine) || kind(ahead: 1).isWord:
                advance()
                guard kind.isWord, !(current.startsLine && linesMatter) else {
                    try fail("expected a name after `.`, found \(found)")
                }
                let word = advance()
                left = try node(
                    .member(Member(object: left, name: text(word), nameSpan: span(word))), spanFrom(first))
            case .leftParen where sameLineKind == .leftParen:
                let opening = index
                let arguments = try parseArguments()
                left = try node(
                    .call(Call(callee: left, arguments: arguments, argumentsSpan: spanFrom(opening))), spanFrom(first))
            case .leftBracket where sameLineKind == .leftBracket:
                left = try parseSubscript(left, first)
            default: return left
            }
        }
    }

    func parseArguments() throws -> [Argument] {
        let opening = index
        advance()
        var arguments: [Argument] = []
        try inBrackets {
            while kind != .rightParen {
                var label: Token?
                if kind.isWord, kind(ahead: 1) == .colon {
                    label = advance()
                    advance()
                } else if kind == .name, kind(ahead: 1) == .assign {
                    reportForeign(
                        "an argument is named with `:`", "write `\(text(current)): ...`", at: span(tokens[index + 1]))
                    label = advance()
                    advance()
                }
                let value = try parseSharable()
                if kind == .for {
                    try fail("a comprehension stands in brackets", help: ["write `[x for x in xs]`"])
                }
                arguments.append(
                    Argument(label: label.map(text), labelSpan: label.map(span) ?? .none, value: value))
                if !accept(.comma) { break }
            }
            try expectClosing(.rightParen, opening, or: "`,` or ")
        }
        return arguments
    }

    /// An expression, or `shared x`.
    func parseSharable() throws -> Expr {
        guard kind == .shared else { return try parseExpression() }
        let outer = beginNode()
        let first = index
        advance()
        let name = try expectName("the name of a shared variable")
        let result = try node(.sharedReference(name), spanFrom(first))
        endNode(outer)
        return result
    }

    private func parseSubscript(_ object: Expr, _ first: Int) throws -> Expr {
        let opening = index
        advance()
        var result: Expr.Kind = .invalid
        try inBrackets {
            switch kind {
            case .doubleDot, .halfOpenRange, .ellipsis:
                let op = advance().kind
                let high = kind == .rightBracket ? nil : try parseExpression()
                if op == .doubleDot, high != nil { try failDoubleDot() }
                result = .slice(object, low: nil, high: high, closed: op == .ellipsis)
            case .colon: try failColonSlice()
            case .rightBracket: try fail("expected an index between the brackets")
            default:
                let index = try parseExpression()
                switch kind {
                case .doubleDot, .halfOpenRange, .ellipsis:
                    advance()
                    if kind != .rightBracket { try failDoubleDot() }
                    result = .slice(object, low: index, high: nil, closed: false)
                case .colon: try failColonSlice()
                case .comma:
                    try fail("one index at a time", help: ["an element of a list in a list is `a[i][j]`"])
                default:
                    if case .range(let low, let high, let closed) = index.kind {
                        result = .slice(object, low: low, high: high, closed: closed)
                    } else {
                        result = .index(object, index)
                    }
                }
            }
            try expectClosing(.rightBracket, opening, or: "")
        }
        return try node(result, spanFrom(first))
    }

    private func failDoubleDot() throws -> Never {
        try fail(
            "`..` is only used to leave an end of a slice open",
            help: ["a range is `a..<b` (without b) or `a...b` (with b)"])
    }

    private func failColonSlice() throws -> Never {
        try fail(
            "a slice is not written with `:`", code: .foreignSyntax,
            help: ["write `a[1..<3]`, `a[2..]`, `a[..<2]` or `a[..]`"]
                + (kind(ahead: 1) == .colon ? ["backwards: `reversed(a)`; every second: `[a[i] for i in range(0, len(a), 2)]`"] : []))
    }

    /// Parses inside the bracket that was just opened: lines do not matter, and `{` begins a map.
    func inBrackets(_ body: () throws -> Void) throws {
        let (lines, maps, outer) = (linesMatter, mapsAllowed, innermostBracket)
        linesMatter = false
        mapsAllowed = true
        innermostBracket = index - 1
        try body()
        linesMatter = lines
        mapsAllowed = maps
        innermostBracket = outer
    }
}
