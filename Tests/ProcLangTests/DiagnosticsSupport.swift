// What the tests of the front end share: from a text to tokens, trees, diagnostics.

@testable import ProcLang

/// A text taken through lexer, parser and resolver.
struct Checked {
    let sources: SourceMap
    let source: SourceFile
    let parsed: ParseResult
    let diagnostics: [Diagnostic]

    init(_ text: String, in scope: ModuleScope? = nil) {
        self.init(bytes: Array(text.utf8), in: scope)
    }

    init(bytes: [UInt8], in scope: ModuleScope? = nil) {
        sources = SourceMap()
        source = sources.add(path: "test.proc", text: bytes)
        parsed = Parser.parse(source)
        let moduleScope = scope ?? ModuleScope(table: GlobalTable(), isInteractive: false)
        let resolved = Resolver.resolve(parsed.module, in: moduleScope, builtins: Checked.builtins)
        diagnostics = (parsed.diagnostics + resolved).sortedByPlace()
    }

    var module: Module { parsed.module }
    var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
    var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
    /// `code@line` of each diagnostic.
    var summary: [String] { diagnostics.map { "\($0.code.rawValue)@\(source.line(at: $0.span.start))" } }
    var rendered: String { DiagnosticRenderer(sources: sources, isColoured: false).render(diagnostics) }

    func scope(_ name: String) -> FunctionScope? { module.functions.first { $0.node?.name?.text == name } }
    func global(_ name: String) -> Binding? { module.globals.last { $0.name == name } }
    func local(_ name: String) -> Binding? {
        module.functions.lazy.flatMap(\.locals).first { $0.name == name }
    }

    /// A small library.
    static let builtins = BuiltinCatalogue([
        "print": .function(.init(0, nil, names: ["sep", "end"])),
        "len": .function(.init(1, 1)),
        "sleep": .function(.init(1, 1)),
        "exit": .function(.init(0, 1)),
        "error": .function(.init(2, 2)),
        "namespace": .value,
        "semaphore": .function(.init(1, 1)),
        "sorted": .function(.init(1, 1, names: ["items", "key", "reverse"])),
        "self": .value,
        "math": .module(["sqrt": .function(.init(1, 1)), "pi": .value]),
    ])
}

/// The tree of a text that must parse.
func syntaxTree(_ text: String) -> String {
    let sources = SourceMap()
    let result = Parser.parse(sources.add(path: "test.proc", text: Array(text.utf8)))
    if let first = result.diagnostics.first { return "\(first.code.rawValue): \(first.title)" }
    return SyntaxDump.text(result.module)
}

/// The tokens of a text, without the end.
func tokens(_ text: String) -> [TokenKind] {
    Array(Lexer.lex(SourceMap().add(path: "t", text: Array(text.utf8))).tokens.map(\.kind).dropLast())
}

func lexed(_ text: String) -> LexedText { Lexer.lex(SourceMap().add(path: "t", text: Array(text.utf8))) }
