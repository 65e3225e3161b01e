// `proclang fmt` and `proclang explain` from outside: files, statuses, standard input.

import Foundation
import Testing

@Suite("fmt and explain")
struct FmtTests {
    private static let messy = "let x=1\nprint( x )\n"
    private static let tidy = "let x = 1\nprint(x)\n"

    private func run(_ arguments: [String], input: String = "") throws -> ProgramRun {
        try ProgramRun.of(Project.program, arguments, input: Data(input.utf8))
    }

    /// A folder of its own for files, removed afterwards.
    private func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fmt-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("inner"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("writes changed files in place and names them; permissions and links stay")
    func inPlace() throws {
        try inFolder { folder in
            let (messy, tidy, link) = (folder.appendingPathComponent("a.proc"), folder.appendingPathComponent("b.proc"), folder.appendingPathComponent("inner/link.proc"))
            try Self.messy.write(to: messy, atomically: true, encoding: .utf8)
            try Self.tidy.write(to: tidy, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o751], ofItemAtPath: messy.path)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: messy)
            let first = try run(["fmt", link.path, tidy.path])
            #expect(first.end == .exited(0))
            #expect(first.out == link.path + "\n")
            #expect(try String(contentsOf: messy, encoding: .utf8) == Self.tidy)
            #expect(try FileManager.default.attributesOfItem(atPath: messy.path)[.posixPermissions] as? Int == 0o751)
            #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link.path)) != nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.proc", "b.proc", "inner"])
            let second = try run(["fmt", folder.path])
            #expect(second.end == .exited(0))
            #expect(second.out == "")
        }
    }

    @Test("--check changes nothing and exits with 1")
    func check() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("inner/a.proc")
            try Self.messy.write(to: file, atomically: true, encoding: .utf8)
            let checked = try run(["fmt", "--check", folder.path])
            #expect(checked.end == .exited(1))
            #expect(checked.out == file.path + "\n")
            #expect(try String(contentsOf: file, encoding: .utf8) == Self.messy)
            #expect(try run(["fmt", file.path]).end == .exited(0))
            #expect(try run(["fmt", "--check", folder.path]).end == .exited(0))
        }
    }

    @Test("formats standard input to standard output")
    func standardInput() throws {
        let formatted = try run(["fmt", "-"], input: Self.messy)
        #expect(formatted.out == Self.tidy)
        #expect(formatted.end == .exited(0))
        #expect(try run(["fmt", "--check", "-"], input: Self.messy).end == .exited(1))
        #expect(try run(["fmt", "--check", "-"], input: Self.tidy).end == .exited(0))
    }

    @Test("leaves files with syntax errors alone")
    func syntaxErrors() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("a.proc")
            try "let x = = 1\n".write(to: file, atomically: true, encoding: .utf8)
            let refused = try run(["fmt", file.path])
            #expect(refused.end == .exited(2))
            #expect(refused.err.contains("a.proc:1:9"))
            #expect(try String(contentsOf: file, encoding: .utf8) == "let x = = 1\n")
            #expect(try run(["fmt", folder.path + "/missing.proc"]).end == .exited(2))
        }
    }

    @Test("a folder without what its .fmtignore names; all scripts of the repository are formatted")
    func folders() throws {
        try inFolder { folder in
            let manager = FileManager.default
            try manager.createDirectory(at: folder.appendingPathComponent("wrong/deep"), withIntermediateDirectories: true)
            for name in ["a.proc", "b.proc", "wrong/deep/c.proc"] {
                try "let x=1\n".write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            }
            try "# wrong on purpose\nb.proc\nwrong/\n".write(
                to: folder.appendingPathComponent(".fmtignore"), atomically: true, encoding: .utf8)
            let found = try run(["fmt", "--check", folder.path])
            #expect(found.out == "\(folder.path)/a.proc\n")
            #expect(found.end == .exited(1))
            #expect(try run(["fmt", "--check", folder.path + "/b.proc"]).end == .exited(1))
        }
        let whole = try run(["fmt", "--check", Project.root.path])
        #expect(whole.out.isEmpty && whole.err.isEmpty, "\(whole.out)\(whole.err)")
        #expect(whole.end == .exited(0))
    }

    @Test("explains codes, lists them, and offers the nearest")
    func explain() throws {
        let page = try run(["explain", "undefined-name"])
        #expect(page.end == .exited(0))
        #expect(page.out.hasPrefix("undefined-name: ") && page.out.contains("Wrong:") && page.out.contains("Right:"))
        #expect(try run(["explain"]).out.split(separator: "\n").contains { $0.hasPrefix("arity ") })
        let unknown = try run(["explain", "undefind-name"])
        #expect(unknown.end == .exited(2))
        #expect(unknown.err.contains("undefined-name"))
    }

    @Test("explains the kinds of errors by programs that raise them, and by others that do not")
    func explainKinds() throws {
        let list = try run(["explain"]).out.components(separatedBy: "While a program runs:\n\n")
        let kinds = try #require(list.last).split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(kinds.count == 18)
        for kind in kinds where kind != "denied" {
            let page = try run(["explain", kind]).out.components(separatedBy: "\nRaises it:\n\n")
            #expect(page.first?.hasPrefix("\(kind): ") == true)
            let programs = try #require(page.last).components(separatedBy: "\nGoes on:\n\n").map { text in
                text.split(separator: "\n").map { $0.dropFirst(4) }.joined(separator: "\n")
            }
            try #require(programs.count == 2)
            let raised = try run(["-e", programs[0]])
            #expect(raised.err.contains("error: \(kind): ") && !raised.err.contains("warning"), "\(kind): \(raised.err)")
            #expect(raised.end == .exited(kind == "deadlock" ? 3 : 1))
            let handled = try run(["-e", programs[1]])
            #expect(handled.end == .exited(0) && handled.err.isEmpty, "\(kind): \(handled.err)")
        }
    }
}
