// Scenarios of shared variables, user locks and synchronisation.
//
// Invariants
// - Sums are known beforehand: a lost or doubled update is seen at the end.

import Glibc
import ProcRuntime

extension Scenarios {
    static let shared: [String: Scenario] = [
        "cell-kinds": { p, _ in
            let cases: [(ElementKind, Int, Int)] = [
                (.bool, 1, 1), (.int8, -5, -5), (.int8, 127, 127), (.uint8, 200, 200), (.int16, -30000, -30000),
                (.uint16, 65535, 65535), (.int32, -2_000_000_000, -2_000_000_000),
                (.uint32, 4_000_000_000, 4_000_000_000),
                (.int64, .min, .min), (.uint64, -1, -1),
            ]
            for (kind, value, expected) in cases {
                for c in [try p.cell(kind), try p.array(3, kind), try p.cell(kind, lockable: true)] {
                    let i = try p.r.sharedInfo(c).count - 1
                    try check(p.get(c, i) == 0, "\(kind) zero")
                    try p.set(c, value, at: i)
                    try check(p.get(c, i) == expected, "\(kind) \(value): \(try p.get(c, i))")
                    try check(i == 0 || p.get(c, 1) == 0, "\(kind) neighbour")
                    try check(p.kind { _ = try p.get(c, i + 1) } == "index", "index")
                    try check(p.kind { _ = try p.get(c, -1) } == "index", "index")
                }
            }
            for kind in [ElementKind.float32, .float64] {
                let c = try p.cell(kind)
                try p.r.sharedStore(c, 0, (1.5).bitPattern)
                try check(Double(bitPattern: p.r.sharedLoad(c, 0)) == 1.5, "\(kind)")
                var old = (1.5).bitPattern
                try check(p.r.sharedCompareExchange(c, 0, &old, (2.5).bitPattern), "exchange")
                try check(!p.r.sharedCompareExchange(c, 0, &old, (3.5).bitPattern), "exchange of the old")
                try check(Double(bitPattern: old) == 2.5, "present value")
            }
        },
        "counter": { p, n in try counter(p, n, lockable: false) { try $0.add($1, 1) } },
        "counter-lockable": { p, n in try counter(p, n, lockable: true) { try $0.add($1, 1) } },
        "counter-update": { p, n in try counter(p, n, lockable: true) { try $0.update($1, 1) } },
        "counter-lock": { p, n in
            try counter(p, n, lockable: true) { q, c in try q.locked([c]) { try q.set(c, q.get(c) + 1) } }
        },
        "transfer": { p, n in
            let a = try p.cell(lockable: true)
            let b = try p.array(2000, lockable: true)
            try p.set(a, 1000)
            let n = n == 0 ? 2000 : n
            let holds = [End.hold(a, .cell), .hold(b, .array)]
            let movers = try (0..<3).map { k in
                try p.start("mover[\(k)]", holds) { q in
                    for i in 0..<n {
                        try q.locked([b, a]) {
                            try q.set(a, q.get(a) - 1)
                            try q.locked([a]) { try q.set(b, q.get(b, i % 2000) + 1, at: i % 2000) }
                        }
                    }
                    return 0
                }
            }
            let reader = try p.start("reader", holds) { q in
                for _ in 0..<n {
                    let sum = try q.locked([a, b]) { try q.get(a) + q.r.sharedSnapshot(b).reduce(0) { $0 + Int($1) } }
                    try check(sum == 1000, "sum \(sum)")
                }
                return 0
            }
            for m in movers + [reader] { try check(p.join(m) == .value(0), "mover") }
            try check(p.get(a) == 1000 - 3 * n, "a")
        },
        "lock-rollback": { p, _ in
            let a = try p.cell(lockable: true)
            let f = try p.cell(.float64, lockable: true)
            let b = try p.array(100_000, .int32, lockable: true)
            for i in 0..<100_000 { try p.set(b, i, at: i) }
            let holds = [End.hold(a, .cell), .hold(f, .cell), .hold(b, .array)]
            for round in 0..<20 {
                let c = try p.start("dies", holds) { q in
                    _ = try q.locked([a, f, b]) {
                        for i in stride(from: 0, to: 100_000, by: 7) { try q.set(b, -1, at: i) }
                        try q.set(a, 5)
                        try q.set(a, 6)
                        try q.r.sharedStore(f, 0, (9.0).bitPattern)
                        if round % 2 == 0 { kill(getpid(), SIGKILL) }
                        try q.locked([a]) { kill(getpid(), SIGKILL) }
                    }
                    return 0
                }
                // Waits until the lock of the dead is released.
                try p.sleep(2)
                try check(p.get(a) == 0, "a \(try p.get(a))")
                let now = try p.locked([f, b, a]) { try p.r.sharedSnapshot(b) }
                try check(now.enumerated().allSatisfy { $0.offset == Int($0.element) }, "array")
                try check(p.r.sharedLoad(f, 0) == 0, "f")
                try check(p.join(c) == .killed(9), "join")
            }
            let c = try p.start("raises", holds) { q in
                try q.locked([a, b]) {
                    try q.set(a, 5)
                    try q.set(b, 5, at: 4000)
                }
                return 1
            }
            try check(p.join(c) == .value(1), "join")
            try check(p.get(a) == 5 && p.get(b, 4000) == 5, "kept")
        },
        "lock-ends": { p, _ in
            // A process that ends inside a lock keeps its changes and frees it.
            let a = try p.cell(lockable: true)
            let c = try p.start("ends", [.hold(a, .cell)]) { q in
                _ = q.r.lock([a], deadline: .max, line: 0, tryDepth: 0)
                try q.set(a, 7)
                return 0
            }
            try check(p.join(c) == .value(0), "join")
            try check(p.get(a) == 7, "kept")
            try p.locked([a]) {}
        },
        "lock-timeout": { p, _ in
            let a = try p.cell(lockable: true)
            let b = try p.cell(lockable: true)
            let (go, done) = (try p.r.makeEvent(), try p.r.makeEvent())
            let holds = [End.hold(a, .cell), .hold(b, .cell), .hold(go, .event), .hold(done, .event)]
            let holder = try p.start("holder", holds) { q in
                try q.locked([b]) {
                    try q.r.signal(go)
                    try q.wait(done)
                }
                return 0
            }
            try p.wait(go)
            try check(p.kind { try p.locked([a, b], timeout: 20) {} } == "timeout", "timeout")
            let waiter = try p.start("waiter", holds) { q in
                try check(q.kind { try q.locked([a, b]) {} } == "cancelled", "cancel")
                q.r.acceptCancellation()
                try q.locked([a]) { try q.set(a, 1) }
                try check(q.kind { try q.set(b, 3) } == "", "store waits")
                return 0
            }
            try p.sleep(20)
            p.r.cancel(waiter)
            while try p.get(a) == 0 { try p.sleep(1) }
            try check(p.get(a) == 1, "a was released")
            try p.r.signal(done)
            try check(p.join(waiter) == .value(0), "waiter")
            try check(p.join(holder) == .value(0), "holder")
            try check(p.get(b) == 3, "b")
        },
        "lock-kills": { p, n in
            // Transfers between two variables, killed at random instants: the sum stays.
            let a = try p.cell(lockable: true)
            let b = try p.array(3000, .int32, lockable: true)
            try p.set(a, 1_000_000)
            let holds = [End.hold(a, .cell), .hold(b, .array)]
            let rounds = n == 0 ? 100 : n
            for round in 0..<rounds {
                let movers = try (0..<3).map { k in
                    try p.start("mover[\(k)]", holds) { q in
                        var i = k
                        while true {
                            try q.locked([a, b]) {
                                try q.set(a, q.get(a) - 2)
                                i = (i &* 1_103_515_245 &+ 12345) & 0xffff
                                try q.set(b, q.get(b, i % 3000) + 1, at: i % 3000)
                                try q.set(b, q.get(b, i % 1000) + 1, at: i % 1000)
                            }
                        }
                    }
                }
                for m in movers {
                    p.spin(microseconds: p.random(400))
                    p.r.kill(m)
                }
                for m in movers { try check(p.join(m) == .killed(9), "killed") }
                let sum = try p.locked([a, b], timeout: 5000) {
                    try p.get(a) + p.r.sharedSnapshot(b).reduce(0) { $0 + Int(Int64(bitPattern: $1)) }
                }
                try check(sum == 1_000_000, "round \(round): sum \(sum)")
            }
        },
        "lock-fair": { p, _ in
            // Two processes that want the lock all the time do not keep a third from it.
            let a = try p.cell(lockable: true)
            let stop = try p.r.makeEvent()
            let holds = [End.hold(a, .cell), .hold(stop, .event)]
            let greedy = try (0..<2).map { _ in
                try p.start("greedy", holds) { q in
                    while try q.r.level(of: stop) == 0 { try q.locked([a]) { q.spin(microseconds: 200) } }
                    return 0
                }
            }
            for _ in 0..<100 { try p.locked([a]) { try p.set(a, p.get(a) + 1) } }
            try p.r.signal(stop)
            for g in greedy { try check(p.join(g) == .value(0), "greedy") }
            try check(p.get(a) == 100, "count")
        },
        "update-kills": { p, n in
            // Killed in the middle of single operations on lockable variables: no lock stays, nothing is torn.
            let a = try p.cell(lockable: true)
            let b = try p.array(10, .float32, lockable: true)
            let counts = try p.array(4)
            let holds = [End.hold(a, .cell), .hold(b, .array), .hold(counts, .array)]
            for round in 0..<(n == 0 ? 60 : n) {
                let workers = try (0..<4).map { k in
                    try p.start("worker[\(k)]", holds) { q in
                        while true {
                            try q.update(a, 1)
                            try q.set(counts, q.get(counts, k) + 1, at: k)
                            try q.r.sharedStore(b, k, (Double(k)).bitPattern)
                            try check(q.r.sharedSnapshot(b)[k] == (Double(k)).bitPattern, "own element")
                            var old = try q.r.sharedLoad(b, 9)
                            while try !q.r.sharedCompareExchange(b, 9, &old, (Double(bitPattern: old) + 1).bitPattern) {
                            }
                        }
                    }
                }
                for w in workers {
                    p.spin(microseconds: p.random(400))
                    p.r.kill(w)
                }
                for w in workers { try check(p.join(w) == .killed(9), "killed") }
                try p.locked([a, b], timeout: 5000) {}
                let (sum, done) = (try p.get(a), try (0..<4).reduce(0) { try $0 + p.get(counts, $1) })
                try check(sum >= done && sum <= done + 4 * (round + 1), "\(sum) after \(done)")
            }
        },
        "barrier": { p, n in
            let k = 4
            let b = try p.r.makeBarrier(k)
            let c = try p.cell()
            let n = n == 0 ? 500 : n
            let workers = try (0..<k).map { i in
                try p.start("worker[\(i)]", [.hold(b, .barrier), .hold(c, .cell)]) { q in
                    for round in 0..<n {
                        try q.add(c, 1)
                        try q.wait(b)
                        let seen = try q.get(c)
                        try check(seen >= (round + 1) * k && seen <= (round + 2) * k, "round \(round): \(seen)")
                        try q.wait(b)
                    }
                    return 0
                }
            }
            for w in workers { try check(p.join(w) == .value(0), "worker") }
            try check(p.get(c) == k * n, "total")
        },
        "barrier-closed": { p, _ in
            let b = try p.r.makeBarrier(3)
            let workers = try (0..<3).map { i in
                try p.start("worker[\(i)]", [.hold(b, .barrier)]) { q in
                    if i == 2 {
                        try q.sleep(30)
                        return 5
                    }
                    return q.kind { try q.wait(b) } == "closed" ? 1 : 0
                }
            }
            p.r.close(.hold(b, .barrier))
            try check(p.join(workers[0]) == .value(1), "0")
            try check(p.join(workers[1]) == .value(1), "1")
            try check(p.join(workers[2]) == .value(5), "2")
        },
        "barrier-timeout": { p, _ in
            let b = try p.r.makeBarrier(2)
            try check(p.kind { try p.wait(b, timeout: 10) } == "timeout", "timeout")
            try check(p.r.level(of: b) == 0, "nobody waits")
            let w = try p.start("late", [.hold(b, .barrier)]) { q in
                try q.wait(b)
                return 0
            }
            try p.wait(b)
            try check(p.join(w) == .value(0), "late")
            let d = try p.start("dies", [.hold(b, .barrier)]) { q in
                try q.wait(b)
                return 0
            }
            while try p.r.level(of: b) == 0 { try p.sleep(1) }
            p.r.kill(d)
            try check(p.join(d) == .killed(9), "killed")
            try check(p.r.level(of: b) == 0, "the dead does not wait")
        },
        "semaphore": { p, n in
            let s = try p.r.makeSemaphore(2)
            let inside = try p.cell()
            let n = n == 0 ? 500 : n
            let workers = try (0..<4).map { i in
                try p.start("worker[\(i)]", [.hold(s, .semaphore), .hold(inside, .cell)]) { q in
                    for k in 0..<n {
                        if k % 2 == 0 { try q.wait(s) } else { _ = q.r.lock([s], deadline: .max, line: 0, tryDepth: 0) }
                        try q.add(inside, 1)
                        let now = try q.get(inside)
                        try check(now >= 1 && now <= 2, "\(now) inside")
                        try q.add(inside, -1)
                        if k % 2 == 0 { try q.r.signal(s) } else { q.r.unlock([s]) }
                    }
                    return 0
                }
            }
            for w in workers { try check(p.join(w) == .value(0), "worker") }
            try check(p.r.level(of: s) == 2, "permits \(try p.r.level(of: s))")
        },
        "semaphore-death": { p, n in
            let s = try p.r.makeSemaphore(3)
            for round in 0..<(n == 0 ? 50 : n) {
                let workers = try (0..<4).map { i in
                    try p.start("worker[\(i)]", [.hold(s, .semaphore)]) { q in
                        while true {
                            try q.wait(s)
                            if i % 2 == 0 { try q.wait(s, timeout: 1) }
                            if i % 2 == 0 { try q.r.signal(s) }
                            try q.r.signal(s)
                        }
                    }
                }
                for w in workers {
                    p.spin(microseconds: p.random(400))
                    p.r.kill(w)
                }
                for w in workers {
                    let end = p.join(w)
                    try check(end == .killed(9) || end == .failure, "\(end)")
                }
                try check(p.r.level(of: s) == 3, "round \(round): \(try p.r.level(of: s)) permits")
            }
            // One that ends in order hands its permit over; another's release is for the one who acquired.
            let taker = try p.start("taker", [.hold(s, .semaphore)]) { q in
                try q.wait(s)
                return 0
            }
            try check(p.join(taker) == .value(0), "taker")
            try check(p.r.level(of: s) == 2, "handed over")
            try p.r.signal(s)
            try check(p.r.level(of: s) == 3, "released")
        },
        "event": { p, _ in
            let e = try p.r.makeEvent()
            let c = try p.cell()
            let waiters = try (0..<5).map { i in
                try p.start("waiter[\(i)]", [.hold(e, .event), .hold(c, .cell)]) { q in
                    try q.add(c, 1)
                    try q.wait(e)
                    return 1
                }
            }
            while try p.get(c) < 5 { try p.sleep(1) }
            try p.sleep(5)
            try check(p.kind { try p.wait(e, timeout: 5) } == "timeout", "not set")
            try p.r.signal(e)
            try p.r.clear(e)
            for w in waiters { try check(p.join(w) == .value(1), "waiter") }
            try check(p.r.level(of: e) == 0, "cleared")
            try p.r.signal(e)
            try p.wait(e)
        },
        "deadlock-locks": { p, _ in
            // Two variables locked in both orders by nesting.
            let (a, b) = (try p.cell(lockable: true), try p.cell(lockable: true))
            let barrier = try p.r.makeBarrier(2)
            let workers = try [(a, b), (b, a)].map { x, y in
                try p.start("worker", [.hold(a, .cell), .hold(b, .cell), .hold(barrier, .barrier)]) { q in
                    try q.locked([x]) {
                        try q.wait(barrier)
                        return q.kind { try q.locked([y]) { try q.set(y, 1) } } == "deadlock" ? 1 : 0
                    }
                }
            }
            let ends = workers.map { p.join($0) }
            try check(ends == [.value(1), .value(1)], "\(ends)")
        },
        "deadlock-sync": { p, _ in
            // One short at a barrier, nobody to release, nobody to set: everyone who could waits, too.
            let b = try p.r.makeBarrier(3)
            let s = try p.r.makeSemaphore(0)
            let e = try p.r.makeEvent()
            let holds = [End.hold(b, .barrier), .hold(s, .semaphore), .hold(e, .event)]
            for (object, k) in [(b, 2), (s, 1), (e, 3)] {
                let workers = try (0..<k).map { _ in
                    try p.start("worker", holds) { q in
                        // Nobody ends before all have waited: it would be `closed`.
                        let kind = q.kind { try q.wait(object) }
                        try check(kind == "deadlock" || (k == 2 && kind == "closed"), kind)
                        return kind == "deadlock" ? 1 : 2
                    }
                }
                let ends = try p.parallel(workers)
                try check(ends.contains(.value(1)), "\(ends)")
            }
        },
        "no-deadlock": { p, n in
            // Processes that only look stuck: the one who can wake them sleeps, computes, or calls the manager.
            let l = try p.cell(lockable: true)
            let m = try p.managed([0])
            let b = try p.r.makeBarrier(3)
            let s = try p.r.makeSemaphore(0)
            let holds = [End.hold(b, .barrier), .hold(s, .semaphore), .hold(l, .cell), .hold(m, .managed)]
            for _ in 0..<(n == 0 ? 20 : n) {
                let slow = try p.start("slow", holds) { q in
                    try q.locked([l]) {
                        try q.sleep(20)
                        q.spin(microseconds: 60_000)
                        for _ in 0..<500 { try q.call(m, .addToFirst, 1) }
                        try q.wait(b, timeout: 10_000)
                    }
                    try q.r.signal(s)
                    return 0
                }
                let others = try (0..<2).map { i in
                    try p.start("other", holds) { q in
                        try q.wait(b)
                        try q.locked([l]) {}
                        if i == 0 { try q.wait(s) }
                        return 0
                    }
                }
                let ends = try p.parallel([slow] + others)
                try check(ends == [.value(0), .value(0), .value(0)], "\(ends)")
            }
        },
        "barrier-closed-join": { p, _ in
            // The parent holds the barrier, too, but waits for the workers: they can never be three.
            let b = try p.r.makeBarrier(3)
            let workers = try (0..<3).map { i in
                try p.start("worker[\(i)]", [.hold(b, .barrier)]) { q in
                    if i == 2 {
                        try q.sleep(30)
                        return 1
                    }
                    let kind = q.kind { try q.wait(b) }
                    try check(kind == "closed", kind)
                    return 1
                }
            }
            let ends = try p.parallel(workers)
            try check(ends == [.value(1), .value(1), .value(1)], "\(ends)")
        },
        "lock-bench": { p, n in
            let n = n == 0 ? 1_000_000 : n
            func time(_ what: String, _ body: () throws -> Void) throws {
                let start = p.r.monotonicNow()
                for _ in 0..<n { try body() }
                p.say("\(what): \((p.r.monotonicNow() - start) / Int64(n)) ns")
            }
            let c = try p.cell()
            let l = try p.cell(lockable: true)
            let b = try p.array(1000, .float64)
            try time("load") { _ = try p.get(c) }
            try time("add") { try p.add(c, 1) }
            try time("array store") { try p.set(b, 5, at: 500) }
            try time("lockable load") { _ = try p.get(l) }
            try time("lockable store") { try p.set(l, 1) }
            try time("lockable update") { try p.update(l, 1) }
            try time("lock") { try p.locked([l]) { try p.set(l, 1) } }
        },
    ]

    private static func counter(
        _ p: Probe, _ n: Int, lockable: Bool, _ add: @escaping (Probe, ObjectRef) throws -> Void
    ) throws {
        let c = try p.cell(lockable: lockable)
        let n = n == 0 ? 5000 : n
        let workers = try (0..<4).map { i in
            try p.start("worker[\(i)]", [.hold(c, .cell)]) { q in
                for _ in 0..<n { try add(q, c) }
                return 0
            }
        }
        for w in workers { try check(p.join(w) == .value(0), "worker") }
        try check(p.get(c) == 4 * n, "count \(try p.get(c))")
    }
}
