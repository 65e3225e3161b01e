// Networks of processes at random, whose result is known: sources, relays, splitters, mergers and pools of workers,
// joined by channels, buffered channels and queues, started in any order and nesting. Whatever way the values take,
// the collectors must have received each of them once, and the whole network must end by itself.

import Foundation

struct FuzzNetwork {
    /// The program.
    let text: String
    /// What it prints.
    let output: String

    init(random source: FuzzRandom) {
        var random = source
        var channels = 0
        var declarations: [String] = []
        /// Written to by some stage and not yet read.
        var streams: [String] = []
        var stages: [String] = []
        var sum = 0
        var count = 0

        func newStream() -> String {
            channels += 1
            let name = "c\(channels)"
            declarations.append(
                random.pick(["channel \(name)", "channel \(name)(\(1 + random.below(5)))", "queue \(name)", "queue \(name)(\(1 + random.below(3)))"]))
            return name
        }
        func takeStream() -> String { streams.remove(at: random.below(streams.count)) }

        for _ in 0...random.below(4) {
            let stream = newStream()
            let (first, length) = (random.below(1000), random.below(60))
            stages.append("source(\(stream), \(first), \(length))")
            count += length
            sum += length * first + length * (length - 1) / 2
            streams.append(stream)
        }
        for _ in 0..<random.below(10) {
            switch random.below(6) {
            case 0, 1:
                let (input, output) = (takeStream(), newStream())
                stages.append("relay(\(input), \(output))")
                streams.append(output)
            case 2:
                let (input, left, right) = (takeStream(), newStream(), newStream())
                stages.append("split(\(input), \(left), \(right))")
                streams += [left, right]
            case 3 where streams.count > 1:
                let (a, b, output) = (takeStream(), takeStream(), newStream())
                stages.append("merge(\(a), \(b), \(output))")
                streams.append(output)
            case 4:
                let (input, output) = (takeStream(), newStream())
                stages.append("parallel for i in 0..<\(1 + random.below(4)) { relay(\(input), \(output)) }")
                streams.append(output)
            default:
                // A server that answers on a channel sent along with the question.
                let (input, output) = (takeStream(), newStream())
                stages.append("parallel { asker(\(input), \(output), q\(channels)); answerer(q\(channels)) }")
                declarations.append("channel q\(channels)")
                streams.append(output)
            }
        }
        for stream in streams { stages.append("collect(\(stream), count, sum)") }
        // Any order, and some of them one level deeper. Never two unrelated ones below one parent: it would hold the
        // writing end of a stage that has ended until the other one has, too, and so could close a circle.
        for index in stages.indices { stages.swapAt(index, random.below(stages.count)) }
        var items: [String] = []
        while !stages.isEmpty {
            let stage = stages.removeLast()
            switch random.below(5) {
            case 0: items.append("parallel { \(stage) }")
            case 1: items.append("{ \(stage.hasPrefix("parallel") ? stage : "start \(stage)") }")
            case 2: items.append("supervise { \(stage) }")
            default: items.append(stage)
            }
        }
        text = """
            process source(out!, first, n) {
                for i in 0..<n { out ! first + i }
            }
            process relay(inp?, out!) {
                for x in inp { out ! x }
            }
            process split(inp?, left!, right!) {
                for x in inp { select { case left ! x { } case right ! x { } } }
            }
            process merge(a?, b?, out!) {
                loop { select { case a ? x { out ! x } case b ? x { out ! x } closed { return } } }
            }
            process asker(inp?, out!, questions!) {
                for x in inp {
                    channel reply
                    questions ! [x, reply.writer]
                    out ! reply.receive()
                }
            }
            process answerer(questions?) {
                for [x, reply] in questions { reply ! x }
            }
            process collect(inp?, shared count, shared sum) {
                for x in inp { count += 1; sum += x }
            }
            shared count = 0
            shared sum = 0
            \(declarations.joined(separator: "\n"))
            parallel {
                \(items.joined(separator: "\n    "))
            }
            print(count, sum)

            """
        output = "\(count) \(sum)\n"
    }

    /// Runs it with the built program: it must print what is expected, within `seconds`.
    func check(seconds: Double) throws {
        let run = try NetworkRun(text)
        let status = try run.wait(seconds: seconds)
        if run.output != output || status != 0 {
            throw FuzzFinding(description: "expected \(output)found, with status \(status), \(run.output)")
        }
    }

    /// Runs it and kills some of its processes on the way: whatever it prints, it must end within `seconds`, and
    /// leave no process behind.
    func checkUnderFire(seconds: Double, random source: FuzzRandom) throws {
        var random = source
        let run = try NetworkRun(text)
        for _ in 0...random.below(3) {
            usleep(UInt32(1000 * random.below(60)))
            // The first one is the supervisor: with it everything ends.
            if let victim = random.any(of: run.members().filter { $0 != run.pid }) { kill(victim, SIGKILL) }
        }
        _ = try run.wait(seconds: seconds)
        let end = Date().addingTimeInterval(2)
        while !run.members().isEmpty {
            if Date() > end { throw FuzzFinding(description: "left behind: \(run.destroy())") }
            usleep(5000)
        }
    }
}

/// A run of a script by the built program, whose processes are known by a mark in their environment.
private final class NetworkRun {
    private let folder: URL
    private let process = Process()
    private let mark = "FUZZ_RUN=" + UUID().uuidString

    init(_ text: String) throws {
        let manager = FileManager.default
        folder = manager.temporaryDirectory.appendingPathComponent("network-" + UUID().uuidString)
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = folder.appendingPathComponent("network.proc")
        let printed = folder.appendingPathComponent("out")
        try text.write(to: script, atomically: true, encoding: .utf8)
        _ = manager.createFile(atPath: printed.path, contents: nil)
        let file = try FileHandle(forWritingTo: printed)
        var environment = ProcessInfo.processInfo.environment
        let program = environment["PROCLANG"] ?? ""
        let parts = mark.split(separator: "=")
        environment[String(parts[0])] = String(parts[1])
        process.environment = environment
        process.executableURL =
            program.isEmpty ? Corpus.root.appendingPathComponent(".build/debug/proclang") : URL(fileURLWithPath: program)
        process.arguments = [script.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    var pid: pid_t { process.processIdentifier }

    var output: String { (try? String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)) ?? "" }

    /// Waits for the end; the exit status, 128 + n after signal n.
    func wait(seconds: Double) throws -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { usleep(2000) }
        if process.isRunning {
            let alive = destroy()
            process.waitUntilExit()
            throw FuzzFinding(description: "still running after \(seconds) s: \(alive); it had printed:\n\(output)")
        }
        return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    }

    /// The processes of this run that are alive, zombies aside.
    func members() -> [pid_t] {
        let wanted = Data(mark.utf8)
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { entry in
            guard let pid = pid_t(entry), let environment = FileManager.default.contents(atPath: "/proc/\(entry)/environ"),
                environment.range(of: wanted) != nil,
                let stat = FileManager.default.contents(atPath: "/proc/\(entry)/stat").map({ String(decoding: $0, as: UTF8.self) }),
                let close = stat.lastIndex(of: ")"), let state = stat[close...].dropFirst(2).first, state != "Z", state != "X"
            else { return nil }
            return pid
        }
    }

    /// Kills what is left, and names it.
    func destroy() -> String {
        let alive = members()
        let names = alive.map { pid -> String in
            let name = FileManager.default.contents(atPath: "/proc/\(pid)/comm").map { String(decoding: $0, as: UTF8.self) } ?? ""
            return name.trimmingCharacters(in: .whitespacesAndNewlines) + " \(pid)"
        }
        for pid in alive { kill(pid, SIGKILL) }
        return names.joined(separator: ", ")
    }
}
