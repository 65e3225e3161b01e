// One operation for send, receive, and the choice among several of them and the ends of processes.
//
// The protocol (docs/runtime.md): lock all channels of the cases in ascending order; if another process took
// one of our offers meanwhile, that case happened; otherwise try the cases; otherwise put a record at each
// channel, sleep, and begin again. With all locks held nobody can claim an offer of ours, so a choice is
// atomic and cannot livelock; an offer that was taken beats every other reason to end the wait.
//
// Invariants
// - Receivers take: a message leaves a ring or an offer only by the act of a live receiver.
// - A case is committed by one store (`head += 1`, `tail += 1`, claim DONE); whatever kills this process
//   before leaves the message where it was, after it the message is delivered exactly once.
// - No lock is held while sleeping, and no offer of ours is left behind when we return.

import CSystem
import Glibc

enum Communicate {
    static func run(_ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode) -> CommOutcome {
        Received.release()
        if _slowPath(pl_load32(&pl_me().pointee.cancel) & CancelWord.requested != 0) { return .cancelled }
        if cases.count == 1 {
            let c = cases.baseAddress.unsafelyUnwrapped
            switch c.pointee.action {
            case .receive:
                let object = EndTable.resolve(c.pointee.end, .read)
                if object != EndTable.closed, object != EndTable.never, receiveAtOnce(object, mode) { return .done(0) }
            case .send:
                if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
                let payload = c.pointee.payload
                guard payload.count <= Int(PL_INLINE), c.pointee.capabilities.isEmpty else { break }
                let object = EndTable.resolve(c.pointee.end, .write)
                guard object != EndTable.closed, object != EndTable.never else { break }
                if pl_object_at(object).pointee.capacity != 0 {
                    if sendAtOnce(object, payload, mode) { return .done(0) }
                } else if mode.deadline == .max, !mode.immediate {
                    return Choice.offer(object, payload, cases, mode)
                }
            case .ended: break
            }
        } else {
            if pl_own().pointee.out_pending != 0 { Output.flushQuietly() }
            if let outcome = ReadyScan.receive(cases, mode) { return outcome }
        }
        var choice = Choice(cases, mode)
        return choice.run()
    }

    // MARK: Fast paths: one channel, nobody to wait for

    /// Takes a message that is there, in the channel or with a sender; where all processes share one CPU, it is given
    /// a moment to come. False: the general way has to decide.
    @inline(__always)
    private static func receiveAtOnce(_ object: UInt32, _ mode: CommMode) -> Bool {
        if take(object) { return true }
        let own = pl_own()!
        guard own.pointee.cores == 1, mode.deadline == .max, !mode.immediate, own.pointee.out_pending == 0,
            GiveWay.isPromisingHere
        else { return false }
        Parker.deliver()
        return GiveWay.turn { hasMessage(pl_object_at(object)) } && take(object)
    }

    /// Read without the lock: a hint.
    @inline(__always)
    static func hasMessage(_ o: UnsafeMutablePointer<pl_object>) -> Bool {
        pl_acquire64(&o.pointee.head) != pl_acquire64(&o.pointee.tail) || pl_acquire32(&o.pointee.send_count) != 0
    }

    /// Receives from a channel if a message is there and it is not poisoned.
    @inline(__always)
    static func take(_ object: UInt32) -> Bool {
        let o = pl_object_at(object)!
        guard hasMessage(o) else { return false }
        Objects.lock(object)
        guard o.pointee.flags & ObjectFlag.poisoned == 0 else {
            Objects.unlock(object)
            return false
        }
        if o.pointee.head != o.pointee.tail {
            Ring.pop(o)
        } else if o.pointee.send_count == 0 || !Waiting.takeOffer(o, {}) {
            Objects.unlock(object)
            return false
        }
        taken(o, object)
        Objects.unlock(object)
        pl_me().pointee.received &+= 1
        Wakes.deliverAfterReceive(o)
        Messages.adopt(pl_own().pointee.received_block)
        return true
    }

    /// Puts a short message into a ring with room; where all processes share one CPU, its readers are given a moment to
    /// make room. False: the general way has to decide.
    @inline(__always)
    private static func sendAtOnce(_ object: UInt32, _ payload: UnsafeRawBufferPointer, _ mode: CommMode) -> Bool {
        let o = pl_object_at(object)!
        if !hasRoom(o) {
            let own = pl_own()!
            guard own.pointee.cores == 1, mode.deadline == .max, !mode.immediate, GiveWay.isPromisingHere else { return false }
            Parker.deliver()
            guard GiveWay.turn({ hasRoom(o) }) else { return false }
        }
        Objects.lock(object)
        guard o.pointee.flags == 0, o.pointee.send_count == 0, o.pointee.readers != o.pointee.readers_lent,
            o.pointee.tail &- o.pointee.head < o.pointee.capacity, Ring.makeRoom(o)
        else {
            Objects.unlock(object)
            return false
        }
        Ring.push(o, payload.baseAddress, payload.count, block: 0)
        Waiting.balance(o)
        Objects.unlock(object)
        pl_me().pointee.sent &+= 1
        Parker.deliver()
        return true
    }

    /// Read without the lock: a hint.
    @inline(__always)
    private static func hasRoom(_ o: UnsafeMutablePointer<pl_object>) -> Bool {
        let head = pl_acquire64(&o.pointee.head)
        return pl_acquire64(&o.pointee.tail) &- head < o.pointee.capacity && pl_acquire32(&o.pointee.send_count) == 0
    }

    /// After a message left a channel: room for offers, the baton, and perhaps the end for the other readers.
    @inline(__always)
    static func taken(_ o: UnsafeMutablePointer<pl_object>, _ object: UInt32) {
        if o.pointee.send_count > 0 { Waiting.settle(o) }
        if o.pointee.recv_count > 0 {
            Waiting.balance(o)
            if o.pointee.head == o.pointee.tail { Streams.evaluate(o, object) }
        }
    }
}

/// One call of `communicate` that could not be done at once.
struct Choice {
    private enum Action: UInt8 { case receive, send, process, closed }

    private struct Prepared {
        var action: Action
        var object: UInt32 = 0
        var record: UInt32 = 0
        var process = ProcessRef(raw: 0)
        var bytes: UnsafeRawPointer?
        var length = 0
        var block: UInt64 = 0
    }

    private let cases: UnsafeBufferPointer<CommCase>
    private let mode: CommMode
    /// The cases, and the channels of all of them, ascending, each once; in the buffers of this process.
    private var prepared: UnsafeMutableBufferPointer<Prepared>
    private var objects: UnsafeMutableBufferPointer<UInt32>
    private var deadline: Int64
    private var untimed: Bool
    private var immediate: Bool
    private var enqueued = false
    private var epoch: UInt32 = 0
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

    /// The buffers are used again by the next choice: a choice allocates nothing, and there is one at a time.
    private static var spare: UnsafeMutablePointer<Prepared>?
    private static var spareObjects: UnsafeMutablePointer<UInt32>?
    private static var capacity = 0

    private static func makeRoom(_ count: Int) {
        spare?.deallocate()
        spareObjects?.deallocate()
        capacity = max(64, count)
        spare = .allocate(capacity: capacity)
        spareObjects = .allocate(capacity: capacity)
    }

    /// Makes what the first wait of a process needs. Done once before the first fork: each child would have to make
    /// it again, in pages of its own.
    static func makeBuffers() {
        if capacity == 0 { makeRoom(1) }
        ReadyScan.makeBuffers()
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

    /// A send of a short message, alone and without time limit, on a channel without room: what `run` does for it, without
    /// the lists of a choice. It becomes one only if something else happens than that the message is taken.
    static func offer(
        _ object: UInt32, _ payload: UnsafeRawBufferPointer, _ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode
    ) -> CommOutcome {
        let me = pl_me()!
        let o = pl_object_at(object)!
        guard Records.ensure(1) else {
            return .failed(RuntimeError(kind: "memory", message: "no memory for a waiter record"))
        }
        let record = Records.own[0]
        let seen = Parker.sequence
        Objects.lock(object)
        guard o.pointee.flags & ObjectFlag.poisoned == 0, o.pointee.readers != o.pointee.readers_lent,
            pl_load32(&me.pointee.cancel) & CancelWord.requested == 0
        else {
            Objects.unlock(object)
            var choice = Choice(cases, mode)
            return choice.run()
        }
        let epoch = newEpoch(me)
        let r = pl_record_at(record)!
        fill(r, object, epoch, caseIndex: 0, isSoleReceive: false, isUntimed: true, length: payload.count)
        offer(r, payload.baseAddress, payload.count, block: 0)
        Waiting.enqueue(o, record)
        Waiting.balance(o)
        Objects.unlock(object)
        Parker.deliver()
        var generation: UInt32 = 0
        if !Spin.wait(seen) {
            generation = WaitRecord.begin(
                WaitKind.communicate, line: mode.line, tryDepth: mode.tryDepth, seen: seen, flags: 0, first: true)
            _ = Parker.sleep(seen)
            WaitRecord.end()
        }
        if wasTaken(r, epoch, me) {
            forgetClaim(me)
            me.pointee.sent &+= 1
            Cleanup.run()
            return .done(0)
        }
        WaitRecord.collectIfAsked()
        var choice = Choice(cases, mode)
        return choice.resume(record, epoch, generation)
    }

    /// Goes on with the wait that `offer` has begun.
    private mutating func resume(_ record: UInt32, _ epoch: UInt32, _ generation: UInt32) -> CommOutcome {
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
                add(Prepared(action: object == EndTable.closed ? .closed : .receive, object: object))
            case .send:
                let object = EndTable.resolve(c.end, .write)
                if object == EndTable.never { return .failed(Self.noRight("write to")) }
                var p = Prepared(action: object == EndTable.closed ? .closed : .send, object: object)
                p.bytes = c.payload.baseAddress
                p.length = c.payload.count
                if object != EndTable.closed, c.payload.count > Int(PL_INLINE) || !c.capabilities.isEmpty {
                    do { p.block = try Messages.make(c.payload, c.capabilities) } catch {
                        return .failed(error as? RuntimeError ?? RuntimeError(kind: "memory", message: "\(error)"))
                    }
                }
                add(p)
            case .ended:
                add(Prepared(action: .process, process: c.process))
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
            if pl_own().pointee.out_pending != 0 {
                // Writing may be a wait of its own: not inside this one, and before the sleep.
                if isEndingStream { WaitRecord.end() }
                Output.flushQuietly()
            } else if deadline == .max, Spin.wait(seen) {
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

    private static func wasTaken(
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
    private static func forgetClaim(_ me: UnsafeMutablePointer<pl_slot>) {
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

    private var isSoleReceive: Bool { untimed && prepared.count == 1 && prepared[0].action == .receive }

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

    // MARK: Records

    private mutating func takeRecords() -> Bool {
        guard Records.ensure(prepared.count) else { return false }
        for i in prepared.indices where prepared[i].action != .closed { prepared[i].record = Records.own[i] }
        return true
    }

    /// A new epoch for the records of this wait, and a claim word that says they stand.
    @inline(__always)
    private static func newEpoch(_ me: UnsafeMutablePointer<pl_slot>) -> UInt32 {
        let epoch = me.pointee.epoch &+ 1
        me.pointee.epoch = epoch
        fault(.choiceNewEpochEpoch)
        pl_release64(&me.pointee.claim, Claim.word(epoch, 0, Claim.waiting))
        fault(.choiceNewEpochClaim)
        return epoch
    }

    @inline(__always)
    private static func fill(
        _ r: UnsafeMutablePointer<pl_record>, _ object: UInt32, _ epoch: UInt32, caseIndex: UInt16, isSoleReceive: Bool,
        isUntimed: Bool, length: Int
    ) {
        r.pointee.object = object
        fault(.choiceFillObject)
        r.pointee.epoch = epoch
        fault(.choiceFillEpoch)
        r.pointee.case_index = caseIndex
        fault(.choiceFillCaseIndex)
        r.pointee.sole = isSoleReceive ? 1 : 0
        fault(.choiceFillSole)
        r.pointee.untimed = isUntimed ? 1 : 0
        fault(.choiceFillUntimed)
        r.pointee.length = UInt32(truncatingIfNeeded: length)
        fault(.choiceFillLength)
        let me = pl_me()!
        r.pointee.message = UInt64(pl_my_index()) << 48 | UInt64(me.pointee.generation & 0xffff) << 32 | UInt64(epoch)
        fault(.choiceFillMessage)
        r.pointee.ended = 0
        fault(.choiceFillEnded)
    }

    /// Makes a filled record the offer of a message.
    @inline(__always)
    private static func offer(_ r: UnsafeMutablePointer<pl_record>, _ bytes: UnsafeRawPointer?, _ length: Int, block: UInt64) {
        r.pointee.direction = Direction.send
        fault(.choiceOfferDirection)
        if block != 0 {
            r.pointee.in_block = 1
            fault(.choiceOfferInBlock)
            pl_put_ref(pl_record_payload(r), block)
            fault(.choiceOfferBlockRef)
        } else {
            r.pointee.in_block = 0
            fault(.choiceOfferInBlock2)
            if let bytes, length > 0 { pl_copy_inline(pl_record_payload(r), bytes, length) }
            fault(.choiceOfferCopy)
        }
    }

    private mutating func enqueue(_ me: UnsafeMutablePointer<pl_slot>) {
        epoch = Self.newEpoch(me)
        enqueued = true
        for i in prepared.indices where prepared[i].record != 0 {
            let p = prepared[i]
            let r = pl_record_at(p.record)!
            Self.fill(r, p.object, epoch, caseIndex: UInt16(i), isSoleReceive: isSoleReceive, isUntimed: untimed, length: p.length)
            switch p.action {
            case .send:
                Self.offer(r, p.bytes, p.length, block: p.block)
                Waiting.enqueue(pl_object_at(p.object)!, p.record)
            case .process:
                r.pointee.direction = Direction.process
                fault(.choiceEnqueueDirection2)
                r.pointee.message = p.process.raw
                fault(.choiceEnqueueMessage2)
                r.pointee.object = 0
                fault(.choiceEnqueueObject2)
                pl_order()
                r.pointee.active = 1
                fault(.choiceEnqueueActive)
                Join.watch(p.process)
            case .receive:
                r.pointee.direction = Direction.receive
                fault(.choiceEnqueueDirection3)
            case .closed: break
            }
        }
        // Receivers are signalled before our own receiving records join them: we cannot take our own offers.
        for object in objects { Waiting.balance(pl_object_at(object)!) }
        for p in prepared where p.action == .receive { Waiting.enqueue(pl_object_at(p.object)!, p.record) }
    }

    /// Nothing was there: wait on, at the head of the lists, and pass a baton that we could not use.
    private func rejoin() {
        for p in prepared where p.action == .receive { Waiting.stepAside(pl_object_at(p.object)!, p.record) }
        for object in objects { Waiting.balance(pl_object_at(object)!) }
        for p in prepared.reversed() where p.action == .receive { Waiting.stepBack(pl_object_at(p.object)!, p.record) }
    }

    /// Takes our records out and passes the baton. All locks are held.
    private mutating func leave() {
        guard enqueued else { return }
        enqueued = false
        for p in prepared where p.record != 0 {
            if p.action == .process {
                pl_record_at(p.record).pointee.active = 0
                fault(.choiceLeaveActive)
            } else {
                Waiting.withdraw(pl_object_at(p.object)!, p.record)
            }
        }
        pl_release64(&pl_me().pointee.claim, 0)
        fault(.choiceLeaveClaim)
        for object in objects { Waiting.balance(pl_object_at(object)!) }
    }
}

/// The waiter records of this process: taken from the pool once, used again for every wait.
enum Records {
    private(set) static var own: [UInt32] = []

    static func ensure(_ count: Int) -> Bool {
        while own.count < count {
            guard let r = try? Pool.takeRecord() else { return false }
            own.append(r)
        }
        return true
    }

    /// After a fork: the parent's records are the parent's.
    static func forget() { replaceInherited(&own, for: []) }

    static func giveBack() {
        for r in own { Pool.giveRecord(r) }
        own = []
        pl_me().pointee.records = 0
        fault(.recordsGiveBackRecords)
    }
}

/// xorshift64*: the fair choice among ready cases.
enum Random {
    static func next() -> UInt64 {
        let own = pl_own()!
        var x = own.pointee.random
        x ^= x >> 12
        x ^= x << 25
        x ^= x >> 27
        own.pointee.random = x
        return (x &* 0x2545_f491_4f6c_dd1d) >> 33
    }

    /// After a fork, so that brothers choose differently.
    static func seed() {
        let own = pl_own()!
        own.pointee.random = (UInt64(bitPattern: pl_now()) ^ own.pointee.selfref &* 0x9e37_79b9_7f4a_7c15) | 1
    }
}
