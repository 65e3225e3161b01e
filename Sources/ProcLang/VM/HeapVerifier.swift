// Debug builds walk the whole heap after each collection: every reference must point to an allocated object of the
// kind that it says.

#if DEBUG
    extension VM {
        func verifyHeap() {
            heap.blocks.flushCursors()
            heap.blocks.forEachObject { object in
                let kind = UInt64(object.assumingMemoryBound(to: ObjectHeader.self).pointee.kind)
                precondition(kind >= UInt64(Tag.firstHeap) && kind < UInt64(Tag.count), "an object of kind \(kind)")
                switch kind {
                case Tag.list:
                    let list = object.assumingMemoryBound(to: ListObject.self)
                    precondition(list.pointee.count >= 0 && list.pointee.count <= list.pointee.capacity, "a list's count")
                    for index in 0..<list.pointee.count { verify(list.pointee.items[index]) }
                case Tag.map:
                    let map = object.assumingMemoryBound(to: MapObject.self)
                    var live = 0
                    for index in 0..<map.pointee.used {
                        guard let entries = map.pointee.entries else { preconditionFailure("a map without entries") }
                        if !entries[index].key.isAbsent { live += 1 }
                        verify(entries[index].key)
                        verify(entries[index].value)
                    }
                    precondition(live == map.pointee.count, "a map's count")
                case Tag.box: verify(object.assumingMemoryBound(to: BoxObject.self).pointee.value)
                case Tag.closure:
                    let closure = object.assumingMemoryBound(to: ClosureObject.self)
                    for index in 0..<Int(closure.pointee.header.aux) { verify(closure.upvalues[index]) }
                case Tag.string:
                    if let owner = object.assumingMemoryBound(to: StringObject.self).sharedBuffer {
                        verify(Value(heap: Tag.buffer, owner))
                    }
                default: break
                }
            }
            var register = stackBase
            while register < stackTop {
                verify(register.pointee)
                register += 1
            }
        }

        private func verify(_ value: Value) {
            guard value.isHeap else { return }
            let header = value.address.assumingMemoryBound(to: ObjectHeader.self).pointee
            precondition(UInt64(header.kind) == value.tag, "a value of kind \(value.tag) points to an object of kind \(header.kind)")
            if header.flags & ObjectHeader.big == 0 {
                precondition(BlockAllocator.isAllocated(value.address), "a value points to a dead object")
            }
        }
    }
#endif
