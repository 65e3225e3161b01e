// What the syntax tree knows about single tokens and the token stream alone does not tell.
//
// Invariants
// - Everything is named by the byte offset at which a token begins (`clauseBraces`: of the closing brace).
// - Only trees without syntax errors are walked. The insides of interpolated strings are left out: their text is
//   not formatted.

struct SyntaxRoles {
    /// Braces that open a map or a map pattern; all others open blocks.
    private(set) var maps: Set<Int32> = []
    /// Tokens with which a statement, an item of `parallel`, or a case begins.
    private(set) var statements: Set<Int32> = []
    /// Closing braces of `select` and `match`: inside, a block ends a clause.
    private(set) var clauseBraces: Set<Int32> = []
    /// Expressions right after a word that is a keyword only there: `when`, `limit`, `after`, `restarts`, `within`.
    private(set) var afterWords: Set<Int32> = []
    /// Minus signs with an operand on both sides.
    private(set) var binaryMinus: Set<Int32> = []
    /// Second patterns of a loop: the comma before one divides no list.
    private(set) var secondPatterns: Set<Int32> = []
    /// Brackets that open a comprehension.
    private(set) var comprehensions: Set<Int32> = []
    /// Names of parameters: `?` or `!` after one is a mark, no operator.
    private(set) var parameters: Set<Int32> = []

    init(_ module: Module) { visit(module.body) }

    // MARK: Statements

    private mutating func visit(_ block: Block) {
        for statement in block.statements {
            statements.insert(statement.span.start)
            visit(statement)
        }
    }

    private mutating func visit(_ block: Block?) {
        if let block { visit(block) }
    }

    private mutating func visit(_ statement: Stmt) {
        switch statement.kind {
        case .invalid, .breakLoop, .continueLoop, .importModule: break
        case .expression(let expr), .raise(let expr): visit(expr)
        case .block(let block), .loop(let block): visit(block)
        case .declare(let declaration):
            visit(declaration.pattern)
            visit(declaration.value)
        case .function(let function), .process(let function): visit(function)
        case .channels(let declaration):
            for item in declaration.items {
                visit(item.count)
                visit(item.capacity)
            }
        case .shared(let items):
            for item in items {
                visit(item.count)
                visit(item.value)
            }
        case .assign(let target, let value), .augment(_, let target, let value, _):
            visit(target)
            visit(value)
        case .send(let channel, let value):
            visit(channel)
            visit(value)
        case .receive(let source, let target):
            visit(source)
            visit(target)
        case .conditional(let node):
            for branch in node.branches {
                visit(branch.condition)
                visit(branch.body)
            }
            visit(node.otherwise)
        case .whileLoop(let condition, let body):
            visit(condition)
            visit(body)
        case .forLoop(let node):
            visitLoop(node.patterns, node.iterable)
            visit(node.body)
        case .returnValue(let value): visit(value)
        case .select(let node):
            clauseBraces.insert(statement.span.end - 1)
            visit(node)
        case .lock(let targets, let body):
            for target in targets { visit(target) }
            visit(body)
        case .match(let node):
            clauseBraces.insert(statement.span.end - 1)
            visit(node.subject)
            for entry in node.cases {
                visit(entry.pattern)
                visitAfterWord(entry.condition)
                visit(entry.body)
            }
            visit(node.otherwise)
        case .tryCatch(let node):
            visit(node.body)
            visit(node.handler?.body)
            visit(node.finally)
        }
    }

    private mutating func visit(_ node: Select) {
        for entry in node.cases {
            switch entry.action {
            case .receive(let source, let target):
                visit(source)
                visit(target)
            case .send(let channel, let value):
                visit(channel)
                visit(value)
            }
            visitAfterWord(entry.condition)
            if let replication = entry.replication { visitLoop(replication.patterns, replication.iterable) }
            visit(entry.body)
        }
        if let after = node.after {
            visitAfterWord(after.duration)
            visit(after.body)
        }
        visit(node.otherwise)
        visit(node.closed)
    }

    private mutating func visit(_ target: AssignTarget) {
        switch target {
        case .name: break
        case .index(let object, let index, _):
            visit(object)
            visit(index)
        case .member(let member, _): visit(member.object)
        case .list(let targets, _, _):
            for target in targets { visit(target) }
        }
    }

    private mutating func visit(_ pattern: Pattern) {
        switch pattern.kind {
        case .invalid, .wildcard, .name, .literal, .type: break
        case .list(let items, _):
            for item in items { visit(item) }
        case .map(let entries):
            maps.insert(pattern.span.start)
            for entry in entries { visit(entry.pattern) }
        }
    }

    private mutating func visitLoop(_ patterns: [Pattern], _ iterable: Expr) {
        for pattern in patterns { visit(pattern) }
        if patterns.count > 1 { secondPatterns.insert(patterns[1].span.start) }
        visit(iterable)
    }

    private mutating func visitAfterWord(_ expr: Expr?) {
        guard let expr else { return }
        afterWords.insert(expr.span.start)
        visit(expr)
    }

    private mutating func visit(_ function: FunctionNode) {
        for parameter in function.parameters {
            parameters.insert(parameter.name.span.start)
            visit(parameter.defaultValue)
        }
        switch function.body {
        case .block(let block): visit(block)
        case .expression(let expr): visit(expr)
        }
    }

    private mutating func visit(_ item: ProcessItem) {
        switch item.kind {
        case .call(let expr): visit(expr)
        case .block(let function), .nested(let function): visit(function)
        }
    }

    // MARK: Expressions

    private mutating func visit(_ expr: Expr?) {
        if let expr { visit(expr) }
    }

    private mutating func visit(_ expr: Expr) {
        switch expr.kind {
        case .invalid, .nilLiteral, .bool, .int, .float, .string, .interpolation, .name, .sharedReference: break
        case .list(let items), .and(let items), .or(let items):
            for item in items { visit(item) }
        case .map(let entries):
            maps.insert(expr.span.start)
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
        case .comprehension(let node):
            comprehensions.insert(expr.span.start)
            visit(node.element)
            for clause in node.clauses {
                switch clause {
                case .iterate(let patterns, let iterable): visitLoop(patterns, iterable)
                case .filter(let condition): visit(condition)
                }
            }
        case .range(let low, let high, _):
            visit(low)
            visit(high)
        case .index(let object, let index):
            visit(object)
            visit(index)
        case .slice(let object, let low, let high, _):
            visit(object)
            visit(low)
            visit(high)
        case .member(let member): visit(member.object)
        case .call(let call):
            visit(call.callee)
            for argument in call.arguments { visit(argument.value) }
        case .negate(let operand), .not(let operand), .isType(let operand, _, _): visit(operand)
        case .arithmetic(let first, let links):
            visit(first)
            for link in links {
                if link.op == .subtract { binaryMinus.insert(link.opSpan.start) }
                visit(link.right)
            }
        case .comparison(let first, let links):
            visit(first)
            for link in links { visit(link.right) }
        case .conditional(let condition, let then, let otherwise):
            visit(condition)
            visit(then)
            visit(otherwise)
        case .lambda(let function): visit(function)
        case .parallel(let node): visit(node)
        case .start(let item): visit(item)
        case .makeChannel(_, let capacity): visit(capacity)
        }
    }

    private mutating func visit(_ node: Parallel) {
        visitAfterWord(node.supervision?.restarts)
        visitAfterWord(node.supervision?.within)
        switch node.form {
        case .items(let items):
            for item in items {
                statements.insert(item.span.start)
                visit(item)
            }
        case .each(let patterns, let iterable, let limit, let item):
            visitLoop(patterns, iterable)
            visitAfterWord(limit)
            // Where the body is one call, the tree keeps that call only.
            if case .block = item.kind {} else { statements.insert(item.span.start) }
            visit(item)
        }
    }
}
