// What of the runtime shows in its output: scenarios of the probe program whose output is looked at, run from
// outside (posix_spawn; the test runner has many threads and never forks) under a watchdog. Scenarios that judge
// themselves are in ProbeTests.

import Foundation
import Testing

private let probe = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".build/debug/RuntimeProbe").path

/// What a run of the probe printed and how it ended.
private struct Run {
    var status: Int32
    var out: String
    var err: String
    var timedOut = false
}

private func run(_ arguments: [String], input: Data = Data(), seconds: Double = 120) throws -> Run {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("probe-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
    for path in paths { try (path.lastPathComponent == "in" ? input : Data()).write(to: path) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: probe)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: paths[0])
    process.standardOutput = try FileHandle(forWritingTo: paths[1])
    process.standardError = try FileHandle(forWritingTo: paths[2])
    try process.run()
    // The root's death takes every process of the run with it.
    let watchdog = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: watchdog)
    process.waitUntilExit()
    let timedOut = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
    watchdog.cancel()
    func text(_ path: URL) -> String { String(decoding: (try? Data(contentsOf: path)) ?? Data(), as: UTF8.self) }
    return Run(status: process.terminationStatus, out: text(paths[1]), err: text(paths[2]), timedOut: timedOut)
}

@Suite("Output of the runtime", .serialized)
struct ProcRuntimeTests {
    @Test("whole lines, whatever their length, from four processes")
    func linesAreNeverTorn() throws {
        let result = try run(["lines"])
        #expect(result.status == 0)
        let lines = result.out.split(separator: "\n")
        #expect(lines.count == 800)
        for line in lines {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            #expect(parts.count == 3)
            if parts.count == 3, let k = Int(parts[1]) { #expect(parts[2].count == 50 * (k % 200)) }
        }
    }

    @Test("each line of the input goes to one reader")
    func inputIsShared() throws {
        let lines = (0..<5000).map { "line \($0) " + String(repeating: "y", count: $0 % 300) }
        let result = try run(["cat"], input: Data((lines.joined(separator: "\n") + "\nlast").utf8))
        #expect(result.status == 0)
        #expect(result.out.split(separator: "\n").map(String.init).sorted() == (lines + ["last"]).sorted())
    }

    @Test("a deadlock report names processes, lines and channels")
    func report() throws {
        let result = try run(["report"])
        #expect(result.status == 0)
        #expect(result.out.contains("child"))
        #expect(result.out.contains("at line 12 to send to channel a"))
    }
}
