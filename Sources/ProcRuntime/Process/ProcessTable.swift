// The process table: one slot per process, named by index and generation.
//
// States:  FREE -> RESERVED -> RUNNING -> EXITING -> DEAD -> SWEPT -> ENDED -> FREE (next generation)
//
// - RESERVED: the parent fills the slot and forks. RUNNING: the child has made sure that its parent lives.
// - EXITING: the body is over; the exit record is being completed. DEAD: seen dead by the supervisor.
// - SWEPT: nothing of it is left in the arena but the exit record. ENDED: neither has it any child left;
//   this is what a join waits for.
// - A process that ends by itself releases everything in order and goes from EXITING to ENDED on its own;
//   DEAD and SWEPT are the supervisor's, for those that died.
// - Nobody reaps a process (frees its pid) before SWEPT.
//
// A slot is written by its process, except: `state` as above, `seq`/`cancel`/`kill_request`/`foreign_waiters`
// (anybody, atomically), `claim` (compare-and-swap under the lock of an object it waits at), `verdict` and
// `watch` (supervisor), `released`, `joined`, `awaited_group` (parent).

import CSystem
import Glibc

enum ProcessTable {
    static let maximum = UInt32(pl_region_at(UInt32(PL_REGION_SLOTS)).pointee.limit / 1024)

    /// This process.
    @inline(__always)
    static var selfRef: ProcessRef { ProcessRef(raw: pl_own().pointee.selfref) }

    @inline(__always)
    static func slot(_ index: UInt32) -> UnsafeMutablePointer<pl_slot> { pl_slot_at(index) }

    /// The slot of a reference, or nil when it is stale.
    @inline(__always)
    static func slot(of ref: ProcessRef) -> UnsafeMutablePointer<pl_slot>? {
        let index = ref.index
        guard index > 0, index < pl_acquire32(&pl_head().pointee.slot_used) else { return nil }
        let s = pl_slot_at(index)!
        return s.pointee.generation == ref.generation && pl_load32(&s.pointee.state) != State.free ? s : nil
    }

    @inline(__always)
    static func state(_ s: UnsafeMutablePointer<pl_slot>) -> UInt32 { pl_load32(&s.pointee.state) }

    /// Takes a free slot: state RESERVED, everything else zero. Throws `process` when the table is full.
    static func reserve(parent: UInt32) throws -> UInt32 {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.slot_lock) { h.pointee.slot_free_hint = 1 }
        fault(.processTableReserveSlotFreeHint)
        defer { RobustLock.unlock(&h.pointee.slot_lock) }
        var index = max(1, h.pointee.slot_free_hint)
        while index < h.pointee.slot_used, pl_load32(&pl_slot_at(index).pointee.state) != State.free { index += 1 }
        if index >= h.pointee.slot_used {
            guard index < maximum else {
                throw RuntimeError(kind: "process", message: "too many processes (\(maximum - 1))")
            }
            try Arena.grow(PL_REGION_SLOTS, toHold: UInt64(index + 1) * 1024)
            pl_slot_at(index).pointee.generation = 0
            pl_slot_at(index).pointee.seq = 0
            pl_slot_at(index).pointee.sent = 0
            pl_slot_at(index).pointee.received = 0
            fault(.processTableReserveFresh)
            pl_release32(&h.pointee.slot_used, index + 1)
            fault(.processTableReserveSlotUsed)
        }
        let s = pl_slot_at(index)!
        h.pointee.former_sent += s.pointee.sent
        h.pointee.former_received += s.pointee.received
        // Generation and sequence number go on over the slot's processes, also when this one dies in here.
        s.pointee.generation = max(1, (s.pointee.generation &+ 1) & 0x3fff_ffff)
        fault(.processTableReserveGeneration)
        s.pointee.pid = 0
        fault(.processTableReservePid)
        let rest = MemoryLayout<pl_slot>.offset(of: \.parked)!
        memset(UnsafeMutableRawPointer(s) + rest, 0, MemoryLayout<pl_slot>.stride - rest)
        fault(.processTableReserveZero)
        _ = pl_and64(pl_ended_bits() + Int(index >> 6), ~(1 << UInt64(index & 63)))
        fault(.processTableReserveEndedBit)
        s.pointee.parent = parent
        fault(.processTableReserveParent)
        s.pointee.parent_generation = parent != 0 ? pl_slot_at(parent).pointee.generation : 0
        fault(.processTableReserveParentGeneration)
        // Noted before the slot is taken: should the parent die now, the supervisor knows where to look.
        if parent != 0 { pl_slot_at(parent).pointee.birth_intent = index }
        fault(.processTableReserveBirthIntent)
        pl_store32(&s.pointee.state, State.reserved)
        fault(.processTableReserveState)
        h.pointee.processes_started += 1
        h.pointee.slot_free_hint = index + 1
        fault(.processTableReserveSlotFreeHint2)
        return index
    }

    /// Sets the bit by which a waiting parent finds the slot; after the state says ENDED.
    static func noteEnd(_ index: UInt32) {
        _ = pl_or64(pl_ended_bits() + Int(index >> 6), 1 << UInt64(index & 63))
        fault(.processTableNoteEndBit)
    }

    /// Gives a slot back; its process has ended, is reaped, and nobody will ask for it again.
    static func free(_ index: UInt32) {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.slot_lock) { h.pointee.slot_free_hint = 1 }
        fault(.processTableFreeSlotFreeHint)
        let s = pl_slot_at(index)!
        if pl_load32(&s.pointee.state) != State.free {
            pl_store32(&s.pointee.state, State.free)
            fault(.processTableFreeState)
            if index < h.pointee.slot_free_hint { h.pointee.slot_free_hint = index }
            fault(.processTableFreeSlotFreeHint2)
        }
        RobustLock.unlock(&h.pointee.slot_lock)
    }

    /// Stores at most 47 bytes of `name`, cut at a character; zero bytes become question marks.
    static func setName(_ s: UnsafeMutablePointer<pl_slot>, _ name: String) {
        let target = pl_slot_name(s)!
        memset(target, 0, Int(PL_NAME_BYTES))
        fault(.processTableSetNameZero)
        var copy = name
        let isShort = copy.withUTF8 { bytes in
            guard bytes.count < Int(PL_NAME_BYTES), !bytes.contains(0) else { return false }
            if let start = bytes.baseAddress { memcpy(target, start, bytes.count) }
            fault(.processTableSetNameShort)
            return true
        }
        if isShort { return }
        var length = 0
        for character in name {
            let bytes = Array(String(character).utf8)
            if length + bytes.count >= Int(PL_NAME_BYTES) { break }
            for byte in bytes {
                target[length] = CChar(bitPattern: byte == 0 ? 63 : byte)
                length += 1
            }
        }
    }

    static func name(_ s: UnsafeMutablePointer<pl_slot>) -> String { String(cString: pl_slot_name(s)) }
}

/// `pl_slot.state`.
enum State {
    static let free = UInt32(PL_FREE)
    static let reserved = UInt32(PL_RESERVED)
    static let running = UInt32(PL_RUNNING)
    static let exiting = UInt32(PL_EXITING)
    static let dead = UInt32(PL_DEAD)
    static let swept = UInt32(PL_SWEPT)
    static let ended = UInt32(PL_ENDED)
}
