// The syntax tree as text, one S-expression: for golden tests of the parser, and to look at.
//
// Invariants
// - Different trees give different texts (spans aside).

/// Prints trees. `Dump.text(module)` puts each top-level statement on a line of its own.
public enum SyntaxDump {
    /// The tree of a module, a statement a line.
    public static func text(_ module: Module) -> String {
        module.body.statements.map(text).joined(separator: "\n")
    }

    static func text(_ block: Block) -> String {
        "{" + block.statements.map(text).joined(separator: "; ") + "}"
    }

    // MARK: Statements

    static func text(_ stmt: Stmt) -> String {
        switch stmt.kind {
        case .invalid: return "(invalid)"
        case .expression(let expr): return text(expr)
        case .block(let block): return text(block)
        case .declare(let declaration):
            let word = declaration.isVariable ? "var" : "let"
            return list(word, text(declaration.pattern), declaration.value.map(text))
        case .function(let function), .process(let function): return text(function)
        case .channels(let declaration):
            let items = declaration.items.map { item in
                item.name.text + (item.count.map { "[\(text($0))]" } ?? "")
                    + (item.capacity.map { "(\(text($0)))" } ?? "")
            }
            return list(declaration.kind.rawValue, items)
        case .shared(let items):
            return list(
                "shared",
                items.map { item in
                    item.name.text + (item.type.map { ":\($0.rawValue)" } ?? "")
                        + (item.count.map { "[\(text($0))]" } ?? "") + (item.value.map { "=\(text($0))" } ?? "")
                })
        case .assign(let target, let value): return list("=", text(target), text(value))
        case .augment(let op, let target, let value, _): return list(op.rawValue + "=", text(target), text(value))
        case .send(let channel, let value): return list("!", text(channel), text(value))
        case .receive(let source, let target): return list("?", text(source), text(target))
        case .conditional(let node):
            var parts = node.branches.flatMap { [text($0.condition), text($0.body)] }
            if let otherwise = node.otherwise { parts += ["else", text(otherwise)] }
            return list("if", parts)
        case .whileLoop(let condition, let body): return list("while", text(condition), text(body))
        case .loop(let body): return list("loop", text(body))
        case .forLoop(let node):
            return list("for", node.patterns.map(text) + ["in", text(node.iterable), text(node.body)])
        case .breakLoop: return "(break)"
        case .continueLoop: return "(continue)"
        case .returnValue(let value): return list("return", value.map(text))
        case .select(let node): return text(node)
        case .lock(let targets, let body): return list("lock", targets.map(text) + [text(body)])
        case .match(let node):
            var parts = [text(node.subject)]
            for entry in node.cases {
                parts.append(
                    list("case", text(entry.pattern), entry.condition.map { list("when", text($0)) }, text(entry.body)))
            }
            if let otherwise = node.otherwise { parts.append(list("else", text(otherwise))) }
            return list("match", parts)
        case .tryCatch(let node):
            return list(
                "try", text(node.body), node.handler.map { list("catch", $0.name?.text, text($0.body)) },
                node.finally.map { list("finally", text($0)) })
        case .raise(let value): return list("raise", text(value))
        case .importModule(let node): return list("import", quoted(node.path), node.name.text)
        }
    }

    private static func text(_ node: Select) -> String {
        var parts: [String] = []
        for entry in node.cases {
            let action: String
            switch entry.action {
            case .receive(let source, let target): action = list("?", text(source), text(target))
            case .send(let channel, let value): action = list("!", text(channel), text(value))
            }
            let replication = entry.replication.map { list("for", $0.patterns.map(text) + ["in", text($0.iterable)]) }
            parts.append(
                list("case", action, replication, entry.condition.map { list("when", text($0)) }, text(entry.body)))
        }
        if let after = node.after { parts.append(list("after", text(after.duration), text(after.body))) }
        if let otherwise = node.otherwise { parts.append(list("else", text(otherwise))) }
        if let closed = node.closed { parts.append(list("closed", text(closed))) }
        return list(node.isFirst ? "select-first" : "select", parts)
    }

    static func text(_ target: AssignTarget) -> String {
        switch target {
        case .name(let name): return name.text
        case .index(let object, let index, _): return list("index", text(object), text(index))
        case .member(let member, _): return list(".", text(member.object), member.name)
        case .list(let targets, let rest, _):
            return "["
                + (targets.map(text) + (rest.map { ["..." + ($0.target.map(text) ?? "")] } ?? [])).joined(
                    separator: " ") + "]"
        }
    }

    static func text(_ pattern: Pattern) -> String {
        switch pattern.kind {
        case .invalid: return "(invalid)"
        case .wildcard: return "_"
        case .name(let name): return name.text
        case .literal(let value): return list("literal", text(value))
        case .list(let items, let rest):
            return "[" + (items.map(text) + (rest.map { ["..." + ($0.name?.text ?? "")] } ?? [])).joined(separator: " ")
                + "]"
        case .map(let entries):
            return "{" + entries.map { "\(text($0.key)): \(text($0.pattern))" }.joined(separator: ", ") + "}"
        case .type(let type, let name): return list("type", type.rawValue, name?.text ?? "_")
        }
    }

    static func text(_ function: FunctionNode) -> String {
        let parameters = function.parameters.map { parameter -> String in
            var text = parameter.name.text
            switch parameter.kind {
            case .value: break
            case .reader: text += "?"
            case .writer: text += "!"
            case .shared: text = "shared " + text
            }
            if let value = parameter.defaultValue { text += "=" + self.text(value) }
            return text
        }
        let head = "(" + parameters.joined(separator: ", ") + ")"
        let body: String
        switch function.body {
        case .block(let block): body = text(block)
        case .expression(let expr): body = text(expr)
        }
        switch function.kind {
        case .function: return list("func", (function.name?.text ?? "") + head, body)
        case .process: return list("process", (function.name?.text ?? "") + head, body)
        case .lambda: return list("lambda", head, body)
        case .processBlock: return list("block", body)
        }
    }

    // MARK: Expressions

    static func text(_ expr: Expr) -> String {
        switch expr.kind {
        case .invalid: return "(invalid)"
        case .nilLiteral: return "nil"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .float(let value): return "\(value)"
        case .string(let value): return quoted(value)
        case .interpolation(let parts): return list("string", text(parts))
        case .name(let name): return name.text
        case .sharedReference(let name): return list("shared", name.text)
        case .list(let items): return list("list", items.map(text))
        case .map(let entries): return list("map", entries.map { "\(text($0.key)): \(text($0.value))" })
        case .comprehension(let node):
            let clauses = node.clauses.map { clause -> String in
                switch clause {
                case .iterate(let patterns, let iterable):
                    return list("for", patterns.map(text) + ["in", text(iterable)])
                case .filter(let condition): return list("if", text(condition))
                }
            }
            return list("comprehension", [text(node.element)] + clauses)
        case .range(let low, let high, let closed): return list(closed ? "..." : "..<", text(low), text(high))
        case .index(let object, let index): return list("index", text(object), text(index))
        case .slice(let object, let low, let high, let closed):
            return list("slice", text(object), low.map(text) ?? "_", closed ? "..." : "..<", high.map(text) ?? "_")
        case .member(let member): return list(".", text(member.object), member.name)
        case .call(let call):
            let arguments = call.arguments.map { ($0.label.map { "\($0): " } ?? "") + text($0.value) }
            return list("call", [text(call.callee)] + arguments)
        case .negate(let operand): return list("-", text(operand))
        case .not(let operand): return list("not", text(operand))
        case .arithmetic(let first, let links):
            return list("calc", [text(first)] + links.flatMap { [$0.op.rawValue, text($0.right)] })
        case .comparison(let first, let links):
            return list("compare", [text(first)] + links.flatMap { [$0.op.rawValue, text($0.right)] })
        case .isType(let operand, let type, let negated):
            return list(negated ? "is-not" : "is", text(operand), type.rawValue)
        case .and(let operands): return list("and", operands.map(text))
        case .or(let operands): return list("or", operands.map(text))
        case .conditional(let condition, let then, let otherwise):
            return list("cond", text(condition), text(then), text(otherwise))
        case .lambda(let function): return text(function)
        case .parallel(let node): return text(node)
        case .start(let item): return list("start", text(item))
        case .makeChannel(let kind, let capacity): return list("make-\(kind.rawValue)", capacity.map(text))
        }
    }

    private static func text(_ parts: [InterpolationPart]) -> [String] {
        parts.map { part in
            switch part {
            case .text(let text): return quoted(text)
            case .value(let expr, let format, _):
                return "{" + text(expr) + (format.map { " : " + text($0).joined(separator: " ") } ?? "") + "}"
            }
        }
    }

    private static func text(_ node: Parallel) -> String {
        var parts: [String] = []
        if let supervision = node.supervision {
            if let restarts = supervision.restarts { parts.append(list("restarts", text(restarts))) }
            if let within = supervision.within { parts.append(list("within", text(within))) }
        }
        let word = node.supervision == nil ? "parallel" : "supervise"
        switch node.form {
        case .items(let items): return list(word, parts + items.map(text))
        case .each(let patterns, let iterable, let limit, let item):
            parts += ["for"] + patterns.map(text) + ["in", text(iterable)]
            if let limit { parts.append(list("limit", text(limit))) }
            return list(word, parts + [text(item)])
        }
    }

    private static func text(_ item: ProcessItem) -> String {
        switch item.kind {
        case .call(let expr): return text(expr)
        case .block(let function): return text(function)
        case .nested(let function): return list("nested", text(function))
        }
    }

    // MARK: Helpers

    private static func list(_ head: String, _ parts: [String]) -> String {
        "(" + ([head] + parts).joined(separator: " ") + ")"
    }

    private static func list(_ head: String, _ parts: String?...) -> String { list(head, parts.compactMap { $0 }) }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
