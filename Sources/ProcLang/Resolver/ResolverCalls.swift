// The rules of calls: who is called, with how many arguments and under which names, and which way ends go.
//
// Invariants
// - Arguments are resolved once each, in the order of the text, whatever was reported about the call.
// - Only a callee that the text names for certain is checked against its parameters; of others the program finds out while
//   it runs.
// - `Call.target`, `argumentOfParameter` and `passesShared` are filled here.

extension Resolver {
    /// Resolves a call; `asProcess` where it creates a process.
    func resolve(_ call: Call, _ expr: Expr, asProcess: Bool) {
        switch call.callee.kind {
        case .name(let name):
            use(name, .value)
            guard let binding = name.binding else { return resolveArguments(call) }
            switch binding.kind {
            case .function, .process:
                guard let node = binding.function else { return resolveArguments(call) }
                resolveKnown(call, expr, node, binding, asProcess: asProcess)
            case .builtin: resolveBuiltin(call, name.text, builtins[name.text])
            case .channel, .queue, .pipe, .channelArray, .queueArray:
                resolveArguments(call)
                report(
                    .error, .arity, "`\(name.text)` is a \(binding.kind.word) and cannot be called", expr.span,
                    more: [.init(binding.span, "declared here")])
            default: resolveArguments(call, mayTakeShared: true)
            }
        case .member(let member): resolveMethod(call, expr, member, asProcess: asProcess)
        default:
            resolve(call.callee, .value)
            resolveArguments(call, mayTakeShared: true)
        }
    }

    /// Arguments to unknown code, which may take a shared variable by reference if it is a function of the script.
    private func resolveArguments(_ call: Call, _ usage: Usage = .value, mayTakeShared: Bool = false) {
        checkLabels(call)
        for argument in call.arguments {
            resolve(argument.value, usage)
            if mayTakeShared, argument.value.isSharedVariable, let binding = argument.value.sharedRoot { escapedShared.append(binding) }
        }
    }

    /// Positional arguments come first, and no name twice. False after a report.
    @discardableResult
    private func checkLabels(_ call: Call) -> Bool {
        var labels: [String: Span] = [:]
        var isRight = true
        for argument in call.arguments {
            if let label = argument.label {
                if let earlier = labels[label] {
                    report(
                        .error, .argumentName, "the argument `\(label)` is given twice", argument.labelSpan,
                        more: [.init(earlier, "first here")])
                    isRight = false
                }
                labels[label] = argument.labelSpan
            } else if !labels.isEmpty {
                report(
                    .error, .argumentName, "an argument without a name after one with a name", argument.value.span,
                    help: ["put it before the named ones"])
                return false
            }
        }
        return isRight
    }

    // MARK: Known functions and processes

    private func resolveKnown(_ call: Call, _ expr: Expr, _ node: FunctionNode, _ binding: Binding, asProcess: Bool) {
        let name = binding.name
        if node.kind == .process, !asProcess {
            report(
                .error, .processCall, "the process `\(name)` is called like a function", expr.span,
                more: [.init(node.headerSpan, "defined here")],
                help: [
                    "a process is created by `start \(module.source.string(call.callee.span))(...)`, or inside `parallel { ... }`"
                ])
            return resolveArguments(call)
        }
        call.target = node
        var taken = [Int?](repeating: nil, count: node.parameters.count)
        var position = 0
        var failed = !checkLabels(call)
        for (index, argument) in call.arguments.enumerated() {
            var parameter: Int?
            if let label = argument.label {
                parameter = node.parameters.firstIndex { $0.name.text == label }
                if let found = parameter {
                    if taken[found] != nil {
                        failed = true
                        if call.arguments[..<index].allSatisfy({ $0.label != label }) {
                            report(
                                .error, .argumentName, "`\(label)` is already given by position", argument.labelSpan,
                                more: [.init(node.headerSpan, "defined here")])
                        }
                    }
                } else {
                    failed = true
                    let known = node.parameters.map(\.name.text)
                    let nearest = Suggestions.nearest(to: label, in: known)
                    report(
                        .error, .argumentName, "`\(name)` has no parameter `\(label)`", argument.labelSpan,
                        more: [.init(node.headerSpan, "defined here")],
                        help: nearest.map { ["did you mean `\($0)`?"] }
                            ?? (known.isEmpty ? [] : ["its parameters are \(known.joined(separator: ", "))"]))
                }
            } else {
                if position < node.parameters.count { parameter = position }
                position += 1
            }
            if let parameter {
                taken[parameter] = index
                resolveArgument(call, index, node, parameter, name)
            } else {
                resolve(argument.value, .value)
            }
        }
        call.argumentOfParameter = taken
        if failed || isUnreliable(name) { return }
        let missing = node.parameters.indices.filter { taken[$0] == nil && node.parameters[$0].defaultValue == nil }
        guard position > node.parameters.count || !missing.isEmpty else { return }
        let minimum = node.minimumArity
        let count = node.parameters.count
        let takes =
            count == 0
            ? "no arguments"
            : minimum == count ? plural(count, "argument") : "\(minimum) to \(plural(count, "argument"))"
        let names = missing.map { "`\(node.parameters[$0].name.text)`" }
        report(
            .error, .arity, "`\(name)` takes \(takes), not \(call.arguments.count)", expr.span,
            label: position > count || names.isEmpty ? "" : "missing: \(names.joined(separator: ", "))",
            more: [.init(node.headerSpan, "defined here")])
    }

    func plural(_ count: Int, _ word: String) -> String { count == 1 ? "1 \(word)" : "\(count) \(word)s" }

    private func resolveArgument(_ call: Call, _ index: Int, _ node: FunctionNode, _ parameter: Int, _ callee: String) {
        let value = call.arguments[index].value
        let formal = node.parameters[parameter]
        switch formal.kind {
        case .reader:
            checkDirection(value, .read, "passed as `\(formal.name.text)?`")
            checkIsEnd(value, formal, callee)
        case .writer:
            checkDirection(value, .write, "passed as `\(formal.name.text)!`")
            checkIsEnd(value, formal, callee)
        case .shared:
            passShared(call, index, formal, callee)
            return
        case .value: break
        }
        resolve(value, .argument(node, parameter))
        if let binding = value.sharedRoot { copiedShared.append((binding, node, parameter, value.span)) }
    }

    /// A literal is no channel.
    private func checkIsEnd(_ value: Expr, _ formal: Parameter, _ callee: String) {
        var isWrong = value.isLiteral
        var isList = false
        if case .list = value.kind { isList = true }
        if case .name(let name) = value.kind, let binding = peek(name.text) {
            isWrong =
                binding.isShared || binding.kind == .channelArray || binding.kind == .queueArray
                || (binding.kind == .constant && binding.initializer?.isLiteral == true)
            isList = binding.kind == .channelArray || binding.kind == .queueArray
            if case .list? = binding.initializer?.kind { isList = true }
        }
        guard isWrong, case let mark = formal.kind == .reader ? "?" : "!" else { return }
        report(
            .error, .direction, "`\(formal.name.text)\(mark)` of `\(callee)` takes an end of a channel, queue or pipe",
            value.span, more: [.init(formal.name.span, "declared here")],
            help: isList ? ["a list of ends is passed as a plain parameter, declared without `\(mark)`: `\(formal.name.text)`"] : [])
    }

    private func passShared(_ call: Call, _ index: Int, _ formal: Parameter, _ callee: String) {
        let value = call.arguments[index].value
        switch value.kind {
        case .sharedReference(let name):
            guard let binding = lookUp(name) else { return }
            binding.isUsed = true
            if binding.isShared {
                function.noteUse(of: binding, .hold)
                noteShared(binding, formal)
                return
            }
            resolve(value, .value)
        case .name(let name):
            guard let binding = lookUp(name) else { return }
            binding.isUsed = true
            if binding.isShared {
                call.passesShared[index] = true
                function.noteUse(of: binding, .hold)
                noteShared(binding, formal)
                return
            }
            note(binding, .value, name.span)
            guard !mayHoldShared(binding) else { return }
            report(
                .error, .sharedArgument, "`\(formal.name.text)` of `\(callee)` takes a shared variable", value.span,
                more: [.init(binding.span, "`\(name.text)` is declared here")],
                help: ["declare it with `shared \(name.text) = ...`"])
        case .member(let member) where resolveModuleMember(member) && member.resolved != nil:
            guard let binding = member.resolved else { return }
            if binding.isShared {
                call.passesShared[index] = true
                noteShared(binding, formal)
            } else if binding.initializer?.isLiteral == true || binding.function != nil {
                report(
                    .error, .sharedArgument, "`\(formal.name.text)` of `\(callee)` takes a shared variable", value.span,
                    more: [.init(binding.span, "`\(binding.name)` is declared here")],
                    help: ["declare it with `shared \(binding.name) = ...`"])
            }
        default:
            resolve(value, .value)
            if value.isLiteral {
                report(
                    .error, .sharedArgument, "`\(formal.name.text)` of `\(callee)` takes a shared variable", value.span,
                    more: [.init(formal.name.span, "declared here")],
                    help: ["declare one with `shared x = ...` and pass `x`"])
            }
        }
    }

    private func noteShared(_ binding: Binding, _ formal: Parameter) {
        if let parameter = formal.name.binding {
            sharedArguments.append((binding, parameter))
        } else {
            // The callee is resolved later.
            laterSharedArguments.append((binding, formal))
        }
    }

    // MARK: Builtins and methods

    private func resolveBuiltin(_ call: Call, _ name: String, _ entry: BuiltinCatalogue.Entry?) {
        let onlyLooks = ["len", "print", "eprint", "type", "str", "bool"].contains(name)
        resolveArguments(call, onlyLooks ? .look : .value)
        switch entry {
        case .function(let signature): check(call, name, signature)
        case .module:
            report(.error, .arity, "`\(name)` is a module and cannot be called", call.callee.span)
        case .value, nil: break
        }
    }

    private func check(_ call: Call, _ name: String, _ signature: BuiltinCatalogue.Signature) {
        let positional = call.arguments.filter { $0.label == nil }.count
        for argument in call.arguments {
            guard let label = argument.label else { continue }
            // "*": any name (`namespace(x: 1)`).
            guard signature.names.contains(label) || signature.names == ["*"] else {
                let nearest = Suggestions.nearest(to: label, in: signature.names)
                report(
                    .error, .argumentName, "`\(name)` has no parameter `\(label)`", argument.labelSpan,
                    help: Suggestions.foreignArguments["\(name).\(label)"].map { [$0] } ?? nearest.map { ["did you mean `\($0)`?"] }
                        ?? (signature.names.isEmpty
                            ? [] : ["its parameters are \(signature.names.joined(separator: ", "))"]))
                return
            }
        }
        // Named arguments may stand for positional ones.
        let leading = signature.maximum.map { Set(signature.names.prefix($0)) } ?? Set(signature.names)
        let given = positional + call.arguments.filter { $0.label.map { leading.contains($0) } == true }.count
        let tooMany = signature.maximum.map { positional > $0 || given > $0 } ?? false
        guard tooMany || given < signature.minimum else { return }
        let takes: String
        switch signature.maximum {
        case nil: takes = "at least \(plural(signature.minimum, "argument"))"
        case signature.minimum?: takes = signature.minimum == 0 ? "no arguments" : plural(signature.minimum, "argument")
        case let maximum?: takes = "\(signature.minimum) to \(plural(maximum, "argument"))"
        }
        let named = signature.maximum.map { signature.names.dropFirst($0).filter { n in !call.arguments.contains { $0.label == n } } } ?? []
        report(
            .error, .arity, "`\(name)` takes \(takes), not \(given)", call.callee.span.union(call.argumentsSpan),
            help: tooMany && !named.isEmpty
                ? ["what can be given by name: \(named.map { "`\($0): ...`" }.joined(separator: ", "))"] : [])
    }

    private func resolveMethod(_ call: Call, _ expr: Expr, _ member: Member, asProcess: Bool) {
        if resolveModuleMember(member) {
            if let binding = member.resolved {
                if let node = binding.function {
                    resolveKnown(call, expr, node, binding, asProcess: asProcess)
                } else {
                    resolveArguments(call, mayTakeShared: true)
                }
            } else if case .name(let name) = member.object.kind,
                case .module(let entries)? = builtins[name.text],
                name.binding?.kind == .builtin, case .function(let signature)? = entries[member.name]
            {
                resolveArguments(call)
                check(call, "\(name.text).\(member.name)", signature)
                if name.text == "random", member.name == "shuffle", let list = call.arguments.first?.value { noteChange(list, expr.span) }
            } else {
                resolveArguments(call)
            }
            return
        }
        isPatient = !member.name.hasPrefix("try_") && call.arguments.allSatisfy { $0.label == nil }
        switch member.name {
        case "send", "put", "try_put":
            checkDirection(member.object, .write, "sent to")
            resolve(member.object, .write)
        case "get" where call.arguments.contains(where: { $0.label == nil }):
            // Of a map: what is got may be an end, for any use.
            resolve(member.object, .value)
        case "receive", "recv", "get", "try_get":
            checkDirection(member.object, .read, "received from")
            resolve(member.object, .read)
        case "close":
            if case .name = member.object.kind { isClosing = true }
            // What lies in a list or map comes with both directions.
            if case .index = member.object.kind { resolve(member.object, .value) } else { resolve(member.object, .look) }
            isClosing = false
        case "poison": resolve(member.object, .value)
        case _ where member.changesObject:
            resolve(member.object, .value)
            checkFixedSize(member)
            noteChange(member.object, expr.span, by: member)
        default: resolve(member.object, .value)
        }
        isPatient = true
        resolveArguments(call, mayTakeShared: asProcess)
    }

    /// A shared array is not a list: its length is fixed, and its methods see a copy.
    private func checkFixedSize(_ member: Member) {
        var binding: Binding?
        if case .name(let name) = member.object.kind { binding = name.binding }
        if case .member(let inner) = member.object.kind { binding = inner.resolved }
        guard let binding, binding.isSharedArray else { return }
        report(
            .error, .noEffect, "`\(member.name)` would change only a copy of the shared array `\(binding.name)`", member.nameSpan,
            more: [.init(binding.span, "declared here")],
            help: [
                member.name == "sort"
                    ? "write `\(binding.name) = sorted(\(binding.name))`"
                    : member.name == "reverse"
                        ? "write `\(binding.name) = reversed(\(binding.name))`"
                        : "its length is fixed; a shared list can grow: `shared \(binding.name) = []`"
            ])
    }

    // MARK: Directions

    /// Sending to a `?` parameter, receiving from a `!` parameter, and the same with `.reader` and `.writer`.
    func checkDirection(_ expr: Expr, _ wanted: Rights, _ action: String) {
        switch expr.kind {
        case .name(let name):
            guard let binding = peek(name.text) else { return }
            switch (binding.kind, wanted) {
            case (.parameter(.reader), .write):
                reportDirection(expr, "`\(name.text)?` is a reading end and cannot be \(action)", binding)
            case (.parameter(.writer), .read):
                reportDirection(expr, "`\(name.text)!` is a writing end and cannot be \(action)", binding)
            default: break
            }
        case .member(let member):
            if member.name == "reader", wanted == .write, isDeclaredEnd(member.object) {
                reportDirection(expr, "a reading end cannot be \(action)", nil)
            } else if member.name == "writer", wanted == .read, isDeclaredEnd(member.object) {
                reportDirection(expr, "a writing end cannot be \(action)", nil)
            }
        default: break
        }
    }

    private func isDeclaredEnd(_ expr: Expr) -> Bool {
        guard case .name(let name) = expr.kind, let binding = peek(name.text) else { return false }
        switch binding.kind {
        case .channel, .queue, .pipe, .parameter(.reader), .parameter(.writer): return true
        default: return false
        }
    }

    private func reportDirection(_ expr: Expr, _ title: String, _ binding: Binding?) {
        report(
            .error, .direction, title, expr.span,
            more: binding.map { [.init($0.span, "declared here")] } ?? [],
            help: ["`x?` is the end to receive from, `x!` the end to send to"])
    }
}
