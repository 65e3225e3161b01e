// Names and scopes: what brings a name into being, and what a mention of it means.
//
// Invariants
// - A name means the innermost declaration around it; functions of a block are visible in all of it, other names after
//   their declaration, in functions also before.
// - A binding that is used across a function's edge is noted in every function between (`captures`), and as early where
//   the function may run before the declaration.
// - `peek` and `builtin` note nothing; `lookUp` notes captures and reports what has no meaning.

extension Resolver {
    // MARK: Declaring

    /// Makes the binding of a declaration in the present scope, or takes the one made in advance.
    @discardableResult
    func declare(_ name: Name, _ kind: BindingKind) -> Binding? {
        guard !name.isDiscard else { return nil }
        name.declares = true
        if let upcoming = scope.upcoming[name.text], upcoming.span == name.span {
            scope.upcoming[name.text] = nil
            name.binding = upcoming
            enter(upcoming)
            return upcoming
        }
        if let earlier = scope.names[name.text], !(earlier.kind == .received && kind == .received), kind != .received {
            reportDuplicate(name, earlier)
        }
        let binding = makeBinding(name, kind)
        name.binding = binding
        enter(binding)
        return binding
    }

    func makeBinding(_ name: Name, _ kind: BindingKind) -> Binding {
        let isGlobal = scope.isGlobal
        let binding = Binding(
            name: name.text, span: name.span, kind: kind, owner: function, isGlobal: isGlobal,
            globalSlot: isGlobal ? moduleScope.table.makeSlot(name.text) : -1)
        if isGlobal {
            module.globals.append(binding)
        } else {
            function.locals.append(binding)
        }
        scope.declared.append(binding)
        if kind == .shared || kind == .parameter(.shared) { sharedBindings.append(binding) }
        return binding
    }

    private func enter(_ binding: Binding) {
        scope.names[binding.name] = binding
        if scope.isGlobal { moduleScope.define(binding) }
    }

    func reportDuplicate(_ name: Name, _ earlier: Binding) {
        report(
            .error, .duplicateName, "`\(name.text)` is declared twice in this scope", name.span, label: "again here",
            more: earlier.span.isNone ? [] : [.init(earlier.span, "first here")],
            help: earlier.kind == .variable ? ["to change it write `\(name.text) = ...`"] : [])
    }

    /// Makes the bindings of a block before its statements are looked at: functions are visible at once, other
    /// names to the functions of the block.
    func predeclare(_ statements: [Stmt]) {
        var order = 0
        for statement in statements {
            switch statement.kind {
            case .function(let node), .process(let node):
                guard let name = node.name, !name.isDiscard else { continue }
                if let earlier = scope.names[name.text] { reportDuplicate(name, earlier) }
                name.declares = true
                let binding = makeBinding(name, node.kind == .process ? .process : .function)
                binding.function = node
                name.binding = binding
                enter(binding)
                scope.hoistOrder[ObjectIdentifier(binding)] = order
                order += 1
            default: break
            }
        }
        for statement in statements {
            switch statement.kind {
            case .declare(let declaration):
                let kind: BindingKind = declaration.isVariable ? .variable : .constant
                declaration.pattern.forEachName { predeclare($0, kind) }
                if case .name(let name) = declaration.pattern.kind {
                    if let binding = scope.upcoming[name.text], binding.span == name.span {
                        binding.initializer = declaration.value
                    }
                }
            case .channels(let declaration):
                for item in declaration.items { predeclare(item.name, channelBinding(declaration.kind, item)) }
            case .shared(let items):
                for item in items { predeclare(item.name, .shared) }
            case .importModule(let node): predeclare(node.name, .importedModule)
            case .receive(_, let target):
                target.forEachName { name in
                    if scope.names[name.text] == nil, assignableByReceive(name.text) == nil {
                        predeclare(name, .received)
                    }
                }
            default: break
            }
        }
    }

    func channelBinding(_ kind: ChannelKind, _ item: ChannelDeclaration.Item) -> BindingKind {
        switch kind {
        case .channel: return item.count == nil ? .channel : .channelArray
        case .queue: return item.count == nil ? .queue : .queueArray
        case .pipe: return .pipe
        }
    }

    private func predeclare(_ name: Name, _ kind: BindingKind) {
        guard !name.isDiscard, scope.names[name.text] == nil, scope.upcoming[name.text] == nil else { return }
        scope.upcoming[name.text] = makeBinding(name, kind)
    }

    // MARK: Looking up

    func builtin(_ name: String) -> Binding? {
        for known in builtinBindings where known.name == name { return known }
        guard builtins[name] != nil else { return nil }
        let binding = Binding(
            name: name, span: .none, kind: .builtin, owner: nil, isGlobal: false, globalSlot: -1)
        builtinBindings.append(binding)
        return binding
    }

    /// Finds the meaning of a mention and notes captures. Reports what has none.
    func lookUp(_ name: Name) -> Binding? {
        if let binding = find(name) {
            name.binding = binding
            binding.copied?.uses += 1
            return binding
        }
        reportUndefined(name)
        return nil
    }

    /// What a name means here, builtins aside, without noting a use.
    func peek(_ text: String) -> Binding? {
        var block: BlockScope? = scope
        var later: Binding?
        while let present = block {
            if let binding = present.names[text] { return binding }
            if let binding = present.upcoming[text] {
                if present.function !== function { return binding }
                later = later ?? binding
            }
            block = present.parent
        }
        return moduleScope.globals[text] ?? later
    }

    private func find(_ name: Name) -> Binding? {
        var block: BlockScope? = scope
        var crossed: FunctionScope?
        /// The block in which the outermost crossed function is declared, if that is a hoisted one.
        var home: BlockScope?
        var tooEarly: Binding?
        while let present = block {
            if let binding = present.names[name.text] {
                if binding.kind == .function || binding.kind == .process { noteHoistedUse(present, name) }
                if crossed != nil {
                    // Parameters have their values before anything in the body is made.
                    if case .parameter = binding.kind { home = nil }
                    let isEarly = home === present && isMadeLater(binding, than: crossed, in: present)
                    capture(binding, from: present, early: isEarly)
                    if home === present, binding.kind != .function, binding.kind != .process {
                        present.pending.append((name, binding))
                    }
                }
                return binding
            }
            if let binding = present.upcoming[name.text] {
                if crossed != nil {
                    if home === present {
                        present.pending.append((name, binding))
                    } else {
                        name.mayBeUninitialised = true
                    }
                    capture(binding, from: present, early: true)
                    return binding
                }
                tooEarly = tooEarly ?? binding
            }
            if let parent = present.parent, parent.function !== present.function {
                crossed = present.function
                let kind = present.function.kind
                home = kind == .function || kind == .process ? parent : nil
            }
            block = present.parent
        }
        if let binding = moduleScope.globals[name.text] {
            // An earlier input of a REPL, which may have failed before it came to the declaration.
            name.mayBeUninitialised = binding.kind != .function && binding.kind != .process
            return binding
        }
        if let binding = builtin(name.text) { return binding }
        if let tooEarly, !isUnreliable(name.text) {
            if reportedNames.insert(name.text).inserted {
                report(
                    .error, .usedBeforeDeclaration, "`\(name.text)` is used before it is declared", name.span,
                    more: [.init(tooEarly.span, "declared here")])
            }
            return tooEarly
        }
        return nil
    }

    /// Whether a hoisted function is made before what it captures from its own block.
    private func isMadeLater(_ binding: Binding, than function: FunctionScope?, in block: BlockScope) -> Bool {
        guard let made = block.hoistOrder[ObjectIdentifier(binding)] else { return true }
        guard let own = function?.node?.name?.binding, let order = block.hoistOrder[ObjectIdentifier(own)] else {
            return true
        }
        return made >= order
    }

    /// Notes the first place of a block where one of its functions could be called. Inside the functions of the
    /// block that is no call yet.
    private func noteHoistedUse(_ home: BlockScope, _ name: Name) {
        var block: BlockScope? = scope
        while let present = block, present !== home {
            if let parent = present.parent, parent === home, present.function !== home.function,
                present.function.kind == .function || present.function.kind == .process
            {
                return
            }
            block = present.parent
        }
        home.firstHoistedUse = min(home.firstHoistedUse, name.span.start)
    }

    /// A binding of an outer function is used: every function in between carries it in its closure.
    private func capture(_ binding: Binding, from block: BlockScope, early: Bool) {
        binding.isCaptured = true
        guard !binding.isGlobal else { return }
        if early { block.noteEarly(binding) }
        var inner: FunctionScope? = function
        while let present = inner, present !== binding.owner {
            if present.captureIndex(of: binding) == nil { present.captures.append(binding) }
            inner = present.parent
        }
    }

    /// The `var` (or parameter) of this process, or the shared variable, that `c ? x` assigns; nil if it binds anew.
    func assignableByReceive(_ text: String) -> Binding? {
        var block: BlockScope? = scope
        while let present = block {
            if let binding = present.names[text] {
                return isAssignedByReceive(binding) ? binding : nil
            }
            // A function may stand before what it assigns.
            if present.function !== function, let binding = present.upcoming[text], isAssignedByReceive(binding) { return binding }
            block = present.parent
        }
        if let binding = moduleScope.globals[text], isAssignedByReceive(binding) { return binding }
        return nil
    }

    private func isAssignedByReceive(_ binding: Binding) -> Bool {
        switch binding.kind {
        case .variable, .parameter(.value): return !isForeign(binding)
        // Used by its plain name, in every process.
        case .shared, .parameter(.shared): return true
        // At the top level a name stays the same thing however often it is received.
        case .received: return binding.isGlobal && scope.isGlobal && binding.span.file == module.source.id
        default: return false
        }
    }

    /// The binding belongs to another process than the present code, as far as the text tells.
    func isForeign(_ binding: Binding) -> Bool { isForeign(binding, to: function) }

    func isForeign(_ binding: Binding, to function: FunctionScope) -> Bool {
        guard let owner = binding.owner?.process else { return false }
        let present = function.process
        return owner !== present && !(owner.kind == .main && present.kind == .main)
    }

    private func reportUndefined(_ name: Name) {
        guard !name.isDiscard else {
            report(
                .error, .undefinedName, "`_` has no value", name.span,
                help: ["it only takes values that are not needed"])
            return
        }
        guard !isUnreliable(name.text), reportedNames.insert(name.text).inserted else { return }
        var help: [String] = []
        let shown = name.text.shortened(to: 80)
        if module.source.text[..<Int(name.span.start)].reversed().drop(while: { $0 == 32 }).starts(with: [47, 47]) {
            help = ["comments begin with `#`"]
        } else if let foreign = Suggestions.foreignNames[name.text] {
            help = [foreign]
        } else if let nearest = Suggestions.nearest(to: name.text, in: visibleNames()) {
            help = ["did you mean `\(nearest)`?"]
        }
        var more: [Diagnostic.Label] = []
        if let inner = innerNames[name.text], inner.owner === function, inner.span.start < name.span.start {
            more = [.init(inner.span, "a name of this block only")]
            help = ["a name lives in its block; declare `var \(name.text)` before the block to use it after it"]
        }
        report(.error, .undefinedName, "`\(shown)` is not defined", name.span, more: more, help: help)
    }

    private func visibleNames() -> [String] {
        var names = builtins.names + Array(moduleScope.globals.keys)
        var block: BlockScope? = scope
        while let present = block {
            names += present.names.keys
            if present.function !== function { names += present.upcoming.keys }
            block = present.parent
        }
        return names
    }
}

/// The names of one block while it is resolved.
final class BlockScope {
    let parent: BlockScope?
    let function: FunctionScope
    let block: Block?
    /// The top level of a module.
    let isGlobal: Bool
    var names: [String: Binding] = [:]
    /// Declared further down in this block.
    var upcoming: [String: Binding] = [:]
    /// Every binding of this block.
    var declared: [Binding] = []
    /// The order in which the functions of this block are made.
    var hoistOrder: [ObjectIdentifier: Int] = [:]
    /// The first offset at which a function of this block is mentioned outside of them.
    var firstHoistedUse = Int32.max
    /// Mentions of this block's names in its functions.
    var pending: [(Name, Binding)] = []
    private(set) var earlyCaptures: [Binding] = []
    private var earlySet: Set<ObjectIdentifier> = []

    init(parent: BlockScope?, function: FunctionScope, block: Block?, isGlobal: Bool) {
        self.parent = parent
        self.function = function
        self.block = block
        self.isGlobal = isGlobal
    }

    func noteEarly(_ binding: Binding) {
        if earlySet.insert(ObjectIdentifier(binding)).inserted { earlyCaptures.append(binding) }
    }

    func isEarly(_ binding: Binding) -> Bool { earlySet.contains(ObjectIdentifier(binding)) }
}
