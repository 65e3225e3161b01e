// What each part of a text is, for colours: the lexer's own view, also of text that is still being typed.
//
// Invariants
// - Spans are in order and do not overlap; what lies between them is blank.
// - Never fails: text that is no token yet (a string without its closing quote) has the class that it will have.

/// The classes of text that are shown differently.
public enum SyntaxClass: String, CaseIterable, Sendable {
    case keyword, constant, number, string, comment, name, builtin, `operator`, bracket, invalid

    /// The parameters of the SGR control sequence (ECMA-48) for this class; nil: shown plainly.
    public var colour: String? {
        switch self {
        case .keyword: return "35"
        case .constant, .number: return "36"
        case .string: return "32"
        case .comment: return "2"
        case .builtin: return "34"
        case .invalid: return "31"
        case .name, .operator, .bracket: return nil
        }
    }

    /// The text in the colour of the class.
    public func paint(_ text: String) -> String { colour.map { "\u{1B}[\($0)m\(text)\u{1B}[0m" } ?? text }
}

/// A part of a text: UTF-8 offsets.
public struct SyntaxSpan: Equatable, Sendable {
    public var start: Int
    public var end: Int
    public var kind: SyntaxClass
}

/// Finds the parts of a text and their classes, whether it parses or not.
public struct Highlighter {
    private let builtins: Set<String>

    /// `builtins`: the names of the library, which have a class of their own.
    public init(builtins: BuiltinCatalogue) { self.builtins = Set(builtins.names) }

    /// The classes of a text's parts.
    public func spans(of text: [UInt8]) -> [SyntaxSpan] {
        let lexed = Lexer.lex(SourceFile(id: 0, path: "", text: text))
        var spans: [SyntaxSpan] = []
        var end = 0
        var afterDot = false
        for token in lexed.tokens where token.kind != .endOfFile {
            Highlighter.comments(in: text, end, Int(token.start), &spans)
            if token.end > token.start, Int(token.start) >= end {
                let kind = classOf(token, text, afterDot: afterDot)
                spans.append(SyntaxSpan(start: Int(token.start), end: Int(token.end), kind: kind))
            }
            afterDot = token.kind == .dot
            end = max(end, Int(token.end))
        }
        Highlighter.comments(in: text, end, text.count, &spans)
        return spans
    }

    /// The offset of the bracket that belongs to the one at `offset`; nil when it is no bracket or has no partner.
    public static func partner(of offset: Int, in text: [UInt8]) -> Int? {
        let lexed = Lexer.lex(SourceFile(id: 0, path: "", text: text))
        var open: [(kind: TokenKind, offset: Int)] = []
        for token in lexed.tokens {
            let start = Int(token.start)
            switch token.kind {
            case .leftParen, .leftBracket, .leftBrace, .valueStart: open.append((token.kind, start))
            case .rightParen, .rightBracket, .rightBrace, .valueEnd:
                guard let last = open.popLast(), opens(last.kind, token.kind) else { return nil }
                if last.offset == offset { return start }
                if start == offset { return last.offset }
            default: break
            }
        }
        return nil
    }

    /// The brackets that are open at the end of a text, outermost first: how deep its next line is indented.
    public static func openBrackets(in text: [UInt8]) -> Int {
        let lexed = Lexer.lex(SourceFile(id: 0, path: "", text: text))
        var depth = 0
        for token in lexed.tokens {
            switch token.kind {
            case .leftParen, .leftBracket, .leftBrace: depth += 1
            case .rightParen, .rightBracket, .rightBrace: depth = max(0, depth - 1)
            default: break
            }
        }
        return depth
    }

    private static func opens(_ left: TokenKind, _ right: TokenKind) -> Bool {
        switch (left, right) {
        case (.leftParen, .rightParen), (.leftBracket, .rightBracket), (.leftBrace, .rightBrace), (.valueStart, .valueEnd):
            return true
        default: return false
        }
    }

    private static func comments(in text: [UInt8], _ start: Int, _ end: Int, _ spans: inout [SyntaxSpan]) {
        var position = start
        while position < end {
            guard text[position] == UInt8(ascii: "#") else {
                position += 1
                continue
            }
            let stop = text[position..<end].firstIndex(of: 10) ?? end
            spans.append(SyntaxSpan(start: position, end: stop, kind: .comment))
            position = stop
        }
    }

    private func classOf(_ token: Token, _ text: [UInt8], afterDot: Bool) -> SyntaxClass {
        switch token.kind {
        case .invalid:
            let first = text[Int(token.start)]
            return first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") ? .string : .invalid
        case .name:
            let name = String(decoding: text[Int(token.start)..<Int(token.end)], as: UTF8.self)
            return !afterDot && builtins.contains(name) ? .builtin : .name
        case .int, .float: return .number
        case .string, .stringStart, .stringText, .valueStart, .formatStart, .valueEnd, .stringEnd: return .string
        case .nil, .true, .false: return afterDot ? .name : .constant
        case .leftParen, .rightParen, .leftBracket, .rightBracket, .leftBrace, .rightBrace: return .bracket
        default: return token.kind.isKeyword ? (afterDot ? .name : .keyword) : .operator
        }
    }
}
