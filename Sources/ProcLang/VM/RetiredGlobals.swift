// Globals of a REPL that no name means any more: declared anew, or forgotten by `:reset`. What they hold (memory, ends of
// channels) is let go of as soon as no living function names them.
//
// Invariants
// - A retired slot is a weak root: its value is marked only if the code of a closure that is alive otherwise, or by such a
//   value, names the slot. Functions that are running are alive through their frames.
// - Whoever reads a slot that was let go of finds it absent, as before its declaration; no code that can still run does.
// - Without retired slots a collection does nothing here.

/// The slots, and their values while a collection decides about them.
struct RetiredGlobals {
    private(set) var slots: [Int] = []

    var isEmpty: Bool { slots.isEmpty }

    mutating func add(_ slot: Int) { if !slots.contains(slot) { slots.append(slot) } }

    mutating func keep(only slots: [Int]) { self.slots = slots }
}

extension VM {
    /// Before the roots are marked: takes the values out of the table.
    func takeRetired(_ marker: inout Marker) -> [(slot: Int, value: Value)] {
        marker.recordsClosures = true
        return retired.slots.map { slot in
            let value = globals[slot]
            globals[slot] = .absent
            return (slot, value)
        }
    }

    /// When everything else is marked: puts back, and marks, what living functions name.
    func settleRetired(_ taken: [(slot: Int, value: Value)], _ marker: inout Marker) {
        var undecided = taken
        var kept: [Int] = []
        var seen: Set<Int32> = []
        while !undecided.isEmpty {
            var named: Set<Int> = []
            for code in marker.takeClosures() { findGlobals(of: code, &named, &seen) }
            let alive = undecided.filter { named.contains($0.slot) }
            if alive.isEmpty { break }
            undecided.removeAll { named.contains($0.slot) }
            for (slot, value) in alive {
                globals[slot] = value
                marker.mark(value)
                kept.append(slot)
            }
            marker.drain()
        }
        retired.keep(only: kept)
    }

    /// The slots that the code of a function names, and that of the functions it makes.
    private func findGlobals(of code: UnsafeMutablePointer<FunctionCode>, _ named: inout Set<Int>, _ seen: inout Set<Int32>) {
        var todo = [code]
        while let next = todo.popLast() {
            guard seen.insert(next.pointee.info).inserted else { continue }
            for index in 0..<Int(next.pointee.codeCount) {
                let instruction = next.pointee.code[index]
                if instruction.op.info.operands.contains(.wideGlobal) { named.insert(instruction.wide) }
            }
            todo += infos[Int(next.pointee.info)].functions
        }
    }
}
