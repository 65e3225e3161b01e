// A choice among receives that does not lock what it does not take.
//
// Which channels have something is read without locks, once for many receives: a channel seen ready is remembered until
// its turn has come. Only the one that is chosen, at random among those remembered, is locked, and looked at again.
//
// Invariants
// - What is taken was ready at the instant of its commit, and no channel of the choice was seen poisoned after it was
//   seen ready: a fair choice may take any ready case, so the receive is the choice. `select first` needs one instant
//   for all its channels and goes the general way, like a choice with sends, ends of processes, or rights we never had.
// - Every channel seen ready is offered its turn before those seen before it get a second one.
// - Nothing ready, or anything unusual: the general way decides.

import CSystem

enum ReadyScan {
    private static let most = 64

    // The cases of the last choice, the channels they stand for (0: closed), and those of them seen ready.
    private static var ends: UnsafeMutablePointer<End>?
    private static var objects: UnsafeMutablePointer<UInt32>?
    private static var count = 0
    private static var version: UInt32 = 0
    private static var ready: UInt64 = 0

    /// Done once before the first fork: each child would have to make them again, in pages of its own.
    static func makeBuffers() {
        if ends == nil {
            ends = .allocate(capacity: most)
            objects = .allocate(capacity: most)
        }
    }

    /// Receives from one of the channels that have something. Nil: the general way has to decide.
    static func receive(_ cases: UnsafeBufferPointer<CommCase>, _ mode: CommMode) -> CommOutcome? {
        if mode.first || cases.count > most || !(isKnown(cases) || learn(cases)) { return nil }
        var hasGivenWay = false
        var missed = 0
        while missed < 8 {
            if ready == 0 { _ = look() }
            if ready == 0 {
                if hasGivenWay || mode.immediate || mode.deadline != .max || !GiveWay.isPromisingHere { return nil }
                hasGivenWay = true
                Parker.deliver()
                if !GiveWay.turn(look) { return nil }
            }
            if isPoisoned { return nil }
            let i = next()
            if Communicate.take(objects.unsafelyUnwrapped[i]) { return .done(i) }
            missed += 1  // somebody else was faster, or the offer is stale
        }
        return nil
    }

    /// Whether these are the cases of the last choice, and the ends are ours still.
    private static func isKnown(_ cases: UnsafeBufferPointer<CommCase>) -> Bool {
        guard cases.count == count, pl_own().pointee.ends_version == version else { return false }
        let ends = ends.unsafelyUnwrapped
        for i in 0..<count where cases[i].action != .receive || cases[i].end != ends[i] { return false }
        return true
    }

    private static func learn(_ cases: UnsafeBufferPointer<CommCase>) -> Bool {
        makeBuffers()
        count = 0
        ready = 0
        for i in cases.indices {
            guard cases[i].action == .receive else { return false }
            let object = EndTable.resolve(cases[i].end, .read)
            if object == EndTable.never { return false }
            ends.unsafelyUnwrapped[i] = cases[i].end
            objects.unsafelyUnwrapped[i] = object
        }
        count = cases.count
        version = pl_own().pointee.ends_version
        return true
    }

    /// Looks which channels have something; true if any has.
    private static func look() -> Bool {
        let objects = objects.unsafelyUnwrapped
        for i in 0..<count where objects[i] != EndTable.closed && Communicate.hasMessage(pl_object_at(objects[i])) {
            ready |= 1 << UInt64(i)
        }
        return ready != 0
    }

    private static var isPoisoned: Bool {
        let objects = objects.unsafelyUnwrapped
        for i in 0..<count
        where objects[i] != EndTable.closed && pl_acquire8(&pl_object_at(objects[i]).pointee.flags) & ObjectFlag.poisoned != 0 {
            ready = 0
            return true
        }
        return false
    }

    /// Takes one of those seen ready out of the set, at random.
    private static func next() -> Int {
        var left = ready
        let set = UInt64(left.nonzeroBitCount)
        if set > 1 {
            for _ in 0..<(Random.next() &* set) >> 31 { left &= left &- 1 }
        }
        let i = left.trailingZeroBitCount
        ready &= ~(1 << UInt64(i))
        return i
    }
}
