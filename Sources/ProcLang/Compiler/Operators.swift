// Arithmetic, comparisons and conditions to bytecode.
//
// Invariants
// - Operands are evaluated left to right, each at most once; what decides early skips the rest.
// - A condition that only decides where to go on makes no bool: comparisons become jumps.
// - `>` and `>=` are `<` and `<=` with the operands turned round; such instructions are noted for the messages.

extension FunctionCompiler {
    // MARK: Arithmetic

    func arithmetic(_ first: Expr, _ links: [ArithmeticLink], to target: Int) throws {
        try scratch {
            var left = try operand(first)
            let accumulator = links.count > 1 ? try temporary() : target
            for (index, link) in links.enumerated() {
                let result = index == links.count - 1 ? target : accumulator
                try scratch { try at(link.opSpan.union(link.right.span).union(first.span)) { try self.link(link.op, left, link.right, to: result) } }
                left = result
            }
        }
    }

    /// `target = left op right`.
    func link(_ op: ArithmeticOperator, _ left: Int, _ right: Expr, to target: Int) throws {
        if case .int(let number) = right.kind, let small = Int16(exactly: number) {
            switch op {
            case .add: return _ = emit(.addInt, target, left, Int(small))
            case .subtract: return _ = emit(.subtractInt, target, left, Int(small))
            case .multiply: return _ = emit(.multiplyInt, target, left, Int(small))
            case .floorDivide where small > 0: return _ = emit(.floorDivideInt, target, left, Int(small))
            case .remainder where small > 0: return _ = emit(.remainderInt, target, left, Int(small))
            default: break
            }
        }
        if case .float(let number) = right.kind {
            let constant = try constant(Value(number))
            if constant <= 65535 {
                switch op {
                case .add: return _ = emit(.addConstant, target, left, constant)
                case .subtract: return _ = emit(.subtractConstant, target, left, constant)
                case .multiply: return _ = emit(.multiplyConstant, target, left, constant)
                case .divide: return _ = emit(.divideConstant, target, left, constant)
                default: break
                }
            }
        }
        emit(FunctionCompiler.opcode(op), target, left, try operand(right))
    }

    static func opcode(_ op: ArithmeticOperator) -> Opcode {
        switch op {
        case .add: return .add
        case .subtract: return .subtract
        case .multiply: return .multiply
        case .divide: return .divide
        case .floorDivide: return .floorDivide
        case .remainder: return .remainder
        case .power: return .power
        }
    }

    // MARK: Conditions

    func comparison(_ first: Expr, _ links: [ComparisonLink], to target: Int) throws {
        try scratch {
            var left = try operand(first)
            if links.count == 1 {
                let right = try operand(links[0].right)
                compare(links[0].op, left, right, to: target)
                return
            }
            let result = try temporary()
            var failures: [Patch] = []
            for (index, link) in links.enumerated() {
                let right = try operand(link.right)
                compare(link.op, left, right, to: result)
                if index < links.count - 1 { failures.append(jump(.jumpIfNot, result)) }
                left = right
            }
            land(failures)
            emit(.move, target, result)
        }
    }

    private func compare(_ op: ComparisonOperator, _ left: Int, _ right: Int, to target: Int) {
        switch op {
        case .equal: emit(.equal, target, left, right)
        case .notEqual: emit(.notEqual, target, left, right)
        case .less: emit(.less, target, left, right)
        case .lessOrEqual: emit(.lessOrEqual, target, left, right)
        case .greater: noteTurned(emit(.less, target, right, left))
        case .greaterOrEqual: noteTurned(emit(.lessOrEqual, target, right, left))
        case .isIn: emit(.contains, target, left, right)
        case .isNotIn: emit(.containsNot, target, left, right)
        }
    }

    /// For the message, if the operands cannot be compared.
    private func noteTurned(_ instruction: Int) { info.turnedComparisons.append(Int32(instruction)) }

    func connective(_ operands: [Expr], isAnd: Bool, to target: Int) throws {
        try scratch {
            let result = try temporary()
            var done: [Patch] = []
            for (index, operand) in operands.enumerated() {
                try expression(operand, to: result)
                if index < operands.count - 1 { done.append(jump(isAnd ? .jumpIfNot : .jumpIf, result)) }
            }
            land(done)
            emit(.move, target, result)
        }
    }

    /// Evaluates a condition and jumps if it is false.
    func jumpIfFalse(_ condition: Expr) throws -> [Patch] { try branch(condition, jumpIf: false) }
    func jumpIfTrue(_ condition: Expr) throws -> [Patch] { try branch(condition, jumpIf: true) }

    private func branch(_ expr: Expr, jumpIf wanted: Bool) throws -> [Patch] {
        switch expr.kind {
        case .bool(let value):
            return value == wanted ? [jump()] : []
        case .not(let inner):
            return try branch(inner, jumpIf: !wanted)
        case .and(let operands): return try short(operands, isAnd: true, jumpIf: wanted)
        case .or(let operands): return try short(operands, isAnd: false, jumpIf: wanted)
        case .comparison(let first, let links) where links.count == 1:
            return try at(expr.span) {
                if let patch = try fused(first, links[0], jumpIf: wanted) { return [patch] }
                return try plain(expr, jumpIf: wanted)
            }
        default:
            return try plain(expr, jumpIf: wanted)
        }
    }

    private func plain(_ expr: Expr, jumpIf wanted: Bool) throws -> [Patch] {
        try scratch { [jump(wanted ? .jumpIf : .jumpIfNot, try operand(expr))] }
    }

    private func short(_ operands: [Expr], isAnd: Bool, jumpIf wanted: Bool) throws -> [Patch] {
        // `a and b` is false as soon as one is false: those jumps go to the target if it is the target of false.
        if isAnd != wanted {
            var patches: [Patch] = []
            for operand in operands { patches += try branch(operand, jumpIf: wanted) }
            return patches
        }
        var skips: [Patch] = []
        for operand in operands.dropLast() { skips += try branch(operand, jumpIf: !wanted) }
        var patches: [Patch] = []
        if let last = operands.last { patches = try branch(last, jumpIf: wanted) }
        land(skips)
        return patches
    }

    private func fused(_ first: Expr, _ link: ComparisonLink, jumpIf wanted: Bool) throws -> Patch? {
        let withInt: (Opcode, Opcode)
        let general: (Opcode, Opcode, Bool)
        switch link.op {
        case .less:
            withInt = (.jumpIfLessInt, .jumpIfNotLessInt)
            general = (.jumpIfLess, .jumpIfNotLess, false)
        case .lessOrEqual:
            withInt = (.jumpIfLessOrEqualInt, .jumpIfNotLessOrEqualInt)
            general = (.jumpIfLessOrEqual, .jumpIfNotLessOrEqual, false)
        case .greater:
            withInt = (.jumpIfGreaterInt, .jumpIfNotGreaterInt)
            general = (.jumpIfLess, .jumpIfNotLess, true)
        case .greaterOrEqual:
            withInt = (.jumpIfGreaterOrEqualInt, .jumpIfNotGreaterOrEqualInt)
            general = (.jumpIfLessOrEqual, .jumpIfNotLessOrEqual, true)
        case .equal:
            withInt = (.jumpIfEqualInt, .jumpIfNotEqualInt)
            general = (.jumpIfEqual, .jumpIfNotEqual, false)
        case .notEqual:
            withInt = (.jumpIfNotEqualInt, .jumpIfEqualInt)
            general = (.jumpIfNotEqual, .jumpIfEqual, false)
        case .isIn, .isNotIn: return nil
        }
        return try scratch {
            let left = try operand(first)
            if case .int(let number) = link.right.kind, let small = Int16(exactly: number) {
                return fusedJump(wanted ? withInt.0 : withInt.1, left, Int(small))
            }
            let right = try operand(link.right)
            let (a, b) = general.2 ? (right, left) : (left, right)
            if general.2 { noteTurned(here) }
            return fusedJump(wanted ? general.0 : general.1, a, b)
        }
    }
}
