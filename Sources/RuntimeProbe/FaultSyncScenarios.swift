// The scenarios in which Scripts/kill-test kills processes at fault points: shared variables, locks, barriers,
// semaphores, events, the manager, the life of processes, input and output.

import Glibc
import ProcRuntime

extension Scenarios {
    static let syncFaults: [String: Scenario] = [
        "fault-lock": lock,
        "fault-semaphore": semaphore,
        "fault-event": event,
        "fault-barrier": barrier,
        "fault-make": make,
        "fault-manager": manager,
        "fault-manager-lock": managerLock,
        "fault-manager-crash": managerCrash,
        "fault-family": family,
        "fault-cancel": cancel,
        "fault-output": output,
        "fault-input": input,
        "fault-kill": kill,
        "fault-unjoined": unjoined,
        "fault-full": full,
        "fault-refused": refused,
        // With so few descriptors (see main.swift) that the root has no pidfd of most processes.
        "fault-unwatched": kill,
        "fault-remade": remade,
        "fault-holes": holes,
    ]

    /// Transfers between variables inside `lock`: all of one or nothing of it. Updates outside of `lock` besides.
    private static func lock(_ p: Probe, _ n: Int) throws {
        let a = try p.cell(lockable: true)
        let b = try p.array(3000, .int16, lockable: true)
        let c = try p.array(10, lockable: true)
        let plain = try p.cell()
        let count = try p.cell(lockable: true)
        let book = Ledger(4)
        try p.set(a, 1000)
        let holds = [End.hold(a, .cell), .hold(b, .array), .hold(c, .array), .hold(plain, .cell), .hold(count, .cell)]
        var crew = Crew(p)
        for w in 0..<3 {
            try crew.start("worker\(w)", holds) { q in
                for i in 0..<4 {
                    try q.locked([c, a, b], timeout: 10_000) {
                        let sum = try q.get(a) + q.get(b, 7) + q.get(b, 2999) + q.get(c, 1)
                        try check(sum == 1000, "sum \(sum)")
                        try q.set(a, q.get(a) - 3)
                        try q.set(b, q.get(b, 7) + 1, at: 7)
                        if i == 1 { try q.locked([a]) { try q.set(a, q.get(a) - 1) } } else { try q.set(a, q.get(a) - 1) }
                        try q.set(b, q.get(b, 2999) + 1, at: 2999)
                        if i == 2 { throwaway(q, b) }
                        try q.set(c, q.get(c, 1) + 2, at: 1)
                    }
                    try q.add(plain, 1)
                    try q.update(count, 1)
                    book[w] += 1
                }
                // Given up in another order than taken.
                if case .done = q.r.lock([a], deadline: .max, line: 0, tryDepth: 0),
                    case .done = q.r.lock([c], deadline: .max, line: 0, tryDepth: 0)
                {
                    q.r.unlock([a])
                    q.r.unlock([c])
                }
                return 0
            }
        }
        try crew.await()
        try p.locked([a, b, c], timeout: 5000) {
            let sum = try p.get(a) + p.get(b, 7) + p.get(b, 2999) + p.get(c, 1)
            try check(sum == 1000, "sum \(sum)")
            try check(p.get(b, 7) == p.get(b, 2999), "halves")
        }
        let done = book[0] + book[1] + book[2]
        let counted = try p.get(count)
        try check(counted >= done && counted <= done + crew.killed.count, "\(counted) counted, \(done) acknowledged")
        for end in holds { p.r.close(end) }
    }

    private static func throwaway(_ q: Probe, _ b: ObjectRef) { _ = try? q.r.sharedLoad(b, 100) }

    private static func semaphore(_ p: Probe, _ n: Int) throws {
        let s = try p.r.makeSemaphore(2)
        let inside = Ledger(1)
        var crew = Crew(p)
        for w in 0..<4 {
            try crew.start("worker\(w)", [.hold(s, .semaphore)]) { q in
                for i in 0..<5 {
                    if i == 3 {
                        _ = q.kind { try q.wait(s, timeout: 1); try q.r.signal(s) }
                        continue
                    }
                    try q.wait(s, timeout: 10_000)
                    inside[0] += 1
                    try q.r.signal(s)
                }
                return 0
            }
        }
        try crew.await()
        try check(p.r.level(of: s) == 2, "\(try p.r.level(of: s)) permits")
        p.r.close(.hold(s, .semaphore))
    }

    private static func event(_ p: Probe, _ n: Int) throws {
        let e = try p.r.makeEvent()
        let gone = try p.r.makeEvent()
        let holds = [End.hold(e, .event), .hold(gone, .event)]
        var crew = Crew(p)
        for w in 0..<3 {
            try crew.start("waiter\(w)", holds) { q in
                // The one who sets it may be killed: then the limit of time ends the wait.
                for _ in 0..<3 { _ = q.kind { try q.wait(e, timeout: 40) } }
                return 0
            }
        }
        try crew.start("setter", holds) { q in
            for _ in 0..<3 {
                try q.r.signal(e)
                try q.r.clear(e)
            }
            try q.r.signal(e)
            return 0
        }
        try crew.await()
        for end in holds { p.r.close(end) }
    }

    /// Rounds at a barrier; when one of the three dies the others learn that it can no longer fill.
    private static func barrier(_ p: Probe, _ n: Int) throws {
        let b = try p.r.makeBarrier(3)
        let rounds = Ledger(3)
        var crew = Crew(p)
        for w in 0..<3 {
            try crew.start("worker\(w)", [.hold(b, .barrier)]) { q in
                for _ in 0..<4 {
                    let kind = q.kind { try q.wait(b) }
                    if kind == "closed" { return 1 }
                    try check(kind == "", kind)
                    rounds[w] += 1
                    let all = [rounds[0], rounds[1], rounds[2]]
                    try check(all.max()! - all.min()! <= 1, "\(all)")
                }
                return 0
            }
        }
        p.r.close(.hold(b, .barrier))
        for (name, end) in try crew.await() where !crew.killed.contains(name) {
            try check(end == .value(0) || !crew.killed.isEmpty, "\(name): \(end)")
        }
    }

    /// What a dead process had made is gone.
    private static func make(_ p: Probe, _ n: Int) throws {
        let before = ArenaCheck.usage()
        var crew = Crew(p)
        try crew.start("maker") { q in
            for _ in 0..<2 {
                let a = try q.array(3000, lockable: true)
                let m = try q.managed([1, 2, 3])
                let c = try q.channel(3)
                let e = try q.r.makeEvent()
                try q.locked([a]) { try q.set(a, 5, at: 2900) }
                q.send(c, bytes: [UInt8](repeating: 0, count: 300), ends: [.hold(a, .array), .hold(e, .event)])
                q.close(c.both)
                q.r.close(.hold(m, .managed))
                q.r.close(.hold(a, .array))
                q.r.close(.hold(e, .event))
            }
            return 0
        }
        try crew.await()
        for _ in 0..<100 where ArenaCheck.usage().objects != before.objects { try p.sleep(5) }
        let after = ArenaCheck.usage()
        try check(after.objects == before.objects, "\(before), then \(after)")
    }

    /// Every acknowledged operation counts once, whoever of clients and manager is killed.
    private static func manager(_ p: Probe, _ n: Int) throws {
        let m = try p.managed([0])
        let list = try p.managed()
        let book = Ledger(4)
        let holds = [End.hold(m, .managed), .hold(list, .managed)]
        var crew = Crew(p)
        for w in 0..<2 {
            try crew.start("client\(w)", holds) { q in
                var last = 0
                for k in 0..<(w == 0 ? 8 : 200) {
                    let now = try q.call(m, .addToFirst, 1)[0]
                    book[w] += 1
                    try check(now > last, "\(now) after \(last)")
                    last = now
                    if k % 4 == 0 { try q.call(list, .append, k) }
                    if k == 3 { try check(q.call(list, .big, 3000).count == 3000, "a large answer") }
                }
                return 0
            }
        }
        try crew.await()
        let sum = try p.call(m, .get)[0]
        let done = book[0] + book[1]
        try check(sum >= done && sum <= done + crew.killed.count, "sum \(sum), \(done) acknowledged, killed \(crew.killed)")
        for end in holds { p.r.close(end) }
    }

    /// Inside a `lock`: all or nothing of what a dead client did.
    private static func managerLock(_ p: Probe, _ n: Int) throws {
        let m = try p.managed([0])
        let c = try p.cell(lockable: true)
        let holds = [End.hold(m, .managed), .hold(c, .cell)]
        var crew = Crew(p)
        for w in 0..<2 {
            try crew.start("client\(w)", holds) { q in
                for _ in 0..<3 {
                    try q.locked([m, c], timeout: 10_000) {
                        let v = try q.call(m, .get)
                        try check(v == [q.get(c)], "\(v) and \(try q.get(c))")
                        try q.call(m, .append, 5)
                        try q.set(c, v[0] + 1)
                        try q.call(m, .addToFirst, 1)
                        try check(q.call(m, .pop) == [5], "pop")
                    }
                    try q.call(m, .get)
                }
                return 0
            }
        }
        try crew.await()
        try p.locked([m, c], timeout: 10_000) {
            let v = try p.call(m, .get)
            try check(v == [p.get(c)], "\(v) and \(try p.get(c))")
        }
        for end in holds { p.r.close(end) }
    }

    private static func managerCrash(_ p: Probe, _ n: Int) throws {
        let m = try p.managed([1])
        var crew = Crew(p)
        try crew.start("client", [.hold(m, .managed)]) { q in
            let kind = q.kind { try q.call(m, .abort) }
            try check(kind == "process", "an operation that kills the manager: \(kind)")
            return 0
        }
        try crew.await()
        try check(p.call(m, .get) == [1], "goes on")
        p.r.close(.hold(m, .managed))
    }

    /// Parents, children and grandchildren: results, joins of others' children, handles given up.
    private static func family(_ p: Probe, _ n: Int) throws {
        let c = try p.channel(1)
        var crew = Crew(p)
        for w in 0..<2 {
            try crew.start("parent\(w)", [c.both]) { q in
                // A result that is too long for the process table.
                let long = try q.r.createProcess(name: "child", ends: [], line: 0) { .value([UInt8](repeating: 9, count: 300), capabilities: []) }
                let told = q.join(long)
                try check(told == .value(-1) || told == .killed(9), "a long result: \(told)")
                for i in 0..<3 {
                    let child = try q.start("child\(i)", [c.writer]) { g in
                        let grandchild = try g.start("grandchild", [c.writer]) { _ in 3 }
                        let end = g.join(grandchild)
                        try check(end == .value(3) || end == .killed(9), "grandchild: \(end)")
                        g.send(c, 1, timeout: 1)
                        return 7
                    }
                    if i == 2 {
                        q.r.release(child)
                    } else {
                        let end = q.join(child)
                        try check(end == .value(7) || end == .killed(9), "child: \(end)")
                    }
                    _ = q.receive(c, immediate: true)
                }
                return 1
            }
        }
        let other = crew["parent0"]
        try crew.start("stranger") { q in
            let end = q.join(other, timeout: Crew.patience)
            try check(end == .value(1) || end == .killed(9) || end == .gone || end == .quiet, "seen by a stranger: \(end)")
            return 0
        }
        p.close(c.both)
        try crew.await()
    }

    /// Cancelled, and killed, in every kind of wait.
    private static func cancel(_ p: Probe, _ n: Int) throws {
        let c = try p.channel()
        let l = try p.cell(lockable: true)
        var crew = Crew(p)
        try crew.start("canceller", [c.both, .hold(l, .cell)]) { q in
            _ = q.r.lock([l], deadline: .max, line: 0, tryDepth: 0)
            let victims = try (0..<5).map { i in
                try q.start("victim\(i)", [c.both, .hold(l, .cell)]) { g in
                    switch i {
                    case 0: _ = g.receive(c)
                    case 1: try g.sleep(60_000)
                    case 2: try g.locked([l]) {}
                    case 3:
                        var fd = pollfd(fd: -1, events: Int16(POLLIN), revents: 0)
                        _ = g.r.waitExternal(&fd, 1, deadline: .max)
                    default:
                        let child = try g.start("child") { h in
                            try h.sleep(60_000)
                            return 0
                        }
                        _ = g.join(child)
                    }
                    return 1
                }
            }
            try q.sleep(3)
            for (i, victim) in victims.enumerated() {
                if i == 1 || i == 4 { q.r.kill(victim) } else { q.r.cancel(victim) }
            }
            for victim in victims {
                let end = q.join(victim, timeout: Crew.patience)
                try check(end != .timedOut, "a cancelled process hangs")
            }
            q.r.unlock([l])
            return 0
        }
        p.close(c.both)
        p.r.close(.hold(l, .cell))
        try crew.await()
    }

    /// Killed by one who is not the parent, and a process that fails in the middle of an update.
    private static func kill(_ p: Probe, _ n: Int) throws {
        let count = try p.cell(lockable: true)
        var crew = Crew(p)
        for i in 0..<2 {
            try crew.start("sleeper\(i)") { q in
                try q.sleep(60_000)
                return 0
            }
        }
        let sleepers = [crew["sleeper0"], crew["sleeper1"]]
        try crew.start("killer") { q in
            try q.sleep(1)
            for s in sleepers { q.r.kill(s) }
            return 0
        }
        try crew.start("quitter", [.hold(count, .cell)]) { q in
            try q.r.beginUpdate(count)
            return 0
        }
        if p.join(crew["killer"], timeout: Crew.patience) != .value(0) {
            p.say("KILLED killer")
            for s in sleepers { p.r.kill(s) }
        }
        for (name, end) in try crew.await() where name.hasPrefix("sleeper") { try check(end == .killed(9), "\(name): \(end)") }
        try p.locked([count], timeout: 5000) {}
        p.r.close(.hold(count, .cell))
    }

    /// A failure that nobody joins is the program's: it ends with status 1.
    private static func unjoined(_ p: Probe, _ n: Int) throws {
        _ = try p.r.createProcess(name: "parent", ends: [], line: 0) {
            _ = try? p.r.createProcess(name: "child", ends: [], line: 0) { .exited(3) }
            return .quiet
        }
        try p.sleep(5)
    }

    /// No shared memory is left (the program's limit is 8 MiB): errors, and everything can be made again afterwards.
    private static func full(_ p: Probe, _ n: Int) throws {
        let m = try p.managed([1])
        let before = ArenaCheck.usage()
        var crew = Crew(p)
        try crew.start("maker", [.hold(m, .managed)]) { q in
            try check(q.kind { try q.call(m, .big, 1 << 21) } == "memory", "an answer of 16 MiB")
            let gone = try q.managed([2])
            try q.call(gone, .get)
            q.r.close(.hold(gone, .managed))
            _ = q.kind { try q.call(gone, .get) }
            // All the memory, then all the objects, then all but a few of the ends.
            let hoard = try q.channel(.max)
            var size = 1 << 20
            while size > 16 {
                if q.send(hoard, bytes: [UInt8](repeating: 0, count: size)) != nil { size /= 2 }
            }
            var cells: [ObjectRef] = []
            while let cell = try? q.cell() { cells.append(cell) }
            // The ends of children that never run.
            let holds = cells.map { End.hold($0, .cell) }
            var sleepers: [ProcessRef] = []
            while let child = try? q.start("sleeper", holds, { try $0.sleep(60_000); return 0 }) { sleepers.append(child) }
            for k in stride(from: 1, to: cells.count, by: 2).prefix(6) {
                q.r.close(holds[k])
                for s in sleepers.prefix(1) { q.r.kill(s); _ = q.join(s, timeout: Crew.patience) }
                _ = q.kind { _ = try q.channel() }
                _ = q.kind { _ = try q.cell() }
            }
            for s in sleepers { q.r.kill(s) }
            for s in sleepers.dropFirst() { _ = q.join(s, timeout: Crew.patience) }
            return 0
        }
        try crew.await()
        for _ in 0..<100 where ArenaCheck.usage().objects != before.objects { try p.sleep(5) }
        try check(ArenaCheck.usage().objects == before.objects, "\(before), then \(ArenaCheck.usage())")
        let c = try p.channel(1)
        p.send(c, bytes: [UInt8](repeating: 1, count: 1 << 20))
        try check(p.receive(c) == .bytes([UInt8](repeating: 1, count: 1 << 20)), "after it")
        p.close(c.both)
        p.r.close(.hold(m, .managed))
    }

    /// Lines of several processes.
    private static func output(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        for w in 0..<3 {
            try crew.start("writer\(w)") { q in
                for i in 0..<6 {
                    q.say("line \(w) \(i)")
                    try q.r.flush()
                }
                return 0
            }
        }
        try crew.await()
    }

    /// Lines of standard input, each to one reader.
    private static func input(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        for w in 0..<2 {
            try crew.start("reader\(w)") { q in
                while let line = try q.r.readLine() { try check(line.count == 3, "a line of \(line.count)") }
                return 0
            }
        }
        try crew.await()
    }

    /// Whatever is made: where there is no memory for an end of it, it is an error, and nothing of it is left.
    private static func refused(_ p: Probe, _ n: Int) throws {
        let before = ArenaCheck.usage()
        var crew = Crew(p)
        try crew.start("maker") { q in
            var made = 0
            for _ in 0..<2 {
                for make in [{ [try q.channel(1).both] }, { let (a, b) = try q.pipe(1); return [a.both, b.both] },
                    { [.hold(try q.cell(), .cell)] }, { [.hold(try q.array(100), .array)] }, { [.hold(try q.managed([1]), .managed)] },
                    { [.hold(try q.r.makeSemaphore(1), .semaphore)] }] as [() throws -> [End]]
                {
                    do {
                        let ends = try make()
                        if let child = try? q.start("child", ends, { _ in 0 }) { _ = q.join(child, timeout: Crew.patience) }
                        ends.forEach(q.close)
                        made += 1
                    } catch let error as RuntimeError { try check(error.kind == "memory", error.kind) }
                }
            }
            return made
        }
        for (name, end) in try crew.await() where !crew.killed.contains(name) {
            guard case .value(let made) = end, made > 8 else { throw Failed(text: "\(name): \(end)") }
        }
        for _ in 0..<100 where ArenaCheck.usage().objects != before.objects { try p.sleep(5) }
        try check(ArenaCheck.usage().objects == before.objects, "\(before), then \(ArenaCheck.usage())")
    }

    /// Managed objects come and go while the manager gives back those that nobody holds: it takes no new one for one of
    /// those in whose place it is.
    private static func remade(_ p: Probe, _ n: Int) throws {
        let first = try p.managed([1])
        try p.call(first, .get)
        let inUse = ArenaCheck.usage().objects
        for gone in try (0..<6).map({ try p.managed([$0]) }) { p.r.close(.hold(gone, .managed)) }
        for _ in 0..<200 where ArenaCheck.usage().objects != inUse { try p.sleep(1) }
        var crew = Crew(p)
        try crew.start("maker") { q in
            for _ in 0..<2 {
                let m = try q.managed([5])
                try check(q.call(m, .get) == [5], "a new object")
                q.r.close(.hold(m, .managed))
            }
            return 0
        }
        try crew.start("client") { q in
            for _ in 0..<12 {
                let m = try q.managed([6])
                try q.sleep(2)
                q.r.close(.hold(m, .managed))
            }
            return 0
        }
        try crew.await()
        try check(p.call(first, .get) == [1], "an object that stays")
        p.r.close(.hold(first, .managed))
    }

    /// What a long queue needed is given back to the system when it has been read, and had again.
    private static func holes(_ p: Probe, _ n: Int) throws {
        let before = ArenaCheck.committedBytes()
        let c = try p.channel(.max)
        let hold = try p.channel(.max)
        p.send(hold, bytes: [UInt8](repeating: 1, count: 100))
        let message = [UInt8](repeating: 7, count: 3 << 20)
        func isLow() -> Bool { ArenaCheck.committedBytes() < before + (22 << 20) }
        for _ in 0..<2 {
            var crew = Crew(p)
            try crew.start("maker", [c.both]) { q in
                for _ in 0..<12 { try check(q.send(c, bytes: message) == nil, "send") }
                for _ in 0..<9 {
                    guard case .bytes(let got) = q.receive(c, timeout: 5000) else { return 1 }
                    try check(got == message, "the message")
                }
                return 0
            }
            try crew.await()
            while case .bytes(let got) = p.receive(c, immediate: true) { try check(got == message, "the message") }
            for _ in 0..<400 where !isLow() { try p.sleep(10) }
            try check(isLow(), "\(ArenaCheck.committedBytes() >> 10) KiB are kept, \(before >> 10) at the beginning")
        }
        try check(p.receive(hold) == .bytes([UInt8](repeating: 1, count: 100)), "what stayed")
        p.close(c.both)
        p.close(hold.both)
    }
}
