import Testing

@testable import ProcLang

@Suite("Lexer")
struct LexerTests {
    @Test("words, keywords, Unicode letters")
    func words() {
        #expect(tokens("process процесс _x limit") == [.process, .name, .name, .name])
        #expect(tokens("naïve 変数2") == [.name, .name])
        #expect(tokens("") == [])
    }

    @Test("comments and a first line for the shell are passed")
    func comments() {
        #expect(tokens("#!/usr/bin/env proclang\nx # y \"\n# z") == [.name])
    }

    @Test("integers in all bases")
    func integers() {
        let text = lexed("42 1_000 0xff 0o17 0b1010 0 9223372036854775807")
        #expect(text.ints == [42, 1000, 255, 15, 10, 0, 9_223_372_036_854_775_807])
        #expect(text.diagnostics.isEmpty)
    }

    @Test("floats and durations, in seconds")
    func floats() {
        let text = lexed("3.14 1e-9 2.5E3 250ms 1.5s 2m 1h 10us")
        #expect(text.floats == [3.14, 1e-9, 2500, 0.25, 1.5, 120, 3600, 0.00001])
        #expect(text.diagnostics.isEmpty)
    }

    @Test("a point after digits is a range or a member, not a float")
    func points() {
        #expect(tokens("1..<3") == [.int, .halfOpenRange, .int])
        #expect(tokens("1...3") == [.int, .ellipsis, .int])
        #expect(tokens("a[2..]") == [.name, .leftBracket, .int, .doubleDot, .rightBracket])
        #expect(tokens("a[..<2]") == [.name, .leftBracket, .halfOpenRange, .int, .rightBracket])
        #expect(tokens("1.5..<2.5") == [.float, .halfOpenRange, .float])
        #expect(tokens("1.upper") == [.int, .dot, .name])
    }

    @Test(
        "numbers that are none",
        arguments: [
            ("99999999999999999999", "number-too-large"), ("0x1ffffffffffffffff", "number-too-large"),
            ("1e999", "number-too-large"), ("12abc", "invalid-number"), ("0x", "invalid-number"),
            ("0b12", "invalid-number"), ("1__0", "invalid-number"), ("1_", "invalid-number"), ("012", "invalid-number"),
        ])
    func badNumbers(text: String, code: String) {
        #expect(lexed(text).diagnostics.map(\.code.rawValue) == [code])
        #expect(tokens(text) == [.invalid])
    }

    @Test("escapes")
    func escapes() {
        let text = lexed(#""a\n\t\"\\\{x\}\u{1F600}\u{e9}""#)
        #expect(text.strings == ["a\n\t\"\\{x}😀é"])
        #expect(text.diagnostics.isEmpty)
        #expect(lexed(#""\q""#).diagnostics.map(\.code) == [.invalidEscape])
        #expect(lexed(#""\u{110000}""#).diagnostics.map(\.code) == [.invalidEscape])
        #expect(lexed(#""\u{}" "\u12""#).diagnostics.map(\.code) == [.invalidEscape, .invalidEscape])
    }

    @Test("raw strings know neither escapes nor values")
    func raw() {
        #expect(lexed(#"'a\n{x}"b'"#).strings == [#"a\n{x}"b"#])
    }

    @Test("values nest quotes and braces")
    func interpolation() {
        #expect(
            tokens(#""a{f("b{c}")}d""#) == [
                .stringStart, .stringText, .valueStart, .name, .leftParen, .stringStart, .stringText, .valueStart,
                .name,
                .valueEnd, .stringEnd, .rightParen, .valueEnd, .stringText, .stringEnd,
            ])
        #expect(
            tokens(#""{ {a: 1}["a"] }""#) == [
                .stringStart, .valueStart, .leftBrace, .name, .colon, .int, .rightBrace, .leftBracket, .string,
                .rightBracket, .valueEnd, .stringEnd,
            ])
    }

    @Test("a format begins at the first colon outside of brackets, and may hold values")
    func formats() {
        #expect(
            tokens(#""{x:>{w}.2f}""#) == [
                .stringStart, .valueStart, .name, .formatStart, .stringText, .valueStart, .name, .valueEnd, .stringText,
                .valueEnd, .stringEnd,
            ])
        #expect(lexed(#""{m[{a: 1}]:.2f}""#).strings == [".2f"])
    }

    @Test("multi-line strings lose their common indentation")
    func multiLine() {
        #expect(lexed("\"\"\"\n    a\n      b\n\n    c\n    \"\"\"").strings == ["a\n  b\n\nc"])
        #expect(lexed("\"\"\"\n    a\n\"\"\"").strings == ["a"])
        #expect(lexed("\"\"\"a\n  b\"\"\"").strings == ["a\nb"])
        #expect(lexed("\"\"\"\n\"\"\"").strings == [""])
        #expect(lexed("\"\"\"\"\"\"").strings == [""])
        #expect(lexed("\"\"\"say \"x\" \"\"\"").strings == ["say \"x\" "])
        #expect(lexed("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"").strings == ["a\nb"])
        #expect(lexed("\"\"\"\n    a\\n  b\n    \"\"\"").strings == ["a\n  b"])
        #expect(lexed("\"\"\"\n    {x}\n      y{z}\n    \"\"\"").strings == ["", "\n  y", ""])
    }

    @Test("a string that is not closed is one error, and the next line is read")
    func unclosed() {
        let text = lexed("let a = \"abc\nlet b = \"{f(\nlet c = 'x\nd")
        #expect(text.diagnostics.map(\.code) == [.unclosedString, .unclosedString, .unclosedString])
        #expect(
            text.tokens.map(\.kind) == [
                .let, .name, .assign, .invalid, .let, .name, .assign, .invalid, .let, .name, .assign, .invalid, .name,
                .endOfFile,
            ])
        #expect(lexed("\"\"\"abc\n").endsInsideString)
        #expect(lexed("\"\"\"abc {x\n").endsInsideString)
        #expect(!lexed("\"abc\n").endsInsideString)
    }

    @Test("invalid UTF-8 is reported at its first byte, and nothing else")
    func invalidUTF8() {
        for bytes: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98], [0x80],
        ] {
            let text = Lexer.lex(SourceMap().add(path: "t", text: Array("a ".utf8) + bytes + Array(" \"b".utf8)))
            #expect(text.diagnostics.map(\.code) == [.invalidUTF8])
            #expect(text.diagnostics.first?.span.start == 2)
        }
        #expect(lexed("\"é€😀\"").diagnostics.isEmpty)
    }

    @Test("characters of no use are named, a run of them once")
    func unexpected() {
        #expect(lexed("a “b” c").diagnostics.map(\.code) == [.unexpectedCharacter, .unexpectedCharacter])
        #expect(lexed("a \u{0}").diagnostics.map(\.title) == ["unexpected character U+0000"])
        #expect(lexed("“““““").diagnostics.count == 1)
    }

    @Test("spans are byte offsets, and lines are marked")
    func spans() {
        let text = lexed("é = 1\n  b")
        #expect(text.tokens.map { [Int($0.start), Int($0.end)] } == [[0, 2], [3, 4], [5, 6], [9, 10], [10, 10]])
        #expect(text.tokens.map(\.startsLine) == [true, false, false, true, false])
    }

    @Test("a long line is read in linear time")
    func longLine() {
        let text = lexed("[" + String(repeating: "1, ", count: 300_000) + "]")
        #expect(text.tokens.count == 600_003)
        #expect(lexed(String(repeating: "\"{", count: 50_000)).diagnostics.count == 1)
    }
}
