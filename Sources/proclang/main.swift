// The program's entry. The usual call, `proclang FILE ARGS`, is recognised here without the argument
// parser, which alone would cost more than starting the interpreter does.

import CSystem
import Glibc

StandardStreams.open()
pl_clean_environment()
// Not `CommandLine`, which needs /proc.
let words = (1..<max(1, pl_argument_count())).map { String(cString: pl_argument($0)) }
if let first = words.first, !first.hasPrefix("-"), !ProclangCommand.isSubcommand(first) {
    ScriptRunner(origin: .file(first), arguments: Array(words.dropFirst())).runAndExit()
}
ProclangCommand.parseAndRun(words)
