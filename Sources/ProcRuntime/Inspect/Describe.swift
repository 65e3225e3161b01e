// A snapshot's references as words: `:ps`, `proclang ps` and `proclang top` say the same of the same wait.

extension ProgramSnapshot {
    /// What a process waits for, such as `to receive from channel jobs`; a choice lists its first cases.
    public func describe(_ wait: Wait) -> String {
        let shown = wait.targets.prefix(3).map(describe)
        let rest = wait.targets.count - shown.count
        let text = shown.isEmpty ? "something" : shown.joined(separator: " or ")
        return text + (rest > 0 ? " or \(rest) more" : "")
    }

    /// One target of a wait, such as `at barrier start`.
    public func describe(_ target: WaitTarget) -> String {
        switch target {
        case .receive(let object): return "to receive from \(name(of: object))"
        case .send(let object): return "to send to \(name(of: object))"
        case .end(let processes): return "for the end of \(list(processes.map(label)))"
        case .lock(let object, let owner):
            return "for the lock of \(name(of: object))" + (owner.map { ", held by \(label(of: $0))" } ?? "")
        case .barrier(let object), .semaphore(let object), .event(let object): return "at \(name(of: object))"
        case .time: return "for a time (sleep)"
        case .standardInput: return "for standard input"
        case .standardOutput: return "to write its output"
        case .external: return "for an external program"
        case .manager(let object): return "for the manager, which has \(name(of: object))"
        }
    }

    /// `channel jobs`, or `channel 12` where it has no name.
    public func name(of ref: ObjectRef) -> String {
        guard let object = object(ref) else { return "an object that is gone" }
        let kind: String
        switch object.kind {
        case .cell, .array, .managed: kind = "shared"
        default: kind = "\(object.kind)"
        }
        return kind + " " + (object.name.isEmpty ? "\(ref.index)" : object.name)
    }

    /// `worker[2] (4711)`.
    public func label(of ref: ProcessRef) -> String {
        guard let process = process(ref) else { return "a process that is gone" }
        return "\(process.name) (\(process.pid))"
    }

    /// Who holds an end: a process, or an unread message.
    public func describe(_ holder: Holder) -> String {
        switch holder {
        case .process(let ref): return label(of: ref)
        case .message(let object): return object.map { "a message in \(name(of: $0))" } ?? "a message on its way"
        }
    }

    private func list(_ names: [String]) -> String {
        if names.isEmpty { return "a process" }
        if names.count > 3 { return names.prefix(3).joined(separator: ", ") + " and \(names.count - 3) more" }
        return names.joined(separator: ", ")
    }
}
