// Scenarios about the ends of streams.
//
// Invariants
// - A reader learns of the end neither before the last message nor never: both are checked, with every way in which the last
//   writer can go.

import Glibc
import ProcRuntime

extension Scenarios {
    static let streams: [String: Scenario] = [
        "pipeline": { p, n in
            let n = n == 0 ? 100 : n
            let a = try p.channel()
            let b = try p.channel()
            let all = [
                try p.start("numbers", [a.writer]) { q in
                    for i in 1...n { if let x = q.send(a, i) { throw Failed(text: "\(x)") } }
                    return 0
                },
                try p.start("squares", [a.reader, b.writer]) { q in
                    while case .value(let v) = q.receive(a) { q.send(b, v * v) }
                    return 0
                },
                try p.start("total", [b.reader]) { q in
                    var sum = 0
                    while case .value(let v) = q.receive(b) { sum += v }
                    return sum
                },
            ]
            let results = try p.parallel(all)
            try check(results[2] == .value(n * (n + 1) * (2 * n + 1) / 6), "\(results)")
        },
        "selfend": { p, _ in
            // The only holder of both ends waits for itself: the end, at once; with a timeout: the timeout.
            let c = try p.channel(4)
            try check(p.receive(c, timeout: 20) == .timedOut, "timed")
            p.send(c, 5)
            try check(p.receive(c) == .value(5), "data first")
            try check(p.receive(c) == .ended, "end")
            p.send(c, 6)
            try check(p.receive(c) == .value(6), "still usable")
        },
        "drain": { p, _ in
            let q = try p.channel(Int.max)
            let child = try p.start("fill", [q.writer]) { f in
                for i in 0..<100 { if let x = f.send(q, i) { throw Failed(text: "\(x)") } }
                return 0
            }
            let results = try p.parallel([child])
            try check(results == [.value(0)], "fill: \(results)")
            var n = 0
            while case .value(let v) = p.receive(q) { try check(v == n, "order"); n += 1 }
            try check(n == 100, "all \(n)")
        },
        "noreader": { p, _ in
            // The consumer stops early: the producer's next send is closed, although the parent has the end.
            let c = try p.channel()
            let producer = try p.start("producer", [c.writer]) { q in
                var n = 0
                while true {
                    let x = q.send(c, n)
                    if x == .ended { return n }
                    if x != nil { throw Failed(text: "\(x!)") }
                    n += 1
                }
            }
            let consumer = try p.start("consumer", [c.reader]) { q in
                for _ in 0..<3 { _ = q.receive(c) }
                return 0
            }
            let results = try p.parallel([producer, consumer])
            try check(results == [.value(3), .value(0)], "\(results)")
        },
        "cowaiters": { p, _ in
            // Two processes with both ends of one channel, both receiving: the end, for both.
            let c = try p.channel()
            let work: (Probe) throws -> Int = { q in
                let got = q.receive(c)
                return got == .ended ? 1 : 0
            }
            let a = try p.start("a", [c.both], work)
            let b = try p.start("b", [c.both], work)
            let results = try p.parallel([a, b])
            try check(results == [.value(1), .value(1)], "\(results)")
        },
        "othersopen": { p, _ in
            // A parent that waits in parallel for others keeps the stream open for a process it only started.
            let c = try p.channel()
            let reader = try p.start("reader", [c.reader]) { q in
                let got = q.receive(c, timeout: 3000)
                return got == .value(9) ? 1 : 0
            }
            let other = try p.start("other") { q in
                try q.sleep(50)
                return 0
            }
            _ = try p.parallel([other])
            try check(p.send(c, 9) == nil, "send")
            try check(p.join(reader) == .value(1), "reader")
        },
        "joinlends": { p, _ in
            let c = try p.channel()
            let reader = try p.start("reader", [c.reader]) { q in q.receive(c) == .ended ? 1 : 0 }
            try p.sleep(20)
            try check(p.join(reader, timeout: 60) == .timedOut, "a timed join lends nothing")
            try check(p.join(reader) == .value(1), "an untimed one does")
        },
        "grandchild": { p, _ in
            let c = try p.channel()
            let child = try p.start("child", [c.reader]) { q in
                let g = try q.start("grandchild", [c.reader]) { r in r.receive(c) == .ended ? 1 : 0 }
                guard case .value(let v) = q.join(g) else { return -1 }
                return v
            }
            try check(p.join(child) == .value(1), "grandchild")
        },
        "mobile": { p, n in
            // Requests carry reply channels; the server holds their writing ends only while it answers.
            let requests = try p.channel()
            let server = try p.start("server", [requests.reader]) { q in
                var served = 0
                while case .bytes(let b) = q.receive(requests) {
                    var raw: UInt64 = 0
                    withUnsafeMutableBytes(of: &raw) { $0.copyBytes(from: b[0..<8]) }
                    let reply = Chan(ref: ObjectRef(raw: raw), kind: .channel)
                    if let x = q.send(reply, Int(b[8])) { throw Failed(text: "reply: \(x)") }
                    q.close(reply.writer)
                    served += 1
                }
                return served
            }
            let n = n == 0 ? 50 : n
            let clients = try (0..<3).map { i in
                try p.start("client\(i)", [requests.writer]) { q in
                    for k in 0..<n {
                        let reply = try q.channel()
                        let raw = withUnsafeBytes(of: reply.ref.raw) { Array($0) }
                        if let x = q.send(requests, bytes: raw + [UInt8(k & 0xff)], ends: [reply.writer]) { throw Failed(text: "request: \(x)") }
                        q.close(reply.writer)
                        let got = q.receive(reply)
                        if got != .value(k & 0xff) { throw Failed(text: "got \(got)") }
                        let end = q.receive(reply)
                        if end != .ended { throw Failed(text: "end \(end)") }
                        q.close(reply.reader)
                    }
                    return 0
                }
            }
            let results = try p.parallel([server] + clients)
            try check(results == [.value(3 * n), .value(0), .value(0), .value(0)], "\(results)")
        },
        "dropped": { p, _ in
            // A request that dies unread with its server releases the reply end inside it.
            let requests = try p.channel(4)
            let reply = try p.channel()
            let server = try p.start("server", [requests.reader]) { q in
                try q.sleep(100)
                return 0
            }
            p.close(requests.reader)
            try check(p.send(requests, bytes: [1], ends: [reply.writer]) == nil, "request")
            p.close(reply.writer)
            try check(p.receive(reply) == .ended, "reply ended")
            try check(p.join(server) == .value(0), "server")
        },
        "poison": { p, _ in
            let c = try p.channel()
            let waiters = try (0..<3).map { i in
                try p.start("w\(i)", [c.both]) { q in (i == 0 ? q.send(c, 1, timeout: 5000) : q.receive(c, timeout: 5000)) == .poisoned ? 1 : 0 }
            }
            // One of the receivers takes what w0 sends; poison ends the rest.
            try p.sleep(50)
            try p.r.poison(c.ref)
            let results = waiters.map { p.join($0) }
            try check(results.contains(.value(1)), "\(results)")
            try check(p.receive(c) == .poisoned && p.send(c, 1) == .poisoned, "for ever")
        },
        "killedwriter": { p, _ in
            let c = try p.channel()
            let writer = try p.start("writer", [c.writer]) { q in
                try q.sleep(60000)
                return 0
            }
            p.close(c.writer)
            let reader = try p.start("reader", [c.reader]) { q in q.receive(c) == .ended ? 1 : 0 }
            try p.sleep(30)
            p.r.kill(writer)
            try check(p.join(reader, timeout: 5000) == .value(1), "reader")
            try check(p.join(writer) == .killed(9), "writer")
        },
    ]
}
