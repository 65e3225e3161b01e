// `proclang explain CODE`: what each diagnostic means, with a wrong and a right example.
//
// Invariants
// - Every `DiagnosticCode` has exactly one page; the pages stand in the order of the codes.
// - Each wrong example yields its code and no other, each right one yields nothing: they are tests.
// - A page without `wrong` is about something that no short program shows.

/// One page of the manual of diagnostics.
public struct Explanation {
    /// Another file that an example needs.
    struct File {
        let path: String
        let text: String
    }

    /// What it is about.
    public let code: DiagnosticCode
    /// One line.
    public let summary: String
    /// Paragraphs, each one line of source text; wrapped when printed.
    let meaning: [String]
    /// A program with the mistake. U+FFFD stands for a byte that is not UTF-8.
    let wrong: String
    /// The program without it.
    let right: String
    /// The file that an example imports, and what it holds beside the wrong and the right example.
    let wrongFile: File?
    let rightFile: File?

    init(
        _ code: DiagnosticCode, _ summary: String, _ meaning: [String], wrong: String = "", right: String = "",
        wrongFile: File? = nil, rightFile: File? = nil
    ) {
        self.code = code
        self.summary = summary
        self.meaning = meaning
        self.wrong = wrong
        self.right = right
        self.wrongFile = wrongFile
        self.rightFile = rightFile
    }
}

/// The manual of diagnostics.
public enum Explanations {
    /// Every page, in the order of the codes.
    public static let all: [Explanation] = text + grammar + names + calls + flow + modules + running

    /// The page about a code. There is one for each.
    public static func page(for code: DiagnosticCode) -> Explanation? { all.first { $0.code == code } }

    /// The page with the name as it stands in messages and JSON, or nil.
    public static func page(named name: String) -> Explanation? {
        DiagnosticCode(rawValue: name).flatMap(page)
    }

    /// What can be explained: the codes, then the kinds of errors of a running program.
    public static let topics = all.map(\.code.rawValue) + ErrorKindPage.all.map(\.kind)

    /// The text about a code or a kind, or nil.
    public static func text(about topic: String) -> String? {
        page(named: topic)?.text() ?? ErrorKindPage.named(topic)?.text()
    }

    /// The code or kind whose name is most like `name`, if one is.
    public static func nearest(to name: String) -> String? { Suggestions.nearest(to: name, in: topics) }

    /// All codes and kinds with their summaries, a line each.
    public static func list() -> String {
        let width = topics.reduce(0) { max($0, $1.count) }
        func line(_ name: String, _ summary: String) -> String {
            name + String(repeating: " ", count: width - name.count + 2) + summary + "\n"
        }
        return all.map { line($0.code.rawValue, $0.summary) }.joined() + "\nWhile a program runs:\n\n"
            + ErrorKindPage.all.map { line($0.kind, $0.summary) }.joined()
    }
}

extension Explanation {
    static let width = 80

    /// The page as text.
    public func text() -> String {
        var result = "\(code.rawValue): \(summary)\n"
        for paragraph in meaning { result += "\n" + Explanation.wrap(paragraph) }
        if !wrong.isEmpty { result += example("Wrong:", wrong, wrongFile) }
        if !right.isEmpty { result += example("Right:", right, rightFile) }
        return result
    }

    private func example(_ title: String, _ program: String, _ file: File?) -> String {
        var result = "\n\(title)\n\n" + Explanation.indent(program)
        if let file { result += "\nwith the file \(file.path):\n\n" + Explanation.indent(file.text) }
        return result
    }

    static func indent(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
    }

    static func wrap(_ paragraph: String) -> String {
        var result = ""
        var column = 0
        for word in paragraph.split(separator: " ") {
            if column > 0, column + 1 + word.count > width {
                result += "\n"
                column = 0
            }
            if column > 0 {
                result += " "
                column += 1
            }
            result += word
            column += word.count
        }
        return result + "\n"
    }
}
