// Compiles one function (or the main function of a module) to bytecode: registers, jumps, constants, places of names.
//
// Invariants
// - Registers are given out like a stack: locals stay until their block ends, temporaries until their statement or
//   expression does. `nextRegister` is the first free one.
// - The value of an expression is written to its target register by its last instruction, or by no instruction before
//   every operand was read, unless the target is a fresh temporary.
// - Jumps of fused instructions have 16 bits. When one does not reach, the function is compiled again with
//   `longJumps`, where each such jump goes through a wide one.

/// A limit of the instruction format that a script ran into.
struct CompileError: Error {
    var message: String
    var span: Span
}

final class FunctionCompiler {
    /// Where the value of a name is.
    enum Place {
        case register(Int)
        /// A register that holds the box of the value.
        case box(Int)
        case upvalue(Int)
        case upvalueBox(Int)
        case global(Int)
        case builtin(String)
    }

    let module: ModuleCompiler
    let parent: FunctionCompiler?
    let scope: FunctionScope
    let info: FunctionInfo
    let longJumps: Bool
    private(set) var jumpTooFar = false
    /// Literals that this attempt keeps in registers from the beginning of the function on.
    private var keptLiterals: [ConstantKey: Int] = [:]
    /// Literals that are loaded in loops: a further attempt may keep them.
    private(set) var loopLiterals: [Value] = []
    private var seenLiterals: Set<ConstantKey> = []
    /// How many loops surround the code that is being written.
    var loopDepth = 0
    private static let mostKeptLiterals = 24

    private(set) var code: [Instruction] = []
    private(set) var constants: [Value] = []
    private var constantNumbers: [ConstantKey: Int] = [:]
    private var locals: [ObjectIdentifier: Place] = [:]
    private var captureNumbers: [ObjectIdentifier: Int] = [:]
    var nextRegister = 0
    private(set) var maxRegister = 0
    /// The source text of the instructions that are being written.
    var span: Span
    var contexts: [Context] = []

    private enum ConstantKey: Hashable {
        case word(UInt64, UInt64)
    }

    init(module: ModuleCompiler, parent: FunctionCompiler?, scope: FunctionScope, info: FunctionInfo, span: Span, longJumps: Bool) {
        self.module = module
        self.parent = parent
        self.scope = scope
        self.info = info
        self.span = span
        self.longJumps = longJumps
        for (index, binding) in scope.captures.enumerated() { captureNumbers[ObjectIdentifier(binding)] = index }
    }

    var heap: Heap { module.vm.heap }

    // MARK: Instructions

    /// The number of the next instruction.
    var here: Int { code.count }

    @discardableResult
    func emit(_ op: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> Int {
        append(Instruction(op, a, b, c))
    }

    @discardableResult
    func emit(_ op: Opcode, _ a: Int, wide: Int) -> Int { append(Instruction(op, a, wide: wide)) }

    private func append(_ instruction: Instruction) -> Int {
        code.append(instruction)
        info.spans.append((span.start, span.end))
        return code.count - 1
    }

    /// Runs `body` with the position of `span` for its instructions.
    func at<Result>(_ span: Span, _ body: () throws -> Result) rethrows -> Result {
        let outer = self.span
        self.span = span
        defer { self.span = outer }
        return try body()
    }

    // MARK: Jumps

    /// A jump whose target is not known yet.
    struct Patch {
        var index: Int
        var isWide: Bool
    }

    func jump(_ op: Opcode = .jump, _ a: Int = 0) -> Patch { Patch(index: emit(op, a, wide: 0), isWide: true) }

    /// A fused jump, whose distance is its operand c.
    func fusedJump(_ op: Opcode, _ a: Int, _ b: Int) -> Patch {
        if !longJumps { return Patch(index: emit(op, a, b, 0), isWide: false) }
        emit(op, a, b, 1)
        emit(.jump, 0, wide: 1)
        return jump()
    }

    func land(_ patch: Patch, at target: Int? = nil) {
        let distance = (target ?? here) - patch.index - 1
        let old = code[patch.index]
        if patch.isWide {
            code[patch.index] = Instruction(old.op, old.a, wide: distance)
        } else {
            if distance > 32767 || distance < -32768 { jumpTooFar = true }
            code[patch.index] = Instruction(old.op, old.a, old.b, distance)
        }
    }

    func land(_ patches: [Patch], at target: Int? = nil) { for patch in patches { land(patch, at: target) } }

    func jumpBack(_ op: Opcode = .jump, _ a: Int = 0, to target: Int) { emit(op, a, wide: target - here - 1) }

    // MARK: Registers

    func temporary(_ count: Int = 1) throws -> Int {
        let register = nextRegister
        nextRegister += count
        maxRegister = max(maxRegister, nextRegister)
        if nextRegister > 60000 { throw CompileError(message: "the function needs too many registers", span: span) }
        return register
    }

    /// Frees the temporaries that `body` takes.
    func scratch<Result>(_ body: () throws -> Result) rethrows -> Result {
        let mark = nextRegister
        defer { nextRegister = mark }
        return try body()
    }

    // MARK: Constants

    func constant(_ value: Value) throws -> Int {
        // Few constants are found faster by looking at them than by a table, which has to be made first.
        if constants.count < FunctionCompiler.fewConstants {
            for (number, known) in constants.enumerated() where known.tag == value.tag && known.payload == value.payload {
                return number
            }
        } else {
            if constantNumbers.isEmpty {
                for (number, known) in constants.enumerated() { constantNumbers[.word(known.tag, known.payload)] = number }
            }
            let key = ConstantKey.word(value.tag, value.payload)
            if let number = constantNumbers[key] { return number }
            constantNumbers[key] = constants.count
        }
        constants.append(value)
        return constants.count - 1
    }

    private static let fewConstants = 24

    /// A string constant as a 16-bit operand.
    func nameConstant(_ text: String) throws -> Int {
        let number = try constant(heap.intern(text))
        if number > 65535 { throw CompileError(message: "the function has too many constants", span: span) }
        return number
    }

    func loadConstant(_ value: Value, to target: Int) throws {
        if value.isInt, let small = Int32(exactly: value.int) {
            emit(.loadInt, target, wide: Int(small))
        } else if value.tag == Tag.bool {
            emit(value.bool ? .loadTrue : .loadFalse, target)
        } else {
            emit(.loadConstant, target, wide: try constant(value))
        }
    }

    /// Loads literals into registers of their own, at the beginning of the function.
    func keepLiterals(_ values: [Value]) throws {
        for value in values.prefix(FunctionCompiler.mostKeptLiterals) {
            let register = try temporary()
            try loadConstant(value, to: register)
            keptLiterals[.word(value.tag, value.payload)] = register
        }
    }

    /// The register in which a literal is kept; notes the wish if it is loaded in a loop.
    func keptLiteral(_ expr: Expr) -> Int? {
        let value: Value
        switch expr.kind {
        case .int(let number): value = Value(number)
        case .float(let number): value = Value(number)
        case .string(let text): value = heap.intern(text)
        case .bool(let truth): value = Value(truth)
        default: return nil
        }
        let key = ConstantKey.word(value.tag, value.payload)
        if let register = keptLiterals[key] { return register }
        if loopDepth > 0, seenLiterals.insert(key).inserted { loopLiterals.append(value) }
        return nil
    }

    // MARK: Names

    /// A global that only the main function uses lives in a register of it.
    func isKeptInRegister(_ binding: Binding) -> Bool {
        binding.isGlobal && module.keepsGlobals && !binding.isCaptured && binding.owner === module.module.scope
    }

    func place(of binding: Binding) throws -> Place {
        if let place = locals[ObjectIdentifier(binding)] { return place }
        if binding.kind == .builtin { return .builtin(binding.name) }
        if binding.isGlobal, !isKeptInRegister(binding) { return .global(binding.globalSlot) }
        if let index = captureNumbers[ObjectIdentifier(binding)] {
            return binding.needsCell ? .upvalueBox(index) : .upvalue(index)
        }
        if binding.isGlobal || binding.owner === scope {
            // Used before its declaration: a register that is declared later and absent until then.
            let register = try temporary()
            emit(.loadAbsent, register)
            locals[ObjectIdentifier(binding)] = .register(register)
            return .register(register)
        }
        throw CompileError(message: "the name `\(binding.name)` has no place here", span: span)
    }

    func setPlace(_ binding: Binding, _ place: Place) { locals[ObjectIdentifier(binding)] = place }

    func hasPlace(_ binding: Binding) -> Bool { locals[ObjectIdentifier(binding)] != nil }

    func binding(_ name: Name) throws -> Binding {
        guard let binding = name.binding else { throw CompileError(message: "the name `\(name.text)` was not resolved", span: name.span) }
        return binding
    }

    /// Loads what a name stands for, for a shared variable the reference.
    func loadRaw(_ name: Name, to target: Int) throws {
        let checked = name.mayBeUninitialised
        let binding = try binding(name)
        /// What may not be there yet is named by the failure: the name, not the statement around it.
        func load(_ op: Opcode, _ place: Int) {
            if checked { at(name.span) { _ = emit(op, target, place) } } else { emit(op, target, place) }
        }
        switch try place(of: binding) {
        case .register(let register):
            if register != target { emit(.move, target, register) }
        case .box(let register): load(checked ? .getBoxChecked : .getBox, register)
        case .upvalue(let index): load(checked ? .getUpvalueChecked : .getUpvalue, index)
        case .upvalueBox(let index): load(checked ? .getUpvalueBoxChecked : .getUpvalueBox, index)
        case .global(let slot):
            if checked { at(name.span) { _ = emit(.getGlobalChecked, target, wide: slot) } } else { emit(.getGlobal, target, wide: slot) }
        case .builtin(let text):
            guard let value = module.vm.library.value(text) else {
                throw CompileError(message: "the library has no `\(text)`", span: name.span)
            }
            try loadConstant(value, to: target)
        }
    }

    /// `shared x`: the variable itself. An ordinary name may hold one that was received.
    func loadReference(_ name: Name, to target: Int) throws {
        try loadRaw(name, to: target)
        if try !binding(name).isShared { emit(.sharedCheck, target) }
    }

    /// Loads the value of a name.
    func load(_ name: Name, to target: Int) throws {
        try loadRaw(name, to: target)
        if try binding(name).isShared { emit(.sharedGet, target, target) }
    }

    /// Assigns register `source` to a name that exists.
    func store(_ name: Name, from source: Int) throws {
        let binding = try binding(name)
        if binding.isShared {
            try scratch {
                let reference = try temporary()
                try loadRaw(name, to: reference)
                emit(.sharedSet, reference, source)
            }
            return
        }
        switch try place(of: binding) {
        case .register(let register): if register != source { emit(.move, register, source) }
        case .box(let register): emit(.setBox, register, source)
        case .upvalueBox(let index): emit(.setUpvalueBox, source, index)
        case .global(let slot): emit(.setGlobal, source, wide: slot)
        case .upvalue, .builtin:
            throw CompileError(message: "`\(name.text)` cannot be assigned here", span: name.span)
        }
    }

    /// Gives a new name the value in `source`. If `source` is the register that was reserved for it, it stays there.
    func declare(_ name: Name, from source: Int, reserved: Bool = false) throws {
        if name.isDiscard { return }
        let binding = try binding(name)
        if binding.isGlobal, !isKeptInRegister(binding) {
            emit(.setGlobal, source, wide: binding.globalSlot)
            return
        }
        if case .box(let register)? = locals[ObjectIdentifier(binding)], module.earlyCells.contains(ObjectIdentifier(binding)) {
            emit(.setBox, register, source)
            return
        }
        if binding.isGlobal, case .register(let register)? = locals[ObjectIdentifier(binding)] {
            // Declared again, by a further receive.
            if register != source { emit(.move, register, source) }
            return
        }
        let register = reserved ? source : try temporary()
        if binding.needsCell {
            emit(.newBox, register, source)
            locals[ObjectIdentifier(binding)] = .box(register)
        } else {
            if register != source { emit(.move, register, source) }
            locals[ObjectIdentifier(binding)] = .register(register)
        }
    }

    /// Whether `declare` would put the value into a new register of this frame.
    func declaresRegister(_ name: Name) throws -> Bool {
        if name.isDiscard { return false }
        let binding = try binding(name)
        if binding.isGlobal { return isKeptInRegister(binding) && !hasPlace(binding) }
        return !module.earlyCells.contains(ObjectIdentifier(binding))
    }

    // MARK: Functions

    /// Makes the closure of a function node in `target`.
    func closure(_ node: FunctionNode, to target: Int) throws {
        let function = try module.compile(node, in: self)
        info.functions.append(function)
        emit(.closure, target, wide: info.functions.count - 1)
    }

    /// Where a captured value of an inner function is found in this one.
    func captureSource(_ binding: Binding) throws -> CaptureSource {
        switch try place(of: binding) {
        case .register(let register), .box(let register): return .register(register)
        case .upvalue(let index), .upvalueBox(let index): return .upvalue(index)
        case .global, .builtin:
            throw CompileError(message: "`\(binding.name)` needs no capture", span: span)
        }
    }
}

/// What surrounds the code that is being written, for `break`, `continue` and `return`.
final class Context {
    enum Kind { case loop, finally }
    let kind: Kind
    // Loops
    var breaks: [FunctionCompiler.Patch] = []
    var continues: [FunctionCompiler.Patch] = []
    /// Known for loops whose turn begins before their body.
    var continueTarget: Int?
    // `finally`: the way on after it is in a register.
    var kindRegister = 0
    var valueRegister = 0
    var entries: [FunctionCompiler.Patch] = []
    var exits: [Exit] = []

    enum Exit {
        case breakLoop(Context)
        case continueLoop(Context)
        case returnValue
    }

    init(_ kind: Kind) { self.kind = kind }
}
