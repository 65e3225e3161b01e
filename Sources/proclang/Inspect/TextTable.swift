// Columns of text for a terminal: aligned, and cut to its width.

import ProcLang

struct TextTable {
    enum Alignment {
        case left, right
    }

    let titles: [(text: String, alignment: Alignment)]
    /// Never shrink, so that a table which is drawn again and again stays where it is.
    private var widths: [Int]

    init(_ titles: [(text: String, alignment: Alignment)]) {
        self.titles = titles
        widths = titles.map { TextTable.columns($0.text) }
    }

    /// The titles, then the rows. The last column takes what is left of `width` columns, and is cut there.
    mutating func lines(_ rows: [[String]], width: Int) -> [String] {
        let clean = rows.map { $0.map(TextTable.harmless) }
        for row in clean {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], min(TextTable.columns(cell), 32)) }
        }
        return [line(titles.map(\.text), width)] + clean.map { line($0, width) }
    }

    private func line(_ cells: [String], _ width: Int) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            if index > 0 { text += "  " }
            if index == cells.count - 1, titles[index].alignment == .left {
                text += cell
                break
            }
            let cut = TextTable.cut(cell, to: widths[index])
            let blanks = String(repeating: " ", count: widths[index] - TextTable.columns(cut))
            text += titles[index].alignment == .left ? cut + blanks : blanks + cut
        }
        return TextTable.cut(text, to: width)
    }

    /// The text, or as much of its beginning as fits with an ellipsis.
    static func cut(_ text: String, to width: Int) -> String {
        guard text.utf8.count > width, columns(text) > width else { return text }
        var result = ""
        var used = 1
        for character in text {
            used += DisplayWidth.columns(character)
            if used > width { break }
            result.append(character)
        }
        return width > 0 ? result + "…" : ""
    }

    static func columns(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + DisplayWidth.columns($1) }
    }

    /// Nothing in it can command the terminal: names and command lines are not ours.
    static func harmless(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 32 || (127..<160).contains(scalar.value) }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
    }
}
