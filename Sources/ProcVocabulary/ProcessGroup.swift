// Processes that are waited for together, again and again, while some end and others join them.
//
// Invariants
// - A wait for any of n processes costs the same for the first and for the last: what a host has to note of a member it
//   notes once, for those in `takeArrivals`.
// - The order of `members` changes when one is removed.

/// The processes for which `awaitAny` waits.
public final class ProcessGroup {
    /// Who is waited for.
    public private(set) var members: [ProcessRef] = []
    /// The caller's number for each member.
    public private(set) var numbers: [Int] = []
    private var positions = Positions()
    private var arrivals: [ProcessRef] = []
    /// What the host keeps of the group.
    public var hostState: AnyObject?

    /// An empty group.
    public init() {}

    /// A group of these, numbered as in the list.
    public init(_ processes: [ProcessRef]) {
        for process in processes { add(process, number: members.count) }
    }

    public var isEmpty: Bool { members.isEmpty }
    public var count: Int { members.count }

    /// Adds a process; nothing to do for a member.
    public func add(_ process: ProcessRef, number: Int) {
        guard positions[process.raw] == nil else { return }
        positions.append(process.raw)
        members.append(process)
        numbers.append(number)
        arrivals.append(process)
    }

    /// Removes the member at `index`; the last one takes its place.
    public func remove(at index: Int) {
        positions.remove(at: index)
        members.replaceByLast(at: index)
        numbers.replaceByLast(at: index)
    }

    /// Where a process is in `members`; nil for others.
    public func index(of process: ProcessRef) -> Int? { positions[process.raw] }

    /// The members that were added since the last call.
    public func takeArrivals() -> [ProcessRef] {
        defer { arrivals.removeAll() }
        return arrivals.filter { positions[$0.raw] != nil }
    }
}

/// Puts a new value in the place of an inherited one and leaves that as it is. In a forked child, freeing what the
/// parent had would write to memory that both still share: each page of it would be copied.
@inlinable
@inline(__always)
public func replaceInherited<T>(_ place: inout T, for value: T) {
    withUnsafeMutablePointer(to: &place) { $0.initialize(to: value) }
}
