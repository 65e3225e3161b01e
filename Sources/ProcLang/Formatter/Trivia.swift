// What stands between two tokens: comments, line breaks, blank lines.
//
// Invariants
// - A comment runs to the end of its line, so a line break follows each one but the last of the text.
// - Only the first comment of a gap can share its line with the token before it.

struct Comment {
    /// From `#` on, without blanks at the end.
    let text: String
    /// Characters before it in its line.
    let column: Int
    /// No token stands before it in its line.
    let isAlone: Bool
    let hasBlankLineBefore: Bool
}

/// The text between a token and the one before it.
struct Gap {
    var comments: [Comment] = []
    var hasLineBreak = false
    /// Between the last comment (or the token before) and the token.
    var hasBlankLine = false

    /// Reads `text[start..<end]`, which holds nothing but blanks and comments.
    init(_ text: [UInt8], _ start: Int, _ end: Int) {
        var index = start
        // At the beginning of the text a line has just begun.
        var breaks = start == 0 || start == 3 && text.starts(with: [0xEF, 0xBB, 0xBF]) ? 1 : 0
        let isBeginning = breaks == 1
        while index < end {
            switch text[index] {
            case 10:
                breaks += 1
                index += 1
            case UInt8(ascii: "#"):
                var close = index
                while close < end, text[close] != 10 { close += 1 }
                comments.append(
                    Comment(
                        text: Gap.trimmed(text[index..<close]), column: Gap.column(text, index), isAlone: breaks > 0,
                        hasBlankLineBefore: breaks > 1 && !(isBeginning && comments.isEmpty)))
                if breaks > 0 { hasLineBreak = true }
                breaks = 0
                index = close
            default: index += 1
            }
        }
        if breaks > 0 { hasLineBreak = true }
        hasBlankLine = breaks > 1 && !(isBeginning && comments.isEmpty)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var end = bytes.endIndex
        while end > bytes.startIndex, [32, 9, 12, 13].contains(bytes[end - 1]) { end -= 1 }
        return String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self)
    }

    private static func column(_ text: [UInt8], _ offset: Int) -> Int {
        var column = 0
        var index = offset
        while index > 0, text[index - 1] != 10 {
            index -= 1
            if text[index] & 0xC0 != 0x80 { column += 1 }
        }
        return column
    }
}
