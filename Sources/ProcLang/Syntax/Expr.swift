// The expressions of the syntax tree.
//
// Invariants
// - No tree is higher than `SyntaxLimits.depth`, so recursive passes need no check of their own. What grows
//   long in real programs is flat: chains of arithmetic, comparisons, `and`, `or`, `else if`.
// - `.invalid` stands where the parser reported an error; a tree that holds one is never compiled.

enum SyntaxLimits {
    /// The greatest height of a tree, counting expressions, blocks, patterns and interpolations.
    static let depth = 200
}

final class Expr {
    indirect enum Kind {
        /// Stands for text that did not parse.
        case invalid
        case nilLiteral
        case bool(Bool)
        case int(Int)
        /// Also durations, in seconds.
        case float(Double)
        /// Escapes replaced, indentation of `"""` removed; also raw strings.
        case string(String)
        /// `"a{b}c"`: at least one value.
        case interpolation([InterpolationPart])
        case name(Name)
        /// `shared hits` as an argument or as the value sent: the variable itself, not its value.
        case sharedReference(Name)
        case list([Expr])
        case map([MapEntry])
        case comprehension(Comprehension)
        /// `low ..< high`, or `low ... high` if closed.
        case range(low: Expr, high: Expr, closed: Bool)
        /// `a[i]`; the index may evaluate to a range.
        case index(Expr, Expr)
        /// `a[1..<3]`, `a[1...3]`, `a[2..]`, `a[..<2]`, `a[...2]`, `a[..]`. `closed` is about `high`.
        case slice(Expr, low: Expr?, high: Expr?, closed: Bool)
        case member(Member)
        case call(Call)
        case negate(Expr)
        case not(Expr)
        /// `first op right op right ...`, left to right, all of one precedence; at least one link. `**` always has
        /// exactly one link (it nests to the right).
        case arithmetic(Expr, [ArithmeticLink])
        /// `first op right op right ...`: true when every neighbouring pair compares so; each operand is
        /// evaluated at most once. At least one link.
        case comparison(Expr, [ComparisonLink])
        /// `x is int`, `x is not int`.
        case isType(Expr, TypeName, negated: Bool)
        /// At least two operands; the value is that of the deciding operand, as in Python.
        case and([Expr])
        case or([Expr])
        /// `then if condition else otherwise`.
        case conditional(condition: Expr, then: Expr, otherwise: Expr)
        /// `func(x) { }`, `x => e`, `(a, b) => e`.
        case lambda(FunctionNode)
        /// `parallel { }`, `parallel for`, `supervise { }`, `supervise for`.
        case parallel(Parallel)
        /// `start call(...)`, `start { }`: the handle.
        case start(ProcessItem)
        /// `channel()`, `channel(n)`, `queue()`, `queue(n)`, and `pipe()`, which gives a list of two ends.
        case makeChannel(ChannelKind, capacity: Expr?)
    }

    let kind: Kind
    let span: Span

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// A part of an interpolated string.
enum InterpolationPart {
    case text(String)
    /// `{expr}` or `{expr:format}`; the format may itself hold values, as in `{x:{width}.2f}`. The span covers
    /// the braces.
    case value(Expr, format: [InterpolationPart]?, span: Span)
}

struct MapEntry {
    /// A bare name before `:` is a `.string`.
    let key: Expr
    let value: Expr
}

/// `[element for x in xs if c for y in ys]`. Its names are locals of the function around it, each turn with
/// bindings of its own.
final class Comprehension {
    enum Clause {
        /// `for x in xs`, `for k, v in m`: one or two patterns.
        case iterate([Pattern], Expr)
        case filter(Expr)
    }
    let element: Expr
    /// Begins with `iterate`.
    let clauses: [Clause]

    init(element: Expr, clauses: [Clause]) {
        self.element = element
        self.clauses = clauses
    }
}

/// `object.name`, not called.
final class Member {
    let object: Expr
    let name: String
    let nameSpan: Span
    /// Resolver -> compiler: the global that is meant when `object` names an imported module.
    var resolved: Binding?

    init(object: Expr, name: String, nameSpan: Span) {
        self.object = object
        self.name = name
        self.nameSpan = nameSpan
    }

    /// The name of a method that changes the list or map it is called on.
    var changesObject: Bool {
        switch name {
        case "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "popitem":
            return true
        default: return false
        }
    }
}

struct Argument {
    let label: String?
    let labelSpan: Span
    let value: Expr
}

/// `callee(arguments)`. A method call is a call whose callee is a `.member`.
final class Call {
    let callee: Expr
    let arguments: [Argument]
    /// From `(` to `)`.
    let argumentsSpan: Span
    /// Resolver -> compiler: the definition that is called, when the callee is the plain name of a `func` or
    /// `process` (also `lib.name`). It can be no other at run time.
    var target: FunctionNode?
    /// Resolver -> compiler, when `target` is set: for each parameter the index of its argument, nil where the
    /// default is taken. Arguments are evaluated in the order written.
    var argumentOfParameter: [Int?] = []
    /// Resolver -> compiler: for each argument whether it passes a shared variable by reference: written as
    /// `shared x`, or the name of a shared variable for a `shared` parameter of `target`.
    var passesShared: [Bool]

    init(callee: Expr, arguments: [Argument], argumentsSpan: Span) {
        self.callee = callee
        self.arguments = arguments
        self.argumentsSpan = argumentsSpan
        passesShared = arguments.map {
            if case .sharedReference = $0.value.kind { return true }
            return false
        }
    }
}

enum ArithmeticOperator: String {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case remainder = "%"
    case power = "**"
}

struct ArithmeticLink {
    let op: ArithmeticOperator
    let opSpan: Span
    let right: Expr
}

enum ComparisonOperator: String {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

struct ComparisonLink {
    let op: ComparisonOperator
    let opSpan: Span
    let right: Expr
}

/// The names that `type(x)` gives, as used by `x is int` and by type patterns.
enum TypeName: String, CaseIterable {
    case `nil`, bool, int, float, string, bytes, list, map, range, `func`, process, handle, channel, queue, pipe
    case namespace, error, barrier, semaphore, event, module, shared
}

enum ChannelKind: String {
    case channel, queue, pipe
}

/// `parallel` and `supervise`, in both forms.
final class Parallel {
    enum Form {
        case items([ProcessItem])
        /// One or two patterns, the values to go through, `limit n`, and what runs each turn.
        case each([Pattern], Expr, limit: Expr?, ProcessItem)
    }
    struct Supervision {
        /// `restarts n within d`; nil: 3 within 5 s.
        let restarts: Expr?
        let within: Expr?
    }
    let form: Form
    /// nil for `parallel`.
    let supervision: Supervision?
    /// The word `parallel` or `supervise`, for messages.
    let keywordSpan: Span

    init(form: Form, supervision: Supervision?, keywordSpan: Span) {
        self.form = form
        self.supervision = supervision
        self.keywordSpan = keywordSpan
    }
}

/// One process to be: an item of `parallel` or `supervise`, or what `start` starts.
final class ProcessItem {
    enum Kind {
        /// `worker(i, jobs)`: callee and arguments are evaluated in the parent, the call happens in the child. The
        /// expression is always a `.call`.
        case call(Expr)
        /// An anonymous process. Also a call of the library, `print(c.receive())`: there its arguments belong to
        /// the process, for it is no definition that could ask for them.
        case block(FunctionNode)
        /// `parallel { }` or `supervise { }`: a process that runs it, and whose result it is. The body is the
        /// expression `.parallel`.
        case nested(FunctionNode)
    }
    /// The resolver turns a call of the library into an anonymous process.
    var kind: Kind
    let span: Span

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }
}
