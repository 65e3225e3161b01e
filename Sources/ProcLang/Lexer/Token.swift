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

    /// The keywords in the order of their kinds.
    private static let keywordNames: StaticString = """
        process func channel queue pipe shared parallel start select case else let var \
        if while loop for in break continue return lock match try catch finally \
        raise import and or not is nil true false
        """

    /// Calls `body` with the bytes of each keyword and its kind.
    private static func forEachKeyword(_ body: (UnsafeBufferPointer<UInt8>, TokenKind) -> Void) {
        let names = UnsafeBufferPointer(start: keywordNames.utf8Start, count: keywordNames.utf8CodeUnitCount)
        var kind = TokenKind.process.rawValue
        var start = 0
        for index in 0...names.count where index == names.count || names[index] == 32 {
            if let known = TokenKind(rawValue: kind) { body(UnsafeBufferPointer(rebasing: names[start..<index]), known) }
            kind += 1
            start = index + 1
        }
    }

    static let keywords: [String: TokenKind] = {
        var result: [String: TokenKind] = [:]
        forEachKeyword { bytes, kind in result[String(decoding: bytes, as: UTF8.self)] = kind }
        return result
    }()

    /// The keyword that these bytes are; else `.name`.
    static func word(_ bytes: UnsafeBufferPointer<UInt8>) -> TokenKind {
        bytes.count > 8 ? .name : keywordTable.find(KeywordTable.pack(bytes))
    }

    private static let keywordTable: KeywordTable = {
        let table = KeywordTable()
        forEachKeyword { bytes, kind in table.insert(KeywordTable.pack(bytes), kind) }
        return table
    }()

    var isKeyword: Bool { rawValue >= TokenKind.process.rawValue && rawValue <= TokenKind.false.rawValue }
    /// A name, or a keyword where any word may stand.
    var isWord: Bool { self == .name || isKeyword }
}

/// Keywords by their bytes, at most eight, as one machine word. Every start of the program makes it: in raw memory for a
/// hundredth of the price of a dictionary.
private struct KeywordTable {
    private static let size = 128
    /// 0: free.
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: KeywordTable.size)
    private let kinds = UnsafeMutablePointer<UInt8>.allocate(capacity: KeywordTable.size)

    init() {
        words.initialize(repeating: 0, count: KeywordTable.size)
        kinds.initialize(repeating: 0, count: KeywordTable.size)
    }

    static func pack(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for byte in bytes { word = word << 8 | UInt64(byte) }
        return word
    }

    private func slot(_ word: UInt64) -> Int { Int(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 57) }

    func insert(_ word: UInt64, _ kind: TokenKind) {
        var slot = slot(word)
        while words[slot] != 0 { slot = (slot + 1) % KeywordTable.size }
        words[slot] = word
        kinds[slot] = kind.rawValue
    }

    func find(_ word: UInt64) -> TokenKind {
        var slot = slot(word)
        while words[slot] != 0 {
            if words[slot] == word { return TokenKind(rawValue: kinds[slot]) ?? .name }
            slot = (slot + 1) % KeywordTable.size
        }
        return .name
    }
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
