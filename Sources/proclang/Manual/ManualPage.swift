// The manual page proclang(1), in the man(7) macros.

enum ManualPage {
    static func render() -> String {
        let program = CommandDescription.program
        let notes = ProclangCommand.notes
        var page = ".TH PROCLANG 1 \"\" \"proclang \(ProclangCommand.configuration.version)\" \"User Commands\"\n"
        page += ".SH NAME\nproclang \\- \(escaped(sentence(program.abstract ?? "")))\n"
        page += ".SH SYNOPSIS\n" + notes.usage.map(synopsis).joined(separator: ".br\n")
        page += ".SH DESCRIPTION\n" + paragraphs(notes.discussion)
        let run = program.commands.first { $0.commandName == "run" }
        page += ".SH OPTIONS\n" + list(HelpText.options((run?.options ?? []) + program.options + program.commonOptions))
        page += ".SH COMMANDS\n"
        for command in program.commands { page += section(command) }
        for (title, items) in notes.sections { page += ".SH \(title.uppercased())\n" + list(items) }
        page += ".SH EXIT STATUS\n" + list(notes.exitStatuses)
        page += ".SH EXAMPLES\n" + list(notes.examples)
        return page
    }

    private static func section(_ command: CommandDescription) -> String {
        let notes = ProclangCommand.notes(of: command.commandName)
        var text = ".SS proclang \(escaped(command.commandName))\n"
        text += notes.usage.map(synopsis).joined(separator: ".br\n")
        text += ".PP\n" + line(command.abstract ?? "")
        if !notes.discussion.isEmpty { text += ".PP\n" + paragraphs(notes.discussion) }
        text += list(command.positionals.map { ManualItem($0.placeholder, $0.abstract ?? "") })
        text += list(HelpText.options(command.options))
        for (title, items) in notes.sections { text += ".PP\n\(escaped(title)):\n" + list(items) }
        if !notes.examples.isEmpty { text += ".PP\nExamples:\n" + list(notes.examples) }
        if !notes.exitStatuses.isEmpty { text += ".PP\nExit status:\n" + list(notes.exitStatuses) }
        return text
    }

    // MARK: Macros

    private static func synopsis(_ call: String) -> String { ".B \(escaped(call))\n" }

    private static func paragraphs(_ texts: [String]) -> String { texts.map(line).joined(separator: ".PP\n") }

    private static func list(_ items: [ManualItem]) -> String {
        items.map { ".TP\n.B \(escaped($0.term))\n" + line($0.text) }.joined()
    }

    private static func line(_ text: String) -> String { escaped(text) + "\n" }

    private static func sentence(_ text: String) -> String {
        let body = text.hasSuffix(".") ? String(text.dropLast()) : text
        return body.prefix(1).lowercased() + body.dropFirst()
    }

    /// Hyphens that can be copied, and no line that a macro could begin.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "\"": result += "\\(dq"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") ? "\\&" + result : result
    }
}
