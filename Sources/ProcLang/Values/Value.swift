// The value of the language: 16 trivially copyable bytes, a tag word and a payload word.
//
// Invariants
// - The low byte of the tag is a `Tag`. Only ends, shared variables and synchronisation objects use the rest
//   of the tag word (their `ObjectKind` and `Rights`); for every other tag it is zero, so that a whole-word
//   comparison tests a type.
// - Tags from `Tag.firstHeap` on carry the address of a heap object in the payload; the object's header has the
//   same kind. Nothing retains: the collector (VM/Collector) owns all objects.
// - `nil` is all zero bits, so zeroed memory is a row of nils.
// - Exactly `nil` and `false` are false: tag <= 1 with a zero payload.

import Glibc

/// The low byte of a value's tag word.
enum Tag {
    static let `nil`: UInt64 = 0
    static let bool: UInt64 = 1
    static let int: UInt64 = 2
    static let float: UInt64 = 3
    /// Marks an argument that was not given and a variable before its declaration; never visible to a script.
    static let absent: UInt64 = 4
    /// An end of a channel, queue or pipe.
    static let end: UInt64 = 5
    /// A shared variable by reference (cell, array, managed object).
    static let shared: UInt64 = 6
    /// A barrier, semaphore or event.
    static let sync: UInt64 = 7
    /// A function of the library; the payload is its index.
    static let native: UInt64 = 8
    /// A module of the library (`math`, ...); the payload is its index.
    static let module: UInt64 = 9
    /// The standard input, iterable by lines.
    static let stdin: UInt64 = 10
    /// The `self` of a process.
    static let me: UInt64 = 11

    static let firstHeap: UInt8 = 16
    static let string: UInt64 = 16
    static let bytes: UInt64 = 17
    static let list: UInt64 = 18
    static let map: UInt64 = 19
    static let range: UInt64 = 20
    static let closure: UInt64 = 21
    static let error: UInt64 = 22
    static let namespace: UInt64 = 23
    /// The cell of a captured variable that is assigned after its capture.
    static let box: UInt64 = 24
    static let boundMethod: UInt64 = 25
    static let handle: UInt64 = 26
    /// A process that is to be created: callee and arguments.
    static let task: UInt64 = 27
    /// The state of a running `parallel`.
    static let group: UInt64 = 28
    /// Growable bytes shared by the strings that `+` built (see StringObject).
    static let buffer: UInt64 = 29
    static let count = 30
}

/// A value of the language. Its inside is private to the virtual machine; hosts see it through
/// `Interpreter`.
public struct Value {
    var tag: UInt64
    var payload: UInt64

    @inline(__always)
    init(tag: UInt64, payload: UInt64) {
        self.tag = tag
        self.payload = payload
    }

    // MARK: Making

    static let `nil` = Value(tag: Tag.nil, payload: 0)
    static let `true` = Value(tag: Tag.bool, payload: 1)
    static let `false` = Value(tag: Tag.bool, payload: 0)
    static let absent = Value(tag: Tag.absent, payload: 0)

    @inline(__always)
    init(_ value: Bool) { self.init(tag: Tag.bool, payload: value ? 1 : 0) }
    @inline(__always)
    init(_ value: Int) { self.init(tag: Tag.int, payload: UInt64(bitPattern: Int64(value))) }
    @inline(__always)
    init(_ value: Double) { self.init(tag: Tag.float, payload: value.bitPattern) }
    @inline(__always)
    init(heap tag: UInt64, _ address: UnsafeMutableRawPointer) {
        self.init(tag: tag, payload: UInt64(UInt(bitPattern: address)))
    }
    @inline(__always)
    init(_ object: UnsafeMutablePointer<StringObject>) { self.init(heap: Tag.string, object) }
    @inline(__always)
    init(_ object: UnsafeMutablePointer<ListObject>) { self.init(heap: Tag.list, object) }
    @inline(__always)
    init(_ object: UnsafeMutablePointer<MapObject>) { self.init(heap: Tag.map, object) }

    init(native index: Int) { self.init(tag: Tag.native, payload: UInt64(index)) }

    init(end: End) {
        let base: UInt64
        switch end.kind {
        case .channel, .queue, .pipe: base = Tag.end
        case .cell, .array, .managed: base = Tag.shared
        case .barrier, .semaphore, .event: base = Tag.sync
        }
        self.init(
            tag: base | UInt64(end.kind.rawValue) << 8 | UInt64(end.rights.rawValue) << 16, payload: end.object.raw)
    }

    // MARK: Looking inside

    /// The tag without the rights and kind of an end.
    @inline(__always)
    var kind: UInt64 { tag & 0xff }
    @inline(__always)
    var isNil: Bool { tag == Tag.nil }
    /// Can be called: code, which never leaves its process.
    var isFunction: Bool { tag == Tag.closure || tag == Tag.native || tag == Tag.boundMethod }
    @inline(__always)
    var isInt: Bool { tag == Tag.int }
    @inline(__always)
    var isFloat: Bool { tag == Tag.float }
    @inline(__always)
    var isString: Bool { tag == Tag.string }
    @inline(__always)
    var isList: Bool { tag == Tag.list }
    @inline(__always)
    var isMap: Bool { tag == Tag.map }
    @inline(__always)
    var isAbsent: Bool { tag == Tag.absent }
    @inline(__always)
    var isNumber: Bool { tag == Tag.int || tag == Tag.float }
    @inline(__always)
    var isHeap: Bool { UInt8(truncatingIfNeeded: tag) >= Tag.firstHeap }
    /// Ends, shared variables and synchronisation objects: what the host accounts for.
    @inline(__always)
    var isCapability: Bool { kind >= Tag.end && kind <= Tag.sync }
    @inline(__always)
    var isFalse: Bool { tag <= Tag.bool && payload == 0 }

    @inline(__always)
    var int: Int { Int(truncatingIfNeeded: payload) }
    @inline(__always)
    var float: Double { Double(bitPattern: payload) }
    @inline(__always)
    var bool: Bool { payload != 0 }
    /// The number as a float; only for `isNumber`.
    @inline(__always)
    var asDouble: Double { tag == Tag.int ? Double(int) : float }

    @inline(__always)
    var address: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(bitPattern: UInt(payload)).unsafelyUnwrapped
    }
    @inline(__always)
    var string: UnsafeMutablePointer<StringObject> { address.assumingMemoryBound(to: StringObject.self) }
    @inline(__always)
    var bytes: UnsafeMutablePointer<BytesObject> { address.assumingMemoryBound(to: BytesObject.self) }
    @inline(__always)
    var list: UnsafeMutablePointer<ListObject> { address.assumingMemoryBound(to: ListObject.self) }
    @inline(__always)
    var map: UnsafeMutablePointer<MapObject> { address.assumingMemoryBound(to: MapObject.self) }
    @inline(__always)
    var range: UnsafeMutablePointer<RangeObject> { address.assumingMemoryBound(to: RangeObject.self) }
    @inline(__always)
    var closure: UnsafeMutablePointer<ClosureObject> { address.assumingMemoryBound(to: ClosureObject.self) }
    @inline(__always)
    var error: UnsafeMutablePointer<ErrorObject> { address.assumingMemoryBound(to: ErrorObject.self) }
    @inline(__always)
    var namespace: UnsafeMutablePointer<NamespaceObject> { address.assumingMemoryBound(to: NamespaceObject.self) }
    @inline(__always)
    var box: UnsafeMutablePointer<BoxObject> { address.assumingMemoryBound(to: BoxObject.self) }
    @inline(__always)
    var boundMethod: UnsafeMutablePointer<BoundMethodObject> {
        address.assumingMemoryBound(to: BoundMethodObject.self)
    }
    @inline(__always)
    var handle: UnsafeMutablePointer<HandleObject> { address.assumingMemoryBound(to: HandleObject.self) }
    @inline(__always)
    var task: UnsafeMutablePointer<TaskObject> { address.assumingMemoryBound(to: TaskObject.self) }
    @inline(__always)
    var group: UnsafeMutablePointer<GroupObject> { address.assumingMemoryBound(to: GroupObject.self) }

    /// The host's object behind a capability.
    var objectRef: ObjectRef { ObjectRef(raw: payload) }
    var objectKind: ObjectKind { ObjectKind(rawValue: UInt8(truncatingIfNeeded: tag >> 8)) ?? .channel }
    var rights: Rights { Rights(rawValue: UInt8(truncatingIfNeeded: tag >> 16)) }
    var end: End { End(object: objectRef, kind: objectKind, rights: rights) }

    /// The name that `type(x)` and error messages use.
    var typeName: String {
        switch kind {
        case Tag.nil: return "nil"
        case Tag.bool: return "bool"
        case Tag.int: return "int"
        case Tag.float: return "float"
        case Tag.end:
            switch objectKind {
            case .queue: return "queue"
            case .pipe: return "pipe"
            default: return "channel"
            }
        case Tag.shared: return "shared"
        case Tag.sync:
            switch objectKind {
            case .barrier: return "barrier"
            case .semaphore: return "semaphore"
            default: return "event"
            }
        case Tag.string: return "string"
        case Tag.bytes: return "bytes"
        case Tag.list: return "list"
        case Tag.map: return "map"
        case Tag.range: return "range"
        case Tag.closure: return closure.pointee.code.pointee.isProcess ? "process" : "func"
        case Tag.native, Tag.boundMethod: return "func"
        case Tag.error: return "error"
        case Tag.namespace: return "namespace"
        case Tag.module: return "module"
        case Tag.handle: return "handle"
        case Tag.stdin: return "stdin"
        case Tag.me: return "self"
        default: return "internal"
        }
    }
}

/// A value where it lies. Arithmetic looks at the tag and then loads the payload as what it is: a float that is loaded as
/// a float is there earlier than one that comes by way of an integer register.
extension UnsafeMutablePointer where Pointee == Value {
    @inline(__always)
    var tag: UInt64 { pointee.tag }
    @inline(__always)
    var int: Int { pointee.int }
    @inline(__always)
    var float: Double { pointee.float }
}
