// The scenarios by name.
//
// Invariants
// - Every scenario takes the probe and a number that says how much is to be done; 0 means the usual amount.
// - Each stands for itself: it makes its processes and objects, and leaves none behind.

import Glibc
import ProcRuntime

enum Scenarios {
    typealias Scenario = (Probe, Int) throws -> Void
    static let all: [String: Scenario] = [
        basics, streams, shared, managed, steps, deadlocks, kills, storms, faults, syncFaults, inspections,
    ].reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } }

    /// Processes, results, every flavour of channel.
    static let basics: [String: Scenario] = [
        "hello": { p, _ in
            let child = try p.start("child") { q in
                q.say("hello from a child")
                return 42
            }
            try check(p.join(child) == .value(42), "join")
        },
        "many": { p, n in
            let children = try (0..<(n == 0 ? 100 : n)).map { i in try p.start("child[\(i)]") { _ in i } }
            for (i, c) in children.enumerated() { try check(p.join(c) == .value(i), "child \(i)") }
        },
        "rendezvous": { p, n in try flavour(p, 0, n) },
        "buffer1": { p, n in try flavour(p, 1, n) },
        "buffer16": { p, n in try flavour(p, 16, n) },
        "queue": { p, n in try flavour(p, Int.max, n) },
        "pipe": { p, n in
            let (a, b) = try p.pipe()
            let n = n == 0 ? 1000 : n
            let child = try p.start("echo", [b.both]) { q in
                while case .value(let v) = q.receive(b) { q.send(b, v + 1) }
                return 0
            }
            p.close(b.both)
            for i in 0..<n {
                try check(p.send(a, i) == nil, "send")
                let got = p.receive(a)
                try check(got == .value(i + 1), "echo \(i): \(got)")
            }
            p.close(a.writer)
            try check(p.join(child) == .value(0), "join")
            try check(p.receive(a) == .ended, "end")
        },
        "large": { p, _ in
            let c = try p.channel()
            let sizes = [0, 1, 48, 49, 100, 4000, 32736, 32737, 70000, 1_000_000, 10_000_000]
            let child = try p.start("sender", [c.writer]) { q in
                for s in sizes { q.send(c, bytes: [UInt8](repeating: UInt8(s & 0xff), count: s)) }
                return 0
            }
            for s in sizes {
                let got = p.receive(c)
                guard case .bytes(let b) = got else { throw Failed(text: "size \(s): \(got)") }
                try check(b.count == s && b.allSatisfy { $0 == UInt8(s & 0xff) }, "size \(s)")
            }
            try check(p.join(child) == .value(0), "join")
        },
        "select": { p, n in
            let cs = try (0..<8).map { _ in try p.channel() }
            let n = n == 0 ? 2000 : n
            let children = try cs.enumerated().map { i, c in
                try p.start("s\(i)", [c.writer]) { q in
                    for k in 0..<n { if q.send(c, i * n + k) != nil { throw Failed(text: "send") } }
                    return 0
                }
            }
            for c in cs { p.close(c.writer) }
            var next = [Int](repeating: 0, count: 8)
            for _ in 0..<(8 * n) {
                let (i, other) = p.select(cs.map(p.receiveCase))
                try check(other == nil, "\(other!)")
                try check(p.message() == .value(i * n + next[i]), "order")
                next[i] += 1
            }
            let last = p.select(cs.map(p.receiveCase))
            try check(last.1 == .ended, "end: \(last)")
            for c in children { try check(p.join(c) == .value(0), "join") }
        },
        "bothways": { p, n in
            // Selects on both sides of a ring of rendezvous channels: every value arrives once.
            let n = n == 0 ? 3000 : n
            let a = try p.channel()
            let b = try p.channel()
            let work: (Probe) throws -> Int = { q in
                var sent = 0
                var received = 0
                var sum = 0
                while sent < n || received < n {
                    var v = sent
                    let (i, other) = withUnsafeBytes(of: &v) { bytes in
                        var cases: [CommCase] = []
                        if sent < n {
                            cases.append(CommCase(action: .send, end: a.writer, payload: bytes))
                            cases.append(CommCase(action: .send, end: b.writer, payload: bytes))
                        }
                        if received < n {
                            cases.append(q.receiveCase(a))
                            cases.append(q.receiveCase(b))
                        }
                        let (i, other) = q.select(cases)
                        return (i < 0 ? -1 : (sent < n && i < 2 ? 0 : 1), other)
                    }
                    if other != nil { throw Failed(text: "\(other!) sent \(sent) received \(received)") }
                    if i == 0 { sent += 1 } else {
                        guard case .value(let x) = q.message() else { throw Failed(text: "message") }
                        sum += x
                        received += 1
                    }
                }
                return sum
            }
            let p1 = try p.start("p1", [a.both, b.both], work)
            let p2 = try p.start("p2", [a.both, b.both], work)
            let total = n * (n - 1) / 2
            try check(p.join(p1) == .value(total), "p1")
            try check(p.join(p2) == .value(total), "p2")
        },
        "timeout": { p, _ in
            let c = try p.channel()
            try check(p.receive(c, timeout: 20) == .timedOut, "receive")
            try check(p.send(c, 1, timeout: 20) == .timedOut, "send")
            try check(p.receive(c, immediate: true) == .notReady, "immediate")
            try check(p.send(c, 1, immediate: true) == .notReady, "immediate send")
            let child = try p.start("late", [c.writer]) { q in
                try q.sleep(50)
                q.send(c, 7)
                return 0
            }
            try check(p.receive(c, timeout: 5) == .timedOut, "early")
            try check(p.receive(c, timeout: 5000) == .value(7), "late")
            try check(p.join(child) == .value(0), "join")
        },
        "nested": { p, _ in
            let child = try p.start("outer") { q in
                let inner = try (0..<4).map { i in try q.start("inner\(i)") { _ in i } }
                return try q.parallel(inner).reduce(0) { sum, e in if case .value(let v) = e { return sum + v } else { return -1000 } }
            }
            try check(p.join(child) == .value(6), "sum")
        },
        "killed": { p, _ in
            let child = try p.start("victim") { q in
                let inner = try q.start("grandchild") { g in
                    try g.sleep(60000)
                    return 0
                }
                _ = inner
                try q.sleep(60000)
                return 0
            }
            try p.sleep(30)
            p.r.kill(child)
            try check(p.join(child, timeout: 5000) == .killed(9), "killed")
        },
        "cancel": { p, _ in
            let c = try p.channel()
            let child = try p.start("waiter", [c.both]) { q in
                let got = q.receive(c)
                if got == .cancelled { throw RuntimeError(kind: "cancelled", message: "") }
                throw Failed(text: "\(got)")
            }
            let sleeper = try p.start("sleeper") { q in
                try q.sleep(60000)
                return 0
            }
            try p.sleep(30)
            p.r.cancel(child)
            p.r.cancel(sleeper)
            try check(p.join(child, timeout: 5000) == .cancelled, "cancelled")
            try check(p.join(sleeper, timeout: 5000) == .cancelled, "sleeper")
        },
        "stubborn": { p, _ in
            let child = try p.start("stubborn") { q in
                while true { try? q.sleep(10); q.r.acceptCancellation() }
            }
            p.r.cancel(child)
            try check(p.join(child, timeout: 10000) == .killed(9), "killed after the grace")
        },
        "pingpong": { p, n in
            let a = try p.channel()
            let b = try p.channel()
            let n = n == 0 ? 100_000 : n
            let child = try p.start("pong", [a.reader, b.writer]) { q in
                for _ in 0..<n {
                    guard case .value(let v) = q.receive(a) else { throw Failed(text: "pong") }
                    q.send(b, v)
                }
                return 0
            }
            let begin = p.r.monotonicNow()
            for i in 0..<n {
                p.send(a, i)
                try check(p.receive(b) == .value(i), "ping")
            }
            p.say("\(n) round trips: \(Double(n) * 1e9 / Double(p.r.monotonicNow() - begin)) /s")
            try check(p.join(child) == .value(0), "join")
        },
        "spawnrate": { p, n in
            let n = n == 0 ? 1000 : n
            let begin = p.r.monotonicNow()
            for _ in 0..<n {
                let c = try p.start("c") { _ in 1 }
                let end = p.join(c)
                try check(end == .value(1), "join: \(end)")
            }
            p.say("start+join: \((p.r.monotonicNow() - begin) / Int64(n) / 1000) us")
        },
        "fast": { p, n in
            let c = try p.channel(64)
            let n = n == 0 ? 1_000_000 : n
            let begin = p.r.monotonicNow()
            for i in 0..<n {
                p.send(c, i)
                _ = p.receive(c)
            }
            p.say("send+receive: \((p.r.monotonicNow() - begin) / Int64(n)) ns")
        },
        "stream": { p, n in
            let c = try p.channel(256)
            let n = n == 0 ? 1_000_000 : n
            let child = try p.start("source", [c.writer]) { q in
                for i in 0..<n { q.send(c, i) }
                return 0
            }
            p.close(c.writer)
            let begin = p.r.monotonicNow()
            var count = 0
            while case .value(let v) = p.receive(c) {
                try check(v == count, "order")
                count += 1
            }
            try check(count == n, "count \(count)")
            p.say("\(Double(n) * 1e9 / Double(p.r.monotonicNow() - begin)) messages/s")
            try check(p.join(child) == .value(0), "join")
        },
        "lines": { p, n in
            let children = try (0..<4).map { i in
                try p.start("printer\(i)") { q in
                    for k in 0..<(n == 0 ? 200 : n) { q.say("\(i) \(k) " + String(repeating: "x", count: 50 * (k % 200))) }
                    return 0
                }
            }
            _ = try p.parallel(children)
        },
        "cat": { p, _ in
            let children = try (0..<3).map { i in
                try p.start("reader\(i)") { q in
                    while let line = try q.r.readLine() { q.say(String(decoding: line, as: UTF8.self)) }
                    return 0
                }
            }
            _ = try p.parallel(children)
        },
    ]

    private static func flavour(_ p: Probe, _ capacity: Int, _ n: Int) throws {
        let n = n == 0 ? 5000 : n
        let c = try p.channel(capacity)
        let senders = try (0..<3).map { i in
            try p.start("sender\(i)", [c.writer]) { q in
                for k in 0..<n { if let bad = q.send(c, i * n + k) { throw Failed(text: "send: \(bad)") } }
                return 0
            }
        }
        let receivers = try (0..<3).map { i in
            try p.start("receiver\(i)", [c.reader]) { q in
                var sum = 0
                var last = [-1, -1, -1]
                while true {
                    let got = q.receive(c)
                    if got == .ended { return sum }
                    guard case .value(let v) = got else { throw Failed(text: "receive: \(got)") }
                    if last[v / n] >= v { throw Failed(text: "order: \(v) after \(last[v / n])") }
                    last[v / n] = v
                    sum += v
                }
            }
        }
        let results = try p.parallel(senders + receivers)
        var sum = 0
        for r in results {
            guard case .value(let v) = r else { throw Failed(text: "\(r)") }
            sum += v
        }
        try check(sum == (3 * n) * (3 * n - 1) / 2, "sum \(sum)")
    }
}
