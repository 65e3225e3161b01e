// The collector: marks from the roots with an explicit worklist, then sweeps.
//
// Invariants
// - It runs only at a safe point (between instructions, in a call back from native code, or in a wait): everything alive
//   is in the register stack below `top`, the frames, the globals, the constants of loaded code, the root stack, or the
//   fields that `VM.markRoots` names.
// - Marking does not recurse: a deep list costs heap for the worklist, not native stack.
// - Registers above `top` are cleared, so that a later frame never shows a dead object to the next collection.

import Glibc

extension VM {
    /// Between instructions: frees everything that cannot be reached. `top` is the end of the live registers.
    func collect(top: UnsafeMutablePointer<Value>) {
        received.removeAll(keepingCapacity: true)
        collectSparingReceived(top: top)
    }

    private func collectSparingReceived(top: UnsafeMutablePointer<Value>) {
        var marker = Marker(heap: heap)
        let taken = retired.isEmpty ? [] : takeRetired(&marker)
        markRoots(&marker, top: top)
        clearRegisters(above: top)
        let wanted = heap.sawCapability
        marker.drain()
        if !taken.isEmpty { settleRetired(taken, &marker) }
        heap.blocks.flushCursors()
        heap.cachedString = nil
        let heap = self.heap
        let liveInBlocks = heap.blocks.sweep { heap.finalize($0) }
        heap.sweepBig()
        heap.liveBytes = liveInBlocks + heap.externalBytes
        heap.externalBytesAtCollection = heap.externalBytes
        // As much again as is alive (with what it takes of the memory that all share), of a small heap twice that; but not
        // beyond the limit without a look.
        let live = heap.liveBytes + Heap.capabilityPressure * marker.capabilities.count
        let wish = max(Heap.minimumThreshold, live, min(2 * live, 2 * Heap.minimumThreshold))
        heap.threshold = max(Heap.minimumThreshold, min(wish, heap.limit - heap.liveBytes))
        heap.collections += 1
        if !closedWriters.isEmpty { closedWriters.formIntersection(marker.capabilities.map(\.object)) }
        if wanted, !keepsAllEnds { host.retain(only: marker.capabilities.union(resultEnds)) }
        #if DEBUG
            verifyHeap()
        #endif
    }

    /// In the middle of an instruction that waits: forgets what no instruction can read any more, and frees it. Ends that
    /// only such registers still name are given up.
    func collectWhileWaiting() {
        var frame = frames
        while frame <= currentFrame {
            let code = frame.pointee.function.closure.pointee.code
            var isLive = liveRegisters(of: code, at: frame.pointee.pc - code.pointee.code - 1)
            for register in nativeArguments(of: frame) where register < isLive.count { isLive[register] = true }
            // A called function has its registers from its arguments on.
            let end = frame < currentFrame ? (frame + 1).pointee.base : stackTop
            for register in 0..<min(isLive.count, end - frame.pointee.base) where !isLive[register] {
                frame.pointee.base[register] = .absent
            }
            frame += 1
        }
        collectSparingReceived(top: stackTop)
    }

    /// For each register of a function whether instruction `index` or one after it can read it.
    func liveRegisters(of code: UnsafeMutablePointer<FunctionCode>, at index: Int) -> [Bool] {
        let info = infos[Int(code.pointee.info)]
        return Liveness.registers(of: code, info, at: index) { number in
            infos[Int(info.functions[number].pointee.info)].captures.compactMap {
                if case .register(let register) = $0 { register } else { nil }
            }
        }
    }

    private func markRoots(_ marker: inout Marker, top: UnsafeMutablePointer<Value>) {
        marker.mark(from: stackBase, to: top)
        var frame = frames
        while frame <= currentFrame {
            marker.mark(frame.pointee.function)
            frame += 1
        }
        marker.mark(from: globals, to: globals + globalCount)
        for index in 0..<129 { marker.mark(heap.singleCharacters[index]) }
        heap.interned.forEach { marker.mark($0) }
        for code in loadedCode {
            marker.mark(from: code.pointee.constants, to: code.pointee.constants + Int(code.pointee.constantCount))
        }
        for value in roots { marker.mark(value) }
        for value in received { marker.mark(value) }
        marker.mark(pendingError)
        marker.mark(taskRoot)
        marker.mark(argumentNames)
        marker.mark(spareCases)
    }
}

/// The state of one marking phase.
struct Marker {
    private let heap: Heap
    private let collectsCapabilities: Bool
    private var work: [UnsafeMutableRawPointer] = []
    /// Every end, shared variable and synchronisation object that was reached.
    private(set) var capabilities: Set<End> = []
    /// Whether the functions that are reached are wanted (`takeClosures`).
    var recordsClosures = false
    private var closures: [UnsafeMutablePointer<FunctionCode>] = []

    /// The code of the functions that were reached since this was asked last.
    mutating func takeClosures() -> [UnsafeMutablePointer<FunctionCode>] {
        defer { closures = [] }
        return closures
    }

    init(heap: Heap) {
        self.heap = heap
        collectsCapabilities = heap.sawCapability
        work.reserveCapacity(256)
    }

    @inline(__always)
    mutating func mark(_ value: Value) {
        if value.isHeap {
            if heap.mark(value.address) { push(value.address, value.tag) }
        } else if collectsCapabilities, value.isCapability {
            capabilities.insert(value.end)
        }
    }

    mutating func mark(from start: UnsafeMutablePointer<Value>, to end: UnsafeMutablePointer<Value>) {
        var cursor = start
        while cursor < end {
            mark(cursor.pointee)
            cursor += 1
        }
    }

    @inline(__always)
    private mutating func push(_ object: UnsafeMutableRawPointer, _ tag: UInt64) {
        switch tag {
        case Tag.bytes, Tag.range:
            break
        case Tag.string:
            // Only a string outside its object has an owner.
            let text = object.assumingMemoryBound(to: StringObject.self)
            if let owner = text.sharedBuffer { _ = heap.mark(UnsafeMutableRawPointer(owner)) }
        default:
            work.append(object)
        }
    }

    mutating func drain() {
        while let object = work.popLast() {
            switch UInt64(object.assumingMemoryBound(to: ObjectHeader.self).pointee.kind) {
            case Tag.list:
                let list = object.assumingMemoryBound(to: ListObject.self)
                mark(from: list.pointee.items, to: list.pointee.items + list.pointee.count)
            case Tag.map:
                let map = object.assumingMemoryBound(to: MapObject.self)
                guard let entries = map.pointee.entries else { break }
                for index in 0..<map.pointee.used {
                    mark(entries[index].key)
                    mark(entries[index].value)
                }
            case Tag.closure:
                let closure = object.assumingMemoryBound(to: ClosureObject.self)
                if recordsClosures { closures.append(closure.pointee.code) }
                mark(from: closure.upvalues, to: closure.upvalues + Int(closure.pointee.header.aux))
            case Tag.error:
                let error = object.assumingMemoryBound(to: ErrorObject.self)
                mark(error.pointee.kindName)
                mark(error.pointee.message)
                mark(error.pointee.trace)
                mark(error.pointee.process)
                mark(error.pointee.attached)
            case Tag.namespace:
                mark(Value(object.assumingMemoryBound(to: NamespaceObject.self).pointee.fields))
            case Tag.box:
                mark(object.assumingMemoryBound(to: BoxObject.self).pointee.value)
            case Tag.boundMethod:
                let method = object.assumingMemoryBound(to: BoundMethodObject.self)
                mark(method.pointee.receiver)
                mark(method.pointee.method)
            case Tag.handle:
                let handle = object.assumingMemoryBound(to: HandleObject.self)
                mark(handle.pointee.name)
                mark(handle.pointee.outcome)
                mark(handle.pointee.stdin)
                mark(handle.pointee.stdout)
                mark(handle.pointee.stderr)
            case Tag.task:
                let task = object.assumingMemoryBound(to: TaskObject.self)
                mark(task.pointee.callee)
                mark(task.pointee.name)
                mark(from: task.arguments, to: task.arguments + Int(task.pointee.header.aux))
            case Tag.group:
                let group = object.assumingMemoryBound(to: GroupObject.self)
                mark(group.pointee.tasks)
                mark(group.pointee.handles)
                mark(group.pointee.history)
                mark(group.pointee.failure)
            default:
                break
            }
        }
    }
}
