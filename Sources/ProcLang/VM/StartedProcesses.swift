// The processes that a process started and has not seen end, in the order in which they were started.
//
// Invariant: adding, removing and finding one take the same time whatever their number.

/// A process that this one started and has not seen end.
struct StartedProcess {
    var process: ProcessRef
    var pid: Int32
    var name: String
}

struct StartedProcesses: Sequence {
    private var places: [StartedProcess?] = []
    private var positions: [UInt64: Int] = [:]

    var count: Int { positions.count }
    var isEmpty: Bool { positions.isEmpty }

    func contains(_ process: ProcessRef) -> Bool { positions[process.raw] != nil }

    mutating func append(_ process: StartedProcess) {
        positions[process.process.raw] = places.count
        places.append(process)
    }

    mutating func remove(_ process: ProcessRef) {
        guard let position = positions.removeValue(forKey: process.raw) else { return }
        places[position] = nil
        while let last = places.last, last == nil { places.removeLast() }
        guard places.count > 64, places.count > 2 * positions.count else { return }
        places.removeAll { $0 == nil }
        for (index, place) in places.enumerated() { positions[place!.process.raw] = index }
    }

    subscript(process: ProcessRef) -> StartedProcess? { positions[process.raw].flatMap { places[$0] } }

    func makeIterator() -> some IteratorProtocol<StartedProcess> { places.lazy.compactMap { $0 }.makeIterator() }
}
