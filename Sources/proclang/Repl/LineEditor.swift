// Owns GNU readline: one line from the terminal at a time, with editing and history.
//
// Invariants
// - readline runs through its callback interface, so that the wait for a key is ours: it ends when the
//   process is cancelled (Ctrl-C reaches the supervisor, never readline's own signal handlers).
// - The terminal is in readline's mode only inside `readLine`; a script that runs in between finds it as
//   the shell left it.

import CReadline
import Glibc

/// What the person at the terminal did.
enum LineInput {
    case line(String)
    /// Ctrl-C while typing.
    case interrupted
    /// Ctrl-D on an empty line, or a terminal that went away.
    case endOfInput
}

/// The line that the callback received. A C callback cannot capture, hence module-level.
private var deliveredLine: String?
private var delivered = false

final class LineEditor {
    /// Waits until standard input is readable; false when the wait was ended by a cancellation.
    private let waitForKey: () -> Bool

    init(waitForKey: @escaping () -> Bool) {
        self.waitForKey = waitForKey
        rl_readline_name = UnsafePointer(strdup("proclang"))
        rl_catch_signals = 0
        rl_variable_bind("enable-bracketed-paste", "on")
        rl_variable_bind("blink-matching-paren", "on")
        // Tab indents until completion is installed.
        rl_bind_key(9, rl_insert)
    }

    /// Reads one line. Blocks until a line is complete, Ctrl-C or Ctrl-D.
    func readLine(prompt: String) -> LineInput {
        deliveredLine = nil
        delivered = false
        rl_callback_handler_install(prompt) { text in
            delivered = true
            if let text {
                deliveredLine = String(cString: text)
                free(text)
            }
            // Restores the terminal before anything runs.
            rl_callback_handler_remove()
        }
        while !delivered {
            guard waitForKey() else {
                rl_free_line_state()
                rl_callback_sigcleanup()
                rl_replace_line("", 0)
                rl_callback_handler_remove()
                fputs("^C\n", stdout)
                fflush(stdout)
                return .interrupted
            }
            rl_callback_read_char()
        }
        guard let line = deliveredLine else {
            fputs("\n", stdout)
            fflush(stdout)
            return .endOfInput
        }
        return .line(line)
    }
}
