// Bytes and characters that no token begins with: invalid UTF-8, and what people paste from elsewhere.

enum UTF8Check {
    /// The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), or nil.
    static func firstInvalid(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        let count = bytes.count
        while index < count {
            let first = bytes[index]
            if first < 0x80 {
                index += 1
                continue
            }
            let length: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            switch first {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, low) = (3, 0xA0)
            case 0xED: (length, high) = (3, 0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, low) = (4, 0x90)
            case 0xF4: (length, high) = (4, 0x8F)
            case 0xF1...0xF3: length = 4
            default: return index
            }
            guard index + length <= count, bytes[index + 1] >= low, bytes[index + 1] <= high else { return index }
            for ahead in 2..<max(2, length) where bytes[index + ahead] & 0xC0 != 0x80 { return index }
            index += length
        }
        return nil
    }
}

extension Lexer {
    mutating func reportInvalidUTF8(at offset: Int) {
        let hex = String(bytes[offset], radix: 16)
        report(
            .invalidUTF8, "the text is not valid UTF-8: byte 0x\(hex.count < 2 ? "0" : "")\(hex)", offset, offset + 1,
            label: "here", help: ["save the file as UTF-8"])
    }

    /// Reports the character at `position`, passes it, and leaves an `.invalid` token.
    mutating func reportUnexpected(length: Int) {
        let start = position
        position += length
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let scalar = text.unicodeScalars.first ?? " "
        var help: [String] = []
        switch scalar {
        case "\u{201C}", "\u{201D}", "\u{201E}", "\u{AB}", "\u{BB}":
            help = ["strings stand in straight quotes: \"...\""]
        case "\u{2018}", "\u{2019}", "\u{201A}": help = ["raw strings stand in straight quotes: '...'"]
        case "`": help = ["strings stand in double quotes: \"...\""]
        case "\u{2013}", "\u{2014}", "\u{2212}": help = ["minus is written `-`"]
        case "\u{D7}": help = ["multiplication is written `*`"]
        case "\u{F7}": help = ["division is written `/`"]
        case "\u{2264}": help = ["less or equal is written `<=`"]
        case "\u{2265}": help = ["greater or equal is written `>=`"]
        case "\u{2260}": help = ["not equal is written `!=`"]
        case "\u{A0}", "\u{2002}", "\u{2003}", "\u{2009}", "\u{200B}", "\u{202F}", "\u{3000}", "\u{FEFF}":
            help = ["replace it by an ordinary space"]
        default: break
        }
        // Several of them in a row are one mistake.
        if let last = out.tokens.last, last.kind == .invalid, Int(last.end) == start {
            out.tokens[out.tokens.count - 1].end = Int32(position)
            return
        }
        let visible =
            scalar.value > 32 && scalar.value != 127 && !scalar.properties.isWhitespace
            && scalar.properties.generalCategory != .format && scalar.properties.generalCategory != .control
        let code = String(scalar.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
        report(
            .unexpectedCharacter, visible ? "unexpected character `\(text)`" : "unexpected character U+\(padded)",
            start, position, help: help)
        emit(.invalid, start, position)
    }
}
