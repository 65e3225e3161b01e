// Statements to bytecode.
//
// Invariants
// - A statement leaves no temporaries behind, only the registers of the names it declares.
// - Functions and processes of a block are made before its first statement.

extension FunctionCompiler {
    /// A block with names of its own.
    func block(_ block: Block) throws {
        try scratch { try blockContent(block) }
    }

    /// The statements of a block, whose names stay until the caller's scope ends.
    func blockContent(_ block: Block, resultOfLast: Bool = false) throws {
        for binding in block.earlyCells where !binding.isGlobal && !hasPlace(binding) {
            let register = try temporary()
            emit(.newEmptyBox, register)
            setPlace(binding, .box(register))
            module.earlyCells.insert(ObjectIdentifier(binding))
        }
        try hoist(block)
        for (index, statement) in block.statements.enumerated() {
            if resultOfLast, index == block.statements.count - 1, case .expression(let expr) = statement.kind {
                try at(statement.span) {
                    let result = try temporary()
                    try expression(expr, to: result)
                    emit(.returnValue, result)
                }
                return
            }
            try self.statement(statement)
        }
    }

    /// Makes the functions and processes of a block.
    private func hoist(_ block: Block) throws {
        for statement in block.statements {
            switch statement.kind {
            case .function(let node), .process(let node):
                guard let name = node.name else { continue }
                try at(node.headerSpan) {
                    if try declaresRegister(name) {
                        let register = try temporary()
                        let binding = try self.binding(name)
                        if binding.needsCell {
                            // The function may capture itself: its box comes first.
                            emit(.newEmptyBox, register)
                            setPlace(binding, .box(register))
                            try scratch {
                                let value = try temporary()
                                try closure(node, to: value)
                                emit(.setBox, register, value)
                            }
                        } else {
                            setPlace(binding, .register(register))
                            try closure(node, to: register)
                            // A function that names itself captured its own place before it was set.
                            for (index, captured) in node.scope.captures.enumerated() where captured === binding {
                                emit(.setCapture, register, index, register)
                            }
                        }
                    } else {
                        try scratch {
                            let value = try temporary()
                            try closure(node, to: value)
                            try declare(name, from: value)
                        }
                    }
                }
            default: break
            }
        }
    }

    func statement(_ statement: Stmt) throws {
        try at(statement.span) { try write(statement) }
    }

    private func write(_ statement: Stmt) throws {
        switch statement.kind {
        case .invalid: throw CompileError(message: "this did not parse", span: statement.span)
        case .function, .process: break
        case .expression(let expr): try scratch { try expression(expr, to: try temporary()) }
        case .block(let block): try self.block(block)
        case .declare(let declaration): try declare(declaration)
        case .channels(let declaration): try channels(declaration)
        case .shared(let declarations): for declaration in declarations { try shared(declaration) }
        case .assign(let target, let value): try assign(target, value)
        case .augment(let op, let target, let value, let opSpan): try augment(op, target, value, opSpan)
        case .send(let channel, let value):
            try scratch {
                let end = try operand(channel)
                emit(.send, end, try operand(value))
            }
        case .receive(let source, let target):
            try receive(source, target)
        case .conditional(let conditional): try self.conditional(conditional)
        case .whileLoop(let condition, let body): try whileLoop(condition, body)
        case .loop(let body): try whileLoop(nil, body)
        case .forLoop(let loop): try forLoop(loop)
        case .breakLoop: try leaveLoop(isBreak: true)
        case .continueLoop: try leaveLoop(isBreak: false)
        case .returnValue(let value): try returnStatement(value)
        case .select(let select): try self.select(select)
        case .lock(let objects, let body): try lock(objects, body)
        case .match(let match): try self.match(match)
        case .tryCatch(let attempt): try tryStatement(attempt)
        case .raise(let value): try scratch { emit(.raise, try operand(value)) }
        case .importModule(let node):
            guard let scope = node.name.binding?.module else {
                throw CompileError(message: "the module `\(node.path)` was not loaded", span: node.pathSpan)
            }
            let number = module.number(of: scope)
            try scratch { emit(.importModule, try temporary(2), wide: number) }
            let register = try temporary()
            try loadConstant(Value(tag: Tag.module, payload: VM.importedModules + UInt64(number)), to: register)
            try declare(node.name, from: register)
        }
    }

    // MARK: Declarations

    private func declare(_ declaration: Declaration) throws {
        if case .name(let name) = declaration.pattern.kind, try declaresRegister(name) {
            let register = try temporary()
            if let value = declaration.value { try expression(value, to: register) } else { emit(.loadNil, register) }
            try declare(name, from: register, reserved: true)
            return
        }
        // The names take the registers after the value's, which is given back only at the end of the block.
        let register = try temporary()
        if let value = declaration.value { try expression(value, to: register) } else { emit(.loadNil, register) }
        try bind(declaration.pattern, from: register)
    }

    private func channels(_ declaration: ChannelDeclaration) throws {
        let kind = declaration.kind == .queue ? 1 : 0
        if declaration.kind == .pipe, declaration.items.count == 2 {
            let registers = try temporary(2)
            emit(.makePipe, registers)
            for (index, item) in declaration.items.enumerated() {
                try nameObject(registers + index, item.name)
                try declare(item.name, from: registers + index)
            }
            return
        }
        for item in declaration.items {
            try at(item.span) {
                let registers = try temporary(2)
                let capacity = item.count == nil ? registers : registers + 1
                if let count = item.count { try expression(count, to: registers) }
                if let size = item.capacity { try expression(size, to: capacity) } else { emit(.loadAbsent, capacity) }
                emit(item.count == nil ? .makeChannel : .makeChannels, registers, kind)
                try nameObject(registers, item.name)
                try declare(item.name, from: registers)
            }
        }
    }

    private func nameObject(_ register: Int, _ name: Name) throws {
        emit(.nameObject, register, try nameConstant(name.text))
    }

    private func shared(_ declaration: SharedDeclaration) throws {
        try at(declaration.span) {
            let registers = try temporary(2)
            if let count = declaration.count { try expression(count, to: registers) } else { emit(.loadAbsent, registers) }
            if let value = declaration.value { try expression(value, to: registers + 1) } else { emit(.loadAbsent, registers + 1) }
            var type = 0
            if let declared = declaration.type { type = declared.element.map { Int($0.rawValue) + 1 } ?? VM.anyType }
            let lockable = try binding(declaration.name).mayBeLocked
            emit(.sharedDeclare, registers, type, (lockable ? 1 : 0) | (declaration.count != nil ? 2 : 0))
            try nameObject(registers, declaration.name)
            try declare(declaration.name, from: registers)
        }
    }

    /// Binds (or assigns, for a receive) the names of a pattern without tests.
    func bind(_ pattern: Pattern, from source: Int) throws {
        switch pattern.kind {
        case .wildcard: break
        case .name(let name):
            if name.isDiscard { return }
            if name.declares { try at(name.span) { try declare(name, from: source) } } else { try at(name.span) { try store(name, from: source) } }
        case .list(let items, let rest):
            let registers = try temporary(items.count + 1)
            at(pattern.span) { _ = emit(rest == nil ? .unpack : .unpackRest, source, registers, items.count) }
            for (index, item) in items.enumerated() { try bind(item, from: registers + index) }
            if let name = rest?.name, !name.isDiscard {
                if name.declares { try declare(name, from: registers + items.count) } else { try store(name, from: registers + items.count) }
            }
        case .map(let entries):
            var failures = [fusedJump(.jumpIfNotKind, source, TypeTest.number(.map))]
            for entry in entries {
                let register = try temporary(2)
                try expression(entry.key, to: register + 1)
                emit(.fetchKey, register, source, register + 1)
                failures.append(jump(.jumpIfAbsent, register))
                try bind(entry.pattern, from: register)
            }
            let fits = jump()
            land(failures)
            at(pattern.span) { _ = emit(.matchFailed, source, 1) }
            land(fits)
        default:
            throw CompileError(message: "this pattern cannot stand here", span: pattern.span)
        }
    }

    private func receive(_ source: Expr, _ target: Pattern) throws {
        if case .name(let name) = target.kind, name.declares, try declaresRegister(name) {
            let register = try temporary()
            try scratch { emit(.receive, register, try operand(source)) }
            try declare(name, from: register, reserved: true)
            return
        }
        let register = try temporary()
        try scratch { emit(.receive, register, try operand(source)) }
        try bind(target, from: register)
    }

    // MARK: Assignment

    private func assign(_ target: AssignTarget, _ value: Expr) throws {
        switch target {
        case .name(let name):
            if name.isDiscard { return try scratch { _ = try operand(value) } }
            let binding = try self.binding(name)
            if !binding.isShared, case .register(let register) = try place(of: binding) {
                return try expression(value, toVariable: register)
            }
            try scratch { try store(name, from: try operand(value)) }
        case .list(let targets, let rest, let span):
            try scratch {
                let source = try operand(value)
                let registers = try temporary(targets.count + 1)
                at(span) { _ = emit(rest == nil ? .unpack : .unpackRest, source, registers, targets.count) }
                for (index, item) in targets.enumerated() { try assign(item, from: registers + index) }
                if let last = rest?.target { try assign(last, from: registers + targets.count) }
            }
        case .index(let object, let index, let span):
            // Container, index and value are evaluated in this order.
            if try sharedPath(Expr(.index(object, index), span), dynamic: true) != nil {
                return try scratch { try assign(target, from: try operand(value)) }
            }
            try scratch {
                let container = try operand(object)
                let key = try operand(index)
                let item = try operand(value)
                at(span) { _ = emit(.setIndex, container, key, item) }
            }
        case .member:
            try scratch { try assign(target, from: try operand(value)) }
        }
    }

    private func assign(_ target: AssignTarget, from source: Int) throws {
        switch target {
        case .name(let name):
            if !name.isDiscard { try at(name.span) { try store(name, from: source) } }
        case .list(let targets, let rest, let span):
            let registers = try temporary(targets.count + 1)
            at(span) { _ = emit(rest == nil ? .unpack : .unpackRest, source, registers, targets.count) }
            for (index, item) in targets.enumerated() { try assign(item, from: registers + index) }
            if let last = rest?.target { try assign(last, from: registers + targets.count) }
        case .index(let object, let index, let span):
            try scratch {
                func ordinary() throws {
                    let container = try operand(object)
                    let key = try operand(index)
                    at(span) { _ = emit(.setIndex, container, key, source) }
                }
                guard let path = try sharedPath(Expr(.index(object, index), span), dynamic: true) else { return try ordinary() }
                try alongPath(path) {
                    let base = try pathRegisters(path)
                    at(span) { _ = emit(.sharedPathSet, source, base, path.operand) }
                } otherwise: {
                    try ordinary()
                }
            }
        case .member(let member, let span):
            try scratch {
                if let binding = member.resolved {
                    if binding.isShared {
                        let reference = try temporary()
                        at(span) { _ = emit(.getGlobalChecked, reference, wide: binding.globalSlot) }
                        at(span) { _ = emit(.sharedSet, reference, source) }
                    } else {
                        emit(.setGlobal, source, wide: binding.globalSlot)
                    }
                    return
                }
                func ordinary() throws {
                    let object = try operand(member.object)
                    let name = try nameConstant(member.name)
                    at(span) { _ = emit(.setField, object, source, name) }
                }
                guard let path = try sharedPath(Expr(.member(member), span), dynamic: true) else { return try ordinary() }
                try alongPath(path) {
                    let base = try pathRegisters(path)
                    at(span) { _ = emit(.sharedPathSet, source, base, path.operand) }
                } otherwise: {
                    try ordinary()
                }
            }
        }
    }

    private func augment(_ op: ArithmeticOperator, _ target: AssignTarget, _ value: Expr, _ opSpan: Span) throws {
        switch target {
        case .name(let name):
            let binding = try self.binding(name)
            if binding.isShared {
                return try scratch {
                    let base = try temporary(2)
                    try loadRaw(name, to: base)
                    try expression(value, to: base + 1)
                    emit(.sharedPathUpdate, Int(ArithmeticCode(op).rawValue), base, 0)
                }
            }
            if case .register(let register) = try place(of: binding) {
                return try scratch { try link(op, register, value, to: register) }
            }
            try scratch {
                let register = try temporary()
                try at(name.span) { try loadRaw(name, to: register) }
                try scratch { try link(op, register, value, to: register) }
                try store(name, from: register)
            }
        case .index(let object, let index, let span):
            let whole = Expr(.index(object, index), span)
            if let path = try sharedPath(whole, dynamic: true) { return try augmentPath(path, op, value) { try self.augmentIndex(op, object, index, value, span) } }
            try augmentIndex(op, object, index, value, span)
        case .member(let member, let span):
            if let binding = member.resolved {
                return try scratch {
                    let registers = try temporary(2)
                    emit(.getGlobalChecked, registers, wide: binding.globalSlot)
                    if binding.isShared {
                        try expression(value, to: registers + 1)
                        emit(.sharedPathUpdate, Int(ArithmeticCode(op).rawValue), registers, 0)
                    } else {
                        try link(op, registers, value, to: registers)
                        emit(.setGlobal, registers, wide: binding.globalSlot)
                    }
                }
            }
            let whole = Expr(.member(member), span)
            if let path = try sharedPath(whole, dynamic: true) { return try augmentPath(path, op, value) { try self.augmentField(op, member, value, span) } }
            try augmentField(op, member, value, span)
        case .list(_, _, let span):
            throw CompileError(message: "a list of names cannot be updated", span: span)
        }
    }

    /// An augmented assignment along a path of a shared variable: one operation.
    private func augmentPath(
        _ path: SharedPath, _ op: ArithmeticOperator, _ value: Expr, otherwise: () throws -> Void
    ) throws {
        try alongPath(path) {
            let base = try pathRegisters(path, extra: 1)
            try expression(value, to: base + 1 + path.steps.count)
            emit(.sharedPathUpdate, Int(ArithmeticCode(op).rawValue), base, path.operand)
        } otherwise: {
            try otherwise()
        }
    }

    private func augmentIndex(_ op: ArithmeticOperator, _ object: Expr, _ index: Expr, _ value: Expr, _ span: Span) throws {
        try scratch {
            let container = try operand(object)
            let key = try operand(index)
            let item = try temporary()
            at(span) { _ = emit(.getIndex, item, container, key) }
            try scratch { try link(op, item, value, to: item) }
            at(span) { _ = emit(.setIndex, container, key, item) }
        }
    }

    private func augmentField(_ op: ArithmeticOperator, _ member: Member, _ value: Expr, _ span: Span) throws {
        try scratch {
            let object = try operand(member.object)
            let name = try nameConstant(member.name)
            let item = try temporary()
            at(span) { _ = emit(.getField, item, object, name) }
            try scratch { try link(op, item, value, to: item) }
            at(span) { _ = emit(.setField, object, item, name) }
        }
    }
}
