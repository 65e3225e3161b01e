// The adapter: ProcRuntime as the language's host. Both speak ProcVocabulary, so that processes,
// communication and shared variables need no line here; what is here is the world outside the program.

import CSystem
import Glibc
import ProcLang
import ProcRuntime

extension Runtime: Host {
    public var arguments: [String] { ProgramContext.arguments }

    public func environment() throws -> [String: String] {
        try Denials.require(.environment, "os.env")
        return ProgramContext.environment
    }

    public func readFile(_ path: String, limit: Int) throws -> [UInt8] {
        try Denials.require(.reading, "reading \(path)")
        beforeBlocking()
        return try FileAccess.read(path, limit: limit)
    }

    public func writeFile(_ path: String, _ bytes: UnsafeRawBufferPointer, append: Bool) throws {
        try Denials.require(.writing, "writing \(path)")
        beforeBlocking()
        try FileAccess.write(path, bytes, append: append)
    }

    public func fileSystem(_ operation: String, _ arguments: [String]) throws -> [String] {
        switch operation {
        case "cwd": break
        case "mkdir", "remove", "remove_tree", "rename", "temp_dir":
            try Denials.require(.writing, "fs.\(operation)")
        case "chdir": try Denials.require(.reading, "os.chdir")
        default: try Denials.require(.reading, "fs.\(operation)")
        }
        beforeBlocking()
        return try FileAccess.perform(operation, arguments)
    }

    public func randomSeed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    public var processorCount: Int { Int(cs_processor_count()) }

    public func run(_ command: [String], shell: Bool, input: [UInt8]?, limit: Int) throws -> CommandResult {
        try Denials.require(.programs, "os.run")
        try flush()
        beforeBlocking()
        let result = try ExternalCommand.run(command, shell: shell, input: input, limit: limit) { try self.poll($0) }
        if result.status == 128 + SIGINT { try awaitInterrupt() }
        return result
    }

    /// A program ended by Ctrl-C: the terminal sends that to all in front, so this process's cancellation is on its way.
    private func awaitInterrupt() throws {
        guard isatty(STDIN_FILENO) == 1 else { return }
        var nothing = pollfd(fd: -1, events: 0, revents: 0)
        if case .cancelled = waitExternal(&nothing, 1, deadline: monotonicNow() + 100_000_000) {
            throw HostError(kind: "cancelled", message: "cancelled while an external program ran")
        }
    }

    public func spawn(_ command: [String], shell: Bool) throws -> ExternalProgram {
        try Denials.require(.programs, "os.spawn")
        beforeBlocking()
        return try ExternalStreams.spawn(command, shell: shell, on: self)
    }

    /// Waits until one of the descriptors is ready. Throws when the process is cancelled.
    func poll(_ descriptors: UnsafeMutableBufferPointer<pollfd>) throws {
        switch waitExternal(descriptors.baseAddress!, descriptors.count, deadline: .max) {
        case .done, .timedOut: return
        case .cancelled: throw HostError(kind: "cancelled", message: "cancelled while an external program ran")
        case .deadlocked(let report): throw HostError(kind: "deadlock", message: report)
        case .failed(let error): throw error
        }
    }
}

/// What the command line decided, set once before the program starts and inherited by every process.
enum ProgramContext {
    /// `os.args`.
    nonisolated(unsafe) static var arguments: [String] = []
    /// `--deny`: what no process of the program may do.
    nonisolated(unsafe) static var denied: Denials = []
    /// Of this process; a forked one has its copy.
    nonisolated(unsafe) static var interpreter: Interpreter? {
        didSet { running = interpreter.map { Unmanaged.passUnretained($0) } }
    }
    /// The same, for those who may not count references: see `Runtime.lineOfProgram`.
    nonisolated(unsafe) private static var running: Unmanaged<Interpreter>?

    /// What the interpreter says; 0 without one.
    static func ask(_ question: (Interpreter) -> Int32) -> Int32 {
        running.map { $0._withUnsafeGuaranteedRef(question) } ?? 0
    }

    static var environment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                result[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }
}
