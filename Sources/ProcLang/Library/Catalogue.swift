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
        BuiltinCatalogue(
            names: { self.globalNames + self.moduleNames + ["self"] }, entry: { self.catalogueEntry($0) },
            minimumOfMethod: { self.minimumArguments(ofMethod: $0) })
    }

    private func minimumArguments(ofMethod name: String) -> Int? {
        declarations.lazy.filter {
            guard case .method = $0.place else { return false }
            return $0.name == name
        }.map(\.requiredCount).min()
    }

    private func catalogueEntry(_ name: String) -> BuiltinCatalogue.Entry? {
        if let index = global(name) { return .function(declarations[index].catalogueSignature) }
        if name == "self" { return .value }
        guard module(name) != nil else { return nil }
        if let known = cataloguedModules[name] { return .module(known) }
        var content: [String: BuiltinCatalogue.Entry] = [:]
        for declaration in declarations where declaration.place == .module(name) {
            content[declaration.name] = .function(declaration.catalogueSignature)
        }
        for constant in constants where constant.module == name { content[constant.name] = .value }
        cataloguedModules[name] = content
        return .module(content)
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
