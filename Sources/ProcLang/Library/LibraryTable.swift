// The library's declarations as one table: functions, methods and modules, with parameters, documentation and
// implementation. The resolver's catalogue, the help and the reference are made from it.
//
// How to declare: `table.function("name", "parameters", "One line of documentation.") { vm, a, count in ... }`, likewise
// `method(of:)` and `module(...)`. Parameters are written as in a script: `value` must be given, `value?` may be
// left out (then it is absent), `name=` can only be given by name, `*values` takes any number.
//
// Invariants
// - An implementation finds its arguments at a[0], a[1], ...: for a method the receiver first. Exactly the declared
//   parameters are there, absent where not given. A function with `*values` finds its `name=` parameters first, then
//   the values; `count` is the number of all.
// - Implementations allocate freely: no collection happens before they return, unless they call `vm.call` or wait. What
//   they hold across that they root (`vm.rooting`). Their arguments are kept (`VM.nativeArguments`): they leave them as
//   they are, and put nothing into the registers beyond.

final class LibraryTable {
    private(set) var declarations: [NativeDeclaration] = []
    private var bodyList: [NativeEntry] = []
    /// Values of modules that are not functions, e.g. `math.pi`.
    private struct ModuleConstant {
        let module: String
        let name: String
        let doc: String
        let value: (VM) throws(Raise) -> Value
    }
    private var moduleConstants: [ModuleConstant] = []

    @exclusivity(unchecked) private(set) var entries: UnsafeMutablePointer<NativeEntry>
    @exclusivity(unchecked) private(set) var shapes: UnsafeMutablePointer<NativeShape>
    private(set) var moduleNames: [String] = []
    /// What the resolver was told of modules so far.
    var cataloguedModules: [String: [String: BuiltinCatalogue.Entry]] = [:]
    private var index: DeclarationIndex
    /// The methods of all kinds of values; filled by `attach`.
    @exclusivity(unchecked) private(set) var methodTable = MethodTable()
    init() {
        entries = .allocate(capacity: 1)
        shapes = .allocate(capacity: 1)
        index = DeclarationIndex(capacity: 1)
        declarations.reserveCapacity(400)
        bodyList.reserveCapacity(400)
        Self.install(self)
        entries.deallocate()
        shapes.deallocate()
        shapes = .allocate(capacity: bodyList.count)
        entries = .allocate(capacity: bodyList.count)
        entries.initialize(from: bodyList, count: bodyList.count)
        index.deallocate()
        index = DeclarationIndex(capacity: bodyList.count)
        for number in declarations.indices {
            let declaration = declarations[number]
            var receiver: Int32 = 0
            if case .method = declaration.place { receiver = 1 }
            index.insert(number, hash: DeclarationIndex.hash(declaration.name, placeNumber(declaration.place)))
            shapes[number] = NativeShape(
                receiver: receiver, required: Int32(declaration.requiredCount),
                positional: declaration.isVariadic ? -1 : Int32(declaration.positionalCount),
                fixed: Int32(declaration.fixedCount), isVariadic: declaration.isVariadic)
        }
        for constant in moduleConstants { _ = moduleNumber(constant.module) }
    }

    private func moduleNumber(_ name: String) -> Int {
        if let last = moduleNames.last, last == name { return moduleNames.count - 1 }
        if let number = moduleNames.firstIndex(of: name) { return number }
        moduleNames.append(name)
        return moduleNames.count - 1
    }

    /// Another number for each place.
    private func placeNumber(_ place: NativeDeclaration.Place) -> Int {
        switch place {
        case .global: return 0
        case .method(let tag): return 1 + Int(tag)
        case .module(let name): return 1 + Tag.count + moduleNumber(name)
        }
    }

    /// The declaration of `name` in a place.
    private func find(_ name: String, _ place: Int) -> Int? {
        index.find(hash: DeclarationIndex.hash(name, place)) {
            declarations[$0].name == name && placeNumber(declarations[$0].place) == place
        }
    }

    // MARK: Declaring

    func function(
        _ name: String, _ signature: String, _ doc: String, anyName: Bool = false, _ body: @escaping NativeBody
    ) {
        declare(.global, name, signature, doc, anyName: anyName, body)
    }

    func method(
        of tag: UInt64, _ name: String, _ signature: String, _ doc: String, mutates: Bool = false,
        _ body: @escaping NativeBody
    ) {
        declare(.method(tag), name, signature, doc, mutates: mutates, body)
    }

    /// `mutates`: it changes its first argument.
    func module(
        _ module: String, _ name: String, _ signature: String, _ doc: String, mutates: Bool = false,
        _ body: @escaping NativeBody
    ) {
        _ = moduleNumber(module)
        declare(.module(module), name, signature, doc, mutates: mutates, body)
    }

    /// A value of a module that is no function.
    func constant(_ module: String, _ name: String, _ doc: String, _ value: @escaping (VM) throws(Raise) -> Value) {
        moduleConstants.append(ModuleConstant(module: module, name: name, doc: doc, value: value))
    }

    private func declare(
        _ place: NativeDeclaration.Place, _ name: String, _ signature: String, _ doc: String, mutates: Bool = false,
        anyName: Bool = false, _ body: @escaping NativeBody
    ) {
        declarations.append(
            NativeDeclaration(
                place: place, name: name, signature: signature, doc: doc, mutates: mutates, takesAnyName: anyName))
        bodyList.append(NativeEntry(body: body))
    }

    // MARK: Looking up

    /// The constants with their documentation, for the reference.
    var constants: [(module: String, name: String, doc: String)] { moduleConstants.map { ($0.module, $0.name, $0.doc) } }

    func name(_ function: Int) -> String { declarations[function].name }
    func mutates(_ function: Int) -> Bool { declarations[function].mutates }
    /// Whether a method of this name, of whatever kind of value, changes its receiver.
    func someMethodMutates(_ name: String) -> Bool {
        declarations.contains {
            guard case .method = $0.place else { return false }
            return $0.mutates && $0.name == name
        }
    }
    var globalNames: [String] { declarations.filter { $0.place == .global }.map(\.name) }
    func global(_ name: String) -> Int? { find(name, 0) }
    func module(_ name: String) -> Int? { moduleNames.firstIndex(of: name) }
    func moduleFunction(_ module: String, _ name: String) -> Int? {
        moduleNames.firstIndex(of: module).flatMap { find(name, 1 + Tag.count + $0) }
    }

    /// A builtin name as a value: function, module, `self`.
    func value(_ name: String) -> Value? {
        if let index = global(name) { return Value(native: index) }
        if let index = module(name) { return Value(tag: Tag.module, payload: UInt64(index)) }
        if name == "self" { return Value(tag: Tag.me, payload: 0) }
        return nil
    }

    /// `module.name` where that is the same whenever it is asked for: a function, a number, a string, the standard input.
    func plainValue(_ number: Int, _ name: String) -> Value? {
        guard let value = try? moduleValue(number, name) else {
            vm?.pendingError = .nil
            return nil
        }
        return value.tag == Tag.native || value.isNumber || value.isString || value.tag == Tag.stdin ? value : nil
    }

    /// `module.name`, which may be a constant or a function. Raises `denied` for what the caller of the program forbade.
    func moduleValue(_ number: Int, _ name: String) throws(Raise) -> Value? {
        if let index = find(name, 1 + Tag.count + number) { return Value(native: index) }
        guard let constant = moduleConstants.first(where: { $0.module == moduleNames[number] && $0.name == name }),
            let vm
        else { return nil }
        return try constant.value(vm)
    }

    private unowned(unsafe) var vm: VM?

    /// Makes the method tables for the names as interned in this heap.
    func attach(to vm: VM) {
        self.vm = vm
        methodTable.fill(declarations, vm.heap)
    }

    deinit {
        entries.deinitialize(count: bodyList.count).deallocate()
        shapes.deallocate()
        methodTable.deallocate()
        index.deallocate()
    }

    /// The method `name` of a value; only an interned string can be one.
    @inline(__always)
    func method(_ value: Value, _ name: Value) -> Int? {
        if name.string.isShort { return nil }
        let method = methodTable.find(value, name)
        return method < 0 ? nil : method
    }

    /// The names of all methods of a kind of value, for completion.
    func methodNames(of tag: UInt64) -> [String] {
        declarations.filter { $0.place == .method(tag) }.map(\.name).sorted()
    }

    /// The functions and constants of a module.
    func memberNames(ofModule number: Int) -> [String] {
        declarations.filter { $0.place == .module(moduleNames[number]) }.map(\.name)
            + moduleConstants.filter { $0.module == moduleNames[number] }.map(\.name)
    }

    /// What may have been meant by a method that a value lacks.
    func nearestMethod(to name: String, of value: Value) -> String? {
        let methods = methodNames(of: value.kind)
        let foreign = Suggestions.foreignMethods
        for other in foreign["\(value.typeName).\(name)"] ?? foreign[name] ?? [] {
            let isExpression = other.hasSuffix(" in xs") || other.contains { "([{+".contains($0) }
            if isExpression || methods.contains(other) { return other }
        }
        return Suggestions.nearest(to: name, in: methods)
    }

    // MARK: Arguments

    /// Puts `count` positional arguments into the declared places. Returns how many values there are then.
    func arrange(
        _ vm: VM, _ index: Int, _ arguments: UnsafeMutablePointer<Value>, _ count: Int
    ) throws(Raise) -> Int {
        let shape = shapes[index]
        let receiver = Int(shape.receiver)
        let given = count - receiver
        let fixed = Int(shape.fixed)
        if !shape.isVariadic {
            guard given >= Int(shape.required), given <= Int(shape.positional) else {
                throw vm.arityError(name(index), Int(shape.required), Int(shape.positional), max(given, 0))
            }
            let total = fixed + receiver
            var place = count
            while place < total {
                arguments[place] = .absent
                place += 1
            }
            return total
        }
        if fixed > 0 {
            for place in (receiver..<max(receiver, count)).reversed() { arguments[place + fixed] = arguments[place] }
            for place in receiver..<(receiver + fixed) { arguments[place] = .absent }
        }
        return count + fixed
    }

    /// Like `arrange`, with names for some of the arguments in `vm.argumentNames` (without the receiver).
    func arrangeNamed(
        _ vm: VM, _ index: Int, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, isMethod: Bool = false
    ) throws(Raise) -> Int {
        let declaration = declarations[index]
        let receiver = isMethod ? 1 : 0
        let labels = vm.argumentNames.list
        if declaration.takesAnyName {
            let map = vm.heap.newMap()
            for place in 0..<count {
                let label = labels.pointee.items[place]
                guard label.isString else { throw vm.typeError("`\(declaration.name)` takes only named arguments") }
                vm.heap.set(label, arguments[place], in: map)
            }
            arguments[0] = Value(map)
            return 1
        }
        var fixed = [Value](repeating: .absent, count: declaration.fixedCount)
        var rest: [Value] = []
        var positional = 0
        for place in 0..<(count - receiver) {
            let value = arguments[place + receiver]
            let label = labels.pointee.items[place]
            if label.isNil {
                if declaration.isVariadic {
                    rest.append(value)
                } else {
                    guard positional < declaration.positionalCount else {
                        throw vm.arityError(declaration.name, declaration.requiredCount, declaration.positionalCount, count - receiver)
                    }
                    fixed[positional] = value
                    positional += 1
                }
                continue
            }
            let text = label.string.text
            guard let target = declaration.parameters.firstIndex(where: { $0.name == text }) else {
                throw vm.noParameter(declaration.name, text, declaration.parameters.map(\.name))
            }
            guard fixed[target].isAbsent else { throw vm.typeError("`\(declaration.name)` got the argument `\(text)` twice") }
            fixed[target] = value
        }
        for (place, parameter) in declaration.parameters.enumerated() where parameter.isRequired && fixed[place].isAbsent {
            throw vm.typeError("`\(declaration.name)` needs the argument `\(parameter.name)`")
        }
        for (place, value) in fixed.enumerated() { arguments[receiver + place] = value }
        for (place, value) in rest.enumerated() { arguments[receiver + fixed.count + place] = value }
        let given = receiver + fixed.count + rest.count
        // What was given by name has moved; of a function without `*values` all its places are taken.
        if declaration.isVariadic {
            for place in given..<count + fixed.count { arguments[place] = .absent }
        }
        return given
    }
}
