// A parsed unit, and the names that outlive one.
//
// Invariants
// - A unit is a file, the text of `-e`, or one input of a REPL. Each is a `Module` with a main function.
// - Globals live in one table for the whole program. A slot is given once and never again: declaring a
//   name anew in a REPL makes a new slot, and functions made before keep the old one (VM/RetiredGlobals.swift).

/// One parsed text.
public final class Module {
    public let source: SourceFile
    let body: Block
    /// Resolver -> compiler: the main function.
    var scope: FunctionScope!
    /// Resolver -> compiler: every function of this unit, outer ones before inner ones, the main first.
    var functions: [FunctionScope] = []
    /// Resolver -> compiler: globals that this unit declares, in order.
    var globals: [Binding] = []

    /// Parser -> resolver: names mentioned in text that did not parse. Whether they are declared or used is
    /// unknown, so nothing is said about them.
    let unreliableNames: Set<String>
    /// Parser -> resolver: some text did not parse.
    let hasSyntaxErrors: Bool
    /// Parser -> loader: what it imports, wherever that stands, in order.
    let imports: [Import]

    init(source: SourceFile, body: Block, unreliableNames: Set<String>, hasSyntaxErrors: Bool, imports: [Import]) {
        self.imports = imports
        self.source = source
        self.body = body
        self.unreliableNames = unreliableNames
        self.hasSyntaxErrors = hasSyntaxErrors
    }

    /// The unit is one expression (or ends in one): what a REPL echoes. nil otherwise.
    var finalExpression: Expr? {
        if case .expression(let expr)? = body.statements.last?.kind { return expr }
        return nil
    }

    /// Nothing but comments and blank lines.
    public var isEmpty: Bool { body.statements.isEmpty }
}

/// Gives out the slots of globals, for all modules of one program.
public final class GlobalTable {
    /// How many slots were given out: the VM's table must have at least so many.
    public private(set) var count = 0
    /// The names in slot order, for messages and disassembly.
    public private(set) var names: [String] = []

    public init() {}

    func makeSlot(_ name: String) -> Int {
        names.append(name)
        count += 1
        return count - 1
    }
}

/// The top-level names of one module, kept from unit to unit of a REPL.
public final class ModuleScope {
    /// Where the slots of its globals come from.
    public let table: GlobalTable
    /// A REPL: earlier names may be declared anew, nothing is reported as unused, and every shared variable
    /// may be locked by a later input.
    public let isInteractive: Bool
    /// Another module imports this one: set before it is resolved. Then every global counts as captured.
    public var isImported = false
    /// The present meaning of each top-level name.
    private(set) var globals: [String: Binding] = [:]
    /// In a REPL: what names meant before they were declared anew, until `takeRetired`.
    private var retired: [Binding] = []

    /// A scope without names.
    public init(table: GlobalTable, isInteractive: Bool) {
        self.table = table
        self.isInteractive = isInteractive
    }

    /// Enters a global; replaces an earlier one of the same name.
    func define(_ binding: Binding) {
        if isInteractive, let earlier = globals[binding.name], earlier !== binding { retired.append(earlier) }
        globals[binding.name] = binding
    }

    /// The globals that no name means any more, each once. Between two inputs.
    func takeRetired() -> [Binding] {
        defer { retired = [] }
        return retired.filter { globals[$0.name] !== $0 }
    }

    /// Every global that has a name, or had one since the last `takeRetired`.
    var everything: [Binding] { Array(globals.values) + retired }

    /// The present meaning of a name.
    func binding(_ name: String) -> Binding? { globals[name] }

    /// What the names mean at one moment.
    public struct Snapshot {
        fileprivate let globals: [String: Binding]
    }

    /// What the names mean now.
    public var snapshot: Snapshot { Snapshot(globals: globals) }

    /// Goes back to an earlier moment, e.g. because the input that declared the names since then did not run.
    public func restore(_ snapshot: Snapshot) {
        if isInteractive { retired += globals.values.filter { snapshot.globals[$0.name] !== $0 } }
        globals = snapshot.globals
    }

    /// All names, for completion.
    public var names: [String] { globals.keys.sorted() }
}

/// What is there without being declared. The library fills it; the resolver checks against it. An entry is made when it
/// is asked for: most programs use few.
public struct BuiltinCatalogue {
    /// How a builtin function may be called.
    public struct Signature {
        /// How many arguments must be given.
        public var minimum: Int
        /// nil: any number.
        public var maximum: Int?
        /// The names by which arguments may be given, those of the leading positional ones first; further ones
        /// (such as `timeout`) can only be given by name and do not count as positional. `["*"]`: any name.
        public var names: [String]
        /// From `minimum` to `maximum` arguments.
        public init(_ minimum: Int, _ maximum: Int?, names: [String] = []) {
            self.minimum = minimum
            self.maximum = maximum
            self.names = names
        }
    }
    /// What a name of the library stands for.
    public enum Entry {
        case function(Signature)
        /// Anything that is not called, e.g. `self`, `math.pi`.
        case value
        case module([String: Entry])
    }
    private let entry: (String) -> Entry?
    private let allNames: () -> [String]
    private let minimum: (String) -> Int?

    /// A catalogue of these names, without methods.
    public init(_ entries: [String: Entry] = [:]) {
        entry = { entries[$0] }
        allNames = { Array(entries.keys) }
        minimum = { _ in nil }
    }

    /// `names` gives every name, `entry` what it stands for, nil for other names; `minimumOfMethod` how many arguments a
    /// method of this name, of whatever kind of value, takes at least, nil where no kind has one.
    init(
        names: @escaping () -> [String], entry: @escaping (String) -> Entry?, minimumOfMethod: @escaping (String) -> Int?
    ) {
        self.entry = entry
        allNames = names
        minimum = minimumOfMethod
    }

    /// How many arguments a method of this name takes at least; nil where no kind of value has one.
    func minimumArguments(ofMethod name: String) -> Int? { minimum(name) }

    /// What a name stands for; nil where the library has none.
    public subscript(name: String) -> Entry? { entry(name) }
    /// Every name.
    public var names: [String] { allNames() }
}
