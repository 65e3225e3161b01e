// Compiled functions: the raw part that the interpreter loop reads, and the rest as ordinary Swift data.
//
// Invariants
// - A `FunctionCode` never moves, and lives as long as its machine: closures and frames point to it.
// - `FunctionInfo.spans` has one entry for each instruction.
// - Handlers are listed innermost first; a pc is covered by a handler when start <= pc < end.

/// What the loop needs of a function.
struct FunctionCode {
    var code: UnsafeMutablePointer<Instruction>
    var constants: UnsafeMutablePointer<Value>
    var codeCount: Int32
    var constantCount: Int32
    var registerCount: Int32
    var parameterCount: Int32
    /// Parameters that have no default.
    var requiredCount: Int32
    /// Number of this function in `VM.infos`.
    var info: Int32
    var isProcess: Bool
}

/// A range of instructions whose errors go to `target`, with the error in `register`.
struct Handler {
    var start: Int32
    var end: Int32
    var target: Int32
    var register: Int32
    /// A `catch` of the script, as opposed to `finally` and the like.
    var isCatch: Bool
}

/// Where the closure instruction finds a captured value.
enum CaptureSource {
    /// A register of the frame that makes the closure (a value, or a box).
    case register(Int)
    /// A captured value of the function that makes it.
    case upvalue(Int)
}

/// An outer name through which a process may use ends or shared variables.
struct CapabilitySource {
    enum Place {
        case global(Int)
        case upvalue(Int)
    }
    var place: Place
    var rights: Rights
}

/// What is needed of a function beside its hot part: names, positions, handlers, captures.
final class FunctionInfo {
    let name: String
    let parameterNames: [String]
    /// What an end that is passed as this argument allows in a process.
    let parameterRights: [Rights]
    let parameterKinds: [ParameterKind]
    let file: Int32
    var spans: [(start: Int32, end: Int32)] = []
    /// The instructions that compare by `<` or `<=` with the operands of the script turned round, ascending: it says `>`, `>=`.
    var turnedComparisons: [Int32] = []
    var handlers: [Handler] = []
    var captures: [CaptureSource] = []
    var functions: [UnsafeMutablePointer<FunctionCode>] = []
    var capabilities: [CapabilitySource] = []
    /// The line of the definition.
    let line: Int
    /// An anonymous process or function.
    let isAnonymous: Bool

    init(
        name: String, parameterNames: [String], parameterRights: [Rights], parameterKinds: [ParameterKind], file: Int32,
        line: Int, isAnonymous: Bool
    ) {
        self.name = name
        self.parameterNames = parameterNames
        self.parameterRights = parameterRights
        self.parameterKinds = parameterKinds
        self.file = file
        self.line = line
        self.isAnonymous = isAnonymous
    }
}
