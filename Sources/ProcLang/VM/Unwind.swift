// How an error travels: trace, search for a handler, and the way out of native calls.
//
// Invariants
// - The trace is captured once, when the error is first raised: pairs of function number and instruction, packed
//   into a bytes object, turned into text only when somebody asks.
// - An exit request (`exitStatus`) passes all handlers.

import Glibc

extension VM {
    private static let traceLimit = 40

    /// Puts position and trace into the pending error, unless it has them already.
    func describePendingError() {
        guard pendingError.tag == Tag.error else { return }
        let error = pendingError.error
        guard error.pointee.trace.isNil, currentFrame >= frames else { return }
        let span = span(currentFrame)
        error.pointee.file = span.file
        error.pointee.start = UInt32(bitPattern: span.start)
        error.pointee.end = UInt32(bitPattern: span.end)
        let depth = min(currentFrame - frames + 1, VM.traceLimit)
        let packed = heap.newBytes(count: depth * 8)
        let words = UnsafeMutableRawPointer(packed.pointee.bytes).assumingMemoryBound(to: Int32.self)
        var frame = currentFrame
        for index in 0..<depth {
            let code = frame.pointee.function.closure.pointee.code
            words[index * 2] = code.pointee.info
            words[index * 2 + 1] = Int32(truncatingIfNeeded: frame.pointee.pc - code.pointee.code - 1)
            frame -= 1
        }
        error.pointee.trace = Value(heap: Tag.bytes, packed)
    }

    /// The trace as text, innermost function first: "name (path:line)".
    func traceTexts(_ error: UnsafeMutablePointer<ErrorObject>) -> [String] {
        switch error.pointee.trace.tag {
        case Tag.bytes:
            let packed = error.pointee.trace.bytes
            let words = UnsafeMutableRawPointer(packed.pointee.bytes).assumingMemoryBound(to: Int32.self)
            return (0..<packed.pointee.count / 8).map { index in
                let info = infos[Int(words[index * 2])]
                let pc = Int(words[index * 2 + 1])
                let start = info.spans.indices.contains(pc) ? info.spans[pc].start : 0
                guard let file = sources.file(of: Span(file: info.file, start: start, end: start)) else {
                    return info.name
                }
                return "\(info.name) (\(file.path):\(file.line(at: start)))"
            }
        case Tag.list:
            let list = error.pointee.trace.list
            return (0..<list.pointee.count).compactMap {
                list.pointee.items[$0].isString ? list.pointee.items[$0].string.text : nil
            }
        default:
            return []
        }
    }

    /// Finds the handler of the pending error in the frames down to `entry`. Sets `currentFrame`, its pc, and the
    /// handler's register; false when there is none: then the frame below `entry` is current.
    @inline(never)
    func unwind(to entry: UnsafeMutablePointer<Frame>) -> Bool {
        describePendingError()
        while currentFrame >= entry {
            if exitStatus == nil {
                let frame = currentFrame
                let code = frame.pointee.function.closure.pointee.code
                let pc = Int32(truncatingIfNeeded: frame.pointee.pc - code.pointee.code - 1)
                let info = infos[Int(code.pointee.info)]
                for handler in info.handlers where handler.start <= pc && pc < handler.end {
                    frame.pointee.base[Int(handler.register)] = pendingError
                    pendingError = .nil
                    frame.pointee.pc = code.pointee.code + Int(handler.target)
                    return true
                }
            }
            currentFrame -= 1
        }
        return false
    }
}
