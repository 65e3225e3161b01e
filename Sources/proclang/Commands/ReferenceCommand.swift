// `proclang reference`: the library's reference, from which docs/library.md is made.

import ArgumentParser
import ProcLang

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print the reference of the library, as Markdown.")

    func run() throws {
        print(LibraryReference.markdown(), terminator: "")
    }
}
