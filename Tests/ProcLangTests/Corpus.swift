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
}
