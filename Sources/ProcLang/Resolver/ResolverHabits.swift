// Warnings about what is valid but seldom meant: it reads like something that another language, or another place of this
// one, does differently.
//
// Invariants
// - Each is given only where the program, as written, can hardly want what it says: a name that is never used, a value
//   that nobody takes, a pair that is never taken apart.
// - Nothing is said in a REPL about names: a later input may use them.

/// A receive in an inner block that binds a name anew although one is visible there.
struct Rebinding {
    let outer: Binding
    let inner: Binding
    /// In a `select` case the name belongs to the case, as one in a pattern does, unless nobody uses it there.
    let isCase: Bool
}

extension Resolver {
    // MARK: Pairs

    /// `for k, v in m.items()`: two names take an index and a pair. Looked at when the body is resolved.
    func warnIfPairs(_ patterns: [Pattern], _ iterable: Expr) {
        guard patterns.count == 2, patterns[0].isPlainName, case .name(let second) = patterns[1].kind,
            let source = iterable.pairs(isBuiltin: { peek($0) == nil }), second.binding?.isTakenApart != true
        else { return }
        let names = module.source.string(patterns[0].span.union(patterns[1].span))
        let shown = module.source.string(iterable.span)
        let short = shown.utf8.count <= 40 && !shown.utf8.contains(10) ? shown : "..."
        var help = ["write `for [\(names)] in \(short)`"]
        if let object = source.object, source.call === iterable {
            help = ["write `for \(names) in \(module.source.string(object.span))`, or `for [\(names)] in \(short)`"]
        }
        report(
            .warning, .indexAndPair, "these names take an index and a pair", patterns[0].span.union(patterns[1].span),
            more: [.init(source.call.span, "this gives pairs")], help: help)
    }

    // MARK: Names bound anew

    /// `case int { }` binds a name `int`, and fits everything.
    func warnOfTypeNames(_ pattern: Pattern) {
        guard !moduleScope.isInteractive else { return }
        pattern.forEachPlainName { name in
            guard TypeName(rawValue: name.text) != nil, name.binding?.isUsed == false else { return }
            report(
                .warning, .bindsAnew, "this binds a new name `\(name.text)`, whatever the value is", name.span,
                help: ["the pattern for a type is `\(name.text) _`, or `\(name.text) x` with a name for the value"])
        }
    }

    /// It was reported.
    func isUnusedTypeName(_ pattern: Pattern) -> Bool {
        guard case .name(let name) = pattern.kind else { return false }
        return TypeName(rawValue: name.text) != nil && name.binding?.isUsed == false && !moduleScope.isInteractive
    }

    /// `catch timeout { }` binds a name `timeout`, and catches everything.
    func warnOfKindName(_ name: Name) {
        let kinds = [
            "type", "index", "key", "value", "overflow", "zero_division", "assertion", "recursion", "timeout", "closed",
            "poisoned", "deadlock", "cancelled", "memory", "io", "denied",
        ]
        guard !moduleScope.isInteractive, kinds.contains(name.text), name.binding?.isUsed == false else { return }
        report(
            .warning, .bindsAnew, "this catches every error, and calls it `\(name.text)`", name.span,
            help: ["write `catch e { if e.kind == \"\(name.text)\" { ... } else { raise e } }`"])
    }

    /// A receive has bound `name` anew; `outer` is what the name meant before.
    func noteRebinding(_ name: Name, _ outer: Binding?, isCase: Bool) {
        guard let outer, let inner = name.binding, outer !== inner, outer.owner === function, !moduleScope.isInteractive,
            outer.span.start < name.span.start, !name.text.hasPrefix("_")
        else { return }
        switch outer.kind {
        case .constant, .received, .loopVariable: break
        default: return
        }
        rebindings.append(Rebinding(outer: outer, inner: inner, isCase: isCase))
    }

    /// The name of an outer binding is read where a receive further up has bound it anew for its block.
    func warnIfRebound(_ binding: Binding, _ span: Span) {
        guard let index = rebindings.firstIndex(where: { $0.outer === binding }) else { return }
        warnOfRebinding(rebindings.remove(at: index), span)
    }

    private func warnOfRebinding(_ rebinding: Rebinding, _ read: Span) {
        if rebinding.isCase, rebinding.inner.isUsed { return }
        let name = rebinding.inner.name
        report(
            .warning, .bindsAnew, "this receives into a new `\(name)`, which ends with its block", rebinding.inner.span,
            more: [.init(rebinding.outer.span, "this one keeps its value"), .init(read, "and is read here")],
            help: ["a receive assigns a `var`: declare the outer one by `var \(name) = ...`, or choose another name here"])
    }

    /// What is bound anew inside of a block that control does not leave at its end makes no difference after it.
    func settleRebindings(of block: Block, since count: Int) {
        if rebindings.count > count, leaves(block) { rebindings.removeSubrange(count...) }
    }

    /// Only one of several alternatives runs: what one binds anew is not read by the others. `held` keeps it until all
    /// are resolved.
    func apart(_ held: inout [Rebinding], _ body: () -> Void) {
        let count = rebindings.count
        body()
        held += rebindings[count...]
        rebindings.removeSubrange(count...)
    }

    /// A loop comes to its beginning again: what its body binds anew is read there as it was before. (Its own variables are
    /// others at each turn.)
    func settleRebindings(ofLoopAt start: Int32, header: Int32, since count: Int) {
        guard rebindings.count > count else { return }
        func isReadAgain(_ rebinding: Rebinding) -> Bool {
            rebinding.outer.span.start < header && rebinding.outer.lastRead.start >= start && !rebinding.isCase
        }
        for rebinding in rebindings[count...] where isReadAgain(rebinding) {
            warnOfRebinding(rebinding, rebinding.outer.lastRead)
        }
        rebindings.removeAll(where: isReadAgain)
    }

    // MARK: Mentions without a call

    /// `exit`, `h.join`, `math.sqrt` as a statement.
    func warnIfNotCalled(_ expr: Expr) {
        let written = module.source.string(expr.span)
        var call = "\(written)()"
        switch expr.kind {
        case .name(let name):
            switch name.binding?.kind {
            case .function?: break
            case .process?: call = "start \(call)"
            case .builtin?:
                guard case .function(let signature)? = builtins[name.text] else { return }
                if signature.minimum > 0 { call = "\(written)(...)" }
            default: return
            }
        case .member(let member):
            if let global = member.resolved {
                guard global.kind == .function || global.kind == .process else { return }
                if global.kind == .process { call = "start \(call)" }
            } else if case .name(let name) = member.object.kind, name.binding?.kind == .builtin,
                case .module(let entries)? = builtins[name.text]
            {
                guard case .function(let signature)? = entries[member.name] else { return }
                if signature.minimum > 0 { call = "\(written)(...)" }
            } else {
                guard let minimum = builtins.minimumArguments(ofMethod: member.name) else { return }
                if minimum > 0 { call = "\(written)(...)" }
            }
        default: return
        }
        guard !written.utf8.contains(10) else { return }
        report(
            .warning, .noEffect, "`\(written)` is mentioned but not called", expr.span, help: ["write `\(call)`"])
    }
}

extension Expr {
    /// The call of `items`, `enumerate` or `zip` whose pairs this goes through, in whatever order; with the object that two
    /// names go through without the call.
    fileprivate func pairs(isBuiltin: (String) -> Bool) -> (call: Expr, object: Expr?)? {
        guard case .call(let call) = kind else { return nil }
        switch call.callee.kind {
        case .member(let member):
            return member.name == "items" && call.arguments.isEmpty ? (self, member.object) : nil
        case .name(let name):
            guard isBuiltin(name.text), let first = call.arguments.first, first.label == nil else { return nil }
            switch name.text {
            case "enumerate": return (self, call.arguments.count == 1 ? first.value : nil)
            case "zip": return call.arguments.count == 2 ? (self, nil) : nil
            case "sorted", "reversed", "list": return first.value.pairs(isBuiltin: isBuiltin)
            default: return nil
            }
        default: return nil
        }
    }
}

extension Pattern {
    fileprivate var isPlainName: Bool {
        switch kind {
        case .wildcard, .name: return true
        default: return false
        }
    }

    /// Every name that is a whole pattern of its own, not that of a type or of the rest of a list.
    fileprivate func forEachPlainName(_ visit: (Name) -> Void) {
        switch kind {
        case .name(let name): visit(name)
        case .list(let items, _):
            for item in items { item.forEachPlainName(visit) }
        case .map(let entries):
            for entry in entries { entry.pattern.forEachPlainName(visit) }
        case .invalid, .wildcard, .literal, .type: break
        }
    }
}
