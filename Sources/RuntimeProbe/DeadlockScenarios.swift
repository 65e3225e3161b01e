// Scenarios about deadlocks, and about what only looks like one.
//
// Invariants
// - Who must be told of a deadlock is told within the watchdog; who must not is proved to go on afterwards.

import Glibc
import ProcRuntime

extension Scenarios {
    static let deadlocks: [String: Scenario] = [
        "crossed": { p, _ in
            let a = try p.channel()
            let b = try p.channel()
            let all = [
                try p.start("left", [a.both, b.both]) { q in
                    let x = q.send(a, 1)
                    if x == .deadlocked { return 1 }
                    throw Failed(text: "\(x as Any)")
                },
                try p.start("right", [a.both, b.both]) { q in
                    let x = q.send(b, 1)
                    if x == .deadlocked { return 1 }
                    throw Failed(text: "\(x as Any)")
                },
            ]
            let results = try p.parallel(all)
            try check(results == [.value(1), .value(1)], "\(results)")
        },
        "alone": { p, _ in
            let c = try p.channel()
            try check(p.send(c, 1) == .deadlocked, "a send that nobody receives")
        },
        "partial": { p, _ in
            let a = try p.channel()
            let b = try p.channel()
            let busy = try p.start("busy") { q in
                let end = q.r.monotonicNow() + 1_500_000_000
                while q.r.monotonicNow() < end {}
                return 0
            }
            let one = try p.start("one", [a.reader, b.writer]) { q in
                let got = q.receive(a)
                if got != .deadlocked && got != .ended { throw Failed(text: "\(got)") }
                return got == .deadlocked ? 1 : 0
            }
            let two = try p.start("two", [b.reader, a.writer]) { q in
                let got = q.receive(b)
                if got != .deadlocked && got != .ended { throw Failed(text: "\(got)") }
                return got == .deadlocked ? 1 : 0
            }
            p.close(a.both)
            p.close(b.both)
            let begin = p.r.monotonicNow()
            let r1 = p.join(one)
            let r2 = p.join(two)
            try check(r1 == .value(1) && r2 == .value(1), "\(r1) \(r2)")
            try check(p.r.monotonicNow() - begin < 1_300_000_000, "while the third is busy")
            try check(p.join(busy) == .value(0), "busy")
        },
        "tried": { p, _ in
            // One of two has a handler: it alone gets the deadlock and resolves it.
            let a = try p.channel()
            let b = try p.channel()
            let one = try p.start("guarded", [a.both, b.both]) { q in
                let x = q.send(a, 1, depth: 1)
                if x != .deadlocked { throw Failed(text: "\(x as Any)") }
                guard case .value(let v) = q.receive(b) else { throw Failed(text: "receive") }
                return v
            }
            let two = try p.start("plain", [a.both, b.both]) { q in
                if let x = q.send(b, 5) { throw Failed(text: "\(x)") }
                return 0
            }
            let results = try p.parallel([one, two])
            try check(results == [.value(5), .value(0)], "\(results)")
        },
        "joincycle": { p, _ in
            // A parent joins a child that waits to be received from by it.
            let c = try p.channel()
            let child = try p.start("child", [c.writer]) { q in
                let x = q.send(c, 1)
                if x != .deadlocked { throw Failed(text: "\(x as Any)") }
                return 1
            }
            try check(p.join(child) == .value(1), "child")
        },
        "selectend": { p, _ in
            // Two processes in selects over two channels, each holding all ends: ended for both.
            let a = try p.channel()
            let b = try p.channel()
            let work: (Probe) throws -> Int = { q in
                let x = q.select([q.receiveCase(a), q.receiveCase(b)])
                if x.1 != .ended { throw Failed(text: "\(x)") }
                return 1
            }
            let one = try p.start("one", [a.both, b.both], work)
            let two = try p.start("two", [a.both, b.both], work)
            let results = try p.parallel([one, two])
            try check(results == [.value(1), .value(1)], "\(results)")
        },
        "looksstuck": { p, n in
            // A token in a ring, passed on with pauses: never a deadlock.
            let size = 5
            let cs = try (0..<size).map { _ in try p.channel() }
            let n = n == 0 ? 300 : n
            let all = try (0..<size).map { i in
                try p.start("node\(i)", [cs[i].reader, cs[(i + 1) % size].writer]) { q in
                    if i == 0 { if let x = q.send(cs[1], 0) { throw Failed(text: "start \(x)") } }
                    while true {
                        let got = q.receive(cs[i])
                        if got == .ended { return 0 }
                        guard case .value(let v) = got else { throw Failed(text: "receive: \(got)") }
                        if v >= n { return 0 }
                        if v % 7 == 0 { try q.sleep(1) }
                        let x = q.send(cs[(i + 1) % size], v + 1)
                        if x == .ended { return 0 }
                        if let x { throw Failed(text: "send: \(x)") }
                    }
                }
            }
            let results = try p.parallel(all)
            try check(results.allSatisfy { $0 == .value(0) }, "\(results)")
        },
        "notstuck": { p, _ in
            // Everybody waits without limit, but for one who sleeps.
            let c = try p.channel()
            let sleeper = try p.start("sleeper", [c.writer]) { q in
                try q.sleep(1500)
                q.send(c, 3)
                return 0
            }
            let reader = try p.start("reader", [c.reader]) { q in q.receive(c) == .value(3) ? 1 : 0 }
            let results = try p.parallel([sleeper, reader])
            try check(results == [.value(0), .value(1)], "\(results)")
        },
        "report": { p, _ in
            let a = try p.channel()
            p.r.setName(a.ref, "a")
            let one = CommCase(action: .receive, end: a.reader)
            _ = one
            let child = try p.start("child", [a.writer]) { q in
                var v = 1
                return withUnsafeBytes(of: &v) {
                    let c = CommCase(action: .send, end: a.writer, payload: $0)
                    return withUnsafePointer(to: c) {
                        var mode = CommMode()
                        mode.line = 12
                        if case .deadlocked(let text) = q.r.communicate(UnsafeBufferPointer(start: $0, count: 1), mode: mode) {
                            q.say(text)
                            return 1
                        }
                        return 0
                    }
                }
            }
            try check(p.join(child) == .value(1), "child")
        },
    ]
}
