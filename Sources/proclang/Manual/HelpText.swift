// The help of a command, for the terminal: usage first, then what there is to choose, then examples.

import Glibc

struct HelpText {
    /// Columns of the terminal.
    let width: Int
    /// Headings and terms stand out.
    let isColoured: Bool

    /// For standard output as it is.
    static func forStandardOutput() -> HelpText {
        let columns = TerminalSize.current(STDOUT_FILENO)?.columns ?? 80
        return HelpText(width: max(40, min(columns, 100)), isColoured: Reporter.usesColour(STDOUT_FILENO))
    }

    func render(_ command: CommandDescription, isRoot: Bool) -> String {
        let notes = ProclangCommand.notes(of: command.commandName)
        let name = isRoot ? command.commandName : "proclang \(command.commandName)"
        var text = bold(name) + " - " + lowerFirst(command.abstract ?? "") + "\n"
        text += heading("Usage") + notes.usage.map { "  \($0)\n" }.joined()
        for paragraph in notes.discussion { text += "\n" + wrapped(paragraph, indent: 0) }
        if isRoot {
            text += heading("Commands")
            text += list(command.commands.map { ManualItem($0.commandName, $0.abstract ?? "") })
        }
        text += table("Arguments", command.positionals.map { ManualItem($0.placeholder, $0.abstract ?? "") })
        // What the default command takes may be given without naming it.
        let run = isRoot ? command.commands.first { $0.commandName == "run" } : nil
        text += table("Options", HelpText.options((run?.options ?? []) + command.options + command.commonOptions))
        for section in notes.sections { text += table(section.title, section.items) }
        text += table("Examples", notes.examples)
        text += table("Exit status", notes.exitStatuses)
        if isRoot { text += "\n" + wrapped("proclang COMMAND --help says more about a command; man proclang says all.", indent: 0) }
        return text
    }

    /// The options as they are listed everywhere: `-h, --help`, `--color WHEN`.
    static func options(_ arguments: [CommandDescription.Argument]) -> [ManualItem] {
        arguments.map { argument in
            let names = argument.spellings.joined(separator: ", ")
            return ManualItem(argument.takesValue ? "\(names) \(argument.placeholder)" : names, argument.abstract ?? "")
        }
    }

    // MARK: Layout

    private func table(_ title: String, _ items: [ManualItem]) -> String {
        items.isEmpty ? "" : heading(title) + list(items)
    }

    private func heading(_ title: String) -> String { "\n" + bold(title + ":") + "\n" }

    private func bold(_ text: String) -> String { isColoured ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    /// Two columns; a term that is too long for the first has a line of its own.
    private func list(_ items: [ManualItem]) -> String {
        let longest = items.reduce(0) { max($0, $1.term.count) }
        let column = min(longest, 34) + 4
        return items.map { item in
            let body = wrapped(item.text, indent: column)
            let start = "  " + item.term
            if item.term.count + 4 > column { return start + "\n" + body }
            return start + String(body.dropFirst(start.count))
        }.joined()
    }

    /// The words in lines of at most `width` columns, each after `indent` blanks.
    private func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = margin
        for word in text.split(separator: " ") {
            if line.count > indent, line.count + 1 + word.count > width {
                lines.append(line)
                line = margin
            }
            line += (line.count > indent ? " " : "") + word
        }
        return (lines + [line]).joined(separator: "\n") + "\n"
    }

    private func lowerFirst(_ sentence: String) -> String {
        let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}

/// The size of a terminal, in characters.
enum TerminalSize {
    /// Nil where there is no terminal, or one that does not know.
    static func current(_ descriptor: Int32) -> (rows: Int, columns: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
