// What every name means, and every static rule of LANGUAGE.md: one walk over the tree, then a fixed point
// over the functions (Capabilities.swift).
//
// Invariants
// - Every annotation of Syntax/ that says "Resolver ->" is filled here and nowhere else.
// - A module that did not parse is resolved all the same, silently about names in text that did not parse.
// - One cause, one message: an undefined name is reported at its first use, and then counts as declared.
// - When a unit has errors, its `ModuleScope` is left as it was.

/// Resolves one module. `resolve` is all there is to call.
public final class Resolver {
    let module: Module
    let moduleScope: ModuleScope
    let builtins: BuiltinCatalogue
    let imports: [String: ModuleScope]

    var diagnostics: [Diagnostic] = []
    var scope: BlockScope
    var function: FunctionScope
    /// Every function of this unit, outer ones before inner ones.
    var functions: [FunctionScope]
    /// The loops and locks around the present place, as far as the present function goes.
    var loopDepth = 0
    /// Parameters of processes whose copy is changed in vain.
    var wastedParameters: [Binding] = []
    /// Receives that bound an outer name anew for their block.
    var rebindings: [Rebinding] = []
    var locked: [[Binding]] = []
    /// Names of blocks that have ended, for those who look for them outside.
    var innerNames: [String: Binding] = [:]
    /// Names reported as undefined.
    var reportedNames: Set<String> = []
    /// Of the builtin names that the program uses: few. (Not a dictionary, which costs the start of every program 60 us.)
    var builtinBindings: [Binding] = []

    /// What is done with each channel and queue that is declared or made by `let c = channel()`.
    var channelUses: [ObjectIdentifier: ChannelUses] = [:]
    /// How many `try ... catch` surround the present place.
    var guardDepth = 0
    /// The communication at hand does not wait without bounds, or closes the channel.
    var isPatient = true
    var isClosing = false
    /// `closed` branches of a `select` that does not wait without bounds, and the channels of this process that it waits for.
    var polledEnds: [(binding: Binding, closed: Block)] = []
    /// Ends that were sent away and not used since.
    var passedOn: [PassedOn] = []

    // For `Binding.mayBeLocked`.
    var sharedBindings: [Binding] = []
    var escapedShared: [Binding] = []
    var sharedArguments: [(binding: Binding, parameter: Binding)] = []
    /// The same, where the callee was not yet resolved.
    var laterSharedArguments: [(binding: Binding, parameter: Parameter)] = []
    var locksUnknown = false
    /// Functions that are run as processes, and where.
    var startedFunctions: [(function: FunctionNode, name: String, span: Span)] = []
    /// Functions that are given to a process as arguments, and where.
    var passedFunctions: [(function: FunctionNode, name: String, span: Span)] = []
    /// Shared variables whose present value becomes a plain parameter, and where.
    var copiedShared: [(binding: Binding, callee: FunctionNode, parameter: Int, span: Span)] = []

    /// Resolves one unit, and enters its top-level names into `scope`. `imports` holds the scopes of the modules
    /// that it imports, already resolved, by the path as written; about names of a module that is missing there
    /// (which the loader reported) nothing is said.
    public static func resolve(
        _ module: Module, in scope: ModuleScope, builtins: BuiltinCatalogue, imports: [String: ModuleScope] = [:]
    ) -> [Diagnostic] {
        let before = scope.snapshot
        let resolver = Resolver(module, scope, builtins, imports)
        resolver.run()
        let diagnostics = resolver.diagnostics.sortedByPlace()
        if diagnostics.hasErrors || module.hasSyntaxErrors { scope.restore(before) }
        return diagnostics
    }

    private init(
        _ module: Module, _ moduleScope: ModuleScope, _ builtins: BuiltinCatalogue, _ imports: [String: ModuleScope]
    ) {
        self.module = module
        self.moduleScope = moduleScope
        self.builtins = builtins
        self.imports = imports
        function = FunctionScope(kind: .main, parent: nil, node: nil)
        functions = [function]
        scope = BlockScope(parent: nil, function: function, block: module.body, isGlobal: true)
        module.scope = function
    }

    private func run() {
        predeclare(module.body.statements)
        resolve(module.body.statements)
        closeScope(scope)
        settleCapabilities()
        warnOfWastedParameters()
        warnUncalledMain()
        settleLocks()
        warnSelfCommunication()
        warnOneSidedChannels()
        warnDeafClosed()
        module.functions = functions
        if moduleScope.isInteractive || moduleScope.isImported {
            for binding in module.globals { binding.isCaptured = true }
        }
    }

    // MARK: Reports

    func report(
        _ severity: Diagnostic.Severity, _ code: DiagnosticCode, _ title: String, _ span: Span,
        label: String = "", more: [Diagnostic.Label] = [], notes: [String] = [], help: [String] = []
    ) {
        if severity == .warning, module.hasSyntaxErrors { return }
        diagnostics.append(
            Diagnostic(severity, code, title, labels: [.init(span, label)] + more, notes: notes, help: help))
    }

    /// Nothing reliable is known about this name.
    func isUnreliable(_ name: String) -> Bool { module.unreliableNames.contains(name) }

    // MARK: Scopes

    /// Runs `body` in a scope of its own inside the present one.
    func inScope(_ block: Block? = nil, _ body: () -> Void) {
        let outer = scope
        scope = BlockScope(parent: outer, function: function, block: block, isGlobal: false)
        body()
        closeScope(scope)
        for binding in scope.declared where outer.function === function { innerNames[binding.name] = binding }
        scope = outer
    }

    struct PassedOn {
        let function: FunctionScope
        let binding: Binding
        let right: Rights
        let span: Span
    }

    func resolve(_ block: Block) {
        let count = rebindings.count
        inScope(block) {
            predeclare(block.statements)
            resolve(block.statements)
        }
        settleRebindings(of: block, since: count)
    }

    /// Settles what is known only at the end of a scope.
    func closeScope(_ closing: BlockScope) {
        for (name, binding) in closing.pending {
            name.mayBeUninitialised = moduleScope.isInteractive || binding.span.start > closing.firstHoistedUse
        }
        if let block = closing.block, !closing.earlyCaptures.isEmpty {
            block.earlyCells = closing.earlyCaptures
        }
        for binding in closing.declared {
            warnIfUnused(binding)
            if let copied = binding.copied { warnIfWasted(binding, copied) }
            if !binding.isGlobal, binding.isCaptured, binding.isReassigned || closing.isEarly(binding) {
                binding.needsCell = true
            }
        }
    }

    /// Nobody calls `main` by itself.
    private func warnUncalledMain() {
        guard !moduleScope.isInteractive, !moduleScope.isImported, let main = moduleScope.binding("main"), let node = main.function,
            !functions.contains(where: { scope in scope.mentions.contains { $0.function === node } })
        else { return }
        report(
            .warning, .noEffect, "nothing calls `main`", main.span,
            help: [
                "the statements of a script run from top to bottom; "
                    + (main.kind == .process ? "`start main()` runs it" : "`main()` at the end calls it")
            ])
    }

    private func warnIfUnused(_ binding: Binding) {
        guard !binding.isUsed, !binding.isGlobal, !binding.name.hasPrefix("_"), binding.isWarnedWhenUnused else {
            return
        }
        report(
            .warning, .unusedVariable,
            binding.isReassigned ? "`\(binding.name)` is assigned but never used" : "`\(binding.name)` is never used",
            binding.span, help: ["if that is meant, call it `_\(binding.name)`"])
    }
}

extension Binding {
    fileprivate var isWarnedWhenUnused: Bool {
        switch kind {
        case .constant: return initializer != nil
        case .variable: return true
        default: return false
        }
    }
}
