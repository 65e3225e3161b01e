// The manual of diagnostics: there is a page for every code, and its examples do what it says.

import Testing

@testable import ProcLang

@Suite struct ExplanationTests {
    /// What no short program shows, or what only a running program shows.
    static let withoutStaticExample: Set<DiagnosticCode> = [.tooLong, .compile, .runtime]

    @Test func everyCodeHasAPage() {
        #expect(Explanations.all.map(\.code) == DiagnosticCode.allCases)
    }

    @Test(arguments: DiagnosticCode.allCases)
    func examples(_ code: DiagnosticCode) throws {
        let page = try #require(Explanations.page(for: code))
        if !Self.withoutStaticExample.contains(code) {
            let found = diagnostics(page.wrong, page.wrongFile)
            #expect(!found.isEmpty)
            #expect(found.allSatisfy { $0.code == code }, "\(found.map { "\($0.code.rawValue): \($0.title)" })")
            #expect(!page.right.isEmpty)
        }
        if code == .runtime { #expect(diagnostics(page.wrong, nil).isEmpty) }
        let rest = diagnostics(page.right, page.rightFile)
        #expect(rest.isEmpty, "\(rest.map { "\($0.code.rawValue): \($0.title)" })")
    }

    @Test func pagesAreText() throws {
        for page in Explanations.all {
            #expect(page.text().hasPrefix("\(page.code.rawValue): "))
            for line in page.text().split(separator: "\n") where !line.contains("[[[[") { #expect(line.count <= 100, "\(line)") }
        }
        #expect(Explanations.nearest(to: "undefined-nam") == "undefined-name")
        #expect(Explanations.page(named: "no-such-code") == nil)
    }

    private func diagnostics(_ text: String, _ file: Explanation.File?) -> [Diagnostic] {
        // U+FFFD stands for a byte that is not UTF-8.
        let bytes = text.unicodeScalars.flatMap { $0 == "\u{FFFD}" ? [0xE9] : Array(String($0).utf8) }
        let loader = Loader(sources: SourceMap(), globals: GlobalTable(), builtins: Self.builtins) { path in
            guard let file, file.path == path else { throw HostError(kind: "io", message: "there is no file \(path)") }
            return Array(file.text.utf8)
        }
        return loader.load(text: bytes, path: "main.proc", isFile: true).diagnostics
    }

    private static let builtins = LibraryTable().catalogue()
}
