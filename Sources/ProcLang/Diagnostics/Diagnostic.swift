// What is to be said about a script: errors, warnings, as data.
//
// Invariants
// - A diagnostic holds no terminal codes and no line breaks inside one text; `DiagnosticRenderer` and
//   `DiagnosticJSON` decide how it looks.
// - One cause makes one diagnostic. The first label is the primary one: where the mistake is. Further labels
//   point at what it contradicts.

/// Something to tell the person who wrote the script.
public struct Diagnostic: Equatable, Error {
    /// Errors keep a script from running, warnings do not.
    public enum Severity: String {
        case error, warning
    }

    /// A piece of the source with a remark (may be empty).
    public struct Label: Equatable {
        public var span: Span
        public var text: String
        public init(_ span: Span, _ text: String = "") {
            self.span = span
            self.text = text
        }
    }

    public var severity: Severity
    /// Stable, for tools and tests.
    public var code: DiagnosticCode
    /// One line, no full stop.
    public var title: String
    /// The first is the primary one. Empty when there is no place to point at.
    public var labels: [Label]
    /// Facts that help to understand.
    public var notes: [String]
    /// What to do about it.
    public var help: [String]

    public init(
        _ severity: Severity, _ code: DiagnosticCode, _ title: String, labels: [Label] = [], notes: [String] = [],
        help: [String] = []
    ) {
        self.severity = severity
        self.code = code
        self.title = title
        self.labels = labels
        self.notes = notes
        self.help = help
    }

    /// Where it is; `Span.none` without labels.
    public var span: Span { labels.first?.span ?? .none }
}

extension Array where Element == Diagnostic {
    /// Whether the script may not run.
    public var hasErrors: Bool { contains { $0.severity == .error } }

    /// By file and place, stable.
    public func sortedByPlace() -> [Diagnostic] {
        enumerated().sorted {
            let (a, b) = ($0.element.span, $1.element.span)
            if a.file != b.file { return a.file < b.file }
            if a.start != b.start { return a.start < b.start }
            return $0.offset < $1.offset
        }.map(\.element)
    }
}

/// Names the rule that a diagnostic is about.
public enum DiagnosticCode: String, CaseIterable {
    // Text
    case invalidUTF8 = "invalid-utf8"
    case tooLong = "too-long"
    case unexpectedCharacter = "unexpected-character"
    case unclosedString = "unclosed-string"
    case invalidEscape = "invalid-escape"
    case invalidNumber = "invalid-number"
    case numberTooLarge = "number-too-large"
    // Grammar
    case syntax = "syntax"
    case unclosedBracket = "unclosed-bracket"
    case unmatchedBracket = "unmatched-bracket"
    case nestedTooDeeply = "nested-too-deeply"
    /// Something of another language, with the ProcLang way as help.
    case foreignSyntax = "foreign-syntax"
    case invalidAssignment = "invalid-assignment"
    case notAProcess = "not-a-process"
    // Names
    case undefinedName = "undefined-name"
    case usedBeforeDeclaration = "used-before-declaration"
    case duplicateName = "duplicate-name"
    case assignToConstant = "assign-to-constant"
    case foreignVariable = "variable-of-another-process"
    case foreignMutation = "change-not-seen"
    case unusedVariable = "unused-variable"
    case unreachable = "unreachable-code"
    // Calls
    case arity = "arity"
    case argumentName = "argument-name"
    case processCall = "process-call"
    case direction = "direction"
    case sharedArgument = "shared-argument"
    // Control flow
    case misplaced = "misplaced"
    case nestedLock = "nested-lock"
    case lostUpdate = "lost-update"
    case emptySelect = "empty-select"
    case noEffect = "no-effect"
    /// A name takes an index, another one a pair.
    case indexAndPair = "index-and-pair"
    /// A new name where one that is known, or a type, seems to be meant.
    case bindsAnew = "binds-anew"
    case selfCommunication = "self-communication"
    case oneSidedChannel = "one-sided-channel"
    case endUsedAfterPassing = "end-used-after-passing"
    // Modules
    case importFailed = "import-failed"
    case importCycle = "import-cycle"
    // While running
    case runtime = "runtime"
    case compile = "compile"
}
