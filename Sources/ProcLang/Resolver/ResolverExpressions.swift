// The rules of expressions, and what each of them does with the names in it.
//
// Invariants
// - Every mention of a name comes through `use` (or, for what is assigned or passed as `shared`, `lookUp`) exactly once, with
//   what is done with the value: that decides which ends a process gets.
// - Where the text leaves open what is done, the use is `.value`: both directions.

/// What is done with the value of an expression: which ends it may use.
enum Usage {
    case rights(Rights)
    /// It becomes this parameter of a known function.
    case argument(FunctionNode, Int)

    /// It may go anywhere: stored, sent, returned, given to unknown code.
    static let value = Usage.rights(.both)
    static let read = Usage.rights(.read)
    static let write = Usage.rights(.write)
    /// Only looked at: compared, printed, counted.
    static let look = Usage.rights(.hold)
    /// `for x in it`, where `it` is so many steps inside: received from, if it is an end; what is done with the items of a
    /// list is not followed.
    static func iterated(at steps: Int) -> Usage { .rights([.read, .elements(at: steps)]) }
}

extension Resolver {
    func resolve(_ expr: Expr, _ usage: Usage) {
        switch expr.kind {
        case .invalid, .nilLiteral, .bool, .int, .float, .string: break
        case .interpolation(let parts): resolve(parts)
        case .name(let name): use(name, usage)
        case .sharedReference(let name): useShared(name, usage)
        case .list(let items):
            for item in items { resolve(item, .value) }
        case .map(let entries):
            for entry in entries {
                resolve(entry.key, .look)
                resolve(entry.value, .value)
            }
        case .comprehension(let node): resolve(node)
        case .range(let low, let high, _):
            resolve(low, .look)
            resolve(high, .look)
        case .index(let object, let index):
            resolve(object, usage)
            noteElementRead(object, expr.span)
            resolve(index, .look)
        case .slice(let object, let low, let high, _):
            resolve(object, usage)
            noteElementRead(object, expr.span)
            if let low { resolve(low, .look) }
            if let high { resolve(high, .look) }
        case .member(let member): resolve(member, expr, usage)
        case .call(let call): resolve(call, expr, asProcess: false)
        case .negate(let operand), .not(let operand), .isType(let operand, _, _): resolve(operand, .look)
        case .arithmetic(let first, let links):
            // `+` joins lists, whose elements go into the result.
            let operand: Usage = links.contains { $0.op == .add || $0.op == .multiply } ? usage : .look
            resolve(first, operand)
            for link in links { resolve(link.right, operand) }
        case .comparison(let first, let links):
            resolve(first, .look)
            for link in links { resolve(link.right, .look) }
        case .and(let operands), .or(let operands):
            for operand in operands { resolve(operand, usage) }
        case .conditional(let condition, let then, let otherwise):
            resolve(condition, .look)
            resolve(then, usage)
            resolve(otherwise, usage)
        case .lambda(let node): resolveFunction(node)
        case .parallel(let node): resolve(node)
        case .start(let item): resolve(item)
        case .makeChannel(_, let capacity):
            if let capacity { resolve(capacity, .look) }
        }
    }

    private func resolve(_ parts: [InterpolationPart]) {
        for case .value(let expr, let format, _) in parts {
            resolve(expr, .look)
            if let format { resolve(format) }
        }
    }

    private func resolve(_ node: Comprehension) {
        func step(_ index: Int) {
            guard index < node.clauses.count else {
                resolve(node.element, .value)
                return
            }
            switch node.clauses[index] {
            case .filter(let condition):
                resolveCondition(condition)
                step(index + 1)
            case .iterate(let patterns, let iterable):
                resolveIterable(iterable)
                inScope {
                    for pattern in patterns { declare(pattern, .loopVariable) }
                    step(index + 1)
                    warnIfPairs(patterns, iterable)
                }
            }
        }
        // Clauses are as many as the text has, so the recursion is bounded by hand.
        guard node.clauses.count <= SyntaxLimits.depth else {
            report(.error, .nestedTooDeeply, "this comprehension has too many parts", node.element.span)
            return
        }
        step(0)
    }

    /// `for x in e`: receives from a channel, goes through everything else.
    func resolveIterable(_ expr: Expr) {
        checkDirection(expr, .read, "iterated")
        switch expr.kind {
        case .and(let operands), .or(let operands):
            for operand in operands { resolveIterable(operand) }
        case .conditional(let condition, let then, let otherwise):
            resolve(condition, .look)
            resolveIterable(then)
            resolveIterable(otherwise)
        default: resolve(expr, .iterated(at: Self.steps(to: expr)))
        }
    }

    /// How far inside a variable an expression leads. A slice has the items of what it is of.
    private static func steps(to expr: Expr) -> Int {
        var steps = 0
        var inner = expr
        while true {
            switch inner.kind {
            case .index(let object, _): (steps, inner) = (steps + 1, object)
            case .member(let member): (steps, inner) = (steps + 1, member.object)
            case .slice(let object, _, _, _): inner = object
            default: return steps
            }
        }
    }

    // MARK: Names

    func use(_ name: Name, _ usage: Usage) {
        guard let binding = lookUp(name) else { return }
        binding.isUsed = true
        binding.lastRead = name.span
        if !rebindings.isEmpty { warnIfRebound(binding, name.span) }
        note(binding, usage, name.span)
    }

    /// Records a use for the end accounting.
    func note(_ binding: Binding, _ usage: Usage, _ span: Span) {
        switch binding.kind {
        case .builtin, .importedModule: return
        case .function, .process:
            if let node = binding.function { mention(node, span) }
            return
        case .shared, .parameter(.shared):
            function.noteUse(of: binding, .hold)
            return
        default: noteChannelUse(binding, usage, span)
        }
        if let node = binding.functionValue, !function.valueMentions.contains(where: { $0.function === node }) {
            function.valueMentions.append((node, binding.name, span))
        }
        switch usage {
        case .rights(let rights):
            function.noteUse(of: binding, rights)
            if isClosing { function.closings.insert(ObjectIdentifier(binding)) }
        case .argument(let callee, let parameter):
            function.noteUse(of: binding, .hold)
            function.argumentUses.append((binding, callee, parameter))
        }
    }

    func mention(_ node: FunctionNode, _ span: Span) {
        if !function.mentions.contains(where: { $0.function === node }) { function.mentions.append((node, span)) }
    }

    /// `shared x`.
    private func useShared(_ name: Name, _ usage: Usage) {
        guard let binding = lookUp(name) else { return }
        binding.isUsed = true
        guard binding.isShared else {
            note(binding, usage, name.span)
            guard !mayHoldShared(binding) else { return }
            report(
                .error, .sharedArgument, "`\(name.text)` is not a shared variable", name.span,
                more: binding.span.isNone ? [] : [.init(binding.span, "declared here")],
                help: ["declare it with `shared \(name.text) = ...`"])
            return
        }
        function.noteUse(of: binding, .hold)
        escapedShared.append(binding)
    }

    /// An ordinary name that may hold a shared variable that was received.
    func mayHoldShared(_ binding: Binding) -> Bool {
        switch binding.kind {
        case .received, .parameter(.value), .loopVariable: return true
        case .constant, .variable: return binding.initializer?.isLiteral != true
        default: return false
        }
    }

    // MARK: Members

    private func resolve(_ member: Member, _ expr: Expr, _ usage: Usage) {
        if resolveModuleMember(member) { return }
        // An end that is stored or sent may be used, or not, by whoever gets it.
        let wasPatient = isPatient
        if case .rights(.both) = usage { isPatient = false }
        defer { isPatient = wasPatient }
        switch member.name {
        case "reader":
            resolve(member.object, .read)
            checkDirection(member.object, .read, "asked for its reading end")
        case "writer":
            resolve(member.object, .write)
            checkDirection(member.object, .write, "asked for its writing end")
        case "empty", "full", "capacity", "name": resolve(member.object, .look)
        default:
            resolve(member.object, usage)
            noteElementRead(member.object, expr.span)
        }
    }

    /// `math.pi`, `lib.name`: checked against what the module has. False when the object is no module.
    func resolveModuleMember(_ member: Member) -> Bool {
        guard case .name(let name) = member.object.kind, let binding = peek(name.text) ?? builtin(name.text) else {
            return false
        }
        if binding.kind == .builtin {
            guard case .module(let entries)? = builtins[name.text] else { return false }
            name.binding = binding
            if entries[member.name] == nil {
                let foreign = Suggestions.foreignMembers["\(name.text).\(member.name)"]
                reportNoMember(member, "module `\(name.text)`", Array(entries.keys), foreign: foreign)
            }
            return true
        }
        guard binding.kind == .importedModule else { return false }
        _ = lookUp(name)
        binding.isUsed = true
        guard let imported = binding.module else { return true }
        if let global = imported.globals[member.name] {
            member.resolved = global
            global.isCaptured = true
            if let node = global.function { mention(node, member.nameSpan) }
            if global.isShared {
                function.noteUse(of: global, .hold)
            } else if global.kind != .function, global.kind != .process {
                function.noteUse(of: global, .both)
            }
        } else {
            reportNoMember(member, "module `\(name.text)`", imported.names)
        }
        return true
    }

    func reportNoMember(_ member: Member, _ owner: String, _ known: [String], foreign: String? = nil) {
        let nearest = Suggestions.nearest(to: member.name, in: known)
        report(
            .error, .undefinedName, "\(owner) has no `\(member.name)`", member.nameSpan,
            help: [
                foreign ?? nearest.map { "did you mean `\($0)`?" }
                    ?? (known.isEmpty ? "it defines nothing" : "it has \(known.sorted().joined(separator: ", "))")
            ])
    }

    // MARK: Functions

    func resolveFunction(_ node: FunctionNode) {
        let kind: FunctionScope.Kind
        switch node.kind {
        case .function: kind = .function
        case .lambda: kind = .lambda
        case .process: kind = .process
        case .processBlock: kind = .processBlock
        }
        let inner = FunctionScope(kind: kind, parent: function, node: node)
        node.scope = inner
        functions.append(inner)
        let (outerFunction, outerLoops, outerLocks) = (function, loopDepth, locked)
        let outerRebindings = rebindings
        function = inner
        loopDepth = 0
        locked = []
        rebindings = []
        inScope {
            for parameter in node.parameters {
                if let value = parameter.defaultValue { resolve(value, .value) }
                let binding = declare(parameter.name, .parameter(parameter.kind))
                if node.kind == .process, parameter.kind == .value, let binding { noteCopy(binding, of: nil) }
            }
            switch node.body {
            case .block(let block):
                // Parameters and the names of the body are one scope.
                predeclare(block.statements)
                resolve(block.statements)
                bodyBlock(block)
            case .expression(let expr):
                inner.returnsValue = true
                resolve(expr, .value)
            }
        }
        function = outerFunction
        loopDepth = outerLoops
        locked = outerLocks
        rebindings = outerRebindings
    }

    /// The scope of parameters and body settles the early cells of the body's block.
    private func bodyBlock(_ block: Block) {
        for binding in scope.declared where scope.isEarly(binding) { block.earlyCells.append(binding) }
    }
}
