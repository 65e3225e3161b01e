// The rules of statements: what each resolves, in which order, and what may stand where.
//
// Invariants
// - Statements are resolved in the order of the text, each exactly once; what belongs to a loop, a lock or a `try` is
//   resolved while `loopDepth`, `locked`, `guardDepth` say so, and these are as before afterwards.
// - A value is resolved before the names that it is bound to are declared.

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
            noteCopies(declaration)
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
            var held: [Rebinding] = []
            for branch in node.branches {
                resolveCondition(branch.condition)
                apart(&held) { resolve(branch.body) }
            }
            if let otherwise = node.otherwise { apart(&held) { resolve(otherwise) } }
            rebindings += held
        case .whileLoop(let condition, let body):
            inLoop(from: statement.span.start) {
                resolveCondition(condition)
                resolve(body)
            }
        case .loop(let body): inLoop(from: body.span.start) { resolve(body) }
        case .forLoop(let node):
            resolveIterable(node.iterable)
            inScope {
                for pattern in node.patterns { declare(pattern, .loopVariable) }
                noteCopies(node.patterns, of: node.iterable)
                inLoop(from: node.body.span.start, header: statement.span.start) { resolve(node.body) }
                warnIfPairs(node.patterns, node.iterable)
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
                    if let name = handler.name { warnOfKindName(name) }
                }
            }
            if let final = node.finally { resolve(final) }
        case .raise(let value): resolve(value, .value)
        case .importModule(let node): resolveImport(node)
        }
    }

    /// `start` is where what is repeated begins, `header` where what is bound anew for each turn may stand before that.
    private func inLoop(from start: Int32, header: Int32? = nil, _ body: () -> Void) {
        let count = rebindings.count
        loopDepth += 1
        body()
        loopDepth -= 1
        settleRebindings(ofLoopAt: start, header: header ?? start, since: count)
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
        case .name, .member: warnIfNotCalled(expr)
        default: break
        }
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
