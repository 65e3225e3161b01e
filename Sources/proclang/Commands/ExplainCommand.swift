// `proclang explain`: the manual of diagnostics.

import ArgumentParser
import ProcLang

struct ExplainCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain an error or a warning by its code, or list all codes.")

    static let notes = CommandNotes(
        usage: ["proclang explain [CODE]"],
        discussion: ["The code stands in brackets after `error` or `warning` in a message."],
        examples: [
            ManualItem("proclang explain", "all codes, with a line about each"),
            ManualItem("proclang explain undefined-name", "what it means, a wrong and a right program"),
        ],
        exitStatuses: [ManualItem("0", "printed"), ManualItem("2", "there is no such code")])

    @Argument(
        help: "The code, for example undefined-name.",
        completion: .list(Explanations.all.map(\.code.rawValue)))
    var code: String?

    func run() throws {
        guard let code else {
            return print(Explanations.list(), terminator: "")
        }
        guard let page = Explanations.page(named: code) else {
            let hint = Explanations.nearest(to: code).map { "did you mean \($0)?" } ?? "proclang explain lists all codes"
            throw ValidationError("there is no diagnostic \(code); \(hint)")
        }
        print(page.text(), terminator: "")
    }
}
