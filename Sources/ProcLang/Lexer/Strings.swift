// String literals: escapes, interpolation, formats, raw strings, and the indentation of multi-line strings.
//
// Invariants
// - The texts of a string are gathered in its `StringState` while `modes` says where we are; values inside
//   it are lexed into `out.tokens` in between, with their text tokens in place.
// - A string that is not closed is one error and one `.invalid` token, whatever was inside.

/// A string that is being read.
struct StringState {
    /// Offset of its first quote, and the index of its `.stringStart` token.
    let opening: Int
    let firstToken: Int
    let isMultiLine: Bool
    /// Escapes replaced. Line breaks of a multi-line string are marked in `breaks`, for de-indentation.
    var text: [UInt8] = []
    var textStart: Int
    /// For the present text: index in `text` after each real line break.
    var breaks: [Int] = []
    /// Texts finished so far: token index, bytes and breaks. Only multi-line strings keep them until the end.
    var finished: [(token: Int, text: [UInt8], breaks: [Int])] = []
    var hasValues = false
}

extension Lexer {
    mutating func openString() {
        let start = position
        let isMultiLine = peek(1) == 34 && peek(2) == 34
        position += isMultiLine ? 3 : 1
        let state = StringState(
            opening: start, firstToken: out.tokens.count, isMultiLine: isMultiLine, textStart: position)
        modes.append(.string(state))
        emit(.stringStart, start, position)
    }

    mutating func lexRawString() {
        let start = position
        var end = start + 1
        while end < bytes.count, bytes[end] != 39, bytes[end] != 10 { end += 1 }
        guard end < bytes.count, bytes[end] == 39 else {
            position = end
            report(
                .unclosedString, "the raw string is not closed on its line", start, end, label: "begins here",
                help: ["'...' is raw text; longer texts stand in \"\"\"...\"\"\""])
            return emit(.invalid, start, end)
        }
        position = end + 1
        emitString(.string, String(decoding: bytes[(start + 1)..<end], as: UTF8.self), start, position)
    }

    /// The innermost string around the present value, if a line break ends it: the opening of the value.
    func innermostSingleLineString() -> Int? {
        for mode in modes.reversed() {
            if case .string(let state) = mode { return state.isMultiLine ? nil : state.opening }
        }
        return nil
    }

    /// Reads text up to a quote, a value, or the end of the line.
    mutating func lexStringText() {
        guard case .string(var state)? = modes.popLast() else { return }
        state.textStart = position
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 34:
                if !state.isMultiLine {
                    position += 1
                    return closeString(state)
                }
                if peek(1) == 34, peek(2) == 34 {
                    position += 3
                    return closeString(state)
                }
                state.text.append(byte)
                position += 1
            case UInt8(ascii: "{"):
                let start = position
                endText(&state, at: start)
                state.hasValues = true
                position += 1
                modes.append(.string(state))
                modes.append(.value(openBrackets: 0))
                emit(.valueStart, start, position)
                return
            case UInt8(ascii: "\\"): lexEscape(into: &state.text, multiLine: state.isMultiLine)
            case 10:
                if !state.isMultiLine {
                    modes.append(.string(state))
                    return reportUnclosedString(at: state.opening)
                }
                if state.text.last == 13 { state.text.removeLast() }
                state.text.append(10)
                state.breaks.append(state.text.count)
                position += 1
            default:
                state.text.append(byte)
                position += 1
            }
        }
        modes.append(.string(state))
        reportUnclosedString(at: state.opening)
    }

    /// Ends the text before a value or the closing quote.
    private mutating func endText(_ state: inout StringState, at end: Int) {
        // Multi-line strings keep empty texts: they tell where values stand in their line.
        if !state.text.isEmpty || state.isMultiLine {
            if state.isMultiLine { state.finished.append((out.tokens.count, state.text, state.breaks)) }
            emitString(.stringText, String(decoding: state.text, as: UTF8.self), state.textStart, end)
        }
        state.text = []
        state.breaks = []
    }

    private mutating func closeString(_ closing: StringState) {
        var state = closing
        endText(&state, at: position - (state.isMultiLine ? 3 : 1))
        if state.isMultiLine { removeIndentation(of: state) }
        if state.hasValues {
            emit(.stringEnd, position - 1, position)
            return
        }
        // Without values it is one token.
        if out.tokens.count == state.firstToken + 1 { emitString(.stringText, "", position, position) }
        let payload = out.tokens[state.firstToken + 1].payload
        let first = out.tokens[state.firstToken]
        out.tokens.removeLast(out.tokens.count - state.firstToken)
        startsLine = first.startsLine
        spaceBefore = first.spaceBefore
        emit(.string, state.opening, position, payload: payload)
    }

    // MARK: Indentation

    /// Drops the line break after the opening, the one before the closing, and what all lines begin with.
    private mutating func removeIndentation(of state: StringState) {
        var texts = state.finished
        guard !texts.isEmpty else { return }
        // Blanks after the opening quotes belong to the line break that is dropped.
        var dropsFirst = false
        if let first = texts[0].breaks.first, texts[0].text[..<(first - 1)].allSatisfy({ $0 == 32 || $0 == 9 }) {
            dropsFirst = true
        }
        let last = texts.count - 1
        if let lastBreak = texts[last].breaks.last, !(dropsFirst && last == 0 && texts[0].breaks.count == 1),
            texts[last].text[lastBreak...].allSatisfy({ $0 == 32 || $0 == 9 })
        {
            texts[last].text.removeLast(texts[last].text.count - lastBreak + 1)
            texts[last].breaks.removeLast()
        } else if dropsFirst, last == 0, texts[0].breaks.count == 1,
            texts[0].text[texts[0].breaks[0]...].allSatisfy({ $0 == 32 || $0 == 9 })
        {
            // Only blanks between the quotes.
            texts[0].text = []
            texts[0].breaks = []
            dropsFirst = false
        }
        var common: [UInt8]?
        for (index, part) in texts.enumerated() {
            for (number, start) in part.breaks.enumerated() {
                let end = number + 1 < part.breaks.count ? part.breaks[number + 1] - 1 : part.text.count
                var indent: [UInt8] = []
                var at = start
                while at < end, part.text[at] == 32 || part.text[at] == 9 {
                    indent.append(part.text[at])
                    at += 1
                }
                let isBlank = at == end && (number + 1 < part.breaks.count || index == last)
                if isBlank { continue }
                if let known = common {
                    var same = 0
                    while same < known.count, same < indent.count, known[same] == indent[same] { same += 1 }
                    common = Array(known[..<same])
                } else {
                    common = indent
                }
            }
        }
        let width = common?.count ?? 0
        for (index, part) in texts.enumerated() {
            var result: [UInt8] = []
            var from = 0
            for (number, start) in part.breaks.enumerated() {
                if !(index == 0 && number == 0 && dropsFirst) { result += part.text[from..<start] }
                let end = number + 1 < part.breaks.count ? part.breaks[number + 1] - 1 : part.text.count
                from = start
                while from < end, from - start < width, part.text[from] == 32 || part.text[from] == 9 { from += 1 }
            }
            result += part.text[from...]
            let token = out.tokens[part.token]
            out.strings[Int(token.payload)] = String(decoding: result, as: UTF8.self)
        }
    }

    // MARK: Escapes

    private mutating func lexEscape(into text: inout [UInt8], multiLine: Bool) {
        let start = position
        let escaped = peek(1)
        position = min(position + 2, bytes.count)
        switch escaped {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "0"): text.append(0)
        case UInt8(ascii: "e"): text.append(27)
        case 34, 92, 39, UInt8(ascii: "{"), UInt8(ascii: "}"): text.append(escaped)
        case UInt8(ascii: "u"): lexUnicodeEscape(start, into: &text)
        default:
            // A line break is left for the string to see.
            if escaped == 10 || start + 1 >= bytes.count { position = start + 1 }
            while position < bytes.count, bytes[position] & 0xC0 == 0x80 { position += 1 }
            report(
                .invalidEscape, "unknown escape in a string", start, position,
                help: [
                    "the escapes are \\n \\t \\r \\0 \\e \\\" \\\\ \\{ \\} \\u{1F600}; '...' is raw text without escapes"
                ])
        }
    }

    private mutating func lexUnicodeEscape(_ start: Int, into text: inout [UInt8]) {
        var end = position
        if peek() == UInt8(ascii: "{") {
            end += 1
            while end < bytes.count, end - position <= 8, isNameByte(bytes[end]) { end += 1 }
        }
        guard end < bytes.count, end > position + 1, bytes[end] == UInt8(ascii: "}"),
            let value = UInt32(String(decoding: bytes[(position + 1)..<end], as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(value)
        else {
            position = end < bytes.count && bytes[end] == UInt8(ascii: "}") ? end + 1 : end
            return report(
                .invalidEscape, "not a Unicode character", start, position,
                help: ["write its number in hexadecimal between braces, as in \\u{1F600}"])
        }
        position = end + 1
        text += Array(String(scalar).utf8)
    }

    // MARK: Formats

    /// Reads the format of a value up to `}` or a nested value.
    mutating func lexFormatText() {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "}"):
                endFormatText(start)
                modes.removeLast()
                position += 1
                return emit(.valueEnd, position - 1, position)
            case UInt8(ascii: "{"):
                endFormatText(start)
                position += 1
                modes.append(.value(openBrackets: 0))
                return emit(.valueStart, position - 1, position)
            case 10, 34:
                return reportUnclosedString(at: position)
            default: position += 1
            }
        }
        reportUnclosedString(at: position)
    }

    private mutating func endFormatText(_ start: Int) {
        if position > start {
            emitString(.stringText, String(decoding: bytes[start..<position], as: UTF8.self), start, position)
        }
    }

    // MARK: Unclosed strings

    /// Reports the outermost string that is still open as unclosed, drops what it held, and goes on after the end
    /// of the present line (of the text, for a multi-line string).
    mutating func reportUnclosedString(at place: Int) {
        var outermost: StringState?
        var depth = 0
        for (index, mode) in modes.enumerated() {
            if case .string(let state) = mode {
                // A line break ends a single-line string, not the multi-line string around it, unless that is the only one,
                // with a value whose format it breaks.
                let isEnded = !state.isMultiLine || position >= bytes.count
                if outermost == nil || isEnded {
                    outermost = state
                    depth = index
                }
                if isEnded { break }
            }
        }
        guard let state = outermost else {
            modes.removeAll()
            return
        }
        let isInsideValue = modes.count > depth + 1
        modes.removeLast(modes.count - depth)
        let first = out.tokens[state.firstToken]
        let valueStart =
            isInsideValue
            ? out.tokens[state.firstToken...].first { $0.kind == .valueStart }.map { Int($0.start) } : nil
        out.tokens.removeLast(out.tokens.count - state.firstToken)
        out.diagnostics.removeAll { Int($0.span.start) > state.opening }
        if position >= bytes.count, state.isMultiLine { out.endsInsideString = true }
        // The rest of the line was, or would have been, read as part of the string.
        var end = state.opening
        while end < bytes.count, state.isMultiLine || bytes[end] != 10 { end += 1 }
        position = end
        var visibleEnd = end
        if state.isMultiLine {
            visibleEnd = state.opening + 3
        } else if visibleEnd > state.opening + 1, bytes[visibleEnd - 1] == 13 {
            visibleEnd -= 1
        }
        if let valueStart {
            report(
                .unclosedString, "the value in a string is not closed", valueStart, valueStart + 1,
                label: "this `{` begins a value", help: ["close it with `}`, or write `\\{` for a brace that is text"])
        } else {
            report(
                .unclosedString,
                state.isMultiLine ? "the multi-line string is never closed" : "the string is not closed on its line",
                state.opening, visibleEnd, label: "begins here",
                help: state.isMultiLine
                    ? ["close it with \"\"\""] : ["close it with `\"`; longer texts stand in \"\"\"...\"\"\""])
        }
        startsLine = first.startsLine
        spaceBefore = first.spaceBefore
        emit(.invalid, state.opening, end)
    }
}
