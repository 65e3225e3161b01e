// The library's reference, made from its own declarations: `docs/library.md` is this text, and a test keeps it so.

/// The reference as a whole, by parts and by entries.
public enum LibraryReference {
    /// A part of the library: what its topic is called, its title, its declarations as (call, documentation).
    public struct Section {
        public let name: String
        public let title: String
        public let entries: [(call: String, doc: String)]
        /// A program and what it prints.
        public let example: (code: String, output: String)?
    }

    /// The whole reference as Markdown.
    public static func markdown() -> String {
        var text = """
            # The library

            Made from the library's declarations by `proclang reference`; do not edit. An argument in brackets may be
            left out, `name:` is given by name, `...` takes any number. In the REPL, `:help lists` shows a section and
            `:doc sorted` one entry. The tests run the examples.

            """
        for section in sections {
            text += "\n## \(section.title)\n\n"
            for entry in section.entries {
                text += "- `\(entry.call)`: \(entry.doc)\n"
                if let example = LibraryExamples.example(exampleKey(section, entry.call)) { text += line(example) }
            }
            if let example = section.example { text += program(example.code, example.output) }
        }
        text += "\n# Topics\n\nWhat `:help` says about the language itself.\n"
        for topic in HelpTopics.language {
            text += "\n## `\(topic.name)`: \(topic.title)\n\n\(topic.text)\n" + program(topic.code, topic.output)
        }
        return text
    }

    private static func line(_ example: LibraryExamples.Example) -> String {
        if example.result.isEmpty { return "  `\(example.code)`\n" }
        return "  `\(example.code)` \(example.prints ? "prints" : "gives") `\(example.result)`\n"
    }

    /// The key in `LibraryExamples` of an entry: `print`, `strings.upper`, `math.sqrt`.
    private static func exampleKey(_ section: Section, _ call: String) -> String {
        let name = String(call.prefix { $0 != "(" })
        return name.hasPrefix(".") ? section.name + name : name
    }

    /// The keys of all examples that there must be.
    static func exampleKeys() -> [String] {
        sections.flatMap { section in section.entries.map { exampleKey(section, $0.call) } }
    }

    private static func program(_ code: String, _ output: String) -> String {
        "\n```proc\n\(code)\n```\n```output\n\(output)\n```\n"
    }

    /// All sections, in the order of the reference.
    public static let sections: [Section] = {
        let table = LibraryTable()
        var found = [section("functions", "Always there", table.declarations.filter { $0.place == .global }, prefix: "")]
        for (name, title, tag) in kinds {
            let methods = table.declarations.filter { $0.place == .method(tag) }
            if !methods.isEmpty { found.append(section(name, "Methods of \(title)", methods, prefix: ".")) }
        }
        for module in table.moduleNames.sorted() {
            let functions = table.declarations.filter { $0.place == .module(module) }
            let constants = table.constants.filter { $0.module == module }.map { ("\(module).\($0.name)", $0.doc) }
            found.append(section(module, "The module `\(module)`", functions, prefix: module + ".", constants))
        }
        return found
    }()

    /// The topics of the sections.
    public static var sectionNames: [String] { sections.map(\.name) }

    /// The entries that a word names: `print`, `math.sqrt`, `.append`, `lists.append`, `append`.
    public static func entries(named word: String) -> [(section: Section, call: String, doc: String)] {
        let parts = word.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard let last = parts.last else { return [] }
        var found: [(section: Section, call: String, doc: String)] = []
        for section in sections {
            if parts.count > 1, section.name != parts[0], section.name != parts[0] + "s" { continue }
            for entry in section.entries {
                let name = entry.call.prefix { $0 != "(" }.split(separator: ".").last.map(String.init) ?? ""
                guard name == last else { continue }
                // A plain word means the function of that name before methods and modules.
                if parts.count == 1, word.hasPrefix("."), !entry.call.hasPrefix(".") { continue }
                found.append((section, entry.call, entry.doc))
            }
        }
        return found
    }

    /// The names of all entries, for suggestions.
    public static var entryNames: [String] {
        sections.flatMap { section in
            section.entries.map { String($0.call.prefix { $0 != "(" }.drop { $0 == "." }) }
        }
    }

    private static let kinds: [(name: String, title: String, tag: UInt64)] = [
        ("strings", "strings", Tag.string), ("bytes", "bytes", Tag.bytes), ("lists", "lists", Tag.list),
        ("maps", "maps", Tag.map), ("ranges", "ranges", Tag.range),
        ("ends", "channels, queues and pipe ends", Tag.end), ("handles", "handles", Tag.handle),
        ("sync", "barriers, semaphores and events", Tag.sync),
    ]

    private static func section(
        _ name: String, _ title: String, _ declarations: [NativeDeclaration], prefix: String,
        _ constants: [(String, String)] = []
    ) -> Section {
        Section(
            name: name, title: title,
            entries: declarations.map { ($0.call(prefix: prefix), $0.doc) } + constants, example: HelpTopics.sections[name])
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
