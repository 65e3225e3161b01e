// Every diagnostic is shown by a golden case: a script of Tests/Golden in which the checks before running find it, with
// an expectation of what is printed.

import Foundation
import Testing

@testable import ProcLang

@Suite struct DiagnosticCoverageTests {
    /// A text of 2 GiB is in no repository; `compile` has its case below; `runtime` is what fails while running.
    static let elsewhere: Set<DiagnosticCode> = [.tooLong, .compile, .runtime]

    @Test func everyCodeHasAGoldenCase() throws {
        let golden = Corpus.root.appendingPathComponent("Tests/Golden").path
        let builtins = LibraryTable().catalogue()
        var seen: Set<DiagnosticCode> = []
        for url in Corpus.programs() where url.path.hasPrefix(golden) && !url.path.contains("/lib/") {
            let expectation = url.deletingPathExtension().appendingPathExtension("err")
            guard FileManager.default.fileExists(atPath: expectation.path) else { continue }
            let loader = Loader(sources: SourceMap(), globals: GlobalTable(), builtins: builtins) { path in
                do { return try Array(Data(contentsOf: URL(fileURLWithPath: path))) } catch {
                    throw HostError(kind: "io", message: "cannot read \(path)")
                }
            }
            let program = loader.load(text: try Array(Data(contentsOf: url)), path: url.path, isFile: true)
            seen.formUnion(program.diagnostics.map(\.code))
        }
        let missing = Set(DiagnosticCode.allCases).subtracting(seen).subtracting(Self.elsewhere)
        #expect(missing.isEmpty, "no golden case shows \(missing.map(\.rawValue).sorted().joined(separator: ", "))")
    }

    @Test func aFunctionThatIsTooLarge() throws {
        let names = (0..<60_100).map { "let v\($0) = x" }.joined(separator: "\n")
        let sources = SourceMap()
        let parsed = Parser.parse(sources.add(path: "large.proc", text: Array("func f(x) {\n\(names)\n}\nf(1)\n".utf8)))
        let scope = ModuleScope(table: GlobalTable(), isInteractive: false)
        let interpreter = Interpreter(host: TestHost(), sources: sources, globals: scope.table)
        #expect(!(parsed.diagnostics + Resolver.resolve(parsed.module, in: scope, builtins: interpreter.builtins)).hasErrors)
        let found = #expect(throws: Diagnostic.self) { _ = try interpreter.compile(parsed.module, scope: scope) }
        #expect(found?.code == .compile)
        #expect(found?.span.isNone == false)
    }
}
