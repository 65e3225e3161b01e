// `proclang reference`: what the program knows about itself, for files that are made from it: docs/library.md, the
// manual page, the completions of shells, the keyword list of editors.

import ArgumentParser
import ProcLang

struct ReferenceCommand: DocumentedCommand {
    enum Topic: String, ExpressibleByArgument, CaseIterable {
        case library, man, bash, zsh, fish, words
    }

    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print the library's reference, manual page or completions.")

    static let notes = CommandNotes(
        usage: ["proclang reference [TOPIC]"],
        examples: [
            ManualItem("proclang reference", "the reference of the library, as Markdown"),
            ManualItem("proclang reference man | man -l -", "read the manual page without installing it"),
            ManualItem("eval \"$(proclang reference bash)\"", "completion in this shell"),
        ],
        exitStatuses: [ManualItem("0", "printed"), ManualItem("2", "there is no such topic")])

    @Argument(help: "library (the default), man, bash, zsh, fish, or words: keywords and names, as JSON for editors.")
    var topic: Topic = .library

    func run() throws {
        let text: String
        switch topic {
        case .library: text = LibraryReference.markdown()
        case .man: text = ManualPage.render()
        case .bash: text = ShellCompletions().bash()
        case .zsh: text = ShellCompletions().zsh()
        case .fish: text = ShellCompletions().fish()
        case .words: text = LanguageWords.json()
        }
        print(text, terminator: "")
    }
}
