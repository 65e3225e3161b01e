// The formatter: single rules as pairs of texts, and its promises over every program of the repository.

import Foundation
import Testing

@testable import ProcLang

private func format(_ text: String) throws -> String {
    switch Formatter.format(SourceMap().add(path: "test.proc", text: Array(text.utf8))) {
    case .formatted(let result): return result
    case .refused(let diagnostics): throw Refusal(titles: diagnostics.map(\.title))
    }
}

private struct Refusal: Error {
    let titles: [String]
}

private func treeText(_ text: String) -> String {
    SyntaxDump.text(Parser.parse(SourceMap().add(path: "test.proc", text: Array(text.utf8))).module)
}

/// A text as written and as formatted.
struct FormatCase: CustomTestStringConvertible {
    let name: String
    let before: String
    let after: String
    var testDescription: String { name }
}

@Suite struct FormatterTests {
    @Test(arguments: FormatterTests.cases)
    func style(_ entry: FormatCase) throws {
        let result = try format(entry.before)
        #expect(result == entry.after)
        #expect(try format(result) == result)
        #expect(treeText(result) == treeText(entry.before))
    }

    @Test func refusesSyntaxErrors() {
        #expect(throws: Refusal.self) { try format("let x = = 1\n") }
        #expect(throws: Refusal.self) { try format("print(\"a\n") }
    }

    /// Every program of the repository that parses.
    @Test func corpus() throws {
        let files = Corpus.programs()
        #expect(files.count > 100)
        for file in files {
            // Without invalid UTF-8, which is refused anyway.
            guard let text = try? String(contentsOf: file, encoding: .utf8), let once = try? format(text)
            else { continue }
            #expect(try format(once) == once, "formatting \(file.path) twice")
            #expect(treeText(once) == treeText(text), "the tree of \(file.path)")
            #expect(comments(once) == comments(text), "the comments of \(file.path)")
        }
    }

    /// All programs of the repository are in the canonical style, but those with syntax errors and `# fmt: off`.
    @Test func repositoryStyle() throws {
        var programs = Corpus.documented()
        #expect(programs.count > 50)
        for file in Corpus.programs() {
            if let text = try? String(contentsOf: file, encoding: .utf8) { programs.append((file.path, text)) }
        }
        for (place, text) in programs {
            if let formatted = try? format(text) { #expect(formatted == text, "\(place): run proclang fmt") }
        }
    }

    /// What the program says to people, in order.
    private func comments(_ text: String) -> [String] {
        let source = SourceMap().add(path: "test.proc", text: Array(text.utf8))
        let tokens = Lexer.lex(source).tokens
        let tree = TokenTreeBuilder(source, tokens, SyntaxRoles(Parser.parse(source).module))
        return tree.gaps.flatMap { $0.comments.map(\.text) }
    }
}
