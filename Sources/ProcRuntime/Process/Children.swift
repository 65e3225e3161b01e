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
    static var table: [UInt64: Child] = [:]
    /// Ended or released, with something left to do.
    private static var limbo: [UInt64] = []

    /// How many must linger before the next look at them.
    private static var limboRoom = 32

    static func forget() {
        replaceInherited(&table, for: [:])
        replaceInherited(&limbo, for: [])
        limboRoom = 32
    }

    static func release(_ ref: ProcessRef) {
        guard table[ref.raw] != nil else { return }
        table[ref.raw]!.released = true
        if Join.hasEnded(ref) { linger(ref.raw) }
    }

    /// Its end was seen: reap it when that is possible.
    static func sawEnd(_ ref: ProcessRef) {
        guard let child = table[ref.raw], !child.reaped else { return }
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
        var left: [UInt64] = []
        for raw in limbo {
            guard var child = table[raw] else { continue }
            let s = pl_slot_at(child.ref.index)!
            if !child.reaped, reap(s, child.pid) {
                fault(.childrenTidyReaped)
                child.reaped = true
                table[raw] = child
            }
            if child.reaped, child.released {
                freeSlot(child.ref.index)
                table[raw] = nil
            } else if !child.reaped {
                left.append(raw)
            }
        }
        limbo = left
        limboRoom = max(32, 2 * left.count)
    }

    /// Reaps all whose end was seen: each is in its last instructions.
    static func reapSeen() {
        for raw in limbo {
            guard var child = table[raw], !child.reaped else { continue }
            reapNow(child)
            child.reaped = true
            table[raw] = child
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
        if block != 0 {
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
