// Debug builds walk the whole heap after each collection, and check what everything else takes for granted:
// - every reference points to an allocated object of the kind that it says;
// - a string is valid UTF-8, its number of characters and its ASCII flag are right, and it lies in its buffer;
// - the index of a map finds each of its entries, and counts no others;
// - the bytes of all buffers together are `Heap.externalBytes`;
// - no mark is left.

#if DEBUG
    extension VM {
        func verifyHeap() {
            var verifier = HeapVerifier(heap: heap)
            heap.blocks.flushCursors()
            heap.blocks.forEachObject { verifier.object($0) }
            for object in heap.bigObjects { if let object { verifier.object(object) } }
            precondition(!heap.bigMarks.contains(true), "a mark is left")
            precondition(verifier.owned == heap.externalBytes, "\(heap.externalBytes) bytes counted, \(verifier.owned) owned")
            var register = stackBase
            while register < stackTop {
                verifier.value(register.pointee)
                register += 1
            }
            for index in 0..<globalCount { verifier.value(globals[index]) }
            for code in loadedCode {
                for index in 0..<Int(code.pointee.constantCount) { verifier.value(code.pointee.constants[index]) }
            }
            for value in roots + [pendingError, taskRoot, argumentNames] { verifier.value(value) }
        }
    }

    private struct HeapVerifier {
        let heap: Heap
        /// Bytes in the buffers and big objects seen so far.
        var owned = 0

        mutating func object(_ object: UnsafeMutableRawPointer) {
            let header = object.assumingMemoryBound(to: ObjectHeader.self).pointee
            let kind = UInt64(header.kind)
            precondition(kind >= UInt64(Tag.firstHeap) && kind < UInt64(Tag.count), "an object of kind \(kind)")
            if header.flags & ObjectHeader.big != 0 {
                owned += (object - 8).load(as: Int.self)
            } else {
                let (info, cell) = BlockAllocator.locate(object)
                precondition(info.pointee.marked[cell >> 6] >> UInt64(cell & 63) & 1 == 0, "a mark is left")
            }
            switch kind {
            case Tag.list: list(object.assumingMemoryBound(to: ListObject.self))
            case Tag.map: map(object.assumingMemoryBound(to: MapObject.self))
            case Tag.string: string(object.assumingMemoryBound(to: StringObject.self))
            case Tag.buffer:
                let buffer = object.assumingMemoryBound(to: BufferObject.self).pointee
                precondition(buffer.used >= 0 && buffer.used <= buffer.capacity, "a buffer's count")
                owned += buffer.capacity
            case Tag.box: value(object.assumingMemoryBound(to: BoxObject.self).pointee.value)
            case Tag.closure:
                let closure = object.assumingMemoryBound(to: ClosureObject.self)
                for index in 0..<Int(closure.pointee.header.aux) { value(closure.upvalues[index]) }
            case Tag.error:
                let error = object.assumingMemoryBound(to: ErrorObject.self).pointee
                for part in [error.kindName, error.message, error.trace, error.process, error.attached] { value(part) }
            case Tag.namespace: value(Value(object.assumingMemoryBound(to: NamespaceObject.self).pointee.fields))
            case Tag.boundMethod:
                let method = object.assumingMemoryBound(to: BoundMethodObject.self).pointee
                value(method.receiver)
                value(method.method)
            case Tag.handle:
                let handle = object.assumingMemoryBound(to: HandleObject.self).pointee
                for part in [handle.name, handle.outcome, handle.stdin, handle.stdout, handle.stderr] { value(part) }
            case Tag.task:
                let task = object.assumingMemoryBound(to: TaskObject.self)
                value(task.pointee.callee)
                value(task.pointee.name)
                for index in 0..<Int(task.pointee.header.aux) { value(task.arguments[index]) }
            case Tag.group:
                let group = object.assumingMemoryBound(to: GroupObject.self).pointee
                for part in [group.tasks, group.handles, group.history, group.failure] { value(part) }
            default: break
            }
        }

        func value(_ value: Value) {
            guard value.isHeap else { return }
            let header = value.address.assumingMemoryBound(to: ObjectHeader.self).pointee
            precondition(
                UInt64(header.kind) == value.tag, "a value of kind \(value.tag) points to an object of kind \(header.kind)")
            if header.flags & ObjectHeader.big == 0 {
                precondition(BlockAllocator.isAllocated(value.address), "a value points to a dead object")
            } else {
                let slot = (value.address - 16).load(as: Int.self)
                precondition(heap.bigObjects[slot] == value.address, "a value points to a dead object")
            }
        }

        private mutating func list(_ list: UnsafeMutablePointer<ListObject>) {
            precondition(list.pointee.count >= 0 && list.pointee.count <= list.pointee.capacity, "a list's count")
            owned += list.pointee.capacity * MemoryLayout<Value>.stride
            for index in 0..<list.pointee.count { value(list.pointee.items[index]) }
        }

        private mutating func map(_ map: UnsafeMutablePointer<MapObject>) {
            owned += map.ownedBytes
            var live = 0
            for index in 0..<map.pointee.used {
                guard let entries = map.pointee.entries else { preconditionFailure("a map without entries") }
                let slot = entries[index]
                value(slot.key)
                value(slot.value)
                if slot.key.isAbsent { continue }
                live += 1
                precondition(slot.hash == MapKey.hash(slot.key), "a map's hash")
                precondition(map.find(slot.key, hash: slot.hash) == index, "an entry of a map that is not found")
            }
            precondition(live == map.pointee.count && map.pointee.used + map.pointee.stale <= map.pointee.capacity, "a map's count")
            guard let index = map.pointee.index else { return }
            var indexed = 0
            for slot in 0...map.pointee.indexMask where index[slot] > 1 { indexed += 1 }
            precondition(indexed == live && indexed <= map.pointee.indexMask, "a map's index")
        }

        private func string(_ text: UnsafeMutablePointer<StringObject>) {
            if let owner = text.sharedBuffer {
                value(Value(heap: Tag.buffer, owner))
                let start = text.bytes - owner.pointee.bytes
                precondition(start >= 0 && start + text.byteCount <= owner.pointee.used, "a string outside of its buffer")
            }
            precondition(
                !text.isShort || text.isASCII && !text.isOutside && (1...StringObject.maxShort).contains(text.byteCount),
                "a short string")
            precondition(UTF8Text.isValid(text.utf8), "a string that is not UTF-8")
            precondition(UTF8Text.count(text.bytes, text.byteCount) == text.charCount, "a string's characters")
            precondition(text.isASCII == (text.charCount == text.byteCount), "a string's ASCII flag")
        }
    }
#endif
