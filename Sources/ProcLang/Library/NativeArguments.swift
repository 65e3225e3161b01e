// How library functions read their arguments: each accessor checks the type, and its error names the function's
// parameter and what was found.

extension VM {
    /// The value of a shared variable, every other value as it is.
    @inline(__always)
    func plain(_ value: Value) throws(Raise) -> Value {
        value.kind == Tag.shared ? try sharedValue(value) : value
    }

    @inline(__always)
    func stringArgument(_ value: Value, _ what: StaticString) throws(Raise) -> UnsafeMutablePointer<StringObject> {
        if value.isString { return value.string }
        let value = try plain(value)
        guard value.isString else { throw typeError("\(what) must be a string, not \(value.typeName)") }
        return value.string
    }

    @inline(__always)
    func intArgument(_ value: Value, _ what: StaticString) throws(Raise) -> Int {
        if value.isInt { return value.int }
        let value = try plain(value)
        guard value.isInt else { throw typeError("\(what) must be an int, not \(value.typeName)") }
        return value.int
    }

    func intArgument(_ value: Value, _ what: StaticString, default standard: Int) throws(Raise) -> Int {
        value.isAbsent || value.isNil ? standard : try intArgument(value, what)
    }

    func floatArgument(_ value: Value, _ what: StaticString) throws(Raise) -> Double {
        let value = try plain(value)
        guard value.isNumber else { throw typeError("\(what) must be a number, not \(value.typeName)") }
        return value.asDouble
    }

    func bytesArgument(_ value: Value, _ what: StaticString) throws(Raise) -> UnsafeBufferPointer<UInt8> {
        let value = try plain(value)
        guard value.tag == Tag.bytes else { throw typeError("\(what) must be bytes, not \(value.typeName)") }
        return UnsafeBufferPointer(start: value.bytes.pointee.bytes, count: value.bytes.pointee.count)
    }

    func mapArgument(_ value: Value, _ what: StaticString) throws(Raise) -> UnsafeMutablePointer<MapObject> {
        let value = try plain(value)
        guard value.isMap else { throw typeError("\(what) must be a map, not \(value.typeName)") }
        return value.map
    }

    /// A string for the outside world.
    func textArgument(_ value: Value, _ what: StaticString) throws(Raise) -> String {
        try stringArgument(value, what).text
    }
}
