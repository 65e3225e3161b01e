// Making, poisoning and inspecting channels, queues and pipes.
//
// Invariants
// - A channel is a pair of one object and its ends; a pipe is two channels that name each other (`peer`).
// - A poisoned channel is empty, and stays so.

import CSystem
import Glibc

enum Channels {
    static func make(kind: ObjectKind, capacity: Int, flags: UInt8 = 0) throws -> ObjectRef {
        guard capacity >= 0, kind == .channel || kind == .queue else {
            throw RuntimeError(kind: "value", message: "a channel's capacity cannot be \(capacity)")
        }
        let index = try Pool.takeObject(kind: kind.rawValue + 1)
        pl_object_at(index).pointee.flags = flags
        pl_object_at(index).pointee.capacity = UInt64(capacity)
        fault(.channelsMakeCapacity)
        try hold(index)
        pl_me().pointee.object_intent = 0
        fault(.channelsMakeObjectIntent)
        return Objects.ref(index)
    }

    static func makePipe(capacity: Int) throws -> (ObjectRef, ObjectRef) {
        guard capacity >= 0 else {
            throw RuntimeError(kind: "value", message: "a pipe's capacity cannot be \(capacity)")
        }
        let a = try Pool.takeObject(kind: ObjectKind.pipe.rawValue + 1)
        pl_object_at(a).pointee.capacity = UInt64(capacity)
        fault(.channelsMakePipeCapacity)
        try hold(a)
        let b: UInt32
        do { b = try Pool.takeObject(kind: ObjectKind.pipe.rawValue + 1) } catch {
            Ends.release(a, .read)
            Ends.release(a, .write)
            throw error
        }
        pl_object_at(b).pointee.capacity = UInt64(capacity)
        fault(.channelsMakePipeCapacity2)
        try hold(b)
        Objects.lock(min(a, b))
        Objects.lock(max(a, b))
        pl_object_at(a).pointee.peer = b
        fault(.channelsMakePipePeer)
        pl_object_at(b).pointee.peer = a
        fault(.channelsMakePipePeer2)
        Objects.unlock(max(a, b))
        Objects.unlock(min(a, b))
        pl_me().pointee.object_intent = 0
        fault(.channelsMakePipeObjectIntent)
        return (Objects.ref(a), Objects.ref(b))
    }

    private static func hold(_ index: UInt32) throws {
        do {
            try Ends.acquire(index, .read)
            try Ends.acquire(index, .write)
        } catch {
            Ends.release(index, .read)
            Cleanup.abandon(index, maker: ProcessTable.selfRef.raw)
            pl_me().pointee.object_intent = 0
            fault(.channelsHoldObjectIntent)
            throw error
        }
    }

    /// Both directions of a pipe are poisoned together: who repairs one of a pair looks at the other.
    static func poison(_ ref: ObjectRef) throws {
        guard let index = Objects.index(of: ref) else { return }
        let peer = pl_object_at(index).pointee.peer
        let both = peer == 0 ? [index] : [min(index, peer), max(index, peer)]
        for i in both { Objects.lock(i) }
        for i in both {
            pl_object_at(i).pointee.flags |= ObjectFlag.poisoned
            fault(.channelsPoisonFlags)
        }
        for i in both { Waiting.broadcast(pl_object_at(i)) }
        // Noted until they are empty: the sweep of this process would finish it.
        for i in both { Cleanup.schedule(i) }
        for i in both.reversed() { Objects.unlock(i) }
        Parker.deliver()
        Cleanup.run()
    }

    static func rights(_ ref: ObjectRef) -> Rights {
        guard let index = Objects.index(of: ref), let kind = Objects.kind(pl_object_at(index)) else { return [] }
        var rights: Rights = []
        for right in [Rights.read, .write, .hold] {
            if let object = EndTable.channel(ref, kind, right), EndTable.entry(object, right) != 0 { rights.insert(right) }
        }
        return rights
    }

    static func occupancy(_ end: End) -> (count: Int, capacity: Int)? {
        guard let object = EndTable.channel(end.object, end.kind, end.rights.contains(.read) ? .read : .write) else {
            return (0, 0)
        }
        let o = pl_object_at(object)!
        Objects.lock(object)
        defer { Objects.unlock(object) }
        if o.pointee.flags & ObjectFlag.poisoned != 0 { return nil }
        return (Int(clamping: o.pointee.tail &- o.pointee.head), Int(clamping: o.pointee.capacity))
    }

    /// Gives up what is not in `reachable`.
    static func retain(only reachable: Set<End>) {
        var keep: Set<UInt64> = []
        for end in reachable {
            Ends.parts(of: end) { object, right in keep.insert(UInt64(object) << 8 | UInt64(right.rawValue)) }
        }
        var drop: [(UInt32, Rights)] = []
        var e = pl_me().pointee.ends
        while e != 0 {
            let end = pl_end_at(e)!
            let object = end.pointee.object
            // A semaphore with permits of this process stays: they return if it dies.
            if object != 0, end.pointee.reserved2 == 0, !keep.contains(UInt64(object) << 8 | UInt64(end.pointee.right)) {
                drop.append((object, Rights(rawValue: end.pointee.right)))
            }
            e = end.pointee.own_next
        }
        if !drop.isEmpty { Output.flushQuietly() }
        for (object, right) in drop { Ends.release(object, right) }
    }
}
