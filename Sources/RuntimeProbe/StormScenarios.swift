// Everything at once under fire: processes that use every primitive, killed at random instants and replaced; the
// manager, too. `storm N`: N kills, then everything is judged. `soak SECONDS`: storm after storm in one program;
// what it has at the end it had after the first.

import Glibc
import ProcRuntime

extension Scenarios {
    static let storms: [String: Scenario] = [
        "storm": { p, n in
            let storm = try Storm(p, kills: n == 0 ? 60 : n)
            try storm.run()
            p.say(storm.summary)
        },
        "soak": { p, n in
            let end = p.r.monotonicNow() + Int64(n == 0 ? 5 : n) * 1_000_000_000
            var first: Footprint?
            var last: Footprint?
            var kills = 0
            var rounds = 0
            while p.r.monotonicNow() < end || rounds < 4 {
                let storm = try Storm(p, kills: 100)
                try storm.run()
                kills += storm.kills
                rounds += 1
                let now = try Footprint(p)
                // The first rounds fill what is kept for later: free lists, buffers, the manager's tables.
                if rounds == 3 { first = now }
                last = now
                try p.noProblems("round \(rounds)")
            }
            p.say("\(rounds) rounds, \(kills) kills")
            p.say("after round 3:  \(first!)")
            p.say("at the end:     \(last!)")
            // What ended a moment ago may not be cleared away yet; what leaked never is.
            for _ in 0..<20 where !last!.isNoMore(than: first!) {
                _ = p.join(try p.start("last") { _ in 0 })
                last = try Footprint(p)
            }
            try check(last!.isNoMore(than: first!), "the program has grown: \(last!)")
        },
    ]
}

/// What a program has.
struct Footprint: CustomStringConvertible {
    private let objects, ends, records, blocks, arena, rootDescriptors, descriptors, processes: Int
    private let rootMemory, memory: Int

    init(_ p: Probe) throws {
        // The manager is there and has what it keeps; the dead have left the table of processes.
        let m = try p.managed([0])
        try p.call(m, .addToFirst, 1)
        p.r.close(.hold(m, .managed))
        try p.sleep(50)
        (objects, ends, records, blocks) = ArenaCheck.usage()
        arena = ArenaCheck.committedBytes()
        rootDescriptors = Self.entries("/proc/\(getppid())/fd")
        descriptors = Self.entries("/proc/self/fd")
        processes = ArenaCheck.processCount()
        rootMemory = Self.privateMemory("/proc/\(getppid())/smaps_rollup")
        memory = Self.privateMemory("/proc/self/smaps_rollup")
    }

    private static func entries(_ path: String) -> Int {
        guard let folder = opendir(path) else { return -1 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// KiB that this process has written and shares with nobody.
    private static func privateMemory(_ path: String) -> Int {
        guard let file = fopen(path, "r") else { return -1 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        var sum = 0
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // What was written. (Clean pages of a library are private while no other program on the machine has it mapped.)
            if text.hasPrefix("Private_Dirty"), let kib = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
                sum += kib
            }
        }
        return sum
    }

    var description: String {
        "\(objects) objects, \(ends) ends, \(records) records, \(blocks) blocks, \(arena >> 10) KiB of arena, "
            + "\(processes) processes, descriptors \(rootDescriptors) + \(descriptors), private \(rootMemory) + \(memory) KiB"
    }

    /// Private memory is allowed the noise of an allocator, the arena one step of growth.
    func isNoMore(than first: Footprint) -> Bool {
        objects <= first.objects && ends <= first.ends && records <= first.records && blocks <= first.blocks
            && arena <= first.arena + (4 << 20) && processes <= first.processes && rootDescriptors <= first.rootDescriptors
            && descriptors <= first.descriptors && rootMemory <= first.rootMemory + 2048 && memory <= first.memory + 2048
    }
}

final class Storm {
    private enum Kind: CaseIterable { case sender, receiver, locker, permit, client, parent, maker, partner }

    private static let perSender = 300
    private let p: Probe
    private let wanted: Int
    private(set) var kills = 0
    private var managerKills = 0
    private var killedBy: [Kind: Int] = [:]

    private let book: Exchange
    /// 0: stop; then what each client of the manager, by number, was told has been done.
    private let notes: Ledger
    private let channels: [Chan]
    private let a, b: ObjectRef
    private let permits: ObjectRef
    private let counter: ObjectRef
    private let pipe: (Chan, Chan)
    private var senders = 0
    private var clients = 0
    private var crew: [(kind: Kind, ref: ProcessRef)] = []

    init(_ p: Probe, kills: Int) throws {
        self.p = p
        wanted = kills
        book = Exchange(senders: kills + 8, perSender: Self.perSender)
        notes = Ledger(kills + 16)
        channels = try [p.channel(0), p.channel(3), p.channel(.max)]
        a = try p.cell(lockable: true)
        b = try p.array(1500, lockable: true)
        permits = try p.r.makeSemaphore(2)
        counter = try p.managed([0])
        pipe = try p.pipe(2)
        try p.set(a, 1000)
    }

    var summary: String { "\(kills) kills, \(managerKills) of them of the manager, \(senders) senders, \(clients) clients" }

    func run() throws {
        for kind in Kind.allCases { try start(kind) }
        for kind in [Kind.sender, .receiver, .client, .locker] { try start(kind) }
        while kills < wanted {
            _ = p.r.sleep(until: p.r.monotonicNow() + Int64(p.random(1_500_000)))
            if p.random(10) == 0, p.managerPid() > 0, kill(p.managerPid(), SIGKILL) == 0 {
                managerKills += 1
                kills += 1
                continue
            }
            let i = p.random(crew.count)
            let (kind, ref) = crew.remove(at: i)
            p.r.kill(ref)
            let end = p.join(ref, timeout: Crew.patience)
            switch end {
            case .killed(9):
                kills += 1
                killedBy[kind, default: 0] += 1
            case .value: break
            default: throw Failed(text: "a killed \(kind) ended with \(end)")
            }
            try start(kind)
        }
        try finish()
    }

    private func finish() throws {
        notes[0] = 1
        for c in channels { p.close(c.both) }
        p.close(pipe.0.both)
        p.close(pipe.1.both)
        for (kind, ref) in crew {
            let end = p.join(ref, timeout: Crew.patience)
            if case .value = end { continue }
            throw Failed(text: "a \(kind) that was to stop ended with \(end)")
        }
        crew = []
        try book.judge(receiversKilled: killedBy[.receiver] ?? 0, of: Int.max)
        try p.locked([a, b], timeout: 5000) {
            let sum = try p.get(a) + p.get(b, 3) + p.get(b, 1400)
            try check(sum == 1000 && p.get(b, 3) == p.get(b, 1400), "sum \(sum) after the storm")
        }
        try check(p.r.level(of: permits) == 2, "\(try p.r.level(of: permits)) permits")
        var done = 0
        for i in 0..<clients { done += notes[1 + i] }
        let counted = try p.call(counter, .get)[0]
        try check(
            counted >= done && counted <= done + (killedBy[.client] ?? 0), "\(counted) counted, \(done) acknowledged")
        for end in [End.hold(a, .cell), .hold(b, .array), .hold(permits, .semaphore), .hold(counter, .managed)] { p.r.close(end) }
        book.free()
        notes.free()
    }

    private func start(_ kind: Kind) throws {
        let ref: ProcessRef
        switch kind {
        case .sender:
            let id = senders
            senders += 1
            guard id < book.senders else { throw Failed(text: "more senders than places in the ledger") }
            ref = try p.start("sender", channels.map(\.writer)) { try self.sender($0, id) }
        case .receiver: ref = try p.start("receiver", channels.map(\.reader)) { try self.receiver($0) }
        case .locker: ref = try p.start("locker", [.hold(a, .cell), .hold(b, .array)]) { try self.locker($0) }
        case .permit:
            ref = try p.start("permit", [.hold(permits, .semaphore)]) { q in
                while self.notes[0] == 0 {
                    try q.wait(self.permits)
                    q.spin(microseconds: q.random(100))
                    try q.r.signal(self.permits)
                }
                return 0
            }
        case .client:
            clients += 1
            let place = clients
            guard place < wanted + 16 else { throw Failed(text: "more clients than places in the ledger") }
            ref = try p.start("client", [.hold(counter, .managed)]) { q in
                while self.notes[0] == 0 {
                    try q.call(self.counter, .addToFirst, 1)
                    self.notes[place] += 1
                    if q.random(8) == 0 { try q.sleep(1) }
                }
                return 0
            }
        case .parent: ref = try p.start("parent") { try self.parent($0) }
        case .maker: ref = try p.start("maker") { try self.maker($0) }
        case .partner:
            ref = try p.start("partner", [pipe.0.both]) { q in
                let child = try q.start("other", []) { g in
                    try g.sleep(Int64(1 + g.random(20)))
                    return 0
                }
                while self.notes[0] == 0 {
                    let (left, right) = try q.pipe(1)
                    q.send(left, 5, timeout: 5)
                    try check(q.receive(right, timeout: 50) == .value(5), "own pipe")
                    q.close(left.both)
                    q.close(right.both)
                    try q.sleep(1)
                }
                _ = q.join(child)
                return 0
            }
        }
        crew.append((kind, ref))
    }

    // MARK: What they do

    private func sender(_ q: Probe, _ id: Int) throws -> Int {
        for k in 0..<Self.perSender where notes[0] == 0 {
            book.begin(id, k)
            var bytes = withUnsafeBytes(of: book.number(id, k)) { Array($0) }
            if k % 3 == 1 { bytes += [UInt8](repeating: 7, count: k % 11 * 400) }
            while true {
                let (_, got) = bytes.withUnsafeBytes { raw -> (Int, Got?) in
                    let cases = channels.map { CommCase(action: .send, end: $0.writer, payload: raw) }
                    return k % 2 == 0 ? q.select(cases) : q.select([cases[k / 2 % 3]], timeout: 20)
                }
                if got == .ended { return 0 }
                if got == .timedOut { continue }
                try check(got == nil, "send: \(got!)")
                break
            }
            book.acknowledge(id, k)
            if k % 16 == 0 { try q.sleep(1) }
        }
        // There is always a sender until the end.
        while notes[0] == 0 { try q.sleep(2) }
        return 0
    }

    private func receiver(_ q: Probe) throws -> Int {
        var turn = 0
        while true {
            turn += 1
            let all = turn % 3 != 0
            let cases = all ? channels.map { q.receiveCase($0) } : [q.receiveCase(channels[turn / 3 % 3])]
            let (_, got) = q.select(cases, timeout: all ? nil : 3)
            if got == .ended, all { return 0 }
            if got == .timedOut || got == .ended { continue }
            try check(got == nil, "receive: \(got!)")
            try book.receive(q.r.received.loadUnaligned(as: Int.self))
        }
    }

    private func locker(_ q: Probe) throws -> Int {
        while notes[0] == 0 {
            try q.locked([a, b], timeout: 10_000) {
                let sum = try q.get(a) + q.get(b, 3) + q.get(b, 1400)
                try check(sum == 1000, "sum \(sum)")
                let step = q.get2(a) < 500 ? -1 : 1
                try q.set(a, q.get(a) - 2 * step)
                try q.set(b, q.get(b, 3) + step, at: 3)
                try q.set(b, q.get(b, 1400) + step, at: 1400)
            }
            if q.random(16) == 0 { try q.sleep(1) }
        }
        return 0
    }

    private func parent(_ q: Probe) throws -> Int {
        while notes[0] == 0 {
            let c = try q.channel(1)
            let children = try (0..<2).map { i in
                try q.start("child", [c.writer]) { g in
                    let grandchild = try g.start("grandchild", [c.writer]) { _ in 3 }
                    try check(g.join(grandchild) == .value(3), "grandchild")
                    g.send(c, i)
                    return 7
                }
            }
            q.close(c.writer)
            var sum = 0
            while case .value = q.receive(c) { sum += 1 }
            try check(sum == 2, "\(sum) of two children")
            for child in children { try check(q.join(child) == .value(7), "child") }
            q.close(c.reader)
        }
        return 0
    }

    private func maker(_ q: Probe) throws -> Int {
        while notes[0] == 0 {
            let cell = try q.cell(lockable: true)
            let list = try q.managed([1])
            let barrier = try q.r.makeBarrier(2)
            let event = try q.r.makeEvent()
            let c = try q.channel(2)
            q.send(c, bytes: [UInt8](repeating: 1, count: 500), ends: [.hold(event, .event)])
            let other = try q.start("other", [.hold(barrier, .barrier), .hold(event, .event)]) { g in
                try g.wait(barrier)
                try g.r.signal(event)
                return 1
            }
            try q.wait(barrier)
            try q.wait(event)
            try q.locked([cell, list]) {
                try q.set(cell, 4)
                try q.call(list, .append, 2)
            }
            try check(q.join(other) == .value(1), "partner at the barrier")
            q.r.retain(only: [])
        }
        return 0
    }
}

extension Probe {
    func get2(_ c: ObjectRef) -> Int { (try? get(c)) ?? 0 }
}
