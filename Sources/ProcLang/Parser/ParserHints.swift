// What people bring from other languages: each is named, the ProcLang way is shown, and parsing goes on as
// if it had been written so, where that is certain.

extension Parser {
    /// Reports foreign syntax at the present token without leaving the statement.
    func reportForeign(_ title: String, _ help: String, at place: Span? = nil) {
        diagnostics.append(
            Diagnostic(.error, .foreignSyntax, title, labels: [.init(place ?? currentSpan)], help: [help]))
    }

    /// `{` followed by `key:`, or by a string and `:`: a map, not a block.
    func looksLikeMap() -> Bool {
        let next = kind(ahead: 1)
        return kind(ahead: 2) == .colon && (next.isWord || next == .string || next == .int)
    }

    /// `{` followed by what only a block can hold.
    func looksLikeBlock() -> Bool {
        let next = kind(ahead: 1)
        switch next {
        case .let, .var, .return, .if, .for, .while, .loop, .raise, .select, .match, .try:
            return kind(ahead: 2) != .colon
        case .name: return kind(ahead: 2) != .colon && kind(ahead: 2) != .rightBrace && kind(ahead: 2) != .comma
        default: return false
        }
    }

    /// No expression can begin here.
    func failNoExpression() throws -> Never {
        if !linesMatter, kind == .endOfFile || current.startsLine && kind != .name && beginsStatement(kind) {
            try fail(
                "`\(text(tokens[innermostBracket]))` is not closed", span(tokens[innermostBracket]),
                code: .unclosedBracket,
                label: "opened here",
                more: [.init(currentSpan, kind == .endOfFile ? "the text ends here" : "a statement begins here")])
        }
        switch kind {
        case .if: try fail("`if` is a statement", help: ["a conditional value is `x if c else y`"])
        case .match:
            try fail("`match` is a statement", help: ["assign in its cases, or put it in a function that returns"])
        case .for, .while, .loop:
            try fail("`\(text(current))` is a statement", help: ["a list is made by `[x for x in xs]`"])
        case .process:
            try fail(
                "a process is defined by a statement",
                help: ["an anonymous process is `start { ... }`; a function value is `func(x) { ... }`"])
        case .shared:
            try fail(
                "`shared x` stands only as an argument or after `!`",
                help: ["a shared variable is declared at the beginning of a statement"])
        case .leftBrace:
            try fail("expected an expression before `{`", help: ["a map needs parentheses here: `({...})`"])
        case .less where kind(ahead: 1) == .minus, .leftArrow:
            try fail(
                "`<-` is not an operator", code: .foreignSyntax,
                help: ["receive with `c ? x` or `c.receive()`, send with `c ! v`"])
        case .dot: try fail("expected an expression, found `.`", help: ["a float needs a digit before the point: 0.5"])
        case .ellipsis, .halfOpenRange, .doubleDot:
            let isSpread = kind == .ellipsis && (previous.kind == .leftParen || previous.kind == .leftBracket || previous.kind == .comma)
            try fail(
                "a range needs its beginning",
                help: ["for example `0..<n`"] + (isSpread ? ["lists are joined by `+`: `[1] + xs`"] : []))
        case .greater where previous.kind == .less:
            try fail("`<>` is not an operator", code: .foreignSyntax, help: ["write `a != b`"])
        case .plus: try fail("there is no unary `+`")
        case .doublePlus: try fail("`++` is not an operator", code: .foreignSyntax, help: ["write `x += 1`"])
        case .star where previous.kind == .slash:
            try fail("expected an expression, found `*`", help: ["comments begin with `#`"])
        case .star, .doubleStar:
            let isSpread = previous.kind == .leftParen || previous.kind == .leftBracket || previous.kind == .comma
            try fail(
                "expected an expression, found `\(text(current))`",
                help: isSpread ? ["there is no spreading: lists are joined by `+`, a list of arguments is passed as one list"] : [])
        case .ampersand:
            try fail(
                "`&` is not an operator", code: .foreignSyntax,
                help: ["values are passed as they are; `shared x` passes a shared variable"])
        case .doubleSlash, .slash:
            try fail("expected an expression, found `\(text(current))`", help: ["comments begin with `#`"])
        case .at:
            try fail(
                "there are no decorators", code: .foreignSyntax,
                help: ["a process is defined by `process name() { ... }`"])
        case .dollar: try fail("unexpected `$`", help: ["values in strings are written \"{x}\""])
        case .backslash:
            try fail("unexpected `\\`", help: ["a line goes on inside brackets, and after an operator or a comma"])
        case .endOfFile: try fail("the text ends where an expression is expected")
        default:
            let isName =
                [.start, .process, .parallel].contains(previous.kind)
                && [.rightParen, .rightBracket, .rightBrace, .comma, .colon, .assign].contains(kind)
            try fail(
                "expected an expression, found \(found)",
                help: isName ? ["`\(text(previous))` is a keyword and cannot be a name"] : [])
        }
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

    /// The name that ends the statement so far, e.g. `lambda` in `let f = lambda x: x`.
    private func lastName() -> String? { previous.kind == .name ? text(previous) : nil }

    /// What may have been meant where a list of values goes on in an unexpected way.
    func helpInBrackets() -> [String] {
        let before = lastName() ?? ""
        if kind == .string || kind == .stringStart {
            switch before.lowercased() {
            case "f", "fr": return ["strings contain values by themselves: `\"x = {x}\"`"]
            case "r": return ["a raw string stands in single quotes: `'...'`"]
            case "b": return ["bytes are made by `bytes(\"...\")`"]
            default: break
            }
        }
        if kind == .question {
            return kind(ahead: 1) == .question
                ? ["a default for nil is written `5 if x is nil else x`"] : ["a conditional value is `x if c else y`"]
        }
        if previous.kind == .slash, kind == .star { return ["comments begin with `#`"] }
        if kind == .name, previous.kind == .name, ["len", "not", "str", "int", "sum", "sorted", "list"].contains(before) {
            return ["a call has parentheses: `\(before)(\(text(current)))`"]
        }
        for word in [before, kind == .name ? text(current) : ""] {
            if let help = Suggestions.foreignNames[word] { return [help] }
        }
        return []
    }

    /// The name before the parentheses that end at token `end`.
    private func wordOfCall(before end: Int) -> Token? {
        var depth = 0
        var place = end
        while place > 0 {
            switch tokens[place].kind {
            case .rightParen: depth += 1
            case .leftParen:
                depth -= 1
                if depth == 0 { return tokens[place - 1].kind == .name ? tokens[place - 1] : nil }
            default: break
            }
            place -= 1
        }
        return nil
    }

    /// A statement is complete but its line goes on.
    func failAfterStatement(_ statement: Stmt) throws -> Never {
        if lastName() == "function", kind == .leftBrace || kind == .name {
            try fail(
                "`function` is not a keyword", span(previous), code: .foreignSyntax,
                help: ["write `func(x) { ... }`, or `x => value`"])
        }
        // `function(x) {` looks like a call.
        if kind == .leftBrace, previous.kind == .rightParen, let word = wordOfCall(before: index - 1),
            ["function", "fn", "fun"].contains(text(word))
        {
            try fail(
                "`\(text(word))` is not a keyword", span(word), code: .foreignSyntax,
                help: ["write `func(x) { ... }`, or `x => value`"])
        }
        if kind == .string || kind == .stringStart, previous.kind == .name, previous.end == current.start {
            let help = helpInBrackets()
            if !help.isEmpty { try fail("expected the end of the statement, found \(found)", help: help) }
        }
        if lastName() == "lambda", kind == .name || kind == .colon {
            try fail(
                "`lambda` is not a keyword", span(previous), code: .foreignSyntax,
                help: ["write `x => value` or `(a, b) => value`"])
        }
        if source.string(currentSpan).hasPrefix("->") {
            try fail("`->` is not an operator", code: .foreignSyntax, help: ["write `x => value` or `(a, b) => value`"])
        }
        if case .expression(let expr) = statement.kind, case .member(let member) = expr.kind,
            kind == .int || kind == .float || kind == .string || kind == .stringStart || kind == .name
        {
            try fail(
                "expected the end of the statement, found \(found)",
                help: ["a call has parentheses: `\(source.string(expr.span))(...)`"] + (member.name == "send" ? ["or write `c ! value`"] : []))
        }
        if case .expression = statement.kind {} else if let word = lastName(), let help = Suggestions.foreignNames[word] {
            try fail("expected the end of the statement, found \(found)", help: [help])
        }
        if kind == .name, previous.kind == .string, Int(previous.end) == Int(current.start), source.string(span(previous)).hasPrefix("'") {
            try fail(
                "expected the end of the statement, found \(found)",
                help: ["a raw string ends at the next `'`; text with an apostrophe stands in double quotes"])
        }
        if case .expression(let expr) = statement.kind, case .name(let name) = expr.kind,
            let keyword = Suggestions.nearest(to: name.text, in: Array(TokenKind.keywords.keys) + ["supervise"])
        {
            try fail(
                "expected the end of the statement, found \(found)", name.span, help: ["did you mean `\(keyword)`?"])
        }
        switch kind {
        case .string, .stringStart, .int, .float, .name, .nil, .true, .false:
            if case .expression(let expr) = statement.kind, case .name(let name) = expr.kind {
                if kind == .name || kind == .leftBrace, name.text == "supervise" { break }
                let help =
                    kind == .name && !["print", "echo", "puts", "println", "eprint"].contains(name.text)
                    ? ["a call has parentheses: `\(name.text)(...)`; two statements stand on two lines"]
                    : ["a call has parentheses: `\(name.text == "print" ? "print" : name.text)(...)`"]
                try fail("expected `(` after `\(name.text)`, found \(found)", help: help)
            }
        case .colon:
            if case .expression(let expr) = statement.kind, case .name = expr.kind {
                try fail(
                    "names are declared without type", code: .foreignSyntax,
                    help: ["write `let x = ...` or `var x = ...`"])
            }
        case .comma:
            if case .expression = statement.kind {
                try fail(
                    "several values stand in brackets", code: .foreignSyntax, help: ["for example `[x, y] = [y, x]`"])
            }
        case .question:
            let isTernary = tokens[index...].prefix(40).prefix { !$0.startsLine }.contains { $0.kind == .colon }
            if isTernary {
                try fail("`c ? x : y` is not an expression", code: .foreignSyntax, help: ["a conditional value is `x if c else y`"])
            }
            try fail(
                "`?` is a statement by itself",
                help: ["write `c ? x`; in an expression use `c.receive()`", "a conditional value is `x if c else y`"])
        case .bang:
            try fail("`!` is a statement by itself", help: ["write `c ! x`"])
        case .leftArrow:
            try fail("`<-` is not an operator", code: .foreignSyntax, help: ["send with `c ! v`, receive with `c ? x`"])
        case .rightParen, .rightBracket:
            try fail("`\(text(current))` closes nothing", code: .unmatchedBracket)
        case .doublePlus, .doubleMinus:
            try fail("`\(text(current))` is not an operator", code: .foreignSyntax, help: ["write `x += 1`"])
        case .arrow: try fail("unexpected `=>`", help: ["a function is `x => value` or `(a, b) => value`"])
        case .doubleDot: try fail("unexpected `..`", help: ["a range is `a..<b` (without b) or `a...b` (with b)"])
        case .leftBrace:
            if case .expression(let expr) = statement.kind, case .name = expr.kind {
                try fail(
                    "unexpected `{` after `\(source.string(expr.span))`",
                    help: ["a function is called with parentheses, a block begins a statement of its own"])
            }
            if case .expression(let expr) = statement.kind, case .call = expr.kind {
                try fail(
                    "expected the end of the statement, found `{`",
                    help: ["a new line or `;` stands between a call and a block, also in `parallel { a(); { ... } }`"])
            }
        default: break
        }
        try fail("expected the end of the statement, found \(found)")
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
        try fail(
            "expected `{`, found \(found)", help: kind == .endOfFile ? [] : ["a block stands in braces: `{ ... }`"])
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
