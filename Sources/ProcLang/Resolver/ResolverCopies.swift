// Changes that do not reach what they seem to change: copies that a process has of what belongs to another one, copies
// of what is in a shared variable, and updates in two steps.
//
// Invariants
// - Everything here is a warning: the language allows a process to change its own copies.
// - A value counts as a copy only where the text shows it; what may be an end or a received shared variable
//   (`cell.value`) is none.

extension Resolver {
    /// A list, map or namespace is changed in place. In a process that captured it nobody else sees that, and what a
    /// method of a shared variable returned is a copy.
    func noteChange(_ object: Expr, _ span: Span, by method: Member? = nil) {
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
        if let copied = binding.copied, !object.passesValue {
            noteChange(of: copied, object, span, isTaken: method.map { ["pop", "popitem", "setdefault"].contains($0.name) } ?? false)
        }
        if case .parameter(.value) = binding.kind, binding.owner === function { function.changedParameters.append(binding) }
        // `cell.value` may be that of a shared variable, which everybody sees.
        guard binding.isCollection, !object.passesValue, method?.mayBeOfEvent != true else { return }
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
    func warnLostUpdate(_ target: AssignTarget, _ value: Expr) {
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

    // MARK: Copies that have a name

    /// `let row = records[0]`: a copy of what is in the shared variable.
    func noteCopies(_ declaration: Declaration) {
        guard let value = declaration.value else { return }
        if case .name(let name) = value.kind, case .list = declaration.pattern.kind { name.binding?.isTakenApart = true }
        guard let source = value.copiedFrom else { return }
        declaration.pattern.forEachName { if let binding = $0.binding { noteCopy(binding, of: source) } }
    }

    /// `for record in records`: a loop goes through a copy of a shared variable.
    func noteCopies(_ patterns: [Pattern], of iterable: Expr) {
        guard let source = iterable.copiedFrom else { return }
        for pattern in patterns {
            pattern.forEachName { if let binding = $0.binding { noteCopy(binding, of: source, inLoop: true) } }
        }
    }

    /// `source` is the shared variable; nil for the parameter of a process, which holds a copy of the argument. `inLoop`: each
    /// turn of a loop makes another one.
    func noteCopy(_ binding: Binding, of source: Binding?, inLoop: Bool = false) {
        if !moduleScope.isInteractive { binding.copied = CopiedValue(source: source, loopDepth: loopDepth + (inLoop ? 1 : 0)) }
    }

    /// An element of what a name holds is used.
    func noteElementRead(_ object: Expr, _ span: Span) {
        guard case .name(let name) = object.kind, let binding = name.binding else { return }
        binding.isTakenApart = true
        guard let copied = binding.copied else { return }
        copied.partialUses += 1
        copied.lastElement = span.start
    }

    private func noteChange(of copied: CopiedValue, _ object: Expr, _ span: Span, isTaken: Bool) {
        // What is taken out of it is used.
        if isTaken { return copied.uses += 1 }
        if case .name = object.kind {
            copied.partialUses += 1
            if loopDepth > copied.loopDepth { copied.isChangedInLoop = true }
        }
        copied.lastChange = span
    }

    /// A copy is changed, and nobody looks at it afterwards: the original was meant.
    func warnIfWasted(_ binding: Binding, _ copied: CopiedValue) {
        let change = copied.lastChange
        guard !change.isNone, !binding.isCaptured, !binding.isReassigned, copied.uses == copied.partialUses,
            copied.lastElement <= (copied.isChangedInLoop ? -1 : change.end)
        else { return }
        guard let source = copied.source else { return wastedParameters.append(binding) }
        report(
            .warning, .noEffect, "this changes only a copy: `\(binding.name)` is a private copy of what is in `\(source.name)`",
            change, more: [.init(binding.span, "copied here")],
            help: [
                "change it by a path that begins with the shared variable, `\(source.name)[i]...`, or put it back: "
                    + "`\(source.name)[i] = \(binding.name)`"
            ])
    }

    /// After the calls that pass a shared variable by its value: they are the better place to say it.
    func warnOfWastedParameters() {
        for binding in wastedParameters {
            guard let copied = binding.copied, !copied.isReported else { continue }
            report(
                .warning, .noEffect, "this changes only the copy of `\(binding.name)` that this process has", copied.lastChange,
                more: [.init(binding.span, "a process gets a copy of its argument")],
                help: ["return the result, send it to a channel, or declare the parameter as `shared \(binding.name)`"])
        }
    }
}

/// What happens to a name that holds a copy of what somebody else has.
final class CopiedValue {
    /// The shared variable; nil for the argument of a process.
    let source: Binding?
    /// The mentions of the name, and those of them that only change or read a part of it.
    var uses = 0
    var partialUses = 0
    /// The last place, in the order of the text, that reads a part of it; -1 without one.
    var lastElement: Int32 = -1
    var lastChange = Span.none
    /// Changed in a loop that began after the copy was made: what stands further up in it comes later, too.
    var isChangedInLoop = false
    var isReported = false

    /// How many loops surround the place where it is made.
    let loopDepth: Int

    init(source: Binding?, loopDepth: Int) {
        self.source = source
        self.loopDepth = loopDepth
    }
}
