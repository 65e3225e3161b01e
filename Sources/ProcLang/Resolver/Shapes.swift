// What an expression or a binding certainly is, as far as its text tells, for the rules and warnings of the resolver.
//
// Invariants
// - `true` means certainly; where the text leaves it open, the answer is `false` or nil.
// - What looks at `Name.binding` is asked after the expression was resolved.

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

    /// The shared variable, of a kind that is copied, of whose value this is a part, a method's result or a slice.
    var copiedFrom: Binding? {
        guard let binding = sharedRoot ?? sharedCopy?.name.binding else { return nil }
        return binding.isSharedArray ? nil : binding
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

extension Member {
    /// `x[i].clear()`: events have a method of this name, too.
    var mayBeOfEvent: Bool {
        if case .name = object.kind { return false }
        return name == "clear"
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
