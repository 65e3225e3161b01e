// The processes that a process started and has not seen end.
//
// Invariants
// - Adding, removing and finding one take the same time whatever their number.
// - They are gone through in the order in which they were started.

/// A process that this one started and has not seen end.
struct StartedProcess {
    var process: ProcessRef
    var pid: Int32
    var name: String
}

struct StartedProcesses: Sequence {
    private var processes: [(process: StartedProcess, order: Int)] = []
    private var positions = Positions()
    private var nextOrder = 0

    var count: Int { processes.count }
    var isEmpty: Bool { processes.isEmpty }

    func contains(_ process: ProcessRef) -> Bool { positions[process.raw] != nil }

    mutating func append(_ process: StartedProcess) {
        positions.append(process.process.raw)
        processes.append((process, nextOrder))
        nextOrder += 1
    }

    mutating func remove(_ process: ProcessRef) {
        guard let position = positions[process.raw] else { return }
        positions.remove(at: position)
        processes.replaceByLast(at: position)
    }

    subscript(process: ProcessRef) -> StartedProcess? { positions[process.raw].map { processes[$0].process } }

    func makeIterator() -> some IteratorProtocol<StartedProcess> {
        processes.sorted { $0.order < $1.order }.lazy.map { $0.process }.makeIterator()
    }
}
