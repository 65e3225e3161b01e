// The runtime speaks ProcVocabulary; its users need not import that by themselves.

@_exported import ProcVocabulary

/// An error of the runtime: kind `io`, `memory`, `process`, `closed`, `poisoned`, `type`, `value`, `cancelled`,
/// `deadlock` or `timeout`.
public typealias RuntimeError = HostError
