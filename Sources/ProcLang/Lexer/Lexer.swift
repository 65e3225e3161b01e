// Source text to tokens (LANGUAGE.md section 2): one pass over the bytes, linear in their number.
//
// Invariants
// - Nesting of strings, values and formats is kept in `modes`, not on the call stack.
// - Every step of the main loop consumes at least one byte or leaves a mode.
// - Strings are in Strings.swift, numbers in Numbers.swift, foreign characters in Characters.swift.

struct Lexer {
    /// What the text at the present position is.
    enum Mode {
        /// Statements and expressions; the number of open brackets decides whether `}` and `:` belong to a value.
        case value(openBrackets: Int)
        /// The text of a string, or of a format inside one.
        case string(StringState)
        case format(opening: Int)
    }

    let file: Int32
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var out = LexedText()
    var modes: [Mode] = []
    var startsLine = true
    var spaceBefore = false

    /// Lexes a whole text. Reports invalid UTF-8 as its only finding, since nothing after it can be trusted.
    static func lex(_ source: SourceFile) -> LexedText {
        if source.text.count > SourceFile.maximumLength {
            var out = LexedText()
            out.diagnostics = [Diagnostic(.error, .tooLong, "the source text is longer than 2 GiB")]
            out.tokens = [
                Token(kind: .endOfFile, startsLine: true, spaceBefore: false, payload: 0, start: 0, end: 0)
            ]
            return out
        }
        return source.text.withUnsafeBufferPointer { bytes in
            var lexer = Lexer(file: source.id, bytes: bytes)
            if let bad = UTF8Check.firstInvalid(bytes) {
                lexer.reportInvalidUTF8(at: bad)
            } else {
                lexer.run()
            }
            lexer.emit(.endOfFile, bytes.count, bytes.count)
            return lexer.out
        }
    }

    private init(file: Int32, bytes: UnsafeBufferPointer<UInt8>) {
        self.file = file
        self.bytes = bytes
    }

    private mutating func run() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        while true {
            switch modes.last {
            case nil, .value:
                skipBlanks()
                if position >= bytes.count {
                    if modes.isEmpty { return }
                    reportUnclosedString(at: bytes.count)
                    continue
                }
                if startsLine, let opening = innermostSingleLineString() {
                    // A value inside "..." ends with the line, whatever it left open.
                    reportUnclosedString(at: opening)
                    continue
                }
                lexToken()
            case .string: lexStringText()
            case .format: lexFormatText()
            }
        }
    }

    // MARK: Helpers

    @inline(__always) func peek(_ ahead: Int = 0) -> UInt8 {
        let index = position + ahead
        return index < bytes.count ? bytes[index] : 0
    }

    func span(_ start: Int, _ end: Int) -> Span { Span(file: file, start: Int32(start), end: Int32(end)) }

    mutating func emit(_ kind: TokenKind, _ start: Int, _ end: Int, payload: Int32 = 0) {
        out.tokens.append(
            Token(
                kind: kind, startsLine: startsLine, spaceBefore: spaceBefore, payload: payload, start: Int32(start),
                end: Int32(end)))
        startsLine = false
        spaceBefore = false
    }

    mutating func emitString(_ kind: TokenKind, _ text: String, _ start: Int, _ end: Int) {
        out.strings.append(text)
        emit(kind, start, end, payload: Int32(out.strings.count - 1))
    }

    mutating func report(
        _ code: DiagnosticCode, _ title: String, _ start: Int, _ end: Int, label: String = "", help: [String] = []
    ) {
        guard out.diagnostics.count < 100 else { return }
        out.diagnostics.append(
            Diagnostic(.error, code, title, labels: [.init(span(start, end), label)], help: help))
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 10:
                startsLine = true
                spaceBefore = true
                position += 1
            case 32, 9, 13, 12:
                spaceBefore = true
                position += 1
            case UInt8(ascii: "#"):
                while position < bytes.count, bytes[position] != 10 { position += 1 }
            default: return
            }
        }
    }

    // MARK: One token

    private mutating func lexToken() {
        let start = position
        let byte = bytes[position]
        if isNameStart(byte) || byte >= 0x80 {
            lexWord()
            return
        }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): lexNumber()
        case UInt8(ascii: "\""): openString()
        case UInt8(ascii: "'"): lexRawString()
        case UInt8(ascii: "}"):
            if case .value(0)? = modes.last {
                position += 1
                modes.removeLast()
                emit(.valueEnd, start, position)
            } else {
                countBracket(-1)
                punctuation(.rightBrace, 1)
            }
        case UInt8(ascii: ":"):
            if case .value(0)? = modes.last {
                position += 1
                modes.removeLast()
                modes.append(.format(opening: start))
                emit(.formatStart, start, position)
            } else if peek(1) == UInt8(ascii: "=") {
                punctuation(.colonAssign, 2)
            } else {
                punctuation(.colon, 1)
            }
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
            countBracket(1)
            punctuation(byte == 40 ? .leftParen : byte == 91 ? .leftBracket : .leftBrace, 1)
        case UInt8(ascii: ")"), UInt8(ascii: "]"):
            countBracket(-1)
            punctuation(byte == 41 ? .rightParen : .rightBracket, 1)
        default: lexOperator(byte)
        }
    }

    /// Keeps count of the brackets inside an interpolated value.
    private mutating func countBracket(_ change: Int) {
        if case .value(let open)? = modes.last { modes[modes.count - 1] = .value(openBrackets: max(0, open + change)) }
    }

    private mutating func punctuation(_ kind: TokenKind, _ length: Int) {
        let start = position
        position += length
        emit(kind, start, position)
    }

    private mutating func lexOperator(_ byte: UInt8) {
        let next = peek(1)
        let third = peek(2)
        let equal = UInt8(ascii: "=")
        switch byte {
        case UInt8(ascii: ","): punctuation(.comma, 1)
        case UInt8(ascii: ";"): punctuation(.semicolon, 1)
        case UInt8(ascii: "?"): punctuation(.question, 1)
        case UInt8(ascii: "~"): punctuation(.tilde, 1)
        case UInt8(ascii: "@"): punctuation(.at, 1)
        case UInt8(ascii: "$"): punctuation(.dollar, 1)
        case UInt8(ascii: "^"): punctuation(.caret, 1)
        case UInt8(ascii: "\\"): punctuation(.backslash, 1)
        case UInt8(ascii: "+"):
            if next == equal {
                punctuation(.plusAssign, 2)
            } else if next == byte {
                punctuation(.doublePlus, 2)
            } else {
                punctuation(.plus, 1)
            }
        case UInt8(ascii: "-"):
            if next == equal {
                punctuation(.minusAssign, 2)
            } else if next == UInt8(ascii: ">") {
                punctuation(.rightArrow, 2)
            } else if next == byte {
                punctuation(.doubleMinus, 2)
            } else {
                punctuation(.minus, 1)
            }
        case UInt8(ascii: "*"):
            if next == byte {
                third == equal ? punctuation(.doubleStarAssign, 3) : punctuation(.doubleStar, 2)
            } else if next == equal {
                punctuation(.starAssign, 2)
            } else {
                punctuation(.star, 1)
            }
        case UInt8(ascii: "/"):
            if next == byte {
                third == equal ? punctuation(.doubleSlashAssign, 3) : punctuation(.doubleSlash, 2)
            } else if next == equal {
                punctuation(.slashAssign, 2)
            } else {
                punctuation(.slash, 1)
            }
        case UInt8(ascii: "%"): next == equal ? punctuation(.percentAssign, 2) : punctuation(.percent, 1)
        case equal:
            if next == equal {
                third == equal ? punctuation(.tripleEqual, 3) : punctuation(.equal, 2)
            } else if next == UInt8(ascii: ">") {
                punctuation(.arrow, 2)
            } else {
                punctuation(.assign, 1)
            }
        case UInt8(ascii: "!"):
            if next == equal {
                third == equal ? punctuation(.notTripleEqual, 3) : punctuation(.notEqual, 2)
            } else {
                punctuation(.bang, 1)
            }
        case UInt8(ascii: "<"):
            if next == equal {
                punctuation(.lessOrEqual, 2)
            } else if next == UInt8(ascii: "-"), spaceBefore, third == 32 {
                punctuation(.leftArrow, 2)
            } else if next == byte {
                punctuation(.leftShift, 2)
            } else {
                punctuation(.less, 1)
            }
        case UInt8(ascii: ">"):
            if next == equal {
                punctuation(.greaterOrEqual, 2)
            } else if next == byte {
                punctuation(.rightShift, 2)
            } else {
                punctuation(.greater, 1)
            }
        case UInt8(ascii: "&"): next == byte ? punctuation(.doubleAmpersand, 2) : punctuation(.ampersand, 1)
        case UInt8(ascii: "|"): next == byte ? punctuation(.doubleBar, 2) : punctuation(.bar, 1)
        case UInt8(ascii: "."):
            if next == byte, third == UInt8(ascii: "<") {
                punctuation(.halfOpenRange, 3)
            } else if next == byte, third == byte {
                punctuation(.ellipsis, 3)
            } else if next == byte {
                punctuation(.doubleDot, 2)
            } else {
                punctuation(.dot, 1)
            }
        default: reportUnexpected(length: 1)
        }
    }

    // MARK: Words

    @inline(__always) private func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= 97 && (byte | 0x20) <= 122 || byte == 95
    }

    @inline(__always) func isNameByte(_ byte: UInt8) -> Bool {
        isNameStart(byte) || (byte >= 48 && byte <= 57)
    }

    private mutating func lexWord() {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                guard isNameByte(byte) else { break }
                position += 1
            } else {
                let (scalar, length) = decodeScalar(at: position)
                let properties = scalar.properties
                guard position == start ? properties.isXIDStart : properties.isXIDContinue else { break }
                position += length
            }
        }
        if position == start {
            reportUnexpected(length: decodeScalar(at: start).length)
            return
        }
        emit(TokenKind.word(UnsafeBufferPointer(rebasing: bytes[start..<position])), start, position)
    }

    /// The scalar at `index` of valid UTF-8.
    func decodeScalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = UInt32(bytes[index])
        func low(_ ahead: Int) -> UInt32 { UInt32(bytes[index + ahead] & 0x3F) }
        let value: UInt32
        let length: Int
        if first < 0x80 {
            (value, length) = (first, 1)
        } else if first < 0xE0 {
            (value, length) = ((first & 0x1F) << 6 | low(1), 2)
        } else if first < 0xF0 {
            (value, length) = ((first & 0x0F) << 12 | low(1) << 6 | low(2), 3)
        } else {
            (value, length) = ((first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
        }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }
}
