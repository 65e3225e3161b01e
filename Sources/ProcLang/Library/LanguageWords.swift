// The words of the language by what they are, for editors and completion: keywords as the lexer knows them, types,
// and everything that the library declares.

/// Lists of words, each sorted.
public enum LanguageWords {
    /// All keywords, sorted.
    public static let keywords: [String] = TokenKind.keywords.keys.sorted()

    /// Words that mean something only inside one construct, and are names elsewhere.
    public static let contextual = ["after", "as", "closed", "first", "limit", "restarts", "supervise", "when", "within"]

    /// The names of types that are no keywords: what `x is T` tests, and the elements of shared variables.
    public static let types: [String] = {
        let names = TypeName.allCases.map(\.rawValue) + SharedType.allCases.map(\.rawValue)
        return Set(names).filter { TokenKind.keywords[$0] == nil }.sorted()
    }()

    /// The functions that are always there.
    public static var functions: [String] {
        LibraryTable().declarations.filter { $0.place == .global && TokenKind.keywords[$0.name] == nil }.map(\.name).sorted()
    }

    /// The modules that are always there.
    public static var modules: [String] { LibraryTable().moduleNames.sorted() }

    /// All lists, as one JSON object.
    public static func json() -> String {
        let lists = [
            ("keywords", keywords), ("contextual", contextual), ("types", types), ("functions", functions),
            ("modules", modules),
        ]
        let lines = lists.map { name, words in
            "  \"\(name)\": [" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }
}
