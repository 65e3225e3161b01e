// What the argument parser knows about a command: the declarations of its options, read back as data.
//
// The parser describes itself as JSON. That is the one source of the help texts, of the manual page and of the shell
// completions, so that an option cannot exist without being in all of them.

import ArgumentParser
import FoundationEssentials

/// A command with its arguments and subcommands, as declared.
struct CommandDescription: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            /// As it is typed.
            var spelling: String { (kind == "long" ? "--" : "-") + name }
        }
        /// How a shell may complete the value.
        struct Completion: Decodable {
            struct List: Decodable { let values: [String] }
            struct Files: Decodable { let extensions: [String] }
            struct Command: Decodable { let command: String }

            let list: List?
            let file: Files?
            let shellCommand: Command?
        }

        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
        let allValues: [String]?
        let completionKind: Completion?

        var isPositional: Bool { kind == "positional" }
        var takesValue: Bool { kind == "option" }
        /// The value's name as help texts write it.
        var placeholder: String { (valueName ?? "value").uppercased() }
        /// Short names first.
        var spellings: [String] {
            let names = names ?? []
            return names.filter { $0.kind != "long" }.map(\.spelling) + names.filter { $0.kind == "long" }.map(\.spelling)
        }
    }

    private struct Whole: Decodable { let command: CommandDescription }

    let commandName: String
    let abstract: String?
    let arguments: [Argument]?
    let subcommands: [CommandDescription]?

    /// The whole program.
    static let program: CommandDescription = {
        guard let whole = try? JSONDecoder().decode(Whole.self, from: Data(ProclangCommand._dumpHelp().utf8)) else {
            preconditionFailure("the argument parser describes itself in a form that is not known here")
        }
        return whole.command
    }()

    /// The declared options, without those that every command has.
    var options: [Argument] { visible.filter { !$0.isPositional && !CommandDescription.isCommon($0) } }
    /// `--help` and `--version`.
    var commonOptions: [Argument] { visible.filter { CommandDescription.isCommon($0) } }
    var positionals: [Argument] { visible.filter(\.isPositional) }
    /// Without the parser's own `help`, which is `--help` in other words.
    var commands: [CommandDescription] { (subcommands ?? []).filter { $0.commandName != "help" } }

    private var visible: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }

    private static func isCommon(_ argument: Argument) -> Bool {
        argument.spellings.contains("--help") || argument.spellings.contains("--version")
    }
}
