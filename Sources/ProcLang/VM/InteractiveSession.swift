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
        let text = preview(value, options)
        return text.count > limit ? text.prefix(max(1, limit - 3)) + "..." : text
    }
}
