// Branches, loops, `match`, `select`, `try` and `lock` to bytecode.
//
// Invariants
// - The code of a `finally` is written once. Every way into it leaves the way on in a register: 0 an error (to be raised
//   again), 1 the normal end, n + 2 the n-th of `exits`.
// - A turn of a loop begins with fresh registers for its names, so that closures capture bindings of their own.

extension FunctionCompiler {
    func conditional(_ conditional: If) throws {
        var ends: [Patch] = []
        for (index, branch) in conditional.branches.enumerated() {
            let failed = try jumpIfFalse(branch.condition)
            try block(branch.body)
            let isLast = index == conditional.branches.count - 1 && conditional.otherwise == nil
            if !isLast { ends.append(jump()) }
            land(failed)
        }
        if let otherwise = conditional.otherwise { try block(otherwise) }
        land(ends)
    }

    // MARK: Loops

    func whileLoop(_ condition: Expr?, _ body: Block) throws {
        loopDepth += 1
        defer { loopDepth -= 1 }
        let context = Context(.loop)
        if let condition, !longJumps, condition.mayBeWrittenTwice {
            // The test is at the end of the turn, once more before the first: a turn has one jump less.
            let failed = try jumpIfFalse(condition)
            let start = here
            contexts.append(context)
            try block(body)
            contexts.removeLast()
            land(context.continues)
            land(try jumpIfTrue(condition), at: start)
            land(failed)
            land(context.breaks)
            return
        }
        let start = here
        context.continueTarget = start
        let failed = try condition.map { try jumpIfFalse($0) } ?? []
        contexts.append(context)
        try block(body)
        contexts.removeLast()
        jumpBack(.loop, to: start)
        land(failed)
        land(context.breaks)
    }

    func forLoop(_ loop: For) throws {
        let context = Context(.loop)
        try self.loop(over: loop.iterable, loop.patterns, context) { try self.block(loop.body) }
        land(context.breaks)
    }

    /// A loop over the items of `iterable`, with names bound by one or two patterns.
    func loop(over iterable: Expr, _ patterns: [Pattern], _ context: Context? = nil, _ body: () throws -> Void) throws {
        try scratch {
            let state = try temporary(3)
            if case .range(let low, let high, let closed) = iterable.kind, patterns.count == 1 {
                try expression(low, to: state)
                try expression(high, to: state + 1)
                let empty = at(iterable.span) { fusedJump(closed ? .forPrepareClosed : .forPrepare, state, 0) }
                let start = here
                loopDepth += 1
                defer { loopDepth -= 1 }
                if let context { contexts.append(context) }
                try scratch {
                    if case .name(let name) = patterns[0].kind, try declaresRegister(name), !(try binding(name).needsCell) {
                        setPlace(try binding(name), .register(state + 2))
                    } else {
                        try bind(patterns[0], from: state + 2)
                    }
                    try body()
                }
                if let context {
                    contexts.removeLast()
                    land(context.continues)
                }
                jumpBack(.forLoop, state, to: start)
                land(empty)
                return
            }
            try expression(iterable, to: state)
            at(iterable.span) { _ = emit(.iterate, state) }
            let item = try temporary(patterns.count)
            let start = here
            loopDepth += 1
            defer { loopDepth -= 1 }
            let done = at(iterable.span) { fusedJump(patterns.count == 1 ? .next : .nextPair, state, item) }
            if let context {
                context.continueTarget = start
                contexts.append(context)
            }
            try scratch {
                for (index, pattern) in patterns.enumerated() {
                    if case .name(let name) = pattern.kind, try declaresRegister(name), !(try binding(name).needsCell) {
                        setPlace(try binding(name), .register(item + index))
                    } else {
                        try bind(pattern, from: item + index)
                    }
                }
                try body()
            }
            if context != nil { contexts.removeLast() }
            jumpBack(to: start)
            land(done)
        }
    }

    func leaveLoop(isBreak: Bool) throws {
        guard let target = contexts.last(where: { $0.kind == .loop }) else {
            throw CompileError(message: "there is no loop to leave", span: span)
        }
        try leave(isBreak ? .breakLoop(target) : .continueLoop(target), from: contexts.count)
    }

    func returnStatement(_ value: Expr?) throws {
        guard contexts.contains(where: { $0.kind == .finally }) else {
            if let value {
                try scratch { emit(.returnValue, try operand(value)) }
            } else {
                emit(.returnNil)
            }
            return
        }
        try scratch {
            let result = try temporary()
            if let value { try expression(value, to: result) } else { emit(.loadNil, result) }
            try leave(.returnValue, from: contexts.count, result: result)
        }
    }

    /// Writes the way out of the contexts below `depth`: through the `finally` blocks on it.
    private func leave(_ exit: Context.Exit, from depth: Int, result: Int = 0) throws {
        for context in contexts[..<depth].reversed() {
            switch context.kind {
            case .finally:
                if case .returnValue = exit { emit(.move, context.valueRegister, result) }
                emit(.loadInt, context.kindRegister, wide: context.exits.count + 2)
                context.exits.append(exit)
                context.entries.append(jump())
                return
            case .loop:
                if case .breakLoop(let target) = exit, target === context {
                    context.breaks.append(jump())
                    return
                }
                if case .continueLoop(let target) = exit, target === context {
                    if let start = context.continueTarget { jumpBack(.loop, to: start) } else { context.continues.append(jump()) }
                    return
                }
            }
        }
        emit(.returnValue, result)
    }

    // MARK: try, lock

    func tryStatement(_ attempt: Try) throws {
        guard let finally = attempt.finally else {
            return try catching(attempt)
        }
        try withFinally({ try self.catching(attempt) }, { try self.holdingCancellation { try self.block(finally) } })
    }

    /// Code that a cancellation does not end: one that comes meanwhile is raised behind it, and so is one that came before
    /// and was not raised yet (what the process waited for may have ended by the same signal).
    private func holdingCancellation(_ body: () throws -> Void) throws {
        try scratch {
            let before = try temporary()
            emit(.holdCancellation, before)
            try withFinally(body, { self.emit(.admitCancellation, before) })
        }
    }

    /// Body and handler of a `try`.
    private func catching(_ attempt: Try) throws {
        guard let handler = attempt.handler else { return try block(attempt.body) }
        try scratch {
            let error = try temporary()
            let start = here
            try block(attempt.body)
            let end = here
            let done = jump()
            addHandler(from: start, to: end, register: error, isCatch: true)
            if let name = handler.name { try bindCaught(name, error) }
            try block(handler.body)
            land(done)
        }
    }

    private func bindCaught(_ name: Name, _ register: Int) throws {
        if try declaresRegister(name) {
            try declare(name, from: register, reserved: true)
        } else {
            try declare(name, from: register)
        }
    }

    /// Runs `cleanUp` after `body`, however it is left.
    private func withFinally(_ body: () throws -> Void, _ cleanUp: () throws -> Void) throws {
        try scratch {
            let context = Context(.finally)
            context.kindRegister = try temporary()
            context.valueRegister = try temporary()
            // Not always written before it can be read: what an earlier statement left in it would seem to be needed.
            emit(.loadNil, context.valueRegister)
            let start = here
            contexts.append(context)
            try body()
            contexts.removeLast()
            let end = here
            emit(.loadInt, context.kindRegister, wide: 1)
            let normal = jump()
            addHandler(from: start, to: end, register: context.valueRegister, isCatch: false)
            emit(.loadInt, context.kindRegister, wide: 0)
            land(normal)
            land(context.entries)
            try cleanUp()
            let fine = fusedJump(.jumpIfNotEqualInt, context.kindRegister, 0)
            emit(.reraise, context.valueRegister)
            land(fine)
            for (index, exit) in context.exits.enumerated() {
                let other = fusedJump(.jumpIfNotEqualInt, context.kindRegister, index + 2)
                try leave(exit, from: contexts.count, result: context.valueRegister)
                land(other)
            }
        }
    }

    func lock(_ objects: [Expr], _ body: Block) throws {
        try scratch {
            let registers = try temporary(objects.count)
            for (index, object) in objects.enumerated() {
                if case .name(let name) = object.kind, name.binding?.isShared == true {
                    try at(object.span) { try loadRaw(name, to: registers + index) }
                } else if case .member(let member) = object.kind, let binding = member.resolved, binding.isShared {
                    at(object.span) { _ = emit(.getGlobalChecked, registers + index, wide: binding.globalSlot) }
                } else {
                    try expression(object, to: registers + index)
                }
            }
            emit(.lockEnter, registers, objects.count)
            try withFinally({ try self.block(body) }, { self.emit(.lockExit, registers, objects.count) })
        }
    }

    // MARK: match

    func match(_ match: Match) throws {
        try scratch {
            let subject = try temporary()
            try expression(match.subject, to: subject)
            var ends: [Patch] = []
            for item in match.cases {
                try scratch {
                    var failures = try at(item.pattern.span) { try test(item.pattern, subject) }
                    if let condition = item.condition { failures += try jumpIfFalse(condition) }
                    try block(item.body)
                    ends.append(jump())
                    land(failures)
                }
            }
            if let otherwise = match.otherwise {
                try block(otherwise)
            } else {
                at(match.subject.span) { _ = emit(.matchFailed, subject) }
            }
            land(ends)
        }
    }

    /// Tests a value against a pattern and binds its names; returns the jumps taken where it does not fit.
    private func test(_ pattern: Pattern, _ subject: Int) throws -> [Patch] {
        switch pattern.kind {
        case .invalid: throw CompileError(message: "this did not parse", span: pattern.span)
        case .wildcard: return []
        case .name(let name):
            if !name.isDiscard { try declare(name, from: subject) }
            return []
        case .literal(let expr):
            return try scratch {
                if case .int(let number) = expr.kind, let small = Int16(exactly: number) {
                    return [fusedJump(.jumpIfNotEqualInt, subject, Int(small))]
                }
                return [fusedJump(.jumpIfNotEqual, subject, try operand(expr))]
            }
        case .list(let items, let rest):
            var failures = [fusedJump(rest == nil ? .jumpIfNotList : .jumpIfShorter, subject, items.count)]
            for (index, item) in items.enumerated() {
                if case .wildcard = item.kind { continue }
                let register = try temporary()
                emit(.getIndexInt, register, subject, index)
                failures += try test(item, register)
            }
            if let name = rest?.name, !name.isDiscard {
                let register = try temporary()
                emit(.sliceFrom, register, subject, items.count)
                try declare(name, from: register)
            }
            return failures
        case .map(let entries):
            var failures = [fusedJump(.jumpIfNotKind, subject, TypeTest.number(.map))]
            for entry in entries {
                let register = try temporary(2)
                try expression(entry.key, to: register + 1)
                emit(.fetchKey, register, subject, register + 1)
                failures.append(jump(.jumpIfAbsent, register))
                failures += try test(entry.pattern, register)
            }
            return failures
        case .type(let type, let name):
            let failure = fusedJump(.jumpIfNotKind, subject, TypeTest.number(type))
            if let name, !name.isDiscard { try declare(name, from: subject) }
            return [failure]
        }
    }

    // MARK: select

    func select(_ select: Select) throws {
        try scratch {
            // The list of cases, and the time limit behind it.
            let list = try temporary(2)
            let result = try temporary(3)
            var conditions: [Int?] = []
            for item in select.cases {
                guard let condition = item.condition, item.replication == nil else {
                    conditions.append(nil)
                    continue
                }
                let register = try temporary()
                try expression(condition, to: register)
                conditions.append(register)
            }
            emit(.selectBegin, list)
            for (number, item) in select.cases.enumerated() {
                try at(item.span) { try addCase(item, number, conditions[number], to: list) }
            }
            if let after = select.after { try expression(after.duration, to: list + 1) } else { emit(.loadAbsent, list + 1) }
            var flags = select.isFirst ? 1 : 0
            if select.otherwise != nil { flags |= 2 }
            if select.closed != nil { flags |= 4 }
            if select.after != nil { flags |= 8 }
            emit(.selectWait, list, result, flags)
            var ends: [Patch] = []
            for (number, item) in select.cases.enumerated() {
                let other = fusedJump(.jumpIfNotEqualInt, result, number)
                try scratch {
                    if let replication = item.replication, replication.patterns.count == 1 {
                        try bind(replication.patterns[0], from: result + 2)
                    } else if let replication = item.replication {
                        let values = try temporary(replication.patterns.count)
                        emit(.unpack, result + 2, values, replication.patterns.count)
                        for (index, pattern) in replication.patterns.enumerated() { try bind(pattern, from: values + index) }
                    }
                    if case .receive(_, let target) = item.action { try bind(target, from: result + 1) }
                    try block(item.body)
                }
                ends.append(jump())
                land(other)
            }
            for (code, body) in [(-1, select.after?.body), (-2, select.otherwise), (-3, select.closed)] {
                guard let body else { continue }
                let other = fusedJump(.jumpIfNotEqualInt, result, code)
                try block(body)
                ends.append(jump())
                land(other)
            }
            land(ends)
        }
    }

    private func addCase(_ item: Select.Case, _ number: Int, _ condition: Int?, to list: Int) throws {
        func add(_ values: Int?) throws {
            try scratch {
                let registers = try temporary(3)
                var isSend = 0
                switch item.action {
                case .receive(let source, _):
                    try expression(source, to: registers)
                    emit(.loadNil, registers + 1)
                case .send(let channel, let value):
                    isSend = 1
                    try expression(channel, to: registers)
                    try expression(value, to: registers + 1)
                }
                if let values { emit(.move, registers + 2, values) } else { emit(.loadNil, registers + 2) }
                emit(.selectAdd, list, registers, number * 2 + isSend)
            }
        }
        guard let replication = item.replication else {
            let skip = condition.map { jump(.jumpIfNot, $0) }
            try add(nil)
            if let skip { land(skip) }
            return
        }
        // The loop's own values are kept with the case: its body binds them again.
        try scratch {
            let state = try temporary(3)
            try expression(replication.iterable, to: state)
            emit(.iterate, state)
            let count = replication.patterns.count
            let values = try temporary(count)
            let start = here
            let done = fusedJump(count == 1 ? .next : .nextPair, state, values)
            try scratch {
                let kept = count == 1 ? values : try temporary()
                if count > 1 { emit(.newList, kept, values, count) }
                for (index, pattern) in replication.patterns.enumerated() { try bind(pattern, from: values + index) }
                let failed = try item.condition.map { try jumpIfFalse($0) } ?? []
                try add(kept)
                land(failed)
            }
            jumpBack(to: start)
            land(done)
        }
    }
}

extension Expr {
    /// Small and made of plain operations, so that the code may hold it twice; and no constant, whose jump would be one
    /// that does not look for a cancellation.
    fileprivate var mayBeWrittenTwice: Bool {
        var room = 16
        return isPlain(&room)
    }

    private func isPlain(_ room: inout Int) -> Bool {
        room -= 1
        guard room >= 0 else { return false }
        switch kind {
        case .nilLiteral, .int, .float, .string, .name: return true
        case .negate(let inner), .not(let inner), .isType(let inner, _, _): return inner.isPlain(&room)
        case .member(let member): return member.object.isPlain(&room)
        case .index(let object, let index): return object.isPlain(&room) && index.isPlain(&room)
        case .arithmetic(let first, let links): return first.isPlain(&room) && links.allSatisfy { $0.right.isPlain(&room) }
        case .comparison(let first, let links): return first.isPlain(&room) && links.allSatisfy { $0.right.isPlain(&room) }
        case .and(let operands), .or(let operands): return operands.allSatisfy { $0.isPlain(&room) }
        case .call(let call): return call.callee.isPlain(&room) && call.arguments.allSatisfy { $0.value.isPlain(&room) }
        default: return false
        }
    }
}
