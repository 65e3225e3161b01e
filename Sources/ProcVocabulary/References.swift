// The words which a language and a runtime exchange: references, rights, cases and outcomes. They belong to
// neither side, so that ProcLang knows nothing of operating systems and ProcRuntime nothing of languages.
//
// Invariants
// - References are values: index and generation. A stale one is recognised and never reaches another object.
// - What crosses a process boundary crosses as bytes, with the capabilities inside those bytes listed beside
//   them. The runtime never looks into the bytes.

/// Names an object (channel, pipe end, shared variable, barrier, ...): index in the low half, generation above.
public struct ObjectRef: Hashable {
    public var raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    public init(index: UInt32, generation: UInt32) { raw = UInt64(generation) << 32 | UInt64(index) }
    public var index: UInt32 { UInt32(truncatingIfNeeded: raw) }
    public var generation: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) }
}

/// What a process may do with an object. Channel-like objects know `read` and `write`; shared variables,
/// barriers, semaphores and events know only `hold`.
public struct Rights: OptionSet, Hashable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// To receive.
    public static let read = Rights(rawValue: 1)
    /// To send.
    public static let write = Rights(rawValue: 2)
    /// To use an object that is no stream, or only to look at one.
    public static let hold = Rights(rawValue: 4)
    /// To receive and to send.
    public static let both: Rights = [.read, .write]
    /// Of a use in a script: what lies so many steps (an index, a key, a field) inside is gone through. An end there is
    /// received from; of a list or map there the items are used, in ways that the text does not show. Four steps stand for
    /// all that are more.
    public static func elements(at steps: Int) -> Rights { Rights(rawValue: 8 << UInt8(min(max(steps, 0), 4))) }
    /// The same use, seen from an item of what is used.
    public var ofItem: Rights {
        if contains(.elements(at: 0)) { return union(.both) }
        let steps = rawValue & 0xf0
        return Rights(rawValue: rawValue & 7 | steps >> 1 | steps & 0x80)
    }
}

/// The kinds of objects that a host can make.
public enum ObjectKind: UInt8 {
    case channel, queue, pipe, cell, array, managed, barrier, semaphore, event
    /// True for the kinds with a reading and a writing end.
    public var isStream: Bool { rawValue <= ObjectKind.pipe.rawValue }
}

/// A capability: an object together with what its holder may do with it.
public struct End: Hashable {
    public var object: ObjectRef
    public var kind: ObjectKind
    public var rights: Rights
    public init(object: ObjectRef, kind: ObjectKind, rights: Rights) {
        self.object = object
        self.kind = kind
        self.rights = rights
    }
}

/// Names a process that the program created: table slot and generation, never a pid.
public struct ProcessRef: Hashable {
    public var raw: UInt64
    public init(raw: UInt64) { self.raw = raw }
    public init(index: UInt32, generation: UInt32) { raw = UInt64(generation) << 32 | UInt64(index) }
    public var index: UInt32 { UInt32(truncatingIfNeeded: raw) }
    public var generation: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) }
}

/// An error of the host, with a kind of LANGUAGE.md section 8 (`io`, `memory`, `process`, `closed`, ...).
public struct HostError: Error {
    public var kind: String
    public var message: String
    public init(kind: String, message: String) {
        self.kind = kind
        self.message = message
    }
}

/// The number types of shared memory.
public enum ElementKind: UInt8 {
    case bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64
}
