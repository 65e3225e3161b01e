// The scenarios in which Scripts/kill-test kills processes at fault points: communication. Each is short, since it
// is run once for every point, role and hit.

import Glibc
import ProcRuntime

extension Scenarios {
    static let faults: [String: Scenario] = [
        "fault-channel0": { p, _ in try exchange(p, 0) },
        "fault-channel1": { p, _ in try exchange(p, 1) },
        "fault-channel3": { p, _ in try exchange(p, 3) },
        "fault-queue": { p, _ in try exchange(p, .max) },
        "fault-select0": { p, _ in try choices(p, 0) },
        "fault-select1": { p, _ in try choices(p, 1) },
        "fault-relay": relay,
        "fault-calls": calls,
        "fault-pipe": pipe,
        "fault-poison": poison,
        "fault-close": close,
        "fault-large": large,
        "fault-many": many,
        "fault-lend": lend,
        "fault-stuck": stuck,
        "fault-born": born,
    ]

    /// Short, long and end-carrying messages over one channel.
    private static func exchange(_ p: Probe, _ capacity: Int) throws {
        let book = Exchange(senders: 2, perSender: 9)
        let c = try p.channel(capacity)
        let extra = try p.channel(.max)
        var crew = Crew(p)
        for s in 0..<book.senders {
            try crew.start("sender\(s)", [c.writer, extra.writer]) { q in
                for k in 0..<book.perSender {
                    book.begin(s, k)
                    var bytes = withUnsafeBytes(of: book.number(s, k)) { Array($0) }
                    if k % 3 == 1 { bytes += [UInt8](repeating: 7, count: 100) }
                    let got = q.send(c, bytes: bytes, ends: k % 3 == 2 ? [extra.writer] : [])
                    if got == .ended { return k }
                    try check(got == nil, "send: \(got!)")
                    book.acknowledge(s, k)
                }
                return book.perSender
            }
        }
        for r in 0..<2 {
            try crew.start("receiver\(r)", [c.reader]) { q in
                var last = [-1, -1]
                while true {
                    switch q.receive(c, timeout: r == 0 ? nil : 2000) {
                    case .ended: return 0
                    case .timedOut: continue
                    case .value(let n): try note(n, q)
                    case .bytes(let b): try note(b.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }, q)
                    case let other: throw Failed(text: "receive: \(other)")
                    }
                }
                func note(_ n: Int, _ q: Probe) throws {
                    try book.receive(n)
                    try check(last[n / book.perSender] < n, "order: \(n) after \(last[n / book.perSender])")
                    last[n / book.perSender] = n
                    // An end that came along, or not, is used and given up.
                    if q.r.rights(on: extra.ref).contains(.write) {
                        q.send(extra, n)
                        q.close(extra.writer)
                    }
                }
            }
        }
        p.close(c.both)
        p.close(extra.writer)
        try crew.await()
        try book.judge(receiversKilled: crew.killed.filter { $0.hasPrefix("receiver") }.count, of: 2)
        while case .value = p.receive(extra, timeout: 5000) {}
        try check(p.receive(extra, timeout: 5000) == .ended, "the ends that were sent are gone")
        p.close(extra.reader)
    }

    /// Sends that a receive follows at once: sources send into one channel and wait for an answer from another one, workers
    /// stand between. An answer that a killed worker owes does not come: the source, asleep in a send that was done long
    /// ago, is woken by the detector. (With an answer too many, the last worker and the last source may both be sending: a
    /// deadlock, which ends one of them.)
    private static func relay(_ p: Probe, _ n: Int) throws {
        let book = Exchange(senders: 2, perSender: 9)
        let work = try p.channel()
        let answers = try p.channel()
        var crew = Crew(p)
        for s in 0..<book.senders {
            try crew.start("sender\(s)", [work.writer, answers.reader]) { q in
                for k in 0..<book.perSender {
                    book.begin(s, k)
                    let (failure, received) = q.relay(book.number(s, k), to: work, next: answers)
                    if failure == .ended || failure == .deadlocked { return k }
                    try check(failure == nil, "send: \(failure!)")
                    book.acknowledge(s, k)
                    switch received ?? q.receive(answers, timeout: 300) {
                    case .value(let n): try check(n < book.senders * book.perSender, "answer \(n)")
                    case .timedOut: break
                    case .ended: return k
                    case let other: throw Failed(text: "receive: \(other)")
                    }
                }
                return book.perSender
            }
        }
        for r in 0..<2 {
            try crew.start("receiver\(r)", [work.reader, answers.writer]) { q in
                var got = q.receive(work)
                while case .value(let n) = got {
                    try book.receive(n)
                    let (failure, received) = q.relay(n, to: answers, next: work)
                    if failure == .ended || failure == .deadlocked { return 1 }
                    try check(failure == nil, "answer: \(failure!)")
                    got = received ?? q.receive(work)
                }
                try check(got == .ended || got == .deadlocked, "receive: \(got)")
                return 0
            }
        }
        p.close(work.both)
        p.close(answers.both)
        try crew.await()
        try book.judge(receiversKilled: crew.killed.filter { $0.hasPrefix("receiver") }.count, of: 2)
    }

    /// Choices among sends and receives on two channels, with a limit of time, without waiting, and with the end of
    /// a process among the cases.
    private static func choices(_ p: Probe, _ capacity: Int) throws {
        let book = Exchange(senders: 2, perSender: 10)
        let cs = try [p.channel(capacity), p.channel(capacity)]
        var crew = Crew(p)
        for s in 0..<book.senders {
            try crew.start("sender\(s)", cs.map(\.writer)) { q in
                for k in 0..<book.perSender {
                    book.begin(s, k)
                    var bytes = withUnsafeBytes(of: book.number(s, k)) { Array($0) }
                    if k % 3 == 1 { bytes += [UInt8](repeating: 7, count: 100) }
                    while true {
                        let (_, got) = bytes.withUnsafeBytes { raw in
                            q.select(
                                cs.map { CommCase(action: .send, end: $0.writer, payload: raw) },
                                timeout: k % 4 == 1 ? 20 : nil, immediate: k % 4 == 2, first: k % 2 == 0)
                        }
                        if got == .ended { return k }
                        if got == nil { break }
                        try check(got == .timedOut || got == .notReady, "send: \(got!)")
                        if got == .notReady { try q.sleep(1) }
                    }
                    book.acknowledge(s, k)
                }
                return book.perSender
            }
        }
        let watched = crew["sender0"]
        for r in 0..<2 {
            try crew.start("chooser\(r)", cs.map(\.reader)) { q in
                var turn = 0
                var watching = true
                while true {
                    turn += 1
                    var cases = cs.map { q.receiveCase($0) }
                    if r == 0, watching { cases.append(q.endCase(watched)) }
                    let (i, got) = q.select(cases, timeout: turn % 3 == 0 ? 5 : nil)
                    if got == .ended { return 0 }
                    if got == .timedOut { continue }
                    try check(got == nil, "choice: \(got!)")
                    if i == 2 {
                        watching = false
                    } else {
                        try book.receive(q.r.received.loadUnaligned(as: Int.self))
                    }
                }
            }
        }
        for c in cs { p.close(c.both) }
        try crew.await()
        try book.judge(receiversKilled: crew.killed.filter { $0.hasPrefix("chooser") }.count, of: 2)
    }

    /// Each request carries the end for its answer; a server that dies takes that end with it.
    private static func calls(_ p: Probe, _ n: Int) throws {
        let requests = try p.channel(1)
        var crew = Crew(p)
        for s in 0..<2 {
            try crew.start("server\(s)", [requests.reader]) { q in
                while true {
                    let got = q.receive(requests)
                    if got == .ended { return 0 }
                    guard case .bytes(let bytes) = got else { throw Failed(text: "request: \(got)") }
                    let (number, raw) = bytes.withUnsafeBytes {
                        ($0.loadUnaligned(as: Int.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    }
                    let reply = Chan(ref: ObjectRef(raw: raw), kind: .channel)
                    q.send(reply, number * 2)
                    q.close(reply.writer)
                }
            }
        }
        for k in 0..<2 {
            try crew.start("client\(k)", [requests.writer]) { q in
                for i in 0..<6 {
                    let reply = try q.channel(i % 2)
                    let bytes = withUnsafeBytes(of: i) { Array($0) } + withUnsafeBytes(of: reply.ref.raw) { Array($0) }
                    let sent = q.send(requests, bytes: bytes, ends: [reply.writer])
                    if sent == .ended { return i }
                    try check(sent == nil, "call: \(sent!)")
                    q.close(reply.writer)
                    let got = q.receive(reply)
                    try check(got == .value(2 * i) || got == .ended, "answer: \(got)")
                    q.close(reply.reader)
                }
                return 6
            }
        }
        p.close(requests.both)
        try crew.await()
    }

    private static func pipe(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        let (a, b) = try p.pipe(2)
        for (name, end) in [("left", a), ("right", b)] {
            try crew.start(name, [end.both]) { q in
                for i in 0..<8 {
                    if name == "left" {
                        if let got = q.send(end, i) { return got == .ended ? i : -1 }
                    }
                    let got = q.receive(end)
                    if got == .ended { return i }
                    try check(got == .value(i), "\(name): \(got), not \(i)")
                    if name == "right" {
                        if let got = q.send(end, i) { return got == .ended ? i : -1 }
                    }
                }
                return 8
            }
        }
        p.close(a.both)
        p.close(b.both)
        for (name, end) in try crew.await() where !crew.killed.contains(name) {
            try check(end != .value(-1), "\(name): \(end)")
        }
        // A process that makes pipes.
        try crew.start("maker") { q in
            for _ in 0..<3 {
                let (a, b) = try q.pipe(1)
                q.send(a, 1)
                try check(q.receive(b) == .value(1), "own pipe")
                q.close(a.both)
                q.close(b.both)
            }
            return 1
        }
        try crew.await()
    }

    /// Everybody who waits at a poisoned channel is told, and what lay in it goes, with the ends inside.
    private static func poison(_ p: Probe, _ n: Int) throws {
        for capacity in [0, 4] {
            let full = try p.channel(capacity)
            let empty = try p.channel(0)
            let inside = try p.channel(0)
            let (a, b) = try p.pipe(2)
            var crew = Crew(p)
            for s in 0..<2 {
                try crew.start("sender\(s)", [full.writer, inside.writer]) { q in
                    for k in 0..<8 {
                        let got = q.send(full, bytes: [UInt8](repeating: 1, count: 90), ends: [inside.writer])
                        if got == .poisoned || got == .ended { return k }
                        try check(got == nil, "send: \(got!)")
                    }
                    return 8
                }
            }
            try crew.start("receiver", [empty.reader, full.reader]) { q in
                try q.sleep(1)
                let got = q.receive(empty)
                try check(got == .poisoned || got == .ended, "receive: \(got)")
                return 0
            }
            try crew.start("peer", [b.both]) { q in
                let got = q.receive(b)
                try check(got == .poisoned || got == .ended, "pipe: \(got)")
                let sent = q.send(b, 1)
                try check(sent == .poisoned || got == .ended, "pipe: \(got), then \(String(describing: sent))")
                return 0
            }
            try crew.start("poisoner", [full.both, empty.both, a.both]) { q in
                try q.sleep(3)
                try q.r.poison(full.ref)
                try q.r.poison(empty.ref)
                try q.r.poison(a.ref)
                return 0
            }
            p.close(full.both)
            p.close(empty.both)
            p.close(a.both)
            p.close(b.both)
            p.close(inside.writer)
            // The ends inside unread messages are gone with the channel.
            let got = p.receive(inside, timeout: Crew.patience)
            try check(got == .ended, "the ends inside: \(got)")
            try crew.await()
            p.close(inside.reader)
        }
    }

    /// Readers go while there are unread messages with ends inside, writers go while readers wait.
    private static func close(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        let c = try p.channel(4)
        let inside = try p.channel(0)
        let done = try p.channel(.max)
        try crew.start("sender", [c.writer, inside.writer]) { q in
            for k in 0..<6 {
                let got = q.send(c, bytes: [UInt8](repeating: 1, count: k % 2 * 90), ends: [inside.both])
                if got == .ended { return k }
                try check(got == nil, "send: \(got!)")
            }
            return 6
        }
        for r in 0..<2 {
            try crew.start("reader\(r)", [c.reader, done.writer]) { q in
                _ = q.receive(c)
                q.send(done, r)
                q.close(c.reader)
                q.r.retain(only: [])
                return 0
            }
        }
        try crew.start("waiter", [inside.both]) { q in
            q.close(inside.writer)
            let got = q.receive(inside)
            try check(got == .ended, "inside: \(got)")
            return 0
        }
        p.close(c.both)
        p.close(inside.both)
        p.close(done.writer)
        while p.receive(done, timeout: Crew.patience) != .ended {}
        p.close(done.reader)
        try crew.await()
    }

    /// Messages of all sizes, a queue that grows, blocks of every kind.
    private static func large(_ p: Probe, _ n: Int) throws {
        let book = Exchange(senders: 1, perSender: 40)
        let c = try p.channel(.max)
        let sizes = [0, 40, 200, 3000, 20_000, 40_000, 150_000, 700]
        var crew = Crew(p)
        try crew.start("sender0", [c.writer]) { q in
            try q.leaveChunksFromTheMiddle()
            for k in 0..<book.perSender {
                book.begin(0, k)
                let bytes = withUnsafeBytes(of: k) { Array($0) } + [UInt8](repeating: UInt8(k), count: sizes[k % 8])
                let got = q.send(c, bytes: bytes)
                if got == .ended { return k }
                try check(got == nil, "send: \(got!)")
                book.acknowledge(0, k)
            }
            return 0
        }
        for r in 0..<2 {
            try crew.start("receiver\(r)", [c.reader]) { q in
                while true {
                    let got = q.receive(c)
                    if got == .ended { return 0 }
                    var k = -1
                    if case .value(let v) = got { k = v }
                    if case .bytes(let b) = got {
                        k = b.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
                        try check(b.count == 8 + sizes[k % 8] && b.dropFirst(8).allSatisfy { $0 == UInt8(k) }, "content of \(k)")
                    }
                    try book.receive(k)
                }
            }
        }
        p.close(c.both)
        try crew.await()
        try book.judge(receiversKilled: crew.killed.filter { $0.hasPrefix("receiver") }.count, of: 2)
    }

    /// More of everything than a slot has places for: channels in one choice, blocks in flight, processes to wake.
    private static func many(_ p: Probe, _ n: Int) throws {
        let cs = try (0..<30).map { _ in try p.channel(0) }
        let ready = try p.channel(.max)
        let e = try p.r.makeEvent()
        var crew = Crew(p)
        for w in 0..<20 {
            try crew.start("waiter\(w)", [.hold(e, .event), ready.writer]) { q in
                q.send(ready, 1)
                q.close(ready.writer)
                try q.wait(e, timeout: 8000)
                return 0
            }
        }
        try crew.start("chooser", cs.map(\.writer)) { q in
            for _ in 0..<3 {
                let bytes = [UInt8](repeating: 3, count: 100)
                let (_, got) = bytes.withUnsafeBytes { raw in
                    q.select(cs.map { CommCase(action: .send, end: $0.writer, payload: raw) })
                }
                if got == .ended { return 0 }
                try check(got == nil, "choice: \(got!)")
            }
            return 3
        }
        try crew.start("receiver", cs.map(\.reader)) { q in
            while true {
                let (_, got) = q.select(cs.map { q.receiveCase($0) })
                if got == .ended { return 0 }
                try check(got == nil, "choice: \(got!)")
            }
        }
        for c in cs { p.close(c.both) }
        p.close(ready.writer)
        while p.receive(ready, timeout: Crew.patience) != .ended {}
        p.close(ready.reader)
        try crew.start("setter", [.hold(e, .event)]) { q in
            try q.r.signal(e)
            return 0
        }
        if p.join(crew["setter"], timeout: Crew.patience) != .value(0) {
            p.say("KILLED setter")
            try p.r.signal(e)
        }
        p.r.close(.hold(e, .event))
        for (name, end) in try crew.await() where name.hasPrefix("waiter") {
            try check(end == .value(0) || crew.killed.contains(name), "\(name): \(end)")
        }
    }

    /// Ends that are lent in `parallel`, or kept in reserve.
    private static func lend(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        try crew.start("parent") { q in
            for round in 0..<2 {
                let c = try q.channel(2)
                let d = try q.channel(2)
                let filler = try q.start("filler", [c.writer]) { g in
                    for i in 0..<6 where g.send(c, i) != nil { return i }
                    return 6
                }
                let mover = try q.start("mover", [c.reader, d.writer]) { g in
                    // Both ends of the streams are the parent's, too: it waits, so they do not count.
                    while case .value(let v) = g.receive(c) { if g.send(d, v) != nil { return 0 } }
                    return 1
                }
                let reader = try q.start("reader", [d.reader]) { g in
                    var sum = 0
                    while case .value(let v) = g.receive(d) { sum += v }
                    return sum
                }
                let ends = try q.parallel([filler, mover, reader], reserve: round == 1 ? [] : [d.reader])
                if !ends.contains(.killed(9)) {
                    try check(ends == [.value(6), .value(1), .value(15)], "\(ends)")
                }
                q.close(c.both)
                q.close(d.both)
            }
            return 1
        }
        try crew.await()
    }

    /// A deadlock is found although, or because, somebody dies.
    private static func stuck(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        let a = try p.channel()
        let b = try p.channel()
        for (name, first, second) in [("one", a, b), ("two", b, a)] {
            try crew.start(name, [first.both, second.both]) { q in
                let got = q.receive(first, depth: 1)
                try check(got == .deadlocked || got == .ended || got == .value(5), "\(got)")
                q.send(second, 5, timeout: 10)
                return 0
            }
        }
        p.close(a.both)
        p.close(b.both)
        try crew.await()
    }

    /// Children that are born into places of the process table below their parents', who wait for them at once: however
    /// slowly the supervisor looks, it sees no deadlock.
    private static func born(_ p: Probe, _ n: Int) throws {
        var crew = Crew(p)
        let places = try (0..<4).map { _ in try p.start("place", [], { _ in 0 }) }
        for w in 0..<2 {
            try crew.start("parent\(w)") { q in
                let end = q.r.monotonicNow() + 250_000_000
                while q.r.monotonicNow() < end {
                    let child = try q.start("child") { g in
                        g.spin(microseconds: 4000)
                        return 7
                    }
                    let ended = q.join(child)
                    try check(ended == .value(7) || ended == .killed(9), "child: \(ended)")
                    q.spin(microseconds: 2000)
                }
                return 1
            }
        }
        for place in places { _ = p.join(place, timeout: Crew.patience) }
        try crew.await()
    }
}

extension Probe {
    /// Three chunks with a free block each; then those of the middle of their list become free as a whole.
    fileprivate func leaveChunksFromTheMiddle() throws {
        let queues = try [channel(.max), channel(.max)]
        for k in 0..<6 { send(queues[k % 2], bytes: [UInt8](repeating: 5, count: 20_000)) }
        for c in queues {
            for _ in 0..<3 { try check(receive(c) == .bytes([UInt8](repeating: 5, count: 20_000)), "the message") }
            close(c.both)
        }
    }
}
