// Lists, ranges, namespaces and the small objects: how they are made and grown.
//
// Invariants
// - `count <= capacity`; items at and beyond `count` are garbage that nobody reads.
// - Growing never fails here; operations that may ask for a lot test `Heap.fits` first and raise `memory`.

import Glibc

extension Heap {
    /// An empty list with room for `capacity` items.
    func newList(capacity: Int = 0) -> UnsafeMutablePointer<ListObject> {
        let memory = allocate(size: MemoryLayout<ListObject>.size, kind: Tag.list, finalizable: true)
        let list = memory.assumingMemoryBound(to: ListObject.self)
        let room = max(capacity, 4)
        list.pointee.count = 0
        list.pointee.capacity = room
        list.pointee.items = Heap.buffer(room * MemoryLayout<Value>.stride).assumingMemoryBound(to: Value.self)
        externalBytes += room * MemoryLayout<Value>.stride
        return list
    }

    func makeList(_ items: UnsafePointer<Value>, count: Int) -> UnsafeMutablePointer<ListObject> {
        let list = newList(capacity: count)
        memcpy(list.pointee.items, items, count * MemoryLayout<Value>.stride)
        list.pointee.count = count
        return list
    }

    func makeList(_ items: [Value]) -> Value {
        let list = newList(capacity: items.count)
        for (index, item) in items.enumerated() { list.pointee.items[index] = item }
        list.pointee.count = items.count
        return Value(list)
    }

    @inline(__always)
    func append(_ value: Value, to list: UnsafeMutablePointer<ListObject>) {
        let count = list.pointee.count
        if count == list.pointee.capacity { reserve(count + 1, in: list) }
        list.pointee.items[count] = value
        list.pointee.count = count &+ 1
    }

    /// Makes room for `count` items.
    @inline(never)
    func reserve(_ count: Int, in list: UnsafeMutablePointer<ListObject>) {
        let old = list.pointee.capacity
        if count <= old { return }
        let room = max(count, old + old / 2 + 4)
        list.pointee.items = Heap.resized(
            list.pointee.items, room * MemoryLayout<Value>.stride, used: list.pointee.count * MemoryLayout<Value>.stride)
            .assumingMemoryBound(to: Value.self)
        list.pointee.capacity = room
        externalBytes += (room - old) * MemoryLayout<Value>.stride
    }

    /// Inserts before `index` (0 ... count).
    func insert(_ value: Value, at index: Int, in list: UnsafeMutablePointer<ListObject>) {
        reserve(list.pointee.count + 1, in: list)
        let place = list.pointee.items + index
        memmove(place + 1, place, (list.pointee.count - index) * MemoryLayout<Value>.stride)
        place.pointee = value
        list.pointee.count += 1
    }

    /// Removes the items `start ..< end`, both in range.
    func remove(_ start: Int, _ end: Int, from list: UnsafeMutablePointer<ListObject>) {
        let place = list.pointee.items + start
        memmove(place, list.pointee.items + end, (list.pointee.count - end) * MemoryLayout<Value>.stride)
        list.pointee.count -= end - start
    }

    /// The numbers start, start + step, ... before (or up to, if closed) `end`; nil when there are more than fit
    /// in an int. `step` is not zero.
    func makeRange(_ start: Int, _ end: Int, step: Int = 1, closed: Bool = false) -> Value? {
        guard let count = Heap.rangeCount(start, end, step: step, closed: closed) else { return nil }
        let memory = allocate(size: MemoryLayout<RangeObject>.size, kind: Tag.range, finalizable: false)
        let range = memory.assumingMemoryBound(to: RangeObject.self)
        range.pointee.start = start
        range.pointee.end = end
        range.pointee.step = step
        range.pointee.count = count
        range.pointee.closed = closed
        return Value(heap: Tag.range, memory)
    }

    static func rangeCount(_ start: Int, _ end: Int, step: Int, closed: Bool) -> Int? {
        let (low, high) = step > 0 ? (start, end) : (end, start)
        if low > high || (low == high && !closed) { return 0 }
        let distance = UInt64(bitPattern: Int64(high)) &- UInt64(bitPattern: Int64(low))
        let stride = UInt64(step.magnitude)
        let last = closed ? distance / stride : (distance - 1) / stride
        return last >= UInt64(Int.max) ? nil : Int(last) + 1
    }

    func makeBox(_ value: Value) -> Value {
        let memory = allocate(size: MemoryLayout<BoxObject>.size, kind: Tag.box, finalizable: false)
        memory.assumingMemoryBound(to: BoxObject.self).pointee.value = value
        return Value(heap: Tag.box, memory)
    }

    /// A closure whose captured values are still to be set.
    func newClosure(_ code: UnsafeMutablePointer<FunctionCode>, count: Int) -> UnsafeMutablePointer<ClosureObject> {
        let memory = allocate(
            size: ClosureObject.valuesOffset + count * MemoryLayout<Value>.stride, kind: Tag.closure, finalizable: false)
        let closure = memory.assumingMemoryBound(to: ClosureObject.self)
        closure.pointee.code = code
        closure.pointee.header.aux = UInt32(count)
        return closure
    }

    func makeBoundMethod(_ receiver: Value, _ method: Value) -> Value {
        let memory = allocate(size: MemoryLayout<BoundMethodObject>.size, kind: Tag.boundMethod, finalizable: false)
        let bound = memory.assumingMemoryBound(to: BoundMethodObject.self)
        bound.pointee.receiver = receiver
        bound.pointee.method = method
        return Value(heap: Tag.boundMethod, memory)
    }

    func makeNamespace(_ fields: UnsafeMutablePointer<MapObject>) -> Value {
        let memory = allocate(size: MemoryLayout<NamespaceObject>.size, kind: Tag.namespace, finalizable: false)
        memory.assumingMemoryBound(to: NamespaceObject.self).pointee.fields = fields
        return Value(heap: Tag.namespace, memory)
    }

    func makeError(kind: Value, message: Value) -> Value {
        let memory = allocate(size: MemoryLayout<ErrorObject>.size, kind: Tag.error, finalizable: false)
        let error = memory.assumingMemoryBound(to: ErrorObject.self)
        error.pointee.kindName = kind
        error.pointee.message = message
        error.pointee.trace = .nil
        error.pointee.process = .nil
        error.pointee.file = -1
        error.pointee.start = 0
        error.pointee.end = 0
        error.pointee.attached = .nil
        return Value(heap: Tag.error, memory)
    }

    func makeHandle(_ process: ProcessRef, pid: Int32, name: Value) -> UnsafeMutablePointer<HandleObject> {
        let memory = allocate(size: MemoryLayout<HandleObject>.size, kind: Tag.handle, finalizable: true)
        let handle = memory.assumingMemoryBound(to: HandleObject.self)
        handle.pointee.process = process.raw
        handle.pointee.pid = pid
        handle.pointee.state = 0
        handle.pointee.name = name
        handle.pointee.outcome = .nil
        handle.pointee.stdin = .nil
        handle.pointee.stdout = .nil
        handle.pointee.stderr = .nil
        handle.pointee.external = false
        handle.pointee.number = 0
        return handle
    }

    func newTask(callee: Value, name: Value, count: Int) -> UnsafeMutablePointer<TaskObject> {
        let memory = allocate(
            size: TaskObject.valuesOffset + count * MemoryLayout<Value>.stride, kind: Tag.task, finalizable: false)
        let task = memory.assumingMemoryBound(to: TaskObject.self)
        task.pointee.callee = callee
        task.pointee.name = name
        task.pointee.header.aux = UInt32(count)
        return task
    }

    func makeGroup(limit: Int, restarts: Int, window: Int) -> Value {
        let memory = allocate(size: MemoryLayout<GroupObject>.size, kind: Tag.group, finalizable: false)
        let group = memory.assumingMemoryBound(to: GroupObject.self)
        group.pointee.tasks = Value(newList())
        group.pointee.handles = Value(newList())
        group.pointee.limit = limit
        group.pointee.restarts = restarts
        group.pointee.window = window
        group.pointee.history = Value(newList())
        group.pointee.failure = .nil
        return Value(heap: Tag.group, memory)
    }
}
