// What a REPL needs of the interpreter beyond running: giving names to values, types, and which processes a
// statement has started.

extension Interpreter {
    /// Gives `value` the name `name` at the top level of an interactive scope, in the place of what had it before.
    public func define(_ name: String, _ value: Value, in scope: ModuleScope) {
        let slot: Int
        if let binding = scope.binding(name), binding.kind == .constant, binding.owner == nil, binding.isGlobal {
            slot = binding.globalSlot
        } else {
            slot = scope.table.makeSlot(name)
            let binding = Binding(name: name, span: .none, kind: .constant, owner: nil, isGlobal: true, globalSlot: slot)
            binding.isCaptured = true
            binding.isUsed = true
            scope.define(binding)
        }
        vm.growGlobals(to: scope.table.count)
        vm.globals[slot] = value
    }

    /// Lets go of the values that names had before they were declared anew, and of the ends in them, unless a function
    /// still uses them. Between two inputs.
    public func releaseRetired(in scope: ModuleScope) { release(scope.takeRetired()) }

    /// Lets go of the values of all names of a scope that is not used again.
    public func forget(_ scope: ModuleScope) { release(scope.everything) }

    private func release(_ bindings: [Binding]) {
        var holdsSomething = false
        for binding in bindings where binding.globalSlot >= 0 && binding.globalSlot < vm.globalCount {
            let value = vm.globals[binding.globalSlot]
            if value.isNumber || value.isNil || value.isAbsent || value.tag == Tag.bool { continue }
            vm.retired.add(binding.globalSlot)
            holdsSomething = true
        }
        if holdsSomething { vm.collect(top: vm.stackTop) }
    }

    /// How a function, process or variable of the script was declared, and where; nil for an unknown name.
    public func definition(of name: String, in scope: ModuleScope) -> (header: String, place: String)? {
        guard let binding = scope.binding(name), let file = sources.file(of: binding.span) else { return nil }
        let position = file.position(at: binding.span.start)
        let place = "\(file.path):\(position.line)"
        if let node = binding.function { return (file.string(node.headerSpan), place) }
        let line = file.bounds(ofLine: position.line)
        var text = String(decoding: file.text[line], as: UTF8.self)[...]
        while text.first == " " { text = text.dropFirst() }
        return (String(text), place)
    }

    /// The end of a process that is killed from the prompt is no failure to report.
    public func expectEnd(of process: ProcessRef) { vm.quietProcesses.insert(process) }

    /// The value of what has none.
    public var nilValue: Value { .nil }

    /// The name of the value's type, as `type(value)` gives it.
    public func typeName(_ value: Value) -> String { value.typeName }

    /// The text of a message that is still unread, shortened to about `limit` characters. Its ends are only named.
    public func messageText(_ message: [UInt8], limit: Int) -> String {
        defer { vm.collectIfWanted() }
        guard let value = message.withUnsafeBytes({ try? vm.decode($0) }) else {
            vm.pendingError = .nil
            return "?"
        }
        var options = Preview(width: 100_000, isColoured: false)
        options.items = 6
        options.innerItems = 3
        options.characters = limit
        options.innerCharacters = limit
        let text = preview(value, options)
        return text.count > limit ? text.prefix(max(1, limit - 3)) + "..." : text
    }
}
