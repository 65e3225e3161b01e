// Where control cannot come: after statements that nothing follows, and cases behind others that take all they could.
//
// Invariants
// - What is reported is certain: a place counts as reached wherever the text does not show the contrary.
// - `match` compares literals by `==`, so an int literal also fits a float: `case int n` does not take all that `case 3` does.

extension Resolver {
    func resolveMatch(_ node: Match) {
        resolve(node.subject, .value)
        if case .name(let name) = node.subject.kind { name.binding?.isTakenApart = true }
        var before: [Pattern] = []
        var held: [Rebinding] = []
        for entry in node.cases {
            warnIfCovered(entry.pattern, by: before)
            apart(&held) {
                inScope {
                    declare(entry.pattern, .constant)
                    if let condition = entry.condition { resolveCondition(condition) }
                    resolve(entry.body)
                    warnOfTypeNames(entry.pattern)
                }
            }
            if entry.condition == nil { before.append(entry.pattern) }
        }
        if let otherwise = node.otherwise {
            if let all = before.first(where: \.isIrrefutable), !isUnusedTypeName(all) {
                report(
                    .warning, .unreachable, "this `else` is never reached", otherwise.span.firstLine(of: module.source),
                    more: [.init(all.span, "this matches everything")], help: helpOnCover(all))
            }
            apart(&held) { resolve(otherwise) }
        }
        rebindings += held
    }

    private func warnIfCovered(_ pattern: Pattern, by earlier: [Pattern]) {
        guard let cover = earlier.first(where: { $0.covers(pattern) }), !isUnusedTypeName(cover) else { return }
        let label = cover.isIrrefutable ? "this matches everything" : "this matches whatever that would"
        report(
            .warning, .unreachable, "this case is never reached", pattern.span, more: [.init(cover.span, label)],
            help: helpOnCover(cover))
    }

    /// A name in a pattern binds; whoever knows it from outside may want to compare.
    private func helpOnCover(_ cover: Pattern) -> [String] {
        guard case .name(let name) = cover.kind, peek(name.text) != nil else { return [] }
        return ["a name in a pattern is a new one; to compare write `case x when x == \(name.text)`"]
    }

    /// Nothing after this statement in its block is reached.
    func leaves(_ statement: Stmt) -> Bool {
        switch statement.kind {
        case .breakLoop, .continueLoop: return loopDepth > 0
        case .returnValue: return function.kind != .main
        case .raise: return true
        case .expression(let expr): return isExit(expr)
        case .loop(let body): return !hasBreak(body)
        case .whileLoop(let condition, let body):
            guard case .bool(true) = condition.kind else { return false }
            return !hasBreak(body)
        case .block(let block), .lock(_, let block): return leaves(block)
        case .conditional(let node):
            guard let otherwise = node.otherwise else { return false }
            return node.branches.allSatisfy { leaves($0.body) } && leaves(otherwise)
        case .match(let node):
            // A value that no case matches is an error.
            return node.cases.allSatisfy { leaves($0.body) } && node.otherwise.map(leaves) != false
        case .select(let node):
            let others = [node.after?.body, node.otherwise, node.closed].compactMap { $0 }
            return node.cases.allSatisfy { leaves($0.body) } && others.allSatisfy(leaves)
        case .tryCatch(let node):
            if let final = node.finally, leaves(final) { return true }
            return leaves(node.body) && node.handler.map { leaves($0.body) } != false
        default: return false
        }
    }

    /// `exit(...)` of the library.
    private func isExit(_ expr: Expr) -> Bool {
        guard case .call(let call) = expr.kind, case .name(let name) = call.callee.kind else { return false }
        return name.text == "exit" && name.binding?.kind == .builtin
    }

    func leaves(_ block: Block) -> Bool { block.statements.contains(where: leaves) }

    /// A `break` in the body that belongs to the loop around it.
    private func hasBreak(_ block: Block) -> Bool {
        block.statements.contains { statement in
            switch statement.kind {
            case .breakLoop: return true
            case .block(let block), .lock(_, let block): return hasBreak(block)
            case .conditional(let node):
                return node.branches.contains { hasBreak($0.body) } || node.otherwise.map(hasBreak) == true
            case .select(let node):
                return node.cases.contains { hasBreak($0.body) } || node.after.map { hasBreak($0.body) } == true
                    || node.otherwise.map(hasBreak) == true || node.closed.map(hasBreak) == true
            case .match(let node):
                return node.cases.contains { hasBreak($0.body) } || node.otherwise.map(hasBreak) == true
            case .tryCatch(let node):
                return hasBreak(node.body) || node.handler.map { hasBreak($0.body) } == true
                    || node.finally.map(hasBreak) == true
            default: return false
            }
        }
    }
}

extension Pattern {
    /// Fits every value.
    var isIrrefutable: Bool {
        switch kind {
        case .wildcard, .name: return true
        default: return false
        }
    }

    /// Fits every value that `other` fits.
    func covers(_ other: Pattern) -> Bool {
        switch (kind, other.kind) {
        case (.wildcard, _), (.name, _): return true
        case (.literal(let a), .literal(let b)): return Pattern.areEqual(a, b)
        case (.type(let a, _), .type(let b, _)): return a == b
        case (.type(let type, _), .literal(let value)):
            switch value.kind {
            case .nilLiteral: return type == .nil
            case .bool: return type == .bool
            case .string: return type == .string
            default: return false
            }
        case (.type(.list, _), .list), (.type(.map, _), .map): return true
        case (.list(let items, .some), .type(.list, _)): return items.isEmpty
        case (.map(let entries), .type(.map, _)): return entries.isEmpty
        case (.list(let a, let rest), .list(let b, let otherRest)):
            guard rest == nil ? otherRest == nil && a.count == b.count : a.count <= b.count else { return false }
            return zip(a, b).allSatisfy { $0.covers($1) }
        case (.map(let a), .map(let b)):
            return a.allSatisfy { entry in
                b.contains { Pattern.areEqual(entry.key, $0.key) && entry.pattern.covers($0.pattern) }
            }
        default: return false
        }
    }

    /// Literals that are certainly equal by `==`.
    private static func areEqual(_ a: Expr, _ b: Expr) -> Bool {
        switch (a.kind, b.kind) {
        case (.nilLiteral, .nilLiteral): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.int(let x), .int(let y)): return x == y
        case (.float(let x), .float(let y)): return x == y
        case (.string(let x), .string(let y)): return x == y
        case (.negate(let x), .negate(let y)): return areEqual(x, y)
        default: return false
        }
    }
}

extension Span {
    /// The part of the span on its first line.
    func firstLine(of source: SourceFile) -> Span {
        let bounds = source.bounds(ofLine: source.line(at: start))
        return Span(file: file, start: start, end: min(end, Int32(bounds.upperBound)))
    }
}
