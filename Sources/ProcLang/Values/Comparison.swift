// Equality, order and membership.
//
// Invariants
// - `==` compares strings, bytes, lists, maps, ranges, namespaces and errors (kind and message) by content, everything
//   else by identity; it never fails except for nesting deeper than `maximumNesting`.
// - `<` is defined between numbers, between strings, between bytes, and between lists (item by item).

import Glibc

/// Native recursion over nested data stops here, with `recursion`.
let maximumNesting = 2000

extension VM {
    func nestingError() -> Raise {
        raise(kinds.recursion, "the data is nested more than \(maximumNesting) levels deep (or contains itself)")
    }

    @inline(__always)
    func equalSlow(_ x: Value, _ y: Value) throws(Raise) -> Bool {
        if x.tag == Tag.string, y.tag == Tag.string { return x.string.equals(y.string) }
        return try equal(x, y, depth: 0)
    }

    @inline(never)
    func equal(_ x: Value, _ y: Value, depth: Int = 0) throws(Raise) -> Bool {
        if x.tag != y.tag {
            if x.isInt, y.isFloat { return Arithmetic.compare(x.int, y.float) == 0 }
            if x.isFloat, y.isInt { return Arithmetic.compare(y.int, x.float) == 0 }
            // Two ends of one channel are the same channel whatever their rights are.
            return x.isCapability && x.kind == y.kind && x.payload == y.payload
        }
        switch x.tag {
        case Tag.float: return x.float == y.float
        case Tag.string: return x.string.equals(y.string)
        case Tag.bytes:
            return x.bytes.pointee.count == y.bytes.pointee.count
                && memcmp(x.bytes.pointee.bytes, y.bytes.pointee.bytes, x.bytes.pointee.count) == 0
        case Tag.range:
            let a = x.range.pointee
            let b = y.range.pointee
            return a.count == b.count && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
        case Tag.list:
            if x.payload == y.payload { return true }
            let a = x.list
            let b = y.list
            if a.pointee.count != b.pointee.count { return false }
            if depth > maximumNesting { throw nestingError() }
            var index = 0
            while index < a.pointee.count, index < b.pointee.count {
                if try !equal(a.pointee.items[index], b.pointee.items[index], depth: depth + 1) { return false }
                index += 1
            }
            return true
        case Tag.map:
            return try equalMaps(x.map, y.map, depth: depth)
        case Tag.namespace:
            return try equalMaps(x.namespace.pointee.fields, y.namespace.pointee.fields, depth: depth)
        case Tag.error:
            // Where and in which process it was raised is what happened to it, not what it says: a copy that came
            // through a channel is equal.
            if try !equal(x.error.pointee.kindName, y.error.pointee.kindName, depth: depth + 1) { return false }
            return try equal(x.error.pointee.message, y.error.pointee.message, depth: depth + 1)
        case Tag.boundMethod:
            if x.boundMethod.pointee.method.payload != y.boundMethod.pointee.method.payload { return false }
            return try equal(x.boundMethod.pointee.receiver, y.boundMethod.pointee.receiver, depth: depth + 1)
        default:
            return x.payload == y.payload
        }
    }

    private func equalMaps(
        _ a: UnsafeMutablePointer<MapObject>, _ b: UnsafeMutablePointer<MapObject>, depth: Int
    ) throws(Raise) -> Bool {
        if a == b { return true }
        if a.pointee.count != b.pointee.count { return false }
        if depth > maximumNesting { throw nestingError() }
        var entry = 0
        while entry < a.pointee.used, let entries = a.pointee.entries {
            let slot = entries[entry]
            entry += 1
            if slot.key.isAbsent { continue }
            guard let other = b.get(slot.key) else { return false }
            if try !equal(slot.value, other, depth: depth + 1) { return false }
        }
        return true
    }

    /// Negative, zero, positive; nil for an unordered pair of floats.
    func order(_ x: Value, _ y: Value, _ op: StaticString, depth: Int = 0) throws(Raise) -> Int? {
        if x.isNumber, y.isNumber {
            if x.isInt {
                if y.isInt { return x.int < y.int ? -1 : x.int == y.int ? 0 : 1 }
                return Arithmetic.compare(x.int, y.float)
            }
            if y.isInt { return Arithmetic.compare(y.int, x.float).map { -$0 } }
            return x.float < y.float ? -1 : x.float == y.float ? 0 : x.float > y.float ? 1 : nil
        }
        if x.tag == y.tag {
            switch x.tag {
            case Tag.string: return x.string.compare(y.string)
            case Tag.bytes:
                let shared = min(x.bytes.pointee.count, y.bytes.pointee.count)
                let result = Int(memcmp(x.bytes.pointee.bytes, y.bytes.pointee.bytes, shared))
                return result != 0 ? result : x.bytes.pointee.count - y.bytes.pointee.count
            case Tag.list:
                if depth > maximumNesting { throw nestingError() }
                let a = x.list
                let b = y.list
                var index = 0
                while index < a.pointee.count, index < b.pointee.count {
                    let left = a.pointee.items[index]
                    let right = b.pointee.items[index]
                    if try !equal(left, right, depth: depth + 1) {
                        return try order(left, right, op, depth: depth + 1)
                    }
                    index += 1
                }
                return a.pointee.count - b.pointee.count
            case Tag.bool: return Int(x.payload) - Int(y.payload)
            default: break
            }
        }
        if isTurnedComparison {
            throw typeError("`\("\(op)" == "<" ? ">" : ">=")` does not compare \(y.typeName) and \(x.typeName)")
        }
        throw typeError("`\(op)` does not compare \(x.typeName) and \(y.typeName)")
    }

    /// The present instruction compares `y < x` where the script says `x > y`.
    private var isTurnedComparison: Bool {
        guard currentFrame >= frames else { return false }
        let code = currentFrame.pointee.function.closure.pointee.code
        return infos[Int(code.pointee.info)].turnedComparisons.contains(Int32(currentFrame.pointee.pc - code.pointee.code - 1))
    }

    /// `swapped`: the script wrote `y > x`.
    @inline(never)
    func less(_ x: Value, _ y: Value, swapped: Bool = false) throws(Raise) -> Bool {
        if swapped { return try order(y, x, ">").map { $0 > 0 } ?? false }
        return try order(x, y, "<").map { $0 < 0 } ?? false
    }

    @inline(never)
    func lessOrEqual(_ x: Value, _ y: Value, swapped: Bool = false) throws(Raise) -> Bool {
        if swapped { return try order(y, x, ">=").map { $0 >= 0 } ?? false }
        return try order(x, y, "<=").map { $0 <= 0 } ?? false
    }

    /// `item in container`.
    @inline(never)
    func contains(_ container: Value, _ item: Value) throws(Raise) -> Bool {
        switch container.tag {
        case Tag.list:
            let list = container.list
            var index = 0
            while index < list.pointee.count {
                if try equal(list.pointee.items[index], item) { return true }
                index += 1
            }
            return false
        case Tag.map:
            return MapKey.isPossible(item) && container.map.get(item) != nil
        case Tag.namespace:
            return item.isString && container.namespace.pointee.fields.get(item) != nil
        case Tag.string:
            guard item.isString else { throw typeError("`in` looks for a string in a string, not for \(item.typeName)") }
            return Search.find(item.string.utf8, in: container.string.utf8, from: 0) != nil
        case Tag.bytes:
            if item.tag == Tag.bytes {
                let bytes = UnsafeBufferPointer(start: container.bytes.pointee.bytes, count: container.bytes.pointee.count)
                let part = UnsafeBufferPointer(start: item.bytes.pointee.bytes, count: item.bytes.pointee.count)
                return Search.find(part, in: bytes, from: 0) != nil
            }
            guard item.isInt, let byte = UInt8(exactly: item.int) else { return false }
            return memchr(container.bytes.pointee.bytes, Int32(byte), container.bytes.pointee.count) != nil
        case Tag.range:
            let range = container.range.pointee
            guard range.count > 0 else { return false }
            let number: Int
            if item.isInt {
                number = item.int
            } else if item.isFloat, let exact = Int(exactly: item.float) {
                number = exact
            } else {
                return false
            }
            // Exact, though a step on the way may not fit.
            let last = container.range.last
            let (low, high) = range.step > 0 ? (range.start, last) : (last, range.start)
            guard number >= low, number <= high else { return false }
            let distance = UInt64(bitPattern: Int64(number)) &- UInt64(bitPattern: Int64(low))
            return distance % UInt64(range.step.magnitude) == 0
        default:
            if container.kind == Tag.shared { return try contains(sharedValue(container), item) }
            throw typeError("`in` does not look into \(container.typeName)")
        }
    }
}

/// Searching byte sequences.
enum Search {
    /// The first place of `part` in `text` at or after `from`; nil if there is none.
    static func find(_ part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from: Int) -> Int? {
        if part.count == 0 { return from <= text.count ? from : nil }
        guard from + part.count <= text.count, let start = text.baseAddress, let wanted = part.baseAddress else {
            return nil
        }
        let last = text.count - part.count
        var place = from
        while place <= last {
            guard let found = memchr(start + place, Int32(wanted[0]), last - place + 1) else { return nil }
            place = UnsafeRawPointer(found) - UnsafeRawPointer(start)
            if memcmp(start + place, wanted, part.count) == 0 { return place }
            place += 1
        }
        return nil
    }

    /// The last place of `part` in `text` that begins at or before `before`.
    static func findLast(_ part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, before: Int) -> Int? {
        guard let start = text.baseAddress, let wanted = part.baseAddress else { return part.count == 0 ? before : nil }
        var place = min(before, text.count - part.count)
        while place >= 0 {
            if memcmp(start + place, wanted, part.count) == 0 { return place }
            place -= 1
        }
        return nil
    }
}

/// The tests of `x is int` and of type patterns, by the number of a `TypeName`.
enum TypeTest {
    static let names = TypeName.allCases
    static func number(_ name: TypeName) -> Int { names.firstIndex(of: name) ?? 0 }

    @inline(never)
    static func matches(_ value: Value, _ number: Int) -> Bool {
        switch names[number] {
        case .nil: return value.isNil
        case .bool: return value.tag == Tag.bool
        case .int: return value.isInt
        case .float: return value.isFloat
        case .string: return value.isString
        case .bytes: return value.tag == Tag.bytes
        case .list: return value.isList
        case .map: return value.isMap
        case .range: return value.tag == Tag.range
        case .func:
            return value.tag == Tag.native || value.tag == Tag.boundMethod
                || value.tag == Tag.closure && !value.closure.pointee.code.pointee.isProcess
        case .process: return value.tag == Tag.closure && value.closure.pointee.code.pointee.isProcess
        case .handle: return value.tag == Tag.handle
        case .channel: return value.kind == Tag.end && value.objectKind == .channel
        case .queue: return value.kind == Tag.end && value.objectKind == .queue
        case .pipe: return value.kind == Tag.end && value.objectKind == .pipe
        case .namespace: return value.tag == Tag.namespace
        case .error: return value.tag == Tag.error
        case .barrier: return value.kind == Tag.sync && value.objectKind == .barrier
        case .semaphore: return value.kind == Tag.sync && value.objectKind == .semaphore
        case .event: return value.kind == Tag.sync && value.objectKind == .event
        case .module: return value.tag == Tag.module
        case .shared: return value.kind == Tag.shared
        }
    }
}
