// What a manager process needs of whoever understands the managed objects.

/// Executes operations on managed objects, in the manager process. Implemented by the language.
public protocol ManagedService: AnyObject {
    /// Makes the object `id` from its encoded initial value. Deterministic: it is replayed after a crash.
    func create(id: UInt64, initial: UnsafeRawBufferPointer)
    /// Executes one encoded operation and returns the encoded reply (a value or an error).
    /// `mutates` is set when the operation changed the object, so that the host logs it.
    func execute(id: UInt64, request: UnsafeRawBufferPointer, mutates: inout Bool) -> [UInt8]
    /// Drops the object.
    func discard(id: UInt64)
    /// The object as one encoded value, from which `create` makes it again.
    func snapshot(id: UInt64) -> [UInt8]
}
