// What to say where an expression, a list of values or a statement does not go on as it should: mostly a habit from
// another language, which is named with the ProcLang way beside it. (Whole statements of other languages:
// ParserForeign.swift.)
//
// Invariants
// - A hint is looked for only after the grammar has failed: nothing here decides what is valid.
// - Each function looks at the tokens around the present one and reports once; `fail...` leaves the statement.

extension Parser {
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
        case .lock:
            try fail(
                "`lock` is a statement",
                help: ["`lock x { ... }` locks a shared variable or a semaphore; `semaphore(1)` makes a lock of its own"])
        case .question:
            try fail("expected an expression, found `?`", help: ["write `c ? x`; in an expression use `c.receive()`"])
        case .bar:
            try fail(
                "expected an expression, found `|`", code: .foreignSyntax,
                help: ["a function is `x => value` or `(a, b) => value`"])
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
        if kind == .question { return helpOnQuestion() }
        if let help = helpOnUnit() { return [help] }
        if previous.kind == .slash, kind == .star { return ["comments begin with `#`"] }
        if kind == .name, previous.kind == .name, ["len", "not", "str", "int", "sum", "sorted", "list"].contains(before) {
            return ["a call has parentheses: `\(before)(\(text(current)))`"]
        }
        for word in [before, kind == .name ? text(current) : ""] {
            if let help = Suggestions.foreignNames[word] { return [help] }
        }
        return []
    }

    /// After a complete value: `c ? x`, `c ? x : y`, `x?.y`, `x ?? y`.
    private func helpOnQuestion() -> [String] {
        let value = previous.kind == .name ? text(previous) : "x"
        switch kind(ahead: 1) {
        case .question: return ["a default for nil is written `5 if \(value) is nil else \(value)`"]
        case .dot: return ["a step that may be missing is written `nil if \(value) is nil else \(value).name`"]
        default: break
        }
        let isTernary = tokens[index...].prefix(40).prefix { !$0.startsLine }.contains { $0.kind == .colon }
        let conditional = "a conditional value is `x if c else y`"
        return isTernary ? [conditional] : ["write `c ? x`; in an expression use `c.receive()`", conditional]
    }

    /// `5 s`, `10 seconds`: a unit is part of the number.
    private func helpOnUnit() -> String? {
        guard kind == .name, previous.kind == .int || previous.kind == .float else { return nil }
        let units: [(unit: String, words: Set<String>)] = [
            ("us", ["us", "usec", "microsecond", "microseconds"]), ("ms", ["ms", "msec", "millisecond", "milliseconds"]),
            ("s", ["s", "sec", "secs", "second", "seconds"]), ("m", ["m", "min", "mins", "minute", "minutes"]),
            ("h", ["h", "hour", "hours"]),
        ]
        guard let unit = units.first(where: { $0.words.contains(text(current)) })?.unit else { return nil }
        return "a duration is one word: `\(text(previous))\(unit)`"
    }

    /// A clause of `select` begins with neither of its words.
    func helpInSelect() -> [String] {
        if isWord("timeout") { return ["write `after 5s { ... }`"] }
        let communicates = tokens[index...].prefix(20).contains { $0.kind == .question || $0.kind == .bang }
        if communicates, kind == .question || kind == .bang || kind == .name {
            return ["each begins with `case`: `case c ? x { ... }`"]
        }
        return []
    }

    /// What stands where the `=` of a declaration is expected.
    func helpInDeclaration(_ word: String, _ name: String) -> [String] {
        let isArrow = kind == .leftArrow || kind == .less && kind(ahead: 1) == .minus
        switch kind {
        case _ where isArrow: return ["receive with `c ? \(name)`, or `\(word) \(name) = c.receive()`"]
        case .name, .leftBracket: return ["names are declared without type: `\(word) \(name) = ...`"]
        default: return word == "var" ? [] : ["a `let` needs its value; a `var` may be given one later"]
        }
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
        if lastName() == "fn" || lastName() == "fun", kind == .name {
            try fail(
                "`\(text(previous))` is not a keyword", span(previous), code: .foreignSyntax,
                help: ["write `x => value` or `(a, b) => value`"])
        }
        if let help = helpOnUnit() { try fail("expected the end of the statement, found \(found)", help: [help]) }
        if isWord("as"), kind(ahead: 1).isWord {
            let type = text(tokens[index + 1])
            try fail(
                "`as` does not convert values", code: .foreignSyntax,
                help: ["write `\(["int", "float", "str", "bool", "list", "bytes"].contains(type) ? type : "int")(...)`"])
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
                if name.text == "supervise" {
                    if kind == .int {
                        try fail(
                            "expected `restarts`, `within` or `{` after `supervise`, found \(found)",
                            help: ["write `supervise restarts \(text(current)) within 5s { ... }`"])
                    }
                    break
                }
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
        case .dollar:
            try fail("unexpected `$`", help: ["a name stands alone, `x`; in a string it is written \"{x}\""])
        case .comma:
            if case .send(let channel, let value) = statement.kind {
                try fail(
                    "one value is sent at a time",
                    help: ["several go as a list: `\(source.string(channel.span)) ! [\(source.string(value.span)), ...]`"])
            }
            if case .expression = statement.kind {
                try fail(
                    "several values stand in brackets", code: .foreignSyntax, help: ["for example `[x, y] = [y, x]`"])
            }
        case .question:
            let isTernary = tokens[index...].prefix(40).prefix { !$0.startsLine }.contains { $0.kind == .colon }
            if isTernary {
                try fail("`c ? x : y` is not an expression", code: .foreignSyntax, help: ["a conditional value is `x if c else y`"])
            }
            let isOther = kind(ahead: 1) == .question || kind(ahead: 1) == .dot
            try fail(isOther ? "`?` does not stand in an expression" : "`?` is a statement by itself", help: helpOnQuestion())
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
}
