// Owns the terminal while `proclang top` shows a program: its mode, its alternate screen, its keys and its size.
//
// Invariants
// - However it ends, by a key, a signal or the end of the program, the terminal is as it was.
// - One write for each frame; nothing is drawn while paused, except for a key or a new size.

import CSystem
import Glibc
import ProcRuntime

final class TopScreen {
    private let program: AttachedProgram
    private let view: TopView
    private var former = termios()
    private var signals: Int32 = -1
    private var isShown = false

    init(_ program: AttachedProgram) {
        self.program = program
        view = TopView(program, isColoured: Reporter.usesColour(STDOUT_FILENO))
    }

    /// Shows the program until it ends or somebody leaves.
    func run() {
        var watched = [SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT]
        _ = pl_signal_mask(SIG_BLOCK, &watched, Int32(watched.count))
        signals = pl_signalfd(&watched, Int32(watched.count))
        enter()
        let ending = watch()
        leave()
        if case .program = ending {
            print("\(ProgramChoice.title(program.command)) (pid \(program.pid)) has ended")
        }
        fflush(stdout)
        if case .signal(let number) = ending {
            // Ends by the signal, as whoever sent it expects.
            _ = pl_signal_mask(SIG_UNBLOCK, &watched, Int32(watched.count))
            raise(number)
        }
    }

    private enum Ending {
        case key, program
        case signal(Int32)
    }

    /// The loop: a frame every interval, and after each key.
    private func watch() -> Ending {
        var due = pl_now()
        while true {
            let now = pl_now()
            if now >= due {
                if program.hasEnded(within: 0) { return .program }
                if !view.isPaused {
                    view.look()
                    draw()
                }
                due = now + Int64(TopView.interval) * 1_000_000
            }
            var polls = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            ]
            let wait = Int32(clamping: (due - pl_now()) / 1_000_000 + 1)
            guard poll(&polls, 2, max(0, wait)) > 0 else { continue }
            if polls[1].revents != 0 {
                let number = pl_signalfd_next(signals)
                if number > 0, number != SIGWINCH { return .signal(number) }
                draw()
            }
            if polls[0].revents != 0 {
                guard let keys = readKeys() else { return .key }
                for key in keys {
                    if case .character("\u{1a}") = key {
                        suspend()
                    } else if !view.press(key) {
                        return .key
                    }
                }
                draw()
            }
        }
    }

    // MARK: Terminal

    private func enter() {
        tcgetattr(STDIN_FILENO, &former)
        var raw = former
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        raw.c_oflag &= ~tcflag_t(OPOST)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        // The alternate screen, without a cursor.
        write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J")
        isShown = true
    }

    private func leave() {
        guard isShown else { return }
        isShown = false
        write("\u{1b}[?25h\u{1b}[?1049l")
        tcsetattr(STDIN_FILENO, TCSADRAIN, &former)
    }

    /// Ctrl-Z: the shell gets its terminal, until it continues us.
    private func suspend() {
        leave()
        raise(SIGSTOP)
        enter()
    }

    private func draw() {
        let size = TerminalSize.current(STDOUT_FILENO) ?? (rows: 24, columns: 80)
        let lines = view.frame(rows: size.rows, columns: size.columns)
        // Each line clears what is left of the old one, and the last of them the rest of the screen.
        write("\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J")
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// The keys that were pressed; nil when the terminal is gone.
    private func readKeys() -> [TopView.Key]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = bytes.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count < 0 && (errno == EINTR || errno == EAGAIN) { return [] }
        guard count > 0 else { return nil }
        var keys: [TopView.Key] = []
        var rest = bytes[..<count]
        while let byte = rest.popFirst() {
            // A sequence begins with ESC [ or ESC O, may have parameters, and ends with a letter or a tilde.
            guard byte == 0x1b, let next = rest.first, next == UInt8(ascii: "[") || next == UInt8(ascii: "O") else {
                keys.append(.character(Character(UnicodeScalar(byte))))
                continue
            }
            rest.removeFirst()
            let parameters = rest.prefix { $0 < 0x40 }
            rest = rest.dropFirst(parameters.count)
            switch (rest.popFirst(), parameters.first) {
            case (UInt8(ascii: "A"), _): keys.append(.up)
            case (UInt8(ascii: "B"), _): keys.append(.down)
            case (UInt8(ascii: "H"), _): keys.append(.home)
            case (UInt8(ascii: "~"), UInt8(ascii: "5")): keys.append(.pageUp)
            case (UInt8(ascii: "~"), UInt8(ascii: "6")): keys.append(.pageDown)
            case (UInt8(ascii: "~"), UInt8(ascii: "1")): keys.append(.home)
            default: break
            }
        }
        return keys
    }
}
