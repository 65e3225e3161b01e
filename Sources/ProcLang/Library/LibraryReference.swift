// The library's reference, made from its own declarations: `docs/library.md` is this text, and a test keeps it so.

public enum LibraryReference {
    /// The whole reference as Markdown.
    public static func markdown() -> String {
        let table = LibraryTable()
        var text = """
            # The library

            Made from the library's declarations by `proclang reference`; do not edit. An argument in brackets may be
            left out, `name:` is given by name, `...` takes any number.

            """
        text += section("Always there", table.declarations.filter { $0.place == .global }) { $0.call(prefix: "") }
        for (title, tag) in kinds {
            let methods = table.declarations.filter { $0.place == .method(tag) }
            text += section("Methods of \(title)", methods) { $0.call(prefix: ".") }
        }
        for module in table.moduleNames.sorted() {
            let functions = table.declarations.filter { $0.place == .module(module) }
            text += section("The module `\(module)`", functions) { $0.call(prefix: module + ".") }
            for constant in table.constants where constant.module == module {
                text += "- `\(module).\(constant.name)`: \(constant.doc)\n"
            }
        }
        return text
    }

    private static let kinds: [(title: String, tag: UInt64)] = [
        ("strings", Tag.string), ("bytes", Tag.bytes), ("lists", Tag.list), ("maps", Tag.map), ("ranges", Tag.range),
        ("channels, queues and pipe ends", Tag.end), ("handles", Tag.handle),
        ("barriers, semaphores and events", Tag.sync), ("shared variables", Tag.shared),
    ]

    private static func section(
        _ title: String, _ declarations: [NativeDeclaration], _ call: (NativeDeclaration) -> String
    ) -> String {
        var text = "\n## \(title)\n\n"
        for declaration in declarations { text += "- `\(call(declaration))`: \(declaration.doc)\n" }
        return declarations.isEmpty && !title.hasPrefix("The module") ? "" : text
    }
}

extension NativeDeclaration {
    /// How a call looks: `name(a, [b], key: x, ...items)`.
    func call(prefix: String) -> String {
        var parts = parameters.filter { !$0.namedOnly }.map { $0.isRequired ? $0.name : "[\($0.name)]" }
        if let variadic { parts.append("...\(variadic)") }
        if takesAnyName { parts = ["name: value, ..."] }
        parts += parameters.filter(\.namedOnly).map { "[\($0.name):]" }
        return prefix + name + "(" + parts.joined(separator: ", ") + ")"
    }
}
