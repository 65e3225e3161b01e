// The tokens that the parser reads.
//
// Invariants
// - The last token of a text is `.endOfFile`; spans are in order and do not overlap.
// - A string without interpolation is one `.string`. One with interpolation is `.stringStart`, then any
//   number of `.stringText` and of `.valueStart` tokens... [`.formatStart` and again texts and values]
//   `.valueEnd`, then `.stringEnd`.
// - `.invalid` stands for text about which the lexer has reported an error; the parser says nothing more.

enum TokenKind: UInt8 {
    case endOfFile, invalid
    case name, int, float, string
    case stringStart, stringText, valueStart, formatStart, valueEnd, stringEnd

    // Keywords
    case process, `func`, channel, queue, pipe, shared, parallel, start, select, `case`, `else`, `let`, `var`
    case `if`, `while`, loop, `for`, `in`, `break`, `continue`, `return`, lock, match, `try`, `catch`, finally
    case raise, `import`, and, or, not, `is`, `nil`, `true`, `false`

    // Brackets and separators
    case leftParen, rightParen, leftBracket, rightBracket, leftBrace, rightBrace
    case comma, semicolon, colon, dot

    // Operators
    case plus, minus, star, slash, doubleSlash, percent, doubleStar
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case assign, plusAssign, minusAssign, starAssign, slashAssign, doubleSlashAssign, percentAssign, doubleStarAssign
    case halfOpenRange, ellipsis, doubleDot
    case bang, question, arrow

    // Not in the language; the parser tells what is.
    case doubleAmpersand, doubleBar, doublePlus, doubleMinus, tripleEqual, notTripleEqual, colonAssign, leftArrow
    case rightArrow, ampersand, bar, caret, tilde, leftShift, rightShift, at, dollar, backslash

    static let keywords: [String: TokenKind] = [
        "process": .process, "func": .func, "channel": .channel, "queue": .queue, "pipe": .pipe, "shared": .shared,
        "parallel": .parallel, "start": .start, "select": .select, "case": .case, "else": .else, "let": .let,
        "var": .var, "if": .if, "while": .while, "loop": .loop, "for": .for, "in": .in, "break": .break,
        "continue": .continue, "return": .return, "lock": .lock, "match": .match, "try": .try, "catch": .catch,
        "finally": .finally, "raise": .raise, "import": .import, "and": .and, "or": .or, "not": .not, "is": .is,
        "nil": .nil, "true": .true, "false": .false,
    ]

    var isKeyword: Bool { rawValue >= TokenKind.process.rawValue && rawValue <= TokenKind.false.rawValue }
    /// A name, or a keyword where any word may stand.
    var isWord: Bool { self == .name || isKeyword }
}

struct Token {
    var kind: TokenKind
    /// The first token of its line (outside of strings).
    var startsLine: Bool
    /// Whether white space stands before it.
    var spaceBefore: Bool
    /// Index into the table of the kind: `LexedText.strings`, `.ints`, `.floats`.
    var payload: Int32
    var start: Int32
    var end: Int32
}

/// The result of lexing.
struct LexedText {
    var tokens: [Token] = []
    var strings: [String] = []
    /// Magnitudes up to 2^63, which only fits after a minus.
    var ints: [UInt64] = []
    var floats: [Double] = []
    var diagnostics: [Diagnostic] = []
    /// The text ends inside a multi-line string: a REPL reads on.
    var endsInsideString = false
}
