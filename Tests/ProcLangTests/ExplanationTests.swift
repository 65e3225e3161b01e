// The manual of diagnostics: there is a page for every code, and its examples do what it says.

import Testing

@testable import ProcLang

@Suite struct ExplanationTests {
    /// What no short program shows, or what only a running program shows.
    static let withoutStaticExample: Set<DiagnosticCode> = [.tooLong, .compile, .runtime, .importFailed, .importCycle]

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
        let sources = SourceMap()
        let table = GlobalTable()
        var imports: [String: ModuleScope] = [:]
        if let file {
            let scope = ModuleScope(table: table, isInteractive: false)
            scope.isImported = true
            let module = Parser.parse(sources.add(path: file.path, text: Array(file.text.utf8))).module
            _ = Resolver.resolve(module, in: scope, builtins: .forTests, imports: [:])
            imports[file.path] = scope
        }
        let result = Parser.parse(sources.add(path: "main.proc", text: bytes))
        let scope = ModuleScope(table: table, isInteractive: false)
        return result.diagnostics
            + Resolver.resolve(result.module, in: scope, builtins: .forTests, imports: imports)
    }
}

extension BuiltinCatalogue {
    static let forTests: BuiltinCatalogue = {
        var entries: [String: Entry] = [:]
        for name in ["print", "eprint", "max", "min", "len", "list", "sleep", "error", "exit", "assert", "str", "int"] {
            entries[name] = .function(Signature(0, nil))
        }
        return BuiltinCatalogue(entries)
    }()
}
