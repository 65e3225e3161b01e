// A host without an operating system: one process, buffered channels, shared memory that is not shared. Enough to run
// everything of the language but processes.

import Glibc
import ProcLang

final class TestHost: Host {
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    /// Standard input, line by line.
    var lines: [String] = []
    let echo: Bool
    private let word: UnsafeMutablePointer<UInt32>
    private var channels: [UInt64: (queue: [[UInt8]], capacity: Int)] = [:]
    private var cells: [UInt64: (element: ElementKind, isArray: Bool, bits: [UInt64])] = [:]
    private var next: UInt64 = 1
    private var message = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)
    var service: ManagedService?
    /// Monotonic time is what the test says.
    var now: Int64 = 1_000_000_000

    /// `echo`: output goes to the real descriptors at once.
    init(echo: Bool = false) {
        self.echo = echo
        word = .allocate(capacity: 1)
        word.initialize(to: 0)
    }

    deinit {
        word.deallocate()
        message.deallocate()
    }

    /// Makes the next loop turn or call raise `cancelled`.
    func requestCancellation() { word.pointee = 1 }

    var text: String { String(decoding: output, as: UTF8.self) }

    private func name() -> UInt64 {
        next += 1
        return next
    }

    private func keep(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        message.deallocate()
        message = .allocate(byteCount: bytes.count, alignment: 16)
        message.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(message)
    }

    private let noProcesses = HostError(kind: "process", message: "this host has no processes")

    // MARK: This process

    var selfPid: Int32 { 1 }
    var selfName: String { "main" }
    var parentPid: Int32? { nil }
    var cancelWord: UnsafePointer<UInt32> { UnsafePointer(word) }
    func acceptCancellation() { word.pointee = 0 }
    func holdCancellation() -> Bool { false }
    func admitCancellation() {}
    func attend() {}
    func beforeLongWork() {}
    func wallClock() -> Double { 1_000_000 }
    func monotonicNow() -> Int64 { echo ? Int64(clock()) * 1000 : now }
    func sleep(until deadline: Int64) -> WaitOutcome {
        now = max(now, deadline)
        return .timedOut
    }

    // MARK: Processes

    func createProcess(name: String, ends: [End], line: Int32, body: () -> BodyOutcome) throws -> ProcessRef { throw noProcesses }
    func pid(of process: ProcessRef) -> Int32 { 0 }
    func end(of process: ProcessRef) -> ProcessEnd? { .quiet }
    func awaitAny(
        _ group: ProcessGroup, deadline: Int64, reserve: [End], isParallel: Bool, uninterruptible: Bool, line: Int32,
        tryDepth: Int32
    ) -> WaitOutcome { .failed(noProcesses) }
    func cancel(_ process: ProcessRef) {}
    func kill(_ process: ProcessRef) {}
    func markJoined(_ process: ProcessRef) {}
    func isJoined(_ process: ProcessRef) -> Bool { false }
    func release(_ process: ProcessRef) {}

    // MARK: Communication

    func makeChannel(kind: ObjectKind, capacity: Int) throws -> ObjectRef {
        let object = name()
        channels[object] = ([], max(capacity, 1))
        return ObjectRef(raw: object)
    }
    func makePipe(capacity: Int) throws -> (ObjectRef, ObjectRef) {
        let object = try makeChannel(kind: .pipe, capacity: capacity)
        return (object, object)
    }
    func setName(_ object: ObjectRef, _ name: String) {}
    func communicate(_ cases: UnsafeBufferPointer<CommCase>, mode: CommMode) -> CommOutcome {
        for (index, alternative) in cases.enumerated() {
            let object = alternative.end.object.raw
            switch alternative.action {
            case .send:
                guard let channel = channels[object], channel.queue.count < channel.capacity else { continue }
                channels[object]?.queue.append(Array(alternative.payload))
                return .done(index)
            case .receive:
                guard let channel = channels[object], !channel.queue.isEmpty else { continue }
                _ = keep(channels[object]?.queue.removeFirst() ?? [])
                return .done(index)
            case .ended:
                return .done(index)
            }
        }
        if mode.immediate { return .notReady }
        return mode.deadline == .max ? .ended : .timedOut
    }
    var received: UnsafeRawBufferPointer { UnsafeRawBufferPointer(message) }
    func close(_ end: End) {}
    func poison(_ object: ObjectRef) throws {}
    func rights(on object: ObjectRef) -> Rights { .both }
    func occupancy(of end: End) -> (count: Int, capacity: Int)? {
        guard let channel = channels[end.object.raw] else { return (0, 0) }
        return (channel.queue.count, channel.capacity)
    }
    func retain(only reachable: Set<End>) {}

    // MARK: Shared variables

    func makeShared(element: ElementKind, count: Int, isArray: Bool, lockable: Bool) throws -> ObjectRef {
        let object = name()
        cells[object] = (element, isArray, Array(repeating: 0, count: count))
        return ObjectRef(raw: object)
    }
    func sharedInfo(_ object: ObjectRef) throws -> (element: ElementKind, count: Int, isArray: Bool) {
        guard let cell = cells[object.raw] else { throw HostError(kind: "io", message: "no such variable") }
        return (cell.element, cell.bits.count, cell.isArray)
    }
    func sharedLoad(_ object: ObjectRef, _ index: Int) throws -> UInt64 { cells[object.raw]?.bits[index] ?? 0 }
    func sharedStore(_ object: ObjectRef, _ index: Int, _ bits: UInt64) throws { cells[object.raw]?.bits[index] = bits }
    func sharedCompareExchange(
        _ object: ObjectRef, _ index: Int, _ expected: inout UInt64, _ desired: UInt64
    ) throws -> Bool {
        cells[object.raw]?.bits[index] = desired
        return true
    }
    func sharedAdd(_ object: ObjectRef, _ index: Int, _ delta: Int) throws -> Bool { false }
    func beginUpdate(_ object: ObjectRef) throws {}
    func endUpdate(_ object: ObjectRef) {}
    func sharedSnapshot(_ object: ObjectRef) throws -> [UInt64] { cells[object.raw]?.bits ?? [] }
    func makeManaged(initial: [UInt8], capabilities: [End]) throws -> ObjectRef {
        let object = name()
        initial.withUnsafeBytes { service?.create(id: object, initial: $0) }
        return ObjectRef(raw: object)
    }
    func managedCall(_ object: ObjectRef, request: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
        var mutates = false
        return keep(service?.execute(id: object.raw, request: request, mutates: &mutates) ?? [])
    }
    func lock(_ objects: [ObjectRef], deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome { .done(0) }
    func unlock(_ objects: [ObjectRef]) {}

    // MARK: Synchronisation

    func makeBarrier(_ n: Int) throws -> ObjectRef { ObjectRef(raw: name()) }
    func makeSemaphore(_ n: Int) throws -> ObjectRef { ObjectRef(raw: name()) }
    func makeEvent() throws -> ObjectRef { ObjectRef(raw: name()) }
    func waitFor(_ object: ObjectRef, deadline: Int64, line: Int32, tryDepth: Int32) -> WaitOutcome { .done(0) }
    func signal(_ object: ObjectRef) throws {}
    func clear(_ object: ObjectRef) throws {}
    func level(of object: ObjectRef) throws -> Int { 0 }

    // MARK: Outside world

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        if echo {
            fwrite(bytes.baseAddress, 1, bytes.count, descriptor == 1 ? stdout : stderr)
        } else if descriptor == 1 {
            output.append(contentsOf: bytes)
        } else {
            errors.append(contentsOf: bytes)
        }
    }
    func flush() throws {}
    func readLine() throws -> [UInt8]? { lines.isEmpty ? nil : Array(lines.removeFirst().utf8) }
    func run(_ command: [String], shell: Bool, input: [UInt8]?, limit: Int) throws -> CommandResult { throw noProcesses }
    func spawn(_ command: [String], shell: Bool) throws -> ExternalProgram { throw noProcesses }
    var arguments: [String] { [] }
    func environment() throws -> [String: String] { [:] }
    func readFile(_ path: String, limit: Int) throws -> [UInt8] { throw HostError(kind: "io", message: "no file \(path)") }
    func writeFile(_ path: String, _ bytes: UnsafeRawBufferPointer, append: Bool) throws {}
    func fileSystem(_ operation: String, _ arguments: [String]) throws -> [String] { [] }
    func randomSeed() -> UInt64 { 42 }
    var processorCount: Int { 1 }
}
