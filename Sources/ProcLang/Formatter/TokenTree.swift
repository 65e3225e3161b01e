// The tokens of a program, gathered into brackets, statements and items: what the formatter prints.
//
// Invariants
// - Every token stands in exactly one place of the tree, in its order; only `;` and commas may be printed
//   differently from how they were written.
// - A string is one node with its values, whatever is in it; so no token inside a string has a gap.

enum TokenNode {
    /// Tokens `first...last` that are printed as written: one token, or a whole string.
    case text(first: Int, last: Int)
    case group(TokenGroup)

    var first: Int {
        switch self {
        case .text(let first, _): return first
        case .group(let group): return group.open
        }
    }

    var last: Int {
        switch self {
        case .text(_, let last): return last
        case .group(let group): return group.close
        }
    }

    var block: TokenGroup? {
        if case .group(let group) = self, group.isBlock { return group }
        return nil
    }
}

/// A statement of a block, or an item between commas, with the separators that follow it. An item without nodes
/// only holds stray `;`.
struct TokenItem {
    var nodes: [TokenNode] = []
    var separators: [Int] = []

    var first: Int { nodes.first?.first ?? separators[0] }
}

/// A pair of brackets and what is between them.
final class TokenGroup {
    let open: Int
    let close: Int
    /// Braces around statements or cases; otherwise items divided by commas.
    let isBlock: Bool
    let items: [TokenItem]
    /// No line break between the brackets.
    let isOnOneLine: Bool
    /// Items of brackets go on lines of their own: the writer broke the line after the opening one or beside a
    /// comma, or put a comment there.
    let isBroken: Bool
    /// Filled by the printer: the text on one line, or that there is none.
    var flatText: String??

    init(open: Int, close: Int, isBlock: Bool, items: [TokenItem], isOnOneLine: Bool, isBroken: Bool) {
        self.open = open
        self.close = close
        self.isBlock = isBlock
        self.items = items
        self.isOnOneLine = isOnOneLine
        self.isBroken = isBroken
    }
}

/// Builds the tree of a text that parses without errors.
struct TokenTreeBuilder {
    let tokens: [Token]
    let roles: SyntaxRoles
    let text: [UInt8]
    /// For each token the gap before it.
    private(set) var gaps: [Gap] = []
    /// Tokens that are names elsewhere but keywords where they stand.
    private(set) var words: Set<Int> = []
    /// Opening braces of `select` and `match`.
    private var clauseBraces: Set<Int> = []
    private var index = 0

    init(_ source: SourceFile, _ tokens: [Token], _ roles: SyntaxRoles) {
        self.tokens = tokens
        self.roles = roles
        text = source.text
        gaps.reserveCapacity(tokens.count)
        var stringDepth = 0
        var end = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        for token in tokens {
            gaps.append(stringDepth > 0 ? Gap([], 0, 0) : Gap(text, end, Int(token.start)))
            end = Int(token.end)
            if token.kind == .stringStart { stringDepth += 1 }
            if token.kind == .stringEnd { stringDepth -= 1 }
        }
        var open: [Int] = []
        for (index, token) in tokens.enumerated() {
            if token.kind == .leftBrace { open.append(index) }
            if token.kind == .rightBrace, let last = open.popLast(), roles.clauseBraces.contains(token.start) {
                clauseBraces.insert(last)
            }
        }
        for (index, token) in tokens.enumerated() where roles.afterWords.contains(token.start) {
            var word = index - 1
            while word > 0, tokens[word].kind == .leftParen { word -= 1 }
            if word >= 0 { words.insert(word) }
        }
    }

    /// The statements of the whole text.
    mutating func build() -> [TokenItem] {
        index = 0
        return statements(until: .endOfFile, isClauses: false)
    }

    private mutating func statements(until closing: TokenKind, isClauses: Bool) -> [TokenItem] {
        var items: [TokenItem] = []
        var item = TokenItem()
        while tokens[index].kind != closing, tokens[index].kind != .endOfFile {
            let token = tokens[index]
            if token.kind == .semicolon {
                item.separators.append(index)
                index += 1
                continue
            }
            let begins =
                !item.separators.isEmpty || beginsStatement(index)
                || isClauses && item.nodes.last?.block != nil
            if begins, !item.nodes.isEmpty || !item.separators.isEmpty {
                items.append(item)
                item = TokenItem()
            }
            item.nodes.append(node())
        }
        if !item.nodes.isEmpty || !item.separators.isEmpty { items.append(item) }
        return items
    }

    /// The tree knows an item of `parallel` that begins with parentheses by what is inside them.
    private func beginsStatement(_ index: Int) -> Bool {
        var first = index
        while tokens[first].kind == .leftParen, !roles.statements.contains(tokens[first].start) { first += 1 }
        guard roles.statements.contains(tokens[first].start) else { return false }
        return first == index || tokens[index].startsLine
    }

    private mutating func node() -> TokenNode {
        let first = index
        switch tokens[index].kind {
        case .stringStart:
            var depth = 0
            repeat {
                if tokens[index].kind == .stringStart { depth += 1 }
                if tokens[index].kind == .stringEnd { depth -= 1 }
                index += 1
            } while depth > 0 && index < tokens.count
            return .text(first: first, last: index - 1)
        case .leftParen, .leftBracket, .leftBrace: return .group(group())
        default:
            index += 1
            return .text(first: first, last: first)
        }
    }

    private mutating func group() -> TokenGroup {
        let open = index
        let kind = tokens[open].kind
        let closing: TokenKind = kind == .leftParen ? .rightParen : kind == .leftBracket ? .rightBracket : .rightBrace
        let isBlock = kind == .leftBrace && !roles.maps.contains(tokens[open].start)
        index += 1
        let items: [TokenItem]
        if isBlock {
            items = statements(until: closing, isClauses: clauseBraces.contains(open))
        } else {
            items = elements(until: closing)
        }
        let close = index
        index += 1
        let isOnOneLine = !text[Int(tokens[open].start)..<Int(tokens[close].end)].contains(10)
        return TokenGroup(
            open: open, close: close, isBlock: isBlock, items: items, isOnOneLine: isOnOneLine,
            isBroken: !isBlock && isBroken(items, close))
    }

    private mutating func elements(until closing: TokenKind) -> [TokenItem] {
        var items: [TokenItem] = []
        var item = TokenItem()
        while tokens[index].kind != closing, tokens[index].kind != .endOfFile {
            if tokens[index].kind == .comma, !roles.secondPatterns.contains(tokens[index + 1].start) {
                item.separators.append(index)
                items.append(item)
                item = TokenItem()
                index += 1
            } else {
                item.nodes.append(node())
            }
        }
        if !item.nodes.isEmpty { items.append(item) }
        return items
    }

    private func isBroken(_ items: [TokenItem], _ close: Int) -> Bool {
        if !gaps[close].comments.isEmpty { return true }
        for item in items {
            if gaps[item.first].hasLineBreak { return true }
            for separator in item.separators
            where gaps[separator].hasLineBreak || !gaps[separator].comments.isEmpty { return true }
            for node in item.nodes where !gaps[node.first].comments.isEmpty { return true }
        }
        return false
    }
}
