// Sends, receives, `select`: from values to the host's communications and back.
//
// Invariants
// - A message is encoded before the host is asked, so that an error in it leaves no trace outside.
// - The buffer of the host's `received` is decoded before any other host call.
// - Each wait of the host is a safe point: it may collect (`WaitRecord.collectIfAsked`). What is needed after it is in a
//   register or among the roots.

extension VM {
    /// How to wait from the present instruction on. Where that is the host asks (`currentLine`), if it comes to waiting.
    @inline(__always)
    func waitMode(deadline: Int64 = .max, immediate: Bool = false) -> CommMode {
        var mode = CommMode()
        mode.deadline = deadline
        mode.immediate = immediate
        mode.tryDepth = -1
        return mode
    }

    /// The absolute time after a duration in seconds; absent or nil: no limit.
    func deadline(_ timeout: Value) throws(Raise) -> Int64 {
        if timeout.isAbsent || timeout.isNil { return .max }
        guard timeout.isNumber else { throw typeError("a time is a number of seconds, not \(timeout.typeName)") }
        let seconds = timeout.asDouble
        if seconds.isNaN { throw valueError("a time cannot be nan") }
        if seconds <= 0 { return host.monotonicNow() }
        if seconds > 9e9 { return .max }
        return host.monotonicNow() &+ Int64(seconds * 1e9)
    }

    /// What may be sent to or received from: an end, or (receiving) a handle.
    func requireEnd(_ value: Value, to verb: StaticString) throws(Raise) -> End {
        guard value.kind == Tag.end else {
            throw typeError("`\(verb)` needs a channel, queue or pipe, not \(value.typeName)")
        }
        return value.end
    }

    private func failure(_ outcome: CommOutcome, _ end: Value, _ verb: StaticString) -> Raise {
        switch outcome {
        case .timedOut: return raise(kinds.timeout, "nothing was \(verb) in time")
        case .ended:
            return raise(
                kinds.closed,
                "\(verb)" == "sent" ? "nobody can receive from this \(end.typeName) any more"
                    : "this \(end.typeName) has reached its end: nobody can send to it any more")
        case .poisoned: return raise(kinds.poisoned, "the \(end.typeName) is poisoned")
        case .cancelled: return cancellation()
        case .deadlocked(let report): return raise(kinds.deadlock, report)
        case .failed(let error): return raise(error)
        case .done, .notReady: return raise(kinds.io, "the host gave no answer")
        }
    }

    /// Sends; `notReady` only if `immediate`, `both` only if there is a `next`.
    @discardableResult
    func send(
        _ channel: Value, _ value: Value, deadline: Int64 = .max, immediate: Bool = false, next: End? = nil
    ) throws(Raise) -> Sent {
        let end = try requireEnd(channel, to: "!")
        var mode = waitMode(deadline: deadline, immediate: immediate)
        mode.next = next
        let outcome: CommOutcome
        let length = encodeScalar(value, to: scalarBuffer)
        if length > 0 {
            lone.pointee.action = .send
            lone.pointee.end = end
            lone.pointee.payload = UnsafeRawBufferPointer(start: scalarBuffer, count: length)
            outcome = host.communicate(UnsafeBufferPointer(start: lone, count: 1), mode: mode)
        } else {
            var buffer = takeBuffer()
            var capabilities: [End] = []
            do {
                try encode(value, into: &buffer, &capabilities)
            } catch {
                giveBuffer(buffer)
                throw error
            }
            lone.pointee.action = .send
            lone.pointee.end = end
            lone.pointee.payload = buffer.view
            lone.pointee.capabilities = capabilities
            outcome = host.communicate(UnsafeBufferPointer(start: lone, count: 1), mode: mode)
            lone.pointee.capabilities = []
            giveBuffer(buffer)
        }
        if case .done(let last) = outcome { return last == 0 ? .done : .both }
        if case .notReady = outcome { return .notReady }
        throw failure(outcome, channel, "sent")
    }

    /// A send, as a statement. The instruction after it may receive, be it the next one in the text or, after the last of a
    /// loop's body, the next turn of the loop: then the host is told, for which both may be one wait. Nobody can tell a send
    /// that returns late from a receive that waits.
    @inline(__always)
    func sendStatement(_ i: Instruction, _ base: UnsafeMutablePointer<Value>) throws(Raise) {
        var pc = currentFrame.pointee.pc
        if pc.pointee.op == .loop || pc.pointee.op == .jump { pc += pc.pointee.wide + 1 }
        let next = pc.pointee
        var source = Value.nil
        switch next.op {
        case .next: source = base[next.a]
        case .receive: source = base[next.b]
        default: break
        }
        guard source.kind == Tag.end else {
            _ = try send(base[i.a], base[i.b])
            return
        }
        guard case .both = try send(base[i.a], base[i.b], next: source.end) else { return }
        currentFrame.pointee.pc = pc + 1
        let item = try decode(host.received)
        if next.op == .next {
            base[next.b] = item
            base[next.a + 1] = Value(base[next.a + 1].int &+ 1)
        } else {
            base[next.a] = item
        }
    }

    enum Sent {
        case done
        /// `immediate`, and nobody took it.
        case notReady
        /// And something was received from `next`; `host.received` has it.
        case both
    }

    /// Receives. nil: `immediate` and nothing there. The end of the stream raises `closed`.
    func receive(_ source: Value, deadline: Int64 = .max, immediate: Bool = false) throws(Raise) -> Value? {
        if source.tag == Tag.handle { return try join(source.handle, deadline: deadline) }
        if source.tag == Tag.stdin {
            guard let line = try readLine() else { throw raise(kinds.closed, "the standard input has ended") }
            return line
        }
        let outcome = try receiveOutcome(source, deadline: deadline, immediate: immediate)
        if case .done = outcome { return try decode(host.received) }
        if case .notReady = outcome { return nil }
        throw failure(outcome, source, "received")
    }

    /// Receives; nil at the end of the stream.
    func receiveOrEnd(_ source: Value, deadline: Int64 = .max) throws(Raise) -> Value? {
        let outcome = try receiveOutcome(source, deadline: deadline, immediate: false)
        if case .done = outcome { return try decode(host.received) }
        if case .ended = outcome { return nil }
        throw failure(outcome, source, "received")
    }

    private func receiveOutcome(_ source: Value, deadline: Int64, immediate: Bool) throws(Raise) -> CommOutcome {
        let end = try requireEnd(source, to: "?")
        lone.pointee.action = .receive
        lone.pointee.end = end
        return host.communicate(
            UnsafeBufferPointer(start: lone, count: 1), mode: waitMode(deadline: deadline, immediate: immediate))
    }

    func readLine() throws(Raise) -> Value? {
        guard let line = try onHost({ try host.readLine() }) else { return nil }
        return heap.makeString(validUTF8(line))
    }

    /// Bytes from outside as UTF-8, what is invalid replaced.
    func validUTF8(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.withUnsafeBufferPointer({ UTF8Text.isValid($0) }) { return bytes }
        return Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    // MARK: Select

    /// An empty list for the cases of a `select`. Nobody but the `select` ever has it, so it is used again for the next
    /// one; one inside another (in a function called for a case) gets its own.
    func takeCases() -> Value {
        let list = spareCases
        spareCases = .nil
        return list.isNil ? Value(heap.newList(capacity: 32)) : list
    }

    func giveCases(_ list: Value) {
        list.list.pointee.count = 0
        if list.list.pointee.capacity <= 1024 { spareCases = list }
    }

    /// R[0]: the list of cases (number and direction, channel, value, loop values, four items each); R[1]: timeout in
    /// seconds or absent. Sets the results to the number of the case that happened (-1 `after`, -2 `else`, -3
    /// `closed`), the value received, and the loop values. Flags: 1 first, 2 else, 4 closed, 8 after.
    func selectWait(
        _ registers: UnsafeMutablePointer<Value>, _ results: UnsafeMutablePointer<Value>, flags: Int
    ) throws(Raise) {
        let list = registers[0].list
        let count = list.pointee.count / 4
        let items = list.pointee.items
        var mode = waitMode(deadline: try deadline(registers[1]), immediate: flags & 2 != 0)
        mode.first = flags & 1 != 0
        if count == 0, flags & (2 | 8) == 0 {
            throw valueError("no case of this `select` is allowed, and it has neither `after` nor `else`")
        }
        var alternatives: [CommCase] = []
        // The buffer may move while it grows: payloads are made from offsets at the end.
        var extents: [(index: Int, start: Int, end: Int)] = []
        swap(&alternatives, &spareAlternatives)
        swap(&extents, &spareExtents)
        var buffer = takeBuffer()
        defer {
            giveBuffer(buffer)
            if !extents.isEmpty { alternatives.removeAll(keepingCapacity: true) }
            extents.removeAll(keepingCapacity: true)
            swap(&alternatives, &spareAlternatives)
            swap(&extents, &spareExtents)
        }
        // A loop selects from the same ends time after time: their alternatives are there still.
        if alternatives.count > count { alternatives.removeLast(alternatives.count - count) }
        for index in 0..<count {
            let channel = items[index * 4 + 1]
            let start = buffer.count
            if items[index * 4].int & 1 == 1 {
                let end = try requireEnd(channel, to: "!")
                var capabilities: [End] = []
                try encode(items[index * 4 + 2], into: &buffer, &capabilities)
                put(CommCase(action: .send, end: end, capabilities: capabilities), index, &alternatives)
                extents.append((index, start, buffer.count))
            } else if channel.tag == Tag.handle {
                put(
                    CommCase(
                        action: .ended, end: End(object: ObjectRef(raw: 0), kind: .channel, rights: []),
                        process: ProcessRef(raw: channel.handle.pointee.process)), index, &alternatives)
            } else {
                let end = try requireEnd(channel, to: "?")
                if index < alternatives.count, alternatives[index].action == .receive, alternatives[index].end == end { continue }
                put(CommCase(action: .receive, end: end), index, &alternatives)
            }
        }
        for sent in extents {
            alternatives[sent.index].payload = UnsafeRawBufferPointer(start: buffer.start + sent.start, count: sent.end - sent.start)
        }
        let outcome = alternatives.withUnsafeBufferPointer { host.communicate($0, mode: mode) }
        switch outcome {
        case .done(let index) where index >= 0 && index < count:
            let item = items + index * 4
            results[0] = Value(item[0].int >> 1)
            results[1] = .nil
            if item[0].int & 1 == 0 {
                results[1] = item[1].tag == Tag.handle ? try self.join(item[1].handle, deadline: .max)
                    : try decode(host.received)
            }
            results[2] = item[3]
        case .timedOut: results[0] = Value(-1)
        case .notReady: results[0] = Value(-2)
        case .ended where flags & 4 != 0: results[0] = Value(-3)
        case .ended: throw raise(kinds.closed, "every case of the `select` has reached its end")
        case .poisoned(let index):
            throw failure(outcome, index >= 0 && index < count ? items[index * 4 + 1] : .nil, "received")
        default: throw failure(outcome, .nil, "received")
        }
    }

    private func put(_ alternative: CommCase, _ index: Int, _ alternatives: inout [CommCase]) {
        if index < alternatives.count { alternatives[index] = alternative } else { alternatives.append(alternative) }
    }

    // MARK: Making

    /// Lets the host make an object. If it has no memory, what nobody can reach any more is given up, and it tries again.
    func making<Result>(_ body: () throws -> Result) throws(Raise) -> Result {
        heap.noteCapability()
        do { return try body() } catch {
            guard (error as? HostError)?.kind == "memory" else { throw raise(host: error) }
        }
        collectWhileWaiting()
        return try onHost(body)
    }

    func makeChannel(kind: ObjectKind, capacity: Value) throws(Raise) -> Value {
        var size = kind == .queue ? Int.max : 0
        if !capacity.isAbsent, !capacity.isNil {
            guard capacity.isInt else { throw typeError("the capacity of a \(kind) is an int, not \(capacity.typeName)") }
            guard capacity.int >= (kind == .queue ? 1 : 0) else { throw valueError("the capacity of a \(kind) cannot be \(capacity.int)") }
            size = capacity.int
        }
        let object = try making { try host.makeChannel(kind: kind, capacity: size) }
        return Value(end: End(object: object, kind: kind, rights: .both))
    }

    func makePipe() throws(Raise) -> (Value, Value) {
        let (left, right) = try making { try host.makePipe(capacity: 64) }
        return (
            Value(end: End(object: left, kind: .pipe, rights: .both)),
            Value(end: End(object: right, kind: .pipe, rights: .both))
        )
    }

    /// What reports call a declared object.
    func nameObject(_ value: Value, _ name: String) {
        if value.isCapability { return host.setName(value.objectRef, name) }
        guard value.isList else { return }
        for index in 0..<value.list.pointee.count {
            let item = value.list.pointee.items[index]
            if item.isCapability { host.setName(item.objectRef, "\(name)[\(index)]") }
        }
    }

    func makeChannels(kind: ObjectKind, count: Value, capacity: Value) throws(Raise) -> Value {
        guard count.isInt, count.int >= 0 else { throw valueError("the number of \(kind)s is an int, at least 0") }
        try require(count.int, ofSize: MemoryLayout<Value>.stride)
        let list = heap.newList(capacity: min(count.int, 1 << 16))
        return try rooting(Value(list)) { () throws(Raise) in
            for _ in 0..<count.int { heap.append(try makeChannel(kind: kind, capacity: capacity), to: list) }
            return Value(list)
        }
    }

    /// How many messages are unread, and how many may be. Every use of a poisoned channel is refused.
    func occupancy(of end: End) throws(Raise) -> (count: Int, capacity: Int) {
        guard let found = host.occupancy(of: end) else {
            throw raise(kinds.poisoned, "the \(Value(end: end).typeName) is poisoned")
        }
        return found
    }

    /// `.reader`, `.writer`, `.empty`, `.full`.
    func endField(_ value: Value, _ name: String) throws(Raise) -> Value? {
        let end = value.end
        switch name {
        case "reader": return Value(end: End(object: end.object, kind: end.kind, rights: .read))
        case "writer": return Value(end: End(object: end.object, kind: end.kind, rights: .write))
        case "empty": return Value(try occupancy(of: end).count == 0)
        case "full":
            let (count, capacity) = try occupancy(of: end)
            return Value(capacity != .max && count >= capacity)
        default: return nil
        }
    }

    /// Fields of barriers, semaphores and events.
    func syncField(_ value: Value, _ name: String) throws(Raise) -> Value? {
        switch (value.objectKind, name) {
        case (.event, "is_set"): return nil
        case (.semaphore, "value"), (.barrier, "waiting"): return Value(try onHost { try host.level(of: value.objectRef) })
        default: return nil
        }
    }

    // MARK: Buffers for encoding

    /// The buffer for messages; nested uses get one of their own.
    func takeBuffer() -> ByteBuffer {
        if let buffer = spareBuffer {
            spareBuffer = nil
            return buffer
        }
        return ByteBuffer()
    }

    func giveBuffer(_ buffer: ByteBuffer) {
        var buffer = buffer
        if spareBuffer == nil {
            buffer.clear()
            spareBuffer = buffer
        } else {
            buffer.deallocate()
        }
    }
}
