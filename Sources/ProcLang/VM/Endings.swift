// How a process ends: waiting for what it started, failures that nobody joined, failures as data for the program.
//
// Invariants
// - A process ends only when all that it started have ended. The failure of one that nobody joined is reported by the
//   process that started it, once, when that ends itself (or by a REPL before).
// - The host counts such failures itself (the program's exit status): what is only reported is not marked as joined.

extension VM {
    /// Waits for all processes that this one started, and reports failures that nobody joined: whether there were any.
    /// If `outcome` is a failure, they are cancelled first; what made some of them fail may be its cause.
    func finish(_ outcome: BodyOutcome) -> Bool {
        var found = reportEndedProcesses(markingThem: false)
        switch outcome {
        case .value, .quiet: break
        default: for process in started { cancelQuietly(process) }
        }
        if case .value(_, let capabilities) = outcome { resultEnds = Set(capabilities) }
        if !started.isEmpty, heap.sawCapability {
            // The body is finished: its ends are given up now, not when the processes that it started have ended.
            host.retain(only: resultEnds)
        }
        let group = ProcessGroup(started.map(\.process))
        while !group.isEmpty {
            let result = host.awaitAny(
                group, deadline: .max, reserve: [], isParallel: false, uninterruptible: false, line: 0, tryDepth: 0)
            switch result {
            case .done(let index):
                guard let process = started[group.members[index]] else {
                    group.remove(at: index)
                    continue
                }
                switch reportEnd(of: process, markingIt: false) {
                case .running: continue
                case .failed: found = true
                case .well: break
                }
                started.remove(process.process)
                group.remove(at: index)
            case .cancelled:
                host.acceptCancellation()
                for process in started { cancelQuietly(process) }
            default: return found
            }
        }
        return found
    }

    /// Cancels a process: that it ends by that is no surprise then.
    func cancelQuietly(_ process: StartedProcess) {
        quietProcesses.insert(process.process)
        host.cancel(process.process)
        host.markJoined(process.process)
    }

    /// Reports failures of started processes that have ended and that nobody joined. True if there were any.
    func reportEndedProcesses(markingThem: Bool) -> Bool {
        var found = false
        for process in Array(started) {
            switch reportEnd(of: process, markingIt: markingThem) {
            case .running: continue
            case .failed: found = true
            case .well: break
            }
            started.remove(process.process)
        }
        return found
    }

    private enum SeenEnd { case running, well, failed }

    private func reportEnd(of process: StartedProcess, markingIt: Bool) -> SeenEnd {
        guard let end = host.end(of: process.process) else { return .running }
        guard let failure = failure(of: end, process) else { return .well }
        if quietProcesses.contains(process.process) {
            guard case .failure = end, !VM.followsFromAnother(failure.kind) else { return .well }
        } else if host.isJoined(process.process) {
            return .well
        }
        if isOwn(failure) { return .well }
        if markingIt { host.markJoined(process.process) }
        onUnjoinedFailure(failure)
        return .failed
    }

    /// Whether an error of this kind tells of what happened to another process, or was asked for.
    static func followsFromAnother(_ kind: String) -> Bool { ["cancelled", "closed", "poisoned"].contains(kind) }

    /// Whether this process ends by the same failure, as all members of a deadlock do.
    private func isOwn(_ failure: RuntimeFailure) -> Bool {
        let own = pendingError.tag == Tag.error ? pendingError : taskRoot
        guard own.tag == Tag.error else { return false }
        return plainText(own.error.pointee.kindName) == failure.kind && plainText(own.error.pointee.message) == failure.message
    }

    func failure(of end: ProcessEnd, _ process: StartedProcess) -> RuntimeFailure? {
        var label: String { "\(process.name), \(process.pid)" }
        switch end {
        case .value, .quiet, .cancelled: return nil
        case .exited(let status):
            if status == 0 { return nil }
            return RuntimeFailure(
                kind: "process", message: "the process \(process.name) ended by exit(\(status))", process: label)
        case .killed(let signal):
            return RuntimeFailure(
                kind: "process", message: "the process \(process.name) was killed by signal \(signal)\(VM.signalName(signal))",
                process: label)
        case .failure(let bytes):
            if let value = try? decode(bytes), value.tag == Tag.error { return failure(of: value) }
            return RuntimeFailure(kind: "process", message: "the process \(process.name) failed", process: label)
        }
    }

    /// Processes that nobody can name any more and that ended well are forgotten, so that a program may start any number.
    func forgetEndedOrphans() {
        for orphan in Array(orphans) {
            guard let process = started[orphan], let end = host.end(of: orphan), failure(of: end, process) == nil else {
                continue
            }
            orphans.remove(orphan)
            started.remove(orphan)
            quietProcesses.remove(orphan)
            host.release(orphan)
        }
    }

    /// The collector found that nobody can reach this handle any more.
    func handleDied(_ process: ProcessRef) {
        if started.contains(process) {
            // Its failure may still have to be reported.
            orphans.insert(process)
        } else {
            quietProcesses.remove(process)
            host.release(process)
        }
    }

    /// An error value as data.
    func failure(of value: Value) -> RuntimeFailure {
        guard value.tag == Tag.error else { return RuntimeFailure(kind: "error", message: "unknown") }
        let error = value.error
        let span = Span(
            file: error.pointee.file, start: Int32(bitPattern: error.pointee.start), end: Int32(bitPattern: error.pointee.end))
        var attached: [RuntimeFailure] = []
        if error.pointee.attached.isList {
            let list = error.pointee.attached.list
            for index in 0..<min(list.pointee.count, 100) where list.pointee.items[index].payload != value.payload {
                attached.append(failure(of: list.pointee.items[index]))
            }
        }
        return RuntimeFailure(
            kind: plainText(error.pointee.kindName), message: plainText(error.pointee.message),
            span: sources.file(of: span) == nil ? .none : span, trace: traceTexts(error),
            process: error.pointee.process.isNil ? "" : plainText(error.pointee.process), attached: attached)
    }

    func plainText(_ value: Value) -> String {
        if value.isString { return value.string.text }
        var text: [UInt8] = []
        do { try repr(value, into: &text) } catch { pendingError = .nil }
        return String(decoding: text, as: UTF8.self)
    }
}
