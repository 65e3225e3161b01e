// Decides where lines end and writes the tree of tokens.
//
// Invariants
// - A line break between two tokens of one statement is only ever written where the source had one and the grammar
//   takes one (after an operator or comma, before `.`, inside brackets, at a comment), so formatted text parses
//   as before.
// - All decisions depend on the tree, on which brackets were written over several lines, and on columns that follow
//   from these: formatting formatted text changes nothing.

struct FormatPrinter {
    static let indentWidth = 4
    static let lineWidth = 100

    private let source: SourceFile
    private let tokens: [Token]
    private let roles: SyntaxRoles
    private let gaps: [Gap]
    private let words: Set<Int>
    private let spacing: FormatSpacing
    private var lines = LineWriter()

    /// Where a sequence of tokens stands.
    private struct Context {
        /// Of the statement or item.
        var indent: Int
        /// The brace of a block belongs to the statement (`if x {`), not to a value in it (`f(func() {`).
        var ownsBlocks = false
        var isInBrackets = false

        var continuation: Int { indent + FormatPrinter.indentWidth }
    }

    init(_ source: SourceFile, _ tokens: [Token], _ roles: SyntaxRoles, _ tree: TokenTreeBuilder) {
        self.source = source
        self.tokens = tokens
        self.roles = roles
        gaps = tree.gaps
        words = tree.words
        spacing = FormatSpacing(tokens: tokens, roles: roles, words: tree.words)
    }

    mutating func print(_ statements: [TokenItem]) -> String {
        printStatements(statements, indent: 0, until: tokens.count - 1)
        return lines.text()
    }

    // MARK: Statements

    private mutating func printStatements(_ items: [TokenItem], indent: Int, until close: Int) {
        var isFirst = true
        for item in items {
            if printComments(before: item.first, indent: indent, allowsBlank: !isFirst) { isFirst = false }
            if !item.nodes.isEmpty {
                lines.startLine(indent, blank: !isFirst && gaps[item.first].hasBlankLine)
                printStatement(item.nodes, indent: indent)
                isFirst = false
            }
            for separator in item.separators where separator != item.first {
                if printComments(before: separator, indent: indent, allowsBlank: true) { isFirst = false }
            }
        }
        printComments(before: close, indent: indent, allowsBlank: !isFirst)
    }

    private mutating func printStatement(_ nodes: [TokenNode], indent: Int) {
        var context = Context(indent: indent)
        switch tokens[nodes[0].first].kind {
        case .if, .while, .for, .loop, .try, .lock, .match, .select, .func, .process, .case, .else, .parallel, .start,
            .leftBrace:
            context.ownsBlocks = true
        case .name: context.ownsBlocks = isClauseOrSupervise(nodes)
        default: break
        }
        printSequence(nodes, context)
    }

    /// `after d {`, `closed {`, `supervise {`.
    private func isClauseOrSupervise(_ nodes: [TokenNode]) -> Bool {
        let word = text(nodes[0])
        return ["after", "closed", "supervise"].contains(word) && nodes.last?.block != nil
    }

    // MARK: Sequences

    private mutating func printSequence(_ nodes: [TokenNode], _ context: Context) {
        for (number, node) in nodes.enumerated() {
            if number > 0 {
                let before = nodes[number - 1].last
                let gap = gaps[node.first]
                if !gap.comments.isEmpty {
                    let indent = hangs(node, context) ? context.indent : context.continuation
                    printComments(before: node.first, indent: indent, allowsBlank: false)
                    lines.startLine(indent)
                } else if gap.hasLineBreak, keepsBreak(before, node.first, context) {
                    lines.startLine(isClause(node.first, context) ? context.indent : context.continuation)
                } else if spacing.isSpace(between: before, and: node.first) {
                    lines.write(" ")
                }
            }
            print(node, context)
        }
    }

    /// A word or brace that goes on with the statement in its own indentation.
    private func hangs(_ node: TokenNode, _ context: Context) -> Bool {
        guard context.ownsBlocks else { return false }
        switch tokens[node.first].kind {
        case .else, .catch, .finally: return true
        default: return node.block != nil
        }
    }

    /// `for` and `if` of a comprehension stand under its element.
    private func isClause(_ index: Int, _ context: Context) -> Bool {
        context.isInBrackets && (tokens[index].kind == .for || tokens[index].kind == .if)
    }

    /// Whether a line break that was written between two tokens stays.
    private func keepsBreak(_ before: Int, _ after: Int, _ context: Context) -> Bool {
        if tokens[after].kind == .dot { return true }
        switch tokens[before].kind {
        case .comma: return !roles.secondPatterns.contains(tokens[after].start)
        case .assign, .plusAssign, .minusAssign, .starAssign, .slashAssign, .doubleSlashAssign, .percentAssign,
            .doubleStarAssign, .arrow:
            return true
        default:
            if isOperator(before) { return true }
        }
        guard context.isInBrackets else { return false }
        switch tokens[after].kind {
        case .for, .if, .else: return true
        default: return isOperator(after)
        }
    }

    private func isOperator(_ index: Int) -> Bool {
        switch tokens[index].kind {
        case .plus, .star, .slash, .doubleSlash, .percent, .doubleStar, .equal, .notEqual, .less, .lessOrEqual, .greater,
            .greaterOrEqual, .and, .or:
            return true
        case .minus: return roles.binaryMinus.contains(tokens[index].start)
        default: return false
        }
    }

    private mutating func print(_ node: TokenNode, _ context: Context) {
        switch node {
        case .text: lines.write(text(node))
        case .group(let group):
            if group.isBlock { printBlock(group, context) } else { printBrackets(group, context) }
        }
    }

    private func text(_ node: TokenNode) -> String {
        let text = source.text[Int(tokens[node.first].start)..<Int(tokens[node.last].end)]
        guard text.contains(13) else { return String(decoding: text, as: UTF8.self) }
        // Line ends inside a multi-line string.
        var plain: [UInt8] = []
        for index in text.indices where text[index] != 13 || index + 1 >= text.endIndex || text[index + 1] != 10 {
            plain.append(text[index])
        }
        return String(decoding: plain, as: UTF8.self)
    }

    // MARK: Brackets

    private func isEmpty(_ group: TokenGroup) -> Bool {
        guard gaps[group.close].comments.isEmpty else { return false }
        return group.items.allSatisfy { item in
            item.nodes.isEmpty && item.separators.allSatisfy { gaps[$0].comments.isEmpty }
        }
    }

    private mutating func printBlock(_ group: TokenGroup, _ context: Context) {
        if isEmpty(group) { return lines.write("{ }") }
        if let flat = flatText(group), lines.column + LineWriter.width(flat[...]) <= FormatPrinter.lineWidth {
            return lines.write(flat)
        }
        let base = context.ownsBlocks ? context.indent : lines.indent
        lines.write("{")
        printStatements(group.items, indent: base + FormatPrinter.indentWidth, until: group.close)
        lines.startLine(base)
        lines.write("}")
    }

    private mutating func printBrackets(_ group: TokenGroup, _ context: Context) {
        var inner = Context(indent: context.indent)
        inner.isInBrackets = true
        let base = lines.indent
        lines.write(text(.text(first: group.open, last: group.open)))
        if !group.isBroken {
            for (number, item) in group.items.enumerated() {
                if number > 0 { lines.write(", ") }
                printSequence(item.nodes, inner)
            }
            return lines.write(text(.text(first: group.close, last: group.close)))
        }
        inner.indent = base + FormatPrinter.indentWidth
        let keepsRows = isTable(group)
        for (number, item) in group.items.enumerated() {
            let hasComments = printComments(before: item.first, indent: inner.indent, allowsBlank: number > 0)
            if keepsRows, number > 0, !gaps[item.first].hasLineBreak, !lines.isClosed {
                lines.write(" ")
            } else {
                lines.startLine(inner.indent, blank: (number > 0 || hasComments) && gaps[item.first].hasBlankLine)
            }
            printSequence(item.nodes, inner)
            if number + 1 < group.items.count || group.items.count > 1 { lines.write(",") }
            for separator in item.separators {
                printComments(before: separator, indent: inner.indent, allowsBlank: false)
            }
        }
        printComments(before: group.close, indent: inner.indent, allowsBlank: !group.items.isEmpty)
        lines.startLine(base)
        lines.write(text(.text(first: group.close, last: group.close)))
    }

    /// A list of numbers: its rows may mean something.
    private func isTable(_ group: TokenGroup) -> Bool {
        guard tokens[group.open].kind == .leftBracket, group.items.count > 1 else { return false }
        return group.items.allSatisfy { item in
            guard let last = item.nodes.last, case .text = last, item.nodes.count <= 2 else { return false }
            if item.nodes.count == 2, tokens[item.nodes[0].first].kind != .minus { return false }
            return tokens[last.first].kind == .int || tokens[last.first].kind == .float
        }
    }

    // MARK: On one line

    private func flatText(_ group: TokenGroup) -> String? {
        if let known = group.flatText { return known }
        let text = makeFlatText(group)
        group.flatText = .some(text)
        return text
    }

    private func makeFlatText(_ group: TokenGroup) -> String? {
        if group.isBlock, isEmpty(group) { return "{ }" }
        if group.isBlock ? !group.isOnOneLine : group.isBroken { return nil }
        var result = ""
        for (number, item) in group.items.enumerated() where !item.nodes.isEmpty {
            guard let part = flatText(item.nodes) else { return nil }
            if !result.isEmpty {
                result += group.isBlock ? (group.items[number - 1].separators.isEmpty ? " " : "; ") : ", "
            }
            result += part
        }
        if group.isBlock { return "{ " + result + " }" }
        return text(.text(first: group.open, last: group.open)) + result
            + text(.text(first: group.close, last: group.close))
    }

    private func flatText(_ nodes: [TokenNode]) -> String? {
        var result = ""
        for (number, node) in nodes.enumerated() {
            if number > 0 {
                let gap = gaps[node.first]
                if !gap.comments.isEmpty { return nil }
                let before = nodes[number - 1].last
                if gap.hasLineBreak, keepsBreak(before, node.first, Context(indent: 0, isInBrackets: true)) { return nil }
                if spacing.isSpace(between: before, and: node.first) { result += " " }
            }
            switch node {
            case .text:
                let part = text(node)
                if part.utf8.contains(10) { return nil }
                result += part
            case .group(let group):
                guard let part = flatText(group) else { return nil }
                result += part
            }
        }
        return result
    }

    // MARK: Comments

    /// Writes the comments before token `index`; those with lines of their own at `indent`. Tells whether there
    /// were such lines. What follows goes on a new line if there were any comments.
    @discardableResult
    private mutating func printComments(before index: Int, indent: Int, allowsBlank: Bool) -> Bool {
        var isAllowed = allowsBlank
        var hasLines = false
        for comment in gaps[index].comments {
            if comment.isAlone {
                lines.writeAlone(comment, indent: indent, blank: isAllowed && comment.hasBlankLineBefore)
                isAllowed = true
                hasLines = true
            } else {
                lines.writeTrailing(comment, indent: indent)
            }
        }
        return hasLines
    }
}
