// Draws the input line: prompt, text in colours, continuation lines, the cursor, the matching bracket. Takes the place
// of readline's own redisplay, which knows neither colours nor texts of several lines.
//
// Invariants
// - `rowsAbove` is the number of screen rows between the first row that was drawn and the cursor; the cursor is
//   nowhere else. Everything from the first row downwards belongs to the display.
// - One draw is one text for the terminal, written by the caller at once.
// - An input taller than the screen is shown as far as it fits, around the cursor.

import Glibc
import ProcLang

struct LineDisplay {
    /// What is to be shown.
    struct Content {
        var prompt = ""
        var promptAttribute: String?
        var continuation = ""
        var text: [UInt8] = []
        /// UTF-8 offset of the cursor.
        var point = 0
        /// Offsets of two brackets that belong together.
        var matched: [Int] = []
    }

    private(set) var rowsAbove = 0
    /// Something is drawn.
    private var stands = false
    private var last = Content()
    private var lastColumns = 0
    private let highlighter: Highlighter
    private let style: TerminalStyle

    init(highlighter: Highlighter, style: TerminalStyle) {
        self.highlighter = highlighter
        self.style = style
    }

    /// The cursor stands at the beginning of an empty line: the next draw begins there.
    mutating func forget() {
        rowsAbove = 0
        stands = false
    }

    /// The control sequences and text that bring the screen from the last drawn content to this one.
    mutating func draw(_ content: Content, columns: Int, rows: Int) -> String {
        if lastColumns != 0, lastColumns != columns, stands {
            // The terminal has wrapped what stands there anew.
            rowsAbove = window(layout(last, columns), rows).cursor
        }
        let layout = layout(content, columns)
        let shown = window(layout, rows)
        var out = rowsAbove > 0 ? "\u{1B}[\(rowsAbove)A" : ""
        out += "\r\u{1B}[J" + layout.rows[shown.range].joined(separator: "\r\n")
        let below = shown.range.count - 1 - shown.cursor
        if below > 0 { out += "\u{1B}[\(below)A" }
        out += "\r" + (layout.cursorColumn > 0 ? "\u{1B}[\(layout.cursorColumn)C" : "")
        rowsAbove = shown.cursor
        stands = true
        last = content
        lastColumns = columns
        return out
    }

    /// Moves the cursor from where it is to the line below everything that is drawn.
    mutating func leave(columns: Int, rows: Int) -> String {
        let layout = layout(last, columns)
        let shown = window(layout, rows)
        let below = shown.range.count - 1 - shown.cursor
        forget()
        return (below > 0 ? "\u{1B}[\(below)B" : "") + "\r\n"
    }

    // MARK: Layout

    private struct Layout {
        var rows: [String] = [""]
        var cursorRow = 0
        var cursorColumn = 0
    }

    /// The rows that fit on the screen, and the cursor's among them.
    private func window(_ layout: Layout, _ rows: Int) -> (range: Range<Int>, cursor: Int) {
        let room = max(1, rows)
        guard layout.rows.count > room else { return (0..<layout.rows.count, layout.cursorRow) }
        let first = min(max(0, layout.cursorRow - room + 1), layout.rows.count - room)
        return (first..<(first + room), layout.cursorRow - first)
    }

    private func layout(_ content: Content, _ columns: Int) -> Layout {
        var layout = Layout()
        var column = 0
        var attribute: String?
        func put(_ text: String, _ width: Int, _ wanted: String?) {
            if column + width > columns {
                setAttribute(nil)
                layout.rows.append("")
                column = 0
            }
            setAttribute(wanted)
            layout.rows[layout.rows.count - 1] += text
            column += width
        }
        func setAttribute(_ wanted: String?) {
            guard wanted != attribute else { return }
            if attribute != nil { layout.rows[layout.rows.count - 1] += "\u{1B}[0m" }
            if let wanted { layout.rows[layout.rows.count - 1] += "\u{1B}[\(wanted)m" }
            attribute = wanted
        }
        func putAll(_ text: String, _ wanted: String?) {
            for character in text { put(String(character), DisplayWidth.columns(character), wanted) }
        }
        func noteCursor() {
            // Beyond the last column the cursor stands on the next row.
            if column >= columns {
                setAttribute(nil)
                layout.rows.append("")
                column = 0
            }
            layout.cursorRow = layout.rows.count - 1
            layout.cursorColumn = column
        }
        putAll(content.prompt, style.isColoured ? content.promptAttribute : nil)
        let isCommand = content.text.first == UInt8(ascii: ":")
        let spans = style.isColoured && !isCommand ? highlighter.spans(of: content.text) : []
        var span = 0
        var offset = 0
        for character in String(decoding: content.text, as: UTF8.self) {
            if offset == content.point { noteCursor() }
            while span < spans.count, spans[span].end <= offset { span += 1 }
            var wanted = span < spans.count && spans[span].start <= offset ? spans[span].kind.colour : nil
            if content.matched.contains(offset) { wanted = "1;4" }
            if character == "\n" || character == "\r\n" {
                setAttribute(nil)
                layout.rows.append("")
                column = 0
                putAll(content.continuation, style.isColoured ? "2" : nil)
            } else if character == "\t" {
                let width = 4 - column % 4
                put(String(repeating: " ", count: width), width, wanted)
            } else if let scalar = character.unicodeScalars.first, scalar.value < 32 || scalar.value == 127 {
                put("^", 1, "2")
                put(String(UnicodeScalar(UInt8(scalar.value ^ 64))), 1, "2")
            } else {
                put(String(character), DisplayWidth.columns(character), wanted)
            }
            offset += character.utf8.count
        }
        if content.point >= offset { noteCursor() }
        setAttribute(nil)
        return layout
    }
}
