// Calls beyond the fast path: defaults, names, natives, methods, calls from native code.
//
// Invariants
// - The arguments of a call lie in consecutive registers after the callee. Missing ones with a default are set to
//   `absent`; the callee's first instructions evaluate the defaults.
// - A library function finds exactly its declared parameters: named-only ones of a variadic function come first,
//   then all the others; what was not given is absent.
// - After a call instruction `currentFrame` is either the callee's new frame or unchanged with the result in place.

import Glibc

extension VM {
    @inline(never)
    func makeClosure(_ frame: UnsafeMutablePointer<Frame>, _ number: Int) -> Value {
        let outer = frame.pointee.function.closure
        let code = infos[Int(outer.pointee.code.pointee.info)].functions[number]
        let info = infos[Int(code.pointee.info)]
        let closure = heap.newClosure(code, count: info.captures.count)
        for (index, source) in info.captures.enumerated() {
            switch source {
            case .register(let register): closure.upvalues[index] = frame.pointee.base[register]
            case .upvalue(let upvalue): closure.upvalues[index] = outer.upvalues[upvalue]
            }
        }
        return Value(heap: Tag.closure, closure)
    }

    func recursionError() -> Raise {
        raise(kinds.recursion, "calls are nested too deeply (\(currentFrame - frames + 1) levels)")
    }

    /// Makes a frame for a closure whose arguments are complete at `base`.
    func enter(_ callee: Value, _ base: UnsafeMutablePointer<Value>) throws(Raise) {
        let code = callee.closure.pointee.code
        let end = base + Int(code.pointee.registerCount)
        let frame = currentFrame + 1
        if frame >= framesLimit || end >= softLimit && !raiseSoftLimit(for: end) { throw recursionError() }
        frame.pointee.base = base
        frame.pointee.function = callee
        frame.pointee.pc = code.pointee.code
        currentFrame = frame
    }

    /// Calls R[0] with `count` arguments.
    @inline(never)
    func callSlow(_ registers: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) {
        if cancelWord.pointee != 0 { try takeCancellation() }
        let callee = registers[0]
        switch callee.tag {
        case Tag.closure:
            let code = callee.closure.pointee.code
            if code.pointee.isProcess { throw processCallError(code) }
            try completeArguments(code, registers + 1, count)
            try enter(callee, registers + 1)
        case Tag.native:
            let index = Int(callee.payload)
            let given = try library.arrange(self, index, registers + 1, count)
            registers[0] = try natives[index].body(self, registers + 1, given)
            if heap.wantsCollection { try safePoint() }
        case Tag.boundMethod:
            let bound = callee.boundMethod.pointee
            memmove(registers + 2, registers + 1, count * MemoryLayout<Value>.stride)
            registers[1] = bound.receiver
            registers[0] = bound.method
            try callSlow(registers, count + 1)
        default:
            throw typeError("\(callee.typeName) cannot be called")
        }
    }

    func processCallError(_ code: UnsafeMutablePointer<FunctionCode>) -> Raise {
        let name = infos[Int(code.pointee.info)].name
        return typeError("`\(name)` is a process: run it with `start \(name)(...)` or inside `parallel { }`")
    }

    /// Checks the number of arguments and marks those left out.
    func completeArguments(
        _ code: UnsafeMutablePointer<FunctionCode>, _ arguments: UnsafeMutablePointer<Value>, _ count: Int
    ) throws(Raise) {
        let most = Int(code.pointee.parameterCount)
        if count < Int(code.pointee.requiredCount) || count > most {
            throw arityError(infos[Int(code.pointee.info)].name, Int(code.pointee.requiredCount), most, count)
        }
        var index = count
        while index < most {
            arguments[index] = .absent
            index += 1
        }
        for index in 0..<Int(code.pointee.requiredCount) where arguments[index].isAbsent {
            let info = infos[Int(code.pointee.info)]
            throw typeError("`\(info.name)` needs the argument `\(info.parameterNames[index])`")
        }
    }

    func arityError(_ name: String, _ least: Int, _ most: Int?, _ given: Int) -> Raise {
        let wanted: String
        if let most {
            wanted = least == most ? "\(least) argument\(least == 1 ? "" : "s")" : "\(least) to \(most) arguments"
        } else {
            wanted = "at least \(least) argument\(least == 1 ? "" : "s")"
        }
        return typeError("`\(name)` takes \(wanted), not \(given)")
    }

    // MARK: Names

    /// Puts arguments, some of which have names, into the order of `parameters`. Returns how many there are then.
    func orderByName(
        _ name: String, _ parameters: [String], _ arguments: UnsafeMutablePointer<Value>, _ count: Int
    ) throws(Raise) -> Int {
        let names = argumentNames.list
        var given = [Value](repeating: .absent, count: parameters.count)
        var positional = 0
        for index in 0..<count {
            let label = names.pointee.items[index]
            if label.isNil {
                guard index < parameters.count else { throw arityError(name, 0, parameters.count, count) }
                given[index] = arguments[index]
                positional += 1
                continue
            }
            guard let place = parameters.firstIndex(of: label.string.text) else {
                throw noParameter(name, label.string.text, parameters)
            }
            guard given[place].isAbsent else {
                throw typeError("`\(name)` got the argument `\(label.string.text)` twice")
            }
            given[place] = arguments[index]
        }
        for (index, value) in given.enumerated() { arguments[index] = value }
        return given.count
    }

    /// A named argument that no parameter takes.
    func noParameter(_ function: String, _ label: String, _ parameters: [String]) -> Raise {
        let others = parameters.isEmpty ? "it has none" : "it has \(parameters.map { "`\($0)`" }.joined(separator: ", "))"
        return typeError("`\(function)` has no parameter `\(label)`; \(others)")
    }

    @inline(never)
    func callNamed(_ registers: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) {
        let callee = registers[0]
        switch callee.tag {
        case Tag.closure:
            let code = callee.closure.pointee.code
            let info = infos[Int(code.pointee.info)]
            try reserve(registers + 1, info.parameterNames.count)
            try callSlow(registers, orderByName(info.name, info.parameterNames, registers + 1, count))
        case Tag.native:
            let index = Int(callee.payload)
            try callNativeNamed(registers + 1, count, index)
            registers[0] = registers[1]
        case Tag.boundMethod where callee.boundMethod.pointee.method.tag == Tag.native:
            let bound = callee.boundMethod.pointee
            let index = Int(bound.method.payload)
            memmove(registers + 2, registers + 1, count * MemoryLayout<Value>.stride)
            registers[1] = bound.receiver
            registers[0] = bound.method
            let given = try library.arrangeNamed(self, index, registers + 1, count + 1, isMethod: true)
            registers[0] = try natives[index].body(self, registers + 1, given)
        default:
            throw typeError("\(callee.typeName) cannot be called with named arguments")
        }
    }

    /// Room for arguments beyond those that the compiler reserved.
    func reserve(_ arguments: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) {
        let end = arguments + count + VM.spareRegisters
        if end >= softLimit, !raiseSoftLimit(for: end) { throw recursionError() }
    }

    /// R[0] = library function (R[0] ... R[count - 1]), some of them named.
    @inline(never)
    func callNativeNamed(_ registers: UnsafeMutablePointer<Value>, _ count: Int, _ index: Int) throws(Raise) {
        let given = try library.arrangeNamed(self, index, registers, count)
        registers[0] = try natives[index].body(self, registers, given)
    }

    /// Before a library function, while the host has something to do soon: a function that goes through a large value comes
    /// by no safe point for a long time, and somebody may wait for this process to do it.
    @inline(never)
    func attendBefore(_ native: Int, _ arguments: UnsafeMutablePointer<Value>, _ count: Int) {
        switch library.name(native) {
        case "len", "append", "pop", "get", "clear": return
        default: break
        }
        for index in 0..<count where extent(of: arguments[index], depth: 3) > 2000 { return host.beforeLongWork() }
    }

    /// About how much there is to go through in a value: of nested ones the first elements tell.
    private func extent(of value: Value, depth: Int) -> Int {
        switch value.tag {
        case Tag.string: return value.string.byteCount / 8
        case Tag.bytes: return value.bytes.pointee.count / 8
        case Tag.range: return value.range.pointee.count
        case Tag.list:
            let list = value.list.pointee
            return list.count * (list.count == 0 || depth == 0 ? 1 : 1 + min(1 << 20, extent(of: list.items[0], depth: depth - 1)))
        case Tag.map: return value.map.pointee.count * 4
        default: return 0
        }
    }

    /// Where the library function that the frame's present instruction calls, if it does, has its arguments: with those
    /// that were left out, for which absent values were put there. What finished calls left in registers lies beyond them.
    /// R[a] tells what is called until the call is over: the receiver, or the function, which has no methods itself.
    func nativeArguments(of frame: UnsafeMutablePointer<Frame>) -> Range<Int> {
        let call = frame.pointee.pc[-1]
        let callee = frame.pointee.base[call.a]
        var first = call.a
        let native: Int
        switch call.op {
        case .callNative: return call.a..<call.a + call.b
        case .callNativeNamed: native = call.c
        case .call, .callNamed, .callMethod, .callMethodNamed:
            if call.op == .callMethod || call.op == .callMethodNamed,
                let method = library.method(callee, frame.pointee.function.closure.pointee.code.pointee.constants[call.c])
            {
                native = method
            } else if callee.tag == Tag.native {
                // Of a bound method the receiver is the first of the arguments by now.
                native = Int(callee.payload)
                first += 1
            } else {
                return 0..<0
            }
        default: return 0..<0
        }
        let shape = library.shapes[native]
        let fixed = Int(shape.fixed)
        return first..<first + Int(shape.receiver) + (shape.isVariadic ? call.b + fixed : max(call.b, fixed))
    }

    // MARK: Methods

    /// R[0] = R[0].name(R[1] ... R[count]).
    @inline(never)
    func callMethod(_ registers: UnsafeMutablePointer<Value>, _ count: Int, _ name: Value) throws(Raise) {
        let receiver = registers[0]
        if let method = library.method(receiver, name) {
            return try callMethodNative(registers, receiver, method, count, named: false)
        }
        registers[0] = try methodValue(receiver, name, registers, count)
        if receiver.kind == Tag.shared { return }
        try callSlow(registers, count)
    }

    @inline(never)
    func callMethodNamed(_ registers: UnsafeMutablePointer<Value>, _ count: Int, _ name: Value) throws(Raise) {
        let receiver = registers[0]
        if let method = library.method(receiver, name) {
            return try callMethodNative(registers, receiver, method, count, named: true)
        }
        registers[0] = try methodValue(receiver, name, registers, count, labels: argumentNames)
        if receiver.kind == Tag.shared { return }
        try callNamed(registers, count)
    }

    private func callMethodNative(
        _ registers: UnsafeMutablePointer<Value>, _ receiver: Value, _ method: Int, _ count: Int, named: Bool
    ) throws(Raise) {
        registers[0] = receiver
        let given =
            named
            ? try library.arrangeNamed(self, method, registers, count + 1, isMethod: true)
            : try library.arrange(self, method, registers, count + 1)
        registers[0] = try natives[method].body(self, registers, given)
    }

    /// What `receiver.name(...)` calls where the library has no such method: an item or attribute. For a shared
    /// variable the call itself is done, at the manager, and its result returned.
    private func methodValue(
        _ receiver: Value, _ name: Value, _ registers: UnsafeMutablePointer<Value>, _ count: Int, labels: Value = .nil
    ) throws(Raise) -> Value {
        switch receiver.kind {
        case Tag.map:
            guard let value = receiver.map.get(name) else { throw noField(receiver, name) }
            return value
        case Tag.namespace, Tag.module:
            return try getField(receiver, name)
        case Tag.shared:
            return try sharedPathCall(
                receiver, [], fields: 0, name, Array(UnsafeBufferPointer(start: registers + 1, count: count)), labels: labels)
        default:
            throw noField(receiver, name)
        }
    }

    // MARK: Calls from native code

    /// Calls a function value. Runs a nested loop: the caller roots what it holds. A safe point.
    func call(_ callee: Value, _ arguments: Value...) throws(Raise) -> Value {
        try call(callee, arguments: arguments)
    }

    func call(_ callee: Value, arguments: [Value]) throws(Raise) -> Value {
        let registers = stackTop
        let end = registers + arguments.count + 1 + VM.spareRegisters
        if end >= softLimit, !raiseSoftLimit(for: end) { throw recursionError() }
        registers[0] = callee
        for (index, argument) in arguments.enumerated() { registers[index + 1] = argument }
        let caller = currentFrame
        if callee.tag != Tag.closure {
            // A frame of native code: keeps the arguments alive, and the next call above them.
            return try callNativeValue(registers, arguments.count)
        }
        nativeDepth += 1
        defer { nativeDepth -= 1 }
        if nativeDepth > VM.maximumNativeDepth { throw recursionError() }
        try callSlow(registers, arguments.count)
        let entry = currentFrame
        if run(entry) { return registers[0] }
        currentFrame = caller
        throw Raise()
    }

    private func callNativeValue(_ registers: UnsafeMutablePointer<Value>, _ count: Int) throws(Raise) -> Value {
        nativeDepth += 1
        defer { nativeDepth -= 1 }
        if nativeDepth > VM.maximumNativeDepth { throw recursionError() }
        // The registers lie above the frame: nothing may run over them while the native works on them, so they are
        // copied to memory of their own and rooted.
        let callee = registers[0]
        let copy = UnsafeMutablePointer<Value>.allocate(capacity: count + 2 + VM.spareRegisters)
        copy.initialize(repeating: .nil, count: count + 2 + VM.spareRegisters)
        defer { copy.deallocate() }
        var function = callee
        var given = count
        var start = 0
        if callee.tag == Tag.boundMethod {
            copy[0] = callee.boundMethod.pointee.receiver
            function = callee.boundMethod.pointee.method
            start = 1
            given += 1
            if function.tag != Tag.native {
                var all = [copy[0]]
                for index in 0..<count { all.append(registers[index + 1]) }
                return try call(function, arguments: all)
            }
        }
        guard function.tag == Tag.native else { throw typeError("\(callee.typeName) cannot be called") }
        for index in 0..<count { copy[start + index] = registers[index + 1] }
        let rooted = roots.count
        roots.append(callee)
        for index in 0..<given { roots.append(copy[index]) }
        defer { roots.removeLast(roots.count - rooted) }
        let index = Int(function.payload)
        let arranged = try library.arrange(self, index, copy, given)
        return try natives[index].body(self, copy, arranged)
    }

    /// Calls a library method; `labels` is nil or the list of the arguments' names. A safe point.
    func callMethod(_ method: Int, of receiver: Value, _ arguments: [Value], labels: Value) throws(Raise) -> Value {
        guard !labels.isNil else {
            return try call(heap.makeBoundMethod(receiver, Value(native: method)), arguments: arguments)
        }
        nativeDepth += 1
        defer { nativeDepth -= 1 }
        if nativeDepth > VM.maximumNativeDepth { throw recursionError() }
        let room = max(arguments.count, Int(library.shapes[method].fixed)) + 1 + VM.spareRegisters
        let registers = UnsafeMutablePointer<Value>.allocate(capacity: room)
        registers.initialize(repeating: .nil, count: room)
        defer { registers.deallocate() }
        registers[0] = receiver
        for (index, argument) in arguments.enumerated() { registers[index + 1] = argument }
        let rooted = roots.count
        defer { roots.removeLast(roots.count - rooted) }
        roots.append(receiver)
        roots += arguments
        argumentNames = labels
        let given = try library.arrangeNamed(self, method, registers, arguments.count + 1, isMethod: true)
        return try natives[method].body(self, registers, given)
    }

    /// Keeps `value` alive until `body` ends.
    func rooting<Result>(_ value: Value, _ body: () throws(Raise) -> Result) throws(Raise) -> Result {
        let depth = roots.count
        roots.append(value)
        defer { roots.removeLast(roots.count - depth) }
        return try body()
    }
}
