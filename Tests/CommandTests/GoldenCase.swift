// A golden case: a script and what it is expected to do.
//
// Owns: which files make a case, and the comparison. The rules (also followed by Scripts/golden): beside
// <case>.proc lie <case>.out (exact standard output, always there), and where needed .err (a text that must
// appear on standard error on each line; `re:` a regular expression, `not:` must not appear; without the file
// nothing may appear), .exit (status, 0 without), .in, .args (one a line), .unordered (empty: the lines of
// .out may come in any order). Expectations in Golden/scripts belong to Scripts/tutorial and Scripts/examples;
// folders named `lib` hold scripts that cases import.

import Foundation
import Testing

struct GoldenCase: Sendable, CustomTestStringConvertible {
    /// Area and name, such as `ends/close_again_does_nothing`.
    let name: String
    let script: URL
    /// The path of the expectations without suffix.
    let base: String

    var testDescription: String { name }

    static let expectations: Set<String> = ["out", "err", "exit", "in", "args", "unordered"]

    /// All cases, and what is wrong with the folder itself (missing or orphaned expectations).
    static let found: (cases: [GoldenCase], trouble: [String]) = {
        var scripts: [String: URL] = [:]  // base path relative to the golden folder -> script
        let manager = FileManager.default
        for folder in ["tutorial", "examples"] {
            let url = Project.root.appendingPathComponent("Scripts/\(folder)")
            for file in (try? manager.contentsOfDirectory(atPath: url.path)) ?? [] where file.hasSuffix(".proc") {
                scripts["scripts/" + file.dropLast(5)] = url.appendingPathComponent(file)
            }
        }
        var orphans: [(base: String, path: String)] = []
        let walker = manager.enumerator(atPath: Project.golden.path)
        while let path = walker?.nextObject() as? String {
            let suffix = (path as NSString).pathExtension
            let base = (path as NSString).deletingPathExtension
            if path.split(separator: "/").dropLast().contains("lib") { continue }
            if suffix == "proc" { scripts[base] = Project.golden.appendingPathComponent(path) }
            if expectations.contains(suffix) { orphans.append((base, path)) }
        }
        var trouble = orphans.filter { scripts[$0.base] == nil }.map { "\($0.path): an expectation without its script" }
        let cases = scripts.sorted { $0.key < $1.key }.map {
            GoldenCase(name: $0.key, script: $0.value, base: Project.golden.appendingPathComponent($0.key).path)
        }
        trouble += cases.filter { $0.text("out") == nil }.map { "\($0.name): no expectation \($0.name).out" }
        return (cases, trouble.sorted())
    }()

    func text(_ suffix: String) -> String? {
        FileManager.default.contents(atPath: "\(base).\(suffix)").map { String(decoding: $0, as: UTF8.self) }
    }

    func run() throws -> ProgramRun {
        let arguments = (text("args") ?? "").split(separator: "\n").map(String.init)
        let input = FileManager.default.contents(atPath: base + ".in") ?? Data()
        return try ProgramRun.of(Project.program, [script.path] + arguments, input: input)
    }

    /// The reasons why a run is wrong; none when it is right.
    func judge(_ run: ProgramRun) -> [String] {
        if run.end == .timedOut {
            return ["it was still running after \(Project.patience) s; it had printed:\n\(run.out)\(run.err)"]
        }
        var reasons: [String] = []
        if !run.leftBehind.isEmpty { reasons.append("left behind: " + run.leftBehind.joined(separator: ", ")) }
        var expected = (text("out") ?? "").components(separatedBy: "\n")
        var printed = run.out.components(separatedBy: "\n")
        if text("unordered") != nil {
            expected.sort()
            printed.sort()
        }
        if expected != printed { reasons.append("standard output differs:\n" + difference(expected, printed)) }
        let status = Int32((text("exit") ?? "0").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        if run.status != status { reasons.append("exit status \(run.status ?? -1), expected \(status)") }
        if let patterns = text("err") {
            for pattern in patterns.split(separator: "\n") { check(String(pattern), in: run.err, &reasons) }
        } else if !run.err.isEmpty {
            reasons.append("standard error is not empty")
        }
        if !reasons.isEmpty && !run.err.isEmpty { reasons.append("standard error was:\n\(run.err.prefix(2000))") }
        return reasons
    }

    private func check(_ pattern: String, in text: String, _ reasons: inout [String]) {
        if pattern.hasPrefix("re:") {
            let expression = try? NSRegularExpression(pattern: String(pattern.dropFirst(3)), options: .anchorsMatchLines)
            let whole = NSRange(text.startIndex..., in: text)
            if expression?.firstMatch(in: text, range: whole) == nil {
                reasons.append("standard error has no match for \(pattern.dropFirst(3))")
            }
        } else if pattern.hasPrefix("not:") {
            if text.contains(pattern.dropFirst(4)) { reasons.append("standard error has: \(pattern.dropFirst(4))") }
        } else if !text.contains(pattern) {
            reasons.append("standard error lacks: \(pattern)")
        }
    }
}

/// The lines around the first place where two texts part, `-` expected and `+` printed.
func difference(_ expected: [String], _ printed: [String]) -> String {
    var same = 0
    while same < min(expected.count, printed.count), expected[same] == printed[same] { same += 1 }
    var lines = expected[max(0, same - 2)..<same].map { "    " + $0 }
    lines += expected[same...].prefix(8).map { "  - " + $0 }
    lines += printed[same...].prefix(8).map { "  + " + $0 }
    return "from line \(same + 1)\n" + lines.map { String($0.prefix(300)) }.joined(separator: "\n")
}
