// What the fault scenarios share: the processes of one scenario, and a ledger of what they did that lies outside of
// the arena, so that a damaged arena cannot hide its own damage.
//
// Every scenario must hold whichever process is killed, wherever: it ends with status 0 when the killed one was
// neither the root nor the main process, says `KILLED name` for each child that was killed, and complains otherwise.

import Glibc
import ProcRuntime

/// Numbers in shared memory of their own: what was begun, acknowledged, received.
struct Ledger {
    private let words: UnsafeMutablePointer<UInt64>
    private let bytes: Int

    init(_ count: Int) {
        bytes = count * 8
        let memory = mmap(nil, count * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        words = memory!.assumingMemoryBound(to: UInt64.self)
    }

    /// After the last use, where one program makes many.
    func free() { munmap(words, bytes) }

    subscript(_ i: Int) -> Int {
        get { Int(words[i]) }
        nonmutating set { words[i] = UInt64(newValue) }
    }
}

/// The processes that a scenario starts, by name.
struct Crew {
    private let p: Probe
    private var members: [(name: String, ref: ProcessRef)] = []
    private(set) var killed: [String] = []
    /// Milliseconds after which a process that should end by itself hangs.
    static let patience: Int64 = 15_000

    init(_ p: Probe) { self.p = p }

    mutating func start(_ name: String, _ ends: [End] = [], _ body: @escaping (Probe) throws -> Int) throws {
        members.append((name, try p.start(name, ends, body)))
    }

    /// The process with that name.
    subscript(_ name: String) -> ProcessRef { members.first { $0.name == name }!.ref }

    /// Waits for all; how each ended, by name. A hang or a failure is thrown.
    @discardableResult
    mutating func await() throws -> [String: Probe.Ended] {
        var ends: [String: Probe.Ended] = [:]
        for (name, ref) in members {
            let end = p.join(ref, timeout: Self.patience)
            ends[name] = end
            switch end {
            case .killed:
                killed.append(name)
                p.say("KILLED \(name)")
            case .timedOut: throw Failed(text: "\(name) hangs")
            case .failure: throw Failed(text: "\(name) failed")
            default: break
            }
        }
        members = []
        return ends
    }
}

/// Numbered messages from senders to receivers, and what became of each.
struct Exchange {
    let perSender: Int
    let senders: Int
    private let ledger: Ledger

    init(senders: Int, perSender: Int) {
        self.senders = senders
        self.perSender = perSender
        ledger = Ledger(2 * senders + senders * perSender)
    }

    func free() { ledger.free() }
    func number(_ sender: Int, _ k: Int) -> Int { sender * perSender + k }
    func begin(_ sender: Int, _ k: Int) { ledger[2 * sender] = k + 1 }
    func acknowledge(_ sender: Int, _ k: Int) { ledger[2 * sender + 1] = k + 1 }

    /// A receiver has got message `number`.
    func receive(_ number: Int) throws {
        let sender = number / perSender
        try check(sender < senders && number % perSender < ledger[2 * sender], "message \(number) was never sent")
        ledger[2 * senders + number] += 1
        try check(ledger[2 * senders + number] == 1, "message \(number) arrived twice")
    }

    /// Acknowledged messages are received, but for one in the hands of each killed receiver. With all receivers
    /// dead, whatever they had not read is gone by right.
    func judge(receiversKilled: Int, of receivers: Int) throws {
        if receiversKilled == receivers { return }
        var lost: [Int] = []
        for sender in 0..<senders {
            for k in 0..<ledger[2 * sender + 1] where ledger[2 * senders + number(sender, k)] == 0 {
                lost.append(number(sender, k))
            }
        }
        try check(lost.count <= receiversKilled, "lost \(lost) with \(receiversKilled) receivers killed")
    }
}
