// The text of a deadlock report: who waits where for what, and who holds the other end.
//
// Invariants
// - Made by the supervisor from one snapshot, after it was confirmed: the members wait while it is written, so that what is
//   read of them does not change.
// - Bounded: of many members, holders or cases the first are named and the rest counted.
// - An advice is given only where the shape of the waits leaves no doubt about it.

import CSystem

enum Report {
    static func text(_ members: [Blocked], _ snapshot: Snapshot) -> String {
        let others = snapshot.processes.count - members.count
        var lines = [
            members.count == 1
                ? "a process waits for something that cannot happen any more"
                : "\(members.count) processes wait for each other and can never go on"
        ]
        for b in members.prefix(40) { lines.append("  " + line(b, snapshot)) }
        if members.count > 40 { lines.append("  and \(members.count - 40) more") }
        if let advice = advice(members, snapshot) { lines.append("  likely fix: " + advice) }
        if others > 0 { lines.append("  (\(others) other process\(others == 1 ? "" : "es") not involved)") }
        return lines.joined(separator: "\n")
    }

    static func process(_ slot: UInt32) -> String {
        let s = pl_slot_at(slot)!
        return "\(ProcessTable.name(s)) (pid \(s.pointee.pid))"
    }

    static func object(_ index: UInt32) -> String {
        let o = pl_object_at(index)!
        let kind = Objects.kind(o).map { "\($0)" } ?? "object"
        let name = String(cString: pl_object_name(o))
        return name.isEmpty ? (kind == "event" ? "an event" : "a \(kind)") : "\(kind) \(name)"
    }

    /// What usually helps against a deadlock of this shape; nil when nothing can be said.
    private static func advice(_ members: [Blocked], _ snapshot: Snapshot) -> String? {
        let waiting = members.filter { $0.kind != WaitKind.join }
        if waiting.contains(where: { $0.kind == WaitKind.lock }) {
            return "name all variables in one `lock a, b { }`, which takes them in a fixed order"
        }
        if waiting.contains(where: { $0.kind == WaitKind.barrier }) {
            return "let as many processes use the barrier as it counts"
        }
        if waiting.contains(where: { $0.kind == WaitKind.semaphore }) { return "let whoever has a permit release it" }
        if waiting.contains(where: { $0.kind == WaitKind.event }) { return "let another process set the event" }
        var sends = 0
        for b in waiting {
            for r in b.records {
                let record = pl_record_at(r)!
                let isSend = record.pointee.direction == Direction.send
                guard isSend || record.pointee.direction == Direction.receive else { continue }
                if isSend { sends += 1 }
                let partners = holders(record.pointee.object, isSend ? .read : .write, except: b.slot, snapshot)
                guard partners == "nobody" || partners == "only itself" else { continue }
                let name = object(record.pointee.object)
                return isSend
                    ? "no other process reads from \(name): give its reading end to one, or make it buffered"
                    : "no other process writes to \(name): give its writing end to one, or close it"
            }
        }
        if waiting.count < members.count, waiting.count == 1 {
            return "a process waits for the end of one that needs it: communicate before the join, or in `parallel`"
        }
        if sends == 0 { return adviceOnBothEnds(waiting, snapshot) ?? "all wait to receive: let one of them send first" }
        if sends == waiting.reduce(0, { $0 + $1.records.count }) {
            return "all wait to send: let one of them receive first, or make a channel buffered: `channel c(1)`"
        }
        return nil
    }

    /// Processes that were given a list of channels as a whole keep each other's streams open: none comes to its end.
    private static func adviceOnBothEnds(_ waiting: [Blocked], _ snapshot: Snapshot) -> String? {
        var owners: [UInt32: Int] = [:]
        var whole: [(slot: UInt32, objects: [UInt32])] = []
        for b in waiting {
            var rights: [UInt32: Rights] = [:]
            var e = Int(b.slot) < snapshot.firstOfOwner.count ? snapshot.firstOfOwner[Int(b.slot)] : 0
            while e != 0 {
                let end = pl_end_at(e)!
                rights[end.pointee.object, default: []].formUnion(Rights(rawValue: end.pointee.right))
                e = snapshot.nextOfOwner[Int(e)]
            }
            let both = rights.filter { $0.value.isSuperset(of: [.read, .write]) }.keys.sorted()
            for object in both { owners[object, default: 0] += 1 }
            whole.append((b.slot, both))
        }
        for (slot, objects) in whole {
            let common = objects.filter { owners[$0, default: 0] > 1 }
            guard common.count > 1 else { continue }
            let names = common.map(object)
            let all = names.allSatisfy { $0 == "a channel" } ? "\(names.count) channels" : list(names)
            return "\(process(slot)) and others hold both ends of \(all), so that none of these comes to "
                + "its end: give each process the ends that it uses as arguments, `worker(cs[i], cs[i + 1])` with parameters `source?, out!`"
        }
        return nil
    }

    private static func line(_ b: Blocked, _ snapshot: Snapshot) -> String {
        let s = pl_slot_at(b.slot)!
        let at = s.pointee.wait_line > 0 ? " at line \(s.pointee.wait_line)" : ""
        return "\(process(b.slot)) waits\(at) \(reason(b, snapshot))"
    }

    private static func reason(_ b: Blocked, _ snapshot: Snapshot) -> String {
        let target = UInt32(truncatingIfNeeded: b.object)
        switch b.kind {
        case WaitKind.join:
            return "for the end of " + list(WaitTargets.awaited(by: b).map { process($0.index) })
        case WaitKind.lock:
            let owner = SharedHooks.lockOwner(target)
            return "for the lock of \(object(target))" + (owner == 0 ? "" : ", held by \(process(owner))")
        case WaitKind.barrier, WaitKind.semaphore, WaitKind.event:
            return "at \(object(target)), used by " + holders(target, .hold, except: b.slot, snapshot)
        default:
            let cases = b.records.map { alternative($0, b.slot, snapshot) }
            return cases.isEmpty ? "for nothing" : cases.prefix(4).joined(separator: "; or ") + (cases.count > 4 ? "; or \(cases.count - 4) more" : "")
        }
    }

    private static func alternative(_ r: UInt32, _ slot: UInt32, _ snapshot: Snapshot) -> String {
        let record = pl_record_at(r)!
        switch record.pointee.direction {
        case Direction.receive:
            return "to receive from \(object(record.pointee.object)), whose writing end is held by "
                + holders(record.pointee.object, .write, except: slot, snapshot)
        case Direction.send:
            return "to send to \(object(record.pointee.object)), whose reading end is held by "
                + holders(record.pointee.object, .read, except: slot, snapshot)
        default: return "for the end of \(process(ProcessRef(raw: record.pointee.message).index))"
        }
    }

    private static func holders(_ object: UInt32, _ right: Rights, except slot: UInt32, _ snapshot: Snapshot) -> String {
        var names: [String] = []
        var own = false
        var e = Int(object) < snapshot.firstOfObject.count ? snapshot.firstOfObject[Int(object)] : 0
        while e != 0 {
            let end = pl_end_at(e)!
            if end.pointee.right == right.rawValue {
                let owner = pl_load64(&end.pointee.owner)
                if owner & Ends.blockOwner != 0 {
                    names.append("an unread message")
                } else if UInt32(truncatingIfNeeded: owner) == slot {
                    own = true
                } else {
                    names.append(process(UInt32(truncatingIfNeeded: owner)))
                }
            }
            e = snapshot.nextOfObject[Int(e)]
        }
        if names.isEmpty { return own ? "only itself" : "nobody" }
        return list(names)
    }

    private static func list(_ names: [String]) -> String {
        if names.count > 4 { return names.prefix(4).joined(separator: ", ") + " and \(names.count - 4) more" }
        return names.joined(separator: ", ")
    }
}
