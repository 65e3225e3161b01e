// Short words over shared variables, locks and the manager for the scenarios, and a managed service of
// lists of integers.

import Glibc
import ProcRuntime

extension End {
    static func hold(_ ref: ObjectRef, _ kind: ObjectKind) -> End { End(object: ref, kind: kind, rights: .hold) }
}

extension Probe {
    func cell(_ kind: ElementKind = .int64, lockable: Bool = false) throws -> ObjectRef {
        try r.makeShared(element: kind, count: 1, isArray: false, lockable: lockable)
    }
    func array(_ n: Int, _ kind: ElementKind = .int64, lockable: Bool = false) throws -> ObjectRef {
        try r.makeShared(element: kind, count: n, isArray: true, lockable: lockable)
    }
    func get(_ c: ObjectRef, _ i: Int = 0) throws -> Int { Int(Int64(bitPattern: try r.sharedLoad(c, i))) }
    func set(_ c: ObjectRef, _ v: Int, at i: Int = 0) throws { try r.sharedStore(c, i, UInt64(bitPattern: Int64(v))) }
    func add(_ c: ObjectRef, _ v: Int, at i: Int = 0) throws {
        var old = try r.sharedLoad(c, i)
        while try !r.sharedCompareExchange(c, i, &old, old &+ UInt64(bitPattern: Int64(v))) {}
    }
    func update(_ c: ObjectRef, _ v: Int, at i: Int = 0) throws {
        try r.beginUpdate(c)
        defer { r.endUpdate(c) }
        try set(c, get(c, i) + v, at: i)
    }
    func locked<T>(_ objects: [ObjectRef], timeout: Int64? = nil, _ body: () throws -> T) throws -> T {
        try unwrap(
            r.lock(objects, deadline: timeout.map { r.monotonicNow() + $0 * 1_000_000 } ?? .max, line: 0, tryDepth: 0))
        defer { r.unlock(objects) }
        return try body()
    }
    func wait(_ object: ObjectRef, timeout: Int64? = nil) throws {
        try unwrap(
            r.waitFor(object, deadline: timeout.map { r.monotonicNow() + $0 * 1_000_000 } ?? .max, line: 0, tryDepth: 0)
        )
    }
    private func unwrap(_ outcome: WaitOutcome) throws {
        switch outcome {
        case .done: return
        case .timedOut: throw RuntimeError(kind: "timeout", message: "")
        case .cancelled: throw RuntimeError(kind: "cancelled", message: "")
        case .deadlocked(let report): throw RuntimeError(kind: "deadlock", message: report)
        case .failed(let error): throw error
        }
    }
    /// The kind of the error that `body` raises, "" if none.
    func kind(_ body: () throws -> Void) -> String {
        do { try body() } catch let error as RuntimeError { return error.kind } catch { return "other" }
        return ""
    }

    // MARK: The manager

    func managed(_ elements: [Int] = []) throws -> ObjectRef {
        try r.makeManaged(initial: ListService.encode(elements), capabilities: [])
    }
    @discardableResult
    func call(_ object: ObjectRef, _ operation: ListService.Operation, _ value: Int = 0) throws -> [Int] {
        let request = ListService.encode([operation.rawValue, value])
        return try request.withUnsafeBytes { ListService.decode(try r.managedCall(object, request: $0)) }
    }
    func managerPid() -> Int32 { Runtime.managerPid }

    /// The sum of the pseudo-random numbers is no matter; they must differ by process.
    func random(_ below: Int) -> Int { Int(UInt64.random(in: 0..<UInt64(below))) }
    func spin(microseconds: Int) {
        let end = r.monotonicNow() + Int64(microseconds) * 1000
        while r.monotonicNow() < end {}
    }
}

final class ListService: ManagedService {
    enum Operation: Int {
        case get, append, pop, addToFirst, abort, big
    }
    private var lists: [UInt64: [Int]] = [:]

    static func encode(_ values: [Int]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [Int] {
        (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int.self) }
    }

    func create(id: UInt64, initial: UnsafeRawBufferPointer) { lists[id] = Self.decode(initial) }
    func discard(id: UInt64) { lists[id] = nil }
    func snapshot(id: UInt64) -> [UInt8] { Self.encode(lists[id]!) }
    func execute(id: UInt64, request: UnsafeRawBufferPointer, mutates: inout Bool) -> [UInt8] {
        let words = Self.decode(request)
        switch Operation(rawValue: words[0])! {
        case .get: return Self.encode(lists[id]!)
        case .append:
            mutates = true
            lists[id]!.append(words[1])
            return Self.encode([lists[id]!.count])
        case .pop:
            mutates = true
            return Self.encode([lists[id]!.popLast() ?? -1])
        case .addToFirst:
            mutates = true
            lists[id]![0] += words[1]
            return Self.encode([lists[id]![0]])
        case .abort: Glibc.abort()
        case .big: return [UInt8](repeating: 7, count: words[1] * 8)
        }
    }
}
