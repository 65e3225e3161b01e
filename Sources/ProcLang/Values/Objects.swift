// The layouts of heap objects in raw memory.
//
// Invariants
// - Every object begins with an `ObjectHeader`; its `kind` is the tag of the values that point to it.
// - Mark bits are not here: they live in side bitmaps (VM/BlockAllocator), so that a collection in a forked
//   child does not copy its parent's pages.
// - Buffers that an object owns (`items`, `entries`, `index`) come from `malloc` and are freed when the object
//   is swept; only objects that were allocated as `finalizable` own anything.

import Glibc

/// The first eight bytes of every heap object.
struct ObjectHeader {
    var kind: UInt8
    var flags: UInt8
    /// Interned strings: the number of the method name that they are (`MethodTable`), or 0. Short strings: their length.
    /// Maps: `changes`.
    var selector: UInt16 = 0
    /// Strings that are not short: the hash (0: not computed yet). Closures, tasks: number of trailing values. Maps:
    /// `stale`.
    var aux: UInt32 = 0

    /// The object was allocated by itself, outside the blocks.
    static let big: UInt8 = 1
    /// A string of ASCII only: character index and byte index are the same.
    static let ascii: UInt8 = 2
    /// The object is being printed; guards against cycles.
    static let visiting: UInt8 = 4
    /// A string whose bytes lie in a `BufferObject`.
    static let outside: UInt8 = 8
    /// A string that begins where others have their hash (see `StringObject`).
    static let short: UInt8 = 16
}

/// Immutable UTF-8 text. The bytes follow the object, or (flag `outside`) lie in a `BufferObject` shared by the strings
/// that repeated `+` built.
///
/// A short string (flag `short`) takes 16 bytes: one to twelve ASCII characters behind the kind, the flags and its length,
/// in the place of the hash and the counts. Millions of short ones are most of the memory of programs that build text, and
/// clearing new memory is most of their time. Interned strings are never short: they have their hash and their number.
struct StringObject {
    var header: ObjectHeader
    /// These two only without the flag `short`: the pointer's `byteCount` and `charCount` know of both.
    var storedBytes: UInt32
    var storedCharacters: UInt32
    /// These two only with the flag `outside`.
    var start: UnsafeMutablePointer<UInt8>
    var owner: UnsafeMutablePointer<BufferObject>

    /// Inline bytes take the place of `start`: a string of 16 bytes takes 32 in all.
    static let inlineOffset = 16
    static let shortOffset = 4
    static let maxShort = 12

    static let maxBytes = Int(UInt32.max) - 64
}

/// Bytes that several strings share: everything below `used` is immutable; the string that ends at `used` may
/// be extended in place into a longer string.
struct BufferObject {
    var header: ObjectHeader
    var used: Int
    var capacity: Int
    var bytes: UnsafeMutablePointer<UInt8>
}

struct BytesObject {
    var header: ObjectHeader
    var count: Int
    var bytes: UnsafeMutablePointer<UInt8>
    static let inlineOffset = 24
}

struct ListObject {
    var header: ObjectHeader
    var count: Int
    var capacity: Int
    var items: UnsafeMutablePointer<Value>
}

/// One entry of a map; a deleted one has the key `absent`.
struct MapSlot {
    var hash: UInt64
    var key: Value
    var value: Value
}

/// Insertion-ordered hash map: a dense array of entries, and (beyond eight) an open-addressing index into it.
struct MapObject {
    var header: ObjectHeader
    /// Live entries.
    var count: Int
    /// Entries used so far, deleted ones included.
    var used: Int
    var capacity: Int
    var entries: UnsafeMutablePointer<MapSlot>?
    /// Power of two slots; 0 is free, 1 deleted, n + 2 is entry n.
    var index: UnsafeMutablePointer<UInt32>?
    var indexMask: Int
    /// Counts the changes of the set of keys, for those who go through the map.
    var changes: UInt16 {
        get { header.selector }
        set { header.selector = newValue }
    }
    /// Entries that were given back, of which the index may still have a mark.
    var stale: Int {
        get { Int(header.aux) }
        set { header.aux = UInt32(truncatingIfNeeded: newValue) }
    }
}

/// `start`, `start + step`, ...: `count` numbers. `end` and `closed` are kept for printing and equality.
struct RangeObject {
    var header: ObjectHeader
    var start: Int
    var end: Int
    var step: Int
    var count: Int
    var closed: Bool
}

/// A function with its captured values; `header.aux` of them follow the struct.
struct ClosureObject {
    var header: ObjectHeader
    var code: UnsafeMutablePointer<FunctionCode>

    static let valuesOffset = 16
}

extension UnsafeMutablePointer where Pointee == ClosureObject {
    @inline(__always)
    var upvalues: UnsafeMutablePointer<Value> {
        (UnsafeMutableRawPointer(self) + ClosureObject.valuesOffset).assumingMemoryBound(to: Value.self)
    }
}

struct ErrorObject {
    var header: ObjectHeader
    var kindName: Value
    var message: Value
    /// List of strings, innermost function first; nil until raised.
    var trace: Value
    /// "name, pid" of the process that failed.
    var process: Value
    /// The place where it was raised: index into the table of sources, and offsets in it.
    var file: Int32
    var start: UInt32
    var end: UInt32
    /// List of the other failures that were collected with this one, or nil.
    var attached: Value
}

struct NamespaceObject {
    var header: ObjectHeader
    var fields: UnsafeMutablePointer<MapObject>
}

struct BoxObject {
    var header: ObjectHeader
    var value: Value
}

struct BoundMethodObject {
    var header: ObjectHeader
    var receiver: Value
    var method: Value
}

/// A process that was started. `state` 0: not known to have ended; otherwise a `HandleState`.
struct HandleObject {
    var header: ObjectHeader
    var process: UInt64
    var pid: Int32
    var state: Int32
    var name: Value
    /// The result, or the error object of a failure.
    var outcome: Value
    /// External programs: the ends of its streams; nil otherwise.
    var stdin: Value
    var stdout: Value
    var stderr: Value
    var external: Bool
    /// How many processes this one had created when it created that of the handle; 0: it is an external program's.
    var number: UInt64
}

/// A process to be created; `header.aux` argument values follow.
struct TaskObject {
    var header: ObjectHeader
    var callee: Value
    var name: Value

    static let valuesOffset = 40
}

extension UnsafeMutablePointer where Pointee == TaskObject {
    @inline(__always)
    var arguments: UnsafeMutablePointer<Value> {
        (UnsafeMutableRawPointer(self) + TaskObject.valuesOffset).assumingMemoryBound(to: Value.self)
    }
}

/// A running `parallel` or `supervise`.
struct GroupObject {
    var header: ObjectHeader
    /// Lists of the tasks and of the handles, in order.
    var tasks: Value
    var handles: Value
    /// At most so many processes at a time; 0: no limit.
    var limit: Int
    /// `supervise`: restarts allowed within `window` nanoseconds; -1: not supervised.
    var restarts: Int
    var window: Int
    /// Times (monotonic ns) of the restarts so far, a list of ints.
    var history: Value
    /// The first failure, an error value.
    var failure: Value
}
