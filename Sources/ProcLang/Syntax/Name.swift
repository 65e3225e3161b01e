// Names: every place of a script that mentions a name, and what it turned out to mean.
//
// Invariants
// - Every mention of a name is one `Name` object. After resolution without errors its `binding` is set.
// - A `Binding` is one declared thing; two mentions mean the same thing exactly when their bindings are
//   identical objects.
// - The parser makes `Name`s; the resolver makes `Binding`s and fills every annotation in this file; the
//   compiler only reads them.

/// One mention of a name: a declaration, a use, or a target of an assignment.
final class Name {
    let text: String
    let span: Span
    /// Resolver -> compiler: what the name means here. nil only before resolution or after an error.
    var binding: Binding?
    /// Resolver -> compiler: this mention brings `binding` into being (`let x`, a parameter, a pattern). False
    /// for a use and for an assignment: `c ? x` has `declares == false` where `x` is a `var` of this process.
    var declares = false
    /// Resolver -> compiler: at this use the binding may not have been initialised yet (a function body that
    /// uses an outer `let`, `var`, channel, ...: it could be called too early). The VM then checks and
    /// raises an error; where it is false no check is needed.
    var mayBeUninitialised = false

    init(_ text: String, _ span: Span) {
        self.text = text
        self.span = span
    }

    /// `_` takes a value and drops it; it has no binding.
    var isDiscard: Bool { text == "_" }
}

/// What kind of thing a name stands for.
enum BindingKind: Equatable {
    /// `let`, and everything else that binds once: names in `match` patterns.
    case constant
    case variable
    case parameter(ParameterKind)
    /// Loop variables of `for`, comprehensions, replicated `select` cases, `parallel for`.
    case loopVariable
    /// A name bound anew by `c ? x`, also in a `select` case.
    case received
    case function
    case process
    case channel
    case queue
    case pipe
    /// `channel cs[8]`, a list of channels; likewise queues.
    case channelArray
    case queueArray
    case shared
    case caughtError
    /// `import "lib.proc" as lib`.
    case importedModule
    /// From the `BuiltinCatalogue`: a function, a value or a module. Look it up by `Binding.name`.
    case builtin
}

/// The four kinds of parameters (LANGUAGE.md section 5).
enum ParameterKind: Equatable {
    case value, reader, writer, shared
}

/// One declared thing.
final class Binding {
    let name: String
    /// Where it is declared; `Span.none` for builtins.
    let span: Span
    let kind: BindingKind
    /// The function whose frame holds it; for a global, the main function of its module; nil for builtins.
    let owner: FunctionScope?
    /// Declared at the top level of a module, outside every block: lives in `globalSlot`.
    let isGlobal: Bool
    /// The index in the program's table of globals; -1 for everything that is not global.
    let globalSlot: Int
    /// Resolver -> compiler: used in an inner function, lambda, process or process block. For globals also: may
    /// be used by another module, or by a later input of a REPL; one without it is seen by its main alone.
    var isCaptured = false
    /// Resolver -> compiler: assigned somewhere after its declaration.
    var isReassigned = false
    /// Resolver -> compiler: a local that must live in a cell (box) shared by frame and closures: captured, and
    /// reassigned or captured by a function that is made before the binding is initialised. A captured
    /// binding without it may be copied into the closure. Never set for globals.
    var needsCell = false
    /// Resolver -> compiler, for `shared` declarations and parameters: some `lock` may name it. Always true
    /// in a REPL, where a later input may lock it.
    var mayBeLocked = false
    /// Resolver only: declared as `shared x: int[n]`.
    var isSharedArray = false
    /// Resolver -> compiler: the definition, for kinds `function` and `process`.
    var function: FunctionNode?
    /// Resolver -> compiler: the names of the imported module, for kind `importedModule`.
    var module: ModuleScope?
    /// Resolver only: whether anything reads it.
    var isUsed = false
    /// Resolver only: the value of the `let` or `var` that declares it by a plain name.
    var initializer: Expr?
    /// Resolver only: the latest place, so far, that reads it.
    var lastRead = Span.none
    /// Resolver only: an element of it is used, or a pattern takes it apart.
    var isTakenApart = false
    /// Resolver only: it holds a copy of what somebody else has.
    var copied: CopiedValue?

    init(name: String, span: Span, kind: BindingKind, owner: FunctionScope?, isGlobal: Bool, globalSlot: Int) {
        self.name = name
        self.span = span
        self.kind = kind
        self.owner = owner
        self.isGlobal = isGlobal
        self.globalSlot = globalSlot
    }

    /// Used by its plain name, but every access goes to the shared variable: declared `shared`, or a
    /// `shared` parameter.
    var isShared: Bool { kind == .shared || kind == .parameter(.shared) }
}
