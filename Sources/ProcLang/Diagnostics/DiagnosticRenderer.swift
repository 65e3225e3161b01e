// Diagnostics as text for a person: the one place that decides how they look.
//
//     error: `nmae` is not defined [undefined-name]
//      --> pipeline.proc:3:7
//       |
//     3 | print(nmae)
//       |       ^^^^ here
//       = help: did you mean `name`?
//
// Invariants
// - The output ends in a line break. Nothing of the source is printed raw: control characters are replaced.
// - A source line takes at most `lineWidth` columns; longer ones are cut around the span.

/// Writes diagnostics for people, with the source lines that they point at.
public struct DiagnosticRenderer {
    public let sources: SourceMap
    public let isColoured: Bool
    /// The columns for one line of source, without the margin.
    static let lineWidth = 100

    /// `sources` holds the texts in which spans are looked up; `isColoured`: with SGR sequences for a terminal.
    public init(sources: SourceMap, isColoured: Bool) {
        self.sources = sources
        self.isColoured = isColoured
    }

    private enum Style: String {
        case error = "1;31"
        case warning = "1;33"
        case title = "1"
        case margin = "34"
        case secondary = "36"
        case help = "32"
    }

    private func paint(_ text: String, _ style: Style) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// All of them, an empty line between two. Empty without diagnostics.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map(render).joined(separator: "\n")
    }

    /// One diagnostic, ending in a line break.
    public func render(_ diagnostic: Diagnostic) -> String {
        let style: Style = diagnostic.severity == .error ? .error : .warning
        var out = paint(diagnostic.severity.rawValue, style) + paint(": " + clean(diagnostic.title), .title)
        out += code(of: diagnostic) + "\n"
        let primary = diagnostic.span
        let labels = inOrder(diagnostic.labels.filter { sources.file(of: $0.span) != nil })
        var lastLine = 0
        for (label, _) in labels { lastLine = max(lastLine, line(of: label)) }
        let margin = String(repeating: " ", count: labels.isEmpty ? 0 : String(lastLine).count)
        var previous: (file: Int32, line: Int)?
        for (label, isPrimary) in labels {
            guard let file = sources.file(of: label.span) else { continue }
            let place = file.position(at: label.span.start)
            if previous?.file != label.span.file {
                let shown = previous == nil ? file.position(at: primary.start) : place
                let arrow = previous == nil ? "-->" : ":::"
                out += margin + paint(arrow, .margin) + " \(clean(file.path)):\(shown.line):\(shown.column)\n"
                out += margin + paint(" |", .margin) + "\n"
            } else if let previous, previous.line != place.line {
                if previous.line + 1 != place.line { out += paint(margin.dropLast() + "...", .margin) + "\n" }
            }
            let excerpt = Excerpt(file: file, line: place.line, span: label.span)
            if previous == nil || previous! != (label.span.file, place.line) {
                let number = String(place.line)
                let padding = String(repeating: " ", count: margin.count - number.count)
                out += paint(padding + number + " |", .margin) + (excerpt.text.isEmpty ? "" : " " + excerpt.text) + "\n"
            }
            previous = (label.span.file, place.line)
            let mark = String(repeating: isPrimary ? "^" : "-", count: excerpt.caretWidth)
            let text = label.text.isEmpty ? "" : " " + clean(label.text)
            out +=
                margin + paint(" |", .margin) + " " + String(repeating: " ", count: excerpt.caretColumn)
                + paint(mark + text, isPrimary ? style : .secondary) + "\n"
        }
        for note in diagnostic.notes { out += remark(margin, "note", note, .title) }
        for help in diagnostic.help { out += remark(margin, "help", help, .help) }
        return out
    }

    /// What `proclang explain` takes; an error of the running program begins with its kind.
    private func code(of diagnostic: Diagnostic) -> String {
        diagnostic.code == .runtime ? "" : paint(" [\(diagnostic.code.rawValue)]", .margin)
    }

    /// The file of the primary label first; in one file by line.
    private func inOrder(_ labels: [Diagnostic.Label]) -> [(Diagnostic.Label, isPrimary: Bool)] {
        let marked = labels.enumerated().map { (label: $0.element, isPrimary: $0.offset == 0, order: $0.offset) }
        let home = labels.first?.span.file
        let sorted = marked.sorted { a, b in
            if a.label.span.file != b.label.span.file {
                return a.label.span.file == home ? true : b.label.span.file == home ? false : a.order < b.order
            }
            let (lineA, lineB) = (line(of: a.label), line(of: b.label))
            return lineA != lineB ? lineA < lineB : a.order < b.order
        }
        return sorted.map { ($0.label, $0.isPrimary) }
    }

    private func line(of label: Diagnostic.Label) -> Int {
        sources.file(of: label.span)?.line(at: label.span.start) ?? 0
    }

    private func remark(_ margin: String, _ word: String, _ text: String, _ style: Style) -> String {
        // A note may have several lines (a trace); the following ones are indented like the first.
        let indent = margin + "   " + String(repeating: " ", count: word.count + 2)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { clean(String($0)) }
        return margin + paint(" =", .margin) + " " + paint(word, style) + ": "
            + lines.joined(separator: "\n" + indent) + "\n"
    }

    /// Control characters replaced by U+FFFD.
    private func clean(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 32 || $0.value >= 127 && $0.value < 160 }) else {
            return text
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar.value < 32 || scalar.value >= 127 && scalar.value < 160 ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}

/// One source line as it is shown, and where the carets stand under it.
private struct Excerpt {
    var text = ""
    var caretColumn = 0
    var caretWidth = 1

    init(file: SourceFile, line: Int, span: Span) {
        let bounds = file.bounds(ofLine: line)
        let start = max(bounds.lowerBound, min(Int(span.start), bounds.upperBound))
        let end = max(start, min(Int(span.end), bounds.upperBound))
        // Of an immense line only what is near the span is looked at.
        let reach = DiagnosticRenderer.lineWidth * 4
        let near = max(bounds.lowerBound, start - reach)..<min(bounds.upperBound, start + reach)
        var cells: [(text: String, width: Int)] = []
        var first = 0
        var last = 0
        var offset = near.lowerBound
        var column = 0
        for character in String(decoding: file.text[near], as: UTF8.self) {
            if offset < start { first = cells.count + 1 }
            if offset < end { last = cells.count + 1 }
            offset += character.utf8.count
            var width = DisplayWidth.columns(character)
            var shown = String(character)
            if character == "\t" {
                width = DisplayWidth.tabWidth - column % DisplayWidth.tabWidth
                shown = String(repeating: " ", count: width)
            } else if let scalar = character.unicodeScalars.first,
                scalar.value < 32 || scalar.value >= 127 && scalar.value < 160
            {
                shown = "\u{FFFD}"
                width = 1
            }
            cells.append((shown, width))
            column += width
        }
        first = min(first, cells.count)
        last = max(last, first)
        var low = 0
        var high = cells.count
        var cutsLeft = near.lowerBound > bounds.lowerBound
        var cutsRight = near.upperBound < bounds.upperBound
        var total = cells.reduce(0) { $0 + $1.width }
        let limit = DiagnosticRenderer.lineWidth
        if total > limit || cutsLeft || cutsRight {
            // Keep about a third of the width before the span.
            var before = cells[..<first].reduce(0) { $0 + $1.width }
            while low < first, before > limit / 3 {
                // Keep the beginning of the line where everything up to the span fits.
                if !cutsLeft, low == 0, before + 20 <= limit { break }
                before -= cells[low].width
                total -= cells[low].width
                low += 1
                cutsLeft = true
            }
            while high > low + 1, total > limit - 6 {
                high -= 1
                total -= cells[high].width
                cutsRight = true
            }
        }
        text = (cutsLeft ? "..." : "") + cells[low..<high].map(\.text).joined() + (cutsRight ? "..." : "")
        caretColumn = (cutsLeft ? 3 : 0) + cells[low..<max(low, min(first, high))].reduce(0) { $0 + $1.width }
        caretWidth = max(
            1, cells[min(first, high)..<max(min(first, high), min(last, high))].reduce(0) { $0 + $1.width })
        while let blank = text.last, blank == " " { text.removeLast() }
    }
}
