// What the real lexer says about real scripts, kept in Scripts/editors/spans.txt: the syntax files of the editors are
// compared with it (Scripts/editors/check), so that no keyword can drift. RECORD=1 in the environment writes it anew.

import Foundation
import Testing

@testable import ProcLang

@Suite("Spans for editors")
struct EditorSpanTests {
    /// The sample has every kind of word; the others are what people read first.
    static let scripts: [String] = {
        let folders = ["Scripts/tutorial", "Scripts/examples"]
        let found = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: Corpus.root.appendingPathComponent(folder).path)) ?? [])
                .filter { $0.hasSuffix(".proc") }.sorted().map { "\(folder)/\($0)" }
        }
        return ["Scripts/editors/sample.proc"] + found
    }()

    @Test("spans.txt is what the lexer says; `RECORD=1 Scripts/test --filter EditorSpanTests` makes it anew")
    func isUpToDate() throws {
        let highlighter = Highlighter(builtins: Interpreter.builtins)
        var text = ""
        for script in Self.scripts {
            let bytes = [UInt8](try Data(contentsOf: Corpus.root.appendingPathComponent(script)))
            text += "== \(script)\n"
            for span in highlighter.spans(of: bytes) {
                let token = String(decoding: bytes[span.start..<span.end], as: UTF8.self)
                text += "\(span.start) \(span.end) \(span.kind.rawValue) \(token.replacing("\n", with: "\\n"))\n"
            }
        }
        let file = Corpus.root.appendingPathComponent("Scripts/editors/spans.txt")
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
        #expect(Self.scripts.count > 10)
    }
}
