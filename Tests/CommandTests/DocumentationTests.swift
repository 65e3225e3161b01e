// Every program in README.md and docs/ runs, and prints what the text says.
//
// The convention, which shows in the rendered text only as far as it should:
// - A block ```proc is a program. It runs in an empty folder, without standard input, must exit with 0, and must
//   write nothing on standard error, unless the comments say otherwise.
// - A block ```output right after it is what it prints, exactly. Without one, what it prints is not looked at.
// - A block ```error holds texts that must appear on standard error, one a line, in any order.
// - HTML comments right before the program: `<!-- exit: 1 -->` is its exit status, `<!-- input: a\nb -->` its
//   standard input, `<!-- args: x y -->` its arguments, `<!-- unordered -->` lets the lines of the output come in any
//   order, `<!-- file: lib.proc -->` keeps the block as a file for all later programs of the page instead of
//   running it, `<!-- check -->` only checks the program.
// - A block ```console is a session in a shell: each line `$ command` is run, with `proclang` on the PATH and the files
//   of the page in the folder, and the lines after it are what it prints, on standard output and error, exactly.

import Foundation
import FoundationXML
import Testing

/// One session of a page.
struct DocumentedSession: CustomTestStringConvertible, Sendable {
    let page: String
    let line: Int
    var commands: [(command: String, output: String)] = []
    var files: [String: Data] = [:]

    var testDescription: String { "\(page):\(line)" }
}

/// One program of a page.
struct DocumentedProgram: CustomTestStringConvertible, Sendable {
    let page: String
    let line: Int
    var text = ""
    var output: String?
    var errors: [String] = []
    var exit: Int32 = 0
    var input = ""
    var arguments: [String] = []
    var isUnordered = false
    var isOnlyChecked = false
    var files: [String: Data] = [:]

    var testDescription: String { "\(page):\(line)" }
}

enum Documentation {
    static let pages: [URL] = {
        let docs = Project.root.appendingPathComponent("docs")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: docs.path)) ?? []
        let pages = [Project.root.appendingPathComponent("README.md")]
            + names.filter { $0.hasSuffix(".md") }.sorted().map { docs.appendingPathComponent($0) }
        return pages.filter { FileManager.default.fileExists(atPath: $0.path) }
    }()

    static let programs: [DocumentedProgram] = pages.flatMap { page in
        programs(in: (try? String(contentsOf: page, encoding: .utf8)) ?? "", page: page.lastPathComponent)
    }

    /// The sessions of all pages.
    static let sessions: [DocumentedSession] = pages.flatMap { page in
        sessions(in: (try? String(contentsOf: page, encoding: .utf8)) ?? "", page: page.lastPathComponent)
    }

    /// The sessions of one page, in order, with the files that stand before them.
    static func sessions(in text: String, page: String) -> [DocumentedSession] {
        var result: [DocumentedSession] = []
        var files: [String: Data] = [:]
        var name: String?
        var block: (language: String, line: Int, lines: [String])?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).enumerated() {
            if let open = block {
                guard line.hasPrefix("```") else {
                    block?.lines.append(line)
                    continue
                }
                block = nil
                if let file = name { files[file] = Data((open.lines.joined(separator: "\n") + "\n").utf8) }
                name = nil
                guard open.language == "console" else { continue }
                var session = DocumentedSession(page: page, line: open.line, files: files)
                for line in open.lines {
                    if line.hasPrefix("$ ") {
                        session.commands.append((String(line.dropFirst(2)), ""))
                    } else if !session.commands.isEmpty {
                        session.commands[session.commands.count - 1].output += line + "\n"
                    }
                }
                result.append(session)
            } else if line.hasPrefix("```") {
                block = (String(line.dropFirst(3)), number + 1, [])
            } else if line.hasPrefix("<!-- file: "), line.hasSuffix(" -->") {
                name = String(line.dropFirst(11).dropLast(4))
            } else {
                name = nil
            }
        }
        return result
    }

    /// The programs of one page, in order.
    static func programs(in text: String, page: String) -> [DocumentedProgram] {
        var result: [DocumentedProgram] = []
        var files: [String: Data] = [:]
        var marks: [(name: String, value: String)] = []
        var accepts = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var number = 0
        while number < lines.count {
            let line = lines[number]
            if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                let words = line.dropFirst(5).dropLast(4).split(separator: ":", maxSplits: 1)
                marks.append((String(words[0]), words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""))
            } else if line.hasPrefix("```") {
                let language = line.dropFirst(3)
                let start = number
                var body = ""
                number += 1
                while number < lines.count, !lines[number].hasPrefix("```") {
                    body += lines[number] + "\n"
                    number += 1
                }
                switch language {
                case "proc":
                    if let name = marks.first(where: { $0.name == "file" })?.value {
                        files[name] = Data(body.utf8)
                        accepts = false
                    } else {
                        var program = DocumentedProgram(page: page, line: start + 1)
                        program.text = body
                        program.files = files
                        for (name, value) in marks { apply(name, value, to: &program) }
                        result.append(program)
                        accepts = true
                    }
                case "output" where accepts: result[result.count - 1].output = body
                case "error" where accepts:
                    result[result.count - 1].errors = body.split(separator: "\n").map(String.init)
                default: accepts = false
                }
                marks = []
            } else if !line.isEmpty {
                marks = []
                accepts = false
            }
            number += 1
        }
        return result
    }

    private static func apply(_ name: String, _ value: String, to program: inout DocumentedProgram) {
        switch name {
        case "exit": program.exit = Int32(value) ?? -1
        case "input": program.input = value.replacingOccurrences(of: "\\n", with: "\n")
        case "args": program.arguments = value.split(separator: " ").map(String.init)
        case "unordered": program.isUnordered = true
        case "check": program.isOnlyChecked = true
        default: program.exit = -1
        }
    }
}

extension DocumentedProgram {
    /// Why the program does not do what its page says; empty if it does.
    func judge() throws -> [String] {
        var files = self.files
        files["main.proc"] = Data(text.utf8)
        let words = isOnlyChecked ? ["check", "main.proc"] : ["main.proc"] + arguments
        let run = try ProgramRun.of(Project.program, words, input: Data(input.utf8), files: files)
        var reasons: [String] = []
        if run.end != .exited(exit) { reasons.append("ended with \(run.end), expected exit \(exit)") }
        if let output, sorted(run.out) != sorted(output) { reasons.append("printed:\n\(run.out)expected:\n\(output)") }
        for text in errors where !run.err.contains(text) { reasons.append("nothing like `\(text)` on standard error") }
        if errors.isEmpty, !run.err.isEmpty || !reasons.isEmpty { reasons.append("standard error:\n\(run.err)") }
        if !run.leftBehind.isEmpty { reasons.append("left behind: \(run.leftBehind.joined(separator: ", "))") }
        return reasons
    }

    private func sorted(_ text: String) -> String {
        isUnordered ? text.split(separator: "\n").sorted().joined(separator: "\n") : text
    }
}

@Suite("Documentation")
struct DocumentationTests {
    @Test("has programs") func found() {
        #expect(Documentation.programs.count >= 50)
    }

    @Test("every program does what its page says", arguments: Documentation.programs)
    func program(_ program: DocumentedProgram) async throws {
        let reasons = try await Limiter.shared.run { try program.judge() }
        if !reasons.isEmpty { Issue.record("\(program.testDescription)\n\(reasons.joined(separator: "\n"))") }
    }

    @Test("every session in a shell goes as its page says", arguments: Documentation.sessions)
    func session(_ session: DocumentedSession) async throws {
        // Under the name that the pages use, wherever the program under test is.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bin-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("proclang").path, withDestinationPath: Project.program)
        let path = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        #expect(!session.commands.isEmpty)
        for (command, output) in session.commands {
            let run = try await Limiter.shared.run {
                try ProgramRun.of(
                    "/bin/sh", ["-c", "exec 2>&1; \(command)"], files: session.files, environment: ["PATH": path])
            }
            #expect(run.out == output, "\(session.testDescription): \(command)")
            #expect(run.leftBehind == [])
        }
    }

    @Test("the picture of the README is a well-formed image that prints what the program prints")
    func picture() throws {
        let picture = try Data(contentsOf: Project.root.appendingPathComponent("docs/network.svg"))
        let parser = XMLParser(data: picture)
        #expect(parser.parse())
        let first = try #require(Documentation.programs.first { $0.page == "README.md" })
        let output = try #require(first.output?.split(separator: "\n").first)
        #expect(String(decoding: picture, as: UTF8.self).contains(">\(output)<"))
    }

    @Test("the two commands of the README are there")
    func twoCommands() throws {
        let text = try String(contentsOf: Project.root.appendingPathComponent("README.md"), encoding: .utf8)
        for command in ["Scripts/proclang Scripts/tutorial/queue.proc", "Scripts/test"] {
            #expect(text.contains("\n    \(command) "))
            for word in command.split(separator: " ") {
                #expect(FileManager.default.fileExists(atPath: Project.root.appendingPathComponent(String(word)).path))
            }
        }
        for link in text.matches(of: #/\]\(([^)#:]+)\)/#) {
            #expect(FileManager.default.fileExists(atPath: Project.root.appendingPathComponent(String(link.1)).path), "\(link.1)")
        }
    }

    @Test("the convention") func convention() throws {
        let page = """
            <!-- file: a.proc -->
            ```proc
            let x = 1
            ```
            <!-- exit: 3 -->
            <!-- args: p q -->
            ```proc
            print(1)
            ```

            ```output
            1
            ```
            text
            ```output
            not for it
            ```
            """
        let found = Documentation.programs(in: page, page: "page.md")
        try #require(found.count == 1)
        #expect(found[0].text == "print(1)\n")
        #expect(found[0].output == "1\n")
        #expect(found[0].exit == 3)
        #expect(found[0].arguments == ["p", "q"])
        #expect(found[0].files.keys.sorted() == ["a.proc"])
        #expect(found[0].line == 7)
    }
}

@Suite("The library's reference")
struct LibraryReferenceTests {
    @Test("docs/library.md is what the library declares; `proclang reference > docs/library.md` makes it anew")
    func isUpToDate() async throws {
        let run = try await Limiter.shared.run { try ProgramRun.of(Project.program, ["reference"]) }
        let written = try String(contentsOf: Project.root.appendingPathComponent("docs/library.md"), encoding: .utf8)
        #expect(run.out == written)
        #expect(run.out.contains("`print("))
    }

    /// All examples of the page in one program, each in a block of its own.
    @Test("the examples of docs/library.md give what the page says")
    func libraryExamples() async throws {
        let page = try String(contentsOf: Project.root.appendingPathComponent("docs/library.md"), encoding: .utf8)
        var program = ""
        var expected = ""
        var count = 0
        for line in page.split(separator: "\n") where line.hasPrefix("  `") {
            let parts = line.dropFirst(3).dropLast().components(separatedBy: "` ")
            guard parts.count == 2, let mark = parts[1].firstIndex(of: "`") else {
                #expect(line.contains("exit") || line.contains("eprint") || line.contains("input"), "no result: \(line)")
                continue
            }
            count += 1
            let result = parts[1][parts[1].index(after: mark)...]
            if parts[1].hasPrefix("prints") {
                program += "{\n\(parts[0])\n}\n"
            } else {
                let (before, last) = Self.lastStatement(parts[0])
                program += "{\n\(before)\nprint(repr(\(last)))\n}\n"
            }
            expected += result + "\n"
        }
        #expect(count > 150)
        let run = try await Limiter.shared.run { try ProgramRun.of(Project.program, ["-e", program]) }
        #expect(run.out == expected)
        #expect(run.err == "to standard error\n" || run.err.isEmpty, "\(run.err)")
    }

    /// `a; b; c` as `a; b; ` and `c`.
    static func lastStatement(_ code: String) -> (String, String) {
        var depth = 0
        var isText = false
        var start = code.startIndex
        var before: Character = " "
        for index in code.indices {
            let character = code[index]
            if character == "\"", before != "\\" { isText.toggle() }
            if !isText {
                if "([{".contains(character) { depth += 1 }
                if ")]}".contains(character) { depth -= 1 }
                if character == ";", depth == 0 { start = code.index(index, offsetBy: 2) }
            }
            before = character
        }
        return (String(code[..<start]), String(code[start...]))
    }
}
