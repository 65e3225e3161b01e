// What `proclang top` shows, and what its keys change. Knows no terminal: it makes lines, and is told keys.
//
// Invariant: rates are between two looks; a process is recognised by its reference, never by its pid.

import Glibc
import ProcRuntime

final class TopView {
    /// Milliseconds between two looks.
    static let interval: Int32 = 500

    static let keys = [
        ManualItem("q", "leave"), ManualItem("s", "sort by the next of: CPU, messages, waiting time, name, PID"),
        ManualItem("r", "reverse the order"), ManualItem("c", "processes and channels, processes only, channels only"),
        ManualItem("p, space", "pause, and go on"), ManualItem("arrows, PgUp, PgDn", "scroll"),
        ManualItem("h, ?", "help, and back"),
    ]

    enum Order: String, CaseIterable {
        case cpu = "CPU", messages, waiting = "waiting time", name, pid = "PID"
    }

    enum Tables: CaseIterable {
        case both, processes, channels
    }

    enum Key {
        case character(Character)
        case up, down, pageUp, pageDown, home
    }

    private let program: AttachedProgram
    private let isColoured: Bool
    private(set) var isPaused = false
    private var order = Order.cpu
    private var isReversed = false
    private var tables = Tables.both
    private var showsHelp = false
    private var scroll = 0

    private var snapshot: ProgramSnapshot
    private var use: [ProcessRef: Int64] = [:]
    private var rates: [ProcessRef: ProcessRates] = [:]
    private var total = ProcessRates()
    private var former: ProgramTotals
    private var processView = ProcessTableView(hasRates: true)
    private var channelView = ChannelTableView()

    init(_ program: AttachedProgram, isColoured: Bool) {
        self.program = program
        self.isColoured = isColoured
        snapshot = ProgramSnapshot()
        former = ProgramTotals()
        for process in snapshot.processes { use[process.ref] = ProcessorUse.of(process.pid) }
    }

    /// Takes a new snapshot, and what happened since the last one.
    func look() {
        let before = Dictionary(uniqueKeysWithValues: snapshot.processes.map { ($0.ref, $0) })
        let since = snapshot.time
        let next = ProgramSnapshot()
        let seconds = max(0.001, Double(next.time - since) / 1e9)
        var nextUse: [ProcessRef: Int64] = [:]
        rates = [:]
        total = ProcessRates()
        for process in next.processes where process.state != .ended {
            var rate = ProcessRates()
            let old = before[process.ref]
            rate.sent = Double(process.sent &- (old?.sent ?? 0)) / seconds
            rate.received = Double(process.received &- (old?.received ?? 0)) / seconds
            if let now = ProcessorUse.of(process.pid) {
                nextUse[process.ref] = now
                rate.load = Double(max(0, now - (use[process.ref] ?? 0))) / 1e9 / seconds
            }
            total.load += rate.load
            rates[process.ref] = rate
        }
        let totals = ProgramTotals()
        total.sent = Double(totals.sent &- former.sent) / seconds
        total.received = Double(totals.received &- former.received) / seconds
        former = totals
        use = nextUse
        snapshot = next
    }

    // MARK: Keys

    /// Does what the key asks for; false when it is to leave.
    func press(_ key: Key) -> Bool {
        switch key {
        case .character("q"), .character("Q"), .character("\u{3}"), .character("\u{4}"): return false
        case .character("s"): order = TopView.next(order)
        case .character("r"): isReversed.toggle()
        case .character("c"):
            tables = TopView.next(tables)
            scroll = 0
        case .character("p"), .character(" "): isPaused.toggle()
        case .character("h"), .character("?"): showsHelp.toggle()
        case .character: showsHelp = false
        case .up: scroll -= 1
        case .down: scroll += 1
        case .pageUp: scroll -= 10
        case .pageDown: scroll += 10
        case .home: scroll = 0
        }
        scroll = max(0, scroll)
        return true
    }

    private static func next<T: CaseIterable & Equatable>(_ value: T) -> T {
        let all = Array(T.allCases)
        return all[((all.firstIndex(of: value) ?? 0) + 1) % all.count]
    }

    // MARK: Lines

    /// What the program is, for how long it runs, and what its processes do.
    static func headline(_ program: AttachedProgram, _ snapshot: ProgramSnapshot) -> String {
        let own = snapshot.processes.filter { !$0.isService }
        var states: [String] = []
        for state in ["starting", "running", "waiting", "cancelled", "ending", "ended"] {
            let count = own.count { ProcessTableView.state($0) == state }
            if count > 0 { states.append("\(count) \(state)") }
        }
        let age = Quantity.duration(snapshot.time - program.born)
        return "\(ProgramChoice.title(program.command)) (pid \(program.pid)), \(age): "
            + "\(own.count) process\(own.count == 1 ? "" : "es"): \(states.joined(separator: ", "))"
    }

    private var activity: String {
        let pause = isPaused ? "PAUSED  " : ""
        return pause + "CPU \(Quantity.percent(total.load)) %, messages a second: \(Quantity.count(total.sent)) sent, "
            + "\(Quantity.count(total.received)) received; by \(order.rawValue)\(isReversed ? ", reversed" : "")"
    }

    private var sorted: [ProgramSnapshot.Process] {
        func rate(_ process: ProgramSnapshot.Process) -> ProcessRates { rates[process.ref] ?? ProcessRates() }
        /// Greatest first.
        func by(_ value: (ProgramSnapshot.Process) -> Double) -> [ProgramSnapshot.Process] {
            snapshot.processes.map { (value($0), $0) }
                .sorted { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1.pid < $1.1.pid }.map(\.1)
        }
        let result: [ProgramSnapshot.Process]
        switch order {
        case .cpu: result = by { rate($0).load }
        case .messages: result = by { rate($0).sent + rate($0).received }
        case .waiting: result = by { process in process.wait.map { Double(self.snapshot.time - $0.began) } ?? -1 }
        case .name: result = snapshot.processes.sorted { ($0.name, $0.pid) < ($1.name, $1.pid) }
        case .pid: result = snapshot.processes.sorted { $0.pid < $1.pid }
        }
        return isReversed ? result.reversed() : result
    }

    /// Everything, once, for a file or a pipe.
    func plain(width: Int) -> [String] {
        var lines = [TopView.headline(program, snapshot), activity, ""].map { TextTable.cut($0, to: width) }
        lines += processView.lines(sorted, of: snapshot, rates: rates, width: width)
        if !snapshot.objects.isEmpty { lines += [""] + channelView.lines(snapshot.objects, of: snapshot, width: width) }
        return lines
    }

    /// At most so many lines of at most so many columns; bold titles may be wrapped in control sequences.
    func frame(rows: Int, columns: Int) -> [String] {
        var lines = [TopView.headline(program, snapshot), activity].map { TextTable.cut($0, to: columns) }
        let room = rows - 4
        guard room >= 3 else { return Array(lines.prefix(rows)) }
        lines.append("")
        if showsHelp {
            let width = TopView.keys.reduce(0) { max($0, $1.term.count) } + 2
            let help = TopView.keys.map { key in
                "  " + key.term + String(repeating: " ", count: width - key.term.count) + key.text
            }
            lines += help.prefix(room).map { TextTable.cut($0, to: columns) }
        } else {
            lines += body(room, columns)
        }
        lines += Array(repeating: "", count: max(0, rows - 1 - lines.count))
        let hints = "q leave  s sort  r reverse  c tables  p \(isPaused ? "go on" : "pause")  h help"
        return lines + [dim(TextTable.cut(hints, to: columns))]
    }

    /// The tables in `room` lines: channels get what processes leave, at least a third.
    private func body(_ room: Int, _ columns: Int) -> [String] {
        let objects = snapshot.objects
        var forChannels = 0
        if tables == .channels {
            forChannels = room
        } else if tables == .both, !objects.isEmpty, room >= 8 {
            let wanted = objects.count + 2
            forChannels = min(wanted, max(room / 3, room - snapshot.processes.count - 1))
        }
        var lines: [String] = []
        if tables != .channels {
            let space = room - forChannels - 1
            let all = sorted
            scroll = max(0, min(scroll, all.count - space))
            let shown = Array(all[scroll..<min(all.count, scroll + space)])
            lines = titled(processView.lines(shown, of: snapshot, rates: rates, width: columns))
            lines += Array(repeating: "", count: max(0, room - forChannels - lines.count))
        }
        if forChannels > 2 {
            let space = forChannels - (tables == .channels ? 1 : 2)
            if tables == .channels { scroll = max(0, min(scroll, objects.count - space)) }
            let first = tables == .channels ? scroll : 0
            let shown = Array(objects[first..<min(objects.count, first + space)])
            if tables == .both { lines.append("") }
            lines += titled(channelView.lines(shown, of: snapshot, width: columns))
        }
        return lines
    }

    private func titled(_ lines: [String]) -> [String] {
        guard let title = lines.first else { return [] }
        return [isColoured ? "\u{1b}[1m\(title)\u{1b}[0m" : title] + lines.dropFirst()
    }

    private func dim(_ text: String) -> String { isColoured ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
}
