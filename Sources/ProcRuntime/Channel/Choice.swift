// A communication that may have to wait, of one case or among several.
//
// The protocol (docs/runtime.md): lock all channels of the cases in ascending order; if another process took
// one of our offers meanwhile, that case happened; otherwise try the cases; otherwise put a record at each
// channel, sleep, and begin again. With all locks held nobody can claim an offer of ours, so a choice is
// atomic and cannot livelock; an offer that was taken beats every other reason to end the wait.
//
// Invariants
// - A case is committed by one store, see Communicate.swift.
// - No lock is held while sleeping, and no offer of ours is left behind when we return.

import CSystem
import Glibc

/// One call of `communicate` that could not be done at once.
struct Choice {
    enum Action: UInt8 { case receive, send, process, closed }

    struct Prepared {
        var process = ProcessRef(raw: 0)
        var bytes: UnsafeRawPointer?
        var length = 0
        var block: UInt64 = 0
        var object: UInt32 = 0
        var record: UInt32 = 0
        var action: Action
    }

    private let cases: UnsafeBufferPointer<CommCase>
    private let mode: CommMode
    /// The cases, and the channels of all of them, ascending, each once; in the buffers of this process.
    var prepared: UnsafeMutableBufferPointer<Prepared>
    var objects: UnsafeMutableBufferPointer<UInt32>
    private var deadline: Int64
    var untimed: Bool
    private var immediate: Bool
    var enqueued = false
    var epoch: UInt32 = 0
    /// The generation of the wait record, once this choice has slept.
    private var waitGeneration: UInt32 = 0
    /// Set when a rendezvous send whose time is over waits a moment more for a receiver that is there, and has but to wake.
    private var courtesy = false
    /// Nanoseconds; on a busy machine waking takes its time.
    private static let courtesyTime: Int64 = 20_000_000

    init(_ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode) {
        self.cases = cases
        self.mode = mode
        deadline = mode.deadline
        immediate = mode.immediate
        untimed = mode.deadline == .max && !mode.immediate
        if _slowPath(cases.count > Self.capacity) { Self.makeRoom(cases.count) }
        prepared = UnsafeMutableBufferPointer(start: Self.spare, count: 0)
        objects = UnsafeMutableBufferPointer(start: Self.spareObjects, count: 0)
    }

    /// The buffers are used again by the next choice: a choice allocates nothing, and there is one at a time. Those of a few
    /// cases lie with the other private words of the process.
    private static var spare: UnsafeMutablePointer<Prepared>?
    private static var spareObjects: UnsafeMutablePointer<UInt32>?
    private static var capacity = 0

    private static func makeRoom(_ count: Int) {
        let each = MemoryLayout<Prepared>.stride + MemoryLayout<UInt32>.stride
        let few = Int(PL_CHOICE_BYTES) / each
        if capacity > few { UnsafeMutableRawPointer(spare)?.deallocate() }
        capacity = count <= few ? few : max(64, count)
        let room = count <= few ? pl_choice_room()! : .allocate(byteCount: capacity * each, alignment: 16)
        spare = room.bindMemory(to: Prepared.self, capacity: capacity)
        spareObjects = (room + capacity * MemoryLayout<Prepared>.stride).bindMemory(to: UInt32.self, capacity: capacity)
    }

    mutating func run() -> CommOutcome {
        if cases.count == 1, cases[0].action == .ended, !immediate {
            return Join.asCommunication(cases[0].process, mode)
        }
        if let failure = prepare() {
            discardBlocks()
            return failure
        }
        return conclude(loop())
    }

    /// Goes on with the wait that a lone operation has begun.
    mutating func resume(_ record: UInt32, _ epoch: UInt32, _ generation: UInt32) -> CommOutcome {
        if let failure = prepare() { return failure }
        prepared[0].record = record
        self.epoch = epoch
        enqueued = true
        waitGeneration = generation
        return conclude(loop())
    }

    private mutating func conclude(_ outcome: CommOutcome) -> CommOutcome {
        if case .done(let i) = outcome {
            switch prepared[i].action {
            case .send: pl_me().pointee.sent &+= 1
            case .receive: pl_me().pointee.received &+= 1
            case .process, .closed: break
            }
        }
        discardBlocks()
        Parker.deliverUrgent()
        Messages.adopt(pl_own().pointee.received_block)
        Cleanup.run()
        return outcome
    }

    /// All channels of a choice are locked at once, and of a process that is killed the kernel lets go no more than 2048
    /// robust mutexes (ROBUST_LIST_LIMIT).
    private static let mostChannels = 1024
    private static let mostCases = 4096

    // MARK: Preparation, without locks

    private mutating func prepare() -> CommOutcome? {
        for c in cases {
            switch c.action {
            case .receive:
                let object = EndTable.resolve(c.end, .read)
                if object == EndTable.never { return .failed(Self.noRight("read from")) }
                add(Prepared(object: object, action: object == EndTable.closed ? .closed : .receive))
            case .send:
                let object = EndTable.resolve(c.end, .write)
                if object == EndTable.never { return .failed(Self.noRight("write to")) }
                var p = Prepared(object: object, action: object == EndTable.closed ? .closed : .send)
                p.bytes = c.payload.baseAddress
                p.length = c.payload.count
                if object != EndTable.closed, c.payload.count > Int(PL_INLINE) || !c.capabilities.isEmpty {
                    do { p.block = try Messages.make(c.payload, c.capabilities) } catch {
                        return .failed(error as? RuntimeError ?? RuntimeError(kind: "memory", message: "\(error)"))
                    }
                }
                add(p)
            case .ended:
                add(Prepared(process: c.process, action: .process))
            }
        }
        if objects.count > Self.mostChannels || prepared.count > Self.mostCases {
            return .failed(
                RuntimeError(
                    kind: "value",
                    message: "a choice among \(prepared.count) cases and \(objects.count) channels is too large: "
                        + "\(Self.mostCases) and \(Self.mostChannels) are possible; let several processes choose, or send over "
                        + "one channel"))
        }
        return nil
    }

    @inline(__always)
    private mutating func add(_ p: Prepared) {
        let count = prepared.count
        prepared = UnsafeMutableBufferPointer(start: prepared.baseAddress, count: count + 1)
        prepared.baseAddress.unsafelyUnwrapped[count] = p
        if p.object != 0 { addObject(p.object) }
    }

    /// Keeps the channels in ascending order, each once.
    @inline(__always)
    private mutating func addObject(_ object: UInt32) {
        let list = objects.baseAddress.unsafelyUnwrapped
        var i = objects.count
        while i > 0, list[i - 1] > object { i -= 1 }
        if i > 0, list[i - 1] == object { return }
        var j = objects.count
        while j > i {
            list[j] = list[j - 1]
            j -= 1
        }
        list[i] = object
        objects = UnsafeMutableBufferPointer(start: list, count: objects.count + 1)
    }

    private static func noRight(_ what: String) -> RuntimeError {
        RuntimeError(kind: "type", message: "this process was not given the right to \(what) this end")
    }

    private mutating func discardBlocks() {
        for i in prepared.indices where prepared[i].block != 0 { Messages.discard(prepared[i].block) }
    }

    // MARK: The loop

    private func lockAll() { for object in objects { Objects.lock(object) } }
    private func unlockAll() { for object in objects { Objects.unlock(object) } }

    private mutating func loop() -> CommOutcome {
        let me = pl_me()!
        while true {
            let seen = Parker.sequence
            lockAll()
            if _slowPath(pl_own().pointee.out_pending != 0), prepared.indices.contains(where: isReady) {
                // An `immediate` receive that finds something, see Communicate.
                unlockAll()
                Output.flushQuietly()
                continue
            }
            if let outcome = step(me) {
                leave()
                unlockAll()
                deliver(after: outcome)
                return outcome
            }
            if !enqueued {
                guard takeRecords() else {
                    unlockAll()
                    return .failed(RuntimeError(kind: "memory", message: "no memory for a waiter record"))
                }
                enqueue(me)
                // Who began to join in the meantime saw nobody waiting here, whom that concerns.
                pl_fence()
                if allEnded() {
                    leave()
                    unlockAll()
                    Parker.deliver()
                    return .ended
                }
            } else {
                rejoin()
            }
            let isEndingStream = isSoleReceive && EndTable.entry(prepared[0].object, .write) != 0
            if isEndingStream {
                // Now that we wait, the stream may have ended for the others who wait for it.
                beginWait(seen)
                Streams.evaluate(pl_object_at(prepared[0].object)!, prepared[0].object)
            }
            unlockAll()
            Parker.deliver()
            if deadline == .max, Spin.wait(seen) {
                if isEndingStream { WaitRecord.end() }
            } else {
                // Nobody but the detector of deadlocks asks, and not before we sleep.
                if !isEndingStream { beginWait(seen) }
                if untimed, prepared.count > 1 { WaitRecord.hintOpenStreams() }
                _ = Parker.sleep(seen, deadline: deadline)
                WaitRecord.end()
            }
            if wasTakenAlone(me) { return .done(0) }
            WaitRecord.collectIfAsked()
        }
    }

    private mutating func beginWait(_ seen: UInt32) {
        waitGeneration = WaitRecord.begin(
            WaitKind.communicate, line: mode.line, tryDepth: mode.tryDepth, seen: seen,
            flags: (deadline != .max ? WaitFlag.timed : 0) | (isSoleReceive ? WaitFlag.soleReceive : 0),
            object: isSoleReceive ? UInt64(prepared[0].object) : 0, first: waitGeneration == 0)
    }

    /// The message of a lone send was taken, and its record is out of the channel: nothing is left to be done there,
    /// so that the channel need not be locked once more. (Who takes an offer withdraws the record after DONE, and
    /// touches it no more. Should it die before, the record is active still, and the general way repairs.)
    @inline(__always)
    private mutating func wasTakenAlone(_ me: UnsafeMutablePointer<pl_slot>) -> Bool {
        guard prepared.count == 1, prepared[0].action == .send,
            Self.wasTaken(pl_record_at(prepared[0].record)!, epoch, me), takenOffer(me) != nil
        else { return false }
        enqueued = false
        Self.forgetClaim(me)
        return true
    }

    static func wasTaken(
        _ r: UnsafeMutablePointer<pl_record>, _ epoch: UInt32, _ me: UnsafeMutablePointer<pl_slot>
    ) -> Bool {
        if pl_acquire8(&r.pointee.active) != 0 {
            // We are told before it is done: whoever does it on another CPU needs a moment more.
            guard pl_own().pointee.cores > 1, Claim.state(pl_load64(&me.pointee.claim)) != Claim.waiting else { return false }
            var left = 100
            while pl_acquire8(&r.pointee.active) != 0 {
                left -= 1
                if left == 0 { return false }
                pl_relax()
            }
        }
        let word = pl_load64(&me.pointee.claim)
        return Claim.state(word) == Claim.done && Claim.epoch(word) == epoch
    }

    @inline(__always)
    static func forgetClaim(_ me: UnsafeMutablePointer<pl_slot>) {
        pl_release64(&me.pointee.claim, 0)
        fault(.choiceForgetClaimClaim)
    }

    /// Wakes who is due; only after a receive it may wait.
    private func deliver(after outcome: CommOutcome) {
        if case .done(let index) = outcome, prepared[index].action == .receive {
            Wakes.deliverAfterReceive(pl_object_at(prepared[index].object)!)
        } else {
            Parker.deliver()
        }
    }

    var isSoleReceive: Bool { untimed && prepared.count == 1 && prepared[0].action == .receive }

    /// Everything that can end the wait now, with all locks held. Nil: go on waiting.
    private mutating func step(_ me: UnsafeMutablePointer<pl_slot>) -> CommOutcome? {
        if let index = takenOffer(me) { return .done(index) }
        for i in prepared.indices where prepared[i].object != 0 {
            if pl_object_at(prepared[i].object).pointee.flags & ObjectFlag.poisoned != 0 { return .poisoned(i) }
        }
        if pl_load32(&me.pointee.cancel) & CancelWord.requested != 0 { return .cancelled }
        if waitGeneration != 0 {
            switch WaitRecord.verdict(of: waitGeneration) {
            case .none: break
            case .ended: return .ended
            case .deadlock(let report): return .deadlocked(report)
            }
        }
        if enqueued, prepared.count == 1, pl_record_at(prepared[0].record).pointee.ended != 0 { return .ended }
        for i in prepared.indices where prepared[i].action == .send {
            let o = pl_object_at(prepared[i].object)!
            if o.pointee.send_count > 0 { Waiting.settle(o) }
        }
        if let index = takenOffer(me) { return .done(index) }
        while let index = choose(me) {
            if let outcome = commit(index) { return outcome }
        }
        if allEnded() { return .ended }
        guard immediate || deadline != .max && pl_now() >= deadline else { return nil }
        guard !courtesy, canOffer() else { return mode.immediate ? .notReady : .timedOut }
        courtesy = true
        immediate = false
        deadline = pl_now() + Self.courtesyTime
        return nil
    }

    /// The case whose offer somebody took while we waited.
    private mutating func takenOffer(_ me: UnsafeMutablePointer<pl_slot>) -> Int? {
        guard enqueued else { return nil }
        let word = pl_load64(&me.pointee.claim)
        guard Claim.state(word) == Claim.done, Claim.epoch(word) == epoch else { return nil }
        let index = Int(Claim.caseIndex(word))
        if prepared[index].block != 0 {
            InFlight.remove(prepared[index].block)
            prepared[index].block = 0
        }
        return index
    }

    /// A ready case: the first one, or a fair choice.
    private func choose(_ me: UnsafeMutablePointer<pl_slot>) -> Int? {
        var chosen: Int?
        var ready: UInt64 = 0
        for i in prepared.indices where isReady(i) {
            if mode.first { return i }
            ready += 1
            if ready == 1 || Random.next() % ready == 0 { chosen = i }
        }
        return chosen
    }

    private func isReady(_ i: Int) -> Bool {
        let p = prepared[i]
        switch p.action {
        case .closed: return false
        case .process: return Join.hasEnded(p.process)
        case .receive:
            let o = pl_object_at(p.object)!
            return o.pointee.head != o.pointee.tail
                || (o.pointee.send_count > 0 && Waiting.firstOffer(o, except: pl_my_index()) != 0)
        case .send:
            let o = pl_object_at(p.object)!
            return o.pointee.tail &- o.pointee.head < o.pointee.capacity && o.pointee.readers != o.pointee.readers_lent
        }
    }

    /// Performs a ready case. Nil: an offer went elsewhere in the last moment, choose again.
    private mutating func commit(_ i: Int) -> CommOutcome? {
        let p = prepared[i]
        switch p.action {
        case .closed: return nil
        case .process: return .done(i)
        case .receive:
            let o = pl_object_at(p.object)!
            if o.pointee.head != o.pointee.tail {
                voidOffers()
                Ring.pop(o)
            } else if !Waiting.takeOffer(o, voidOffers) {
                return nil
            }
            Communicate.taken(o, p.object)
            return .done(i)
        case .send:
            let o = pl_object_at(p.object)!
            guard Ring.makeRoom(o) else {
                return .failed(RuntimeError(kind: "memory", message: "no shared memory for a message"))
            }
            voidOffers()
            Ring.push(o, p.bytes, p.length, block: p.block)
            prepared[i].block = 0
            Waiting.balance(o)
            return .done(i)
        }
    }

    /// Before another case is committed: should we be killed right after it, none of our offers may still be taken.
    @inline(__always)
    private func voidOffers() {
        if enqueued { pl_release64(&pl_me().pointee.claim, 0) }
        fault(.choiceVoidOffersClaim)
    }

    /// True when every case is at its end. Own writing ends do not count if we wait without limit: should
    /// all cases be at their ends, we could not write before this wait is over.
    private func allEnded() -> Bool {
        guard !prepared.isEmpty else { return false }
        for p in prepared {
            switch p.action {
            case .closed: continue
            case .process: return false
            case .send:
                let o = pl_object_at(p.object)!
                if o.pointee.readers != o.pointee.readers_lent { return false }
            case .receive:
                let o = pl_object_at(p.object)!
                guard Streams.ended(o, p.object, reader: pl_my_index(), excludeSelf: untimed) == .ended else { return false }
            }
        }
        // The end is the end for all who wait for it alone.
        for p in prepared where p.action == .receive { Streams.evaluate(pl_object_at(p.object)!, p.object) }
        return true
    }

    /// A rendezvous send without waiting succeeds when a receiver waits: it is given a moment to come.
    private func canOffer() -> Bool {
        for p in prepared where p.action == .send {
            let o = pl_object_at(p.object)!
            if o.pointee.capacity == 0, o.pointee.recv_count + o.pointee.signalled > 0 { return true }
        }
        return false
    }
}
