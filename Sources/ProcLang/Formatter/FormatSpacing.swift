// Which neighbouring tokens of a line have a blank between them.
//
// Invariants
// - Tokens without a blank between them are lexed again as the same tokens.

struct FormatSpacing {
    let tokens: [Token]
    let roles: SyntaxRoles
    /// Names that are keywords where they stand.
    let words: Set<Int>

    /// Both tokens stand beside each other in one statement, on one line.
    func isSpace(between before: Int, and after: Int) -> Bool {
        let (left, right) = (tokens[before].kind, tokens[after].kind)
        switch right {
        case .comma, .colon, .dot, .halfOpenRange, .ellipsis, .doubleDot: return false
        case .leftParen:
            // `func(x)`, `channel(3)`
            if left == .func || left == .channel || left == .queue || left == .pipe { return false }
            if endsOperand(before) { return false }
        case .leftBracket:
            if endsOperand(before) { return false }
        case .question, .bang:
            if roles.parameters.contains(tokens[before].start) { return false }
        case .minus:
            // `- -x`: together they would be another token.
            if left == .minus, isUnaryMinus(before) { return true }
        default: break
        }
        switch left {
        case .dot, .halfOpenRange, .ellipsis, .doubleDot: return false
        case .minus: return !isUnaryMinus(before)
        default: return true
        }
    }

    private func isUnaryMinus(_ index: Int) -> Bool { !roles.binaryMinus.contains(tokens[index].start) }

    /// A bracket after it is a call or an index.
    private func endsOperand(_ index: Int) -> Bool {
        switch tokens[index].kind {
        case .name: return !words.contains(index)
        case .int, .float, .string, .stringEnd, .rightParen, .rightBracket, .rightBrace, .nil, .true, .false: return true
        default: return tokens[index].kind.isKeyword && index > 0 && tokens[index - 1].kind == .dot
        }
    }
}
