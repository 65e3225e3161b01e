// Runs external programs: starting one with pipes as its standard streams, and `os.run`, which feeds and
// drains all three at once until the program has ended.
//
// Invariants
// - All descriptors are close-on-exec; the child's sides are closed in this process right after the start.
// - A program, and what descends from it, never outlives the process that started it: a guard sees to that (Exec.h).

import CSystem
import Glibc
import ProcLang

/// A started program and this process's sides of its streams.
struct ExternalCommand {
    /// Of the guard, which ends as the program does.
    let pid: pid_t
    /// Becomes readable when the program has ended.
    let pidDescriptor: Int32
    var input: Int32
    var output: Int32
    var errors: Int32

    /// Starts the program. With `shell`, the single string of `words` goes through `/bin/sh -c`.
    static func start(_ words: [String], shell: Bool) throws -> ExternalCommand {
        let command = shell ? ["/bin/sh", "-c"] + words : words
        guard let name = command.first, !name.isEmpty else {
            throw HostError(kind: "value", message: "a command needs at least the name of a program")
        }
        guard !command.contains(where: { $0.utf8.contains(0) }) else {
            throw HostError(kind: "value", message: "a command's words cannot contain a NUL character")
        }
        var input: [Int32] = [-1, -1], output: [Int32] = [-1, -1], errors: [Int32] = [-1, -1]
        func closeAll() {
            for descriptor in input + output + errors where descriptor >= 0 { close(descriptor) }
        }
        guard cs_pipe(&input) == 0, cs_pipe(&output) == 0, cs_pipe(&errors) == 0 else {
            let code = errno
            closeAll()
            throw failure(name, code)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        // A program could tell what the script may not ask.
        var search: [UnsafeMutablePointer<CChar>?] = [nil]
        if ProgramContext.denied.contains(.environment), let path = getenv("PATH") {
            search = [strdup("PATH=" + String(cString: path)), nil]
        }
        defer { free(search[0]) }
        let pid = search.withUnsafeMutableBufferPointer { search in
            cs_execute(
                &arguments, ProgramContext.denied.contains(.environment) ? search.baseAddress : environ, nil, input[0],
                output[1], errors[1])
        }
        let code = errno
        guard pid > 0 else {
            closeAll()
            throw failure(name, code)
        }
        close(input[0])
        close(output[1])
        close(errors[1])
        let pidDescriptor = pl_pidfd_open(pid)
        guard pidDescriptor >= 0 else {
            // Its end could not be waited for.
            let code = errno
            cs_kill_tree(pid)
            while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
            for descriptor in [input[1], output[0], errors[0]] { close(descriptor) }
            throw failure(name, code)
        }
        return ExternalCommand(
            pid: pid, pidDescriptor: pidDescriptor, input: input[1], output: output[0], errors: errors[0])
    }

    private static func failure(_ name: String, _ code: Int32) -> HostError {
        switch code {
        case ENOENT:
            let place = name.contains("/") ? "" : " on the PATH"
            return HostError(kind: "io", message: "there is no program \(name)\(place)")
        case EACCES: return HostError(kind: "io", message: "\(name) may not be executed; check its permissions")
        case EAGAIN: return HostError(kind: "process", message: "cannot start \(name): no more processes can be created")
        default: return HostError(kind: "io", message: "cannot start \(name): \(String(cString: strerror(code)))")
        }
    }

    /// Reaps the ended program: its exit status, or 128 + n when signal n ended it. Blocks until it has ended.
    func reap() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        close(pidDescriptor)
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}

extension ExternalCommand {
    /// Runs the program to its end, giving it `input` and collecting what it prints. `wait` is a cancellable
    /// poll that throws when it is cancelled; the program is killed then, and when it prints more than `limit` bytes.
    static func run(
        _ words: [String], shell: Bool, input: [UInt8]?, limit: Int, wait: (UnsafeMutableBufferPointer<pollfd>) throws -> Void
    ) throws -> CommandResult {
        var command = try start(words, shell: shell)
        var pending = input ?? []
        var written = 0
        var collected: [[UInt8]] = [[], []]
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        // The program decides how fast it reads: never block on its input while its output waits.
        _ = fcntl(command.input, F_SETFL, O_NONBLOCK)

        func finish(_ descriptor: inout Int32) {
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
        func drain(_ descriptor: inout Int32, into index: Int) {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                collected[index].append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 || errno != EINTR {
                finish(&descriptor)
            }
        }

        do {
            var ended = false
            while command.output >= 0 || command.errors >= 0 || !ended {
                if written == pending.count { finish(&command.input) }
                var polls = [
                    pollfd(fd: command.input, events: Int16(POLLOUT), revents: 0),
                    pollfd(fd: command.output, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: command.errors, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: ended ? -1 : command.pidDescriptor, events: Int16(POLLIN), revents: 0),
                ]
                try polls.withUnsafeMutableBufferPointer { try wait($0) }
                if polls[0].revents != 0 {
                    let count = pending.withUnsafeBytes {
                        write(command.input, $0.baseAddress! + written, $0.count - written)
                    }
                    if count > 0 {
                        written += count
                    } else if errno != EINTR && errno != EAGAIN {
                        // The program does not want the rest.
                        pending = []
                        written = 0
                        finish(&command.input)
                    }
                }
                if polls[1].revents != 0 { drain(&command.output, into: 0) }
                if polls[2].revents != 0 { drain(&command.errors, into: 1) }
                guard collected[0].count + collected[1].count <= limit else {
                    throw HostError(kind: "memory", message: "there is no memory for all that \(words.first ?? "the program") prints")
                }
                if polls[3].revents != 0 { ended = true }
            }
        } catch {
            cs_kill_tree(command.pid)
            _ = command.reap()
            finish(&command.input)
            finish(&command.output)
            finish(&command.errors)
            throw error
        }
        finish(&command.input)
        return CommandResult(status: command.reap(), out: collected[0], err: collected[1])
    }
}
