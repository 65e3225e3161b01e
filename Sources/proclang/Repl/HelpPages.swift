// `:help` and `:doc`: the library's own declarations and topics, laid out for the terminal.
//
// Invariants
// - Every line fits the width of the terminal, and a pipe's 80 columns.
// - What is said about the library comes from its declarations; nothing is written twice.

import ProcLang

struct HelpPages {
    let session: ReplSession
    private var style: TerminalStyle { session.style }
    private var width: Int { min(100, session.isTerminal ? TerminalStyle.size().columns : 80) }

    // MARK: :help

    func show(_ topic: String) {
        let word = topic.lowercased()
        if word.isEmpty { return overview() }
        if let topic = languageTopic(word) { return page(topic) }
        if let section = section(named: word) { return page(section) }
        if ReplCommands.named(word.hasPrefix(":") ? String(word.dropFirst()) : word) != nil { return overview() }
        if !LibraryReference.entries(named: topic).isEmpty { return showEntry(topic) }
        let near = HelpTopics.nearest(to: word)
        let advice = near.map { "did you mean `:help \($0)`?" } ?? "`:help` lists them"
        session.complain("there is no topic `\(topic)`; \(advice)")
    }

    /// A topic by its own name, or by a keyword that it explains.
    private func languageTopic(_ word: String) -> HelpTopic? {
        HelpTopics.language(named: word) ?? HelpTopics.topic(ofKeyword: word).flatMap(HelpTopics.language)
    }

    private func section(named word: String) -> LibraryReference.Section? {
        LibraryReference.sections.first { $0.name == word || $0.name == word + "s" }
    }

    private func overview() {
        session.say(style.bold("Commands"))
        for command in ReplCommands.all {
            session.say(rows(":" + command.usage, command.summary, indent: 20))
        }
        session.say("\n" + style.bold("Topics") + " for `:help topic`")
        session.say(wrapped(HelpTopics.language.map(\.name).joined(separator: " "), indent: 2))
        session.say(wrapped(LibraryReference.sectionNames.joined(separator: " "), indent: 2))
        session.say("\n" + style.bold("Keys"))
        for (key, meaning) in [
            ("Tab", "completes; twice lists what is possible"), ("Up, Down, Ctrl-R", "go through or search the history"),
            ("Ctrl-C", "clears the line, or cancels what runs"), ("_", "is the last value"),
        ] {
            session.say(rows(key, meaning, indent: 20))
        }
    }

    private func page(_ topic: HelpTopic) {
        session.say(style.bold(topic.title))
        session.say(wrapped(topic.text, indent: 0))
        example(topic.code, topic.output)
    }

    private func page(_ section: LibraryReference.Section) {
        session.say(style.bold(section.title))
        for entry in section.entries { session.say(rows(entry.call, entry.doc, indent: 28)) }
        if let found = section.example { example(found.code, found.output) }
    }

    private func example(_ code: String, _ output: String) {
        session.say("")
        func indented(_ text: String) {
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) { session.say("    " + line) }
        }
        indented(coloured(code))
        session.say(style.faint("  prints"))
        indented(output)
    }

    /// Code in the colours of the language.
    func coloured(_ code: String) -> String {
        guard style.isColoured else { return code }
        let bytes = Array(code.utf8)
        var out = ""
        var position = 0
        for span in Highlighter(builtins: session.interpreter.builtins).spans(of: bytes) {
            out += String(decoding: bytes[position..<span.start], as: UTF8.self)
            out += span.kind.paint(String(decoding: bytes[span.start..<span.end], as: UTF8.self))
            position = span.end
        }
        return out + String(decoding: bytes[position...], as: UTF8.self)
    }

    // MARK: :doc

    func showEntry(_ name: String) {
        guard !name.isEmpty else {
            ReplCommands.missing("a name", "doc sorted", session)
            return
        }
        if let own = session.interpreter.definition(of: name, in: session.scope) {
            session.say(style.bold(own.header))
            return session.say(style.faint("  " + own.place))
        }
        if let section = section(named: name), !name.contains("."), LibraryReference.entries(named: name).isEmpty {
            return page(section)
        }
        let found = LibraryReference.entries(named: name)
        for entry in found {
            let owner = entry.call.hasPrefix(".") ? style.faint("  (\(entry.section.name))") : ""
            session.say(style.bold(entry.call) + owner)
            session.say(wrapped(entry.doc, indent: 4))
        }
        if !found.isEmpty {
            let section = found[0].section.name
            return session.say(style.faint("  `:help \(section)` shows an example"))
        }
        if let topic = languageTopic(name) { return page(topic) }
        let near = Suggestions.nearest(to: name, in: LibraryReference.entryNames + session.scope.names)
        let advice = near.map { "did you mean `:doc \($0)`?" } ?? "`:help` lists topics"
        session.complain("nothing is known of `\(name)`; \(advice)")
    }

    // MARK: Layout

    /// A term and its meaning beside it, wrapped.
    private func rows(_ term: String, _ meaning: String, indent: Int) -> String {
        let head = "  " + term
        let body = wrapped(meaning, indent: indent)
        guard head.count + 2 <= indent else { return style.bold(head) + "\n" + body }
        return style.bold(head) + String(body.dropFirst(head.count))
    }

    /// Words in lines that fit, indented.
    private func wrapped(_ text: String, indent: Int) -> String { session.wrapped(text, indent: indent, width: width) }
}

extension ReplSession {
    /// Words in lines of at most `width` columns (those of the terminal), indented. Line breaks of the text are blanks.
    func wrapped(_ text: String, indent: Int = 0, width: Int? = nil) -> String {
        let width = width ?? min(100, isTerminal ? TerminalStyle.size().columns : 80)
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, indent + line.count + 1 + word.count > width - 1 {
                lines.append(margin + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(margin + line)
        return lines.joined(separator: "\n")
    }
}
