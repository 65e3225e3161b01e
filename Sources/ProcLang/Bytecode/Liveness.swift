// Which registers of a function can still be read: backward data flow over its instructions (Aho, Lam, Sethi, Ullman,
// "Compilers", 9.2.5), made when it is asked for.
//
// Invariants
// - What `accesses` calls read includes everything that the instruction may read, while it waits too; what it calls
//   written is certainly written when the instruction falls through. So "dead" is never said of a live register.
// - Each handler that covers an instruction is a successor of it.

/// What an instruction does with registers.
struct RegisterAccess {
    var reads: [Range<Int>] = []
    var writes: Range<Int> = 0..<0
    /// Ends the function, or goes on elsewhere only.
    var fallsThrough = true
    /// Where it may jump to, counted from the following instruction.
    var jump: Int?

    static func read(_ registers: Int...) -> RegisterAccess {
        RegisterAccess(reads: registers.map { $0..<$0 + 1 })
    }

    static func read(from first: Int, count: Int) -> RegisterAccess {
        RegisterAccess(reads: [first..<first + max(0, count)])
    }

    func writing(_ register: Int, count: Int = 1) -> RegisterAccess {
        var access = self
        access.writes = register..<register + count
        return access
    }

    func jumping(_ distance: Int) -> RegisterAccess {
        var access = self
        access.jump = distance
        return access
    }

    var leaving: RegisterAccess {
        var access = self
        access.fallsThrough = false
        return access
    }
}

extension Instruction {
    /// `captures`: registers that the closure of a function takes, by its number.
    func accesses(captures: (Int) -> [Int]) -> RegisterAccess {
        switch op {
        case .loadConstant, .loadInt, .loadNil, .loadTrue, .loadFalse, .loadAbsent, .getGlobal, .getGlobalChecked,
            .getUpvalue, .getUpvalueChecked, .getUpvalueBox, .getUpvalueBoxChecked, .newEmptyBox, .newMap, .selectBegin,
            .importModule, .holdCancellation:
            return RegisterAccess().writing(a)
        case .closure:
            return RegisterAccess(reads: captures(wide).map { $0..<$0 + 1 }).writing(a)
        case .move, .newBox, .getBox, .getBoxChecked, .negate, .not, .isType, .isNotType, .getIndexInt, .getField,
            .sliceFrom, .receive, .sharedGet, .start, .groupRun, .addInt, .subtractInt, .multiplyInt, .floorDivideInt,
            .remainderInt, .addConstant, .subtractConstant, .multiplyConstant, .divideConstant:
            return .read(b).writing(a)
        case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .equal, .notEqual, .less,
            .lessOrEqual, .contains, .containsNot, .newRange, .newRangeClosed, .getIndex, .format, .fetchKey:
            return .read(b, c).writing(a)
        case .setGlobal, .setUpvalueBox, .nameObject, .groupAbort, .sharedCheck, .checkParameter,
            .admitCancellation:
            return .read(a)
        case .sharedArgument: return .read(a, b).writing(a)
        case .setBox, .append, .send, .setField, .sharedSet, .groupAdd:
            return .read(a, b)
        case .setCapture: return .read(a, c)
        case .setEntry, .setIndex: return .read(a, b, c)
        case .matchFailed, .raise, .reraise, .returnValue: return .read(a).leaving
        case .returnNil: return RegisterAccess().leaving
        case .jump, .loop: return RegisterAccess().jumping(wide).leaving
        case .jumpIf, .jumpIfNot, .jumpIfAbsent, .jumpIfNotAbsent: return .read(a).jumping(wide)
        case .jumpIfLess, .jumpIfNotLess, .jumpIfLessOrEqual, .jumpIfNotLessOrEqual, .jumpIfEqual, .jumpIfNotEqual:
            return .read(a, b).jumping(signedC)
        case .jumpIfLessInt, .jumpIfNotLessInt, .jumpIfLessOrEqualInt, .jumpIfNotLessOrEqualInt, .jumpIfGreaterInt,
            .jumpIfNotGreaterInt, .jumpIfGreaterOrEqualInt, .jumpIfNotGreaterOrEqualInt, .jumpIfEqualInt,
            .jumpIfNotEqualInt, .jumpIfNotList, .jumpIfShorter, .jumpIfNotKind:
            return .read(a).jumping(signedC)
        case .forPrepare, .forPrepareClosed: return .read(a, a + 1).writing(a, count: 3).jumping(signedC)
        case .forLoop: return .read(a, a + 1, a + 2).jumping(wide)
        case .iterate: return .read(a).writing(a, count: 3)
        case .next: return .read(a, a + 1, a + 2).writing(b).jumping(signedC)
        case .nextPair: return .read(a, a + 1, a + 2).writing(b, count: 2).jumping(signedC)
        case .call, .callMethod, .callNamed, .callMethodNamed, .callNative, .callNativeNamed:
            return .read(from: a, count: op == .callNative || op == .callNativeNamed ? b : b + 1).writing(a)
        case .argumentNames: return RegisterAccess()
        case .newList, .interpolate: return .read(from: b, count: c).writing(a)
        case .slice: return .read(a, a + 1, a + 2).writing(a)
        case .unpack: return .read(a).writing(b, count: c)
        case .unpackRest: return .read(a).writing(b, count: c + 1)
        case .makeChannel: return .read(a).writing(a)
        case .makePipe: return RegisterAccess().writing(a, count: 2)
        case .makeChannels, .sharedDeclare: return .read(a, a + 1).writing(a)
        case .selectAdd: return .read(a, b, b + 1, b + 2)
        case .selectWait: return .read(a, a + 1).writing(b, count: 3)
        case .newTask, .newTaskNamed: return .read(from: b, count: c + 1).writing(a)
        case .groupBegin: return .read(a, a + 1, a + 2).writing(a)
        case .sharedPathGet: return .read(from: b, count: (c & 15) + 1).writing(a)
        case .sharedPathSet:
            var access = RegisterAccess.read(from: b, count: (c & 15) + 1)
            access.reads.append(a..<a + 1)
            return access
        case .sharedPathUpdate: return .read(from: b, count: (c & 15) + 2)
        case .sharedPathCall: return .read(from: b, count: (c & 15) + 2 + a).writing(b)
        case .lockEnter, .lockExit: return .read(from: a, count: b)
        }
    }
}

enum Liveness {
    /// For each register whether it can be read by instruction `index`, which is at work, or after it; what `index` itself
    /// writes counts only if it may be left without writing. Where a library function that it calls has its arguments is
    /// another matter (`VM.nativeArguments`).
    static func registers(
        of code: UnsafeMutablePointer<FunctionCode>, _ info: FunctionInfo, at index: Int, captures: (Int) -> [Int]
    ) -> [Bool] {
        let count = Int(code.pointee.codeCount)
        let width = Int(code.pointee.registerCount)
        let accesses = (0..<count).map { code.pointee.code[$0].accesses(captures: captures) }
        // One row for each instruction: what is live before it.
        var live = [Bool](repeating: false, count: count * width)
        var changed = true
        while changed {
            changed = false
            for position in stride(from: count - 1, through: 0, by: -1) {
                let access = accesses[position]
                let row = position * width
                func add(_ register: Int) {
                    if register < width, !live[row + register] {
                        live[row + register] = true
                        changed = true
                    }
                }
                func add(rowOf successor: Int, except skipped: Range<Int>) {
                    guard (0..<count).contains(successor) else { return }
                    for register in 0..<width where live[successor * width + register] && !skipped.contains(register) {
                        add(register)
                    }
                }
                for range in access.reads { range.forEach(add) }
                if access.fallsThrough { add(rowOf: position + 1, except: access.writes) }
                if let jump = access.jump { add(rowOf: position + 1 + jump, except: 0..<0) }
                for handler in info.handlers where handler.start <= position && position < handler.end {
                    let register = Int(handler.register)
                    add(rowOf: Int(handler.target), except: register..<register + 1)
                }
            }
        }
        return Array(live[index * width..<(index + 1) * width])
    }
}
