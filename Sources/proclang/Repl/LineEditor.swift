// Owns GNU readline: one statement from the terminal at a time, with editing, history, completion.
//
// readline keeps the text, the history and the keys (also the person's own, from the section `$if proclang` of an
// inputrc). The editor decides what Enter, Tab and the arrows mean in a text of several lines, and draws it.
//
// Invariants
// - readline runs through its callback interface, so that the wait for a key is ours: it ends when the process is
//   cancelled (Ctrl-C reaches the supervisor, never readline's own signal handlers) and when a process of the
//   program has written to the terminal.
// - Every change of the screen happens inside `TerminalPrompt.update`, where nobody else writes.
// - The terminal is in readline's mode only inside `readStatement`; a statement that runs in between finds it as the
//   shell left it.

import CReadline
import Glibc
import ProcLang
import ProcRuntime

/// What the person at the terminal did.
enum LineInput {
    case statement(String)
    /// Ctrl-C while typing.
    case interrupted
    /// Ctrl-D on an empty line, or a terminal that went away.
    case endOfInput
}

/// What readline calls for a key.
private typealias KeyFunction = @convention(c) (Int32, Int32) -> Int32

/// For the handler of SIGCONT: the process was stopped and goes on, perhaps with a terminal in another mode.
private var wasContinued = false
private var continuedEvent: Int32 = -1

/// The editor that readline's functions work for: C callbacks cannot capture.
private var present: LineEditor!

final class LineEditor {
    private let runtime: Runtime
    private let style: TerminalStyle
    private var display: LineDisplay
    private let event: Int32
    private var settings = termios()
    private let complete: (String) -> CompletionSet
    /// Called while nobody types; true while there is something to look after.
    private let lookAround: () -> Bool
    private var prompt = "> "
    private let continuation = ". "
    private var accepted: String?
    private var isOver = false
    private var isFinished: Bool { accepted != nil || isOver }

    /// `complete` gets the text before the cursor; `lookAround`: see there. Throws when the terminal cannot be used.
    init(
        runtime: Runtime, style: TerminalStyle, highlighter: Highlighter, lookAround: @escaping () -> Bool,
        complete: @escaping (String) -> CompletionSet
    ) throws {
        self.lookAround = lookAround
        self.runtime = runtime
        self.style = style
        self.complete = complete
        display = LineDisplay(highlighter: highlighter, style: style)
        event = try TerminalPrompt.open(plain: !style.canMove)
        present = self
        keepOutputAtInterrupt()
        continuedEvent = event
        signal(SIGCONT) { _ in
            let saved = errno
            wasContinued = true
            var one: UInt64 = 1
            _ = write(continuedEvent, &one, 8)
            errno = saved
        }
        rl_readline_name = UnsafePointer(strdup("proclang"))
        rl_catch_signals = 0
        rl_catch_sigwinch = 0
        rl_variable_bind("enable-bracketed-paste", style.canMove ? "on" : "off")
        rl_initialize()
        if style.canMove {
            rl_redisplay_function = { present.redraw() }
            bindKeys()
        } else {
            rl_bind_key(9, rl_insert)
        }
    }

    // MARK: The terminal

    /// At Ctrl-C the terminal driver sends the signal first and throws away unread output after it: what the prompt
    /// answers could be lost. So that is switched off, and what was typed before Ctrl-C is thrown away here.
    private func keepOutputAtInterrupt() {
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        var changed = settings
        changed.c_lflag |= tcflag_t(NOFLSH)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &changed)
    }

    /// Throws away what was typed and not read yet.
    static func dropTypedAhead() { tcflush(STDIN_FILENO, TCIFLUSH) }

    /// Leaves the terminal as it was.
    func end() { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }

    // MARK: One statement

    /// Reads a statement: as many lines as the parser needs to see its end. Waits.
    func readStatement(prompt: String) -> LineInput {
        self.prompt = prompt
        guard style.canMove else { return readPlainStatement(prompt) }
        switch read(prompt) {
        case .statement(let text):
            var text = text[...]
            while let last = text.last, last.isWhitespace { text.removeLast() }
            return .statement(String(text))
        case let other: return other
        }
    }

    /// On a terminal without cursor movement: line by line.
    private func readPlainStatement(_ prompt: String) -> LineInput {
        var text = ""
        while true {
            switch read(text.isEmpty ? prompt : continuation) {
            case .statement(let line):
                let isForced = line.isEmpty && !text.isEmpty
                text += text.isEmpty ? line : "\n" + line
                if text.allSatisfy(\.isWhitespace) || text.hasPrefix(":") || isForced || !Loader.isIncomplete(text) {
                    return .statement(text)
                }
            case let other: return other
            }
        }
    }

    private func read(_ prompt: String) -> LineInput {
        accepted = nil
        isOver = false
        TerminalPrompt.update { screen in
            if !screen.isAtLineStart { emit("\r\n") }
            display.forget()
            rl_callback_handler_install(prompt) { text in present.delivered(text) }
            return display.rowsAbove
        }
        while !isFinished {
            switch waitForKey() {
            case .interrupted:
                TerminalPrompt.update { screen in
                    giveUp(screen)
                    return nil
                }
                return .interrupted
            case .erased:
                awaitBurst()
                redrawAfterOutput()
            case .key:
                TerminalPrompt.update { screen in
                    if screen.wasErased { standAgain(screen) }
                    // Another process may have read the key: waiting for the next one here would keep all from writing.
                    if LineEditor.keyIsThere { rl_callback_read_char() }
                    return isFinished ? nil : display.rowsAbove
                }
            }
        }
        guard let accepted else { return .endOfInput }
        return .statement(accepted)
    }

    /// Output comes in bursts: the prompt is drawn again when one is over, or a key comes.
    private func awaitBurst() {
        var key = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        _ = runtime.waitExternal(&key, 1, deadline: runtime.monotonicNow() + 15_000_000)
    }

    private static var keyIsThere: Bool {
        var key = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&key, 1, 0) > 0
    }

    private enum Happening { case key, erased, interrupted }

    private func waitForKey() -> Happening {
        var polls = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: event, events: Int16(POLLIN), revents: 0),
        ]
        wait: while true {
            let deadline = lookAround() ? runtime.monotonicNow() + 500_000_000 : Int64.max
            switch runtime.waitExternal(&polls, polls.count, deadline: deadline) {
            case .timedOut: continue
            case .cancelled:
                runtime.acceptCancellation()
                LineEditor.dropTypedAhead()
                return .interrupted
            case .done, .deadlocked, .failed: break wait
            }
        }
        if polls[1].revents != 0 {
            TerminalPrompt.takeEvent(event)
            return .erased
        }
        return .key
    }

    /// readline has a line, or its end.
    private func delivered(_ text: UnsafeMutablePointer<CChar>?) {
        if let text {
            accepted = String(cString: text)
            free(text)
        } else {
            isOver = true
        }
        // Restores the terminal before anything runs, and before the screen shows that the line was taken.
        rl_callback_handler_remove()
        let size = TerminalStyle.size()
        if style.canMove { emit(display.leave(columns: size.columns, rows: size.rows)) } else if isOver { emit("\n") }
    }

    /// Ctrl-C: the text stays on the screen as it is, a new prompt comes below.
    private func giveUp(_ screen: TerminalPrompt.Screen) {
        rl_free_line_state()
        rl_callback_sigcleanup()
        let isDrawn = style.canMove && !screen.wasErased
        if isDrawn {
            rl_point = rl_end
            redraw(isFinal: true)
        }
        emit(style.faint("^C"))
        rl_replace_line("", 0)
        rl_callback_handler_remove()
        let size = TerminalStyle.size()
        emit(isDrawn ? display.leave(columns: size.columns, rows: size.rows) : "\n")
    }

    // MARK: The screen

    /// A process has written: the prompt is drawn again below.
    private func redrawAfterOutput() {
        TerminalPrompt.update { screen in
            if wasContinued {
                // Ctrl-Z and `fg`: the shell has the terminal in its own mode, and has written to it.
                wasContinued = false
                rl_deprep_terminal()
                rl_prep_terminal(1)
                standAgain(screen)
            } else if screen.wasErased {
                standAgain(screen)
            }
            return display.rowsAbove
        }
    }

    private func standAgain(_ screen: TerminalPrompt.Screen) {
        if !screen.isAtLineStart { emit("\r\n") }
        display.forget()
        rl_forced_update_display()
    }

    /// readline's redisplay.
    private func redraw(isFinal: Bool = false) {
        var content = LineDisplay.Content()
        let shownPrompt = rl_display_prompt.map { String(cString: $0) } ?? ""
        content.prompt = shownPrompt.filter { $0 != "\u{1}" && $0 != "\u{2}" }
        content.promptAttribute = content.prompt == prompt ? "1;34" : "2"
        content.continuation = continuation
        content.text = bytes
        content.point = Int(rl_point)
        if !isFinal { content.matched = matchedBrackets(content.text, content.point) }
        let size = TerminalStyle.size()
        emit(display.draw(content, columns: size.columns, rows: size.rows))
    }

    /// The bracket before the cursor, or under it, and its partner.
    private func matchedBrackets(_ text: [UInt8], _ point: Int) -> [Int] {
        for offset in [point - 1, point] where offset >= 0 && offset < text.count {
            guard "()[]{}".utf8.contains(text[offset]) else { continue }
            if let partner = Highlighter.partner(of: offset, in: text) { return [offset, partner] }
        }
        return []
    }

    private func emit(_ text: String) {
        fflush(stdout)
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = write(STDOUT_FILENO, rest.baseAddress, rest.count)
                if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    // MARK: The text

    private var bytes: [UInt8] {
        guard let buffer = rl_line_buffer else { return [] }
        return (0..<Int(rl_end)).map { UInt8(bitPattern: buffer[$0]) }
    }

    private var textBeforeCursor: String { String(decoding: bytes.prefix(Int(rl_point)), as: UTF8.self) }

    /// The offsets of the line in which the cursor is, without its newline.
    private var presentLine: Range<Int> {
        let text = bytes
        let point = Int(rl_point)
        let start = (text[..<point].lastIndex(of: 10) ?? -1) + 1
        return start..<(text[point...].firstIndex(of: 10) ?? text.count)
    }

    private var isMultiLine: Bool { bytes.contains(10) }

    // MARK: Keys

    private func bindKeys() {
        let maps = ["emacs-standard", "vi-insert"].map { (name: String) in rl_get_keymap_by_name(name) }
        func bind(_ key: Int32, _ function: KeyFunction) {
            for map in maps { rl_bind_key_in_map(key, function, map) }
        }
        func bind(_ sequence: String, _ function: KeyFunction) {
            for map in maps { rl_bind_keyseq_in_map(sequence, function, map) }
        }
        let enter: KeyFunction = { _, _ in present.enter() }
        bind(10, enter)
        bind(13, enter)
        if let movement = rl_get_keymap_by_name("vi-command") {
            rl_bind_key_in_map(10, enter, movement)
            rl_bind_key_in_map(13, enter, movement)
        }
        let newLine: KeyFunction = { _, _ in present.insertLine() }
        bind("\\e\\C-m", newLine)
        bind(9) { _, _ in present.tab() }
        bind(12) { _, _ in present.clearScreen() }
        bind(125) { count, key in present.closeBrace(count, key) }
        let up: KeyFunction = { count, key in present.moveLine(-1) ? 0 : rl_get_previous_history(count, key) }
        let down: KeyFunction = { count, key in present.moveLine(1) ? 0 : rl_get_next_history(count, key) }
        for sequence in ["\\e[A", "\\eOA"] { bind(sequence, up) }
        for sequence in ["\\e[B", "\\eOB"] { bind(sequence, down) }
        bind(16, up)
        bind(14, down)
        let home: KeyFunction = { _, _ in present.moveTo { $0.lowerBound } }
        let end: KeyFunction = { _, _ in present.moveTo { $0.upperBound } }
        for sequence in ["\\e[H", "\\eOH", "\\e[1~", "\\C-a"] { bind(sequence, home) }
        for sequence in ["\\e[F", "\\eOF", "\\e[4~", "\\C-e"] { bind(sequence, end) }
    }

    /// Enter: runs a complete statement, goes on with the next line in an incomplete one. Two empty lines end it in
    /// any case, so that nobody is caught in one.
    private func enter() -> Int32 {
        let text = String(decoding: bytes, as: UTF8.self)
        let lastLines = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(2)
        let isForced = isMultiLine && lastLines.allSatisfy { $0.allSatisfy(\.isWhitespace) }
        if !text.hasPrefix(":"), !isForced, !text.allSatisfy(\.isWhitespace), Loader.isIncomplete(text) {
            return insertLine()
        }
        // A pasted text often ends in a new line.
        let end = (bytes.lastIndex { !($0 == 32 || (9...13).contains($0)) } ?? -1) + 1
        if end < Int(rl_end) { rl_delete_text(Int32(end), rl_end) }
        rl_point = rl_end
        redraw(isFinal: true)
        rl_done = 1
        return 0
    }

    /// A new line, indented as deep as brackets are open before it.
    private func insertLine() -> Int32 {
        rl_begin_undo_group()
        let line = presentLine
        // A line of blanks only is left empty.
        if bytes[line].allSatisfy({ $0 == 32 }), !line.isEmpty {
            rl_delete_text(Int32(line.lowerBound), Int32(line.upperBound))
            rl_point = Int32(line.lowerBound)
        }
        let depth = min(20, Highlighter.openBrackets(in: Array(bytes.prefix(Int(rl_point)))))
        rl_insert_text("\n" + String(repeating: "    ", count: depth))
        rl_end_undo_group()
        return 0
    }

    /// `}` as the first thing of its line goes one step out.
    private func closeBrace(_ count: Int32, _ key: Int32) -> Int32 {
        let start = presentLine.lowerBound
        let before = bytes[start..<Int(rl_point)]
        if start > 0, before.count >= 4, before.allSatisfy({ $0 == 32 }) {
            rl_delete_text(rl_point - 4, rl_point)
            rl_point -= 4
        }
        return rl_insert(count, key)
    }

    private func clearScreen() -> Int32 {
        emit("\u{1B}[H\u{1B}[2J")
        display.forget()
        rl_forced_update_display()
        return 0
    }

    /// Moves the cursor a line up or down inside the text; false where there is none.
    private func moveLine(_ step: Int) -> Bool {
        let text = bytes
        let line = presentLine
        let column = String(decoding: text[line.lowerBound..<Int(rl_point)], as: UTF8.self).count
        let other: Range<Int>
        if step < 0 {
            guard line.lowerBound > 0 else { return false }
            let end = line.lowerBound - 1
            other = ((text[..<end].lastIndex(of: 10) ?? -1) + 1)..<end
        } else {
            guard line.upperBound < text.count else { return false }
            let start = line.upperBound + 1
            other = start..<(text[start...].firstIndex(of: 10) ?? text.count)
        }
        let prefix = String(decoding: text[other], as: UTF8.self).prefix(column)
        rl_point = Int32(other.lowerBound + prefix.utf8.count)
        return true
    }

    private func moveTo(_ place: (Range<Int>) -> Int) -> Int32 {
        rl_point = Int32(place(presentLine))
        return 0
    }

    // MARK: Completion

    /// Tab: completes as far as it is clear; pressed again, or where nothing is to be added, lists the candidates.
    private func tab() -> Int32 {
        let before = textBeforeCursor
        let line = before.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        if line.allSatisfy(\.isWhitespace) {
            rl_insert_text("    ")
            return 0
        }
        let found = complete(before)
        guard !found.candidates.isEmpty else {
            rl_ding()
            return 0
        }
        let typed = String(decoding: Array(before.utf8)[found.start...], as: UTF8.self)
        let common = LineEditor.commonPrefix(found.candidates)
        if common.utf8.count > typed.utf8.count {
            rl_begin_undo_group()
            rl_delete_text(Int32(found.start), rl_point)
            rl_point = Int32(found.start)
            rl_insert_text(common)
            rl_end_undo_group()
        } else if found.candidates.count > 1 {
            list(found.candidates)
        }
        return 0
    }

    static func commonPrefix(_ words: [String]) -> String {
        guard var common = words.first else { return "" }
        for word in words.dropFirst() { common = String(zip(common, word).prefix { $0 == $1 }.map(\.0)) }
        return common
    }

    /// Shows candidates in columns below the input, and the input again below them.
    private func list(_ candidates: [String]) {
        let size = TerminalStyle.size()
        let shown = candidates.map { candidate -> String in
            // Of a path only its last part.
            let end = candidate.hasSuffix("/") ? candidate.dropLast() : candidate[...]
            return end.lastIndex(of: "/").map { String(candidate[candidate.index(after: $0)...]) } ?? candidate
        }
        let width = (shown.map(\.count).max() ?? 0) + 2
        let perRow = max(1, (size.columns - 1) / width)
        let most = max(1, size.rows / 2) * perRow
        var visible = shown[...]
        if visible.count > most { visible = visible.prefix(most) }
        let rows = (visible.count + perRow - 1) / perRow
        var out = display.leave(columns: size.columns, rows: size.rows)
        for row in 0..<rows {
            var line = ""
            for index in stride(from: row, to: visible.count, by: rows) {
                line += visible[index].padding(to: width)
            }
            while line.last == " " { line.removeLast() }
            out += style.faint(line) + "\r\n"
        }
        if visible.count < shown.count { out += style.faint("... \(shown.count - visible.count) more") + "\r\n" }
        emit(out)
        rl_forced_update_display()
    }
}

extension String {
    /// Blanks behind it up to a width in characters.
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
