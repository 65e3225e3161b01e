// What creates processes and lets them communicate: `parallel`, `supervise`, `start`, `select`.
//
// Invariants
// - What becomes a process is a call, a block or another `parallel` or `supervise`: anything else is reported here.
// - `supervise`, `limit`, `restarts`, `within`, `first`, `after`, `closed` are words in these places only.

extension Parser {
    /// `supervise` is a keyword only where one of its forms follows.
    func beginsSupervise() -> Bool {
        switch kind(ahead: 1) {
        case .leftBrace: return mapsAllowed
        case .for: return true
        default: return isWord("restarts", ahead: 1) || isWord("within", ahead: 1)
        }
    }

    /// At `parallel` or `supervise`.
    func parseParallel() throws -> Expr {
        try enter()
        defer { nesting -= 1 }
        let first = index
        let word = advance()
        var supervision: Parallel.Supervision?
        if word.kind == .name {
            var restarts: Expr?
            var within: Expr?
            while true {
                if isWord("restarts"), restarts == nil {
                    restarts = try parseCondition()
                } else if isWord("within"), within == nil {
                    within = try parseCondition()
                } else {
                    break
                }
            }
            supervision = Parallel.Supervision(restarts: restarts, within: within)
        }
        let form: Parallel.Form
        if accept(.for) {
            let patterns = try parseLoopPatterns()
            let iterable = try parseHeader()
            let limit = isWord("limit") ? try parseCondition() : nil
            form = .each(patterns, iterable, limit: limit, try parseEachBody())
        } else {
            if isWord("limit") {
                try fail("`limit` belongs to `parallel for`", help: ["`parallel for x in xs limit 4 { ... }`"])
            }
            guard kind == .leftBrace else {
                try fail(
                    "expected `{` or `for` after `\(text(word))`, found \(found)",
                    help: ["`\(text(word)) { a(); b() }`"])
            }
            form = .items(try parseItems(text(word)))
        }
        return try node(
            .parallel(Parallel(form: form, supervision: supervision, keywordSpan: span(word))), spanFrom(first))
    }

    /// The body of `parallel for`: the process that it calls, if that is all it does; else an anonymous one.
    private func parseEachBody() throws -> ProcessItem {
        let header = currentSpan
        let body = try parseBlock()
        if body.statements.count == 1, case .expression(let expr) = body.statements[0].kind {
            switch expr.kind {
            case .call: return ProcessItem(.call(expr), expr.span)
            case .parallel: return nestedItem(expr)
            default: break
            }
        }
        return blockItem(body, header)
    }

    private func blockItem(_ body: Block, _ header: Span) -> ProcessItem {
        ProcessItem(
            .block(
                FunctionNode(
                    kind: .processBlock, name: nil, parameters: [], body: .block(body), span: body.span,
                    headerSpan: header)), body.span)
    }

    private func nestedItem(_ expr: Expr) -> ProcessItem {
        ProcessItem(
            .nested(
                FunctionNode(
                    kind: .processBlock, name: nil, parameters: [], body: .expression(expr), span: expr.span,
                    headerSpan: expr.span)), expr.span)
    }

    /// The braces of `parallel { }`.
    private func parseItems(_ word: String) throws -> [ProcessItem] {
        var items: [ProcessItem] = []
        let outer = beginNode()
        try parseBraces {
            if kind == .leftBrace, !looksLikeMap() {
                let header = currentSpan
                items.append(blockItem(try parseBlock(), header))
                _ = accept(.semicolon)
                return
            }
            guard let statement = try parseRecovering(inBlock: true) else { return }
            if case .expression(let expr) = statement.kind {
                switch expr.kind {
                case .call:
                    items.append(ProcessItem(.call(expr), expr.span))
                    return
                case .parallel:
                    items.append(nestedItem(expr))
                    return
                case .invalid: return
                default: break
                }
            }
            reportNoProcess(statement.span, "an item of `\(word)`", word)
        }
        endNode(outer)
        return items
    }

    private func reportNoProcess(_ place: Span, _ what: String, _ word: String) {
        let piece = source.string(place)
        let short = piece.utf8.count <= 40 && !piece.utf8.contains(10) ? piece : "..."
        diagnostics.append(
            Diagnostic(
                .error, .notAProcess, "\(what) is a call, a block, or a nested `parallel` or `supervise`",
                labels: [.init(place, "this is none of them")],
                help: ["put it in braces to make it a process of its own: `{ \(short) }`"]))
    }

    /// `start call(...)`, `start { }`.
    func parseStart() throws -> Expr {
        try enter()
        defer { nesting -= 1 }
        let first = index
        let word = advance()
        if kind == .leftBrace {
            let header = span(word)
            let body = try parseBlock()
            return try node(.start(blockItem(body, header)), spanFrom(first))
        }
        if atStatementEnd { try fail("expected what to start", help: ["`start worker(1)` or `start { ... }`"]) }
        let expr = try parsePostfix()
        switch expr.kind {
        case .call: return try node(.start(ProcessItem(.call(expr), expr.span)), spanFrom(first))
        case .parallel: return try node(.start(nestedItem(expr)), spanFrom(first))
        case .invalid: throw ParseFailure()
        case .name(let name) where atStatementEnd || kind == .rightParen || kind == .comma:
            try fail("`start` needs a call", expr.span, code: .notAProcess, help: ["write `start \(name.text)()`"])
        default:
            reportNoProcess(expr.span, "what `start` starts", "start")
            throw ParseFailure()
        }
    }

    // MARK: select

    func parseSelect() throws -> Stmt.Kind {
        let word = span(advance())
        let isFirst = isWord("first")
        if isFirst { advance() }
        var cases: [Select.Case] = []
        var after: (duration: Expr, body: Block)?
        var otherwise: Block?
        var closed: Block?
        let reportsBefore = diagnostics.count
        func once(_ present: Bool, _ first: Int) throws {
            if present { try fail("a second `\(text(tokens[first]))` in one `select`", span(tokens[first])) }
        }
        try parseClauses("select") { first in
            if accept(.case) {
                cases.append(try parseSelectCase(first))
            } else if isWord("after") {
                try once(after != nil, first)
                advance()
                let duration = try parseHeader()
                after = (duration, try parseBlock())
            } else if accept(.else) {
                try once(otherwise != nil, first)
                otherwise = try parseBlock()
            } else if isWord("closed") {
                try once(closed != nil, first)
                advance()
                closed = try parseBlock()
            } else {
                return false
            }
            return true
        }
        if after != nil, otherwise != nil {
            report(
                .syntax, "a `select` has `after` or `else`, not both", word,
                help: ["`else` runs at once when nothing is ready, so `after` would never be reached"])
        }
        if cases.isEmpty, after == nil, otherwise == nil, closed == nil, diagnostics.count == reportsBefore {
            diagnostics.append(
                Diagnostic(
                    .error, .emptySelect, "a `select` without cases waits for nothing", labels: [.init(word)],
                    help: ["`case c ? x { }` receives, `case c ! v { }` sends, `after 1s { }` waits"]))
        }
        return .select(
            Select(isFirst: isFirst, cases: cases, after: after, otherwise: otherwise, closed: closed))
    }

    private func parseSelectCase(_ first: Int) throws -> Select.Case {
        let channel = try parseHeader()
        let action: Select.Case.Action
        if accept(.question) {
            action = .receive(source: channel, target: try parseReceiveTarget())
        } else if accept(.bang) {
            let outer = mapsAllowed
            mapsAllowed = false
            action = .send(channel: channel, value: try parseSharable())
            mapsAllowed = outer
        } else {
            if kind == .leftArrow || kind == .assign {
                try fail("expected `?` or `!`, found \(found)", help: ["`case c ? x` receives, `case c ! v` sends"])
            }
            try fail(
                "expected `?` or `!` in a case of `select`, found \(found)",
                help: ["`case c ? x` receives, `case c ! v` sends"])
        }
        var condition: Expr?
        var replication: (patterns: [Pattern], iterable: Expr)?
        while true {
            if isWord("when"), condition == nil {
                condition = try parseCondition()
            } else if kind == .for, replication == nil {
                advance()
                let patterns = try parseLoopPatterns()
                replication = (patterns, try parseHeader())
            } else {
                break
            }
        }
        if kind == .if { try fail("a condition follows `when`", help: ["`case c ? x when ready { ... }`"]) }
        let body = try parseBlock()
        return Select.Case(
            action: action, condition: condition, replication: replication, body: body, span: spanFrom(first))
    }
}
