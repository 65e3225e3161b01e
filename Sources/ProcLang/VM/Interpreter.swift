// The interpreter as the rest of the program sees it: compile units, run them, show values, serve managed objects.
//
// Invariants
// - One interpreter for each operating-system process; a forked child goes on with the copy it inherited.
// - `run` may be called again and again (REPL): globals and loaded code stay, an error leaves everything usable.

/// A compiled unit, ready to run.
public final class CompiledUnit {
    let code: UnsafeMutablePointer<FunctionCode>
    /// The names that it defines.
    let scope: ModuleScope?
    /// An imported module runs once.
    var hasRun = false

    init(code: UnsafeMutablePointer<FunctionCode>, scope: ModuleScope? = nil) {
        self.code = code
        self.scope = scope
    }

    func makeClosure(_ vm: VM) -> Value { Value(heap: Tag.closure, vm.heap.newClosure(code, count: 0)) }
}

/// An uncaught error, ready to be shown.
public struct RuntimeFailure {
    /// A kind of LANGUAGE.md section 8, or the script's own.
    public var kind: String
    public var message: String
    /// Where it was raised.
    public var span: Span
    /// "name (path:line)", innermost function first.
    public var trace: [String]
    /// "name, pid" of the process in which it was raised.
    public var process: String
    /// Other failures of the same `parallel` that do not follow from this one.
    public var attached: [RuntimeFailure]

    public init(
        kind: String, message: String, span: Span = .none, trace: [String] = [], process: String = "",
        attached: [RuntimeFailure] = []
    ) {
        self.kind = kind
        self.message = message
        self.span = span
        self.trace = trace
        self.process = process
        self.attached = attached
    }
}

/// How a run ended.
public enum RunOutcome {
    /// The value of the unit's final expression, else nil.
    case value(Value)
    case failure(RuntimeFailure)
    case exit(Int32)
    /// The uncaught error was `cancelled`.
    case cancelled
}

/// Compiles and runs resolved modules in this process, and gives the bodies of its children to the host. Not thread-safe; a
/// fork inherits it and goes on with a heap of its own.
public final class Interpreter {
    /// The texts of the program, for positions in errors.
    public let sources: SourceMap
    /// The slots of the globals of all its modules.
    public let globals: GlobalTable
    /// The names of the library, for the resolver.
    public let builtins: BuiltinCatalogue
    /// Called by `finish` for each process that failed and that nobody joined.
    public var onUnjoinedFailure: (RuntimeFailure) -> Void {
        get { vm.onUnjoinedFailure }
        set { vm.onUnjoinedFailure = newValue }
    }

    /// With what the module `random` begins in this process, and from which the seeds of its children are made; nil:
    /// with something new in each process.
    public var seed: UInt64? {
        get { vm.seed }
        set { vm.seed = newValue }
    }

    /// Whether the ends of this process are held by others than the script: no collection gives them up then.
    public var keepsAllEnds: Bool {
        get { vm.keepsAllEnds }
        set { vm.keepsAllEnds = newValue }
    }

    /// The most bytes that the values of this process may use before `memory` is raised.
    public var memoryLimit: Int {
        get { vm.heap.limit }
        set { vm.heap.limit = newValue }
    }

    let vm: VM
    /// The module scopes that were compiled, by the number of their unit.
    private var scopes: [ModuleScope] = []

    /// The names of the library, where there is no interpreter.
    public static var builtins: BuiltinCatalogue { LibraryTable().catalogue() }

    /// An interpreter without modules. `memoryLimit`: the most bytes that the values of this process may use (8 GiB
    /// without it).
    public init(
        host: Host, sources: SourceMap = SourceMap(), globals: GlobalTable = GlobalTable(), memoryLimit: Int? = nil
    ) {
        self.sources = sources
        self.globals = globals
        let library = LibraryTable()
        builtins = library.catalogue()
        vm = VM(host: host, sources: sources, library: library)
        if let memoryLimit { vm.heap.limit = memoryLimit }
    }

    // MARK: Compiling

    /// Compiles a module that was resolved without errors. Imported modules may be compiled before or after their
    /// importers, but before these run. `isMain`: no other module can see its globals.
    public func compile(
        _ module: Module, scope: ModuleScope, isMain: Bool = true
    ) throws(Diagnostic) -> CompiledUnit {
        let compiler = ModuleCompiler(vm: vm, module: module, scope: scope, isMain: isMain) { self.unitNumber(of: $0) }
        let unit: CompiledUnit
        do {
            unit = CompiledUnit(code: try compiler.compile(), scope: scope)
        } catch {
            let error = error as? CompileError ?? CompileError(message: "\(error)", span: .none)
            throw Diagnostic(.error, .compile, error.message, labels: error.span.isNone ? [] : [.init(error.span)])
        }
        vm.growGlobals(to: globals.count)
        vm.units[unitNumber(of: scope)] = unit
        return unit
    }

    /// The number by which `importModule` names a module.
    private func unitNumber(of scope: ModuleScope) -> Int {
        if let number = scopes.firstIndex(where: { $0 === scope }) { return number }
        scopes.append(scope)
        vm.units.append(CompiledUnit(code: vm.emptyFunction))
        return scopes.count - 1
    }

    /// The source line that runs now; 0 when none does.
    public var currentLine: Int32 { vm.currentLine }
    /// How many `try ... catch` surround what runs now.
    public var currentTryDepth: Int32 { vm.tryDepth }

    /// Gives up the ends that the program can no longer reach. May be called while an operation of the host waits.
    public func collectWhileWaiting() { vm.collectWhileWaiting() }

    /// The instructions of a unit and of its functions, as text.
    public func disassemble(_ unit: CompiledUnit) -> String { Disassembler(vm: vm).text(of: unit.code) }

    // MARK: Running

    /// Runs a unit to its end in this process. Does not wait for processes that it started (see `finish`).
    public func run(_ unit: CompiledUnit) -> RunOutcome {
        vm.exitStatus = nil
        vm.pendingError = .nil
        vm.currentFrame = vm.frames - 1
        unit.hasRun = true
        vm.stackBase[0] = unit.makeClosure(vm)
        do throws(Raise) {
            try vm.enter(vm.stackBase[0], vm.stackBase + 1)
            if vm.run(vm.currentFrame) {
                vm.taskRoot = vm.stackBase[0]
                return .value(vm.stackBase[0])
            }
        } catch {
            vm.describePendingError()
        }
        vm.currentFrame = vm.frames - 1
        if let status = vm.exitStatus { return .exit(status) }
        let error = vm.pendingError
        vm.taskRoot = error
        vm.pendingError = .nil
        if error.tag == Tag.error {
            let own = "\(vm.host.selfName), \(vm.host.selfPid)"
            if error.error.pointee.process.isNil { error.error.pointee.process = vm.heap.makeString(own) }
            // That another process was cancelled is a failure here like any other.
            if error.error.pointee.kindName.isString, error.error.pointee.kindName.string.text == "cancelled",
                vm.wasCancelled, vm.plainText(error.error.pointee.process) == own
            {
                return .cancelled
            }
        }
        return .failure(vm.failure(of: error))
    }

    /// The outcome of a run as that of a process body, as the host wants it.
    public func bodyOutcome(of outcome: RunOutcome) -> BodyOutcome {
        switch outcome {
        case .value: return .value([WireTag.nil], capabilities: [])
        case .exit(let status): return .exited(status)
        case .cancelled: return .cancelled
        case .failure:
            if let bytes = try? vm.encoded(vm.taskRoot).bytes { return .failure(bytes) }
            return .failure([])
        }
    }

    /// The failure that a process left behind (`ProcessEnd.failure`); nil if the bytes are damaged.
    public func decodeFailure(_ bytes: UnsafeRawBufferPointer) -> RuntimeFailure? {
        guard let value = try? vm.decode(bytes), value.tag == Tag.error else { return nil }
        return vm.failure(of: value)
    }

    // MARK: Processes that were started

    /// Processes started by this one that are not known to have ended.
    public var startedProcesses: Set<ProcessRef> { Set(vm.started.map(\.process)) }

    /// Waits for all processes that this one started. Returns the outcome with which this process ends: a failure that
    /// nobody joined is reported and makes it `.exited(1)`. If the process itself failed, they are cancelled.
    public func finish(_ outcome: BodyOutcome) -> BodyOutcome {
        let failedToo = vm.finish(outcome)
        switch outcome {
        case .value, .quiet: return failedToo ? .exited(1) : outcome
        default: return outcome
        }
    }

    /// Reports failures of started processes that have ended and that nobody joined. True if there were any.
    @discardableResult
    public func reportEndedProcesses() -> Bool { vm.reportEndedProcesses(markingThem: true) }

    /// Cancels the started processes that are not among `spared`, and waits for them.
    public func cancelStartedProcesses(except spared: Set<ProcessRef>) {
        let late = vm.started.filter { !spared.contains($0.process) }
        for process in late { vm.cancelQuietly(process) }
        let left = ProcessGroup(late.map(\.process))
        while !left.isEmpty {
            let result = vm.host.awaitAny(
                left, deadline: .max, reserve: [], isParallel: false, uninterruptible: true, line: 0, tryDepth: 0)
            guard case .done(let index) = result else { break }
            _ = vm.host.end(of: left.members[index])
            vm.started.remove(left.members[index])
            left.remove(at: index)
        }
    }

    // MARK: Values

    /// The value as a REPL echoes it.
    public func repr(_ value: Value) -> String {
        var text: [UInt8] = []
        do { try vm.repr(value, into: &text) } catch {
            vm.pendingError = .nil
            return "<\(value.typeName)>"
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The value as `print` shows it.
    public func display(_ value: Value) -> String {
        value.isString ? value.string.text : repr(value)
    }

    /// The value in a message as `print` shows it. May collect garbage.
    public func displayText(ofMessage message: [UInt8]) -> [UInt8] {
        defer { vm.collectIfWanted() }
        guard let value = message.withUnsafeBytes({ try? vm.decode($0) }) else { return [] }
        return Array(display(value).utf8)
    }

    /// Whether a REPL echoes the value: everything but nil.
    public func isNil(_ value: Value) -> Bool { value.isNil }

    // MARK: Managed objects

    /// The service that the host runs in the manager process. It has a heap of its own; call it in the process that
    /// serves, so that its memory belongs there.
    public func makeManagedService() -> ManagedService {
        let service = VM(host: vm.host, sources: sources, library: LibraryTable())
        service.infos = vm.infos
        return ManagedObjects(vm: service)
    }

    /// Names of methods of a value's type, for completion.
    public func methodNames(of value: Value) -> [String] { vm.library.methodNames(of: value.kind) }
}
