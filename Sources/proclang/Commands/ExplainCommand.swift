// `proclang explain`: the manual of diagnostics.

import ArgumentParser
import ProcLang

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Explain an error or a warning by its code; without one, list all codes.")

    @Argument(help: "The code, for example undefined-name.")
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
