// Expressions to bytecode: literals, collections, access, paths into shared variables. (Operators: Operators.swift.)
//
// Invariants
// - `expression(e, to: r)` leaves the value in r; `operand(e)` may name the register of a local instead of copying it.
// - Operands are evaluated left to right.

extension FunctionCompiler {
    /// A register that holds the value of `expr`: the variable's own, or a new temporary.
    func operand(_ expr: Expr) throws -> Int {
        if case .name(let name) = expr.kind, !name.mayBeUninitialised, let binding = name.binding, !binding.isShared,
            case .register(let register) = try place(of: binding)
        {
            return register
        }
        if let kept = keptLiteral(expr) { return kept }
        let register = try temporary()
        try expression(expr, to: register)
        return register
    }

    /// Evaluates `expr` into a variable's register, which it may itself read.
    func expression(_ expr: Expr, toVariable register: Int) throws {
        switch expr.kind {
        case .arithmetic, .negate, .not, .name, .int, .float, .string, .bool, .nilLiteral, .index, .member, .isType,
            .interpolation:
            try expression(expr, to: register)
        default:
            try scratch {
                let value = try operand(expr)
                if value != register { emit(.move, register, value) }
            }
        }
    }

    func expression(_ expr: Expr, to target: Int) throws {
        try at(expr.span) { try write(expr, to: target) }
    }

    private func write(_ expr: Expr, to target: Int) throws {
        switch expr.kind {
        case .invalid: throw CompileError(message: "this did not parse", span: expr.span)
        case .nilLiteral: emit(.loadNil, target)
        case .bool(let value): emit(value ? .loadTrue : .loadFalse, target)
        case .int(let value): try loadConstant(Value(value), to: target)
        case .float(let value): try loadConstant(Value(value), to: target)
        case .string(let text): try loadConstant(heap.intern(text), to: target)
        case .interpolation(let parts): try interpolation(parts, to: target)
        case .name(let name): try load(name, to: target)
        case .sharedReference(let name): try loadReference(name, to: target)
        case .list(let items): try list(items, to: target)
        case .map(let entries): try map(entries, to: target)
        case .comprehension(let comprehension): try self.comprehension(comprehension, to: target)
        case .range(let low, let high, let closed):
            try scratch {
                let first = try operand(low)
                let last = try operand(high)
                emit(closed ? .newRangeClosed : .newRange, target, first, last)
            }
        case .index(let object, let index): try indexed(expr, object, index, to: target)
        case .slice(let object, let low, let high, let closed):
            try scratch {
                let registers = try temporary(3)
                try expression(object, to: registers)
                if let low { try expression(low, to: registers + 1) } else { emit(.loadAbsent, registers + 1) }
                if let high { try expression(high, to: registers + 2) } else { emit(.loadAbsent, registers + 2) }
                emit(.slice, registers, closed ? 1 : 0)
                emit(.move, target, registers)
            }
        case .member(let member): try self.member(expr, member, to: target)
        case .call(let call): try self.call(call, expr, to: target)
        case .negate(let inner):
            switch inner.kind {
            case .int(let value) where value != Int.min: try loadConstant(Value(-value), to: target)
            case .float(let value): try loadConstant(Value(-value), to: target)
            default: try scratch { emit(.negate, target, try operand(inner)) }
            }
        case .not(let inner): try scratch { emit(.not, target, try operand(inner)) }
        case .arithmetic(let first, let links): try arithmetic(first, links, to: target)
        case .comparison(let first, let links): try comparison(first, links, to: target)
        case .isType(let value, let type, let negated):
            try scratch { emit(negated ? .isNotType : .isType, target, try operand(value), TypeTest.number(type)) }
        case .and(let operands): try connective(operands, isAnd: true, to: target)
        case .or(let operands): try connective(operands, isAnd: false, to: target)
        case .conditional(let condition, let then, let otherwise):
            let failed = try jumpIfFalse(condition)
            try expression(then, to: target)
            let done = jump()
            land(failed)
            try expression(otherwise, to: target)
            land(done)
        case .lambda(let node): try closure(node, to: target)
        case .parallel(let parallel): try self.parallel(parallel, to: target)
        case .start(let item):
            try scratch {
                let task = try temporary()
                try self.task(item, to: task)
                emit(.start, target, task)
            }
        case .makeChannel(let kind, let capacity): try makeChannel(kind, capacity, to: target)
        }
    }

    private func makeChannel(_ kind: ChannelKind, _ capacity: Expr?, to target: Int) throws {
        try scratch {
            let registers = try temporary(2)
            if kind == .pipe {
                emit(.makePipe, registers)
                emit(.newList, target, registers, 2)
                return
            }
            if let capacity { try expression(capacity, to: registers) } else { emit(.loadAbsent, registers) }
            emit(.makeChannel, registers, kind == .queue ? 1 : 0)
            emit(.move, target, registers)
        }
    }

    // MARK: Collections

    private func list(_ items: [Expr], to target: Int) throws {
        // Long literals are built in pieces, so that they do not need a register for each item.
        let piece = 64
        try scratch {
            let start = try temporary(max(1, min(items.count, piece)))
            for (index, item) in items.prefix(piece).enumerated() { try expression(item, to: start + index) }
            if items.count <= piece {
                emit(.newList, target, start, items.count)
                return
            }
            let list = try temporary()
            emit(.newList, list, start, piece)
            for item in items.dropFirst(piece) {
                try scratch { emit(.append, list, try operand(item)) }
            }
            emit(.move, target, list)
        }
    }

    private func map(_ entries: [MapEntry], to target: Int) throws {
        try scratch {
            let map = try temporary()
            emit(.newMap, map, min(entries.count, 60000))
            for entry in entries {
                try scratch {
                    let key = try operand(entry.key)
                    let value = try operand(entry.value)
                    at(entry.key.span) { _ = emit(.setEntry, map, key, value) }
                }
            }
            emit(.move, target, map)
        }
    }

    private func comprehension(_ comprehension: Comprehension, to target: Int) throws {
        try scratch {
            let list = try temporary()
            emit(.newList, list, list, 0)
            try clause(0, of: comprehension, into: list)
            emit(.move, target, list)
        }
    }

    private func clause(_ number: Int, of comprehension: Comprehension, into list: Int) throws {
        guard number < comprehension.clauses.count else {
            try scratch { emit(.append, list, try operand(comprehension.element)) }
            return
        }
        switch comprehension.clauses[number] {
        case .filter(let condition):
            let failed = try jumpIfFalse(condition)
            try clause(number + 1, of: comprehension, into: list)
            land(failed)
        case .iterate(let patterns, let iterable):
            try loop(over: iterable, patterns) { try self.clause(number + 1, of: comprehension, into: list) }
        }
    }

    private func interpolation(_ parts: [InterpolationPart], to target: Int) throws {
        if parts.isEmpty { return try loadConstant(heap.emptyString, to: target) }
        try scratch {
            // In pieces, like lists: each further one begins with the text of those before it.
            let piece = 32
            var done: Int?
            var index = 0
            while index < parts.count {
                let some = parts[index..<min(index + piece, parts.count)]
                let start = try temporary(some.count + (done == nil ? 0 : 1))
                var place = start
                if let done {
                    emit(.move, place, done)
                    place += 1
                }
                for part in some {
                    switch part {
                    case .text(let text): try loadConstant(heap.intern(text), to: place)
                    case .value(let value, let format, let span):
                        try expression(value, to: place)
                        if let format {
                            try scratch {
                                let spec = try temporary()
                                try interpolation(format, to: spec)
                                at(span) { _ = emit(.format, place, place, spec) }
                            }
                        }
                    }
                    place += 1
                }
                index += piece
                emit(.interpolate, index < parts.count ? start : target, start, place - start)
                done = start
            }
        }
    }

    // MARK: Access

    private func indexed(_ expr: Expr, _ object: Expr, _ index: Expr, to target: Int) throws {
        if let path = try sharedPath(expr, onlyReads: true) {
            try scratch {
                let base = try pathRegisters(path)
                emit(.sharedPathGet, target, base, path.operand)
            }
            return
        }
        try scratch {
            let container = try operand(object)
            if case .int(let number) = index.kind, let small = Int16(exactly: number) {
                emit(.getIndexInt, target, container, Int(small))
            } else {
                emit(.getIndex, target, container, try operand(index))
            }
        }
    }

    private func member(_ expr: Expr, _ member: Member, to target: Int) throws {
        if let binding = member.resolved {
            emit(.getGlobalChecked, target, wide: binding.globalSlot)
            if binding.isShared { emit(.sharedGet, target, target) }
            return
        }
        if case .name(let name) = member.object.kind, let binding = name.binding, binding.kind == .builtin,
            let number = module.vm.library.module(binding.name)
        {
            guard module.vm.library.memberNames(ofModule: number).contains(member.name) else {
                throw CompileError(message: "the module \(binding.name) has no `\(member.name)`", span: member.nameSpan)
            }
            // Ends, maps and what may be denied are made when they are used, not when the code is compiled.
            if let value = module.vm.library.plainValue(number, member.name) {
                try loadConstant(value, to: target)
                return
            }
        }
        if let path = try sharedPath(expr, onlyReads: true) {
            try scratch {
                let base = try pathRegisters(path)
                emit(.sharedPathGet, target, base, path.operand)
            }
            return
        }
        try scratch { emit(.getField, target, try operand(member.object), try nameConstant(member.name)) }
    }

    // MARK: Shared paths

    /// A shared variable with the indices and attributes behind it.
    struct SharedPath {
        enum Root {
            case name(Name)
            /// `lib.hits`, of an imported module.
            case imported(Member, Binding)
        }
        enum Step {
            case index(Expr)
            case field(String)
        }
        let root: Root
        let steps: [Step]
        /// The root is an ordinary name, which may hold a shared variable that came in a message.
        var isDynamic = false

        /// As many as the operand has bits for.
        static let maximumSteps = 8
        /// In the operand c of a call: some of its arguments have names.
        static let named = 64

        /// The operand c of the path instructions: the number of steps (bits 0 to 3), `named` (6), whether it is dynamic (7),
        /// and which steps are fields (8 to 15).
        var operand: Int {
            var mask = 0
            for (index, step) in steps.enumerated() {
                if case .field = step { mask |= 1 << index }
            }
            return steps.count | (isDynamic ? 128 : 0) | mask << 8
        }
    }

    /// The path that `expr` is, if it begins with the name of a shared variable. An error where a change has more steps
    /// than an operation can have: the last ones would go into a copy.
    func sharedPath(_ whole: Expr, dynamic: Bool = false, onlyReads: Bool = false) throws -> SharedPath? {
        var steps: [SharedPath.Step] = []
        var expr = whole
        func checked(_ path: SharedPath) throws -> SharedPath? {
            guard path.steps.count > SharedPath.maximumSteps else { return path }
            if onlyReads { return nil }
            throw CompileError(
                message: "an operation on a shared variable goes at most \(SharedPath.maximumSteps) steps deep", span: whole.span)
        }
        while true {
            switch expr.kind {
            case .name(let name):
                guard let binding = name.binding else { return nil }
                if binding.isShared { return try checked(SharedPath(root: .name(name), steps: steps.reversed())) }
                if dynamic, binding.kind != .builtin, binding.kind != .importedModule, case .field("value")? = steps.last {
                    return try checked(SharedPath(root: .name(name), steps: steps.reversed(), isDynamic: true))
                }
                return nil
            case .index(let object, let index):
                steps.append(.index(index))
                expr = object
            case .member(let member):
                if let binding = member.resolved {
                    guard binding.isShared else { return nil }
                    return try checked(SharedPath(root: .imported(member, binding), steps: steps.reversed()))
                }
                steps.append(.field(member.name))
                expr = member.object
            default: return nil
            }
        }
    }

    /// Writes what happens along a path. Where the root only may hold a shared variable, `otherwise` is what happens if it
    /// does not.
    func alongPath(_ path: SharedPath, _ shared: () throws -> Void, otherwise: () throws -> Void) throws {
        guard path.isDynamic else { return try scratch { try shared() } }
        let ordinary = try scratch {
            let root = try temporary()
            try loadRoot(path, to: root)
            return fusedJump(.jumpIfNotKind, root, TypeTest.number(.shared))
        }
        try scratch { try shared() }
        let done = jump()
        land(ordinary)
        try scratch { try otherwise() }
        land(done)
    }

    /// The shared variable itself, or what may be one.
    private func loadRoot(_ path: SharedPath, to register: Int) throws {
        switch path.root {
        case .name(let name): try loadRaw(name, to: register)
        case .imported(let member, let binding):
            at(member.nameSpan) { _ = emit(.getGlobalChecked, register, wide: binding.globalSlot) }
        }
    }

    /// Loads a path into new registers: the reference, then the steps. `extra` further registers follow.
    func pathRegisters(_ path: SharedPath, extra: Int = 0) throws -> Int {
        let base = try temporary(1 + path.steps.count + extra)
        try loadRoot(path, to: base)
        for (index, step) in path.steps.enumerated() {
            switch step {
            case .index(let expr): try expression(expr, to: base + 1 + index)
            case .field(let name): try loadConstant(heap.intern(name), to: base + 1 + index)
            }
        }
        return base
    }
}
