// The instruction set: one table of names, operands and meanings, read by the interpreter, the disassembler, the
// verifier and the documentation.
//
// Notation: R[x] is register x of the frame, K[x] constant x of the function, G[x] global x, U[x] captured value x.
// Jumps are relative to the following instruction. "Safe point": the instruction may collect garbage, and looks
// for a pending cancellation.

enum Opcode: UInt8, CaseIterable {
    // Moves
    case move, loadConstant, loadInt, loadNil, loadTrue, loadFalse, loadAbsent
    case getGlobal, getGlobalChecked, setGlobal
    case getUpvalue, getUpvalueChecked, getUpvalueBox, getUpvalueBoxChecked, setUpvalueBox
    case newBox, newEmptyBox, getBox, getBoxChecked, setBox, closure, setCapture
    // Arithmetic
    case add, subtract, multiply, divide, floorDivide, remainder, power
    case addInt, subtractInt, multiplyInt, floorDivideInt, remainderInt
    case addConstant, subtractConstant, multiplyConstant, divideConstant
    case negate, not
    // Comparisons
    case equal, notEqual, less, lessOrEqual, contains, containsNot, isType, isNotType
    // Jumps
    case jump, loop, jumpIf, jumpIfNot, jumpIfAbsent, jumpIfNotAbsent
    case jumpIfLess, jumpIfNotLess, jumpIfLessOrEqual, jumpIfNotLessOrEqual, jumpIfEqual, jumpIfNotEqual
    case jumpIfLessInt, jumpIfNotLessInt, jumpIfLessOrEqualInt, jumpIfNotLessOrEqualInt
    case jumpIfGreaterInt, jumpIfNotGreaterInt, jumpIfGreaterOrEqualInt, jumpIfNotGreaterOrEqualInt
    case jumpIfEqualInt, jumpIfNotEqualInt
    // Loops
    case forPrepare, forPrepareClosed, forLoop, iterate, next, nextPair
    // Calls
    case call, callNative, callMethod, argumentNames, callNamed, callNativeNamed, callMethodNamed
    case returnValue, returnNil
    // Collections
    case newList, append, newMap, setEntry, newRange, newRangeClosed
    case getIndex, getIndexInt, setIndex, getField, setField, slice, interpolate, format
    // Patterns
    case unpack, unpackRest, jumpIfNotList, jumpIfShorter, sliceFrom, fetchKey, jumpIfNotKind, matchFailed
    // Failures
    case raise, reraise
    // Communication and processes
    case send, receive, makeChannel, makePipe, makeChannels, nameObject
    case selectBegin, selectAdd, selectWait
    case newTask, newTaskNamed, start, groupBegin, groupAdd, groupRun, groupAbort
    // Shared variables
    case sharedDeclare, sharedGet, sharedSet, sharedPathGet, sharedPathSet, sharedPathUpdate, sharedPathCall, sharedCheck, sharedArgument, checkParameter
    case lockEnter, lockExit
    // `finally`
    case holdCancellation, admitCancellation
    // Modules
    case importModule
}

/// How an operand is read.
enum OperandKind {
    case none
    /// A register that is read, written, or both.
    case register
    /// The first of several registers.
    case registers
    /// An unsigned number: a count, a flag, an index into a table named by the instruction.
    case number
    /// A signed 16-bit number.
    case signed
    /// A signed jump distance in `c`.
    case jump
    /// A constant's number in `c`.
    case constant
    /// Operands b and c together: a signed jump distance, a constant, a global, an int, the number of a function.
    case wideJump, wideConstant, wideGlobal, wideInt, wideFunction
}

struct OpcodeInfo {
    let operands: [OperandKind]
    let effect: String
    init(_ operands: [OperandKind], _ effect: String) {
        self.operands = operands
        self.effect = effect
    }
}

extension Opcode {
    var name: String { "\(self)" }

    /// Operands and meaning; one line for each instruction.
    var info: OpcodeInfo {
        switch self {
        case .move: return .init([.register, .register], "R[a] = R[b]")
        case .loadConstant: return .init([.register, .wideConstant], "R[a] = K[bc]")
        case .loadInt: return .init([.register, .wideInt], "R[a] = bc")
        case .loadNil: return .init([.register], "R[a] = nil")
        case .loadTrue: return .init([.register], "R[a] = true")
        case .loadFalse: return .init([.register], "R[a] = false")
        case .loadAbsent: return .init([.register], "R[a] = absent: no argument, or not yet initialised")
        case .getGlobal: return .init([.register, .wideGlobal], "R[a] = G[bc]")
        case .getGlobalChecked: return .init([.register, .wideGlobal], "R[a] = G[bc]; error if absent")
        case .setGlobal: return .init([.register, .wideGlobal], "G[bc] = R[a]")
        case .getUpvalue: return .init([.register, .number], "R[a] = U[b]")
        case .getUpvalueChecked: return .init([.register, .number], "R[a] = U[b]; error if absent")
        case .getUpvalueBox: return .init([.register, .number], "R[a] = content of the box U[b]")
        case .getUpvalueBoxChecked: return .init([.register, .number], "R[a] = content of the box U[b]; error if absent")
        case .setUpvalueBox: return .init([.register, .number], "content of the box U[b] = R[a]")
        case .newBox: return .init([.register, .register], "R[a] = new box with R[b]")
        case .newEmptyBox: return .init([.register], "R[a] = new box, not initialised")
        case .getBox: return .init([.register, .register], "R[a] = content of the box R[b]")
        case .getBoxChecked: return .init([.register, .register], "R[a] = content of the box R[b]; error if absent")
        case .setBox: return .init([.register, .register], "content of the box R[a] = R[b]")
        case .closure: return .init([.register, .wideFunction], "R[a] = closure of function bc with its captures. Safe point")
        case .setCapture: return .init([.register, .number, .register], "capture b of the closure R[a] = R[c]")
        case .add: return .init([.register, .register, .register], "R[a] = R[b] + R[c]")
        case .subtract: return .init([.register, .register, .register], "R[a] = R[b] - R[c]")
        case .multiply: return .init([.register, .register, .register], "R[a] = R[b] * R[c]")
        case .divide: return .init([.register, .register, .register], "R[a] = R[b] / R[c]")
        case .floorDivide: return .init([.register, .register, .register], "R[a] = R[b] // R[c]")
        case .remainder: return .init([.register, .register, .register], "R[a] = R[b] % R[c]")
        case .power: return .init([.register, .register, .register], "R[a] = R[b] ** R[c]")
        case .addInt: return .init([.register, .register, .signed], "R[a] = R[b] + c")
        case .subtractInt: return .init([.register, .register, .signed], "R[a] = R[b] - c")
        case .multiplyInt: return .init([.register, .register, .signed], "R[a] = R[b] * c")
        case .floorDivideInt: return .init([.register, .register, .signed], "R[a] = R[b] // c, c > 0")
        case .remainderInt: return .init([.register, .register, .signed], "R[a] = R[b] % c, c > 0")
        case .addConstant: return .init([.register, .register, .constant], "R[a] = R[b] + K[c]")
        case .subtractConstant: return .init([.register, .register, .constant], "R[a] = R[b] - K[c]")
        case .multiplyConstant: return .init([.register, .register, .constant], "R[a] = R[b] * K[c]")
        case .divideConstant: return .init([.register, .register, .constant], "R[a] = R[b] / K[c]")
        case .negate: return .init([.register, .register], "R[a] = -R[b]")
        case .not: return .init([.register, .register], "R[a] = not R[b]")
        case .equal: return .init([.register, .register, .register], "R[a] = R[b] == R[c]")
        case .notEqual: return .init([.register, .register, .register], "R[a] = R[b] != R[c]")
        case .less: return .init([.register, .register, .register], "R[a] = R[b] < R[c]")
        case .lessOrEqual: return .init([.register, .register, .register], "R[a] = R[b] <= R[c]")
        case .contains: return .init([.register, .register, .register], "R[a] = R[b] in R[c]")
        case .containsNot: return .init([.register, .register, .register], "R[a] = R[b] not in R[c]")
        case .isType: return .init([.register, .register, .number], "R[a] = R[b] is of type c")
        case .isNotType: return .init([.register, .register, .number], "R[a] = R[b] is not of type c")
        case .jump: return .init([.none, .wideJump], "jump")
        case .loop: return .init([.none, .wideJump], "jump backwards. Safe point")
        case .jumpIf: return .init([.register, .wideJump], "jump if R[a] is true")
        case .jumpIfNot: return .init([.register, .wideJump], "jump if R[a] is false")
        case .jumpIfAbsent: return .init([.register, .wideJump], "jump if R[a] is absent")
        case .jumpIfNotAbsent: return .init([.register, .wideJump], "jump if R[a] is not absent")
        case .jumpIfLess: return .init([.register, .register, .jump], "jump if R[a] < R[b]")
        case .jumpIfNotLess: return .init([.register, .register, .jump], "jump if not R[a] < R[b]")
        case .jumpIfLessOrEqual: return .init([.register, .register, .jump], "jump if R[a] <= R[b]")
        case .jumpIfNotLessOrEqual: return .init([.register, .register, .jump], "jump if not R[a] <= R[b]")
        case .jumpIfEqual: return .init([.register, .register, .jump], "jump if R[a] == R[b]")
        case .jumpIfNotEqual: return .init([.register, .register, .jump], "jump if R[a] != R[b]")
        case .jumpIfLessInt: return .init([.register, .signed, .jump], "jump if R[a] < b")
        case .jumpIfNotLessInt: return .init([.register, .signed, .jump], "jump if not R[a] < b")
        case .jumpIfLessOrEqualInt: return .init([.register, .signed, .jump], "jump if R[a] <= b")
        case .jumpIfNotLessOrEqualInt: return .init([.register, .signed, .jump], "jump if not R[a] <= b")
        case .jumpIfGreaterInt: return .init([.register, .signed, .jump], "jump if R[a] > b")
        case .jumpIfNotGreaterInt: return .init([.register, .signed, .jump], "jump if not R[a] > b")
        case .jumpIfGreaterOrEqualInt: return .init([.register, .signed, .jump], "jump if R[a] >= b")
        case .jumpIfNotGreaterOrEqualInt: return .init([.register, .signed, .jump], "jump if not R[a] >= b")
        case .jumpIfEqualInt: return .init([.register, .signed, .jump], "jump if R[a] == b")
        case .jumpIfNotEqualInt: return .init([.register, .signed, .jump], "jump if R[a] != b")
        case .forPrepare:
            return .init([.registers, .none, .jump], "loop over R[a] ..< R[a+1]: R[a+2] = first; jump if empty")
        case .forPrepareClosed:
            return .init([.registers, .none, .jump], "loop over R[a] ... R[a+1]: R[a+2] = first; jump if empty")
        case .forLoop: return .init([.registers, .wideJump], "R[a+2] = next number, jump back; fall through at the end. Safe point")
        case .iterate: return .init([.registers], "prepare R[a], R[a+1], R[a+2] to go through the items of R[a]")
        case .next: return .init([.registers, .register, .jump], "R[b] = next item of the loop R[a]; jump at the end. Safe point")
        case .nextPair:
            return .init(
                [.registers, .registers, .jump],
                "R[b], R[b+1] = next key and value, or index and item, of the loop R[a]; jump at the end. Safe point")
        case .call: return .init([.registers, .number], "R[a] = R[a](R[a+1] ... R[a+b]). Safe point")
        case .callNative: return .init([.registers, .number, .number], "R[a] = library function c (R[a] ... R[a+b-1]). Safe point")
        case .callMethod: return .init([.registers, .number, .constant], "R[a] = R[a].K[c](R[a+1] ... R[a+b]). Safe point")
        case .argumentNames:
            return .init([.none, .wideConstant], "K[bc] lists the names (nil: positional) of the next call's arguments")
        case .callNamed: return .init([.registers, .number], "like call, with the argument names set before. Safe point")
        case .callNativeNamed: return .init([.registers, .number, .number], "like callNative, with argument names. Safe point")
        case .callMethodNamed: return .init([.registers, .number, .constant], "like callMethod, with argument names. Safe point")
        case .returnValue: return .init([.register], "return R[a]")
        case .returnNil: return .init([], "return nil")
        case .newList: return .init([.register, .registers, .number], "R[a] = [R[b] ... R[b+c-1]]. Safe point")
        case .append: return .init([.register, .register], "append R[b] to the list R[a]")
        case .newMap: return .init([.register, .number], "R[a] = {} with room for b entries. Safe point")
        case .setEntry: return .init([.register, .register, .register], "R[a][R[b]] = R[c] in a map literal")
        case .newRange: return .init([.register, .register, .register], "R[a] = R[b] ..< R[c]")
        case .newRangeClosed: return .init([.register, .register, .register], "R[a] = R[b] ... R[c]")
        case .getIndex: return .init([.register, .register, .register], "R[a] = R[b][R[c]]")
        case .getIndexInt: return .init([.register, .register, .signed], "R[a] = R[b][c]")
        case .setIndex: return .init([.register, .register, .register], "R[a][R[b]] = R[c]")
        case .getField: return .init([.register, .register, .constant], "R[a] = R[b].K[c]")
        case .setField: return .init([.register, .register, .constant], "R[a].K[c] = R[b]")
        case .slice: return .init([.registers, .number], "R[a] = R[a][R[a+1] .. R[a+2]]; absent: open; b: closed. Safe point")
        case .interpolate: return .init([.register, .registers, .number], "R[a] = text of R[b] ... R[b+c-1], joined. Safe point")
        case .format: return .init([.register, .register, .register], "R[a] = R[b] formatted by R[c]. Safe point")
        case .unpack: return .init([.register, .registers, .number], "R[b] ... R[b+c-1] = the items of R[a]; error if not c")
        case .unpackRest:
            return .init([.register, .registers, .number], "like unpack, with a list of what is beyond c items in R[b+c]. Safe point")
        case .jumpIfNotList: return .init([.register, .number, .jump], "jump unless R[a] is a list of b items")
        case .jumpIfShorter: return .init([.register, .number, .jump], "jump unless R[a] is a list of at least b items")
        case .sliceFrom: return .init([.register, .register, .number], "R[a] = the items of the list R[b] from c on. Safe point")
        case .fetchKey: return .init([.register, .register, .register], "R[a] = R[b][R[c]] of a map, absent if it is not there")
        case .jumpIfNotKind: return .init([.register, .number, .jump], "jump unless R[a] is of type b")
        case .matchFailed: return .init([.register, .number], "raise: no case matches R[a], or (b) it does not fit a pattern")
        case .raise: return .init([.register], "raise R[a]: an error, or the text of one")
        case .reraise: return .init([.register], "raise the caught error R[a] again, with its trace")
        case .send: return .init([.register, .register], "R[a] ! R[b]. Safe point")
        case .receive: return .init([.register, .register], "R[a] = what R[b] gives. Safe point")
        case .makeChannel: return .init([.register, .number], "R[a] = new channel (b = 0) or queue (1) of capacity R[a] (absent: default)")
        case .makePipe: return .init([.registers], "R[a], R[a+1] = the two ends of a new pipe")
        case .makeChannels: return .init([.registers, .number], "R[a] = list of R[a] channels or queues of capacity R[a+1]")
        case .nameObject: return .init([.register, .constant], "reports call the object R[a] (or those in the list R[a]) K[b]")
        case .selectBegin: return .init([.register], "R[a] = an empty list of cases. Safe point")
        case .selectAdd:
            return .init(
                [.register, .registers, .number],
                "add a case to R[a]: channel R[b], value R[b+1], loop values R[b+2]; c = 2 * case + (1 if it sends)")
        case .selectWait:
            return .init(
                [.registers, .registers, .number],
                "wait for a case of R[a], at most R[a+1] seconds; R[b] = case, R[b+1] = received, R[b+2] = loop values. Safe point")
        case .newTask: return .init([.register, .registers, .number], "R[a] = the process to be R[b](R[b+1] ... R[b+c]). Safe point")
        case .newTaskNamed: return .init([.register, .registers, .number], "like newTask, with argument names. Safe point")
        case .start: return .init([.register, .register], "R[a] = handle of the process started for the task R[b]. Safe point")
        case .groupBegin:
            return .init([.registers, .number], "R[a] = new group: limit R[a], restarts R[a+1] within R[a+2]; b: 1 supervise, 2 numbered names")
        case .groupAdd: return .init([.register, .register, .number], "add the task R[b] to the group R[a]; c: start it now")
        case .groupRun: return .init([.register, .register], "R[a] = results of the group R[b], when all have ended. Safe point")
        case .groupAbort: return .init([.register], "cancel what the group R[a] started, and wait for it")
        case .sharedDeclare:
            return .init(
                [.registers, .number, .number], "R[a] = new shared variable: count R[a], value R[a+1]; type b; c: 1 lockable, 2 array")
        case .sharedGet: return .init([.register, .register], "R[a] = present value of the shared variable R[b]. Safe point")
        case .sharedSet: return .init([.register, .register], "shared variable R[a] = R[b]")
        case .sharedPathGet:
            return .init(
                [.register, .registers, .number], "R[a] = value in R[b] along the path R[b+1] ...; c = steps + 128 if the first is `.value` + 256 * field mask. Safe point")
        case .sharedPathSet: return .init([.register, .registers, .number], "value in R[b] along the path = R[a]")
        case .sharedPathUpdate:
            return .init([.number, .registers, .number], "augmented assignment a along the path in R[b], with the operand behind the path")
        case .sharedPathCall:
            return .init(
                [.number, .registers, .number],
                "R[b] = method (name, or library function, and a arguments behind the path) of the object along the path in R[b]; c as in sharedPathGet, + 64 if arguments have names. Safe point")
        case .sharedCheck: return .init([.register], "raise unless R[a] is a shared variable")
        case .sharedArgument:
            return .init(
                [.register, .register, .number],
                "R[a] = present value of the shared variable R[a], unless the function R[b] takes it by reference as parameter c. Safe point")
        case .checkParameter: return .init([.register], "raise unless the parameter R[a] is of its kind: an end, a shared variable")
        case .lockEnter: return .init([.registers, .number], "take the locks of R[a] ... R[a+b-1]")
        case .lockExit: return .init([.registers, .number], "release the locks of R[a] ... R[a+b-1]")
        case .holdCancellation: return .init([.register], "hold cancellations back; R[a] = whether they were already")
        case .admitCancellation: return .init([.register], "let cancellations through again, unless R[a]")
        case .importModule: return .init([.register, .wideInt], "run the module bc, unless it has run. Safe point")
        }
    }
}
