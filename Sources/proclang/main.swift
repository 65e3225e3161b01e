// The program's entry. The usual call, `proclang FILE ARGS`, is recognised here without the argument
// parser, which alone would cost more than starting the interpreter does.

import Glibc

StandardStreams.open()
let words = (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0].map { String(cString: $0) } }
if let first = words.first, !first.hasPrefix("-"), !ProclangCommand.isSubcommand(first) {
    ScriptRunner(origin: .file(first), arguments: Array(words.dropFirst())).runAndExit()
}
ProclangCommand.parseAndRun(words)
