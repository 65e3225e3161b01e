// What is known only when all functions of a unit are known: which ends a body uses, in which direction;
// which shared variables may be locked; which functions change variables of another process.
//
// Invariants
// - Rights only grow, and there are finitely many: the fixed point is reached.
// - A function that is mentioned counts as called. So the ends of a process may be too many where text
//   cannot tell, never too few.

extension Resolver {
    func settleCapabilities() {
        spreadUses()
        spreadClosings()
        if giveClosersTheWritingEnd() { spreadUses() }
        for scope in functions {
            scope.capabilityUses = scope.useOrder.compactMap { id in
                guard let use = scope.uses[id], use.binding.owner !== scope else { return nil }
                return use
            }
        }
        for scope in functions {
            for parameter in scope.node?.parameters ?? [] {
                if let binding = parameter.name.binding { parameter.rights = rights(of: parameter, binding, in: scope) }
            }
        }
        reportForeignAssignments()
    }

    private func rights(of parameter: Parameter, _ binding: Binding, in scope: FunctionScope) -> Rights {
        switch parameter.kind {
        case .reader: return .read
        case .writer: return .write
        case .shared: return .hold
        case .value: return scope.uses[ObjectIdentifier(binding)]?.rights ?? []
        }
    }

    /// Carries uses from inner functions to those around them, and from callees to callers.
    private func spreadUses() {
        var changed = true
        while changed {
            changed = false
            // Inner functions first.
            for scope in functions.reversed() {
                for use in scope.argumentUses {
                    let parameter = use.function.parameters[use.parameter]
                    let given: Rights
                    if let callee = use.function.scope, let binding = parameter.name.binding {
                        given = rights(of: parameter, binding, in: callee)
                    } else {
                        given = .both
                    }
                    if scope.noteUse(of: use.binding, given) { changed = true }
                }
                for mention in scope.mentions {
                    guard let callee = mention.function.scope, callee !== scope else { continue }
                    for id in callee.useOrder {
                        guard let use = callee.uses[id], use.binding.owner !== callee, use.binding.owner !== scope
                        else { continue }
                        if scope.noteUse(of: use.binding, use.rights) { changed = true }
                    }
                }
                guard let parent = scope.parent else { continue }
                // A definition alone does nothing: what a named function or process uses is used by those who
                // mention it. Lambdas and process blocks are part of the body around them.
                let isPart = scope.kind == .lambda || scope.kind == .processBlock
                for id in scope.useOrder {
                    guard let use = scope.uses[id], use.binding.owner !== scope else { continue }
                    // A parameter or local of the parent is used by what it defines, too.
                    guard isPart || use.binding.owner === parent else { continue }
                    if parent.noteUse(of: use.binding, use.rights) { changed = true }
                }
            }
        }
    }

    /// Carries what functions close to the processes that call them.
    private func spreadClosings() {
        var changed = true
        func note(_ id: ObjectIdentifier, _ scope: FunctionScope) {
            if scope.closings.insert(id).inserted { changed = true }
        }
        while changed {
            changed = false
            for scope in functions.reversed() {
                for use in scope.argumentUses {
                    guard let callee = use.function.scope, !callee.isProcessBoundary,
                        let binding = use.function.parameters[use.parameter].name.binding,
                        callee.closings.contains(ObjectIdentifier(binding))
                    else { continue }
                    note(ObjectIdentifier(use.binding), scope)
                }
                for mention in scope.mentions {
                    guard let callee = mention.function.scope, callee !== scope, !callee.isProcessBoundary else { continue }
                    for id in callee.closings where callee.uses[id]?.binding.owner !== callee { note(id, scope) }
                }
                guard scope.kind == .lambda, let parent = scope.parent else { continue }
                for id in scope.closings where scope.uses[id]?.binding.owner !== scope { note(id, parent) }
            }
        }
    }

    /// A process that closes a channel, and neither reads nor writes it, closes the writing end: it holds that until then.
    private func giveClosersTheWritingEnd() -> Bool {
        var changed = false
        for scope in functions where scope.isProcessBoundary {
            for id in scope.useOrder where scope.closings.contains(id) {
                guard let use = scope.uses[id], use.rights.isSubset(of: .hold) else { continue }
                if scope.noteUse(of: use.binding, .write) { changed = true }
            }
        }
        return changed
    }

    // MARK: Locks

    func settleLocks() {
        for (binding, formal) in laterSharedArguments {
            if let parameter = formal.name.binding { sharedArguments.append((binding, parameter)) }
        }
        // What went somewhere that the text does not show may be locked by any lock that is not on a variable
        // known by name.
        let locksParameter = sharedBindings.contains { $0.mayBeLocked && $0.kind == .parameter(.shared) }
        if locksUnknown || locksParameter {
            for binding in escapedShared { binding.mayBeLocked = true }
        }
        // Those of an imported file may be locked by its importers, which are looked at later.
        if moduleScope.isInteractive || moduleScope.isImported {
            for binding in sharedBindings { binding.mayBeLocked = true }
        }
        // Both ways: the variable behind a locked parameter, and the parameter before a locked variable.
        var changed = true
        while changed {
            changed = false
            for (binding, parameter) in sharedArguments where binding.mayBeLocked != parameter.mayBeLocked {
                binding.mayBeLocked = true
                parameter.mayBeLocked = true
                changed = true
            }
        }
    }

    // MARK: Variables of other processes

    /// A process that calls a function which assigns a variable of another process, or changes a list of it, changes only
    /// its own copy.
    private func reportForeignAssignments() {
        var reported: Set<ObjectIdentifier> = []
        func check(_ node: FunctionNode, _ name: String, _ place: Span, isForeign: (Binding) -> Bool) {
            for assignment in all(\.outerAssignments, of: node) where isForeign(assignment.binding) {
                guard reported.insert(ObjectIdentifier(assignment.binding)).inserted else { continue }
                let variable = assignment.binding.name
                report(
                    .error, .foreignVariable,
                    "`\(name)` assigns `\(variable)`, which belongs to another process", place,
                    label: "run in a process here",
                    more: [.init(assignment.span, "assigned here")],
                    help: ["processes have memory of their own; declare it as `shared \(variable) = ...` to share it"])
            }
            for mutation in all(\.outerMutations, of: node) where isForeign(mutation.binding) {
                guard reported.insert(ObjectIdentifier(mutation.binding)).inserted else { continue }
                report(
                    .warning, .foreignMutation,
                    "`\(name)` changes a copy of `\(mutation.binding.name)` that only this process sees", place,
                    label: "run in a process here",
                    more: [.init(mutation.span, "changed here")],
                    help: [Resolver.helpOnForeignMutation(mutation.binding.name)])
            }
        }
        for scope in functions {
            guard scope.process.isProcessBoundary else { continue }
            for mention in scope.mentions where mention.function.kind == .function {
                check(mention.function, mention.function.name?.text ?? "it", mention.span) { isForeign($0, to: scope) }
            }
            for mention in scope.valueMentions {
                check(mention.function, mention.name, mention.span) { isForeign($0, to: scope) }
            }
        }
        for (node, name, span) in startedFunctions {
            check(node, name, span) { isOutside($0, node) }
        }
        warnPassedFunctions()
        warnCopiedShared()
    }

    private func isOutside(_ binding: Binding, _ node: FunctionNode) -> Bool {
        binding.owner !== node.scope && binding.owner != nil && !isInside(binding.owner, node.scope)
    }

    /// A function that is given to a process takes its variables along as they are: what it changes of them there stays
    /// there. That may be meant (a counter of its own for each), so it is no error.
    private func warnPassedFunctions() {
        for (node, name, span) in passedFunctions {
            let changes = all(\.outerAssignments, of: node) + all(\.outerMutations, of: node)
            guard let change = changes.first(where: { isOutside($0.binding, node) }) else { continue }
            report(
                .warning, .foreignMutation,
                "`\(name)` changes `\(change.binding.name)`, of which the process that gets it has a copy", span,
                more: [.init(change.span, "changed here")],
                help: [Resolver.helpOnForeignMutation(change.binding.name)])
        }
    }

    /// A function without a result that changes its parameter is called for that change, which a shared variable does not
    /// see.
    private func warnCopiedShared() {
        for (binding, callee, parameter, span) in copiedShared {
            let formal = callee.parameters[parameter].name
            guard let scope = callee.scope, !scope.returnsValue, let changed = formal.binding,
                scope.changedParameters.contains(where: { $0 === changed })
            else { continue }
            changed.copied?.isReported = true
            report(
                .warning, .foreignMutation,
                "`\(callee.name?.text ?? "it")` changes its `\(formal.text)`, which is a copy of the shared `\(binding.name)`", span,
                more: [.init(formal.span, "a plain parameter gets the present value")],
                help: ["declare the parameter as `shared \(formal.text)`"])
        }
    }

    private func isInside(_ inner: FunctionScope?, _ outer: FunctionScope?) -> Bool {
        var scope = inner
        while let present = scope {
            if present === outer { return true }
            scope = present.parent
        }
        return false
    }

    /// What a function does with outer variables, itself or by functions that it mentions.
    private func all(
        _ list: KeyPath<FunctionScope, [(binding: Binding, span: Span)]>, of node: FunctionNode
    ) -> [(binding: Binding, span: Span)] {
        var seen: Set<ObjectIdentifier> = []
        var todo = [node]
        var found: [(binding: Binding, span: Span)] = []
        while let next = todo.popLast() {
            guard seen.insert(ObjectIdentifier(next)).inserted, let scope = next.scope else { continue }
            found += scope[keyPath: list]
            for mention in scope.mentions where mention.function.kind == .function { todo.append(mention.function) }
            todo += scope.valueMentions.map(\.function)
        }
        return found
    }
}
