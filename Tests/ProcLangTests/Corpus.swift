// Where the programs of the repository are, for tests over all of them.

import Foundation

enum Corpus {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every `.proc` file under Scripts and Tests, in a fixed order.
    static func programs() -> [URL] {
        ["Scripts", "Tests"].flatMap { folder -> [URL] in
            let files = FileManager.default.enumerator(at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
            return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "proc" }
        }.sorted { $0.path < $1.path }
    }

    /// The texts that the fuzzer found.
    static func findings() -> [URL] {
        let folder = root.appendingPathComponent("Tests/Fuzz")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "fuzz" }.sorted { $0.path < $1.path }
    }

    /// The programs in README.md and docs/, with their places.
    static func documented() -> [(place: String, text: String)] {
        let docs = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("docs").path)) ?? []
        let pages = ["README.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
        var result: [(String, String)] = []
        for page in pages {
            guard let text = try? String(contentsOf: root.appendingPathComponent(page), encoding: .utf8) else { continue }
            var program: String?
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if line == "```proc" {
                    program = ""
                } else if line == "```", let finished = program {
                    result.append(("\(page), program that ends in line \(number + 1)", finished))
                    program = nil
                } else if program != nil {
                    program? += line + "\n"
                }
            }
        }
        return result
    }
}
