import Testing

@testable import ProcLang

@Suite("Diagnostics")
struct DiagnosticsTests {
    @Test("a diagnostic shows place, source line, carets, and advice")
    func plain() {
        #expect(
            Checked("let name = 1\nprint(nmae, name)").rendered == """
                error: `nmae` is not defined [undefined-name]
                 --> test.proc:2:7
                  |
                2 | print(nmae, name)
                  |       ^^^^
                  = help: did you mean `name`?

                """)
    }

    @Test("several labels are shown by line")
    func labels() {
        #expect(
            Checked("let a = 1\nprint(a)\nprint(a)\na = 2").rendered == """
                error: `a` is declared with `let` and cannot be assigned [assign-to-constant]
                 --> test.proc:4:1
                  |
                1 | let a = 1
                  |     - declared here
                ...
                4 | a = 2
                  | ^
                  = help: declare it with `var`

                """)
    }

    @Test("carets stand under wide characters, tabs and combining marks as a terminal shows them")
    func width() {
        func caretLine(_ text: String) -> String {
            let lines = Checked(text).rendered.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.count > 4 ? String(lines[4]) : ""
        }
        #expect(caretLine("print(\"日本\", x)") == "  |               ^")
        #expect(caretLine("\tprint(x)") == "  |           ^")
        #expect(caretLine("ab\t(x)") == "  |      ^" || caretLine("print(\t x)") == "  |          ^")
        #expect(caretLine("print(\"e\u{301}\", x)") == "  |            ^")
        #expect(caretLine("print(\"👨‍👩‍👧\", x)") == "  |             ^")
        #expect(caretLine("print(日本)") == "  |       ^^^^")
    }

    @Test("a very long line is cut around the place")
    func longLine() {
        let text =
            "print(" + String(repeating: "1, ", count: 100_000) + "nothing, " + String(repeating: "2, ", count: 1000)
            + ")"
        let lines = Checked(text).rendered.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[3].count < 120)
        #expect(lines[3].contains("nothing"))
        let column = lines[4].firstIndex(of: "^").map { lines[4].distance(from: lines[4].startIndex, to: $0) } ?? 0
        #expect(String(Array(lines[3])[column..<(column + 7)]) == "nothing")
        #expect(lines[4].filter { $0 == "^" }.count == 7)
    }

    @Test("control characters of the source never reach the terminal")
    func control() {
        let rendered = Checked("print(\u{1B}[31m nothing)").rendered
        #expect(!rendered.contains("\u{1B}"))
    }

    @Test("colours only surround what is printed without them")
    func colours() {
        let checked = Checked("let a = 1\na = 2")
        let coloured = DiagnosticRenderer(sources: checked.sources, isColoured: true).render(checked.diagnostics)
        var stripped = ""
        var isInside = false
        for character in coloured {
            if character == "\u{1B}" { isInside = true }
            if !isInside { stripped.append(character) }
            if character == "m" { isInside = false }
        }
        #expect(stripped == checked.rendered)
        #expect(coloured != checked.rendered)
    }

    @Test("JSON for tools")
    func json() {
        let checked = Checked("print(\"é\", nope)")
        #expect(
            checked.diagnostics.map { DiagnosticJSON.render($0, sources: checked.sources) } == [
                #"{"severity":"error","code":"undefined-name","title":"`nope` is not defined","labels":[{"file":"test.proc","#
                    + #""line":1,"column":12,"endLine":1,"endColumn":16,"start":12,"end":16,"text":""}],"notes":[],"help":[]}"#
            ])
        #expect(DiagnosticJSON.string("a\"\\\n\u{1}é") == #""a\"\\\n\u0001é""#)
    }

    @Test("a diagnostic without a place, and one with a note of several lines")
    func withoutPlace() {
        let renderer = DiagnosticRenderer(sources: SourceMap(), isColoured: false)
        let diagnostic = Diagnostic(.error, .runtime, "out of memory", notes: ["a\nb"], help: ["c"])
        #expect(renderer.render(diagnostic) == "error: out of memory\n = note: a\n         b\n = help: c\n")
    }

    @Test("places in texts: ends of lines, ends of files, empty files")
    func places() {
        let sources = SourceMap()
        let file = sources.add(path: "t", text: Array("a\r\nbé\n".utf8))
        #expect(file.lineCount == 3)
        #expect(file.bounds(ofLine: 1) == 0..<1)
        #expect(file.bounds(ofLine: 2) == 3..<6)
        #expect(file.bounds(ofLine: 3) == 7..<7)
        #expect(file.position(at: 6) == (2, 3))
        #expect(file.position(at: 7) == (3, 1))
        #expect(sources.add(path: "u", text: []).position(at: 0) == (1, 1))
        #expect(sources.file(of: Span.none) == nil)
    }

    @Test("codes are distinct")
    func codes() {
        #expect(Set(DiagnosticCode.allCases.map(\.rawValue)).count == DiagnosticCode.allCases.count)
    }
}
