// What the manual says about a command beyond its options: how it is called, examples, exit statuses.
//
// Each command declares its notes beside its options; help texts and the manual page show both.

import ArgumentParser

/// A text beside a term: an example and what it does, an exit status and what it means.
struct ManualItem {
    let term: String
    let text: String

    init(_ term: String, _ text: String) {
        self.term = term
        self.text = text
    }
}

struct CommandNotes {
    /// The ways to call the command, as full command lines.
    var usage: [String]
    /// Paragraphs.
    var discussion: [String] = []
    var examples: [ManualItem] = []
    var exitStatuses: [ManualItem] = []
    /// Further lists under a heading of their own.
    var sections: [(title: String, items: [ManualItem])] = []
}

/// A command with notes.
protocol DocumentedCommand: ParsableCommand {
    static var notes: CommandNotes { get }
}

extension ProclangCommand {
    /// The notes of a command, by the name that the parser gives it.
    static func notes(of command: String) -> CommandNotes {
        for case let type as DocumentedCommand.Type in configuration.subcommands where type._commandName == command {
            return type.notes
        }
        return notes
    }
}
