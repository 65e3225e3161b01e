// The one canonical style of ProcLang programs, as `proclang fmt` writes it.
//
// - Four blanks of indentation, one statement a line, one blank between words and around operators, none around
//   ranges, before `(` of a call, and inside parentheses and brackets. `;` remains only inside a block on one line.
// - A block that was written on one line stays there if it ends within 100 columns. An empty block is `{ }`.
// - Brackets whose line was broken after the opening one or beside a comma have one item a line, and a comma
//   after the last of several. Only a list of numbers keeps its rows.
// - Other line breaks stay after operators and before `.name`, indented by four; all others are removed.
// - At most one blank line is kept between statements; none at the beginning and end of a block.
// - Comments are kept as they are. Behind consecutive lines they are aligned, two blanks after the longest line.
// - The text of strings is not touched, nor a program with the comment `# fmt: off`.

/// Formats programs.
public enum Formatter {
    /// What became of a text.
    public enum Outcome {
        /// The text in canonical style; equal to the source if that was so already.
        case formatted(String)
        /// The text has syntax errors and is left alone; the diagnostics of the parser.
        case refused([Diagnostic])
    }

    /// In a program that is to stay as it is.
    static let offComment = "# fmt: off"

    /// The program in canonical style. It has the same syntax tree and the same comments; formatting it again
    /// changes nothing. Line breaks are "\n", and the text ends in one unless it is empty.
    public static func format(_ source: SourceFile) -> Outcome {
        let parsed = Parser.parse(source)
        guard !parsed.diagnostics.hasErrors else { return .refused(parsed.diagnostics) }
        let tokens = Lexer.lex(source).tokens
        let roles = SyntaxRoles(parsed.module)
        var tree = TokenTreeBuilder(source, tokens, roles)
        if tree.gaps.contains(where: { $0.comments.contains { $0.text == Formatter.offComment } }) {
            return .formatted(String(decoding: source.text, as: UTF8.self))
        }
        let statements = tree.build()
        var printer = FormatPrinter(source, tokens, roles, tree)
        return .formatted(printer.print(statements))
    }
}
