// The runtime under test, from outside: each scenario of the probe program is run as a program of its own (the test
// runner has many threads, so it must not fork), and must end by itself, with status 0 and nothing left behind.
//
// PROBE names another program than the debug build's, PROBE_REPEAT=N runs each scenario N times. The scenarios that kill
// a process after any instruction (`steps-…`) take long in a debug build: they run when PROBE is set.

import Foundation
import Testing

struct ProbeRun {
    var status: Int32?
    var output: String

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let environment = ProcessInfo.processInfo.environment
    static let program = environment["PROBE"] ?? root.appendingPathComponent(".build/debug/RuntimeProbe").path
    static let isChosen = environment["PROBE"] != nil
    static let repeats = environment["PROBE_REPEAT"].flatMap { Int($0) } ?? 1

    /// Runs the probe; `status` is nil when the watchdog had to end it.
    static func of(_ arguments: [String], patience: TimeInterval = 60) throws -> ProbeRun {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("probe-\(UUID().uuidString)")
        FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        var environment = Self.environment
        environment["SWIFT_BACKTRACE"] = "enable=no"
        process.environment = environment
        try process.run()
        let end = Date(timeIntervalSinceNow: patience)
        while process.isRunning, Date() < end { usleep(5000) }
        let inTime = !process.isRunning
        // The root's death is the death of all: the kernel sees to that.
        if !inTime { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let output = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return ProbeRun(status: inTime ? status : nil, output: output)
    }
}

@Suite("Runtime probe", .serialized)
struct ProbeTests {
    static let scenarios: [String] = {
        guard let run = try? ProbeRun.of(["list"]), run.status == 0 else { return [] }
        return run.output.split(separator: "\n").map(String.init).filter {
            !$0.hasSuffix("bench") && !$0.hasSuffix("rate") && (!$0.hasPrefix("steps") || ProbeRun.isChosen)
        }
    }()

    @Test("the probe knows its scenarios")
    func list() { #expect(ProbeTests.scenarios.count > 40) }

    @Test("scenario", arguments: ProbeTests.scenarios)
    func scenario(_ name: String) throws {
        for _ in 0..<ProbeRun.repeats {
            let run = try ProbeRun.of([name])
            // That one's program is to end as one with a failure that nobody joined.
            let expected: Int32 = name == "fault-unjoined" ? 1 : 0
            #expect(run.status == expected, "\(name): \(run.output.prefix(2000))")
        }
    }
}
