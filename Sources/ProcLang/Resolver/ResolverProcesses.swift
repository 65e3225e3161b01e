// The rules of what creates processes and lets them communicate.
//
// Invariants
// - An item that is an operation of the library or of a shared variable becomes a block, so that it is made by the process
//   itself.
// - The source of a communication is resolved before the value that is sent, and before the names that are bound.

extension Resolver {
    func resolve(_ node: Parallel) {
        if let restarts = node.supervision?.restarts { resolve(restarts, .look) }
        if let within = node.supervision?.within { resolve(within, .look) }
        switch node.form {
        case .items(let items):
            for item in items { resolve(item) }
        case .each(let patterns, let iterable, let limit, let item):
            resolveIterable(iterable)
            if let limit { resolve(limit, .look) }
            inScope {
                for pattern in patterns { declare(pattern, .loopVariable) }
                resolve(item)
                warnIfPairs(patterns, iterable)
            }
        }
    }

    func resolve(_ item: ProcessItem) {
        switch item.kind {
        case .call(let expr):
            guard case .call(let call) = expr.kind else { return resolve(expr, .value) }
            if isOfLibrary(call.callee) || isOfShared(call.callee) {
                let node = FunctionNode(
                    kind: .processBlock, name: nil, parameters: [], body: .expression(expr), span: expr.span,
                    headerSpan: expr.span)
                item.kind = .block(node)
                return resolveFunction(node)
            }
            resolve(call, expr, asProcess: true)
            if case .member(let member) = call.callee.kind, member.changesObject, !member.mayBeOfEvent, let binding = member.object.rootName?.binding,
                binding.isCollection, !isForeign(binding)
            {
                // The call is a process of its own.
                warnForeignMutation(binding, expr.span)
            }
            if let node = call.target ?? call.callee.functionValue, node.kind != .process {
                startedFunctions.append((node, module.source.string(call.callee.span), item.span))
            }
            for argument in call.arguments {
                if let node = argument.value.functionValue {
                    passedFunctions.append((node, argument.value.rootName?.text ?? "this function", argument.value.span))
                }
            }
        case .block(let node), .nested(let node): resolveFunction(node)
        }
    }

    /// `print`, `os.run`: a name of the library, or a member of one.
    private func isOfLibrary(_ callee: Expr) -> Bool {
        switch callee.kind {
        case .name(let name): return peek(name.text) == nil && builtin(name.text) != nil
        case .member(let member): return isOfLibrary(member.object)
        default: return false
        }
    }

    /// A method of a shared variable, of a part of it, or of what a `cell.value` is: one operation, made by the process itself.
    private func isOfShared(_ callee: Expr) -> Bool {
        guard case .member(let method) = callee.kind else { return false }
        var object = method.object
        while true {
            switch object.kind {
            case .name(let name):
                guard let binding = peek(name.text) else { return false }
                return binding.isShared || binding.kind == .received && method.changesObject
            case .index(let inner, _): object = inner
            case .member(let member):
                if case .name(let name) = member.object.kind, let binding = peek(name.text) {
                    if let module = binding.module { return module.binding(member.name)?.isShared == true }
                    if member.name == "value", mayHoldShared(binding) { return true }
                }
                object = member.object
            default: return false
            }
        }
    }

    // MARK: Communication

    func resolveSend(_ channel: Expr, _ value: Expr) {
        checkDirection(channel, .write, "sent to")
        checkIsChannel(channel, "sent to")
        resolve(channel, .write)
        noteCommunication(channel) { $0.sends.append(channel.span) }
        warnIfPassedOn(channel, .write)
        resolve(value, .value)
        notePassedOn(value)
    }

    /// The source of a receive; also a handle.
    func resolveReceiver(_ source: Expr, inSelect: Bool = false) {
        checkIsNotStdin(source, inSelect)
        checkDirection(source, .read, "received from")
        checkIsChannel(source, "received from")
        resolve(source, .read)
        noteCommunication(source) { $0.receives.append(source.span) }
        warnIfPassedOn(source, .read)
    }

    /// `ch ! c.writer` gives that end to somebody else.
    private func notePassedOn(_ value: Expr) {
        guard case .member(let member) = value.kind, case .name(let name) = member.object.kind,
            let binding = name.binding, binding.kind == .channel || binding.kind == .queue
        else { return }
        let right: Rights
        switch member.name {
        case "writer": right = .write
        case "reader": right = .read
        default: return
        }
        passedOn.append(PassedOn(function: function, binding: binding, right: right, span: value.span))
    }

    /// Whoever passes an end on and goes on using it competes with the one who got it, and keeps the stream open.
    private func warnIfPassedOn(_ channel: Expr, _ right: Rights) {
        guard case .name(let name) = channel.kind, let binding = name.binding,
            let index = passedOn.firstIndex(where: { $0.function === function && $0.binding === binding && $0.right == right })
        else { return }
        let passed = passedOn.remove(at: index)
        let word = right == .write ? "writer" : "reader"
        report(
            .warning, .endUsedAfterPassing, "`\(binding.name)` is used here although its \(word) was passed on",
            channel.span, more: [.init(passed.span, "passed on")],
            help: [
                "both processes then hold this end; if only the other should, give it up with `\(binding.name).\(word).close()`"
            ])
    }


    /// Standard input is no channel: it belongs to all processes of all programs that have it.
    private func checkIsNotStdin(_ source: Expr, _ inSelect: Bool) {
        guard case .member(let member) = source.kind, member.name == "stdin", case .name(let name) = member.object.kind,
            name.text == "os", peek("os") == nil
        else { return }
        report(
            .error, .direction, "the standard input is not a channel", source.span,
            help: inSelect
                ? [
                    "let a process pass its lines on: `process lines(out!) { for line in os.stdin { out ! line } }`, "
                        + "and receive from its channel"
                ] : ["`input()` reads a line, `for line in os.stdin { ... }` all of them"])
    }

    /// What is declared as something else. Values that turn out to be no channel are errors (`type`) at run time.
    private func checkIsChannel(_ expr: Expr, _ action: String) {
        guard case .name(let name) = expr.kind, let binding = peek(name.text) else { return }
        let title: String
        switch binding.kind {
        case .function, .process:
            title =
                "`\(name.text)` is a \(binding.kind == .process ? "process definition" : "function") and cannot be \(action)"
        case .channelArray, .queueArray:
            title = "`\(name.text)` is a \(binding.kind.word); one of them is `\(name.text)[i]`"
        case .shared, .parameter(.shared): title = "`\(name.text)` is a shared variable and cannot be \(action)"
        default: return
        }
        report(.error, .direction, title, expr.span, more: [.init(binding.span, "declared here")])
    }

    func resolveSelect(_ node: Select) {
        let waitsForCases = node.after == nil && node.otherwise == nil && node.closed == nil
        var held: [Rebinding] = []
        for entry in node.cases {
            if let replication = entry.replication { resolveIterable(replication.iterable) }
            apart(&held) {
                inScope { resolve(entry, waitsForCases) }
            }
        }
        if let after = node.after {
            resolve(after.duration, .look)
            apart(&held) { resolve(after.body) }
        }
        if let otherwise = node.otherwise { apart(&held) { resolve(otherwise) } }
        if let closed = node.closed {
            apart(&held) { resolve(closed) }
            if node.after != nil || node.otherwise != nil { notePolledEnds(node, closed) }
        }
        rebindings += held
    }

    private func resolve(_ entry: Select.Case, _ waitsForCases: Bool) {
        for pattern in entry.replication?.patterns ?? [] { declare(pattern, .loopVariable) }
        if let condition = entry.condition { resolveCondition(condition) }
        isPatient = waitsForCases
        switch entry.action {
        case .send(let channel, let value):
            resolveSend(channel, value)
            isPatient = true
            resolve(entry.body)
        case .receive(let source, let target):
            resolveReceiver(source, inSelect: true)
            isPatient = true
            inScope {
                bindReceived(target, isCase: true)
                resolve(entry.body)
            }
        }
        if let replication = entry.replication { warnIfPairs(replication.patterns, replication.iterable) }
    }
}
