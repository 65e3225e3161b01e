// From a text to checked modules: parses a script, loads what it imports, and resolves everything in the
// order of dependency.
//
// Invariants
// - A file is loaded once, whoever imports it; it is known by its normalised path.
// - A module is resolved after every module that it imports. A cycle of imports is an error, and the modules
//   on it are not resolved.
// - A module with errors is still resolved as far as possible, so that one run reports all there is to say.

/// A script and everything it imports.
public struct LoadedProgram {
    /// In the order of dependency, the script itself last. Only to be compiled without errors.
    public let modules: [LoadedModule]
    /// Of all modules, by file and place.
    public let diagnostics: [Diagnostic]
    /// The text ends too early: a REPL reads another line and tries again.
    public let isIncomplete: Bool
}

/// A module that was parsed and resolved, with the names of its top level.
public struct LoadedModule {
    public let module: Module
    public let scope: ModuleScope
}

/// Loads programs. One loader serves all inputs of a REPL: it keeps what was imported.
public final class Loader {
    /// The bytes of a file, or an error whose message says why there are none.
    public typealias Reader = (String) throws -> [UInt8]

    private let sources: SourceMap
    private let globals: GlobalTable
    private let builtins: BuiltinCatalogue
    private let read: Reader

    private enum State {
        case loaded(ModuleScope)
        case failed
    }
    /// What became of each imported file, by normalised path; kept, so that a REPL loads a file once.
    private var files: [String: State] = [:]
    /// The files being loaded, outermost first: what a cycle is made of.
    private var stack: [String] = []
    private var modules: [LoadedModule] = []
    private var diagnostics: [Diagnostic] = []

    /// `sources` and `globals` are those of the interpreter that compiles what is loaded; `read` reads imported files.
    public init(sources: SourceMap, globals: GlobalTable, builtins: BuiltinCatalogue, read: @escaping Reader) {
        self.sources = sources
        self.globals = globals
        self.builtins = builtins
        self.read = read
    }

    /// Loads a script. `path` is how diagnostics call it and where relative imports start; `isFile` is false for
    /// a text that comes from elsewhere (`-e`, standard input, the REPL), whose imports start here.
    public func load(
        text: [UInt8], path: String, isFile: Bool, scope: ModuleScope? = nil
    ) -> LoadedProgram {
        modules = []
        diagnostics = []
        let source = sources.add(path: path, text: text)
        let result = Parser.parse(source)
        diagnostics += result.diagnostics
        if !result.isIncomplete {
            let normal = isFile ? Loader.normalise(path) : nil
            if let normal {
                stack = [normal]
            }
            resolve(
                result.module, in: scope ?? ModuleScope(table: globals, isInteractive: false),
                directory: normal.map(Loader.directory) ?? "")
            stack = []
        }
        return LoadedProgram(
            modules: modules, diagnostics: diagnostics.sortedByPlace(), isIncomplete: result.isIncomplete)
    }

    /// Whether more lines are needed before the text can be a statement.
    public static func isIncomplete(_ text: String) -> Bool {
        Parser.parse(SourceMap().add(path: "", text: Array(text.utf8))).isIncomplete
    }

    /// The names that the statements of a text declare at its top level.
    public static func declaredNames(_ text: String) -> Set<String> {
        let module = Parser.parse(SourceMap().add(path: "", text: Array(text.utf8))).module
        var names: Set<String> = []
        for statement in module.body.statements { statement.declaredNames.forEach { names.insert($0) } }
        return names
    }

    private func resolve(_ module: Module, in scope: ModuleScope, directory: String) {
        var imports: [String: ModuleScope] = [:]
        for statement in module.imports {
            imports[statement.path] = load(statement, from: directory)
        }
        diagnostics += Resolver.resolve(module, in: scope, builtins: builtins, imports: imports)
        modules.append(LoadedModule(module: module, scope: scope))
    }

    /// The names of an imported file; nil when there are none to be had, which is then reported.
    private func load(_ statement: Import, from directory: String) -> ModuleScope? {
        if statement.path.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .error, .importFailed, "the path of the import is empty", labels: [.init(statement.pathSpan)],
                    help: ["for example `import \"lib.proc\" as lib`"]))
            return nil
        }
        let path = Loader.normalise(statement.path.hasPrefix("/") ? statement.path : directory + statement.path)
        if stack.contains(path) {
            reportCycle(to: path, at: statement.pathSpan)
            return nil
        }
        switch files[path] {
        case .loaded(let scope): return scope
        case .failed: return nil
        case nil: break
        }
        let text: [UInt8]
        do {
            text = try read(path)
        } catch {
            let reason = (error as? HostError)?.message ?? "cannot read \(path)"
            diagnostics.append(
                Diagnostic(
                    .error, .importFailed, reason, labels: [.init(statement.pathSpan)],
                    help: ["the path of an import is relative to the file that imports"]))
            files[path] = .failed
            return nil
        }
        stack.append(path)
        defer { stack.removeLast() }
        let result = Parser.parse(sources.add(path: path, text: text))
        diagnostics += result.diagnostics
        let scope = ModuleScope(table: globals, isInteractive: false)
        scope.isImported = true
        let before = diagnostics.count
        resolve(result.module, in: scope, directory: Loader.directory(of: path))
        if result.diagnostics.hasErrors || diagnostics[before...].contains(where: { $0.severity == .error }) {
            // Its names were not settled: nothing more is said about them.
            files[path] = .failed
            return nil
        }
        files[path] = .loaded(scope)
        return scope
    }

    private func reportCycle(to path: String, at span: Span) {
        let start = stack.firstIndex(of: path) ?? 0
        let cycle = (stack[start...] + [path]).joined(separator: " imports ")
        diagnostics.append(
            Diagnostic(
                .error, .importCycle, "these imports go round in a circle", labels: [.init(span)], notes: [cycle],
                help: ["move what both files need into a third one that imports neither"]))
    }

    // MARK: Paths

    /// Without `.`, without `..` where it can be resolved by its text, without doubled slashes.
    static func normalise(_ path: String) -> String {
        // On bytes: every start of the program comes by here, and the generic operations of strings cost 0.1 ms at their
        // first use.
        let bytes = Array(path.utf8)
        let isAbsolute = bytes.first == slash
        /// The result, and where its parts begin that a `..` may take back.
        var result: [UInt8] = isAbsolute ? [slash] : []
        var removable: [Int] = []
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != slash { end += 1 }
            let length = end - start
            let isUp = length == 2 && bytes[start] == dot && bytes[start + 1] == dot
            if length == 0 || length == 1 && bytes[start] == dot {
                // Nothing.
            } else if isUp, let last = removable.popLast() {
                result.removeSubrange(last...)
            } else if !isUp || !isAbsolute {
                let place = result.count
                if let last = result.last, last != slash { result.append(slash) }
                result += bytes[start..<end]
                if isUp { removable = [] } else { removable.append(place) }
            }
            start = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let slash: UInt8 = 47
    private static let dot: UInt8 = 46

    /// With its final slash; empty for the current directory.
    static func directory(of path: String) -> String {
        let bytes = Array(path.utf8)
        guard let last = bytes.lastIndex(of: slash) else { return "" }
        return String(decoding: bytes[...last], as: UTF8.self)
    }
}
