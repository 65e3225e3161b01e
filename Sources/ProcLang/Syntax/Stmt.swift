// The statements of the syntax tree.
//
// Invariants
// - Functions and processes of a block are visible, and made, from its beginning: the compiler makes them (in
//   order) before the first statement runs; `.function` and `.process` statements themselves do nothing.
// - A statement's span covers all of it, without the line end.

final class Stmt {
    indirect enum Kind {
        case invalid
        case expression(Expr)
        case block(Block)
        /// `let p = e`, `var p = e`; `var x` alone is nil.
        case declare(Declaration)
        case function(FunctionNode)
        case process(FunctionNode)
        case channels(ChannelDeclaration)
        case shared([SharedDeclaration])
        case assign(AssignTarget, Expr)
        /// `x += e` and so on; the target is never a list.
        case augment(ArithmeticOperator, AssignTarget, Expr, opSpan: Span)
        /// `c ! e`; the value may be `.sharedReference`.
        case send(channel: Expr, value: Expr)
        /// `c ? x`: see `Name.declares`.
        case receive(source: Expr, target: Pattern)
        case conditional(If)
        case whileLoop(Expr, Block)
        case loop(Block)
        case forLoop(For)
        case breakLoop
        case continueLoop
        case returnValue(Expr?)
        case select(Select)
        /// `lock a, b { }`: shared variables and semaphores.
        case lock([Expr], Block)
        case match(Match)
        case tryCatch(Try)
        /// `raise "text"`, `raise error(...)`, `raise e`.
        case raise(Expr)
        case importModule(Import)
    }

    let kind: Kind
    let span: Span

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }

    /// The names that it declares in its scope.
    var declaredNames: [String] {
        switch kind {
        case .declare(let declaration):
            var names: [String] = []
            declaration.pattern.forEachName { names.append($0.text) }
            return names
        case .function(let node), .process(let node): return node.name.map { [$0.text] } ?? []
        case .channels(let declaration): return declaration.items.map(\.name.text)
        case .shared(let declarations): return declarations.map(\.name.text)
        case .importModule(let node): return [node.name.text]
        default: return []
        }
    }
}

/// A scope of names: the statements between braces, or a whole module.
final class Block {
    let statements: [Stmt]
    let span: Span
    /// Resolver -> compiler: bindings of this block that need a cell which must exist from the beginning of the
    /// block, because a function of the block captures them before they are initialised. The compiler makes
    /// these cells, uninitialised, before it makes the functions of the block. Other cells are made where the
    /// binding is declared.
    var earlyCells: [Binding] = []

    init(_ statements: [Stmt], _ span: Span) {
        self.statements = statements
        self.span = span
    }
}

struct Declaration {
    let isVariable: Bool
    /// A name, `_` or a list pattern.
    let pattern: Pattern
    /// nil only for `var x`.
    let value: Expr?
}

/// `channel a, b(16), cs[8](2)`, `queue q(100)`, `pipe left, right`.
struct ChannelDeclaration {
    struct Item {
        let name: Name
        /// `cs[8]`: a list of so many.
        let count: Expr?
        let capacity: Expr?
        let span: Span
    }
    let kind: ChannelKind
    /// For a pipe exactly two, the two ends of one connection, without count and capacity.
    let items: [Item]
}

/// The declared types of shared variables.
enum SharedType: String, CaseIterable {
    case bool, int, float, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64
    /// A managed cell: any value.
    case any

    /// The type in shared memory; nil for `any`.
    var element: ElementKind? {
        switch self {
        case .bool: return .bool
        case .int, .int64: return .int64
        case .int8: return .int8
        case .int16: return .int16
        case .int32: return .int32
        case .uint8: return .uint8
        case .uint16: return .uint16
        case .uint32: return .uint32
        case .uint64: return .uint64
        case .float32: return .float32
        case .float, .float64: return .float64
        case .any: return nil
        }
    }
}

/// `shared name: type[count] = value`. Without a type the value decides: int, float and bool go to shared
/// memory, everything else to the manager.
final class SharedDeclaration {
    let name: Name
    let type: SharedType?
    /// `float[1000]`; only with a type other than `any`.
    let count: Expr?
    /// nil only with a type (then zero, false or nil).
    let value: Expr?
    let span: Span

    init(name: Name, type: SharedType?, count: Expr?, value: Expr?, span: Span) {
        self.name = name
        self.type = type
        self.count = count
        self.value = value
        self.span = span
    }
}

/// What an assignment assigns to.
indirect enum AssignTarget {
    case name(Name)
    case index(Expr, Expr, Span)
    case member(Member, Span)
    /// `[x, y] = ...`: the value is taken apart completely before the first assignment.
    case list([AssignTarget], rest: Rest?, Span)

    struct Rest {
        /// A `.name`, or nil for `...` alone.
        let target: AssignTarget?
        let span: Span
    }

    var span: Span {
        switch self {
        case .name(let name): return name.span
        case .index(_, _, let span), .member(_, let span), .list(_, _, let span): return span
        }
    }
}

/// `if c { } else if d { } else { }`.
struct If {
    let branches: [(condition: Expr, body: Block)]
    let otherwise: Block?
}

/// `for p in xs { }`, `for k, v in m { }`.
final class For {
    /// One pattern (items), or two (key and value, index and item).
    let patterns: [Pattern]
    let iterable: Expr
    let body: Block

    init(patterns: [Pattern], iterable: Expr, body: Block) {
        self.patterns = patterns
        self.iterable = iterable
        self.body = body
    }
}

final class Select {
    struct Case {
        enum Action {
            /// Also `p ? result` for a handle.
            case receive(source: Expr, target: Pattern)
            case send(channel: Expr, value: Expr)
        }
        let action: Action
        /// `when c`; sees the names of `replication`, not those that the case receives.
        let condition: Expr?
        /// `for i in xs`: one or two patterns; the case stands once for each value.
        let replication: (patterns: [Pattern], iterable: Expr)?
        let body: Block
        let span: Span
    }
    /// `select first`: take the first ready case in the order written.
    let isFirst: Bool
    let cases: [Case]
    /// `after d { }`.
    let after: (duration: Expr, body: Block)?
    let otherwise: Block?
    let closed: Block?

    init(
        isFirst: Bool, cases: [Case], after: (duration: Expr, body: Block)?, otherwise: Block?, closed: Block?
    ) {
        self.isFirst = isFirst
        self.cases = cases
        self.after = after
        self.otherwise = otherwise
        self.closed = closed
    }
}

struct Match {
    struct Case {
        let pattern: Pattern
        /// `when c`; sees the names of the pattern.
        let condition: Expr?
        let body: Block
        let span: Span
    }
    let subject: Expr
    let cases: [Case]
    let otherwise: Block?
}

/// At least one of `handler` and `finally`.
struct Try {
    let body: Block
    /// `catch e { }`; the name may be left out.
    let handler: (name: Name?, body: Block)?
    let finally: Block?
}

final class Import {
    let path: String
    let pathSpan: Span
    let name: Name

    init(path: String, pathSpan: Span, name: Name) {
        self.path = path
        self.pathSpan = pathSpan
        self.name = name
    }
}
