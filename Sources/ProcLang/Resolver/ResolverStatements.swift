// The rules of statements.

extension Resolver {
    func resolve(_ statements: [Stmt]) {
        var end: Stmt?
        var reported = false
        for statement in statements {
            if let end, !reported, !statement.isDefinition {
                reported = true
                report(
                    .warning, .unreachable, "this is never reached", statement.span.firstLine(of: module.source),
                    more: [.init(end.span.firstLine(of: module.source), "nothing goes on after this")])
            }
            resolve(statement)
            if end == nil, leaves(statement) { end = statement }
        }
    }

    func resolve(_ statement: Stmt) {
        switch statement.kind {
        case .invalid: break
        case .expression(let expr): resolveExpressionStatement(expr)
        case .block(let block): resolve(block)
        case .declare(let declaration):
            if let value = declaration.value { resolve(value, .value) }
            declare(declaration.pattern, declaration.isVariable ? .variable : .constant)
            noteMadeChannel(declaration)
        case .function(let node), .process(let node):
            if let binding = node.name?.binding { binding.isUsed = binding.isUsed || binding.isGlobal }
            resolveFunction(node)
        case .channels(let declaration):
            for item in declaration.items {
                if let count = item.count { resolve(count, .look) }
                if let capacity = item.capacity { resolve(capacity, .look) }
                let binding = declare(item.name, channelBinding(declaration.kind, item))
                if let binding, declaration.kind != .pipe {
                    let isRendezvous = binding.kind == .channel && item.capacity == nil
                    channelUses[ObjectIdentifier(binding)] = ChannelUses(binding: binding, isRendezvous: isRendezvous)
                }
            }
        case .shared(let items):
            for item in items {
                if let count = item.count { resolve(count, .look) }
                if let value = item.value { resolve(value, .value) }
                declare(item.name, .shared)?.isSharedArray = item.count != nil
            }
        case .assign(let target, let value):
            resolve(value, .value)
            warnLostUpdate(target, value)
            resolve(target, isUpdate: false)
        case .augment(_, let target, let value, _):
            resolve(value, .value)
            resolve(target, isUpdate: true)
        case .send(let channel, let value): resolveSend(channel, value)
        case .receive(let source, let target):
            resolveReceiver(source)
            bindReceived(target)
        case .conditional(let node):
            for branch in node.branches {
                resolveCondition(branch.condition)
                resolve(branch.body)
            }
            if let otherwise = node.otherwise { resolve(otherwise) }
        case .whileLoop(let condition, let body):
            resolveCondition(condition)
            inLoop { resolve(body) }
        case .loop(let body): inLoop { resolve(body) }
        case .forLoop(let node):
            resolveIterable(node.iterable)
            inScope {
                for pattern in node.patterns { declare(pattern, .loopVariable) }
                inLoop { resolve(node.body) }
            }
        case .breakLoop: checkLoop("break", statement.span)
        case .continueLoop: checkLoop("continue", statement.span)
        case .returnValue(let value):
            if function.kind == .main {
                report(
                    .error, .misplaced, "`return` outside of a function or process", statement.span,
                    help: ["`exit()` ends the script"])
            }
            if let value {
                resolve(value, .value)
                function.returnsValue = true
            }
        case .select(let node): resolveSelect(node)
        case .lock(let targets, let body): resolveLock(targets, body, statement.span)
        case .match(let node): resolveMatch(node)
        case .tryCatch(let node):
            if node.handler != nil { guardDepth += 1 }
            resolve(node.body)
            if node.handler != nil { guardDepth -= 1 }
            if let handler = node.handler {
                inScope {
                    if let name = handler.name { declare(name, .caughtError) }
                    resolve(handler.body)
                }
            }
            if let final = node.finally { resolve(final) }
        case .raise(let value): resolve(value, .value)
        case .importModule(let node): resolveImport(node)
        }
    }

    private func inLoop(_ body: () -> Void) {
        loopDepth += 1
        body()
        loopDepth -= 1
    }

    func resolveCondition(_ condition: Expr) { resolve(condition, .look) }

    private func checkLoop(_ word: String, _ span: Span) {
        guard loopDepth == 0 else { return }
        if function.kind == .processBlock {
            report(
                .error, .misplaced, "`\(word)` cannot leave a process", span,
                help: ["`return` ends this process; another one can only be told, by a channel or a shared variable"])
        } else {
            report(.error, .misplaced, "`\(word)` outside of a loop", span)
        }
    }

    // MARK: Expressions as statements

    private func resolveExpressionStatement(_ expr: Expr) {
        resolve(expr, .look)
        guard !moduleScope.isInteractive else { return }
        switch expr.kind {
        case .comparison(let first, let links):
            if links.count == 1, links[0].op == .equal, case .name = first.kind {
                report(
                    .warning, .noEffect, "this comparison has no effect", expr.span,
                    help: ["an assignment is written `=`"])
            }
        case .name(let name):
            if let kind = name.binding?.kind, kind == .function || kind == .process {
                let call = kind == .process ? "start \(name.text)()" : "\(name.text)()"
                report(
                    .warning, .noEffect, "`\(name.text)` is mentioned but not called", expr.span,
                    help: ["write `\(call)`"])
            }
        default: break
        }
    }

    // MARK: Patterns

    /// Declares the names of a pattern.
    func declare(_ pattern: Pattern, _ kind: BindingKind) {
        var seen: [String: Name] = [:]
        pattern.forEachName { name in
            if let earlier = seen[name.text] {
                report(
                    .error, .duplicateName, "`\(name.text)` stands twice in one pattern", name.span,
                    more: [.init(earlier.span, "first here")])
                name.binding = earlier.binding
                name.declares = true
            } else {
                seen[name.text] = name
                declare(name, kind)
            }
        }
    }

    /// The names that a receive assigns or binds.
    func bindReceived(_ target: Pattern) {
        var seen: Set<String> = []
        target.forEachName { name in
            if !seen.insert(name.text).inserted {
                report(.error, .duplicateName, "`\(name.text)` stands twice in one pattern", name.span)
            }
            if let binding = assignableByReceive(name.text) {
                // Found as a use would find it, so that captures are noted.
                _ = lookUp(name)
                if binding.isShared { return assign(binding, name.span) }
                binding.isReassigned = true
                noteOuterAssignment(binding, name.span)
            } else {
                declare(name, .received)
            }
        }
    }

    // MARK: Assignment

    private func resolve(_ target: AssignTarget, isUpdate: Bool) {
        switch target {
        case .name(let name): assign(name, isUpdate: isUpdate)
        case .index(let object, let index, let span):
            resolve(index, .look)
            resolve(object, .value)
            noteChange(object, span)
        case .member(let member, let span):
            if resolveModuleMember(member) {
                if let binding = member.resolved {
                    assign(binding, member.nameSpan)
                } else if case .name(let name) = member.object.kind, name.binding?.kind == .builtin {
                    report(
                        .error, .assignToConstant, "`\(name.text).\(member.name)` is part of the library and cannot be assigned",
                        span)
                }
                return
            }
            resolve(member.object, .value)
            if case .name(let name) = member.object.kind, name.text == "self", name.binding?.kind == .builtin {
                report(
                    .error, .assignToConstant, "`self` tells about this process; its attributes cannot be assigned", span)
            }
            if member.name != "value" { noteChange(member.object, span) }
        case .list(let targets, let rest, _):
            for target in targets { resolve(target, isUpdate: false) }
            if let target = rest?.target { resolve(target, isUpdate: false) }
        }
    }

    private func assign(_ name: Name, isUpdate: Bool) {
        guard !name.isDiscard else {
            if isUpdate { report(.error, .invalidAssignment, "`_` has no value", name.span) }
            return
        }
        guard let binding = findForAssignment(name) else { return }
        if isUpdate { binding.isUsed = true }
        assign(binding, name.span)
    }

    /// Whether what a name or `lib.name` means may be assigned here.
    private func assign(_ binding: Binding, _ span: Span) {
        switch binding.kind {
        case .variable, .parameter(.value), .loopVariable:
            if isForeign(binding) {
                let owner = binding.owner?.kind == .main ? "the main script" : "the process around"
                report(
                    .error, .foreignVariable,
                    "`\(binding.name)` belongs to another process, which would not see the change", span,
                    more: [.init(binding.span, "declared in \(owner)")],
                    help: ["processes have memory of their own; declare it as `shared \(binding.name) = ...` to share it"])
            }
            binding.isReassigned = true
            noteOuterAssignment(binding, span)
        case .parameter(.reader), .parameter(.writer):
            binding.isReassigned = true
        case .shared, .parameter(.shared):
            function.noteUse(of: binding, .hold)
            // Assigned as a whole: nobody is to see a half of it, as with a lock.
            if binding.isSharedArray { binding.mayBeLocked = true }
        case .constant:
            reportConstant(
                span, binding, "`\(binding.name)` is declared with `let` and cannot be assigned", "declare it with `var`")
        case .received:
            reportConstant(
                span, binding, "`\(binding.name)` was bound by a receive and cannot be assigned",
                "declare `var \(binding.name)` before the receive")
        case .caughtError:
            reportConstant(
                span, binding, "`\(binding.name)` is the caught error and cannot be assigned", "use another name")
        case .function, .process:
            reportConstant(
                span, binding,
                "`\(binding.name)` is a \(binding.kind == .function ? "function" : "process") and cannot be assigned",
                "use another name")
        case .channel, .queue, .pipe, .channelArray, .queueArray:
            reportConstant(
                span, binding, "`\(binding.name)` is a declared \(binding.kind.word) and cannot be assigned",
                "to send to it write `\(binding.name) ! value`")
        case .importedModule:
            reportConstant(
                span, binding, "`\(binding.name)` is an imported module and cannot be assigned", "use another name")
        case .builtin:
            reportConstant(
                span, binding, "`\(binding.name)` is part of the library and cannot be assigned",
                "`let \(binding.name) = ...` declares a name of your own")
        }
    }

    private func reportConstant(_ span: Span, _ binding: Binding, _ title: String, _ help: String) {
        report(
            .error, .assignToConstant, title, span,
            more: binding.span.isNone ? [] : [.init(binding.span, "declared here")], help: [help])
    }

    /// Like `lookUp`, with advice for those who declare by assigning.
    private func findForAssignment(_ name: Name) -> Binding? {
        let count = diagnostics.count
        let binding = lookUp(name)
        if binding == nil, diagnostics.count > count {
            let shown = name.text.shortened(to: 80)
            diagnostics[count].title = "`\(shown)` is not declared"
            diagnostics[count].help += [
                "a new name is declared by `let \(shown) = ...`, or `var` if it changes later"
            ]
        }
        return binding
    }

    func noteOuterAssignment(_ binding: Binding, _ span: Span) {
        noteOuter(binding, span, in: \.outerAssignments)
    }

    /// Notes in every function between here and the owner of a binding what is done with it.
    private func noteOuter(
        _ binding: Binding, _ span: Span, in list: ReferenceWritableKeyPath<FunctionScope, [(binding: Binding, span: Span)]>
    ) {
        guard let owner = binding.owner, owner !== function else { return }
        var inner: FunctionScope? = function
        while let present = inner, present !== owner {
            if !present[keyPath: list].contains(where: { $0.binding === binding }) {
                present[keyPath: list].append((binding, span))
            }
            if present.isProcessBoundary { break }
            inner = present.parent
        }
    }

    /// A list, map or namespace is changed in place. In a process that captured it nobody else sees that, and what a
    /// method of a shared variable returned is a copy.
    func noteChange(_ object: Expr, _ span: Span) {
        if let (name, source) = object.sharedCopy {
            report(
                .warning, .noEffect, "this changes only a copy: `\(module.source.string(source.span))` is a private copy of what is in `\(name.text)`",
                span,
                help: [
                    "an operation on a shared variable is a path of names and indices: `\(name.text)[key].append(x)`; "
                        + "`lock \(name.text) { ... }` makes several one"
                ])
            return
        }
        guard let name = object.rootName, let binding = name.binding, !binding.isShared else { return }
        if case .parameter(.value) = binding.kind, binding.owner === function { function.changedParameters.append(binding) }
        // `cell.value` may be that of a shared variable, which everybody sees.
        guard binding.isCollection, !object.passesValue else { return }
        noteOuter(binding, span, in: \.outerMutations)
        if isForeign(binding) { warnForeignMutation(binding, span) }
    }

    func warnForeignMutation(_ binding: Binding, _ span: Span) {
        report(
            .warning, .foreignMutation, "this changes a copy of `\(binding.name)` that only this process sees", span,
            more: [.init(binding.span, "declared in another process")],
            help: [Resolver.helpOnForeignMutation(binding.name)])
    }

    static func helpOnForeignMutation(_ name: String) -> String {
        "return the result, send it to a channel, or declare `shared \(name) = ...`"
    }

    /// `hits = hits + 1` reads and writes in two steps.
    private func warnLostUpdate(_ target: AssignTarget, _ value: Expr) {
        guard case .arithmetic(let first, let links) = value.kind, links.count == 1 else { return }
        let text = module.source.string(target.span)
        guard module.source.string(first.span) == text else { return }
        let root: Name?
        switch target {
        case .name(let name): root = name
        case .index(let object, _, _): root = object.rootName
        case .member(let member, _): root = member.object.rootName
        case .list: root = nil
        }
        guard let name = root else { return }
        guard let binding = peek(name.text), binding.isShared else { return }
        if locked.contains(where: { $0.contains { $0 === binding } }) { return }
        report(
            .warning, .lostUpdate, "another process may change `\(name.text)` between this read and this write",
            value.span,
            help: [
                "`\(text) \(links[0].op.rawValue)= ...` is one operation; `lock \(name.text) { ... }` makes several one"
            ])
    }

    // MARK: lock, import

    private func resolveLock(_ targets: [Expr], _ body: Block, _ span: Span) {
        var bindings: [Binding] = []
        for target in targets {
            resolve(target, .look)
            var found: Binding?
            if case .name(let name) = target.kind { found = name.binding }
            if case .member(let member) = target.kind { found = member.resolved }
            if let binding = found {
                bindings.append(binding)
                switch binding.kind {
                case .shared, .parameter(.shared): binding.mayBeLocked = true
                case .function, .process, .channel, .queue, .pipe, .channelArray, .queueArray, .importedModule:
                    report(
                        .error, .misplaced, "`\(binding.name)` cannot be locked", target.span,
                        more: [.init(binding.span, "declared here")],
                        help: ["shared variables and semaphores can be locked"])
                default:
                    locksUnknown = true
                    if let initial = binding.initializer, initial.isLiteral {
                        report(
                            .error, .misplaced, "`\(binding.name)` is not shared, so there is nothing to lock",
                            target.span,
                            more: [.init(binding.span, "declared here")],
                            help: ["shared variables and semaphores can be locked"])
                    }
                }
            } else {
                locksUnknown = true
                if target.isLiteral {
                    report(
                        .error, .misplaced, "this cannot be locked", target.span,
                        help: ["shared variables and semaphores can be locked"])
                }
            }
        }
        if !locked.isEmpty {
            let held = locked.joined()
            let isWithin = bindings.count == targets.count && bindings.allSatisfy { b in held.contains { $0 === b } }
            if !isWithin {
                report(
                    .warning, .nestedLock, "this takes a lock while another one is held",
                    Span(file: span.file, start: span.start, end: targets.last?.span.end ?? span.end),
                    help: [
                        "two processes that do so in different orders wait for each other forever; name all of them in the outer `lock`"
                    ])
            }
        }
        locked.append(bindings)
        resolve(body)
        locked.removeLast()
    }

    private func resolveImport(_ node: Import) {
        let binding = declare(node.name, .importedModule)
        binding?.module = imports[node.path]
    }
}

extension Stmt {
    /// Takes no part in the order of execution.
    fileprivate var isDefinition: Bool {
        switch kind {
        case .function, .process, .invalid: return true
        default: return false
        }
    }
}

extension Expr {
    /// The name at the root of `a`, `a[i]`, `a.b`, `a[i].b[j]`...
    var rootName: Name? {
        var expr = self
        while true {
            switch expr.kind {
            case .name(let name): return name
            case .index(let object, _), .slice(let object, _, _, _): expr = object
            case .member(let member): expr = member.object
            default: return nil
            }
        }
    }

    /// The function that a function literal, the name of a function, or that of a `let` with a literal means.
    var functionValue: FunctionNode? {
        switch kind {
        case .lambda(let node): return node
        case .name(let name):
            guard let binding = name.binding else { return nil }
            return binding.kind == .function ? binding.function : binding.functionValue
        default: return nil
        }
    }

    /// The shared variable, and the method call or slice of it, of which this is the result or a part.
    var sharedCopy: (name: Name, source: Expr)? {
        var expr = self
        var source: Expr?
        while true {
            switch expr.kind {
            case .name(let name):
                guard let source, let binding = name.binding, binding.isShared, !binding.isSharedArray else { return nil }
                return (name, source)
            case .index(let object, _): expr = object
            case .slice(let object, _, _, _):
                source = expr
                expr = object
            case .member(let member): expr = member.object
            case .call(let call):
                guard case .member(let member) = call.callee.kind else { return nil }
                source = expr
                expr = member.object
            default: return nil
            }
        }
    }

    /// A path with a step `.value`, by which a shared variable that was received is used.
    var passesValue: Bool {
        switch kind {
        case .index(let object, _), .slice(let object, _, _, _): return object.passesValue
        case .member(let member): return member.name == "value" || member.object.passesValue
        default: return false
        }
    }

    /// The plain name of a shared variable, also of another module.
    var isSharedVariable: Bool {
        switch kind {
        case .name(let name): return name.binding?.isShared == true
        case .member(let member): return member.resolved?.isShared == true
        default: return false
        }
    }

    /// The shared variable whose value, or a part of it, this is.
    var sharedRoot: Binding? {
        switch kind {
        case .name(let name): return name.binding.flatMap { $0.isShared ? $0 : nil }
        case .member(let member):
            if let binding = member.resolved { return binding.isShared ? binding : nil }
            return member.object.sharedRoot
        case .index(let object, _): return object.sharedRoot
        default: return nil
        }
    }

    /// Certainly a list, map or namespace that this process made.
    var isCollection: Bool {
        switch kind {
        case .list, .map, .comprehension: return true
        case .call(let call):
            guard case .name(let name) = call.callee.kind, name.binding.map({ $0.kind == .builtin }) ?? true else { return false }
            return ["namespace", "list", "map", "sorted", "reversed"].contains(name.text)
        case .arithmetic(let first, _): return first.isCollection
        default: return false
        }
    }

    /// Certainly no end, lock, shared variable or function.
    var isLiteral: Bool {
        switch kind {
        case .nilLiteral, .bool, .int, .float, .string, .interpolation, .list, .map, .range, .comprehension: return true
        default: return false
        }
    }
}

extension Binding {
    /// The function literal that a `let` was declared with.
    var functionValue: FunctionNode? {
        guard kind == .constant, case .lambda(let node)? = initializer?.kind else { return nil }
        return node
    }

    /// Certainly a list, map or namespace.
    var isCollection: Bool { initializer?.isCollection == true }
}

extension BindingKind {
    /// For messages.
    var word: String {
        switch self {
        case .channel: return "channel"
        case .queue: return "queue"
        case .pipe: return "pipe end"
        case .channelArray: return "list of channels"
        case .queueArray: return "list of queues"
        default: return "name"
        }
    }
}
