// The runtime, judged from outside: each scenario of the RuntimeProbe program runs as a program of its own
// (posix_spawn; the test runner has many threads and never forks), under a watchdog, and must exit 0, leave no
// process behind and an arena in which every invariant holds (the probe checks that itself).

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

@Suite("Runtime", .serialized)
struct ProcRuntimeTests {
    /// Scenarios that judge themselves. Those that only measure, or need an input, are not among them.
    static let scenarios: [String] = {
        let special: Set<String> = ["cat", "lines", "report", "fast", "stream", "pingpong", "spawnrate"]
        let listed = (try? run(["list"]))?.out.split(separator: "\n").map(String.init) ?? []
        return listed.filter { !special.contains($0) && !$0.hasSuffix("-bench") }
    }()

    @Test("the probe is there and names its scenarios")
    func probeIsBuilt() {
        #expect(Self.scenarios.count > 40)
    }

    @Test("scenario", arguments: scenarios)
    func scenario(_ name: String) throws {
        let result = try run([name])
        #expect(!result.timedOut, "\(name) hangs: \(result.err)")
        #expect(result.status == 0, "\(name): \(result.err)")
    }

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
