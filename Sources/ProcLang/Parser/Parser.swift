// Tokens to syntax tree: recursive descent, precedence climbing for operators (ParserExpressions.swift).
//
// Invariants
// - Every loop advances or ends. A statement that does not parse is reported once and passed; the
//   statements after it, and around it, are still parsed.
// - `nesting` bounds the recursion of the parser, `height` that of all later passes: both by
//   `SyntaxLimits.depth`. Exceeding one is reported once and ends parsing.
// - Whether a line break ends a statement, and whether `{` may begin a map, depends on the brackets around:
//   `linesMatter` and `mapsAllowed`; whoever opens a bracket sets and restores them.

/// What became of a text.
public struct ParseResult {
    public let module: Module
    /// From lexer and parser, in order of place.
    public let diagnostics: [Diagnostic]
    /// The first mistake is that the text ends too early: a REPL reads another line and tries again.
    public let isIncomplete: Bool
}

/// Thrown after a report, to leave the statement.
struct ParseFailure: Error {
    /// Nothing sensible can follow.
    var isFatal = false
}

/// Reads one text. `parse` is all there is to call.
public final class Parser {
    let source: SourceFile
    let lexed: LexedText
    let tokens: [Token]
    /// For each opening bracket the index of its partner; 0 where it has none.
    let partner: [Int32]
    var index = 0
    var diagnostics: [Diagnostic] = []
    var isIncomplete = false
    var unreliableNames: Set<String> = []
    var imports: [Import] = []

    var linesMatter = true
    var mapsAllowed = true
    /// The token that opened the innermost bracket in which lines do not matter.
    var innermostBracket = 0
    var nesting = 0
    /// The height of the highest tree built since the innermost node in the making was begun.
    var height = 0
    /// A block in Python's way was reported; the next ones have the same cause.
    var reportedColonBlock = false
    private var lastReported = -1
    static let maximumDiagnostics = 100

    /// Parses a whole text. Never fails: what does not parse is in the diagnostics.
    public static func parse(_ source: SourceFile) -> ParseResult {
        let parser = Parser(source, Lexer.lex(source))
        return parser.parseModule()
    }

    private init(_ source: SourceFile, _ lexed: LexedText) {
        self.source = source
        self.lexed = lexed
        tokens = lexed.tokens
        partner = Parser.matchBrackets(lexed.tokens)
    }

    private static func matchBrackets(_ tokens: [Token]) -> [Int32] {
        var partner = [Int32](repeating: 0, count: tokens.count)
        var open: [Int] = []
        for (index, token) in tokens.enumerated() {
            switch token.kind {
            case .leftParen, .leftBracket, .leftBrace, .valueStart: open.append(index)
            case .rightParen, .rightBracket, .rightBrace, .valueEnd:
                let wanted: TokenKind =
                    token.kind == .rightParen
                    ? .leftParen
                    : token.kind == .rightBracket ? .leftBracket : token.kind == .rightBrace ? .leftBrace : .valueStart
                if let last = open.last, tokens[last].kind == wanted {
                    partner[last] = Int32(index)
                    open.removeLast()
                }
            default: break
            }
        }
        return partner
    }

    private func parseModule() -> ParseResult {
        var statements: [Stmt] = []
        do {
            while kind != .endOfFile {
                if let statement = try parseRecovering(inBlock: false) { statements.append(statement) }
            }
        } catch {}
        let whole = Span(file: source.id, start: 0, end: tokens.last?.end ?? 0)
        let all = (lexed.diagnostics + diagnostics).sortedByPlace()
        let module = Module(
            source: source, body: Block(statements, whole), unreliableNames: unreliableNames,
            hasSyntaxErrors: all.hasErrors, imports: imports)
        let incomplete = lexed.endsInsideString && diagnostics.isEmpty || isIncomplete && lexed.diagnostics.isEmpty
        return ParseResult(module: module, diagnostics: all, isIncomplete: incomplete)
    }

    // MARK: Tokens

    @inline(__always) var current: Token { tokens[index] }
    @inline(__always) var kind: TokenKind { tokens[index].kind }
    var previous: Token { tokens[max(0, index - 1)] }

    func kind(ahead: Int) -> TokenKind {
        index + ahead < tokens.count ? tokens[index + ahead].kind : .endOfFile
    }

    /// The kind of the token if it continues the present line (or if lines do not matter), else `.endOfFile`.
    @inline(__always) var sameLineKind: TokenKind {
        let token = tokens[index]
        return linesMatter && token.startsLine ? .endOfFile : token.kind
    }

    @discardableResult @inline(__always)
    func advance() -> Token {
        let token = tokens[index]
        if index + 1 < tokens.count { index += 1 }
        return token
    }

    func accept(_ wanted: TokenKind) -> Bool {
        guard kind == wanted else { return false }
        advance()
        return true
    }

    func text(_ token: Token) -> String {
        String(decoding: source.text[Int(token.start)..<Int(token.end)], as: UTF8.self)
    }

    func span(_ token: Token) -> Span { Span(file: source.id, start: token.start, end: token.end) }
    var currentSpan: Span { span(current) }

    /// From the token at index `first` to the last one that was consumed.
    func spanFrom(_ first: Int) -> Span {
        let last = tokens[max(first, index - 1)]
        return Span(file: source.id, start: tokens[first].start, end: last.end)
    }

    /// The present token is the name `word`, which is no keyword.
    func isWord(_ word: StaticString) -> Bool { isWord(word, ahead: 0) }

    func isWord(_ word: StaticString, ahead: Int) -> Bool {
        guard index + ahead < tokens.count else { return false }
        let token = tokens[index + ahead]
        guard token.kind == .name, Int(token.end - token.start) == word.utf8CodeUnitCount else { return false }
        for offset in 0..<word.utf8CodeUnitCount
        where source.text[Int(token.start) + offset] != word.utf8Start[offset] { return false }
        return true
    }

    /// A statement may end here.
    var atStatementEnd: Bool {
        switch kind {
        case .endOfFile, .semicolon, .rightBrace: return true
        default: return linesMatter && current.startsLine
        }
    }

    // MARK: Depth

    /// Opens one level of recursion; the caller closes it with `nesting -= 1` (a failure restores it).
    func enter() throws {
        nesting += 1
        if nesting > SyntaxLimits.depth { try failTooDeep() }
    }

    func node(_ kind: Expr.Kind, _ span: Span) throws -> Expr {
        try grow()
        return Expr(kind, span)
    }

    /// A tree grows one level over everything built since the innermost `beginNode`.
    func grow() throws {
        height += 1
        if height > SyntaxLimits.depth { try failTooDeep() }
    }

    @inline(__always) func beginNode() -> Int {
        let outer = height
        height = 0
        return outer
    }

    @inline(__always) func endNode(_ outer: Int) { height = max(outer, height) }

    private func failTooDeep() throws -> Never {
        report(
            .nestedTooDeeply, "this is nested too deeply", currentSpan,
            label: "deeper than \(SyntaxLimits.depth) levels", help: ["divide it with the help of names or functions"])
        throw ParseFailure(isFatal: true)
    }

    // MARK: Reports

    /// Reports, unless something about this place was said already.
    func report(
        _ code: DiagnosticCode, _ title: String, _ span: Span, label: String = "", more: [Diagnostic.Label] = [],
        notes: [String] = [], help: [String] = []
    ) {
        if kind == .invalid || previous.kind == .invalid && !current.startsLine || lastReported == index
            || diagnostics.count >= Parser.maximumDiagnostics
        {
            return
        }
        lastReported = index
        if kind == .endOfFile, diagnostics.isEmpty { isIncomplete = true }
        diagnostics.append(
            Diagnostic(.error, code, title, labels: [.init(span, label)] + more, notes: notes, help: help))
    }

    func fail(
        _ title: String, _ span: Span? = nil, code: DiagnosticCode = .syntax, label: String = "",
        more: [Diagnostic.Label] = [], help: [String] = []
    ) throws -> Never {
        report(code, title, span ?? currentSpan, label: label, more: more, help: help)
        throw ParseFailure()
    }

    /// A value must follow on the same line: `=` is no operator, after which a line goes on.
    func expectValue(after token: Token, help: [String] = []) throws {
        guard atStatementEnd else { return }
        let wasIncomplete = isIncomplete
        report(.syntax, "expected a value after `\(text(token))`", span(token), label: "on this line", help: help)
        isIncomplete = wasIncomplete
        throw ParseFailure()
    }

    /// The present token in words.
    var found: String {
        switch kind {
        case .endOfFile: return "the end of the text"
        case .string, .stringStart: return "a string"
        case .int, .float: return "the number `\(text(current))`"
        case .name: return "`\(text(current))`"
        case .valueEnd: return "`}`"
        default: return kind.isKeyword ? "the keyword `\(text(current))`" : "`\(text(current))`"
        }
    }

    @discardableResult
    func expect(_ wanted: TokenKind, _ what: String, help: [String] = []) throws -> Token {
        if kind == wanted { return advance() }
        try fail("expected \(what), found \(found)", help: help)
    }

    /// Closes the bracket that the token at `opening` opened.
    @discardableResult
    func expectClosing(_ wanted: TokenKind, _ opening: Int, or separators: String) throws -> Token {
        if kind == wanted { return advance() }
        if previous.kind == .invalid { throw ParseFailure() }
        let open = text(tokens[opening])
        let shut = wanted == .rightParen ? ")" : wanted == .rightBracket ? "]" : "}"
        if kind == .endOfFile || current.startsLine || kind == .rightBrace || kind == .semicolon {
            try fail(
                "`\(open)` is not closed", span(tokens[opening]), code: .unclosedBracket, label: "opened here",
                more: [.init(currentSpan, "expected \(separators)`\(shut)` before this")])
        }
        try fail(
            "expected \(separators)`\(shut)`, found \(found)",
            more: [.init(span(tokens[opening]), "to close this")], help: helpInBrackets())
    }

    /// A name that is being declared or given.
    func expectName(_ what: String) throws -> Name {
        if kind == .name {
            let token = advance()
            return Name(text(token), span(token))
        }
        if kind.isKeyword {
            try fail(
                "expected \(what), found the keyword `\(text(current))`", help: ["choose another name"])
        }
        try fail("expected \(what), found \(found)")
    }

    // MARK: Recovery

    /// Parses one statement and its end. After a report, goes on at the next statement and returns nil, or
    /// rethrows a fatal failure. Always advances.
    func parseRecovering(inBlock: Bool) throws -> Stmt? {
        let first = index
        let (outerNesting, outerHeight) = (nesting, height)
        do {
            if accept(.semicolon) { return nil }
            let statement = try parseStatement()
            try endStatement(statement)
            return statement
        } catch let failure as ParseFailure {
            try recover(failure, outerNesting, outerHeight, from: first, inBlock: inBlock)
            return nil
        }
    }

    /// Continues after a failure in a statement or clause that began at token `first`.
    func recover(
        _ failure: ParseFailure, _ outerNesting: Int, _ outerHeight: Int, from first: Int, inBlock: Bool
    ) throws {
        // Who made so many mistakes did not mean to write ProcLang.
        if failure.isFatal || diagnostics.count >= Parser.maximumDiagnostics { throw ParseFailure(isFatal: true) }
        nesting = outerNesting
        height = outerHeight
        linesMatter = true
        mapsAllowed = true
        synchronize(from: first, inBlock: inBlock)
    }

    /// Consumes what separates statements.
    private func endStatement(_ statement: Stmt) throws {
        if atStatementEnd {
            _ = accept(.semicolon)
            return
        }
        try failAfterStatement(statement)
    }

    /// Passes the rest of a statement that began at token `first`: to the next `;` or line at its own nesting, the
    /// `}` that closes the block around it, or a line that is indented no deeper and begins like a statement.
    private func synchronize(from first: Int, inBlock: Bool) {
        // Brackets of all kinds, and braces among them, that the statement has opened.
        var open = 0
        var braces = 0
        func note(_ token: Token) {
            switch token.kind {
            case .leftParen, .leftBracket, .valueStart: open += 1
            case .rightParen, .rightBracket, .valueEnd: open = max(braces, open - 1)
            case .leftBrace:
                open += 1
                braces += 1
            case .rightBrace:
                // It closes what was left open inside the braces, too.
                braces = max(0, braces - 1)
                open = braces
            default: break
            }
        }
        for token in tokens[first..<max(first, index)] { note(token) }
        let column = indentation(tokens[first])
        if index == first { note(advance()) }
        while kind != .endOfFile {
            let token = current
            if token.kind == .rightBrace, inBlock, braces == 0 { break }
            if open == 0 {
                if token.kind == .semicolon {
                    advance()
                    break
                }
                if token.startsLine, token.kind != .else, token.kind != .catch, token.kind != .finally { break }
            } else if token.startsLine, beginsStatement(token.kind), indentation(token) <= column {
                break
            }
            note(advance())
        }
        for token in tokens[first..<index] where token.kind == .name { unreliableNames.insert(text(token)) }
    }

    /// The bytes before a token on its line.
    func indentation(_ token: Token) -> Int {
        Int(token.start) - source.bounds(ofLine: source.line(at: token.start)).lowerBound
    }

    /// `case` is left out: it stands in the braces of its statement.
    func beginsStatement(_ kind: TokenKind) -> Bool {
        switch kind {
        case .process, .func, .channel, .queue, .pipe, .shared, .parallel, .start, .select, .let, .var, .if, .while,
            .loop, .for, .break, .continue, .return, .lock, .match, .try, .raise, .import, .name:
            return true
        default: return false
        }
    }
}
