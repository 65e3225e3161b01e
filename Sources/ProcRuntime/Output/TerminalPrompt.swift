// A line that a person is typing, on a terminal to which every process of the program may write at any time.
//
// While a prompt stands on the screen, whoever writes erases it first, in the same turn of the output lock; then the
// process that owns the prompt is told and draws it again below. So the line being typed is never torn, output goes
// straight to the terminal as always, and a program without a prompt pays one load for each write.
//
// Invariants
// - The screen belongs to the holder of the output lock. The owner of the prompt changes it only inside `update`.
// - `prompt_rows` is 0, or 1 + the rows of the prompt above the cursor: what is needed to erase it.
// - The owner's death leaves at most a prompt that is erased by the next writer.

import CSystem
import Glibc

/// The prompt of this program, of which there is at most one.
public enum TerminalPrompt {
    /// What the owner finds when its turn comes.
    public struct Screen {
        /// Somebody erased the prompt since the last turn.
        public var wasErased: Bool
        /// The cursor stands at the beginning of a line.
        public var isAtLineStart: Bool
    }

    /// Makes this process the owner of the program's prompt. Returns a descriptor that becomes readable when the prompt
    /// was erased. Call it before other processes are started: they inherit the descriptor. `plain`: the terminal
    /// cannot move its cursor. Throws `io`.
    public static func open(plain: Bool) throws -> Int32 {
        let event = pl_eventfd()
        guard event > 0 else { throw RuntimeError(kind: "io", message: "no event for the prompt (errno \(errno))") }
        let h = pl_head()!
        h.pointee.output_last = 10
        h.pointee.prompt_plain = plain ? 1 : 0
        pl_order()
        h.pointee.prompt_fd = event
        return event
    }

    /// Runs `body` while no process writes. It returns how many rows of the prompt are above the cursor, or nil when
    /// no prompt stands on the screen. It must not write through the runtime. Waits for writers.
    public static func update(_ body: (Screen) -> Int?) {
        _ = OwnerLocks.acquire(OwnerLocks.output, cancellable: false)
        defer { OwnerLocks.release(OwnerLocks.output) }
        let h = pl_head()!
        let rows = body(Screen(wasErased: h.pointee.prompt_rows == 0, isAtLineStart: h.pointee.output_last == 10))
        h.pointee.output_last = 10
        pl_store32(&h.pointee.prompt_rows, rows.map { UInt32($0) + 1 } ?? 0)
    }

    /// Takes the news that the prompt was erased.
    public static func takeEvent(_ event: Int32) {
        var value: UInt64 = 0
        _ = Glibc.read(event, &value, 8)
    }

    /// A line of input was read: on a terminal the cursor is at the beginning of the next one.
    static func lineWasEntered() { if pl_head().pointee.prompt_fd != 0 { pl_head().pointee.output_last = 10 } }

    /// Somebody is about to write to a descriptor; the output lock is held.
    static func makeWay(for bytes: UnsafeRawBufferPointer, on descriptor: Int32) {
        guard isatty(descriptor) == 1 else { return }
        let h = pl_head()!
        h.pointee.output_last = UInt32(bytes.last ?? 10)
        let rows = pl_load32(&h.pointee.prompt_rows)
        guard rows != 0 else { return }
        pl_store32(&h.pointee.prompt_rows, 0)
        let erase = h.pointee.prompt_plain != 0 ? "\n" : (rows > 1 ? "\u{1B}[\(rows - 1)A" : "") + "\r\u{1B}[J"
        var text = erase
        text.withUTF8 { Output.put(UnsafeRawBufferPointer($0), descriptor) }
        var one: UInt64 = 1
        _ = Glibc.write(h.pointee.prompt_fd, &one, 8)
    }
}
