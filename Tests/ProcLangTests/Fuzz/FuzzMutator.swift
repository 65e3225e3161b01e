// Makes new texts of old ones: byte by byte, token by token, and by nesting things deeply.

@testable import ProcLang

struct FuzzMutator {
    var random: FuzzRandom
    /// Texts to take pieces from.
    let corpus: [[UInt8]]

    static let words: [String] =
        TokenKind.keywords.keys.sorted() + [
            "limit", "when", "after", "first", "closed", "supervise", "restarts", "within", "as", "x", "c", "print", "_",
            "int", "list", "error", "0", "1", "9223372036854775808", "1e999", "250ms", "0x", "1_", "\"", "'", "\"\"\"", "\"a{",
            "{", "}", "(", ")", "[", "]", ",", ";", ":", ".", "..", "...", "..<", "=", "==", "=>", "+", "-", "*", "**", "/", "//",
            "%", "!", "?", "!=", "<", ">", "<=", "+=", "-=", "&&", "||", "++", "->", "<-", ":=", "===", "#", "\\", "@", "$", "\n",
            "\u{0}", "\u{FEFF}", "é", "名", "😀", "\u{301}", "\r\n", "\t",
        ]

    /// What can stand inside itself: before and after.
    static let nestings = [
        ("(", ")"), ("[", "]"), ("{", "}"), ("{a:", "}"), ("-", ""), ("not ", ""), ("\"{", "}\""), ("f(", ")"), ("if x {", "}"),
        ("x => ", ""), ("1 + ", ""), ("1 ** ", ""), ("a.", "b"), ("parallel {", "}"), ("[x for x in ", "]"), ("match x { case ", "{ } }"),
        ("if x { } else ", "{ }"), ("a[", "]"), ("start ", "f()"), ("func() {", "}"), ("1 if x else ", "2"), ("try { ", "} catch e { }"),
    ]

    /// A text made from one of the corpus.
    mutating func mutant() -> [UInt8] {
        var text = random.pick(corpus)
        for _ in 0...random.small(6) {
            switch random.below(9) {
            case 0: text = mutateBytes(text)
            case 1, 2, 3, 4: text = mutateTokens(text)
            case 5: text = respaced(text)
            case 6: text = spliced(text)
            case 7: text = nested(text)
            default: text = Array(text.prefix(random.below(text.count + 1)))
            }
        }
        return Array(text.prefix(60_000))
    }

    private mutating func mutateBytes(_ text: [UInt8]) -> [UInt8] {
        var result = text
        for _ in 0...random.small(8) {
            let at = random.below(result.count + 1)
            switch random.below(4) {
            case 0 where at < result.count: result.remove(at: at)
            case 1 where at < result.count: result[at] = UInt8(truncatingIfNeeded: random.next())
            case 2 where at < result.count: result[at] ^= 1 << UInt8(random.below(8))
            default: result.insert(contentsOf: Array(random.pick(FuzzMutator.words).utf8), at: at)
            }
        }
        return result
    }

    private func pieces(_ text: [UInt8]) -> [Range<Int>] {
        let tokens = Lexer.lex(SourceMap().add(path: "fuzz.proc", text: text)).tokens
        return tokens.compactMap { $0.start < $0.end ? Int($0.start)..<Int($0.end) : nil }
    }

    private mutating func mutateTokens(_ text: [UInt8]) -> [UInt8] {
        let tokens = pieces(text)
        guard !tokens.isEmpty else { return Array(random.pick(FuzzMutator.words).utf8) }
        let one = random.pick(tokens)
        let other = random.pick(tokens)
        switch random.below(5) {
        case 0: return Array(text[..<one.lowerBound]) + text[one.upperBound...]
        case 1: return Array(text[..<one.upperBound]) + [32] + text[other] + text[one.upperBound...]
        case 2: return Array(text[..<one.lowerBound]) + text[other] + text[one.upperBound...]
        case 3:
            return Array(text[..<one.lowerBound]) + Array(random.pick(FuzzMutator.words).utf8) + text[one.upperBound...]
        default:
            return Array(text[..<one.lowerBound]) + Array(random.pick(FuzzMutator.words).utf8) + [32]
                + text[one.lowerBound...]
        }
    }

    /// The same tokens with other blanks, line breaks and comments between them; often the same program.
    mutating func respaced(_ text: [UInt8]) -> [UInt8] {
        let lexed = Lexer.lex(SourceMap().add(path: "fuzz.proc", text: text)).tokens
        let strangeness = random.pick([2, 10, 40])
        var result: [UInt8] = []
        var end = 0
        var depth = 0
        for token in lexed {
            let gap = text[min(end, Int(token.start))..<Int(token.start)]
            if depth == 0, random.chance(strangeness) {
                switch random.below(6) {
                case 0: result.append(10)
                case 1: result += Array("# a comment\n".utf8)
                case 2: result += Array("   ".utf8)
                case 3: result += Array("\n\n\n  # one\n# two\n".utf8)
                case 4 where gap.allSatisfy({ $0 == 32 }): break
                default: result += gap
                }
            } else {
                result += gap
            }
            result += text[Int(token.start)..<Int(token.end)]
            if token.kind == .stringStart { depth += 1 }
            if token.kind == .stringEnd { depth -= 1 }
            end = Int(token.end)
        }
        return result + text[min(end, text.count)...]
    }

    private mutating func spliced(_ text: [UInt8]) -> [UInt8] {
        let donor = random.pick(corpus)
        let lines = donor.split(separator: 10, omittingEmptySubsequences: false)
        let first = random.below(lines.count)
        let taken = lines[first..<min(lines.count, first + 1 + random.small(6))]
        var own = text.split(separator: 10, omittingEmptySubsequences: false)
        own.insert(contentsOf: taken, at: random.below(own.count + 1))
        return Array(own.joined(separator: [10]))
    }

    private mutating func nested(_ text: [UInt8]) -> [UInt8] {
        let tokens = pieces(text)
        let at = tokens.isEmpty ? 0 : random.pick(tokens).lowerBound
        let count = random.pick([3, 60, 190, 210, 3000])
        let (open, close) = random.pick(FuzzMutator.nestings)
        var result = Array(text[..<at])
        for _ in 0..<count { result += Array(open.utf8) }
        if random.chance(70) { result += Array("x".utf8) }
        for _ in 0..<(random.chance(80) ? count : count - 1) { result += Array(close.utf8) }
        return result + text[at...]
    }
}
