// Methods of ends, handles, barriers, semaphores and events, and the functions that make the latter.
//
// Invariants
// - They do what the statements `!` and `?` do, through the same functions of the VM.
// - A method on an end of the wrong direction or kind raises `type` before anything has happened.

enum CommunicationMethods {
    static func install(_ table: LibraryTable) {
        ends(table)
        handles(table)
        synchronisation(table)
    }

    private static func ends(_ table: LibraryTable) {
        for name in ["send", "put"] {
            table.method(of: Tag.end, name, "value, timeout=", "Sends a value; waits while there is no room, at most `timeout` seconds.") {
                (vm, a, _) throws(Raise) in
                try vm.send(a[0], a[1], deadline: try vm.deadline(a[2]))
                return .nil
            }
        }
        for name in ["receive", "get", "recv"] {
            table.method(
                of: Tag.end, name, "default=, timeout=",
                "Receives a value; waits for it, at most `timeout` seconds. At the end of the stream: `default`, or `closed` is raised."
            ) { (vm, a, _) throws(Raise) in
                let deadline = try vm.deadline(a[2])
                if a[1].isAbsent { return try vm.receive(a[0], deadline: deadline) ?? .nil }
                return try vm.receiveOrEnd(a[0], deadline: deadline) ?? a[1]
            }
        }
        table.method(of: Tag.end, "try_get", "default?", "What is there to receive at once, else `default` (nil).") { (vm, a, _) throws(Raise) in
            let otherwise = a[1].isAbsent ? Value.nil : a[1]
            do throws(Raise) {
                return try vm.receive(a[0], immediate: true) ?? otherwise
            } catch {
                // `try_get` is never closed: at the end there is nothing.
                guard vm.pendingError.tag == Tag.error, vm.pendingError.error.pointee.kindName.payload == vm.kinds.closed.payload else { throw error }
                vm.pendingError = .nil
                return otherwise
            }
        }
        table.method(of: Tag.end, "try_put", "value", "Sends if that is possible at once; whether it was.") { (vm, a, _) throws(Raise) in
            Value(try vm.send(a[0], a[1], immediate: true) == .done)
        }
        table.method(of: Tag.end, "close", "", "Gives up the writing end, or the reading end of who never had the other.") {
            (vm, a, _) throws(Raise) in
            var end = a[0].end
            if end.rights == .both {
                let held = vm.host.rights(on: end.object)
                if end.kind == .pipe || held.isEmpty {
                    end.rights = .both
                } else {
                    end.rights = held.contains(.write) ? .write : vm.closedWriters.contains(end.object) ? .write : .read
                }
                if held.contains(.write) { vm.closedWriters.insert(end.object) }
            }
            vm.host.close(end)
            return .nil
        }
        table.method(of: Tag.end, "poison", "", "Makes every use of the channel, by every process, raise `poisoned`.") { (vm, a, _) throws(Raise) in
            let object = a[0].objectRef
            try vm.onHost { try vm.host.poison(object) }
            return .nil
        }
    }

    private static func handles(_ table: LibraryTable) {
        table.method(of: Tag.handle, "join", "timeout=", "Waits for the process; its result, or its failure raised.") { (vm, a, _) throws(Raise) in
            try vm.join(a[0].handle, deadline: try vm.deadline(a[1]))
        }
        table.method(of: Tag.handle, "kill", "", "Kills the process at once (SIGKILL).") { (vm, a, _) throws(Raise) in
            let process = ProcessRef(raw: a[0].handle.pointee.process)
            // One that has failed already did so by itself.
            if try !vm.settle(a[0].handle) {
                vm.quietProcesses.insert(process)
                vm.host.kill(process)
                vm.host.markJoined(process)
            }
            return .nil
        }
        table.method(of: Tag.handle, "cancel", "", "Asks the process to end: `cancelled` is raised in it.") { (vm, a, _) throws(Raise) in
            let process = ProcessRef(raw: a[0].handle.pointee.process)
            // One that has failed already did so by itself.
            if try !vm.settle(a[0].handle) {
                vm.quietProcesses.insert(process)
                vm.host.cancel(process)
                vm.host.markJoined(process)
            }
            return .nil
        }
    }

    private static func synchronisation(_ table: LibraryTable) {
        table.function("barrier", "count", "A barrier for so many processes.") { (vm, a, _) throws(Raise) in
            try make(vm, a[0], .barrier, least: 1) { try vm.host.makeBarrier($0) }
        }
        table.function("semaphore", "permits", "A semaphore with so many permits.") { (vm, a, _) throws(Raise) in
            try make(vm, a[0], .semaphore, least: 0) { try vm.host.makeSemaphore($0) }
        }
        table.function("event", "", "An event: processes wait until it is set.") { (vm, a, _) throws(Raise) in
            try make(vm, Value(0), .event, least: 0) { _ in try vm.host.makeEvent() }
        }
        /// A method of some kinds of these objects; the others have no such member.
        func method(
            of kinds: [ObjectKind], _ name: String, _ signature: String, _ doc: String,
            _ body: @escaping (VM, ObjectRef, UnsafeMutablePointer<Value>) throws(Raise) -> Value
        ) {
            table.method(of: Tag.sync, name, signature, doc) { (vm, a, _) throws(Raise) in
                guard kinds.contains(a[0].objectKind) else { throw vm.noField(a[0], vm.heap.intern(name)) }
                return try body(vm, a[0].objectRef, a)
            }
        }
        method(of: [.barrier, .event], "wait", "timeout=", "Waits until the barrier is full, or the event is set.") { (vm, _, a) throws(Raise) in
            try wait(vm, a[0], a[1])
        }
        method(of: [.semaphore], "acquire", "timeout=", "Takes a permit of the semaphore; waits until there is one.") { (vm, _, a) throws(Raise) in
            try wait(vm, a[0], a[1])
        }
        method(of: [.semaphore], "release", "", "Gives a permit back.") { (vm, object, _) throws(Raise) in
            try vm.onHost { try vm.host.signal(object) }
            return .nil
        }
        method(of: [.event], "set", "", "Sets the event: who waits for it goes on.") { (vm, object, _) throws(Raise) in
            try vm.onHost { try vm.host.signal(object) }
            return .nil
        }
        method(of: [.event], "clear", "", "Clears the event.") { (vm, object, _) throws(Raise) in
            try vm.onHost { try vm.host.clear(object) }
            return .nil
        }
        method(of: [.event], "is_set", "", "Whether the event is set.") { (vm, object, _) throws(Raise) in
            Value(try vm.onHost { try vm.host.level(of: object) } != 0)
        }
    }

    private static func make(
        _ vm: VM, _ count: Value, _ kind: ObjectKind, least: Int, _ body: (Int) throws -> ObjectRef
    ) throws(Raise) -> Value {
        guard count.isInt else { throw vm.typeError("a \(kind) takes an int, not \(count.typeName)") }
        guard count.int >= least, count.int <= Int(Int32.max) else { throw vm.valueError("a \(kind) cannot be made for \(count.int)") }
        let object = try vm.making { try body(count.int) }
        return Value(end: End(object: object, kind: kind, rights: .hold))
    }

    private static func wait(_ vm: VM, _ value: Value, _ timeout: Value) throws(Raise) -> Value {
        let outcome = vm.host.waitFor(
            value.objectRef, deadline: try vm.deadline(timeout), line: vm.currentLine, tryDepth: vm.tryDepth)
        if case .done = outcome { return .nil }
        throw vm.waitFailure(outcome, "the \(value.typeName) was not ready in time")
    }
}
