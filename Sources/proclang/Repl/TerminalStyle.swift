// What the terminal can show, found out once: size, colours, movement of the cursor.

import Glibc
import ProcLang

struct TerminalStyle {
    /// Colours are wanted (NO_COLOR, `--color`).
    let isColoured: Bool
    /// The cursor can be moved: an ANSI terminal.
    let canMove: Bool

    init() {
        isColoured = Reporter.usesColour(STDOUT_FILENO)
        let term = getenv("TERM").map { String(cString: $0) } ?? ""
        canMove = !term.isEmpty && term != "dumb" && isatty(STDOUT_FILENO) == 1
    }

    /// Columns and rows now; 80 x 24 where the terminal does not say.
    static func size() -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// `text` with an SGR attribute, such as "1" (bold) or "2" (faint).
    func paint(_ text: String, _ attribute: String) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(attribute)m\(text)\u{1B}[0m" : text
    }

    func bold(_ text: String) -> String { paint(text, "1") }
    func faint(_ text: String) -> String { paint(text, "2") }
}
