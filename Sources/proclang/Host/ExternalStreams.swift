// `os.spawn`: an external program whose standard streams are channels.
//
// The program gets a small tree of ordinary processes: a keeper, which starts it and waits for it, and under
// the keeper one pump for each stream. Ends, end-of-stream, select, cancellation and kills of the streams
// are therefore those of any channel, and a reader and a writer that are both slow never block each other.
//
// Invariants
// - The keeper is the parent of the program's guard (CSystem/Exec.h), and that of the program: killing one kills the others,
//   and the pumps.
// - Each pump holds exactly one descriptor of the program and one end of one channel.

import CSystem
import Glibc
import ProcLang
import ProcRuntime

enum ExternalStreams {
    /// Lines that may wait in each stream.
    private static let capacity = 256

    static func spawn(_ command: [String], shell: Bool, on runtime: Runtime) throws -> ExternalProgram {
        let ready = try runtime.makeChannel(kind: .channel, capacity: 1)
        let channels = [
            try runtime.makeProgramInput(capacity: capacity),
            try runtime.makeChannel(kind: .channel, capacity: capacity),
            try runtime.makeChannel(kind: .channel, capacity: capacity),
        ]
        func end(_ object: ObjectRef, _ rights: Rights) -> End { End(object: object, kind: .channel, rights: rights) }
        let input = end(channels[0], .read)
        let output = end(channels[1], .write)
        let errors = end(channels[2], .write)
        let name = shell ? "sh" : command.first.map { String($0.split(separator: "/").last ?? "") } ?? ""

        let keeper = try runtime.createProcess(
            name: name, ends: [end(ready, .write), input, output, errors], line: 0
        ) {
            Keeper(runtime: runtime, name: name, input: input, output: output, errors: errors)
                .run(command, shell: shell, ready: end(ready, .write))
        }
        // The caller keeps the other sides only.
        for taken in [end(ready, .write), input, output, errors] { runtime.close(taken) }
        defer { runtime.close(end(ready, .read)) }
        if let problem = receive(from: end(ready, .read), on: runtime), !problem.isEmpty {
            runtime.markJoined(keeper)
            _ = runtime.awaitAny(
                [keeper], deadline: .max, reserve: [], isParallel: false, uninterruptible: true, line: 0, tryDepth: 0)
            let parts = String(decoding: problem, as: UTF8.self).split(separator: "\0", maxSplits: 1)
            throw HostError(kind: String(parts[0]), message: String(parts.last ?? ""))
        }
        return ExternalProgram(
            process: keeper, stdin: end(channels[0], .write), stdout: end(channels[1], .read),
            stderr: end(channels[2], .read))
    }

    /// The next message; nil at the end of the stream or when the wait was ended.
    fileprivate static func receive(from end: End, on runtime: Runtime) -> [UInt8]? {
        let one = [CommCase(action: .receive, end: end)]
        guard case .done = one.withUnsafeBufferPointer({ runtime.communicate($0, mode: CommMode()) }) else { return nil }
        return Array(runtime.received)
    }

    /// False when nobody reads any more, or the wait was ended.
    fileprivate static func send(_ bytes: [UInt8], to end: End, on runtime: Runtime) -> Bool {
        bytes.withUnsafeBytes { payload in
            let one = [CommCase(action: .send, end: end, payload: payload)]
            guard case .done = one.withUnsafeBufferPointer({ runtime.communicate($0, mode: CommMode()) }) else {
                return false
            }
            return true
        }
    }
}

/// The process that starts the program, waits for its end and gives its status as result.
private struct Keeper {
    let runtime: Runtime
    let name: String
    let input: End
    let output: End
    let errors: End

    func run(_ command: [String], shell: Bool, ready: End) -> BodyOutcome {
        // What the script can reach says nothing about the ends in here, nor about those of the pumps.
        ProgramContext.interpreter?.keepsAllEnds = true
        let program: ExternalCommand
        do {
            program = try ExternalCommand.start(command, shell: shell)
        } catch let error {
            let error = error as? HostError ?? HostError(kind: "io", message: "\(error)")
            _ = ExternalStreams.send(Array("\(error.kind)\0\(error.message)".utf8), to: ready, on: runtime)
            return .quiet
        }
        let feeder: ProcessRef
        do {
            feeder = try pump("\(name).stdin", input, keeping: program.input, of: program, Pump.feed)
            _ = try pump("\(name).stdout", output, keeping: program.output, of: program, Pump.drain)
            _ = try pump("\(name).stderr", errors, keeping: program.errors, of: program, Pump.drain)
        } catch let error {
            cs_kill_tree(program.pid)
            _ = program.reap()
            let error = error as? HostError ?? HostError(kind: "process", message: "\(error)")
            _ = ExternalStreams.send(Array("\(error.kind)\0\(error.message)".utf8), to: ready, on: runtime)
            return .quiet
        }
        for descriptor in [program.input, program.output, program.errors] { close(descriptor) }
        for end in [input, output, errors] { runtime.close(end) }
        _ = ExternalStreams.send([], to: ready, on: runtime)
        runtime.close(ready)

        do {
            var polls = [pollfd(fd: program.pidDescriptor, events: Int16(POLLIN), revents: 0)]
            try polls.withUnsafeMutableBufferPointer { try runtime.poll($0) }
        } catch {
            cs_kill_tree(program.pid)
            _ = program.reap()
            return .cancelled
        }
        let status = program.reap()
        // Whoever still writes learns that nobody reads any more.
        runtime.cancel(feeder)
        return .value(Message.encode(int: Int64(status)), capabilities: [])
    }

    /// Starts the process that moves one stream; it keeps only its own descriptor of the program.
    private func pump(
        _ name: String, _ end: End, keeping own: Int32, of program: ExternalCommand,
        _ body: @escaping (Int32, End, Runtime) -> Void
    ) throws -> ProcessRef {
        try runtime.createProcess(name: name, ends: [end], line: 0) {
            for descriptor in [program.input, program.output, program.errors, program.pidDescriptor]
            where descriptor != own {
                close(descriptor)
            }
            body(own, end, runtime)
            return .quiet
        }
    }
}

/// The two directions of a stream.
private enum Pump {
    /// Writes each value received as one line, until the stream ends or the program does not read any more.
    static func feed(_ descriptor: Int32, _ end: End, _ runtime: Runtime) {
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        while let message = ExternalStreams.receive(from: end, on: runtime) {
            let line = (ProgramContext.interpreter?.displayText(ofMessage: message) ?? []) + [UInt8(ascii: "\n")]
            var written = 0
            while written < line.count {
                let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
                if count > 0 {
                    written += count
                } else if errno == EAGAIN {
                    var polls = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
                    guard (try? polls.withUnsafeMutableBufferPointer({ try runtime.poll($0) })) != nil else { return }
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    /// Sends each line, without its newline, until the program closes the stream or nobody reads any more. A line that
    /// takes more than an eighth of the memory comes in pieces of whole characters.
    static func drain(_ descriptor: Int32, _ end: End, _ runtime: Runtime) {
        defer { close(descriptor) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        var partial: [UInt8] = []
        let longest = (ProgramContext.interpreter?.memoryLimit ?? .max) / 8
        while true {
            var polls = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
            guard (try? polls.withUnsafeMutableBufferPointer({ try runtime.poll($0) })) != nil else { return }
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            var rest = UnsafeRawBufferPointer(rebasing: chunk[..<count])
            while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                partial.append(contentsOf: rest[..<newline])
                guard ExternalStreams.send(Message.encode(text: partial), to: end, on: runtime) else { return }
                partial.removeAll(keepingCapacity: true)
                rest = UnsafeRawBufferPointer(rebasing: rest[(newline + 1)...])
            }
            partial.append(contentsOf: rest)
            if partial.count > longest {
                // The last character may not be complete.
                var cut = partial.count
                while cut > 1, partial[cut - 1] & 0xC0 == 0x80 { cut -= 1 }
                if partial[cut - 1] >= 0xC0 { cut -= 1 }
                if cut == 0 { cut = partial.count }
                guard ExternalStreams.send(Message.encode(text: Array(partial[..<cut])), to: end, on: runtime) else { return }
                partial = Array(partial[cut...])
            }
        }
        if !partial.isEmpty { _ = ExternalStreams.send(Message.encode(text: partial), to: end, on: runtime) }
    }
}
