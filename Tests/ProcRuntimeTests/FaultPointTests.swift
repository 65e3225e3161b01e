// The source of the runtime, looked at: behind every store to shared memory stands a fault point, so that
// Scripts/kill-test kills there, and every point stands at one place.
//
// What is a store is known by its look. Where a line looks like one and needs no point, `exempt` says why.

import Foundation
import Testing

@Suite("Fault points")
struct FaultPointTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/ProcRuntime")

    private static func match(_ pattern: String) -> NSRegularExpression { try! NSRegularExpression(pattern: pattern) }
    /// An assignment through a pointer or to an element of shared memory, an atomic operation, a copy.
    private static let store = match(
        #"\.pointee(\.\w+)*(\[[^\]]*\])? (=|\+=|-=|\|=|&=|&\+=|&-=) |\bpl_(store|release|swap|cas|add|sub|or|and)(8|16|32|64)\("#
            + #"|\b(memcpy|memset|pl_copy_inline)\(|\b(list|set|bits|w|words\(\w+\)|pl_\w+\([^)]*\))\[[^\]]*\] (=|\|=|&=|&\+=) "#)
    private static let point = match(#"\bfault\(\.(\w+)\)"#)

    /// File, a part of the line, and why there is no point behind it.
    private static let exempt: [(file: String, text: String, why: String)] = [
        ("Arena", "h.pointee", "the arena is made before the first fork"),
        ("Arena", "pl_region_at(", "the arena is made before the first fork"),
        ("Supervisor", "me.pointee", "before the first fork"),
        ("Supervisor", "supervisor_pid", "before the first fork"),
        ("Supervisor", "main_signal", "the root only: with it everything dies"),
        ("Supervisor", "signal_taken", "the root only: with it everything dies"),
        ("Supervisor", "pl_kill_bits", "the root only: with it everything dies"),
        ("Detector", "", "the root only: with it everything dies"),
        ("Snapshot", "set[slot]", "private memory"),
        ("EndTable", "h.pointee", "private memory"),
        ("ManagerClient", "memcpy(reply", "private memory"),
        ("ManagerServer", "memcpy(request", "private memory"),
        ("Output", "memcpy(buffer", "private memory"),
        ("Ring", "pl_copy_inline(target", "private memory"),
        ("Spawn", "memcpy(copied", "private memory"),
        ("Spawn", "memset(start", "private memory"),
        ("Spawn", "memcpy(start", "private memory"),
        ("Choice", "list[", "private memory"),
        ("Lone", "pointee.sent", "a statistic"),
        ("Lone", "pointee.received", "a statistic"),
        ("Choice", "pointee.sent", "a statistic"),
        ("Choice", "pointee.received", "a statistic"),
        ("Communicate", "pointee.sent", "a statistic"),
        ("Communicate", "pointee.received", "a statistic"),
        ("ProcessTable", "former_", "a statistic"),
        ("ProcessTable", "processes_started", "a statistic"),
        ("ProcessTable", "pl_slot_at(index).pointee", "a slot that nobody can see yet; one point behind all"),
        ("WaitRecord", "wait_began", "a statistic"),
        ("WaitRecord", "wait_line", "a statistic"),
        ("Spin", "waker", "a hint"),
        ("Spin", "last_move", "a hint"),
        ("Wakes", "pl_me().pointee.cancel", "a process's word to itself"),
        ("Runtime", "CancelWord.requested", "a process's word to itself"),
        ("TerminalPrompt", "", "what the terminal looks like, for the prompt"),
        ("Element", "", "one atomic element: the point stands behind the operation"),
        ("SharedVariables", "memset(pl_block_bytes", "a block that only its maker knows of"),
        ("Cancellation", "slot_free_hint", "a hint"),
        ("Channels", "pointee.flags = flags", "an object that nobody has yet; the point stands behind its capacity"),
    ]

    private static func files() throws -> [(name: String, lines: [String])] {
        let all = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)!.compactMap { $0 as? URL }
        return try all.filter { $0.pathExtension == "swift" && !$0.path.contains("/Faults/") && !$0.path.contains("/Inspect/") }
            .map { ($0.deletingPathExtension().lastPathComponent, try String(contentsOf: $0, encoding: .utf8).components(separatedBy: "\n")) }
    }

    /// The line without what is behind `//`.
    private static func code(_ line: String) -> String { line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? line }

    private static func has(_ pattern: NSRegularExpression, _ text: String) -> Bool {
        pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    /// A point stands behind the statement that begins in line `i`: next, or, where that goes on over lines or has
    /// branches, before much else.
    private static func isFollowedByPoint(_ lines: [String], _ i: Int) -> Bool {
        let text = code(lines[i]).trimmingCharacters(in: .whitespaces)
        if has(point, text) { return true }
        let isLong = ["guard ", "if ", "case "].contains { text.hasPrefix($0) } || text.hasSuffix("(") || text.hasSuffix(",")
            || text.filter({ $0 == "(" }).count > text.filter({ $0 == ")" }).count || text.hasSuffix("=")
        var left = isLong ? 12 : 1
        for line in lines[(i + 1)...].lazy.map({ code($0).trimmingCharacters(in: .whitespaces) }) {
            if line.isEmpty || ["}", ")", "})", "else {", "} else {"].contains(line) { continue }
            if has(point, line) { return true }
            left -= 1
            if left == 0 { return false }
        }
        return false
    }

    @Test("a point stands behind every store")
    func everyStore() throws {
        var stores = 0
        for (name, lines) in try Self.files() {
            for (i, line) in lines.enumerated() {
                let text = Self.code(line)
                guard Self.has(Self.store, text), !text.contains("own.pointee"), !text.contains("pl_own()"), !text.contains("misordered") else {
                    continue
                }
                stores += 1
                if Self.exempt.contains(where: { $0.file == name && ($0.text.isEmpty || text.contains($0.text)) }) { continue }
                #expect(Self.isFollowedByPoint(lines, i), "\(name).swift:\(i + 1): no fault point behind \(text.trimmingCharacters(in: .whitespaces))")
            }
        }
        #expect(stores > 500)
    }

    @Test("every point stands at one place, and every name in the list stands somewhere")
    func everyPoint() throws {
        var places: [String: [String]] = [:]
        for (name, lines) in try Self.files() {
            for line in lines {
                let text = Self.code(line)
                for found in Self.point.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
                    places[String(text[Range(found.range(at: 1), in: text)!]), default: []].append(name)
                }
                if let found = text.range(of: "refusable(.") {
                    places[String(text[found.upperBound...].prefix { $0 != ")" }), default: []].append(name)
                }
            }
        }
        let list = try String(contentsOf: Self.sources.appendingPathComponent("Faults/FaultPoint.swift"), encoding: .utf8)
        let names = list.components(separatedBy: "\n").map(Self.code).joined(separator: " ").components(separatedBy: "case ").dropFirst()
            .flatMap { $0.components(separatedBy: ",") }
            .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " }\n")) }.filter { !$0.isEmpty }
        #expect(names.count > 500)
        for name in names { #expect(places[name]?.count == 1, "\(name) stands in \(places[name] ?? [])") }
    }

    @Test("what is exempt is there")
    func exemptions() throws {
        let files = try Self.files()
        for (name, text, _) in Self.exempt {
            #expect(files.contains { $0.name == name && $0.lines.contains { text.isEmpty || $0.contains(text) } }, "\(name): \(text)")
        }
    }
}
