// Processes: tasks, starting them, the ends they are given, handles, joining.
//
// Invariants
// - Callee and arguments are evaluated in the parent; the body runs in the child on an empty stack and never returns
//   into the parent's frames.
// - A child is given the ends that it can reach: those in its arguments, narrowed by the direction of the parameter, and
//   those in the outer names that its code uses, narrowed by what it does with them.
// - A handle's `state` leaves 0 once, when the end of the process is first seen.

import Glibc

enum HandleState {
    static let running: Int32 = 0
    static let done: Int32 = 1
    static let failed: Int32 = 2
    static let killed: Int32 = 3
    static let cancelled: Int32 = 4

    static func name(_ state: Int32) -> String {
        switch state {
        case running: return "running"
        case failed: return "failed"
        case killed: return "killed"
        case cancelled: return "cancelled"
        default: return "done"
        }
    }
}

extension VM {
    // MARK: Tasks

    /// The process to be R[0](R[1] ... R[count]).
    func makeTask(_ registers: UnsafeMutablePointer<Value>, _ count: Int, named: Bool) throws(Raise) -> Value {
        let callee = registers[0]
        var given = count
        let name: String
        switch callee.tag {
        case Tag.closure:
            let code = callee.closure.pointee.code
            let at = Int(code.pointee.info)
            name = infos[at].isAnonymous ? "block:\(infos[at].line)" : infos[at].name
            try reserve(registers + 1, infos[at].parameterNames.count)
            if named { given = try orderByName(infos[at].name, infos[at].parameterNames, registers + 1, count) }
            try completeArguments(code, registers + 1, given)
            given = Int(code.pointee.parameterCount)
            for index in 0..<given where infos[at].parameterKinds[index] != .value {
                try checkArgument(registers[index + 1], infos[at], index)
            }
        case Tag.native:
            name = library.name(Int(callee.payload))
            if named { throw typeError("a library function that runs as a process takes no named arguments") }
        case Tag.boundMethod:
            name = "method"
            if named { throw typeError("a method that runs as a process takes no named arguments") }
        default: throw typeError("\(callee.typeName) cannot be run as a process")
        }
        let task = heap.newTask(callee: callee, name: heap.intern(name), count: given)
        for index in 0..<given { task.arguments[index] = registers[index + 1] }
        return Value(heap: Tag.task, task)
    }

    /// An argument of a `shared` parameter must be a shared variable; of `x?` and `x!`, an end with that direction.
    func checkArgument(_ value: Value, _ info: FunctionInfo, _ index: Int) throws(Raise) {
        let needed: String
        var hint = ""
        switch info.parameterKinds[index] {
        case .value: return
        case .shared:
            if value.kind == Tag.shared || value.isAbsent { return }
            needed = "`shared \(info.parameterNames[index])` of `\(info.name)` needs a shared variable"
            hint = "; where what is called is known only at run time, write `shared` before the argument"
        case .reader:
            if value.kind == Tag.end ? value.end.rights.contains(.read) : value.tag == Tag.stdin || value.isAbsent { return }
            needed = "`\(info.parameterNames[index])?` of `\(info.name)` needs a reading end"
        case .writer:
            if value.kind == Tag.end ? value.end.rights.contains(.write) : value.isAbsent { return }
            needed = "`\(info.parameterNames[index])!` of `\(info.name)` needs a writing end"
        }
        throw typeError("the parameter \(needed), not \(value.kind == Tag.end ? "the other one" : value.typeName)\(hint)")
    }

    /// The ends that the process of a task is given.
    func ends(of task: UnsafeMutablePointer<TaskObject>) -> [End] {
        var collector = EndCollector(vm: self)
        let count = Int(task.pointee.header.aux)
        var rights: [Rights] = []
        if task.pointee.callee.tag == Tag.closure {
            rights = infos[Int(task.pointee.callee.closure.pointee.code.pointee.info)].parameterRights
        }
        for index in 0..<count {
            let value = task.arguments[index]
            // The direction of a parameter narrows an end that is passed itself, not those inside a structure.
            let narrowed = value.kind == Tag.end && index < rights.count
            collector.add(value, narrowed ? rights[index] : [.both, .hold])
        }
        collector.add(task.pointee.callee, [.both, .hold])
        return collector.ends.map { End(object: $0.key, kind: $0.value.kind, rights: $0.value.rights) }
    }

    // MARK: Creation

    /// Creates the process of a task. In the child this never returns.
    func launch(_ task: UnsafeMutablePointer<TaskObject>) throws(Raise) -> UnsafeMutablePointer<HandleObject> {
        if started.count >= mostStarted { forgetUnreachable(sparing: task) }
        let name = task.pointee.name.string.text
        let ends = ends(of: task)
        let line = currentLine
        created += 1
        func create() throws -> ProcessRef {
            try host.createProcess(name: name, ends: ends, line: line) {
                let outcome = self.runChild(task)
                _ = self.finish(outcome)
                return outcome
            }
        }
        let process: ProcessRef
        do { process = try create() } catch {
            // Those that have ended still count, until nobody can ask for their results any more.
            guard (error as? HostError)?.kind == "process", !started.isEmpty else { throw raise(host: error) }
            forgetUnreachable(sparing: task)
            process = try onHost { try create() }
        }
        let pid = host.pid(of: process)
        started.append(StartedProcess(process: process, pid: pid, name: name))
        let handle = heap.makeHandle(process, pid: pid, name: task.pointee.name)
        handle.pointee.number = created
        return handle
    }

    /// Forgets processes that have ended and that nothing can reach: the collector does not know that each keeps an entry
    /// of the process table. Looks again when there are twice as many.
    private func forgetUnreachable(sparing task: UnsafeMutablePointer<TaskObject>) {
        roots.append(Value(heap: Tag.task, task))
        collect(top: stackTop)
        roots.removeLast()
        forgetEndedOrphans()
        mostStarted = max(256, 2 * started.count)
    }

    /// The body of a process, in the child.
    private func runChild(_ task: UnsafeMutablePointer<TaskObject>) -> BodyOutcome {
        cancelWord = host.cancelWord
        currentFrame = frames - 1
        replaceInherited(&roots, for: [])
        replaceInherited(&started, for: StartedProcesses())
        mostStarted = 256
        replaceInherited(&orphans, for: [])
        replaceInherited(&quietProcesses, for: [])
        replaceInherited(&closedWriters, for: [])
        replaceInherited(&groups, for: [:])
        pendingError = .nil
        argumentNames = .nil
        exitStatus = nil
        random = nil
        seed = seed.map { RandomState.childSeed($0, created) }
        created = 0
        isChild = true
        nativeDepth = 0
        wasCancelled = false
        replaceInherited(&resultEnds, for: [])
        taskRoot = Value(heap: Tag.task, task)
        let count = Int(task.pointee.header.aux)
        stackBase[0] = task.pointee.callee
        for index in 0..<count { stackBase[index + 1] = task.arguments[index] }
        narrowArguments(task, stackBase + 1, count)
        do {
            if task.pointee.callee.tag == Tag.closure {
                let end = stackBase + count + 1 + VM.spareRegisters
                if end >= softLimit { _ = raiseSoftLimit(for: end) }
                try enter(task.pointee.callee, stackBase + 1)
                if !run(currentFrame) { return failedOutcome() }
            } else {
                var arguments: [Value] = []
                for index in 0..<count { arguments.append(stackBase[index + 1]) }
                stackBase[0] = try call(task.pointee.callee, arguments: arguments)
            }
            // The result of most processes: nothing to encode, no memory to ask for.
            if stackBase[0].isNil { return .value([], capabilities: []) }
            return try encodedResult(task)
        } catch {
            return failedOutcome()
        }
    }

    /// What the process returned, as a message. What cannot be sent fails at the `return`.
    private func encodedResult(_ task: UnsafeMutablePointer<TaskObject>) throws(Raise) -> BodyOutcome {
        do {
            let (bytes, capabilities) = try encoded(stackBase[0])
            return .value(bytes, capabilities: capabilities)
        } catch {
            if task.pointee.callee.tag == Tag.closure {
                // The frame that has returned is still as it was.
                currentFrame = frames
                describePendingError()
                currentFrame = frames - 1
            }
            throw error
        }
    }

    private func narrowArguments(_ task: UnsafeMutablePointer<TaskObject>, _ arguments: UnsafeMutablePointer<Value>, _ count: Int) {
        guard task.pointee.callee.tag == Tag.closure else { return }
        // In place: a copy counts references, which in a newborn process copies pages.
        let at = Int(task.pointee.callee.closure.pointee.code.pointee.info)
        for index in 0..<min(count, infos[at].parameterRights.count) where arguments[index].kind == Tag.end {
            var end = arguments[index].end
            let rights = infos[at].parameterRights[index].intersection(.both)
            // `hold`: the body only looks at it or closes it.
            end.rights = rights.isEmpty ? end.rights : end.rights.intersection(rights)
            arguments[index] = Value(end: end)
        }
    }

    /// How a process ends whose body was left by an error or by `exit`.
    func failedOutcome() -> BodyOutcome {
        if let status = exitStatus { return .exited(status) }
        describePendingError()
        guard pendingError.tag == Tag.error else { return .failure([]) }
        let error = pendingError.error
        let kind = error.pointee.kindName
        if isChild {
            if kind.isString, kind.string.equals(kinds.closed.string) || kind.string.equals(kinds.poisoned.string) {
                return .quiet
            }
            // Its own cancellation may have been held back while the error of one that had the same was on its way.
            if wasCancelled || cancelWord.pointee & 1 != 0, kind.isString, kind.string.equals(kinds.cancelled.string) { return .cancelled }
        }
        if error.pointee.process.isNil {
            error.pointee.process = heap.makeString("\(host.selfName), \(host.selfPid)")
        }
        do {
            return .failure(try encoded(pendingError).bytes)
        } catch {
            // The error's own content cannot be sent: say at least that.
            pendingError.error.pointee.process = heap.makeString("\(host.selfName), \(host.selfPid)")
            return .failure((try? encoded(pendingError).bytes) ?? [])
        }
    }

    // MARK: Ends of processes

    /// Looks at how a process ended and keeps it in the handle. False while it runs.
    @discardableResult
    func settle(_ handle: UnsafeMutablePointer<HandleObject>) throws(Raise) -> Bool {
        if handle.pointee.state != HandleState.running { return true }
        let process = ProcessRef(raw: handle.pointee.process)
        guard let end = host.end(of: process) else { return false }
        // A failure stays among the started until somebody joins it, or it is reported.
        if failure(of: end, StartedProcess(process: process, pid: handle.pointee.pid, name: "")) == nil { started.remove(process) }
        defer { if handle.pointee.state == HandleState.done { releaseEarly(handle) } }
        switch end {
        case .value(let bytes):
            // Results hold ends that arrive with them.
            let result = bytes.isEmpty ? .nil : try decode(bytes)
            handle.pointee.outcome = result
            handle.pointee.state = HandleState.done
        case .failure(let bytes):
            handle.pointee.state = HandleState.failed
            do { handle.pointee.outcome = try decode(bytes) } catch { handle.pointee.outcome = .nil }
            if handle.pointee.outcome.tag != Tag.error {
                pendingError = .nil
                handle.pointee.outcome = processError(handle, "failed; what its error was is lost")
            }
        case .quiet:
            handle.pointee.state = HandleState.done
        case .cancelled:
            handle.pointee.state = HandleState.cancelled
            handle.pointee.outcome = heap.makeError(
                kind: kinds.cancelled, message: heap.makeString("\(title(handle)) was cancelled"))
            handle.pointee.outcome.error.pointee.process = heap.makeString(label(handle))
        case .killed(let signal):
            handle.pointee.state = HandleState.killed
            handle.pointee.outcome = processError(handle, "was killed by signal \(signal)\(VM.signalName(signal))")
        case .exited(let status):
            if handle.pointee.external {
                handle.pointee.state = HandleState.done
                handle.pointee.outcome = Value(Int(status))
            } else if status == 0 {
                handle.pointee.state = HandleState.done
            } else {
                handle.pointee.state = HandleState.failed
                handle.pointee.outcome = processError(handle, "ended by exit(\(status))")
            }
        }
        return true
    }

    /// A result that was fetched is in the handle. If no process was started since this one, nobody else knows of it and
    /// may ask the host, and its place there is free for the next: a program that starts and joins one after another
    /// uses one place, not as many as handles that wait for the collector.
    private func releaseEarly(_ handle: UnsafeMutablePointer<HandleObject>) {
        if handle.pointee.number == created, created != 0 { host.release(ProcessRef(raw: handle.pointee.process)) }
    }

    func label(_ handle: UnsafeMutablePointer<HandleObject>) -> String {
        "\(handle.pointee.name.isString ? handle.pointee.name.string.text : "process"), \(handle.pointee.pid)"
    }

    private func title(_ handle: UnsafeMutablePointer<HandleObject>) -> String {
        "the process \(handle.pointee.name.isString ? handle.pointee.name.string.text : "") (pid \(handle.pointee.pid))"
    }

    private func processError(_ handle: UnsafeMutablePointer<HandleObject>, _ what: String) -> Value {
        let error = heap.makeError(kind: kinds.process, message: heap.makeString("\(title(handle)) \(what)"))
        error.error.pointee.process = heap.makeString(label(handle))
        return error
    }

    static func signalName(_ signal: Int32) -> String {
        switch signal {
        case SIGKILL: return " (SIGKILL)"
        case SIGTERM: return " (SIGTERM)"
        case SIGSEGV: return " (SIGSEGV)"
        case SIGILL: return " (SIGILL)"
        case SIGTRAP: return " (SIGTRAP)"
        case SIGABRT: return " (SIGABRT)"
        case SIGINT: return " (SIGINT)"
        case SIGHUP: return " (SIGHUP)"
        case SIGPIPE: return " (SIGPIPE)"
        default: return ""
        }
    }

    /// The result of a process that has ended, or its failure raised.
    func outcome(of handle: UnsafeMutablePointer<HandleObject>) throws(Raise) -> Value {
        markJoined(handle)
        if handle.pointee.state == HandleState.done { return handle.pointee.outcome }
        pendingError = handle.pointee.outcome
        throw Raise()
    }

    /// The end of a process has been seen by somebody who asked for it.
    func markJoined(_ handle: UnsafeMutablePointer<HandleObject>) {
        let process = ProcessRef(raw: handle.pointee.process)
        started.remove(process)
        host.markJoined(process)
    }

    /// Waits for a process.
    func join(_ handle: UnsafeMutablePointer<HandleObject>, deadline: Int64) throws(Raise) -> Value {
        while try !settle(handle) {
            let outcome = host.awaitAny(
                ProcessGroup([ProcessRef(raw: handle.pointee.process)]), deadline: deadline, reserve: [], isParallel: false,
                uninterruptible: false, line: currentLine, tryDepth: tryDepth)
            switch outcome {
            case .done: continue
            default: throw waitFailure(outcome, "\(title(handle)) did not end in time")
            }
        }
        return try self.outcome(of: handle)
    }

    /// The error of a wait that did not succeed.
    func waitFailure(_ outcome: WaitOutcome, _ late: String) -> Raise {
        switch outcome {
        case .timedOut: return raise(kinds.timeout, late)
        case .cancelled: return cancellation()
        case .deadlocked(let report): return raise(kinds.deadlock, report)
        case .failed(let error): return raise(error)
        case .done: return raise(kinds.io, "the host gave no answer")
        }
    }

    /// `.pid`, `.name`, `.alive`, `.status` and the streams of external programs.
    func handleField(_ handle: UnsafeMutablePointer<HandleObject>, _ name: String) throws(Raise) -> Value? {
        switch name {
        case "pid": return Value(Int(handle.pointee.pid))
        case "name": return handle.pointee.name
        case "alive": return Value(try !settle(handle))
        case "status":
            try settle(handle)
            return heap.intern(HandleState.name(handle.pointee.state))
        case "stdin": return handle.pointee.external ? handle.pointee.stdin : nil
        case "stdout": return handle.pointee.external ? handle.pointee.stdout : nil
        case "stderr": return handle.pointee.external ? handle.pointee.stderr : nil
        default: return nil
        }
    }
}

/// Collects the ends and shared variables that values and code can reach.
struct EndCollector {
    private unowned(unsafe) let vm: VM
    private(set) var ends: [ObjectRef: (kind: ObjectKind, rights: Rights)] = [:]
    /// Containers seen, with the rights they were seen with.
    private var visited: [UInt64: Rights] = [:]

    init(vm: VM) { self.vm = vm }

    /// Adds what `value` leads to, with at most these rights.
    mutating func add(_ value: Value, _ rights: Rights) {
        var work: [(Value, Rights)] = [(value, rights)]
        while let (value, rights) = work.popLast() {
            if value.isCapability {
                insert(value.end, rights)
                continue
            }
            guard value.isHeap else { continue }
            let inside = rights.ofItem
            if let seen = visited[value.payload], seen.isSuperset(of: rights) { continue }
            switch value.tag {
            case Tag.list:
                visited[value.payload, default: []].formUnion(rights)
                for index in 0..<value.list.pointee.count { push(value.list.pointee.items[index], inside, &work) }
            case Tag.map:
                visited[value.payload, default: []].formUnion(rights)
                value.map.forEach { _, item in push(item, inside, &work) }
            case Tag.namespace:
                visited[value.payload, default: []].formUnion(rights)
                value.namespace.pointee.fields.forEach { _, item in push(item, inside, &work) }
            case Tag.box: push(value.box.pointee.value, rights, &work)
            case Tag.handle:
                // The streams of an external program: a process that only reads from it must not keep its input open.
                let handle = value.handle.pointee
                for stream in [handle.stdin, handle.stdout, handle.stderr] where !stream.rights.isDisjoint(with: rights) {
                    push(stream, rights, &work)
                }
            case Tag.boundMethod:
                push(value.boundMethod.pointee.receiver, rights, &work)
                push(value.boundMethod.pointee.method, rights, &work)
            case Tag.closure:
                visited[value.payload, default: []].formUnion(rights)
                let info = vm.infos[Int(value.closure.pointee.code.pointee.info)]
                for use in info.capabilities {
                    switch use.place {
                    case .global(let slot): push(vm.globals[slot], use.rights, &work)
                    case .upvalue(let index): push(value.closure.upvalues[index], use.rights, &work)
                    }
                }
            default: break
            }
        }
    }

    private func push(_ value: Value, _ rights: Rights, _ work: inout [(Value, Rights)]) {
        if value.isCapability || value.isHeap && value.tag != Tag.string { work.append((value, rights)) }
    }

    private mutating func insert(_ end: End, _ rights: Rights) {
        var allowed = end.rights
        if end.rights.intersection(.both) != [] { allowed = end.rights.intersection(rights) }
        if allowed.isEmpty { return }
        ends[end.object, default: (end.kind, [])].rights.formUnion(allowed)
    }
}
