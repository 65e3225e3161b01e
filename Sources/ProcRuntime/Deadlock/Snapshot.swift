// What the supervisor sees of all processes, ends and waits at one look, for the deadlock detector.
//
// Invariants
// - Read without locks, while everything moves: a snapshot is a suspicion. What it says holds only if the wait
//   generations, sequence numbers and end generations that it is built on are unchanged at a second look:
//   then they all held at one instant between the two.
// - Private memory of the supervisor; O(processes + ends + waiting cases).

import CSystem

/// A process that waits without limit and without news.
struct Blocked {
    var slot: UInt32
    var generation: UInt32
    var sequence: UInt32
    var kind: UInt8
    var flags: UInt8
    var object: UInt64
    /// Records of its cases (communications, ends of processes that are not its children).
    var records: [UInt32] = []

    /// The present wait of the process in a slot, of any kind; nil when it does not wait, or is just beginning or
    /// ending to. What is read belongs to one wait: its generation was the same before and after.
    init?(waitOf index: UInt32) {
        let s = pl_slot_at(index)!
        slot = index
        generation = pl_acquire32(&s.pointee.wait_gen)
        guard generation & 1 == 1 else { return nil }
        sequence = s.pointee.wait_seq
        kind = s.pointee.wait_kind
        flags = s.pointee.wait_flags
        object = s.pointee.wait_object
        if kind == WaitKind.communicate || flags & WaitFlag.foreign != 0 {
            let limit = ArenaBounds.recordsInUse
            var r = s.pointee.records
            var steps: UInt32 = 0
            while r != 0, r < limit, steps < limit {
                let record = pl_record_at(r)!
                if record.pointee.owner == index, record.pointee.active != 0,
                    record.pointee.sequel != Sequel.second || record.pointee.direction != Direction.receive || isExpecting(s)
                { records.append(r) }
                r = record.pointee.chain
                steps += 1
            }
        }
        pl_fence()
        guard pl_load32(&s.pointee.wait_gen) == generation else { return nil }
    }

    /// Whether a send is done that was followed by a receive (Lone), so that the process waits for that one, though nobody
    /// has told it yet.
    var isExpecting: Bool { flags & WaitFlag.expecting != 0 && isExpecting(pl_slot_at(slot)!) }

    private func isExpecting(_ s: UnsafeMutablePointer<pl_slot>) -> Bool {
        Claim.state(pl_load64(&s.pointee.claim)) == Claim.done
    }

    /// Still the same wait, still without news.
    var holds: Bool {
        let s = pl_slot_at(slot)!
        let state = ProcessTable.state(s)
        return (state == State.running || state == State.exiting) && pl_load32(&s.pointee.wait_gen) == generation
            && pl_load32(&s.pointee.seq) == sequence && pl_load32(&s.pointee.verdict) == 0 && !Snapshot.cancelled(s)
            && (kind != WaitKind.communicate || Claim.state(pl_load64(&s.pointee.claim)) == Claim.waiting)
    }
}

struct Snapshot {
    /// Slots that have not ended, and the blocked ones among them by slot.
    private(set) var processes: [UInt32] = []
    /// Slots that have ended, but whose parent may not have seen it yet.
    private var ended: [UInt32] = []
    private(set) var blocked: [UInt32: Blocked] = [:]
    /// Those who sleep in a send that is done, until there is something to receive.
    private(set) var expecting: [Blocked] = []
    /// End entries by object and by owner: heads and links, index 0 is none.
    private(set) var firstOfObject: [UInt32] = []
    private(set) var nextOfObject: [UInt32] = []
    private(set) var firstOfOwner: [UInt32] = []
    private(set) var nextOfOwner: [UInt32] = []
    /// Entries inside messages, by the channel from which the message could be received.
    private(set) var inMessagesOf: [UInt32: [UInt32]] = [:]
    private(set) var containerOf: [UInt32: [UInt32]] = [:]
    private(set) var endGenerations: [UInt32] = []

    static func cancelled(_ s: UnsafeMutablePointer<pl_slot>) -> Bool {
        s.pointee.wait_flags & WaitFlag.uninterruptible == 0 && pl_load32(&s.pointee.cancel) & CancelWord.requested != 0
    }

    init() {
        readEndGenerations()
        readWaits()
        readProcesses()
        readEnds()
    }

    private mutating func readEndGenerations() {
        let count = Int(ArenaBounds.objectsInUse)
        endGenerations = [UInt32](repeating: 0, count: count)
        for i in 1..<max(1, count) { endGenerations[i] = pl_load32(&pl_object_at(UInt32(i)).pointee.end_gen) }
    }

    /// The waits first, then who there is: a process that waits for its children had started them before, so that the
    /// second pass meets each of them, wherever in the table it was put meanwhile.
    private mutating func readWaits() {
        for i in 2..<max(2, ArenaBounds.slotsInUse) {
            let s = pl_slot_at(i)!
            fault(.snapshotReadWaitsSlot)
            let state = ProcessTable.state(s)
            guard state == State.running || state == State.exiting, s.pointee.service == 0 else { continue }
            guard let b = Blocked(waitOf: i), b.flags & (WaitFlag.timed | WaitFlag.external) == 0 else { continue }
            switch b.kind {
            case WaitKind.communicate, WaitKind.join, WaitKind.lock, WaitKind.barrier, WaitKind.semaphore, WaitKind.event: break
            default: continue
            }
            if b.isExpecting { expecting.append(b) } else if b.holds { blocked[i] = b }
        }
        pl_order()
    }

    private mutating func readProcesses() {
        for i in 2..<max(2, ArenaBounds.slotsInUse) {
            let state = ProcessTable.state(pl_slot_at(i))
            switch state {
            case State.free, State.ended:
                if state == State.ended { ended.append(i) }
                blocked[i] = nil
            default:
                processes.append(i)
                if let wait = blocked[i], !wait.holds { blocked[i] = nil }  // or the slot is another process's by now
            }
        }
    }

    private mutating func readEnds() {
        let objects = endGenerations.count
        let used = Int(ArenaBounds.endsInUse)
        let slots = Int(ArenaBounds.slotsInUse)
        firstOfObject = [UInt32](repeating: 0, count: objects)
        nextOfObject = [UInt32](repeating: 0, count: used)
        firstOfOwner = [UInt32](repeating: 0, count: slots)
        nextOfOwner = [UInt32](repeating: 0, count: used)
        for i in 1..<max(1, used) {
            let e = pl_end_at(UInt32(i))!
            let owner = pl_load64(&e.pointee.owner)
            let object = Int(e.pointee.object)
            guard owner != 0, object != 0, object < objects else { continue }
            nextOfObject[i] = firstOfObject[object]
            firstOfObject[object] = UInt32(i)
            if owner & Ends.blockOwner != 0 {
                place(UInt32(i), block: owner & ~Ends.blockOwner)
            } else {
                link(UInt32(i), to: Int(UInt32(truncatingIfNeeded: owner)))
            }
        }
    }

    private mutating func link(_ entry: UInt32, to slot: Int) {
        guard slot < firstOfOwner.count else { return }
        nextOfOwner[Int(entry)] = firstOfOwner[slot]
        firstOfOwner[slot] = entry
    }

    /// An end in a message: whoever may receive the message may have it.
    private mutating func place(_ entry: UInt32, block: UInt64) {
        guard ArenaBounds.holdsBlock(block) else { return }
        let tag = pl_load64(&pl_block_at(block).pointee.owner)
        if tag & Objects.ownerBit != 0 {
            note(entry, in: UInt32(truncatingIfNeeded: tag))
            return
        }
        // In the hands of a process: on offer at some channels, if it waits; its result, for its parent to take; its own
        // otherwise.
        let slot = UInt32(truncatingIfNeeded: tag)
        guard Int(slot) < firstOfOwner.count else { return }
        let s = pl_slot_at(slot)!
        if ProcessTable.state(s) > State.exiting { return link(entry, to: Int(s.pointee.parent)) }
        var isOffered = false
        for r in blocked[slot]?.records ?? [] {
            let record = pl_record_at(r)!
            if record.pointee.direction == Direction.send, record.pointee.in_block != 0,
                pl_get_ref(pl_record_payload(record)) == block
            {
                note(entry, in: record.pointee.object)
                isOffered = true
            }
        }
        if !isOffered { link(entry, to: Int(slot)) }
    }

    private mutating func note(_ entry: UInt32, in object: UInt32) {
        inMessagesOf[object, default: []].append(entry)
        containerOf[entry, default: []].append(object)
    }

    // MARK: Who can still be woken

    /// The blocked processes that nobody outside of them can wake: a greatest fixed point, found by spreading
    /// life from those that are not blocked.
    func deadlocked() -> [Blocked] {
        var alive = Set<UInt32>()
        var queue: [UInt32] = []
        func revive(_ slot: UInt32) { if alive.insert(slot).inserted { queue.append(slot) } }
        var readable = Set<UInt32>()
        // Waiters by what would wake them.
        var receivers: [UInt32: [UInt32]] = [:]
        var senders: [UInt32: [UInt32]] = [:]
        var holders: [UInt32: [UInt32]] = [:]
        var joiners: [UInt32: [UInt32]] = [:]
        func reviveParent(of slot: UInt32) {
            let s = pl_slot_at(slot)!
            guard let parent = blocked[s.pointee.parent], parent.kind == WaitKind.join else { return }
            let p = pl_slot_at(parent.slot)!
            if s.pointee.awaited_group != 0, p.pointee.join_group == s.pointee.awaited_group,
                p.pointee.generation == s.pointee.parent_generation
            {
                revive(parent.slot)
            }
        }
        for slot in processes where blocked[slot] == nil { revive(slot) }
        for slot in ended { reviveParent(of: slot) }
        for (slot, b) in blocked {
            for r in b.records {
                let record = pl_record_at(r)!
                switch record.pointee.direction {
                case Direction.receive:
                    receivers[record.pointee.object, default: []].append(slot)
                    if Snapshot.hasUnread(record) { revive(slot) }
                case Direction.send: senders[record.pointee.object, default: []].append(slot)
                default:
                    let ref = ProcessRef(raw: record.pointee.message)
                    if Join.hasEnded(ref) { revive(slot) } else { joiners[ref.index, default: []].append(slot) }
                }
            }
            switch b.kind {
            case WaitKind.lock:
                let owner = SharedHooks.lockOwner(UInt32(truncatingIfNeeded: b.object))
                if owner == 0 { revive(slot) } else { joiners[owner, default: []].append(slot) }
            case WaitKind.barrier, WaitKind.semaphore, WaitKind.event:
                holders[UInt32(truncatingIfNeeded: b.object), default: []].append(slot)
            case WaitKind.communicate where b.records.isEmpty: revive(slot)
            default: break
            }
        }
        // What `holder` may do through `entry`. A process in `parallel` or `join` does nothing for those it waits
        // for before they have ended, unless it keeps the end for processes it may start meanwhile.
        func reach(_ entry: UInt32, by holder: UInt32, inMessage: Bool = false) {
            let e = pl_end_at(entry)!
            let object = e.pointee.object
            let join = blocked[holder].flatMap { $0.kind == WaitKind.join ? $0 : nil }
            let bound = join != nil && !inMessage && e.pointee.flags & EndFlag.reserved == 0
            func wake(_ waiters: [UInt32]?) {
                for w in waiters ?? [] where !bound || !Streams.waits(pl_slot_at(holder), holder, for: w) { revive(w) }
            }
            switch Rights(rawValue: e.pointee.right) {
            case .read:
                wake(senders[object])
                if readable.insert(object).inserted {
                    for inner in inMessagesOf[object] ?? [] { reach(inner, by: holder, inMessage: true) }
                }
            case .write: wake(receivers[object])
            default: wake(holders[object])
            }
        }
        while let slot = queue.popLast() {
            for waiter in joiners[slot] ?? [] { revive(waiter) }
            reviveParent(of: slot)
            var e = Int(slot) < firstOfOwner.count ? firstOfOwner[Int(slot)] : 0
            while e != 0 {
                reach(e, by: slot)
                e = nextOfOwner[Int(e)]
            }
        }
        return blocked.values.filter { !alive.contains($0.slot) }.sorted { $0.slot < $1.slot }
    }

    // MARK: Streams that have ended for all who wait

    /// Processes in a communication whose every case is at its end, if none of them counts as a writer. The ends
    /// that `stuck` processes keep for others they may start do not count: those processes cannot act before
    /// one they wait for has ended.
    func endedTogether(stuck: Set<UInt32> = []) -> [Blocked] {
        var set: [UInt32: Blocked] = [:]
        let open = openChannels()
        for (slot, b) in blocked where b.kind == WaitKind.communicate && !b.records.isEmpty {
            let plain = b.records.allSatisfy {
                let record = pl_record_at($0)!.pointee
                if record.direction > Direction.send { return false }
                return record.direction == Direction.send || !(Int(record.object) < open.count && open[Int(record.object)])
            }
            if plain { set[slot] = b }
        }
        var changed = true
        while changed, !set.isEmpty {
            changed = false
            for (slot, b) in set where !b.records.allSatisfy({ isAtEnd($0, of: slot, with: set, stuck) }) {
                set[slot] = nil
                changed = true
            }
        }
        return set.values.sorted { $0.slot < $1.slot }
    }

    /// Channels that a process which is not blocked, or a message, can write to: none of their readers is at the end.
    /// Most readers are ruled out by it, at the cost of one pass over the ends for all of them.
    private func openChannels() -> [Bool] {
        var open = [Bool](repeating: false, count: firstOfObject.count)
        for object in firstOfObject.indices {
            var e = Int(firstOfObject[object])
            while e != 0, !open[object] {
                let end = pl_end_at(UInt32(e))!
                if end.pointee.right == Rights.write.rawValue, end.pointee.object == UInt32(object) {
                    let owner = pl_load64(&end.pointee.owner)
                    open[object] = owner & Ends.blockOwner != 0 || blocked[UInt32(truncatingIfNeeded: owner)] == nil
                }
                e = Int(nextOfObject[e])
            }
        }
        return open
    }

    private func isAtEnd(
        _ r: UInt32, of reader: UInt32, with set: [UInt32: Blocked], _ stuck: Set<UInt32>
    ) -> Bool {
        let record = pl_record_at(r)!
        let object = record.pointee.object
        let o = pl_object_at(object)!
        if record.pointee.direction == Direction.send { return o.pointee.readers == o.pointee.readers_lent }
        if o.pointee.head != o.pointee.tail { return false }
        var e = Int(object) < firstOfObject.count ? firstOfObject[Int(object)] : 0
        while e != 0 {
            let end = pl_end_at(e)!
            if end.pointee.right == Rights.write.rawValue, end.pointee.object == object {
                let owner = pl_load64(&end.pointee.owner)
                if owner & Ends.blockOwner != 0 { return false }
                let p = UInt32(truncatingIfNeeded: owner)
                if p != reader, !isExcused(p, end, on: object, reader, set, stuck) { return false }
            }
            e = nextOfObject[Int(e)]
        }
        return true
    }

    /// Whether a holder of the writing end does not count as a writer for `reader`.
    private func isExcused(
        _ p: UInt32, _ end: UnsafeMutablePointer<pl_end>, on object: UInt32, _ reader: UInt32, _ set: [UInt32: Blocked],
        _ stuck: Set<UInt32>
    ) -> Bool {
        guard let writer = blocked[p] else { return false }
        if writer.kind == WaitKind.join {
            return (end.pointee.flags & EndFlag.reserved == 0 || stuck.contains(p))
                && (end.pointee.flags & EndFlag.lent != 0 || Streams.waits(pl_slot_at(p), p, for: reader))
        }
        if writer.kind == WaitKind.communicate, writer.flags & WaitFlag.soleReceive != 0 {
            return writer.object == UInt64(object)
        }
        return set[p] != nil
    }

    /// The processes whose wait excuses a writer in a finding of `endedTogether`.
    func lenders(of members: [Blocked]) -> [Blocked] {
        var found: [UInt32: Blocked] = [:]
        for object in examined(members) {
            var e = Int(object) < firstOfObject.count ? firstOfObject[Int(object)] : 0
            while e != 0 {
                let owner = pl_load64(&pl_end_at(e).pointee.owner)
                if owner & Ends.blockOwner == 0, let b = blocked[UInt32(truncatingIfNeeded: owner)] { found[b.slot] = b }
                e = nextOfObject[Int(e)]
            }
        }
        return Array(found.values)
    }

    // MARK: Confirmation

    /// The objects whose ends a finding about `members` rests on.
    func examined(_ members: [Blocked]) -> Set<UInt32> {
        var objects = Set<UInt32>()
        for b in members {
            for r in b.records where pl_record_at(r).pointee.object != 0 { objects.insert(pl_record_at(r).pointee.object) }
            if b.kind == WaitKind.barrier || b.kind == WaitKind.semaphore || b.kind == WaitKind.event || b.kind == WaitKind.lock {
                objects.insert(UInt32(truncatingIfNeeded: b.object))
            }
        }
        var queue = Array(objects)
        while let object = queue.popLast() {
            var e = Int(object) < firstOfObject.count ? firstOfObject[Int(object)] : 0
            while e != 0 {
                for container in containerOf[e] ?? [] where objects.insert(container).inserted { queue.append(container) }
                e = nextOfObject[Int(e)]
            }
        }
        return objects
    }

    /// A message lies in the channel of a waiting receiver: another receiver was signalled and is about to take it (the
    /// baton invariant), after which this one may be at the end of the stream. It is not stuck yet.
    private static func hasUnread(_ record: UnsafeMutablePointer<pl_record>) -> Bool {
        guard record.pointee.direction == Direction.receive, record.pointee.object != 0 else { return false }
        let o = pl_object_at(record.pointee.object)!
        return o.pointee.head != o.pointee.tail
    }

    /// Whether everything a finding rests on is still as it was read.
    func confirms(_ members: [Blocked], _ objects: Set<UInt32>) -> Bool {
        members.allSatisfy { b in
            b.holds && !b.records.contains { Snapshot.hasUnread(pl_record_at($0)!) }
        }
            && objects.allSatisfy { object in
                // An object made since this was read has no place in it.
                Int(object) < endGenerations.count
                    && pl_load32(&pl_object_at(object).pointee.end_gen) == endGenerations[Int(object)]
            }
    }
}
