// The lines that the formatter writes, and the alignment of the comments behind them.
//
// Invariants
// - A line is code, code with a comment, a comment, or (a blank line is a property of the line after it).
// - Comments behind consecutive lines stand in one column, two blanks after the longest of these lines.
// - A comment below a comment behind code, in the same column and with no code before it, belongs to it and stays
//   below it.

struct LineWriter {
    private struct Line {
        var indent: Int
        var code = ""
        /// Columns of `indent` and the last line of `code` (a multi-line string has several).
        var width: Int
        var comment: String?
        var hasBlankLineBefore = false
        /// A comment without code that goes on with the one in the line above, and its own indentation.
        var continuesComment = false
        /// Where the comment stood in the source.
        var commentColumn = 0

        var isMultiLine: Bool { code.utf8.contains(10) }
    }

    private var lines: [Line] = []

    /// The column where the next text of this line would stand.
    var column: Int { lines.last?.width ?? 0 }
    /// The indentation of this line.
    var indent: Int { lines.last?.indent ?? 0 }
    /// Nothing can be written behind a comment.
    var isClosed: Bool { lines.last.map { $0.comment != nil } ?? true }

    mutating func startLine(_ indent: Int, blank: Bool = false) {
        lines.append(Line(indent: indent, width: indent, hasBlankLineBefore: blank && !lines.isEmpty))
    }

    mutating func write(_ text: String) {
        if lines.isEmpty { startLine(0) }
        let last = lines.count - 1
        lines[last].code += text
        if let lineBreak = text.utf8.lastIndex(of: 10) {
            lines[last].width = LineWriter.width(text[text.utf8.index(after: lineBreak)...])
        } else {
            lines[last].width += LineWriter.width(text[...])
        }
    }

    /// A comment that shares its line with code.
    mutating func writeTrailing(_ comment: Comment, indent: Int) {
        guard let last = lines.last, last.comment == nil, !last.code.isEmpty else {
            return writeAlone(comment, indent: indent, blank: false)
        }
        lines[lines.count - 1].comment = comment.text
        lines[lines.count - 1].commentColumn = comment.column
    }

    /// A comment in a line of its own.
    mutating func writeAlone(_ comment: Comment, indent: Int, blank: Bool) {
        var continues = false
        if let above = lines.last, above.comment != nil, !above.code.isEmpty || above.continuesComment,
            above.commentColumn == comment.column, comment.column > indent, !comment.hasBlankLineBefore
        {
            continues = true
        }
        startLine(indent, blank: blank && !continues)
        lines[lines.count - 1].comment = comment.text
        lines[lines.count - 1].commentColumn = comment.column
        lines[lines.count - 1].continuesComment = continues
    }

    /// The text, with a line break at its end unless it is empty.
    func text() -> String {
        var result = ""
        var index = 0
        while index < lines.count {
            // A run of lines whose comments are aligned.
            var end = index
            var column = 0
            while end < lines.count, isAligned(lines[end]), end == index || !lines[end].hasBlankLineBefore {
                // Below a continuing comment nothing may look like one of its own line.
                column = max(column, lines[end].continuesComment ? lines[end].indent + 1 : lines[end].width + 2)
                end += 1
                if lines[end - 1].isMultiLine { break }
            }
            if end == index {
                append(lines[index], 0, to: &result)
                index += 1
            } else {
                for line in lines[index..<end] { append(line, column, to: &result) }
                index = end
            }
        }
        return result
    }

    private func isAligned(_ line: Line) -> Bool { line.comment != nil && (!line.code.isEmpty || line.continuesComment) }

    private func append(_ line: Line, _ column: Int, to result: inout String) {
        if line.hasBlankLineBefore { result += "\n" }
        if line.code.isEmpty {
            if let comment = line.comment {
                result += blanks(line.continuesComment ? column : line.indent) + comment
            }
        } else {
            result += blanks(line.indent) + line.code
            if let comment = line.comment { result += blanks(max(2, column - line.width)) + comment }
        }
        result += "\n"
    }

    private func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }

    /// The columns of a text without line breaks.
    static func width(_ text: Substring) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + DisplayWidth.columns($1) }
    }
}
