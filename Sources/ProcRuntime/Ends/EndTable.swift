// The ends of this process, by object: a private open-addressing table over its entries in the arena.
//
// Invariants
// - It mirrors the slot's list of end entries exactly; it is rebuilt after a fork.
// - One entry per object and right. `ever` remembers rights that were given up: using them is `closed`,
//   using what one never had is an error of the program.
// - A pipe end is two rights on two channels: it writes to its own channel and reads from its peer.

import CSystem
import Glibc

enum EndTable {
    /// What `resolve` says when there is no object to work on.
    static let closed: UInt32 = 0
    static let never: UInt32 = .max

    static func reset() {
        let own = pl_own()!
        // The parent's table is left as it is: to free it would copy the pages that it lies in.
        own.pointee.holds = pl_first_holds()
        memset(own.pointee.holds, 0, Int(PL_FIRST_HOLDS) * MemoryLayout<pl_hold>.stride)
        own.pointee.hold_mask = UInt64(PL_FIRST_HOLDS - 1)
        own.pointee.hold_count = 0
        own.pointee.ends_version &+= 1
    }

    /// Rebuilds the table from the slot's entries: the first act of a new process.
    static func load() {
        reset()
        var e = pl_me().pointee.ends
        while e != 0 {
            let end = pl_end_at(e)!
            if end.pointee.object != 0 { set(end.pointee.object, Rights(rawValue: end.pointee.right), e) }
            e = end.pointee.own_next
        }
    }

    @inline(__always)
    static func find(_ object: UInt32) -> UnsafeMutablePointer<pl_hold>? {
        let own = pl_own()!
        let mask = own.pointee.hold_mask
        var i = UInt64(object &* 2_654_435_761) & mask
        while true {
            let h = own.pointee.holds + Int(i)
            if h.pointee.object == object {
                return h.pointee.generation == pl_object_at(object).pointee.generation ? h : nil
            }
            if h.pointee.object == 0 { return nil }
            i = (i + 1) & mask
        }
    }

    /// Records that this process has `entry` on `object`.
    static func set(_ object: UInt32, _ right: Rights, _ entry: UInt32) {
        let own = pl_own()!
        own.pointee.ends_version &+= 1
        if own.pointee.hold_count * 2 >= own.pointee.hold_mask { resize(Int(own.pointee.hold_mask + 1) * 2) }
        let generation = pl_object_at(object).pointee.generation
        var i = UInt64(object &* 2_654_435_761) & own.pointee.hold_mask
        while true {
            let h = own.pointee.holds + Int(i)
            if h.pointee.object == 0 {
                own.pointee.hold_count += 1
                h.pointee = pl_hold(object: object, generation: generation, read: 0, write: 0, hold: 0, ever: 0)
            }
            if h.pointee.object == object {
                if h.pointee.generation != generation {
                    h.pointee = pl_hold(object: object, generation: generation, read: 0, write: 0, hold: 0, ever: 0)
                }
                switch right {
                case .read: h.pointee.read = entry
                case .write: h.pointee.write = entry
                default: h.pointee.hold = entry
                }
                h.pointee.ever |= UInt32(right.rawValue)
                return
            }
            i = (i + 1) & own.pointee.hold_mask
        }
    }

    /// The entry of this process for one right, or 0.
    @inline(__always)
    static func entry(_ object: UInt32, _ right: Rights) -> UInt32 {
        guard let h = find(object) else { return 0 }
        switch right {
        case .read: return h.pointee.read
        case .write: return h.pointee.write
        default: return h.pointee.hold
        }
    }

    static func clear(_ object: UInt32, _ right: Rights) {
        guard let h = find(object) else { return }
        pl_own().pointee.ends_version &+= 1
        switch right {
        case .read: h.pointee.read = 0
        case .write: h.pointee.write = 0
        default: h.pointee.hold = 0
        }
    }

    /// The channel on which `end` exercises `right`, `closed` when the right was given up or the object is
    /// gone, `never` when this process did not have it or `end` does not carry it.
    @inline(__always)
    static func resolve(_ end: End, _ right: Rights) -> UInt32 {
        guard end.rights.contains(right) else { return never }
        guard let i = channel(end.object, end.kind, right) else { return closed }
        guard let h = find(i) else { return never }
        let entry = right == .read ? h.pointee.read : right == .write ? h.pointee.write : h.pointee.hold
        if entry != 0 { return i }
        return h.pointee.ever & UInt32(right.rawValue) != 0 ? closed : never
    }

    /// The object that carries `right` of a reference: for the reading side of a pipe end, its peer.
    @inline(__always)
    static func channel(_ ref: ObjectRef, _ kind: ObjectKind, _ right: Rights) -> UInt32? {
        guard let i = Objects.index(of: ref) else { return nil }
        return kind == .pipe && right == .read ? pl_object_at(i).pointee.peer : i
    }

    private static func resize(_ size: Int) {
        let own = pl_own()!
        let old = own.pointee.holds
        let count = Int(own.pointee.hold_mask + 1)
        own.pointee.holds = calloc(size, MemoryLayout<pl_hold>.stride).assumingMemoryBound(to: pl_hold.self)
        own.pointee.hold_mask = UInt64(size - 1)
        own.pointee.hold_count = 0
        for i in 0..<count {
            let h = old![i]
            if h.object == 0 || h.generation != pl_object_at(h.object).pointee.generation { continue }
            var j = UInt64(h.object &* 2_654_435_761) & own.pointee.hold_mask
            while own.pointee.holds[Int(j)].object != 0 { j = (j + 1) & own.pointee.hold_mask }
            own.pointee.holds[Int(j)] = h
            own.pointee.hold_count += 1
        }
        if old != pl_first_holds() { free(old) }
    }
}
