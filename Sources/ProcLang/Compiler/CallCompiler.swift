// Calls to bytecode: functions, library functions, methods, and the same things as processes to be.
//
// Invariants
// - Callee and arguments end up in consecutive registers; the arguments are evaluated in the order written, wherever
//   their parameters stand.
// - A library function that is called by its name gets exactly its declared parameters, arranged here.

extension FunctionCompiler {
    func call(_ call: Call, _ expr: Expr, to target: Int) throws {
        if case .member(let member) = call.callee.kind, member.resolved == nil {
            if case .name(let name) = member.object.kind, let binding = name.binding, binding.kind == .builtin,
                module.vm.library.module(binding.name) != nil
            {
                if let function = module.vm.library.moduleFunction(binding.name, member.name) {
                    return try nativeCall(function, call, to: target)
                }
            } else {
                return try methodCall(member, call, to: target)
            }
        }
        if case .name(let name) = call.callee.kind, let binding = name.binding, binding.kind == .builtin,
            let function = module.vm.library.global(binding.name)
        {
            return try nativeCall(function, call, to: target)
        }
        try scratch {
            let base = try callRegisters(call, target)
            try expression(call.callee, to: base)
            let (count, named) = try arguments(of: call, at: base + 1, callee: base)
            emit(named ? .callNamed : .call, base, count)
            if base != target { emit(.move, target, base) }
        }
    }

    /// The first of the registers for a call: the target itself where it is the newest temporary.
    private func callRegisters(_ call: Call, _ target: Int) throws -> Int {
        let parameters = call.target.map { $0.parameters.count } ?? 0
        let more = max(call.arguments.count, parameters)
        if target == nextRegister - 1 {
            _ = try temporary(more)
            return target
        }
        return try temporary(1 + more)
    }

    /// Evaluates the arguments into registers from `start` on. Returns how many there are, and whether names were set
    /// for them. Where what is called is known only at run time, its register `callee` decides whether a shared variable is
    /// passed by reference.
    private func arguments(of call: Call, at start: Int, callee: Int? = nil) throws -> (count: Int, named: Bool) {
        if call.target != nil, call.arguments.contains(where: { $0.label != nil }) {
            return (try orderedArguments(of: call, at: start), false)
        }
        for (index, argument) in call.arguments.enumerated() {
            let place = start + index
            if let callee, call.target == nil, argument.label == nil, argument.value.isSharedVariable {
                try self.argument(argument.value, byReference: true, to: place)
                at(argument.value.span) { _ = emit(.sharedArgument, place, callee, index) }
            } else {
                try self.argument(argument.value, byReference: call.passesShared[index], to: place)
            }
        }
        guard call.arguments.contains(where: { $0.label != nil }) else { return (call.arguments.count, false) }
        try setNames(call)
        return (call.arguments.count, true)
    }

    private func setNames(_ call: Call) throws {
        let labels = call.arguments.map { $0.label.map { heap.intern($0) } ?? Value.nil }
        // The list is a constant of this function, so the collector keeps it.
        emit(.argumentNames, 0, wide: try constant(heap.makeList(labels)))
    }

    /// Arguments of a known function, some of them named.
    private func orderedArguments(of call: Call, at start: Int) throws -> Int {
        var parameterOfArgument: [Int: Int] = [:]
        var last = -1
        for (parameter, argument) in call.argumentOfParameter.enumerated() {
            guard let argument else { continue }
            parameterOfArgument[argument] = parameter
            last = parameter
        }
        for parameter in 0..<(last + 1) where call.argumentOfParameter[parameter] == nil { emit(.loadAbsent, start + parameter) }
        for (index, argument) in call.arguments.enumerated() {
            guard let parameter = parameterOfArgument[index] else { continue }
            try self.argument(argument.value, byReference: call.passesShared[index], to: start + parameter)
        }
        return last + 1
    }

    private func argument(_ expr: Expr, byReference: Bool, to register: Int) throws {
        if byReference {
            switch expr.kind {
            case .name(let name): return try at(expr.span) { try loadRaw(name, to: register) }
            case .sharedReference(let name): return try at(expr.span) { try loadReference(name, to: register) }
            case .member(let member):
                if let binding = member.resolved {
                    return at(expr.span) { _ = emit(.getGlobalChecked, register, wide: binding.globalSlot) }
                }
            default: break
            }
        }
        try expression(expr, to: register)
    }

    // MARK: The library

    private func nativeCall(_ function: Int, _ call: Call, to target: Int) throws {
        if try changingCall(function, call, to: target) { return }
        try plainNativeCall(function, call, to: target)
    }

    private func plainNativeCall(_ function: Int, _ call: Call, to target: Int) throws {
        let declaration = module.vm.library.declarations[function]
        try scratch {
            if declaration.takesAnyName {
                let base = try temporary(max(1, call.arguments.count))
                for (index, argument) in call.arguments.enumerated() { try expression(argument.value, to: base + index) }
                try setNames(call)
                emit(.callNativeNamed, base, call.arguments.count, function)
                if base != target { emit(.move, target, base) }
                return
            }
            // The place of each argument.
            let parameters = declaration.parameters
            var places: [Int] = []
            var positional = 0
            var rest = 0
            for argument in call.arguments {
                if let label = argument.label {
                    guard let place = parameters.firstIndex(where: { $0.name == label }), !places.contains(place) else {
                        throw CompileError(message: "`\(declaration.name)` cannot take `\(label)` here", span: argument.labelSpan)
                    }
                    places.append(place)
                } else if declaration.isVariadic {
                    places.append(declaration.fixedCount + rest)
                    rest += 1
                } else {
                    places.append(positional)
                    positional += 1
                }
            }
            let count = declaration.fixedCount + rest
            guard declaration.isVariadic || positional <= declaration.positionalCount else {
                throw CompileError(
                    message: "`\(declaration.name)` takes at most \(declaration.positionalCount) arguments", span: call.argumentsSpan)
            }
            let more = max(count, 1)
            let base: Int
            if target == nextRegister - 1 {
                base = target
                _ = try temporary(more - 1)
            } else {
                base = try temporary(more)
            }
            for place in 0..<declaration.fixedCount where !places.contains(place) {
                if parameters[place].isRequired {
                    throw CompileError(
                        message: "`\(declaration.name)` needs the argument `\(parameters[place].name)`",
                        span: call.argumentsSpan)
                }
                emit(.loadAbsent, base + place)
            }
            for (index, argument) in call.arguments.enumerated() {
                try nativeArgument(argument.value, call.passesShared[index], to: base + places[index], declaration)
            }
            emit(.callNative, base, count, function)
            if base != target { emit(.move, target, base) }
        }
    }

    /// `len(grid)` and `type(grid)` need no copy of a shared variable.
    private func nativeArgument(_ expr: Expr, _ byReference: Bool, to register: Int, _ declaration: NativeDeclaration) throws {
        if case .name(let name) = expr.kind, name.binding?.isShared == true, declaration.place == .global,
            declaration.name == "len"
        {
            return try at(expr.span) { try loadRaw(name, to: register) }
        }
        if case .member(let member) = expr.kind, let binding = member.resolved, binding.isShared,
            declaration.place == .global, declaration.name == "len"
        {
            return at(expr.span) { _ = emit(.getGlobalChecked, register, wide: binding.globalSlot) }
        }
        try argument(expr, byReference: byReference, to: register)
    }

    // MARK: Methods

    private func methodCall(_ member: Member, _ call: Call, to target: Int) throws {
        guard let path = try sharedPath(member.object, dynamic: true) else {
            return try ordinaryMethodCall(member, call, to: target)
        }
        try alongPath(path) {
            let base = try pathRegisters(path, extra: 1 + call.arguments.count)
            let name = base + 1 + path.steps.count
            try loadConstant(heap.intern(member.name), to: name)
            let (count, named) = try arguments(of: call, at: name + 1)
            emit(.sharedPathCall, count, base, path.operand | (named ? SharedPath.named : 0))
            emit(.move, target, base)
        } otherwise: {
            try ordinaryMethodCall(member, call, to: target)
        }
    }

    /// `random.shuffle(list)`: a library function that changes what it is given, like a method of it. A shared variable
    /// is changed by one operation.
    private func changingCall(_ function: Int, _ call: Call, to target: Int) throws -> Bool {
        guard module.vm.library.mutates(function), let first = call.arguments.first,
            let path = try sharedPath(first.value, dynamic: true)
        else { return false }
        try alongPath(path) {
            let base = try pathRegisters(path, extra: call.arguments.count)
            let callee = base + 1 + path.steps.count
            try loadConstant(Value(native: function), to: callee)
            for (index, argument) in call.arguments.dropFirst().enumerated() {
                try expression(argument.value, to: callee + 1 + index)
            }
            emit(.sharedPathCall, call.arguments.count - 1, base, path.operand)
            emit(.move, target, base)
        } otherwise: {
            try plainNativeCall(function, call, to: target)
        }
        return true
    }

    private func ordinaryMethodCall(_ member: Member, _ call: Call, to target: Int) throws {
        try scratch {
            let base: Int
            if target == nextRegister - 1 {
                base = target
                _ = try temporary(call.arguments.count)
            } else {
                base = try temporary(1 + call.arguments.count)
            }
            try expression(member.object, to: base)
            let (count, named) = try arguments(of: call, at: base + 1)
            emit(named ? .callMethodNamed : .callMethod, base, count, try nameConstant(member.name))
            if base != target { emit(.move, target, base) }
        }
    }

    // MARK: Processes

    /// The process that `item` describes, as a task in `target`.
    func task(_ item: ProcessItem, to target: Int) throws {
        try at(item.span) {
            switch item.kind {
            case .block(let node), .nested(let node):
                try scratch {
                    let callee = try temporary()
                    try closure(node, to: callee)
                    emit(.newTask, target, callee, 0)
                }
            case .call(let expr):
                guard case .call(let call) = expr.kind else {
                    throw CompileError(message: "this is not a call", span: expr.span)
                }
                try scratch {
                    let parameters = call.target.map { $0.parameters.count } ?? 0
                    let base = try temporary(1 + max(call.arguments.count, parameters))
                    try expression(call.callee, to: base)
                    let (count, named) = try arguments(of: call, at: base + 1, callee: base)
                    emit(named ? .newTaskNamed : .newTask, target, base, count)
                }
            }
        }
    }

    func parallel(_ parallel: Parallel, to target: Int) throws {
        try scratch {
            let group = try temporary(3)
            var flags = 0
            for index in 0..<3 { emit(.loadAbsent, group + index) }
            if let supervision = parallel.supervision {
                flags |= 1
                if let restarts = supervision.restarts { try expression(restarts, to: group + 1) }
                if let within = supervision.within { try expression(within, to: group + 2) }
            }
            let task = try temporary()
            switch parallel.form {
            case .items(let items):
                emit(.groupBegin, group, flags)
                for item in items {
                    try self.task(item, to: task)
                    emit(.groupAdd, group, task, 0)
                }
            case .each(let patterns, let iterable, let limit, let item):
                if let limit { try expression(limit, to: group) }
                emit(.groupBegin, group, flags | 2)
                let start = here
                try loop(over: iterable, patterns) {
                    try self.task(item, to: task)
                    self.emit(.groupAdd, group, task, 1)
                }
                let end = here
                // An error in the loop ends what was started.
                let error = try temporary()
                let skip = jump()
                addHandler(from: start, to: end, register: error, isCatch: false)
                emit(.groupAbort, group)
                emit(.reraise, error)
                land(skip)
            }
            at(parallel.keywordSpan) { _ = emit(.groupRun, task, group) }
            emit(.move, target, task)
        }
    }

    /// The instructions that follow handle the errors of a range of instructions.
    func addHandler(from start: Int, to end: Int, register: Int, isCatch: Bool) {
        info.handlers.append(
            Handler(
                start: Int32(start), end: Int32(end), target: Int32(here), register: Int32(register), isCatch: isCatch))
    }
}
