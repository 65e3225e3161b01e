// What gives names their values: patterns, receives, assignments, and what may be assigned where.
//
// Invariants
// - `let`, received names, functions, declared channels and names of the library are never assigned; a `var` only by the
//   process that declares it. Everything else passes `assign` below exactly once for each name of a target.
// - A receive assigns what `assignableByReceive` finds, and binds anew otherwise.

extension Resolver {
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
    func bindReceived(_ target: Pattern, isCase: Bool = false) {
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
                rebindings.removeAll { $0.outer === binding }
            } else {
                let outer = scope.names[name.text] == nil ? peek(name.text) : nil
                declare(name, .received)
                noteRebinding(name, outer, isCase: isCase)
            }
        }
    }

    // MARK: Assignment

    func resolve(_ target: AssignTarget, isUpdate: Bool) {
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
    func noteOuter(
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
}
