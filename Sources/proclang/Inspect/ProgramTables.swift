// The tables of a program's processes and channels, as `proclang ps`, `proclang top` and the prompt show them.
//
// Invariants
// - A row is made of one snapshot (and the rates of two); names are made harmless for the terminal by `TextTable`.
// - A table remembers the widths of its columns, so that a live view does not jump.

import ProcRuntime

/// What a process did since an earlier look, each second.
struct ProcessRates {
    /// Of one core, 1.0 is all.
    var load = 0.0
    var sent = 0.0
    var received = 0.0
}

/// The processes of a program as a table.
struct ProcessTableView {
    private var table: TextTable
    private let hasRates: Bool
    private let hasActivity: Bool

    /// With rates, or with totals since each process began; `hasActivity` false: without either, for narrow terminals.
    init(hasRates: Bool, hasActivity: Bool = true) {
        self.hasRates = hasRates
        self.hasActivity = hasActivity
        let activity: [(text: String, alignment: TextTable.Alignment)] = [
            (hasRates ? "CPU%" : "CPU", .right), (hasRates ? "SENT/S" : "SENT", .right),
            (hasRates ? "RECEIVED/S" : "RECEIVED", .right),
        ]
        table = TextTable(
            [("PID", .right), ("NAME", .left), ("STATE", .left)] + (hasActivity ? activity : [])
                + [("FOR", .right), ("LINE", .right), ("WAITS", .left)])
    }

    /// Titles and a line for each process.
    mutating func lines(
        _ processes: [ProgramSnapshot.Process], of snapshot: ProgramSnapshot, rates: [ProcessRef: ProcessRates] = [:],
        used: (ProgramSnapshot.Process) -> Int64? = { _ in nil }, width: Int
    ) -> [String] {
        table.lines(processes.map { row($0, snapshot, rates[$0.ref], used($0)) }, width: width)
    }

    private func row(
        _ process: ProgramSnapshot.Process, _ snapshot: ProgramSnapshot, _ rates: ProcessRates?, _ used: Int64?
    ) -> [String] {
        let wait = process.wait
        let line = wait?.line ?? process.startLine
        let activity: [String]
        if !hasActivity {
            activity = []
        } else if hasRates {
            activity = [
                rates.map { Quantity.percent($0.load) } ?? "", rates.map { Quantity.count($0.sent) } ?? "",
                rates.map { Quantity.count($0.received) } ?? "",
            ]
        } else {
            activity = [
                used.map(Quantity.duration) ?? "", Quantity.count(Double(process.sent)),
                Quantity.count(Double(process.received)),
            ]
        }
        return [process.pid > 0 ? String(process.pid) : "", process.name, ProcessTableView.state(process)] + activity
            + [Quantity.duration(snapshot.time - (wait?.began ?? process.born)), line > 0 ? String(line) : ""]
            + [wait.map { snapshot.describe($0) + (ProcessTableView.hasTimeout($0) ? " (with a timeout)" : "") } ?? ""]
    }

    /// Whether something else than the passing of time is waited for, at most so long.
    private static func hasTimeout(_ wait: ProgramSnapshot.Wait) -> Bool {
        guard wait.isTimed else { return false }
        if case .time = wait.targets.first { return false }
        return true
    }

    static func state(_ process: ProgramSnapshot.Process) -> String {
        if process.isCancelled, process.state != .ended { return "cancelled" }
        return process.isService ? "service" : "\(process.state)"
    }
}

/// The channels, queues, pipes and shared objects of a program as a table.
struct ChannelTableView {
    private var table = TextTable([
        ("CHANNEL", .left), ("KIND", .left), ("QUEUED", .right), ("WRITERS", .left), ("READERS", .left),
    ])

    /// Titles and a line for each object.
    mutating func lines(_ objects: [ProgramSnapshot.Object], of snapshot: ProgramSnapshot, width: Int) -> [String] {
        table.lines(objects.map { row($0, snapshot) }, width: width)
    }

    private func row(_ object: ProgramSnapshot.Object, _ snapshot: ProgramSnapshot) -> [String] {
        let name = object.name.isEmpty ? "\(object.ref.index)" : object.name
        func list(_ holders: [ProgramSnapshot.Holder]) -> String {
            if holders.isEmpty { return "nobody" }
            let shown = holders.prefix(3).map(snapshot.describe).joined(separator: ", ")
            return holders.count > 3 ? "\(shown) and \(holders.count - 3) more" : shown
        }
        guard object.kind.isStream else {
            return [name, "\(object.kind)", "", "", "used by " + list(object.holders)]
        }
        let limit = object.capacity == .max ? "" : "/\(object.capacity)"
        let queued = object.isPoisoned ? "poisoned" : object.capacity == 0 ? "-" : "\(object.queued)\(limit)"
        return [name, "\(object.kind)", queued, list(object.writers), list(object.readers)]
    }
}

/// Numbers as people read them at a glance.
enum Quantity {
    /// `850ms`, `12.3s`, `4m05s`, `2h10m`, `3d04h`.
    static func duration(_ nanoseconds: Int64) -> String {
        let ms = max(0, nanoseconds) / 1_000_000
        let seconds = ms / 1000
        if ms < 1000 { return "\(ms)ms" }
        if seconds < 100 { return "\(seconds).\(ms % 1000 / 100)s" }
        if seconds < 3600 { return "\(seconds / 60)m\(twoDigits(seconds % 60))s" }
        if seconds < 86400 { return "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m" }
        return "\(seconds / 86400)d\(twoDigits(seconds / 3600 % 24))h"
    }

    /// `0`, `999`, `12.3k`, `4.5M`.
    static func count(_ value: Double) -> String {
        if value < 1000 { return String(Int(value.rounded())) }
        let units: [(String, Double)] = [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)]
        let (name, unit) = units.last { value >= $0.1 } ?? units[0]
        return tenths(value / unit) + name
    }

    /// `97.5` for 0.975.
    static func percent(_ share: Double) -> String { tenths(share * 100) }

    private static func tenths(_ value: Double) -> String {
        let all = Int64(max(0, min(value, 1e15)) * 10 + 0.5)
        return "\(all / 10).\(all % 10)"
    }

    private static func twoDigits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
