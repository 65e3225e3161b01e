// One declaration of the library: its place, name, signature and documentation, and what a call needs to know of its
// parameters.
//
// Invariants
// - The numbers of parameters agree with the signature: they are taken from it once, without allocation, because every
//   start of the program comes through here for each declaration.

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
