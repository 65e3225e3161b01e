// Short words over the runtime for the scenarios.
//
// Invariants
// - A scenario fails by throwing `Failed` or by a status that is not 0; it never waits without an end of its own being
//   watched from outside (Tests/ProcRuntimeTests, Scripts/kill-test).

import Glibc
import ProcRuntime

struct Failed: Error { var text: String }

func check(_ condition: Bool, _ text: @autoclosure () throws -> String, line: Int = #line) throws {
    if !condition { throw Failed(text: "line \(line): \(try text())") }
}

struct Chan {
    var ref: ObjectRef
    var kind: ObjectKind
    var both: End { End(object: ref, kind: kind, rights: .both) }
    var reader: End { End(object: ref, kind: kind, rights: .read) }
    var writer: End { End(object: ref, kind: kind, rights: .write) }
}

enum Got: Equatable {
    case value(Int)
    case bytes([UInt8])
    case timedOut, notReady, ended, poisoned, cancelled, deadlocked
    case failed(String)
}

struct Probe {
    var r: Runtime
    init(_ r: Runtime) { self.r = r }

    func complain(_ text: String) {
        let line = Array("FAILED in \(r.selfName): \(text)\n".utf8)
        try? line.withUnsafeBytes { try r.write($0, to: 2) }
    }
    func say(_ text: String) {
        let line = Array("\(text)\n".utf8)
        try? line.withUnsafeBytes { try r.write($0, to: 1) }
    }

    // MARK: Channels

    func channel(_ capacity: Int = 0) throws -> Chan {
        let kind: ObjectKind = capacity == Int.max ? .queue : .channel
        return Chan(ref: try r.makeChannel(kind: kind, capacity: capacity), kind: kind)
    }
    func pipe(_ capacity: Int = 64) throws -> (Chan, Chan) {
        let (a, b) = try r.makePipe(capacity: capacity)
        return (Chan(ref: a, kind: .pipe), Chan(ref: b, kind: .pipe))
    }
    private func got(_ outcome: CommOutcome) -> Got? {
        switch outcome {
        case .done: return nil
        case .timedOut: return .timedOut
        case .notReady: return .notReady
        case .ended: return .ended
        case .poisoned: return .poisoned
        case .cancelled: return .cancelled
        case .deadlocked: return .deadlocked
        case .failed(let e): return .failed(e.kind)
        }
    }
    func mode(timeout: Int64?, immediate: Bool = false, line: Int32 = 0, depth: Int32 = 0) -> CommMode {
        var m = CommMode()
        if let timeout { m.deadline = r.monotonicNow() + timeout * 1_000_000 }
        m.immediate = immediate
        m.line = line
        m.tryDepth = depth
        return m
    }
    /// Sends an integer. nil: sent.
    @discardableResult
    func send(_ c: Chan, _ value: Int, timeout: Int64? = nil, immediate: Bool = false, line: Int32 = #line, depth: Int32 = 0) -> Got? {
        var value = value
        return withUnsafeBytes(of: &value) {
            let one = CommCase(action: .send, end: c.writer, payload: $0)
            return withUnsafePointer(to: one) {
                got(r.communicate(UnsafeBufferPointer(start: $0, count: 1), mode: mode(timeout: timeout, immediate: immediate, line: line, depth: depth)))
            }
        }
    }
    @discardableResult
    func send(_ c: Chan, bytes: [UInt8], ends: [End] = [], timeout: Int64? = nil) -> Got? {
        bytes.withUnsafeBytes {
            let one = CommCase(action: .send, end: c.writer, payload: $0, capabilities: ends)
            return withUnsafePointer(to: one) {
                got(r.communicate(UnsafeBufferPointer(start: $0, count: 1), mode: mode(timeout: timeout)))
            }
        }
    }
    /// Sends, to receive from `next` at once. What was received, if that was done, too.
    func relay(_ value: Int, to c: Chan, next: Chan) -> (failure: Got?, received: Got?) {
        var value = value
        var m = mode(timeout: nil)
        m.next = next.reader
        return withUnsafeBytes(of: &value) {
            let one = CommCase(action: .send, end: c.writer, payload: $0)
            return withUnsafePointer(to: one) {
                let outcome = r.communicate(UnsafeBufferPointer(start: $0, count: 1), mode: m)
                if case .done(1) = outcome { return (nil, message()) }
                return (got(outcome), nil)
            }
        }
    }
    func receive(_ c: Chan, timeout: Int64? = nil, immediate: Bool = false, line: Int32 = #line, depth: Int32 = 0) -> Got {
        let one = CommCase(action: .receive, end: c.reader)
        return withUnsafePointer(to: one) {
            got(r.communicate(UnsafeBufferPointer(start: $0, count: 1), mode: mode(timeout: timeout, immediate: immediate, line: line, depth: depth)))
        } ?? message()
    }
    func message() -> Got {
        let m = r.received
        return m.count == 8 ? .value(m.loadUnaligned(as: Int.self)) : .bytes(Array(m))
    }
    /// Runs a choice. `.done(i)` gives i.
    func select(_ cases: [CommCase], timeout: Int64? = nil, immediate: Bool = false, first: Bool = false) -> (Int, Got?) {
        var m = mode(timeout: timeout, immediate: immediate)
        m.first = first
        let outcome = cases.withUnsafeBufferPointer { r.communicate($0, mode: m) }
        if case .done(let i) = outcome { return (i, nil) }
        return (-1, got(outcome))
    }
    func receiveCase(_ c: Chan) -> CommCase { CommCase(action: .receive, end: c.reader) }
    func endCase(_ p: ProcessRef) -> CommCase {
        CommCase(action: .ended, end: End(object: ObjectRef(raw: 0), kind: .channel, rights: []), process: p)
    }
    func close(_ end: End) { r.close(end) }

    // MARK: Processes

    func start(_ name: String, _ ends: [End] = [], _ body: @escaping (Probe) throws -> Int) throws -> ProcessRef {
        try r.createProcess(name: name, ends: ends, line: 0) {
            do {
                let value = try body(self)
                return .value(withUnsafeBytes(of: value) { Array($0) }, capabilities: [])
            } catch let error as Failed {
                self.complain(error.text)
                return .failure(Array(error.text.utf8))
            } catch let error as RuntimeError {
                if error.kind == "cancelled" { return .cancelled }
                if error.kind == "closed" { return .quiet }
                self.complain("\(error.kind): \(error.message)")
                return .failure(Array(error.kind.utf8))
            } catch { return .failure([]) }
        }
    }
    enum Ended: Equatable { case value(Int), failure, quiet, cancelled, killed(Int32), exited(Int32), timedOut, gone, waitCancelled, deadlocked }
    func join(_ p: ProcessRef, timeout: Int64? = nil) -> Ended {
        let deadline = timeout.map { r.monotonicNow() + $0 * 1_000_000 } ?? Int64.max
        switch r.awaitAny([p], deadline: deadline, reserve: [], isParallel: false, uninterruptible: false, line: 0, tryDepth: 0) {
        case .done: return ended(p)
        case .timedOut: return .timedOut
        case .cancelled: return .waitCancelled
        case .deadlocked: return .deadlocked
        case .failed: return .gone
        }
    }
    func ended(_ p: ProcessRef) -> Ended {
        defer { r.markJoined(p); r.release(p) }
        switch r.end(of: p) {
        case .value(let b)?: return .value(b.count == 8 ? b.loadUnaligned(as: Int.self) : -1)
        case .failure?: return .failure
        case .quiet?: return .quiet
        case .cancelled?: return .cancelled
        case .killed(let s)?: return .killed(s)
        case .exited(let s)?: return .exited(s)
        case nil: return .gone
        }
    }
    /// Waits for all, as `parallel` does.
    func parallel(_ processes: [ProcessRef], reserve: [End] = []) throws -> [Ended] {
        let left = ProcessGroup(processes)
        var results: [UInt64: Ended] = [:]
        while !left.isEmpty {
            switch r.awaitAny(left, deadline: .max, reserve: reserve, isParallel: true, uninterruptible: false, line: 0, tryDepth: 0) {
            case .done(let i):
                let p = left.members[i]
                left.remove(at: i)
                results[p.raw] = ended(p)
            case .cancelled: throw RuntimeError(kind: "cancelled", message: "")
            case let other: throw Failed(text: "parallel: \(other)")
            }
        }
        return processes.map { results[$0.raw]! }
    }
    func sleep(_ ms: Int64) throws {
        if case .cancelled = r.sleep(until: r.monotonicNow() + ms * 1_000_000) {
            throw RuntimeError(kind: "cancelled", message: "")
        }
    }
}
