// What the resolver is told about the library, made from the table of declarations, and the order in which the areas of
// the library declare themselves.

extension LibraryTable {
    static func install(_ table: LibraryTable) {
        BasicFunctions.install(table)
        CollectionFunctions.install(table)
        NumberFunctions.install(table)
        StringMethods.install(table)
        ListMethods.install(table)
        MapMethods.install(table)
        JSONModule.install(table)
        CommunicationMethods.install(table)
        MathModule.install(table)
        TimeModule.install(table)
        RandomModule.install(table)
        SystemModules.install(table)
    }

    /// The names, arities and parameter names of everything that needs no declaration in a script.
    func catalogue() -> BuiltinCatalogue {
        var entries: [String: BuiltinCatalogue.Entry] = ["self": .value]
        var modules: [String: [String: BuiltinCatalogue.Entry]] = [:]
        for declaration in declarations {
            switch declaration.place {
            case .global: entries[declaration.name] = .function(declaration.catalogueSignature)
            case .module(let module): modules[module, default: [:]][declaration.name] = .function(declaration.catalogueSignature)
            case .method: break
            }
        }
        for constant in constants { modules[constant.module, default: [:]][constant.name] = .value }
        for (name, content) in modules { entries[name] = .module(content) }
        return BuiltinCatalogue(entries)
    }
}

extension NativeDeclaration {
    var catalogueSignature: BuiltinCatalogue.Signature {
        if takesAnyName { return BuiltinCatalogue.Signature(0, nil, names: ["*"]) }
        let parameters = self.parameters
        if isVariadic { return BuiltinCatalogue.Signature(0, nil, names: parameters.map(\.name)) }
        let ordered = parameters.filter { !$0.namedOnly } + parameters.filter { $0.namedOnly }
        return BuiltinCatalogue.Signature(requiredCount, positionalCount, names: ordered.map(\.name))
    }
}
