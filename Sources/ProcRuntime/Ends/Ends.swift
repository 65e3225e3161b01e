// End entries in the arena: who may read from, write to, or use an object.
//
// Invariants
// - Entries are the truth; an object's counts (`readers`, `writers`, `holders`, `readers_lent`) and its list
//   of entries are derived under its lock and recounted by a repair.
// - The owner is a process, or the block of an unread message; it changes by one store, so that an end that
//   travels is never without an owner.
// - The list of an owner is touched only by the process that has the owner in its hands (itself, the parent
//   before the fork, the sender or receiver of the block, the sweeper); its forward links are the truth.
// - When the last reading end goes, unread messages are destroyed (nobody can ever read them); when the last
//   end goes, the object is.

import CSystem
import Glibc

enum EndFlag {
    /// The reading end, or the writing end of a program's input, was given to a child of the current `parallel`.
    static let given: UInt8 = 1
    /// The owner waits in `parallel` and has lent this end: it does not count for those at the other side.
    static let lent: UInt8 = 2
    /// Kept for processes that may yet be started: counts although its owner waits.
    static let reserved: UInt8 = 4
}

enum Ends {
    /// Marks an owner word that names a block instead of a process.
    static let blockOwner: UInt64 = 1 << 62

    // MARK: Attaching

    /// A new entry for `owner`, at the head of the owner's list. Throws `memory`.
    @discardableResult
    static func attach(_ object: UInt32, _ right: Rights, owner: UInt64, list: UnsafeMutablePointer<UInt32>) throws -> UInt32 {
        let index = try Pool.takeEnd(owner: owner)
        link(index, list)
        pl_order()
        pl_me().pointee.end_intent = 0
        fault(.endsAttachEndIntent)
        Objects.lock(object)
        let o = pl_object_at(object)!
        let e = pl_end_at(index)!
        e.pointee.object_generation = o.pointee.generation
        fault(.endsAttachObjectGeneration)
        e.pointee.right = right.rawValue
        fault(.endsAttachRight)
        pl_order()
        e.pointee.object = object
        fault(.endsAttachObject)
        enter(o, index)
        Objects.unlock(object)
        return index
    }

    /// Links an entry at the head of an owner's list.
    static func link(_ index: UInt32, _ list: UnsafeMutablePointer<UInt32>) {
        let e = pl_end_at(index)!
        let head = list.pointee
        e.pointee.own_prev = 0
        fault(.endsLinkOwnPrev)
        e.pointee.own_next = head
        fault(.endsLinkOwnNext)
        pl_order()
        list.pointee = index
        fault(.endsLinkWord)
        if head != 0 { pl_end_at(head).pointee.own_prev = index }
        fault(.endsLinkOwnPrev2)
    }

    private static func unlink(_ index: UInt32, _ list: UnsafeMutablePointer<UInt32>) {
        let e = pl_end_at(index)!
        if list.pointee == index {
            list.pointee = e.pointee.own_next
            fault(.endsUnlinkWord)
        } else if e.pointee.own_prev != 0 {
            pl_end_at(e.pointee.own_prev).pointee.own_next = e.pointee.own_next
            fault(.endsUnlinkOwnNext)
        }
        if e.pointee.own_next != 0 { pl_end_at(e.pointee.own_next).pointee.own_prev = e.pointee.own_prev }
        fault(.endsUnlinkOwnPrev)
    }

    /// Puts an attached entry into the object's list and counts. Lock held.
    static func enter(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        let e = pl_end_at(index)!
        e.pointee.object_prev = 0
        fault(.endsEnterObjectPrev)
        e.pointee.object_next = o.pointee.ends_first
        fault(.endsEnterObjectNext)
        if o.pointee.ends_first != 0 { pl_end_at(o.pointee.ends_first).pointee.object_prev = index }
        fault(.endsEnterObjectPrev2)
        o.pointee.ends_first = index
        fault(.endsEnterEndsFirst)
        o.pointee.maker = 0
        fault(.endsEnterMaker)
        switch Rights(rawValue: e.pointee.right) {
        case .read:
            o.pointee.readers += 1
            fault(.endsEnterReaders)
            if e.pointee.flags & EndFlag.lent != 0 { o.pointee.readers_lent += 1 }
            fault(.endsEnterReadersLent)
        case .write:
            o.pointee.writers += 1
            fault(.endsEnterWriters)
        default:
            o.pointee.holders += 1
            fault(.endsEnterHolders)
        }
        o.pointee.end_gen &+= 1
        fault(.endsEnterEndGen)
    }

    /// Notes an entry that is in no list, or about to leave its list, and whose it is meant to be or has been: should
    /// this process die, the sweep gives it back, and by the owner knows it from one that is another's by then.
    @inline(__always)
    static func intend(_ index: UInt32, _ owner: UInt64) {
        let me = pl_me()!
        me.pointee.end_intent_owner = owner
        fault(.endsIntendOwner)
        pl_order()
        me.pointee.end_intent = index
        fault(.endsIntend)
        pl_order()
    }

    /// Whether an entry is in the list of its owner. For the sweep; the owner is a dead process's, or dead.
    static func isListed(_ index: UInt32) -> Bool {
        let owner = pl_end_at(index).pointee.owner
        var i: UInt32 = 0
        if owner & blockOwner != 0 {
            let block = owner & ~blockOwner
            if Blocks.isUsed(block) { i = pl_block_at(block).pointee.ends }
        } else if let s = ProcessTable.slot(of: ProcessRef(raw: owner)) {
            i = s.pointee.ends
        }
        while i != 0, i != index { i = pl_end_at(i).pointee.own_next }
        return i == index
    }

    // MARK: Detaching

    /// Gives an entry up: counts, wakes whom it concerns, and returns the entry to the pool.
    static func detach(_ index: UInt32, list: UnsafeMutablePointer<UInt32>) {
        let e = pl_end_at(index)!
        let object = e.pointee.object
        if object != 0 {
            Objects.lock(object)
            let o = pl_object_at(object)!
            let right = Rights(rawValue: e.pointee.right)
            if right == .hold { SharedHooks.holderLeaves(object, entry: index) }
            leave(o, index)
            pl_order()
            e.pointee.object = 0
            fault(.endsDetachObject)
            switch right {
            case .read: if o.pointee.readers == o.pointee.readers_lent { Waiting.wakeSenders(o) }
            case .write: Streams.evaluate(o, object)
            default: SharedHooks.holderLeft(object)
            }
            if o.pointee.ends_first == 0 || (right == .read && o.pointee.readers == 0) { Cleanup.schedule(object) }
            Objects.unlock(object)
            Parker.deliver()
        }
        intend(index, e.pointee.owner)
        unlink(index, list)
        Pool.giveEnd(index)
        pl_me().pointee.end_intent = 0
        fault(.endsDetachEndIntent2)
        Cleanup.run()
    }

    private static func leave(_ o: UnsafeMutablePointer<pl_object>, _ index: UInt32) {
        let e = pl_end_at(index)!
        if e.pointee.object_prev != 0 {
            pl_end_at(e.pointee.object_prev).pointee.object_next = e.pointee.object_next
            fault(.endsLeaveObjectNext)
        } else {
            o.pointee.ends_first = e.pointee.object_next
            fault(.endsLeaveEndsFirst)
        }
        if e.pointee.object_next != 0 { pl_end_at(e.pointee.object_next).pointee.object_prev = e.pointee.object_prev }
        fault(.endsLeaveObjectPrev)
        switch Rights(rawValue: e.pointee.right) {
        case .read:
            o.pointee.readers -= 1
            fault(.endsLeaveReaders)
            if e.pointee.flags & EndFlag.lent != 0 { o.pointee.readers_lent -= 1 }
            fault(.endsLeaveReadersLent)
        case .write:
            o.pointee.writers -= 1
            fault(.endsLeaveWriters)
        default:
            o.pointee.holders -= 1
            fault(.endsLeaveHolders)
        }
        o.pointee.end_gen &+= 1
        fault(.endsLeaveEndGen)
    }

    // MARK: This process's own ends

    /// Makes this process hold `right` of `object` (once). Throws `memory`.
    static func acquire(_ object: UInt32, _ right: Rights) throws {
        if EndTable.entry(object, right) != 0 { return }
        let e = try attach(object, right, owner: ProcessTable.selfRef.raw, list: &pl_me().pointee.ends)
        EndTable.set(object, right, e)
    }

    /// Gives up `right` of `object` in this process; nothing to do when it does not have it.
    static func release(_ object: UInt32, _ right: Rights) {
        let e = EndTable.entry(object, right)
        guard e != 0 else { return }
        EndTable.clear(object, right)
        detach(e, list: &pl_me().pointee.ends)
    }

    /// Gives up every end of this process.
    static func releaseAll() {
        while pl_me().pointee.ends != 0 {
            let e = pl_me().pointee.ends
            let object = pl_end_at(e).pointee.object
            if object != 0 { EndTable.clear(object, Rights(rawValue: pl_end_at(e).pointee.right)) }
            detach(e, list: &pl_me().pointee.ends)
        }
    }

    /// The (object, right) pairs that a capability consists of.
    static func parts(of end: End, _ visit: (UInt32, Rights) throws -> Void) rethrows {
        for right in [Rights.read, .write, .hold] where end.rights.contains(right) {
            if let object = EndTable.channel(end.object, end.kind, right) { try visit(object, right) }
        }
    }
}

/// Giving the ends of one new owner, a process or a message: each part of an end once, however often it is named, and all
/// in a time that grows with their number.
struct Granting {
    private let owner: UInt64
    private let list: UnsafeMutablePointer<UInt32>
    /// By object and right.
    private var given = Positions()

    init(to owner: UInt64, list: UnsafeMutablePointer<UInt32>) {
        self.owner = owner
        self.list = list
    }

    /// Gives the owner its own entry for every part of `end` that this process holds now. False if the owner has none of
    /// them. Throws `memory`.
    @discardableResult
    mutating func grant(_ end: End) throws -> Bool {
        var any = end.rights.isEmpty
        for right in [Rights.read, .write, .hold] where end.rights.contains(right) {
            guard let object = EndTable.channel(end.object, end.kind, right) else { continue }
            let key = UInt64(object) << 8 | UInt64(right.rawValue)
            if given[key] == nil {
                if EndTable.entry(object, right) == 0 { continue }
                try Ends.attach(object, right, owner: owner, list: list)
                given.append(key)
            }
            any = true
        }
        return any
    }
}

/// Objects that lost their last reader or last end: emptied or destroyed with no lock held.
enum Cleanup {
    private static var pending: [UInt32] = []
    private static var busy = false

    /// Notes an object; it stays in the lock set, so that the sweep of this process would finish the work.
    static func schedule(_ object: UInt32) {
        LockSet.add(object)
        pending.append(object)
        pl_own().pointee.cleanups += 1
    }

    /// After each communication; seldom there is something to do, and that is told without a page of its own.
    @inline(__always)
    static func run() {
        if _slowPath(pl_own().pointee.cleanups != 0) { runPending() }
    }

    @inline(never)
    private static func runPending() {
        if busy { return }
        busy = true
        while let object = pending.popLast() {
            pl_own().pointee.cleanups -= 1
            finish(object)
            LockSet.remove(object)
        }
        busy = false
    }

    /// After a fork: the parent's work stays the parent's.
    static func forget() {
        if pl_own().pointee.cleanups != 0 { replaceInherited(&pending, for: []) }
        pl_own().pointee.cleanups = 0
        busy = false
    }

    /// Empties a channel that is poisoned or that nobody can read, destroys an object that nobody holds. Safe to
    /// repeat.
    static func finish(_ object: UInt32) {
        let o = pl_object_at(object)!
        guard o.pointee.kind != 0 else { return }
        if let kind = Objects.kind(o), kind.isStream {
            while true {
                Objects.lock(object)
                let unread = o.pointee.readers == 0 || o.pointee.flags & ObjectFlag.poisoned != 0
                guard o.pointee.kind != 0, o.pointee.maker == 0, unread, o.pointee.tail != o.pointee.head else {
                    Objects.unlock(object)
                    break
                }
                let block = Ring.discardOldest(o)
                Objects.unlock(object)
                if block != 0 { Messages.discard(block) }
            }
        }
        destroyIfUnused(object)
    }

    /// Destroys an object that its maker has not given an end yet: the maker failed, or died.
    static func abandon(_ object: UInt32, maker: UInt64) {
        let o = pl_object_at(object)!
        LockSet.add(object)
        Objects.lock(object)
        if o.pointee.kind != 0, o.pointee.maker == maker, o.pointee.flags & ObjectFlag.dying == 0 {
            o.pointee.maker = 0
            fault(.cleanupAbandonMaker)
            // Linked, but perhaps not yet the object's, when its maker died: what is reachable is the object's.
            if o.pointee.kind == ObjectKind.managed.rawValue + 1, case let log = ManagerLog.first(o), log != 0 {
                pl_block_at(log).pointee.owner = Objects.tag(object)
                fault(.cleanupAbandonOwner)
            }
        }
        Objects.unlock(object)
        finish(object)
        LockSet.remove(object)
    }

    /// The sweep of a process that had noted the object: whatever it had begun to destroy is destroyed.
    static func resume(_ object: UInt32, of dead: UInt64) {
        let o = pl_object_at(object)!
        Objects.lock(object)
        let maker = o.pointee.maker
        let begun = o.pointee.kind != 0 && o.pointee.flags & ObjectFlag.dying != 0 && (maker == 0 || maker == dead)
        if begun {
            o.pointee.maker = ProcessTable.selfRef.raw
            fault(.cleanupResumeMaker)
        }
        Objects.unlock(object)
        guard begun else { return finish(object) }
        let peer = o.pointee.peer
        dispose(object)
        if peer != 0 { finish(peer) }
    }

    private static func destroyIfUnused(_ object: UInt32) {
        let o = pl_object_at(object)!
        let peer = o.pointee.peer
        let (a, b) = peer == 0 ? (object, 0) : (min(object, peer), max(object, peer))
        Objects.lock(a)
        if b != 0 { Objects.lock(b) }
        func unused(_ i: UInt32) -> Bool {
            let o = pl_object_at(i)!
            return o.pointee.kind != 0 && o.pointee.ends_first == 0 && o.pointee.maker == 0
                && o.pointee.flags & ObjectFlag.dying == 0
        }
        // The peer may be gone already, its place another's by now: a pair points at each other.
        let isPair = peer != 0 && pl_object_at(peer).pointee.kind != 0 && pl_object_at(peer).pointee.peer == object
        let gone = o.pointee.peer == peer && unused(object) && (!isPair || unused(peer))
        if gone {
            // Both are in the lock set; by `maker` the sweep knows what is this process's to destroy.
            if isPair {
                LockSet.add(peer)
                pl_object_at(peer).pointee.flags |= ObjectFlag.dying
                fault(.cleanupDestroyIfUnusedPeerFlags)
                pl_object_at(peer).pointee.maker = ProcessTable.selfRef.raw
                fault(.cleanupDestroyIfUnusedPeerMaker)
            }
            o.pointee.flags |= ObjectFlag.dying
            fault(.cleanupDestroyIfUnusedFlags)
            o.pointee.maker = ProcessTable.selfRef.raw
            fault(.cleanupDestroyIfUnusedMaker)
        }
        if b != 0 { Objects.unlock(b) }
        Objects.unlock(a)
        if !gone { return }
        if isPair {
            dispose(peer)
            LockSet.remove(peer)
        }
        dispose(object)
    }

    /// Frees what an unused object still has, and the object. Also the sweep's: `dying` says it was begun.
    static func dispose(_ object: UInt32) {
        let o = pl_object_at(object)!
        if let kind = Objects.kind(o), kind.isStream {
            let ring = o.pointee.ring & ~63
            if ring != 0 {
                InFlight.add(ring)
                pl_order()
                pl_block_at(ring).pointee.owner = ProcessTable.selfRef.raw
                fault(.cleanupDisposeOwner)
                pl_order()
                o.pointee.ring = 0
                fault(.cleanupDisposeRing)
                Blocks.free(ring)
            }
        } else if !SharedHooks.dispose(object) {
            return  // the manager gives it back
        }
        Pool.giveObject(object)
    }
}
