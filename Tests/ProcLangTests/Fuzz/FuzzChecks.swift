// What must hold for every text, and what for every program that runs.

import ProcVocabulary

@testable import ProcLang

/// A promise that was broken by one text.
struct FuzzFinding: Error, CustomStringConvertible {
    let description: String
}

enum FuzzChecks {
    static let builtins = LibraryTable().catalogue()

    /// Lexer, parser, resolver, compiler, diagnostics and formatter over any bytes. Tells whether it is a program.
    @discardableResult
    static func front(_ text: [UInt8]) throws -> Bool {
        let sources = SourceMap()
        let source = sources.add(path: "fuzz.proc", text: text)
        try lexer(source)
        let parsed = Parser.parse(source)
        let scope = ModuleScope(table: GlobalTable(), isInteractive: false)
        var imports: [String: ModuleScope] = [:]
        for statement in parsed.module.imports {
            imports[statement.path] = ModuleScope(table: scope.table, isInteractive: false)
        }
        let resolved = Resolver.resolve(parsed.module, in: scope, builtins: builtins, imports: imports)
        let all = (parsed.diagnostics + resolved).sortedByPlace()
        for diagnostic in all {
            for label in diagnostic.labels where !label.span.isNone {
                try require(
                    0 <= label.span.start && label.span.start <= label.span.end && Int(label.span.end) <= text.count,
                    "a label lies outside of the text: \(diagnostic.title)")
            }
        }
        let rendered = DiagnosticRenderer(sources: sources, isColoured: true).render(all)
        try require(rendered.unicodeScalars.allSatisfy { $0.value != 0 && $0.value != 7 }, "raw control characters in a message")
        for diagnostic in all { _ = DiagnosticJSON.render(diagnostic, sources: sources) }
        if !parsed.diagnostics.hasErrors { try formatter(source) }
        if !all.hasErrors, parsed.module.imports.isEmpty {
            let interpreter = Interpreter(host: TestHost(), sources: sources, globals: scope.table)
            _ = try? interpreter.compile(parsed.module, scope: scope)
        }
        return !all.hasErrors
    }

    private static func lexer(_ source: SourceFile) throws {
        let lexed = Lexer.lex(source)
        var end: Int32 = 0
        for token in lexed.tokens {
            try require(token.start >= end && token.end >= token.start, "tokens overlap at \(token.start)")
            end = token.end
        }
        try require(Int(end) <= source.text.count && lexed.tokens.last?.kind == .endOfFile, "the last token")
    }

    private static func formatter(_ source: SourceFile) throws {
        guard case .formatted(let once) = Formatter.format(source) else {
            throw FuzzFinding(description: "a program that parses was not formatted")
        }
        let sources = SourceMap()
        let second = sources.add(path: "fuzz.proc", text: Array(once.utf8))
        let parsed = Parser.parse(second)
        try require(
            !parsed.diagnostics.hasErrors, "formatted text does not parse: \(parsed.diagnostics.first?.title ?? "")\n\(once)")
        try require(
            SyntaxDump.text(parsed.module) == SyntaxDump.text(Parser.parse(source).module), "formatting changed the tree\n\(once)")
        guard case .formatted(let twice) = Formatter.format(second) else {
            throw FuzzFinding(description: "formatted text was refused")
        }
        try require(once == twice, "formatting twice changes something\n\(once)\n---\n\(twice)")
        try require(comments(source) == comments(second), "comments were lost\n\(once)")
    }

    private static func comments(_ source: SourceFile) -> [String] {
        let tree = TokenTreeBuilder(source, Lexer.lex(source).tokens, SyntaxRoles(Parser.parse(source).module))
        return tree.gaps.flatMap { $0.comments.map(\.text) }
    }

    /// Runs a program of one process twice, the second time with many collections: it must end, with an error that
    /// a script can name, and print the same.
    static func machine(_ text: String) throws {
        guard let first = try run(text, collectsOften: false) else { return }
        guard let second = try run(text, collectsOften: true) else { return }
        try require(first == second, "two runs differ:\n\(first)\n---\n\(second)")
    }

    /// Runs it, and checks that the machine is left in order: nothing is held for calls that have ended, and all
    /// memory goes with the machine (the heap counts its buffers to zero; the leak sanitizer looks for the rest).
    private static func run(_ text: String, collectsOften: Bool) throws -> String? {
        weak var machine: VM?
        let result = try withExtendedLifetime(TestHost()) { host in
            try run(text, collectsOften: collectsOften, on: host) { machine = $0 }
        }
        try require(machine == nil, "the machine is still referred to")
        return result
    }

    /// The output and the end; nil if the program is refused.
    private static func run(_ text: String, collectsOften: Bool, on host: TestHost, made: (VM) -> Void) throws -> String? {
        let sources = SourceMap()
        let source = sources.add(path: "fuzz.proc", text: Array(text.utf8))
        let parsed = Parser.parse(source)
        let scope = ModuleScope(table: GlobalTable(), isInteractive: false)
        let interpreter = Interpreter(host: host, sources: sources, globals: scope.table, memoryLimit: 32 << 20)
        made(interpreter.vm)
        let all = parsed.diagnostics + Resolver.resolve(parsed.module, in: scope, builtins: interpreter.builtins)
        guard !all.hasErrors, let unit = try? interpreter.compile(parsed.module, scope: scope) else { return nil }
        let outer = Heap.minimumThreshold
        if collectsOften {
            Heap.minimumThreshold = 2048
            interpreter.vm.heap.threshold = 2048
        }
        defer { Heap.minimumThreshold = outer }
        let end: String
        switch interpreter.run(unit) {
        case .value(let value): end = "value \(interpreter.repr(value))"
        case .failure(let failure):
            try require(!failure.kind.isEmpty, "an error without kind")
            end = "failure \(failure.kind): \(failure.message)"
        case .exit(let status): end = "exit \(status)"
        case .cancelled: end = "cancelled"
        }
        let vm = interpreter.vm
        try require(vm.roots.isEmpty && vm.nativeDepth == 0 && vm.pendingError.isNil, "something is held for calls that have ended")
        vm.collect(top: vm.stackBase)
        return host.text + "\n" + end
    }

    private static func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw FuzzFinding(description: what()) }
    }
}
