// Functions and processes: their definitions in the tree, and what the resolver finds out about them.
//
// Invariants
// - One `FunctionScope` for each module main, function, lambda, process definition and process block (an
//   anonymous item of `parallel`, `supervise` or `start`). Comprehensions and blocks have none: their
//   names are locals of the function around them.
// - The parser makes `FunctionNode`s, without scope; the resolver makes their scopes and fills them; the
//   compiler reads.

/// A parameter of a function or process.
final class Parameter {
    let name: Name
    let kind: ParameterKind
    /// Evaluated at each call that leaves the argument out, in the callee, where it sees the parameters before it.
    let defaultValue: Expr?
    /// Resolver -> compiler: the ends that the callee takes when it runs as a process and is given a channel,
    /// queue or pipe: `read` for `x?`, `write` for `x!`, and for an unmarked parameter what the body does with
    /// it (`both` where that is unclear, `hold` where it is neither read nor written). `hold` for `shared`.
    var rights: Rights = .both

    init(name: Name, kind: ParameterKind, defaultValue: Expr?) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
    }
}

/// A definition of a function or process, or the body of an anonymous process.
final class FunctionNode {
    enum Kind {
        /// `func name(...) { }`
        case function
        /// `func(x) { }` and `x => ...`
        case lambda
        /// `process name(...) { }`
        case process
        /// `{ }` as an item of `parallel`, `supervise`, `start`, and the body of `parallel for` that is not one call.
        case processBlock
    }
    enum Body {
        case block(Block)
        /// An arrow lambda: the value is the result.
        case expression(Expr)
    }

    let kind: Kind
    /// nil for lambdas and process blocks.
    let name: Name?
    let parameters: [Parameter]
    let body: Body
    let span: Span
    /// From the first word to the end of the parameter list, for messages.
    let headerSpan: Span
    /// Resolver -> compiler.
    var scope: FunctionScope!

    init(kind: Kind, name: Name?, parameters: [Parameter], body: Body, span: Span, headerSpan: Span) {
        self.kind = kind
        self.name = name
        self.parameters = parameters
        self.body = body
        self.span = span
        self.headerSpan = headerSpan
    }

    var minimumArity: Int { parameters.reduce(0) { $0 + ($1.defaultValue == nil ? 1 : 0) } }
}

/// An outer name through which a body may reach channels, queues, pipes or shared variables.
struct CapabilityUse {
    let binding: Binding
    /// `write`: sent to. `read`: received from, iterated. `both`: passed on, stored, or unclear. `hold`: a
    /// shared variable, or a channel that is only looked at (`len(q)`, `q.empty`) or closed.
    var rights: Rights
}

/// What the resolver knows about one function, lambda, process, process block or module main.
final class FunctionScope {
    enum Kind { case main, function, lambda, process, processBlock }

    let kind: Kind
    /// The function around it; nil for a main.
    let parent: FunctionScope?
    /// nil for a main.
    let node: FunctionNode?
    /// Resolver -> compiler: the outer locals that the body (or a function inside it) uses, in the order of the
    /// closure's slots. Each belongs to the frame of `parent` or is itself in `parent.captures`. Globals and
    /// builtins are never here.
    var captures: [Binding] = []
    /// Resolver -> compiler: every binding whose `owner` is this scope and that is not global, in order of
    /// declaration, parameters first.
    var locals: [Binding] = []
    /// Resolver -> compiler: outer names, captured or global, that may hold ends or shared variables and that
    /// this body, a function inside it, or a known function that it mentions, transitively, uses; each once.
    /// The VM looks at the values they have when a process starts and gives the child the ends in them: with
    /// these rights where the value is itself an end, or the name a declared array of channels; with both
    /// directions where ends are deeper inside a list or map. A name that holds something else then does no harm. Functions and processes are
    /// not listed (what they use is), nor are builtins and modules.
    var capabilityUses: [CapabilityUse] = []
    /// Resolver -> compiler: contains `return` with a value or an expression body, i.e. the result can be other
    /// than nil.
    var returnsValue = false
    /// Resolver only: known functions and processes that the body mentions, and where first.
    var mentions: [(function: FunctionNode, span: Span)] = []
    /// Resolver only: names given as arguments to parameters of known functions.
    var argumentUses: [(binding: Binding, function: FunctionNode, parameter: Int)] = []
    /// Resolver only: variables of outer scopes that the body assigns, and where first.
    var outerAssignments: [(binding: Binding, span: Span)] = []
    /// Resolver only: lists, maps and namespaces of outer scopes that the body changes, and where first.
    var outerMutations: [(binding: Binding, span: Span)] = []
    /// Resolver only: its own parameters that the body changes in place.
    var changedParameters: [Binding] = []
    /// Resolver only: function values that the body mentions by the name of a `let`, and where first.
    var valueMentions: [(function: FunctionNode, name: String, span: Span)] = []
    /// Resolver only: what this body does with each binding, its own parameters included.
    var uses: [ObjectIdentifier: CapabilityUse] = [:]
    var useOrder: [ObjectIdentifier] = []
    /// Resolver only: those of them that it closes by name. If a process neither reads nor writes what it closes, that is the
    /// writing end, which it holds until then.
    var closings: Set<ObjectIdentifier> = []

    init(kind: Kind, parent: FunctionScope?, node: FunctionNode?) {
        self.kind = kind
        self.parent = parent
        self.node = node
    }

    /// Its frame is the outermost one of an OS process: `return` ends the process.
    var isProcessBoundary: Bool { kind == .process || kind == .processBlock }

    /// The scope of the process to which the code in this scope belongs, as far as the text tells: the nearest
    /// process boundary, or the module main.
    var process: FunctionScope {
        var scope = self
        while !scope.isProcessBoundary, let parent = scope.parent { scope = parent }
        return scope
    }

    /// Resolver only: notes a use. Tells whether that was news.
    @discardableResult
    func noteUse(of binding: Binding, _ rights: Rights) -> Bool {
        let id = ObjectIdentifier(binding)
        guard let known = uses[id] else {
            uses[id] = CapabilityUse(binding: binding, rights: rights)
            useOrder.append(id)
            return true
        }
        guard !known.rights.isSuperset(of: rights) else { return false }
        uses[id] = CapabilityUse(binding: binding, rights: known.rights.union(rights))
        return true
    }

    /// The index of a captured binding in the closure; nil when it is not captured here.
    func captureIndex(of binding: Binding) -> Int? { captures.firstIndex { $0 === binding } }
}
