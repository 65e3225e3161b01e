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

    /// Runs it with the built program: at most `seconds`.
    func check(seconds: Double) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("network-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appendingPathComponent("network.proc")
        let printed = folder.appendingPathComponent("out")
        try text.write(to: script, atomically: true, encoding: .utf8)
        FileManager.default.createFile(atPath: printed.path, contents: nil)
        let file = try FileHandle(forWritingTo: printed)
        let process = Process()
        let program = ProcessInfo.processInfo.environment["PROCLANG"] ?? ""
        process.executableURL = program.isEmpty ? Corpus.root.appendingPathComponent(".build/debug/proclang") : URL(fileURLWithPath: program)
        process.arguments = [script.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { usleep(2000) }
        let hangs = process.isRunning
        if hangs { process.terminate() }
        process.waitUntilExit()
        let found = (try? String(contentsOf: printed, encoding: .utf8)) ?? ""
        if hangs { throw FuzzFinding(description: "still running after \(seconds) s; it had printed:\n\(found)") }
        if found != output || process.terminationStatus != 0 {
            throw FuzzFinding(description: "expected \(output)found, with status \(process.terminationStatus), \(found)")
        }
    }
}
