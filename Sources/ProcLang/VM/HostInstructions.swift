// The instructions that go through the host, as one method: they cost far more than a call.

extension VM {
    /// Executes an instruction that is not in the loop itself.
    @inline(never)
    func perform(_ i: Instruction, _ base: UnsafeMutablePointer<Value>) throws(Raise) {
        switch i.op {
        case .send: try sendStatement(i, base)
        case .receive: base[i.a] = try receive(base[i.b]) ?? .nil
        case .makeChannel: base[i.a] = try makeChannel(kind: i.b == 1 ? .queue : .channel, capacity: base[i.a])
        case .makePipe: (base[i.a], base[i.a + 1]) = try makePipe()
        case .makeChannels:
            base[i.a] = try makeChannels(kind: i.b == 1 ? .queue : .channel, count: base[i.a], capacity: base[i.a + 1])
        case .nameObject:
            nameObject(base[i.a], currentFrame.pointee.function.closure.pointee.code.pointee.constants[i.b].string.text)
        case .selectBegin: base[i.a] = takeCases()
        case .selectAdd:
            let list = base[i.a].list
            // Here, where the error points at the case.
            if i.c & 1 == 1 || base[i.b].tag != Tag.handle { _ = try requireEnd(base[i.b], to: i.c & 1 == 1 ? "!" : "?") }
            heap.append(Value(i.c), to: list)
            for index in 0..<3 { heap.append(base[i.b + index], to: list) }
        case .selectWait:
            try selectWait(base + i.a, base + i.b, flags: i.c)
            giveCases(base[i.a])
        case .newTask: base[i.a] = try makeTask(base + i.b, i.c, named: false)
        case .newTaskNamed: base[i.a] = try makeTask(base + i.b, i.c, named: true)
        case .start:
            base[i.a] = Value(heap: Tag.handle, try launch(base[i.b].task))
        case .groupBegin: base[i.a] = try beginGroup(base + i.a, flags: i.b)
        case .groupAdd: try addTask(base[i.b], to: base[i.a].group, now: i.c != 0 )
        case .groupRun: base[i.a] = try runGroup(base[i.b])
        case .groupAbort: if base[i.a].tag == Tag.group { abortGroup(base[i.a]) }
        case .sharedDeclare: base[i.a] = try declareShared(base + i.a, type: i.b, flags: i.c)
        case .sharedGet: base[i.a] = base[i.b].kind == Tag.shared ? try sharedValue(base[i.b]) : base[i.b]
        case .sharedSet: try sharedAssign(try sharedVariable(base[i.a]), base[i.b])
        case .sharedPathGet:
            let (path, fields) = path(base + i.b, i.c)
            base[i.a] = try sharedPathGet(try sharedVariable(base[i.b]), path, fields: fields)
        case .sharedPathSet:
            let (path, fields) = path(base + i.b, i.c)
            try sharedPathSet(try sharedVariable(base[i.b]), path, fields: fields, base[i.a])
        case .sharedPathUpdate:
            guard let code = ArithmeticCode(rawValue: UInt8(truncatingIfNeeded: i.a)) else { return }
            if i.c == 0, base[i.b].kind == Tag.shared, base[i.b].objectKind == .cell {
                return try sharedCellUpdate(base[i.b], code, base[i.b + 1])
            }
            let (path, fields) = path(base + i.b, i.c)
            try sharedPathUpdate(try sharedVariable(base[i.b]), path, fields: fields, code, base[i.b + 1 + (i.c & 15)])
        case .sharedPathCall:
            let (path, fields) = path(base + i.b, i.c)
            let name = base + (i.b + 1 + (i.c & 15))
            let arguments = Array(UnsafeBufferPointer(start: name + 1, count: i.a))
            let labels = i.c & FunctionCompiler.SharedPath.named == 0 ? Value.nil : argumentNames
            base[i.b] = try sharedPathCall(
                try sharedVariable(base[i.b]), path, fields: fields, name[0], arguments, labels: labels)
        case .sharedCheck: _ = try sharedVariable(base[i.a])
        case .sharedArgument:
            if !takesShared(base[i.b], i.c) { base[i.a] = try sharedValue(try sharedVariable(base[i.a])) }
        case .checkParameter:
            let code = currentFrame.pointee.function.closure.pointee.code
            try checkArgument(base[i.a], infos[Int(code.pointee.info)], i.a)
        case .lockEnter: try lockEnter(base + i.a, i.b)
        case .lockExit: host.unlock(try lockObjects(base + i.a, i.b))
        case .holdCancellation: base[i.a] = Value(host.holdCancellation())
        case .admitCancellation: if base[i.a].isFalse { host.admitCancellation() }
        case .importModule: try importModule(base + i.a, i.wide)
        default: throw raise(kinds.type, "the instruction \(i.op.name) is not known")
        }
    }

    /// The steps of a path and the mask of those that are fields. The first step of a dynamic path is `.value`: it names
    /// the shared variable itself.
    private func path(_ registers: UnsafeMutablePointer<Value>, _ operand: Int) -> ([Value], Int) {
        let steps = Array(UnsafeBufferPointer(start: registers + 1, count: operand & 15))
        let fields = operand >> 8
        return operand & 128 == 0 ? (steps, fields) : (Array(steps.dropFirst()), fields >> 1)
    }

    /// Whether a function or process declares its parameter `index` as `shared`.
    private func takesShared(_ callee: Value, _ index: Int) -> Bool {
        guard callee.tag == Tag.closure else { return false }
        let kinds = infos[Int(callee.closure.pointee.code.pointee.info)].parameterKinds
        return index < kinds.count && kinds[index] == .shared
    }

    private func sharedVariable(_ value: Value) throws(Raise) -> Value {
        if value.kind == Tag.shared { return value }
        if value.isAbsent { throw valueError("the shared variable is used before it is declared") }
        throw typeError("a shared variable was expected, not \(value.typeName)")
    }

    /// Runs a module unless it has run: R[0] is a register for its main function.
    private func importModule(_ registers: UnsafeMutablePointer<Value>, _ number: Int) throws(Raise) {
        let unit = units[number]
        if unit.hasRun { return }
        unit.hasRun = true
        registers[0] = unit.makeClosure(self)
        try enter(registers[0], registers + 1)
    }
}
