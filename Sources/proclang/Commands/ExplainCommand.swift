// `proclang explain`: the manual of diagnostics and of the kinds of errors.

import ArgumentParser
import ProcLang

struct ExplainCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain an error or a warning by its code or kind.")

    static let notes = CommandNotes(
        usage: ["proclang explain [CODE | KIND]"],
        discussion: [
            "The code stands in brackets at the end of a message's first line; the message of an error of a running "
                + "program begins with its kind."
        ],
        examples: [
            ManualItem("proclang explain", "all codes and kinds, with a line about each"),
            ManualItem("proclang explain undefined-name", "what it means, a wrong and a right program"),
            ManualItem("proclang explain deadlock", "when it is raised, and what to do about it"),
        ],
        exitStatuses: [ManualItem("0", "printed"), ManualItem("2", "there is no such code or kind")])

    @Argument(
        help: "The code or kind, for example undefined-name or timeout.",
        completion: .list(Explanations.topics))
    var code: String?

    func run() throws {
        guard let code else {
            return print(Explanations.list(), terminator: "")
        }
        guard let text = Explanations.text(about: code) else {
            let hint = Explanations.nearest(to: code).map { "did you mean \($0)?" } ?? "proclang explain lists all codes"
            throw ValidationError("there is no diagnostic \(code); \(hint)")
        }
        print(text, terminator: "")
    }
}
