// Standard output and error of all processes of the program.
//
// Invariants
// - Output is buffered per process and written before anything is published to another process (a message,
//   an end given up, a fork, an exit, a lock), and before a wait: what a process printed comes before what
//   any process prints after learning of it. A process that only computes writes it some milliseconds later, at a safe
//   point (Wakes.attend).
// - One `write` call of the program is never torn: it goes out whole, under a lock of all processes.
// - A failing descriptor is reported once, by the next `write` or `flush`, and is silent from then on.

import CSystem
import Glibc

enum Output {
    private static let capacity = 16384
    private static var buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    private static var count: Int {
        get { Int(pl_own().pointee.out_pending) }
        set { pl_own().pointee.out_pending = UInt64(newValue) }
    }
    private static var terminal: Bool?
    /// errno of a failed write that nobody was told of yet, by descriptor (1, 2).
    private static var failed: [Int32] = [0, 0, 0]
    private static var broken = [false, false, false]

    /// After a fork: nothing was buffered, and a broken descriptor is the parent's news.
    static func forget() {
        count = 0
        for descriptor in failed.indices where failed[descriptor] != 0 { failed[descriptor] = 0 }
    }

    /// Buffers `bytes` for descriptor 1, or writes them to descriptor 2 after what was buffered.
    /// Throws `io` once when the descriptor fails.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        guard descriptor == 1 || descriptor == 2 else {
            throw RuntimeError(kind: "value", message: "only descriptors 1 and 2 can be written to")
        }
        if descriptor == 2 {
            flushQuietly()
            emit(bytes, 2)
            try report(2)
            return
        }
        if terminal == nil { terminal = isatty(1) == 1 }
        if count + bytes.count > capacity { flushQuietly() }
        if bytes.count > capacity {
            emit(bytes, 1)
        } else if bytes.count > 0 {
            if count == 0 { Wakes.attendOutput() }
            memcpy(buffer + count, bytes.baseAddress!, bytes.count)
            count += bytes.count
            if terminal! { flushQuietly() }
        }
        try report(1)
    }

    static func flush() throws {
        flushQuietly()
        try report(1)
        try report(2)
    }

    /// Writes what is buffered; an error waits for the next `write` or `flush`.
    static func flushQuietly() {
        let n = count
        if n == 0 { return }
        emit(UnsafeRawBufferPointer(start: buffer, count: n), 1)
        count = 0
    }

    private static func report(_ descriptor: Int32) throws {
        let code = failed[Int(descriptor)]
        if code == 0 { return }
        failed[Int(descriptor)] = 0
        let name = descriptor == 1 ? "standard output" : "standard error"
        throw RuntimeError(kind: "io", message: "cannot write to \(name): \(String(cString: strerror(code)))")
    }

    private static func emit(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) {
        if broken[Int(descriptor)] || bytes.count == 0 { return }
        Parker.deliver()
        _ = OwnerLocks.acquire(OwnerLocks.output, cancellable: false)
        defer { OwnerLocks.release(OwnerLocks.output) }
        if _slowPath(pl_head().pointee.prompt_fd != 0) { TerminalPrompt.makeWay(for: bytes, on: descriptor) }
        put(bytes, descriptor)
    }

    /// Writes all of it; the output lock is held.
    static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) {
        var done = 0
        while done < bytes.count {
            let n = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if n > 0 {
                done += n
            } else if n < 0, errno == EINTR {
                continue
            } else if n < 0, errno == EAGAIN {
                var p = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&p, 1, -1)
            } else {
                failed[Int(descriptor)] = errno
                broken[Int(descriptor)] = true
                return
            }
        }
    }
}
