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
// - Implementations allocate freely: no collection happens before they return, unless they call `vm.call`. What
//   they hold across `vm.call` they root (`vm.rooting`).

/// The body of a library function.
typealias NativeBody = (VM, UnsafeMutablePointer<Value>, Int) throws(Raise) -> Value

/// A body in a struct of its own: Swift then stores and calls it directly, without a thunk.
struct NativeEntry {
    let body: NativeBody
}

/// One declaration.
struct NativeDeclaration {
    enum Place: Equatable {
        case global
        case method(UInt64)
        case module(String)
    }
    struct Parameter {
        var name: String
        var isRequired: Bool
        var namedOnly: Bool
    }
    let place: Place
    let name: String
    /// As written in the declaration, for the documentation.
    let signature: String
    let doc: String
    /// A method that changes its receiver, or a function that changes its first argument.
    let mutates: Bool
    /// Takes any named arguments: they arrive as one map in a[0].
    let takesAnyName: Bool

    /// Values before the variadic ones: all parameters, or the named-only ones of a variadic function.
    let fixedCount: Int
    let positionalCount: Int
    let requiredCount: Int
    let isVariadic: Bool

    init(
        place: Place, name: String, signature: String, doc: String, mutates: Bool, takesAnyName: Bool
    ) {
        self.place = place
        self.name = name
        self.signature = signature
        self.doc = doc
        self.mutates = mutates
        self.takesAnyName = takesAnyName
        // Every start of the program comes through here for each declaration: only the numbers are taken from the
        // signature now, the names when somebody asks.
        var fixed = 0
        var namedOnly = 0
        var optional = 0
        var isVariadic = false
        var last: UInt8 = 44
        for byte in signature.utf8 {
            switch byte {
            case 32: continue
            case 42: isVariadic = true
            case 61: namedOnly += 1
            case 63: optional += 1
            case 44: break
            default: if last == 44 { fixed += 1 }
            }
            last = byte
        }
        fixedCount = fixed
        positionalCount = fixed - namedOnly
        requiredCount = fixed - namedOnly - optional
        self.isVariadic = isVariadic
    }

    /// The parameters without the `*values`.
    var parameters: [Parameter] {
        var parameters: [Parameter] = []
        var name: [UInt8] = []
        // Byte by byte: this is part of the start of a program.
        func end() {
            guard let last = name.last, name[0] != UInt8(ascii: "*") else { return name.removeAll() }
            let named = last == UInt8(ascii: "=")
            let optional = last == UInt8(ascii: "?")
            if named || optional { name.removeLast() }
            parameters.append(
                Parameter(name: String(decoding: name, as: UTF8.self), isRequired: !named && !optional, namedOnly: named))
            name.removeAll()
        }
        for byte in signature.utf8 {
            if byte == UInt8(ascii: ",") {
                end()
            } else if byte != UInt8(ascii: " ") {
                name.append(byte)
            }
        }
        end()
        return parameters
    }

    /// The name of the `*values`, if there are any.
    var variadic: String? {
        for part in signature.split(separator: ",") {
            let text = part.drop { $0 == " " }
            if text.hasPrefix("*") { return String(text.dropFirst()) }
        }
        return nil
    }
}

/// What a call needs to know of a function's parameters.
struct NativeShape {
    /// 1 for a method.
    var receiver: Int32
    var required: Int32
    /// -1 for a variadic function.
    var positional: Int32
    /// All parameters, or the named-only ones of a variadic function.
    var fixed: Int32
    var isVariadic: Bool
}

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
        for other in Suggestions.foreignMethods[value.kind == Tag.end ? "\(value.typeName).\(name)" : name] ?? Suggestions.foreignMethods[name] ?? [] {
            if methods.contains(other) || other.contains(where: { "([{+".contains($0) }) || other.hasSuffix(" in xs") { return other }
        }
        return Suggestions.nearest(to: name, in: methods)
    }

    // MARK: Arguments

    /// Puts `count` positional arguments into the declared places. Returns how many values there are then.
    func arrange(
        _ vm: VM, _ index: Int, _ arguments: UnsafeMutablePointer<Value>, _ count: Int, isMethod: Bool = false
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
        return receiver + fixed.count + rest.count
    }
}

/// The numbers of the declarations by a hash of place and name. Made at every start of the program: a table in raw memory
/// costs a twentieth of dictionaries.
struct DeclarationIndex {
    /// Number + 1, or 0.
    private let slots: UnsafeMutablePointer<UInt16>
    private let mask: Int

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)
        mask = size - 1
    }

    /// FNV-1a.
    static func hash(_ name: String, _ place: Int) -> Int {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: place)
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: state ^ state >> 29)
    }

    func deallocate() { slots.deallocate() }

    func insert(_ number: Int, hash: Int) {
        var slot = hash & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt16(number + 1)
    }

    /// The last declaration that is the one looked for.
    func find(hash: Int, _ isIt: (Int) -> Bool) -> Int? {
        var slot = hash & mask
        var found: Int?
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if isIt(number) { found = number }
            slot = (slot + 1) & mask
        }
        return found
    }
}

/// The methods of all kinds of values: one row for each kind, one column for each name that is the name of a method.
/// A name finds its column by the `selector` in the header of its interned string.
struct MethodTable {
    /// The number of the method + 1, or 0.
    private var cells: UnsafeMutablePointer<UInt16>
    private var columns = 1

    init() {
        cells = .allocate(capacity: Tag.count)
        cells.initialize(repeating: 0, count: Tag.count)
    }

    /// Numbers the names in this heap.
    mutating func fill(_ declarations: [NativeDeclaration], _ heap: Heap) {
        let selectors = UnsafeMutablePointer<UInt16>.allocate(capacity: declarations.count)
        defer { selectors.deallocate() }
        for index in declarations.indices {
            guard case .method = declarations[index].place else { continue }
            let text = heap.intern(declarations[index].name).string
            if text.pointee.header.selector == 0 {
                text.pointee.header.selector = UInt16(columns)
                columns += 1
            }
            selectors[index] = text.pointee.header.selector
        }
        cells.deallocate()
        cells = .allocate(capacity: Tag.count * columns)
        cells.initialize(repeating: 0, count: Tag.count * columns)
        for index in declarations.indices {
            guard case .method(let kind) = declarations[index].place else { continue }
            cells[Int(kind) * columns + Int(selectors[index])] = UInt16(index + 1)
        }
    }

    func deallocate() { cells.deallocate() }

    /// The method `name` (an interned string) of `value`, or -1.
    @inline(__always)
    func find(_ value: Value, _ name: Value) -> Int {
        Int(cells[Int(truncatingIfNeeded: value.kind) &* columns &+ Int(name.string.pointee.header.selector)]) &- 1
    }
}
