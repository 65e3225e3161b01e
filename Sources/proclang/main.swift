// The program's entry. The usual call, `proclang FILE ARGS`, is recognised here without the argument
// parser, which alone would cost more than starting the interpreter does.

import Glibc

StandardStreams.open()
let words = Array(CommandLine.arguments.dropFirst())
if let first = words.first, !first.hasPrefix("-"), !ProclangCommand.subcommandNames.contains(first) {
    ScriptRunner(origin: .file(first), arguments: Array(words.dropFirst())).runAndExit()
}
ProclangCommand.parseAndRun(words)
