// Patterns: what stands on the left of `let`, after `?`, before `in`, and after `case` in a `match`.
//
// Invariants
// - The grammar decides which kinds may occur: everything in `match`; names, `_` and lists elsewhere.
// - Each name in a pattern is a `Name`; `declares` says whether it binds anew or assigns (receive).

final class Pattern {
    indirect enum Kind {
        case invalid
        /// `_`
        case wildcard
        case name(Name)
        /// A number (also negative), string, `nil`, `true`, `false`; compared with `==`.
        case literal(Expr)
        /// `[a, b, ...rest]`: without `rest` the length must be equal. `...` alone has a rest without a name.
        case list([Pattern], rest: Rest?)
        /// `{kind: "stop", "other key": p}`: the keys must be there, others are allowed.
        case map([(key: Expr, pattern: Pattern)])
        /// `int n`, `int _`.
        case type(TypeName, Name?)
    }
    struct Rest {
        let name: Name?
        let span: Span
    }

    let kind: Kind
    let span: Span

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }

    /// Every name in the pattern, left to right, without `_`.
    func forEachName(_ visit: (Name) -> Void) {
        switch kind {
        case .invalid, .wildcard, .literal: break
        case .name(let name): if !name.isDiscard { visit(name) }
        case .type(_, let name): if let name, !name.isDiscard { visit(name) }
        case .list(let items, let rest):
            for item in items { item.forEachName(visit) }
            if let name = rest?.name, !name.isDiscard { visit(name) }
        case .map(let entries):
            for entry in entries { entry.pattern.forEachName(visit) }
        }
    }
}
