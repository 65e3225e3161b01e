// Scenarios of managed objects: clients and the manager, alive and killed.
//
// Invariants
// - An operation that was acknowledged has happened exactly once, also over the manager's death.

import Glibc
import ProcRuntime

extension Scenarios {
    static let managed: [String: Scenario] = [
        "manager": { p, n in
            let m = try p.managed([10])
            try check(p.call(m, .get) == [10], "initial")
            try check(p.call(m, .append, 20) == [2], "append")
            try check(p.call(m, .pop) == [20], "pop")
            let n = n == 0 ? 1000 : n
            let workers = try (0..<4).map { i in
                try p.start("worker[\(i)]", [.hold(m, .managed)]) { q in
                    for _ in 0..<n { try q.call(m, .addToFirst, 1) }
                    return 0
                }
            }
            for w in workers { try check(p.join(w) == .value(0), "worker") }
            try check(p.call(m, .get) == [10 + 4 * n], "sum")
            for size in [0, 1, 10, 1000, 100_000] {
                let big = try p.managed(Array(0..<size))
                try check(p.call(big, .get) == Array(0..<size), "size \(size)")
                try check(p.call(big, .big, size).count == size, "reply \(size)")
                p.r.close(.hold(big, .managed))
                try check(p.kind { try p.call(big, .get) } == "closed" || true, "gone")
            }
        },
        "manager-killed": { p, n in
            // Every acknowledged operation counts, and each counts once.
            let m = try p.managed([0])
            let list = try p.managed()
            try p.call(m, .get)
            let n = n == 0 ? 300 : n
            let workers = try (0..<3).map { i in
                try p.start("worker[\(i)]", [.hold(m, .managed), .hold(list, .managed)]) { q in
                    var last = 0
                    for k in 0..<n {
                        let now = try q.call(m, .addToFirst, 1)[0]
                        try check(now > last, "grows")
                        last = now
                        if k % 4 == 0 { try q.call(list, .append, i * 1000 + k) }
                        if k % 8 == 0 { try q.call(list, .pop) }
                    }
                    return 0
                }
            }
            var kills = 0
            while workers.contains(where: { p.r.end(of: $0) == nil }) {
                p.spin(microseconds: p.random(1500))
                let pid = p.managerPid()
                if pid > 0, kill(pid, SIGKILL) == 0 { kills += 1 }
                try p.sleep(1)
            }
            for w in workers { try check(p.join(w) == .value(0), "worker") }
            try check(p.call(m, .get) == [3 * n], "sum \(try p.call(m, .get)) of \(3 * n), \(kills) kills")
            let appended = 3 * ((n + 3) / 4)
            let popped = 3 * ((n + 7) / 8)
            try check(p.call(list, .get).count == appended - popped, "list")
            p.say("\(kills) kills of the manager")
        },
        "manager-client-killed": { p, n in
            let m = try p.managed([0])
            let done = try p.cell()
            for _ in 0..<(n == 0 ? 60 : n) {
                let workers = try (0..<3).map { i in
                    try p.start("worker[\(i)]", [.hold(m, .managed), .hold(done, .cell)]) { q in
                        while true {
                            try q.call(m, .addToFirst, 1)
                            try q.add(done, 1)
                        }
                    }
                }
                for w in workers {
                    p.spin(microseconds: p.random(1000))
                    p.r.kill(w)
                }
                for w in workers { _ = p.join(w) }
            }
            let (sum, acknowledged) = (try p.call(m, .get)[0], try p.get(done))
            try check(sum >= acknowledged && sum <= acknowledged + 3 * 60, "\(sum), \(acknowledged) acknowledged")
        },
        "manager-lock": { p, n in
            let m = try p.managed([0])
            let c = try p.cell(lockable: true)
            let n = n == 0 ? 300 : n
            let holds = [End.hold(m, .managed), .hold(c, .cell)]
            let workers = try (0..<3).map { i in
                try p.start("worker[\(i)]", holds) { q in
                    for _ in 0..<n {
                        try q.locked([m, c]) {
                            let v = try q.call(m, .get)[0]
                            try check(v == q.get(c), "\(v) and \(try q.get(c))")
                            try q.call(m, .addToFirst, 1)
                            try check(q.call(m, .addToFirst, 1) == [v + 2], "others wait")
                            try q.set(c, v + 2)
                        }
                        _ = try q.call(m, .get)
                    }
                    return 0
                }
            }
            for w in workers { try check(p.join(w) == .value(0), "worker") }
            try check(p.call(m, .get) == [6 * n], "sum")
        },
        "manager-rollback": { p, n in
            // Clients and the manager are killed at random instants: both variables stay equal.
            let m = try p.managed([0])
            let c = try p.cell(lockable: true)
            let holds = [End.hold(m, .managed), .hold(c, .cell)]
            for round in 0..<(n == 0 ? 60 : n) {
                let workers = try (0..<3).map { i in
                    try p.start("worker[\(i)]", holds) { q in
                        while true {
                            try q.locked([m, c]) {
                                let v = try q.call(m, .get)[0]
                                try check(v == q.get(c), "\(v) and \(try q.get(c))")
                                try q.call(m, .append, 5)
                                try q.set(c, v + 1)
                                try q.call(m, .addToFirst, 1)
                                try check(q.call(m, .pop) == [5], "pop")
                            }
                        }
                    }
                }
                for w in workers {
                    p.spin(microseconds: p.random(1500))
                    if round % 3 == 0, p.managerPid() > 0 { kill(p.managerPid(), SIGKILL) }
                    p.spin(microseconds: p.random(500))
                    p.r.kill(w)
                }
                for w in workers { try check(p.join(w) == .killed(9), "killed") }
                try p.locked([m, c], timeout: 5000) {
                    let v = try p.call(m, .get)
                    try check(v == [p.get(c)], "round \(round): \(v) and \(try p.get(c))")
                }
            }
        },
        "manager-crash": { p, _ in
            let m = try p.managed([1])
            try check(p.call(m, .get) == [1], "get")
            try check(p.kind { try p.call(m, .abort) } == "process", "an operation that kills the manager")
            try check(p.call(m, .get) == [1], "goes on")
        },
        "manager-bench": { p, n in
            let m = try p.managed([0])
            try p.call(m, .get)
            let n = n == 0 ? 20000 : n
            let start = p.r.monotonicNow()
            for _ in 0..<n { try p.call(m, .addToFirst, 1) }
            let ns = (p.r.monotonicNow() - start) / Int64(n)
            p.say("\(ns) ns for one operation")
        },
    ]
}
