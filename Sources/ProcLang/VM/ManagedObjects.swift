// Managed objects: the request format, and the service that executes requests in the manager process.
//
// A request is: operation, number of path steps, mask of the steps that are fields, the encoded steps, the number of
// operands, the encoded operands. A reply is 0 and an encoded value, or 1 and an encoded error.
//
// Invariants
// - The service runs on a heap of its own and never waits: it calls no host, runs no code of the script.
// - The same requests in the same order give the same objects: the host replays them after a crash.

import Glibc

enum ManagedOperation: UInt8 {
    case get, set, update, call, length
}

extension VM {
    /// Sends one operation to the manager and returns its result, or raises its error.
    func managedRequest(
        _ shared: Value, _ operation: ManagedOperation, _ path: [Value], fields: Int, _ operands: [Value]
    ) throws(Raise) -> Value {
        var buffer = takeBuffer()
        defer { giveBuffer(buffer) }
        var capabilities: [End] = []
        buffer.append(operation.rawValue)
        buffer.append(UInt8(path.count))
        buffer.append(word: UInt64(fields))
        for step in path { try encode(step, into: &buffer, &capabilities) }
        buffer.append(UInt8(min(operands.count, 255)))
        for operand in operands { try encode(operand, into: &buffer, &capabilities) }
        guard capabilities.isEmpty else {
            throw typeError("ends and shared variables cannot be stored in a managed object; send them over a channel")
        }
        let view = buffer.view
        let reply = try onHost { try host.managedCall(shared.objectRef, request: view) }
        guard reply.count > 0 else { throw raise(kinds.io, "the manager gave no answer") }
        let result = try decode(UnsafeRawBufferPointer(rebasing: reply[1...]))
        if reply[0] == 0 {
            if result.isHeap { received.append(result) }
            return result
        }
        guard result.tag == Tag.error else { throw raise(kinds.io, "the manager gave no answer") }
        // The error happened here, as far as the script can tell.
        result.error.pointee.trace = .nil
        pendingError = result
        throw Raise()
    }
}

/// The managed objects of a program, in the manager process.
final class ManagedObjects: ManagedService {
    private let vm: VM
    /// Every object by its id: copied into the roots for each collection.
    private var objects: [UInt64: Value] = [:]

    init(vm: VM) { self.vm = vm }

    func create(id: UInt64, initial: UnsafeRawBufferPointer) {
        do { objects[id] = try vm.decode(initial) } catch { objects[id] = .nil }
        cleanUp()
    }

    func discard(id: UInt64) { objects[id] = nil }

    func snapshot(id: UInt64) -> [UInt8] {
        (try? vm.encoded(objects[id] ?? .nil).bytes) ?? [WireTag.nil]
    }

    func execute(id: UInt64, request: UnsafeRawBufferPointer, mutates: inout Bool) -> [UInt8] {
        defer { cleanUp() }
        var result: Value
        var status: UInt8 = 0
        mutates = false
        do throws(Raise) {
            result = try perform(id, request, &mutates)
        } catch {
            result = vm.pendingError
            vm.pendingError = .nil
            status = 1
        }
        var buffer = ByteBuffer()
        defer { buffer.deallocate() }
        var capabilities: [End] = []
        buffer.append(status)
        do {
            try vm.encode(result, into: &buffer, &capabilities)
        } catch {
            buffer.clear()
            buffer.append(1)
            let failure = vm.pendingError
            vm.pendingError = .nil
            try? vm.encode(failure, into: &buffer, &capabilities)
        }
        return buffer.array
    }

    /// The manager has no registers: everything alive is in `objects`.
    private func cleanUp() {
        guard vm.heap.wantsCollection else { return }
        vm.roots = Array(objects.values)
        vm.collect(top: vm.stackBase)
        vm.roots.removeAll()
    }

    private func perform(_ id: UInt64, _ request: UnsafeRawBufferPointer, _ mutates: inout Bool) throws(Raise) -> Value {
        var decoder = MessageDecoder(heap: vm.heap, bytes: request)
        guard let code = decoder.byte(), let operation = ManagedOperation(rawValue: code), let steps = decoder.byte(),
            let fields = decoder.word()
        else { throw damaged() }
        var path: [Value] = []
        for _ in 0..<steps {
            guard let step = decoder.value(depth: 0) else { throw damaged() }
            path.append(step)
        }
        guard let count = decoder.byte() else { throw damaged() }
        var operands: [Value] = []
        for _ in 0..<count {
            guard let operand = decoder.value(depth: 0) else { throw damaged() }
            operands.append(operand)
        }
        guard let root = objects[id] else { throw vm.valueError("the managed object is gone") }
        switch operation {
        case .get:
            return try walk(root, path, fields)
        case .length:
            return Value(try vm.length(root))
        case .set:
            guard operands.count == 1 else { throw damaged() }
            mutates = true
            try store(id, root, path, fields, operands[0])
            return .nil
        case .update:
            guard operands.count == 2, operands[0].isInt, let raw = UInt8(exactly: operands[0].int),
                let code = ArithmeticCode(rawValue: raw)
            else { throw damaged() }
            mutates = true
            let result = try vm.arithmetic(code, try walk(root, path, fields), operands[1])
            try store(id, root, path, fields, result)
            return .nil
        case .call:
            // Name, names of the arguments (nil: they have none), arguments.
            guard operands.count >= 2, operands[0].isString, areLabels(operands[1], of: operands.count - 2) else { throw damaged() }
            let name = vm.heap.intern(operands[0].string.text)
            let object = try walk(root, path, fields)
            guard let method = vm.library.method(object, name) else { throw vm.noField(object, name) }
            mutates = vm.library.mutates(method)
            return try vm.callMethod(method, of: object, Array(operands.dropFirst(2)), labels: operands[1])
        }
    }

    private func areLabels(_ labels: Value, of count: Int) -> Bool {
        if labels.isNil { return true }
        guard labels.isList, labels.list.pointee.count == count else { return false }
        return (0..<count).allSatisfy { labels.list.pointee.items[$0].isNil || labels.list.pointee.items[$0].isString }
    }

    private func damaged() -> Raise { vm.raise(vm.kinds.io, "a damaged request reached the manager") }

    private func step(_ object: Value, _ step: Value, isField: Bool) throws(Raise) -> Value {
        if isField, step.isString { return try vm.getField(object, vm.heap.intern(step.string.text)) }
        return try vm.getIndex(object, step)
    }

    private func walk(_ root: Value, _ path: [Value], _ fields: UInt64) throws(Raise) -> Value {
        var object = root
        for (index, item) in path.enumerated() {
            object = try step(object, item, isField: index < 64 && fields >> UInt64(index) & 1 == 1)
        }
        return object
    }

    private func store(_ id: UInt64, _ root: Value, _ path: [Value], _ fields: UInt64, _ value: Value) throws(Raise) {
        guard let last = path.last else {
            objects[id] = value
            return
        }
        let container = try walk(root, Array(path.dropLast()), fields)
        let index = path.count - 1
        if index < 64, fields >> UInt64(index) & 1 == 1, last.isString {
            try vm.setField(container, vm.heap.intern(last.string.text), value)
        } else {
            try vm.setIndex(container, last, value)
        }
    }
}
