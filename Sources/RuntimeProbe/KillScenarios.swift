// Scenarios in which processes are killed at random instants.
//
// Invariants
// - The victims are killed at instants that nobody chose; what must hold afterwards does not depend on them.
// - Every message that was acknowledged is accounted for at the end.

import Glibc
import ProcRuntime

extension Scenarios {
    static let kills: [String: Scenario] = [
        "slaughter0": { p, n in try slaughter(p, 0, n) },
        "slaughter1": { p, n in try slaughter(p, 1, n) },
        "slaughter16": { p, n in try slaughter(p, 16, n) },
        "slaughterq": { p, n in try slaughter(p, Int.max, n) },
        "killparent": { p, n in
            // A killed process takes its whole subtree with it; the join returns when all are gone.
            for _ in 0..<(n == 0 ? 20 : n) {
                let c = try p.channel()
                let victim = try p.start("victim", [c.writer]) { q in
                    for i in 0..<5 {
                        _ = try q.start("child\(i)", [c.writer]) { g in
                            _ = try g.start("grandchild", [c.writer]) { h in
                                try h.sleep(60000)
                                return 0
                            }
                            try g.sleep(60000)
                            return 0
                        }
                    }
                    q.send(c, 1)
                    try q.sleep(60000)
                    return 0
                }
                p.close(c.writer)
                try check(p.receive(c) == .value(1), "started")
                p.r.kill(victim)
                try check(p.join(victim, timeout: 10000) == .killed(9), "killed")
                try check(p.receive(c, timeout: 1000) == .ended, "their ends are gone")
                p.close(c.reader)
            }
        },
        "spawnkill": { p, n in
            // Killed at any instant of a process's life, also before it has begun.
            var seed: UInt64 = UInt64(bitPattern: p.r.monotonicNow())
            let c = try p.channel()
            for _ in 0..<(n == 0 ? 200 : n) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1
                let child = try p.start("child", [c.both]) { q in
                    let g = try q.start("grandchild", [c.reader]) { _ in 3 }
                    _ = q.join(g)
                    q.send(c, 1, timeout: 1)
                    return 7
                }
                let pause = Int64(seed >> 40) % 2_000_000
                _ = p.r.sleep(until: p.r.monotonicNow() + pause)
                p.r.kill(child)
                let end = p.join(child, timeout: 10000)
                try check(end == .killed(9) || end == .value(7), "\(end)")
            }
            p.close(c.writer)
            try check(p.receive(c, timeout: 1000) == .ended, "all ends are back")
        },
    ]

    /// Producers, consumers and choosers on a few channels; somebody is killed every few milliseconds and
    /// replaced. Nothing hangs, no message arrives twice, and none is lost but those in the hands of the dead.
    private static func slaughter(_ p: Probe, _ capacity: Int, _ kills: Int) throws {
        let kills = kills == 0 ? 100 : kills
        let perProducer = 20000
        let maximum = perProducer * (kills + 8)
        let seen = try p.r.makeShared(element: .uint8, count: maximum, isArray: true, lockable: false)
        let sent = try p.r.makeShared(element: .int64, count: kills + 8, isArray: true, lockable: false)
        let seenEnd = End(object: seen, kind: .array, rights: .hold)
        let sentEnd = End(object: sent, kind: .array, rights: .hold)
        let channels = try (0..<2).map { _ in try p.channel(capacity) }
        var nextProducer = 0

        func producer() throws -> ProcessRef {
            let id = nextProducer
            nextProducer += 1
            return try p.start("producer\(id)", [channels[0].writer, channels[1].writer, sentEnd]) { q in
                for k in 0..<perProducer {
                    let value = id * perProducer + k
                    var bytes = withUnsafeBytes(of: value) { Array($0) }
                    if k % 3 == 0 { bytes += [UInt8](repeating: 7, count: 100) }
                    let outcome = bytes.withUnsafeBytes { raw -> (Int, Got?) in
                        let a = CommCase(action: .send, end: channels[0].writer, payload: raw)
                        let b = CommCase(action: .send, end: channels[1].writer, payload: raw)
                        return k % 2 == 0 ? q.select([a, b]) : q.select([k % 4 == 1 ? a : b])
                    }
                    if outcome.1 == .ended { return k }
                    if let bad = outcome.1 { throw Failed(text: "send: \(bad)") }
                    try q.r.sharedStore(sent, id, UInt64(k + 1))
                }
                return perProducer
            }
        }
        func consumer() throws -> ProcessRef {
            try p.start("consumer", [channels[0].reader, channels[1].reader, seenEnd]) { q in
                var turn = 0
                while true {
                    turn += 1
                    let both = turn % 2 == 0
                    let (_, other) = both
                        ? q.select([q.receiveCase(channels[0]), q.receiveCase(channels[1])])
                        : q.select([q.receiveCase(channels[turn / 2 % 2])], timeout: 20)
                    if other == .ended, both { return 0 }
                    if other == .timedOut || other == .ended { continue }
                    if let other { throw Failed(text: "receive: \(other)") }
                    let value = q.r.received.loadUnaligned(as: Int.self)
                    let before = try q.r.sharedLoad(seen, value)
                    try q.r.sharedStore(seen, value, before + 1)
                    if before != 0 { throw Failed(text: "message \(value) arrived twice") }
                }
            }
        }
        func total() throws -> UInt64 {
            var sum: UInt64 = 0
            for i in 0..<nextProducer { sum += try p.r.sharedLoad(sent, i) }
            return sum
        }

        var producers = try (0..<3).map { _ in try producer() }
        var consumers = try (0..<3).map { _ in try consumer() }
        var seed = UInt64(bitPattern: p.r.monotonicNow())
        var lastTotal: UInt64 = 0
        var consumersKilled = 0
        for round in 0..<kills {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1
            _ = p.r.sleep(until: p.r.monotonicNow() + Int64(seed >> 33) % 3_000_000)
            let index = Int(seed >> 60) % 3
            if seed >> 32 & 1 == 0 {
                p.r.kill(producers[index])
                let end = p.join(producers[index], timeout: 20000)
                try check(end == .killed(9) || end == .value(perProducer), "round \(round) producer: \(end)")
                producers[index] = try producer()
            } else {
                p.r.kill(consumers[index])
                consumersKilled += 1
                let end = p.join(consumers[index], timeout: 20000)
                try check(end == .killed(9), "round \(round) consumer: \(end)")
                consumers[index] = try consumer()
            }
            if round % 10 == 9 {
                let begin = p.r.monotonicNow()
                var now = try total()
                while now == lastTotal {
                    try check(p.r.monotonicNow() - begin < 10_000_000_000, "round \(round): no progress")
                    try p.sleep(5)
                    now = try total()
                }
                lastTotal = now
            }
        }
        for q in producers { p.r.kill(q) }
        for q in producers { _ = p.join(q, timeout: 20000) }
        for c in channels { p.close(c.both) }
        for q in consumers {
            let end = p.join(q, timeout: 100_000)
            try check(end == .value(0), "consumer: \(end)")
        }
        var lost = 0
        var count = 0
        for id in 0..<nextProducer {
            for k in 0..<Int(try p.r.sharedLoad(sent, id)) {
                count += 1
                if try p.r.sharedLoad(seen, id * perProducer + k) == 0 { lost += 1 }
            }
        }
        p.say("\(count) messages, \(kills) kills, \(lost) lost with \(consumersKilled) receivers")
        try check(lost <= consumersKilled, "\(lost) lost, \(consumersKilled) consumers killed")
        p.close(seenEnd)
        p.close(sentEnd)
    }
}
