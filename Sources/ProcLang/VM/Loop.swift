// The interpreter loop.
//
// Invariants
// - `pc`, `base` and `constants` mirror the current frame; `frame.pc` is stored before anything that can raise,
//   collect, or call. The register stack never moves, so `base` stays valid across calls.
// - `_slowPath` on the conditions of jumps asks for a branch: as a conditional move the next instruction would wait for
//   the comparison, which the processor could otherwise guess.
// - No instruction of the fast path calls, retains, throws or allocates. Slow paths are methods of `VM` that throw
//   `Raise` (a trivial error; the error value is in `pendingError`).
// - A loop turn and a call look at the cancellation word; instructions that allocate look at the heap's pressure
//   afterwards, when their result is in a register.

extension VM {
    /// Runs the frame `entry`, which is current, until it returns: its result is then in R[-1] of it, and the frame
    /// below is current. False if an error left it.
    func run(_ entry: UnsafeMutablePointer<Frame>) -> Bool {
        let cancelWord = self.cancelWord
        let globals = self.globals
        var frame = entry
        var pc = frame.pointee.pc
        var base = frame.pointee.base
        var constants = frame.pointee.function.closure.pointee.code.pointee.constants

        while true {
            // Left by `break` when an error is pending.
            dispatch: while true {
                let i = pc.pointee
                pc += 1
                // Left by `break` when a fused jump is taken.
                jumped: do {
                    switch i.op {

                    // MARK: Moves

                    case .move:
                        base[i.a] = base[i.b]
                    case .loadConstant:
                        base[i.a] = constants[i.wide]
                    case .loadInt:
                        base[i.a] = Value(i.wide)
                    case .loadNil:
                        base[i.a] = .nil
                    case .loadTrue:
                        base[i.a] = .true
                    case .loadFalse:
                        base[i.a] = .false
                    case .loadAbsent:
                        base[i.a] = .absent
                    case .getGlobal:
                        base[i.a] = globals[i.wide]
                    case .getGlobalChecked:
                        let value = globals[i.wide]
                        if value.isAbsent {
                            frame.pointee.pc = pc
                            uninitialised()
                            break dispatch
                        }
                        base[i.a] = value
                    case .setGlobal:
                        globals[i.wide] = base[i.a]
                    case .getUpvalue:
                        base[i.a] = frame.pointee.function.closure.upvalues[i.b]
                    case .getUpvalueChecked:
                        let value = frame.pointee.function.closure.upvalues[i.b]
                        if value.isAbsent {
                            frame.pointee.pc = pc
                            uninitialised()
                            break dispatch
                        }
                        base[i.a] = value
                    case .getUpvalueBox:
                        base[i.a] = frame.pointee.function.closure.upvalues[i.b].box.pointee.value
                    case .getUpvalueBoxChecked:
                        let value = frame.pointee.function.closure.upvalues[i.b].box.pointee.value
                        if value.isAbsent {
                            frame.pointee.pc = pc
                            uninitialised()
                            break dispatch
                        }
                        base[i.a] = value
                    case .setUpvalueBox:
                        frame.pointee.function.closure.upvalues[i.b].box.pointee.value = base[i.a]
                    case .newBox:
                        base[i.a] = heap.makeBox(base[i.b])
                        if heap.wantsCollection {
                            frame.pointee.pc = pc
                            do { try safePoint() } catch { break dispatch }
                        }
                    case .newEmptyBox:
                        base[i.a] = heap.makeBox(.absent)
                        if heap.wantsCollection {
                            frame.pointee.pc = pc
                            do { try safePoint() } catch { break dispatch }
                        }
                    case .getBox:
                        base[i.a] = base[i.b].box.pointee.value
                    case .getBoxChecked:
                        let value = base[i.b].box.pointee.value
                        if value.isAbsent {
                            frame.pointee.pc = pc
                            uninitialised()
                            break dispatch
                        }
                        base[i.a] = value
                    case .setBox:
                        base[i.a].box.pointee.value = base[i.b]
                    case .closure:
                        frame.pointee.pc = pc
                        base[i.a] = makeClosure(frame, i.wide)
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .setCapture:
                        base[i.a].closure.upvalues[i.b] = base[i.c]

                    // MARK: Arithmetic

                    case .add:
                        let x = base + i.b
                        let y = base + i.c
                        if x.tag == Tag.int && y.tag == Tag.int {
                            let (sum, overflow) = x.int.addingReportingOverflow(y.int)
                            if !overflow {
                                base[i.a] = Value(sum)
                                continue
                            }
                        } else if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float + y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try addSlow(x.pointee, y.pointee)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .subtract:
                        let x = base + i.b
                        let y = base + i.c
                        if x.tag == Tag.int && y.tag == Tag.int {
                            let (difference, overflow) = x.int.subtractingReportingOverflow(y.int)
                            if !overflow {
                                base[i.a] = Value(difference)
                                continue
                            }
                        } else if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float - y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try subtractSlow(x.pointee, y.pointee) } catch { break dispatch }
                    case .multiply:
                        let x = base + i.b
                        let y = base + i.c
                        if x.tag == Tag.int && y.tag == Tag.int {
                            let (product, overflow) = x.int.multipliedReportingOverflow(by: y.int)
                            if !overflow {
                                base[i.a] = Value(product)
                                continue
                            }
                        } else if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float * y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try multiplySlow(x.pointee, y.pointee)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .divide:
                        let x = base + i.b
                        let y = base + i.c
                        if x.tag == Tag.float && y.tag == Tag.float && y.float != 0 {
                            base[i.a] = Value(x.float / y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try divideSlow(x.pointee, y.pointee) } catch { break dispatch }
                    case .floorDivide:
                        let x = base[i.b]
                        let y = base[i.c]
                        if x.tag == Tag.int && y.tag == Tag.int && y.int > 0 {
                            base[i.a] = Value(Arithmetic.floorDivide(x.int, y.int))
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try floorDivideSlow(x, y) } catch { break dispatch }
                    case .remainder:
                        let x = base[i.b]
                        let y = base[i.c]
                        if x.tag == Tag.int && y.tag == Tag.int && y.int > 0 {
                            base[i.a] = Value(Arithmetic.remainder(x.int, y.int))
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try remainderSlow(x, y) } catch { break dispatch }
                    case .power:
                        frame.pointee.pc = pc
                        do { base[i.a] = try power(base[i.b], base[i.c]) } catch { break dispatch }
                    case .addInt:
                        let x = base + i.b
                        if x.tag == Tag.int {
                            let (sum, overflow) = x.int.addingReportingOverflow(i.signedC)
                            if !overflow {
                                base[i.a] = Value(sum)
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try addSlow(x.pointee, Value(i.signedC)) } catch { break dispatch }
                    case .subtractInt:
                        let x = base + i.b
                        if x.tag == Tag.int {
                            let (difference, overflow) = x.int.subtractingReportingOverflow(i.signedC)
                            if !overflow {
                                base[i.a] = Value(difference)
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try subtractSlow(x.pointee, Value(i.signedC)) } catch { break dispatch }
                    case .multiplyInt:
                        let x = base + i.b
                        if x.tag == Tag.int {
                            let (product, overflow) = x.int.multipliedReportingOverflow(by: i.signedC)
                            if !overflow {
                                base[i.a] = Value(product)
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try multiplySlow(x.pointee, Value(i.signedC))
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .floorDivideInt:
                        let x = base[i.b]
                        if x.tag == Tag.int {
                            base[i.a] = Value(Arithmetic.floorDivide(x.int, i.signedC))
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try floorDivideSlow(x, Value(i.signedC)) } catch { break dispatch }
                    case .remainderInt:
                        let x = base[i.b]
                        if x.tag == Tag.int {
                            base[i.a] = Value(Arithmetic.remainder(x.int, i.signedC))
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try remainderSlow(x, Value(i.signedC)) } catch { break dispatch }
                    case .addConstant:
                        let x = base + i.b
                        let y = constants + i.c
                        if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float + y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try addSlow(x.pointee, y.pointee)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .subtractConstant:
                        let x = base + i.b
                        let y = constants + i.c
                        if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float - y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try subtractSlow(x.pointee, y.pointee) } catch { break dispatch }
                    case .multiplyConstant:
                        let x = base + i.b
                        let y = constants + i.c
                        if x.tag == Tag.float && y.tag == Tag.float {
                            base[i.a] = Value(x.float * y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try multiplySlow(x.pointee, y.pointee)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .divideConstant:
                        let x = base + i.b
                        let y = constants + i.c
                        if x.tag == Tag.float && y.tag == Tag.float && y.float != 0 {
                            base[i.a] = Value(x.float / y.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try divideSlow(x.pointee, y.pointee) } catch { break dispatch }
                    case .negate:
                        let x = base[i.b]
                        if x.tag == Tag.int && x.int != Int.min {
                            base[i.a] = Value(0 &- x.int)
                            continue
                        }
                        if x.tag == Tag.float {
                            base[i.a] = Value(-x.float)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = try negateSlow(x) } catch { break dispatch }
                    case .not:
                        base[i.a] = Value(base[i.b].isFalse)

                    // MARK: Comparisons

                    case .equal:
                        let x = base[i.b]
                        let y = base[i.c]
                        if x.tag == Tag.int && y.tag == Tag.int {
                            base[i.a] = Value(x.payload == y.payload)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = Value(try equalSlow(x, y)) } catch { break dispatch }
                    case .notEqual:
                        let x = base[i.b]
                        let y = base[i.c]
                        if x.tag == Tag.int && y.tag == Tag.int {
                            base[i.a] = Value(x.payload != y.payload)
                            continue
                        }
                        frame.pointee.pc = pc
                        do { base[i.a] = Value(try !equalSlow(x, y)) } catch { break dispatch }
                    case .less:
                        frame.pointee.pc = pc
                        do { base[i.a] = Value(try less(base[i.b], base[i.c])) } catch { break dispatch }
                    case .lessOrEqual:
                        frame.pointee.pc = pc
                        do { base[i.a] = Value(try lessOrEqual(base[i.b], base[i.c])) } catch { break dispatch }
                    case .contains:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = Value(try contains(base[i.c], base[i.b]))
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .containsNot:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = Value(try !contains(base[i.c], base[i.b]))
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .isType:
                        base[i.a] = Value(TypeTest.matches(base[i.b], i.c))
                    case .isNotType:
                        base[i.a] = Value(!TypeTest.matches(base[i.b], i.c))

                    // MARK: Jumps

                    case .jump:
                        pc += i.wide
                    case .loop:
                        // Before the jump: raised at its target it would be outside a `try` that begins with the loop.
                        if cancelWord.pointee != 0 {
                            frame.pointee.pc = pc
                            do { try takeCancellation() } catch { break dispatch }
                        }
                        pc += i.wide
                    case .jumpIf:
                        if _slowPath(!base[i.a].isFalse) {
                            if i.wide < 0 && cancelWord.pointee != 0 {
                                frame.pointee.pc = pc
                                do { try takeCancellation() } catch { break dispatch }
                            }
                            pc += i.wide
                        }
                    case .jumpIfNot:
                        if _slowPath(base[i.a].isFalse) {
                            if i.wide < 0 && cancelWord.pointee != 0 {
                                frame.pointee.pc = pc
                                do { try takeCancellation() } catch { break dispatch }
                            }
                            pc += i.wide
                        }
                    case .jumpIfAbsent:
                        if _slowPath(base[i.a].isAbsent) { pc += i.wide }
                    case .jumpIfNotAbsent:
                        if _slowPath(!base[i.a].isAbsent) { pc += i.wide }
                    case .jumpIfLess:
                        let x = base + i.a
                        let y = base + i.b
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.int < y.int) { break jumped }
                            continue
                        }
                        if x.tag == Tag.float && y.tag == Tag.float {
                            if _slowPath(x.float < y.float) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try less(x.pointee, y.pointee) { break jumped } } catch { break dispatch }
                    case .jumpIfNotLess:
                        let x = base + i.a
                        let y = base + i.b
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.int >= y.int) { break jumped }
                            continue
                        }
                        if x.tag == Tag.float && y.tag == Tag.float {
                            if _slowPath(!(x.float < y.float)) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try !less(x.pointee, y.pointee) { break jumped } } catch { break dispatch }
                    case .jumpIfLessOrEqual:
                        let x = base + i.a
                        let y = base + i.b
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.int <= y.int) { break jumped }
                            continue
                        }
                        if x.tag == Tag.float && y.tag == Tag.float {
                            if _slowPath(x.float <= y.float) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try lessOrEqual(x.pointee, y.pointee) { break jumped } } catch { break dispatch }
                    case .jumpIfNotLessOrEqual:
                        let x = base + i.a
                        let y = base + i.b
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.int > y.int) { break jumped }
                            continue
                        }
                        if x.tag == Tag.float && y.tag == Tag.float {
                            if _slowPath(!(x.float <= y.float)) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try !lessOrEqual(x.pointee, y.pointee) { break jumped } } catch { break dispatch }
                    case .jumpIfEqual:
                        let x = base[i.a]
                        let y = base[i.b]
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.payload == y.payload) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try equalSlow(x, y) { break jumped } } catch { break dispatch }
                    case .jumpIfNotEqual:
                        let x = base[i.a]
                        let y = base[i.b]
                        if x.tag == Tag.int && y.tag == Tag.int {
                            if _slowPath(x.payload != y.payload) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try !equalSlow(x, y) { break jumped } } catch { break dispatch }
                    case .jumpIfLessInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int < i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try less(x, Value(i.signedB)) { break jumped } } catch { break dispatch }
                    case .jumpIfNotLessInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int >= i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try !less(x, Value(i.signedB)) { break jumped } } catch { break dispatch }
                    case .jumpIfLessOrEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int <= i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try lessOrEqual(x, Value(i.signedB)) { break jumped } } catch { break dispatch }
                    case .jumpIfNotLessOrEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int > i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try !lessOrEqual(x, Value(i.signedB)) { break jumped } } catch { break dispatch }
                    case .jumpIfGreaterInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int > i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do { if try less(Value(i.signedB), x, swapped: true) { break jumped } } catch { break dispatch }
                    case .jumpIfNotGreaterInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int <= i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            if try !less(Value(i.signedB), x, swapped: true) { break jumped }
                        } catch { break dispatch }
                    case .jumpIfGreaterOrEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int >= i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            if try lessOrEqual(Value(i.signedB), x, swapped: true) { break jumped }
                        } catch { break dispatch }
                    case .jumpIfNotGreaterOrEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int < i.signedB) { break jumped }
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            if try !lessOrEqual(Value(i.signedB), x, swapped: true) { break jumped }
                        } catch { break dispatch }
                    case .jumpIfEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int == i.signedB) { break jumped }
                        } else if x.tag == Tag.float, x.float == Double(i.signedB) {
                            break jumped
                        }
                    case .jumpIfNotEqualInt:
                        let x = base[i.a]
                        if x.tag == Tag.int {
                            if _slowPath(x.int != i.signedB) { break jumped }
                        } else if _slowPath(x.tag != Tag.float || x.float != Double(i.signedB)) {
                            break jumped
                        }

                    // MARK: Loops

                    case .forPrepare, .forPrepareClosed:
                        frame.pointee.pc = pc
                        do {
                            if try prepareFor(base + i.a, closed: i.op == .forPrepareClosed) { pc += i.signedC }
                        } catch { break dispatch }
                    case .forLoop:
                        if cancelWord.pointee != 0 {
                            frame.pointee.pc = pc
                            do { try takeCancellation() } catch { break dispatch }
                        }
                        let state = base + i.a
                        let left = state[1].payload
                        if _fastPath(left != 0) {
                            state[1].payload = left &- 1
                            let number = state[0].payload &+ 1
                            state[0].payload = number
                            state[2] = Value(tag: Tag.int, payload: number)
                            pc += i.wide
                        }
                    case .iterate:
                        frame.pointee.pc = pc
                        do {
                            try prepareIteration(base + i.a)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .next:
                        let state = base + i.a
                        if state[0].tag == Tag.list && cancelWord.pointee == 0 {
                            let list = state[0].list
                            let position = state[1].int
                            if position < list.pointee.count {
                                base[i.b] = list.pointee.items[position]
                                state[1].payload &+= 1
                            } else {
                                pc += i.signedC
                            }
                            continue
                        }
                        frame.pointee.pc = pc
                        do {
                            if try !nextItem(state, base + i.b) { pc += i.signedC }
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .nextPair:
                        frame.pointee.pc = pc
                        do {
                            if try !nextPair(base + i.a, base + i.b) { pc += i.signedC }
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }

                    // MARK: Calls

                    case .call:
                        let callee = base[i.a]
                        frame.pointee.pc = pc
                        if callee.tag == Tag.closure {
                            let code = callee.closure.pointee.code
                            if Int(code.pointee.parameterCount) == i.b && !code.pointee.isProcess {
                                let newBase = base + (i.a &+ 1)
                                let end = newBase + Int(code.pointee.registerCount)
                                let next = frame + 1
                                if end < softLimit && next < framesLimit && cancelWord.pointee == 0 {
                                    frame = next
                                    base = newBase
                                    pc = code.pointee.code
                                    constants = code.pointee.constants
                                    frame.pointee.base = newBase
                                    frame.pointee.function = callee
                                    currentFrame = frame
                                    continue
                                }
                            }
                        }
                        do { try callSlow(base + i.a, i.b) } catch { break dispatch }
                        frame = currentFrame
                        pc = frame.pointee.pc
                        base = frame.pointee.base
                        constants = frame.pointee.function.closure.pointee.code.pointee.constants
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .callNative:
                        frame.pointee.pc = pc
                        do {
                            if cancelWord.pointee & 2 != 0 { attendBefore(i.c, base + i.a, i.b) }
                            base[i.a] = try natives[i.c].body(self, base + i.a, i.b)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .callMethod:
                        frame.pointee.pc = pc
                        let receiver = base[i.a]
                        let method = methodTable.find(receiver, constants[i.c])
                        if method >= 0 {
                            if method == listAppend && i.b == 1 {
                                heap.append(base[i.a &+ 1], to: receiver.list)
                                base[i.a] = .nil
                                if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                                continue
                            }
                            if method == listPop && i.b == 0 && receiver.list.pointee.count > 0 {
                                let last = receiver.list.pointee.count &- 1
                                receiver.list.pointee.count = last
                                base[i.a] = receiver.list.pointee.items[last]
                                continue
                            }
                            if method == mapGet && i.b == 2 && base[i.a &+ 1].tag == Tag.string {
                                let key = base[i.a &+ 1]
                                let entry = receiver.map.find(key, hash: key.string.hash)
                                base[i.a] = base[i.a &+ 2]
                                if entry >= 0 { base[i.a] = receiver.map.pointee.entries.unsafelyUnwrapped[entry].value }
                                continue
                            }
                            let shape = nativeShapes + method
                            if i.b >= Int(shape.pointee.required) && i.b <= Int(shape.pointee.positional) {
                                // What was left out is absent; the frame has room for it.
                                let count = Int(shape.pointee.fixed) &+ 1
                                var place = i.b &+ 1
                                while place < count {
                                    base[i.a &+ place] = .absent
                                    place &+= 1
                                }
                                do {
                                    if cancelWord.pointee & 2 != 0 { attendBefore(method, base + i.a, count) }
                                    base[i.a] = try natives[method].body(self, base + i.a, count)
                                    if heap.wantsCollection { try safePoint() }
                                } catch { break dispatch }
                                continue
                            }
                        } else if receiver.tag == Tag.map {
                            let map = receiver.map
                            let entry = map.find(name: constants[i.c])
                            if entry >= 0 {
                                let callee = map.pointee.entries.unsafelyUnwrapped[entry].value
                                if callee.tag == Tag.closure {
                                    let code = callee.closure.pointee.code
                                    let newBase = base + (i.a &+ 1)
                                    let end = newBase + Int(code.pointee.registerCount)
                                    let next = frame + 1
                                    if Int(code.pointee.parameterCount) == i.b, !code.pointee.isProcess,
                                        end < softLimit, next < framesLimit, cancelWord.pointee == 0
                                    {
                                        base[i.a] = callee
                                        frame = next
                                        base = newBase
                                        pc = code.pointee.code
                                        constants = code.pointee.constants
                                        frame.pointee.base = newBase
                                        frame.pointee.function = callee
                                        currentFrame = frame
                                        continue
                                    }
                                }
                            }
                        }
                        do { try callMethod(base + i.a, i.b, constants[i.c]) } catch { break dispatch }
                        if currentFrame != frame {
                            frame = currentFrame
                            pc = frame.pointee.pc
                            base = frame.pointee.base
                            constants = frame.pointee.function.closure.pointee.code.pointee.constants
                        } else if heap.wantsCollection {
                            do { try safePoint() } catch { break dispatch }
                        }
                    case .argumentNames:
                        argumentNames = constants[i.wide]
                    case .callNamed:
                        frame.pointee.pc = pc
                        do { try callNamed(base + i.a, i.b) } catch { break dispatch }
                        frame = currentFrame
                        pc = frame.pointee.pc
                        base = frame.pointee.base
                        constants = frame.pointee.function.closure.pointee.code.pointee.constants
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .callNativeNamed:
                        frame.pointee.pc = pc
                        do {
                            try callNativeNamed(base + i.a, i.b, i.c)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .callMethodNamed:
                        frame.pointee.pc = pc
                        do { try callMethodNamed(base + i.a, i.b, constants[i.c]) } catch { break dispatch }
                        frame = currentFrame
                        pc = frame.pointee.pc
                        base = frame.pointee.base
                        constants = frame.pointee.function.closure.pointee.code.pointee.constants
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .returnValue:
                        base[-1] = base[i.a]
                        currentFrame = frame - 1
                        if frame == entry {
                            // For the place of an error about the result (`runChild`).
                            frame.pointee.pc = pc
                            return true
                        }
                        frame -= 1
                        pc = frame.pointee.pc
                        base = frame.pointee.base
                        constants = frame.pointee.function.closure.pointee.code.pointee.constants
                    case .returnNil:
                        base[-1] = .nil
                        currentFrame = frame - 1
                        if frame == entry { return true }
                        frame -= 1
                        pc = frame.pointee.pc
                        base = frame.pointee.base
                        constants = frame.pointee.function.closure.pointee.code.pointee.constants

                    // MARK: Collections

                    case .newList:
                        frame.pointee.pc = pc
                        base[i.a] = Value(heap.makeList(base + i.b, count: i.c))
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .append:
                        heap.append(base[i.b], to: base[i.a].list)
                        if heap.wantsCollection {
                            frame.pointee.pc = pc
                            do { try safePoint() } catch { break dispatch }
                        }
                    case .newMap:
                        frame.pointee.pc = pc
                        base[i.a] = Value(heap.newMap(capacity: i.b))
                        if heap.wantsCollection { do { try safePoint() } catch { break dispatch } }
                    case .setEntry:
                        frame.pointee.pc = pc
                        do { try setKey(base[i.a].map, base[i.b], base[i.c]) } catch { break dispatch }
                    case .newRange, .newRangeClosed:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try makeRange(base[i.b], base[i.c], closed: i.op == .newRangeClosed)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .getIndex:
                        let object = base[i.b]
                        let index = base[i.c]
                        if object.tag == Tag.list && index.tag == Tag.int {
                            let list = object.list
                            if UInt(bitPattern: index.int) < UInt(bitPattern: list.pointee.count) {
                                base[i.a] = list.pointee.items[index.int]
                                continue
                            }
                        } else if object.tag == Tag.map && index.tag == Tag.string {
                            let map = object.map
                            let entry = map.find(index, hash: index.string.hash)
                            if entry >= 0 {
                                base[i.a] = map.pointee.entries.unsafelyUnwrapped[entry].value
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try getIndex(object, index)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .getIndexInt:
                        let object = base[i.b]
                        if object.tag == Tag.list {
                            let list = object.list
                            if UInt(bitPattern: i.signedC) < UInt(bitPattern: list.pointee.count) {
                                base[i.a] = list.pointee.items[i.signedC]
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try getIndex(object, Value(i.signedC))
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .setIndex:
                        let object = base[i.a]
                        let index = base[i.b]
                        if object.tag == Tag.list && index.tag == Tag.int {
                            let list = object.list
                            if UInt(bitPattern: index.int) < UInt(bitPattern: list.pointee.count) {
                                list.pointee.items[index.int] = base[i.c]
                                continue
                            }
                        } else if object.tag == Tag.map && index.tag == Tag.string {
                            let map = object.map
                            let entry = map.find(index, hash: index.string.hash)
                            if entry >= 0 {
                                map.pointee.entries.unsafelyUnwrapped[entry].value = base[i.c]
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do {
                            try setIndex(object, index, base[i.c])
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .getField:
                        let object = base[i.b]
                        if object.tag == Tag.map {
                            let map = object.map
                            let entry = map.find(name: constants[i.c])
                            if entry >= 0 {
                                base[i.a] = map.pointee.entries.unsafelyUnwrapped[entry].value
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try getField(base[i.b], constants[i.c])
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .setField:
                        let object = base[i.a]
                        if object.tag == Tag.map {
                            let map = object.map
                            let entry = map.find(name: constants[i.c])
                            if entry >= 0 {
                                map.pointee.entries.unsafelyUnwrapped[entry].value = base[i.b]
                                continue
                            }
                        }
                        frame.pointee.pc = pc
                        do { try setField(base[i.a], constants[i.c], base[i.b]) } catch { break dispatch }
                    case .slice:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try slice(base + i.a, closed: i.b != 0)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .interpolate:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try interpolate(base + i.b, i.c)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .format:
                        frame.pointee.pc = pc
                        do {
                            base[i.a] = try format(base[i.b], base[i.c])
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }

                    // MARK: Patterns

                    case .unpack:
                        frame.pointee.pc = pc
                        do {
                            try unpack(base[i.a], base + i.b, i.c, rest: false)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .unpackRest:
                        frame.pointee.pc = pc
                        do {
                            try unpack(base[i.a], base + i.b, i.c, rest: true)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                    case .jumpIfNotList:
                        let value = base[i.a]
                        if _slowPath(value.tag != Tag.list || value.list.pointee.count != i.b) { pc += i.signedC }
                    case .jumpIfShorter:
                        let value = base[i.a]
                        if _slowPath(value.tag != Tag.list || value.list.pointee.count < i.b) { pc += i.signedC }
                    case .sliceFrom:
                        let list = base[i.b].list
                        base[i.a] = Value(heap.makeList(list.pointee.items + i.c, count: list.pointee.count - i.c))
                        if heap.wantsCollection {
                            frame.pointee.pc = pc
                            do { try safePoint() } catch { break dispatch }
                        }
                    case .fetchKey:
                        let map = base[i.b]
                        let key = base[i.c]
                        base[i.a] = map.tag == Tag.map && MapKey.isPossible(key) ? map.map.get(key) ?? .absent : .absent
                    case .jumpIfNotKind:
                        if _slowPath(!TypeTest.matches(base[i.a], i.b)) { pc += i.signedC }
                    case .matchFailed:
                        frame.pointee.pc = pc
                        matchFailed(base[i.a], isBinding: i.b != 0)
                        break dispatch

                    // MARK: Failures

                    case .raise:
                        frame.pointee.pc = pc
                        raiseValue(base[i.a])
                        break dispatch
                    case .reraise:
                        frame.pointee.pc = pc
                        pendingError = base[i.a]
                        break dispatch

                    // MARK: Everything that goes through the host

                    case .send, .receive, .makeChannel, .makePipe, .makeChannels, .nameObject, .selectBegin, .selectAdd,
                        .selectWait, .newTask, .newTaskNamed, .start, .groupBegin, .groupAdd, .groupRun, .groupAbort,
                        .sharedDeclare, .sharedGet, .sharedSet, .sharedPathGet, .sharedPathSet, .sharedPathUpdate,
                        .sharedPathCall, .sharedCheck, .sharedArgument, .checkParameter, .lockEnter, .lockExit,
                        .holdCancellation, .admitCancellation, .importModule:
                        frame.pointee.pc = pc
                        do {
                            try perform(i, base)
                            if heap.wantsCollection { try safePoint() }
                        } catch { break dispatch }
                        if currentFrame != frame {
                            frame = currentFrame
                            base = frame.pointee.base
                            constants = frame.pointee.function.closure.pointee.code.pointee.constants
                        }
                        pc = frame.pointee.pc  // also where a send has done the receive after it
                    }
                    continue
                }
                // Backwards it is the turn of a loop. Looked at before the jump: raised at its target a cancellation
                // would be outside a `try` that begins with the loop.
                if i.signedC < 0 && cancelWord.pointee != 0 {
                    frame.pointee.pc = pc
                    do { try takeCancellation() } catch { break dispatch }
                }
                pc += i.signedC
            }

            // An error is pending.
            currentFrame = frame
            if !unwind(to: entry) { return false }
            // An error is made of objects, too.
            collectIfWanted()
            frame = currentFrame
            pc = frame.pointee.pc
            base = frame.pointee.base
            constants = frame.pointee.function.closure.pointee.code.pointee.constants
        }
    }
}
