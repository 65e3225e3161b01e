// `parallel` and `supervise`: a group of processes that live and fail together.
//
// Invariants
// - The tasks of a group are kept in order, each with its handle as soon as it was started; the results are in the
//   order of the tasks.
// - The first failure cancels all others; the group ends only when every process of it has ended.
// - While tasks remain to be started (or may be restarted), their ends are in `reserve`: streams that they will
//   use do not end before.

/// What a group that is not over waits for.
final class GroupState {
    /// Its running processes, by the numbers of their tasks.
    let running = ProcessGroup()
    /// The ends of the tasks that may yet be started, one right each, and how many of them have it: a process that waits
    /// for a place, or may have to start one anew, does not lend those.
    private(set) var reserved: [End: Int] = [:]
    /// The ends of each task; empty once it is started for the last time.
    private var endsOfTasks: [[End]] = []

    /// Counts the ends of the next task.
    func reserve(_ ends: [End]) {
        var single: [End] = []
        for end in ends {
            for right in [Rights.read, .write, .hold] where end.rights.contains(right) {
                single.append(End(object: end.object, kind: end.kind, rights: right))
            }
        }
        for end in single { reserved[end, default: 0] += 1 }
        endsOfTasks.append(single)
    }

    /// The task is not started any more.
    func unreserve(_ task: Int) {
        guard task < endsOfTasks.count else { return }
        for end in endsOfTasks[task] {
            reserved[end, default: 1] -= 1
            if reserved[end] == 0 { reserved[end] = nil }
        }
        endsOfTasks[task] = []
    }
}

extension VM {
    /// R[0]: limit or absent; R[1], R[2]: restarts and seconds. Flags: 1 supervise, 2 numbered names.
    func beginGroup(_ registers: UnsafeMutablePointer<Value>, flags: Int) throws(Raise) -> Value {
        var limit = 0
        if !registers[0].isAbsent, !registers[0].isNil {
            guard registers[0].isInt, registers[0].int > 0 else { throw valueError("`limit` is an int, at least 1") }
            limit = registers[0].int
        }
        var restarts = -1
        var window = 0
        if flags & 1 != 0 {
            restarts = 3
            window = 5_000_000_000
            if !registers[1].isAbsent {
                guard registers[1].isInt, registers[1].int >= 0 else { throw valueError("`restarts` is an int, at least 0") }
                restarts = registers[1].int
            }
            if !registers[2].isAbsent {
                guard registers[2].isNumber, registers[2].asDouble >= 0, registers[2].asDouble < 9e9 else {
                    throw valueError("`within` is a time in seconds")
                }
                window = Int(registers[2].asDouble * 1e9)
            }
        }
        let group = heap.makeGroup(limit: limit, restarts: restarts, window: window)
        if flags & 2 != 0 { group.group.pointee.header.aux = 1 }
        groups[group.group] = GroupState()
        return group
    }

    /// Adds a task; `now`: starts it, waiting for a free place if there is a limit.
    func addTask(_ task: Value, to group: UnsafeMutablePointer<GroupObject>, now: Bool) throws(Raise) {
        if group.pointee.header.aux == 1 {
            let name = task.task.pointee.name.string.text
            task.task.pointee.name = heap.makeString("\(name)[\(group.pointee.tasks.list.pointee.count)]")
        }
        heap.append(task, to: group.pointee.tasks.list)
        if group.pointee.limit > 0 || group.pointee.restarts >= 0 { state(of: group).reserve(ends(of: task.task)) }
        if now { try startTasks(of: group) }
    }

    /// Starts the tasks that were not started yet, at most `limit` at a time; waits for places as needed.
    private func startTasks(of group: UnsafeMutablePointer<GroupObject>, areAll: Bool = false) throws(Raise) {
        let tasks = group.pointee.tasks.list
        let handles = group.pointee.handles.list
        while handles.pointee.count < tasks.pointee.count {
            if group.pointee.limit > 0 {
                while state(of: group).running.count >= group.pointee.limit { try awaitOne(of: group) }
            }
            let handle = try launch(tasks.pointee.items[handles.pointee.count].task)
            state(of: group).running.add(ProcessRef(raw: handle.pointee.process), number: handles.pointee.count)
            if areAll, group.pointee.restarts < 0 { state(of: group).unreserve(handles.pointee.count) }
            heap.append(Value(heap: Tag.handle, handle), to: handles)
        }
    }

    private func state(of group: UnsafeMutablePointer<GroupObject>) -> GroupState {
        if let state = groups[group] { return state }
        let state = GroupState()
        groups[group] = state
        return state
    }

    /// Waits until one process of the group has ended; a failure of it is raised (or it is restarted).
    private func awaitOne(of group: UnsafeMutablePointer<GroupObject>) throws(Raise) {
        let state = state(of: group)
        let running = state.running
        if running.isEmpty { return }
        let outcome = host.awaitAny(
            running, deadline: .max, reserve: Array(state.reserved.keys), isParallel: true, uninterruptible: false,
            line: currentLine, tryDepth: tryDepth)
        guard case .done(let place) = outcome, place >= 0, place < running.count else {
            throw waitFailure(outcome, "the processes did not end in time")
        }
        let index = running.numbers[place]
        let handle = group.pointee.handles.list.pointee.items[index].handle
        guard try settle(handle) else { return }
        running.remove(at: place)
        markJoined(handle)
        if handle.pointee.state == HandleState.done {
            state.unreserve(index)
            return
        }
        if try restart(index, of: group) { return }
        if group.pointee.failure.isNil { group.pointee.failure = handle.pointee.outcome }
        pendingError = handle.pointee.outcome
        throw Raise()
    }

    /// Runs the group to its end: the list of results.
    func runGroup(_ value: Value) throws(Raise) -> Value {
        let group = value.group
        do {
            if group.pointee.restarts < 0 {
                // More like those that run may have come until now.
                for index in 0..<group.pointee.handles.list.pointee.count { state(of: group).unreserve(index) }
            }
            try startTasks(of: group, areAll: true)
            while !state(of: group).running.isEmpty { try awaitOne(of: group) }
            groups[group] = nil
        } catch {
            abortGroup(value)
            throw error
        }
        let handles = group.pointee.handles.list
        let results = heap.newList(capacity: handles.pointee.count)
        for index in 0..<handles.pointee.count {
            heap.append(handles.pointee.items[index].handle.pointee.outcome, to: results)
        }
        return Value(results)
    }

    /// Cancels what runs and waits for it; keeps the pending error, to which it attaches the other failures.
    func abortGroup(_ value: Value) {
        let group = value.group
        let handles = group.pointee.handles.list
        let error = pendingError
        roots.append(error)
        defer {
            roots.removeLast()
            pendingError = error
        }
        let left = state(of: group).running
        for process in left.members {
            host.cancel(process)
            host.markJoined(process)
        }
        while !left.isEmpty {
            let outcome = host.awaitAny(
                left, deadline: .max, reserve: [], isParallel: true, uninterruptible: true, line: currentLine, tryDepth: 0)
            guard case .done(let place) = outcome else { break }
            let handle = handles.pointee.items[left.numbers[place]].handle
            guard (try? settle(handle)) != false else { continue }
            markJoined(handle)
            left.remove(at: place)
            if handle.pointee.state == HandleState.failed { attach(handle.pointee.outcome, to: error) }
        }
        groups[group] = nil
    }

    /// Keeps a further failure with the one that is raised, unless it only follows from it.
    private func attach(_ failure: Value, to error: Value) {
        guard error.tag == Tag.error, failure.tag == Tag.error, failure.payload != error.payload else { return }
        let kind = failure.error.pointee.kindName
        if kind.isString, VM.followsFromAnother(kind.string.text) { return }
        // All members of a deadlock get the same report.
        let message = failure.error.pointee.message
        let raised = error.error.pointee.message
        if kind.isString, kind.string.equals(kinds.deadlock.string), message.isString, raised.isString,
            message.string.equals(raised.string)
        {
            return
        }
        if error.error.pointee.attached.isNil { error.error.pointee.attached = Value(heap.newList()) }
        heap.append(failure, to: error.error.pointee.attached.list)
    }

    // MARK: Supervision

    /// Starts a failed process anew if the group is supervised and its restarts are not used up.
    private func restart(_ index: Int, of group: UnsafeMutablePointer<GroupObject>) throws(Raise) -> Bool {
        guard group.pointee.restarts >= 0 else { return false }
        let handle = group.pointee.handles.list.pointee.items[index].handle
        if handle.pointee.state == HandleState.cancelled { return false }
        let now = Int(host.monotonicNow())
        let history = group.pointee.history.list
        var recent = 0
        for index in 0..<history.pointee.count where now - history.pointee.items[index].int <= group.pointee.window { recent += 1 }
        guard recent < group.pointee.restarts else { return false }
        heap.append(Value(now), to: history)
        let fresh = try launch(group.pointee.tasks.list.pointee.items[index].task)
        state(of: group).running.add(ProcessRef(raw: fresh.pointee.process), number: index)
        group.pointee.handles.list.pointee.items[index] = Value(heap: Tag.handle, fresh)
        var reason = ""
        if handle.pointee.outcome.tag == Tag.error, handle.pointee.outcome.error.pointee.message.isString {
            reason = handle.pointee.outcome.error.pointee.message.string.text
        }
        let report = "supervise: \(label(handle)) failed (\(reason)); restarted as pid \(fresh.pointee.pid)\n"
        var bytes = report
        bytes.withUTF8 { text in try? host.write(UnsafeRawBufferPointer(text), to: 2) }
        return true
    }
}
