// Killed after every instruction: a process executes one operation under a tracer, which lets it do k instructions
// and then kills it, for every k (or, without an argument, for some of them, at other places in each run). After each
// kill the survivors must be able to go on, and the arena checker must find nothing. A step costs some microseconds:
// the release build has the fewest.

import CSystem
import Glibc
import ProcRuntime

extension Scenarios {
    static let steps: [String: Scenario] = [
        "steps-lock": { p, n in
            let a = try p.cell(lockable: true)
            let b = try p.array(2000, .int16, lockable: true)
            try p.set(a, 100)
            try p.everyStep(n, [.hold(a, .cell), .hold(b, .array)]) { q in
                try q.locked([a, b]) {
                    try q.set(a, q.get(a) - 2)
                    try q.set(b, q.get(b, 3) + 1, at: 3)
                    try q.set(b, q.get(b, 1999) + 1, at: 1999)
                    try q.set(a, q.get(a))
                }
            } after: {
                try p.locked([a, b], timeout: 5000) {
                    let sum = try p.get(a) + p.get(b, 3) + p.get(b, 1999)
                    try check(sum == 100, "sum \(sum)")
                    try check(p.get(b, 3) == p.get(b, 1999), "half of it")
                    try p.set(a, 100)
                    try p.set(b, 0, at: 3)
                    try p.set(b, 0, at: 1999)
                }
            }
        },
        "steps-lock-waiter": { p, n in
            // The killed process holds, or gives up, a lock that another one waits for.
            let a = try p.cell(lockable: true)
            let go = try p.r.makeEvent()
            let holds = [End.hold(a, .cell), .hold(go, .event)]
            var waiter: ProcessRef?
            try p.everyStep(n, holds) { q in
                try q.set(a, 7)
                try q.locked([a]) { try q.set(a, 8) }
                try q.update(a, 1)
            } before: {
                // Waits at the lock from before the first step on: the parent holds it until then.
                _ = p.r.lock([a], deadline: .max, line: 0, tryDepth: 0)
                waiter = try p.start("waiter", holds) { q in
                    try q.r.signal(go)
                    for _ in 0..<3 { try q.locked([a], timeout: 5000) {} }
                    return 1
                }
                try p.wait(go)
                try p.r.clear(go)
                p.r.unlock([a])
            } after: {
                try check(p.join(waiter!, timeout: 8000) == .value(1), "the waiter")
                try check([0, 7, 8, 9].contains(p.get(a)), "\(try p.get(a))")
                try p.locked([a], timeout: 5000) { try p.set(a, 0) }
            }
        },
        "steps-semaphore": { p, n in
            let s = try p.r.makeSemaphore(2)
            try p.everyStep(n, [.hold(s, .semaphore)]) { q in
                try q.wait(s)
                try q.wait(s)
                try q.r.signal(s)
                try q.r.signal(s)
            } after: {
                try check(p.r.level(of: s) == 2, "\(try p.r.level(of: s)) permits")
            }
        },
        "steps-event-barrier": { p, n in
            let e = try p.r.makeEvent()
            let b = try p.r.makeBarrier(2)
            let holds = [End.hold(e, .event), .hold(b, .barrier)]
            var other: ProcessRef?
            try p.everyStep(n, holds) { q in
                try q.r.signal(e)
                try q.wait(b)
                try q.r.clear(e)
            } before: {
                other = try p.start("other", holds) { q in
                    try q.wait(e, timeout: 8000)
                    // The first may be dead already.
                    return q.kind { try q.wait(b, timeout: 400) } == "" ? 2 : 1
                }
            } after: {
                try p.r.signal(e)
                let end = p.join(other!, timeout: 9000)
                try check(end == .value(1) || end == .value(2), "\(end)")
                try check(p.r.level(of: b) == 0, "somebody waits at the barrier")
                try p.r.clear(e)
            }
        },
        "steps-make": { p, n in
            // What a dead process had made is gone, whatever it was doing.
            let before = ArenaCheck.usage()
            try p.everyStep(n, []) { q in
                let a = try q.array(300, lockable: true)
                let m = try q.managed([1, 2, 3])
                try q.locked([a, m]) { try q.set(a, 5, at: 200) }
                q.r.close(.hold(a, .array))
                q.r.close(.hold(m, .managed))
            } after: {
                for _ in 0..<200 where ArenaCheck.usage().objects != before.objects { try p.sleep(5) }
                try check(ArenaCheck.usage().objects == before.objects, "objects: \(ArenaCheck.usage())")
            }
        },
        "steps-managed-client": { p, n in
            let m = try p.managed([0, 1])
            try p.call(m, .get)
            try p.everyStep(n, [.hold(m, .managed)]) { q in
                try q.call(m, .addToFirst, 1)
                try q.locked([m]) {
                    try q.call(m, .append, 5)
                    try q.call(m, .pop)
                }
            } after: {
                let now = try p.call(m, .get)
                try check(now == [0, 1] || now == [1, 1], "\(now)")
                try p.call(m, .addToFirst, -now[0])
            }
        },
        "steps-manager": { p, n in
            // The manager itself, while it executes: each operation happens once.
            let m = try p.managed([0, 1])
            try p.call(m, .get)
            var expected = 0
            var total = 1
            var k = 0
            while k < total {
                let client = try p.start("client", [.hold(m, .managed)]) { q in
                    for i in 0..<60 { try q.call(m, i % 2 == 0 ? .append : .pop, 5) }  // makes the log grow
                    try q.call(m, .addToFirst, 1)
                    return try q.locked([m]) {
                        try q.call(m, .append, 5)
                        return try q.call(m, .pop)[0]
                    }
                }
                let pid = p.managerPid()
                try check(pl_trace_attach(pid) == 0, "attach")
                // The client is asking meanwhile; the manager goes on, then dies.
                let wanted = n > 0 ? k * n : p.random(20_000)
                let done = pl_trace_step(pid, wanted)
                kill(pid, SIGKILL)
                pl_trace_await(pid)
                total = n > 0 ? 20_000 / n : 25
                k += 1
                try check(p.join(client, timeout: 20_000) == .value(5), "client after \(done) steps")
                expected += 1
                let now = try p.call(m, .get)
                try check(now == [expected, 1], "\(now) after \(done) steps, expected \(expected)")
                try p.noProblems("after \(done) steps")
            }
            p.say("\(k) kills of the manager")
        },
    ]
}

extension Probe {
    /// Kills `body` after k instructions, for many k. `n` is the distance between two; 0: as many as are done in
    /// about 600,000 steps, at most 150.
    func everyStep(
        _ n: Int, _ ends: [End], body: @escaping (Probe) throws -> Void, before: () throws -> Void = {},
        after: () throws -> Void
    ) throws {
        func child() throws -> ProcessRef {
            try start("victim", ends) { q in
                pl_trace_me()
                try body(q)
                raise(SIGSTOP)
                return 0
            }
        }
        // Once here, so that what Swift and the dynamic linker do at a first time is done.
        try before()
        try body(self)
        try after()
        // How many instructions there are.
        try before()
        let first = try child()
        try check(pl_trace_await(r.pid(of: first)), "stops")
        let total = pl_trace_step(r.pid(of: first), 2_000_000)
        r.kill(first)
        let firstEnd = join(first)
        try check(firstEnd == .killed(9), "\(firstEnd) after \(total) instructions")
        try after()
        let distance = n > 0 ? n : max(1, total / max(8, min(150, 1_200_000 / max(1, total))))
        var kills = 0
        var k = n > 0 ? 0 : random(distance)
        while k <= total {
            try before()
            let victim = try child()
            let pid = r.pid(of: victim)
            try check(pl_trace_await(pid), "stops")
            _ = pl_trace_step(pid, k)
            r.kill(victim)
            try check(join(victim) == .killed(9), "killed")
            do { try after() } catch let error as Failed {
                throw Failed(text: "after \(k) of \(total) steps: \(error.text)")
            }
            try noProblems("after \(k) of \(total) steps")
            kills += 1
            k += n > 0 ? n : 1 + random(2 * distance - 1)
        }
        say("\(total) instructions, \(kills) kills")
    }

    func noProblems(_ when: String) throws {
        var problems = ArenaCheck.problems(quiet: true)
        for _ in 0..<40 where !problems.isEmpty {
            usleep(5000)
            problems = ArenaCheck.problems(quiet: true)
        }
        try check(problems.isEmpty, "\(when): \(problems.prefix(3))")
    }
}
