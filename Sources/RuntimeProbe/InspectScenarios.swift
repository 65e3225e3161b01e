// Looking at a program while everything in it moves: snapshots are taken as fast as possible while processes are born,
// talk, wait for locks, and are killed.

import Glibc
import ProcRuntime

extension Scenarios {
    static let inspections: [String: Scenario] = [
        "inspect": { p, n in
            let a = try p.channel()
            let b = try p.channel(4)
            let lock = try p.cell(lockable: true)
            let ends = [a.both, b.both, End.hold(lock, .cell)]
            let looker = try p.start("looker", ends) { q in try look(q, n == 0 ? 300 : n) }
            var crowd: [ProcessRef] = []
            var born = 0
            while p.r.end(of: looker) == nil {
                crowd.append(
                    try p.start("child[\(born)]", ends) { q in
                        for i in 0..<1000 {
                            q.send(a, i, timeout: 1)
                            _ = q.receive(b, timeout: 1)
                            q.send(b, i, timeout: 1)
                            _ = q.receive(a, timeout: 1)
                            try? q.locked([lock], timeout: 50) { try q.set(lock, i) }
                        }
                        return 0
                    })
                born += 1
                if crowd.count > 12 {
                    let victim = crowd.removeFirst()
                    p.r.kill(victim)
                    _ = p.join(victim, timeout: 10000)
                    p.r.release(victim)
                }
            }
            for child in crowd {
                p.r.kill(child)
                _ = p.join(child, timeout: 10000)
            }
            try check(p.join(looker, timeout: 10000) == .value(1), "the looker")
            let totals = ProgramTotals()
            try check(totals.processes >= UInt64(born) + 2, "\(totals.processes) processes")
        }
    ]

    /// Takes snapshots, and checks that what they say is possible.
    private static func look(_ p: Probe, _ count: Int) throws -> Int {
        var last = ProgramTotals()
        for _ in 0..<count {
            let snapshot = ProgramSnapshot()
            for process in snapshot.processes {
                let isKnown = process.state == .starting || process.name.hasPrefix("child[") || ["probe", "looker", "manager"].contains(process.name)
                try check(isKnown, "the name \(process.name)")
                try check(process.born <= snapshot.time + 1_000_000_000, "born later than now")
                guard let wait = process.wait else { continue }
                try check(wait.began > 0 && wait.began <= p.r.monotonicNow(), "it began to wait at \(wait.began)")
                try check(wait.targets.count <= 2, "\(wait.targets.count) targets")
                try check(!snapshot.describe(wait).isEmpty, "no words for a wait")
            }
            for object in snapshot.objects {
                try check(object.queued >= 0 && object.queued <= object.capacity, "\(object.queued) queued")
                for holder in object.readers + object.writers + object.holders { _ = snapshot.describe(holder) }
            }
            let totals = ProgramTotals()
            try check(totals.processes >= last.processes, "processes were forgotten")
            last = totals
        }
        return 1
    }
}
