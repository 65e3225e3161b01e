// What a process knows of the processes it started: private to it, beside their slots in the table.
//
// Invariants
// - A child is reaped only after it ENDED, and only by its parent (or by the supervisor when that is gone).
// - A slot goes back to the table when its process has ended, is reaped, and its handle was released.
// - `watch` in the slot settles with the supervisor who may still use the pid: the parent reaps when it is
//   0 -> 2 (the supervisor keeps out) or 3 (it holds a pidfd).

import CSystem
import Glibc

struct Child {
    var ref: ProcessRef
    var pid: Int32
    /// The ends it was given that its parent lends while it waits for it in `parallel`: those to read from, and
    /// those to write to external programs.
    var given: [(object: UInt32, right: Rights)]
    var reaped = false
    var released = false
}

enum Children {
    private(set) static var all: [Child] = []
    private static var positions = Positions()
    /// Ended or released, with something left to do.
    private static var limbo: [UInt64] = []

    /// How many must linger before the next look at them.
    private static var limboRoom = 32

    static func forget() {
        replaceInherited(&all, for: [])
        replaceInherited(&positions, for: Positions())
        replaceInherited(&limbo, for: [])
        limboRoom = 32
    }

    static func add(_ child: Child) {
        positions.append(child.ref.raw)
        all.append(child)
    }

    static func find(_ ref: ProcessRef) -> Child? { positions[ref.raw].map { all[$0] } }

    static func release(_ ref: ProcessRef) {
        guard let position = positions[ref.raw] else { return }
        all[position].released = true
        if Join.hasEnded(ref) { linger(ref.raw) }
    }

    /// Its end was seen: reap it when that is possible.
    static func sawEnd(_ ref: ProcessRef) {
        guard let position = positions[ref.raw], !all[position].reaped else { return }
        linger(ref.raw)
    }

    /// The zombie is not there yet, or just so: reaping waits for the next occasion, when it surely is.
    private static func linger(_ raw: UInt64) {
        limbo.append(raw)
        if limbo.count >= limboRoom { tidy() }
    }

    /// Reaps and frees what can be; never waits.
    static func tidy() {
        if limbo.isEmpty { return }
        var left = 0
        for i in limbo.indices {
            let raw = limbo[i]
            guard let position = positions[raw] else { continue }
            let index = all[position].ref.index
            if !all[position].reaped, reap(pl_slot_at(index)!, all[position].pid) {
                fault(.childrenTidyReaped)
                all[position].reaped = true
            }
            if all[position].reaped, all[position].released {
                freeSlot(index)
                positions.remove(at: position)
                all.replaceByLast(at: position)
            } else if !all[position].reaped {
                limbo[left] = raw
                left += 1
            }
        }
        limbo.removeLast(limbo.count - left)
        limboRoom = max(32, 2 * left)
    }

    /// Reaps all whose end was seen: each is in its last instructions.
    static func reapSeen() {
        for raw in limbo {
            guard let position = positions[raw], !all[position].reaped else { continue }
            reapNow(all[position])
            all[position].reaped = true
        }
        tidy()
    }

    private static func reap(_ s: UnsafeMutablePointer<pl_slot>, _ pid: Int32) -> Bool {
        let watch = pl_load32(&s.pointee.watch)
        if watch == 1 || (watch == 0 && !pl_cas32(&s.pointee.watch, 0, 2)) { return false }
        fault(.childrenReapWatch)
        var status: Int32 = 0
        while true {
            let r = waitpid(pid, &status, WNOHANG)
            if r == pid || (r < 0 && errno == ECHILD) { return true }
            if r < 0 && errno == EINTR { continue }
            return false
        }
    }

    /// Reaps an ended child for sure: it is in its last instructions, or the supervisor is just taking its pidfd.
    static func reapNow(_ child: Child) {
        if child.reaped { return }
        let s = pl_slot_at(child.ref.index)!
        while pl_load32(&s.pointee.watch) == 1 { sched_yield() }
        _ = pl_cas32(&s.pointee.watch, 0, 2)
        fault(.childrenReapNowWatch)
        var status: Int32 = 0
        while waitpid(child.pid, &status, 0) < 0, errno == EINTR {}
        fault(.childrenReapNowReaped)
    }

    /// Destroys the exit record and frees the slot of an ended process.
    static func freeSlot(_ index: UInt32) {
        let s = pl_slot_at(index)!
        let block = s.pointee.exit_block
        // Another tag: a parent that died here had it in hand, and its sweep has freed it.
        let isResult = block != 0 && Blocks.isUsed(block)
            && pl_block_at(block).pointee.owner == ProcessRef(index: index, generation: s.pointee.generation).raw
        if isResult {
            InFlight.add(block)
            pl_order()
            pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
            fault(.childrenFreeSlotOwner)
            pl_order()
            s.pointee.exit_block = 0
            fault(.childrenFreeSlotExitBlock)
            Messages.discard(block)
        }
        ProcessTable.free(index)
    }
}
