// Standard input, read by any process of the program, one line to one reader.
//
// Invariants
// - What was read beyond a line stays in the arena's input buffer for the next reader, whoever that is.
// - One reader at a time, under a lock of all processes; waiting for it, and for input, ends by cancellation
//   and never counts as deadlocked.

import CSystem
import Glibc

enum Input {
    /// The next line without its newline; nil at the end of the input. Throws `io` and `cancelled`.
    static func readLine() throws -> [UInt8]? {
        Output.flushQuietly()
        let lock = OwnerLocks.input
        guard OwnerLocks.acquire(lock, cancellable: true) else { throw cancelled }
        defer { OwnerLocks.release(lock) }
        let h = pl_head()!
        let buffer = pl_input_buffer()!
        var line: [UInt8] = []
        while true {
            let start = Int(h.pointee.input_start)
            let end = Int(h.pointee.input_end)
            if start < end {
                let newline = memchr(buffer + start, 10, end - start).map { $0.assumingMemoryBound(to: UInt8.self) - buffer }
                let stop = newline ?? end
                line.append(contentsOf: UnsafeBufferPointer(start: buffer + start, count: stop - start))
                h.pointee.input_start = UInt64(newline != nil ? stop + 1 : stop)
                fault(.inputReadLineInputStart)
                if newline != nil {
                    TerminalPrompt.lineWasEntered()
                    return line
                }
            }
            if h.pointee.input_eof != 0 { return line.isEmpty ? nil : line }
            var p = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            switch Cancellation.waitExternal(&p, 1, deadline: .max) {
            case .cancelled: throw cancelled
            case .failed(let error): throw error
            default: break
            }
            let n = Glibc.read(0, buffer, 65536)
            if n < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw RuntimeError(kind: "io", message: "cannot read standard input: \(String(cString: strerror(errno)))")
            }
            h.pointee.input_end = 0
            fault(.inputReadLineInputEnd)
            h.pointee.input_start = 0
            fault(.inputReadLineInputStart2)
            h.pointee.input_end = UInt64(n)
            fault(.inputReadLineInputEnd2)
            // A terminal may go on after Ctrl-D; a file or pipe is over.
            if n == 0 {
                if isatty(0) == 1 { return line.isEmpty ? nil : line }
                h.pointee.input_eof = 1
                fault(.inputReadLineInputEof)
            }
        }
    }

    private static var cancelled: RuntimeError { RuntimeError(kind: "cancelled", message: "cancelled") }
}
