// A call that changes a shared object does what it does to an ordinary one, however it is written. Made from the library's
// own declarations: a new method is covered as soon as it is declared.

import Testing

@testable import ProcLang

@Suite struct SharedMethodTests {
    /// A call that changes its receiver: of a method, or of a library function with the receiver as first argument.
    struct Change: CustomTestStringConvertible, Sendable {
        let receiver: String
        let name: String
        let module: String?
        let arguments: String

        func text(_ receiver: String) -> String {
            guard let module else { return "\(receiver).\(name)(\(arguments))" }
            return "\(module).\(name)(\(arguments.isEmpty ? receiver : "\(receiver), \(arguments)"))"
        }
        var testDescription: String { text(receiver) }
    }

    static let receivers = [Tag.list: "[3, 1, 2]", Tag.map: "{a: 1, b: 2}"]
    /// A value for each parameter of a method of lists and maps.
    static let samples: [UInt64: [String: String]] = [
        Tag.list: [
            "item": "2", "items": "[8, 9]", "position": "0", "key": "x => -x", "reverse": "true", "start": "0", "other": "[1]",
            "function": "(x, y = 0) => x", "count": "2",
        ],
        Tag.map: ["key": "\"a\"", "default": "7", "other": "{z: 1}", "function": "x => x"],
    ]

    /// Every way to give a method its arguments: as few as possible, by position, by name, and each `name=` by itself.
    static func calls(_ declaration: NativeDeclaration, _ tag: UInt64) -> [String] {
        func sample(_ parameter: NativeDeclaration.Parameter) -> String { samples[tag]?[parameter.name] ?? "no sample" }
        let parameters = declaration.parameters
        let required = parameters.filter(\.isRequired).map(sample).joined(separator: ", ")
        let positional = parameters.filter { !$0.namedOnly }.map(sample).joined(separator: ", ")
        let named = parameters.map { "\($0.name): \(sample($0))" }.joined(separator: ", ")
        let single = parameters.filter(\.namedOnly).map { "\($0.name): \(sample($0))" }
        var seen: Set<String> = []
        return ([required, positional, named] + single).filter { seen.insert($0).inserted }
    }

    static func changes(where isWanted: (NativeDeclaration) -> Bool) -> [Change] {
        LibraryTable().declarations.filter(isWanted).flatMap { declaration -> [Change] in
            switch declaration.place {
            case .method(let tag):
                guard let receiver = receivers[tag] else { return [] }
                return calls(declaration, tag).map {
                    Change(receiver: receiver, name: declaration.name, module: nil, arguments: $0)
                }
            case .module(let module):
                return [Change(receiver: receivers[Tag.list]!, name: declaration.name, module: module, arguments: "")]
            case .global: return []
            }
        }
    }

    /// A way to name a shared object: a declaration, the expression on which the call is made, the one that reads it.
    struct Way: Sendable {
        let declaration: @Sendable (String) -> String
        let object: String
        let value: String

        init(_ object: String, _ value: String? = nil, _ declaration: @escaping @Sendable (String) -> String = { _ in "" }) {
            self.declaration = declaration
            self.object = object
            self.value = value ?? object
        }
    }
    static let ways = [
        Way("v") { "shared v = \($0)" },
        Way("v") { "shared v: any = \($0)" },
        Way("v.k[1]") { "shared v = {k: [nil, \($0)]}" },
        Way("v[len(\"\")][\"k\"]") { "shared v = [{k: \($0)}]" },
        Way("v.k") { "shared v = namespace(k: \($0))" },
        Way("lib.plain"),
        Way("lib.deep.k[0]"),
        Way("v.value") { "shared s = \($0); channel c(1); c ! shared s; c ? v" },
        Way("v.value[0]") { "shared s = [\($0)]; channel c(1); c ! shared s; c ? v" },
        Way("v", "v.value") { "shared s = \($0); channel c(1); c ! shared s; c ? v" },
    ]

    /// What a script prints that may import `lib`.
    static func output(_ text: String, lib: String) throws -> String {
        let host = TestHost()
        let interpreter = Interpreter(host: host)
        host.service = interpreter.makeManagedService()
        defer { host.service = nil }  // it knows the interpreter, and that the host
        let loader = Loader(sources: interpreter.sources, globals: interpreter.globals, builtins: interpreter.builtins) { _ in
            Array(lib.utf8)
        }
        let program = loader.load(text: Array(text.utf8), path: "test.proc", isFile: true)
        try #require(!program.diagnostics.hasErrors, "\(program.diagnostics.map(\.title)) in\n\(text)")
        let units = try program.modules.map { try interpreter.compile($0.module, scope: $0.scope) }
        if case .failure(let failure) = interpreter.run(try #require(units.last)) {
            return host.text + "\(failure.kind): \(failure.message)"
        }
        return host.text
    }

    @Test(arguments: changes(where: \.mutates))
    func changesTheSharedObject(_ change: Change) throws {
        let ordinary = try Self.output(
            "let v = \(change.receiver); random.seed(5); let r = \(change.text("v")); print([r, v])", lib: "")
        let lib = "shared plain = \(change.receiver)\nshared deep = {k: [\(change.receiver)]}"
        for way in Self.ways {
            // A library function is told what it gets: a received variable is no list.
            if change.module != nil, way.object != way.value { continue }
            let script = """
                import "lib.proc" as lib
                \(way.declaration(change.receiver))
                random.seed(5)
                let r = \(change.text(way.object))
                print([r, \(way.value)])
                """
            #expect(try Self.output(script, lib: lib) == ordinary, "\(script)")
        }
        let parameter = """
            shared v = \(change.receiver)
            func f(shared x) { return \(change.text("x")) }
            random.seed(5)
            let r = f(v)
            print([r, v])
            """
        #expect(try Self.output(parameter, lib: lib) == ordinary, "\(parameter)")
    }

    @Test(arguments: changes { if case .method = $0.place { return true } else { return false } })
    func methodsThatChangeTheirReceiverAreDeclaredSo(_ change: Change) throws {
        let text = "let v = \(change.receiver); try { \(change.text("v")) } catch e { assert(e.kind != \"type\", e.message) }; print(v)"
        let changed = try Self.output(text, lib: "") != "\(change.receiver == "[3, 1, 2]" ? "[3, 1, 2]" : "{\"a\": 1, \"b\": 2}")\n"
        let declared = Self.changes(where: \.mutates).contains { $0.name == change.name && $0.receiver == change.receiver }
        // `setdefault` of a key that is there, `sort` by a constant: no change although there could be one.
        if changed { #expect(declared, "\(change.text("v")) changes its receiver") }
    }
}
