// Compiles a resolved module: makes the raw functions that the interpreter runs, and keeps what is common to all
// functions of the module.
//
// Invariants
// - The syntax tree was resolved without errors; every name has its binding.
// - Compiled functions are entered into `VM.loadedCode` and `VM.infos` at once, so their constants are roots.

final class ModuleCompiler {
    let vm: VM
    let module: Module
    /// Globals that no inner function uses may live in registers of the main function.
    let keepsGlobals: Bool
    /// Bindings whose cell was made at the beginning of their block.
    var earlyCells: Set<ObjectIdentifier> = []
    private let unitNumber: (ModuleScope) -> Int
    private let globals: GlobalTable
    /// Inner functions that are done.
    private var compiled: [ObjectIdentifier: UnsafeMutablePointer<FunctionCode>] = [:]

    init(vm: VM, module: Module, scope: ModuleScope, isMain: Bool, unitNumber: @escaping (ModuleScope) -> Int) {
        self.vm = vm
        self.module = module
        keepsGlobals = isMain && !scope.isInteractive
        self.unitNumber = unitNumber
        globals = scope.table
    }

    func number(of scope: ModuleScope) -> Int { unitNumber(scope) }

    /// The main function.
    func compile() throws -> UnsafeMutablePointer<FunctionCode> {
        let compiler = try attempts { (longJumps, literals) in
            let info = FunctionInfo(
                name: "main", parameterNames: [], parameterRights: [], parameterKinds: [], file: module.source.id,
                line: 1, isAnonymous: false)
            let compiler = FunctionCompiler(
                module: self, parent: nil, scope: module.scope, info: info, span: module.body.span, longJumps: longJumps)
            try compiler.keepLiterals(literals)
            try compiler.mainBody(module.body)
            return compiler
        }
        return install(compiler, parameters: 0, required: 0, isProcess: false)
    }

    /// An inner function, made in the frame of `parent`.
    func compile(_ node: FunctionNode, in parent: FunctionCompiler) throws -> UnsafeMutablePointer<FunctionCode> {
        let function: UnsafeMutablePointer<FunctionCode>
        if let known = compiled[ObjectIdentifier(node)] {
            // The function around it is compiled again: only the places of what it captures are new.
            function = known
        } else {
            let compiler = try attempts { (longJumps, literals) in
                let compiler = FunctionCompiler(
                    module: self, parent: parent, scope: node.scope, info: makeInfo(node), span: node.span,
                    longJumps: longJumps)
                try compiler.functionBody(node, keeping: literals)
                return compiler
            }
            function = install(
                compiler, parameters: node.parameters.count, required: node.minimumArity, isProcess: node.kind == .process)
            compiled[ObjectIdentifier(node)] = function
        }
        let info = vm.infos[Int(function.pointee.info)]
        info.capabilities.removeAll()
        info.captures = try node.scope.captures.map { try parent.captureSource($0) }
        for use in node.scope.capabilityUses {
            if use.binding.isGlobal {
                if !parent.isKeptInRegister(use.binding) {
                    info.capabilities.append(CapabilitySource(place: .global(use.binding.globalSlot), rights: use.rights))
                }
            } else if let index = node.scope.captureIndex(of: use.binding) {
                info.capabilities.append(CapabilitySource(place: .upvalue(index), rights: use.rights))
            }
        }
        return function
    }

    /// Compiles a function as often as needed: again with its loops' literals in registers, again with long jumps.
    private func attempts(_ attempt: (Bool, [Value]) throws -> FunctionCompiler) throws -> FunctionCompiler {
        var compiler = try attempt(false, [])
        let literals = compiler.loopLiterals
        if !literals.isEmpty { compiler = try attempt(compiler.jumpTooFar, literals) }
        if compiler.jumpTooFar, !compiler.longJumps { compiler = try attempt(true, literals) }
        return compiler
    }

    private func makeInfo(_ node: FunctionNode) -> FunctionInfo {
        let line = module.source.line(at: node.span.start)
        let name: String
        if let given = node.name {
            name = given.text
        } else {
            switch node.kind {
            case .processBlock:
                if case .expression = node.body { name = "parallel" } else { name = "block" }
            default: name = "func"
            }
        }
        return FunctionInfo(
            name: name, parameterNames: node.parameters.map(\.name.text), parameterRights: node.parameters.map(\.rights),
            parameterKinds: node.parameters.map(\.kind), file: module.source.id, line: line,
            isAnonymous: node.kind == .processBlock)
    }

    private func install(
        _ compiler: FunctionCompiler, parameters: Int, required: Int, isProcess: Bool
    ) -> UnsafeMutablePointer<FunctionCode> {
        let code = UnsafeMutablePointer<Instruction>.allocate(capacity: compiler.code.count)
        code.initialize(from: compiler.code, count: compiler.code.count)
        let constants = UnsafeMutablePointer<Value>.allocate(capacity: max(1, compiler.constants.count))
        constants.initialize(from: compiler.constants, count: compiler.constants.count)
        let function = UnsafeMutablePointer<FunctionCode>.allocate(capacity: 1)
        function.initialize(
            to: FunctionCode(
                code: code, constants: constants, codeCount: Int32(compiler.code.count),
                constantCount: Int32(compiler.constants.count),
                registerCount: Int32(compiler.maxRegister + VM.spareRegisters), parameterCount: Int32(parameters),
                requiredCount: Int32(required), info: Int32(vm.infos.count), isProcess: isProcess))
        vm.infos.append(compiler.info)
        vm.loadedCode.append(function)
        #if DEBUG
            Verifier.check(function, compiler.info, globals: globals.count)
        #endif
        return function
    }
}

extension FunctionCompiler {
    /// The statements of a module; the value of a final expression is the result.
    func mainBody(_ body: Block) throws {
        try blockContent(body, resultOfLast: true)
        emit(.returnNil)
    }

    func functionBody(_ node: FunctionNode, keeping literals: [Value]) throws {
        // Parameters are the first registers.
        nextRegister = 0
        _ = try temporary(node.parameters.count)
        try keepLiterals(literals)
        for (index, parameter) in node.parameters.enumerated() {
            if let value = parameter.defaultValue {
                let given = jump(.jumpIfNotAbsent, index)
                try expression(value, to: index)
                land(given)
            }
            // What runs as a process is checked where it is created.
            if node.kind != .process, parameter.kind != .value {
                at(parameter.name.span) { _ = emit(.checkParameter, index) }
            }
            guard !parameter.name.isDiscard, let binding = parameter.name.binding else { continue }
            if binding.needsCell {
                emit(.newBox, index, index)
                setPlace(binding, .box(index))
            } else {
                setPlace(binding, .register(index))
            }
        }
        switch node.body {
        case .expression(let expr):
            try at(expr.span) {
                let result = try operand(expr)
                emit(.returnValue, result)
            }
        case .block(let block):
            try self.block(block)
            at(block.span.atEnd) { _ = emit(.returnNil) }
        }
    }
}
