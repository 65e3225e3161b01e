// What a program is doing, as one value: its processes, what each waits for, its channels and who holds their ends.
// For those who look at a program from inside (the REPL's `:ps`) or outside (a mapping of its arena).
//
// Invariants
// - Reads only: no lock is taken, nothing in the arena is written, no process is slowed or stopped. O(processes +
//   objects + ends).
// - Everything moves meanwhile, so a snapshot is no instant: of each process, its state, its wait and its name
//   belong together (the generation of the wait was the same before and after), two processes may be seen at
//   slightly different moments. Every index that is followed was checked against its pool.

import CSystem

/// One look at a program. Takes no lock; costs O(processes + objects + ends).
public struct ProgramSnapshot {
    /// One process, from its creation until its parent has taken notice of its end.
    public struct Process {
        public var ref: ProcessRef
        public var pid: Int32
        /// nil for the main process and for services.
        public var parent: ProcessRef?
        public var name: String
        public var state: ProcessState
        /// What it waits for now; nil while it runs.
        public var wait: Wait?
        /// The source line that created it; 0 for the main process.
        public var startLine: Int32
        /// When it was created: monotonic ns.
        public var born: Int64
        /// Messages that it sent and received so far.
        public var sent: UInt64
        public var received: UInt64
        /// It was asked to end.
        public var isCancelled: Bool
        /// The manager of the shared objects, not a process of the script.
        public var isService: Bool
    }

    /// How far a process has come.
    public enum ProcessState {
        /// Created, but not yet at work.
        case starting
        case running
        case waiting
        /// Its body is over: it gives everything back and waits for the processes that it started.
        case ending
        /// Over; its parent has not looked yet.
        case ended
    }

    /// A process's present wait.
    public struct Wait {
        /// More than one in a choice.
        public var targets: [WaitTarget]
        /// Ends by itself after some time.
        public var isTimed: Bool
        /// The source line that waits; 0 where it is not known.
        public var line: Int32
        /// When it began: monotonic ns, some milliseconds exact.
        public var began: Int64
    }

    /// What a process waits for.
    public enum WaitTarget {
        case receive(ObjectRef)
        case send(ObjectRef)
        /// The end of one of these processes.
        case end([ProcessRef])
        /// The lock of a shared variable, and who has it.
        case lock(ObjectRef, owner: ProcessRef?)
        case barrier(ObjectRef)
        case semaphore(ObjectRef)
        case event(ObjectRef)
        case time
        case standardInput
        /// Its turn to write to standard output.
        case standardOutput
        /// An external program, or a descriptor.
        case external
        /// The manager's answer about an object.
        case manager(ObjectRef)
    }

    /// A channel, queue, direction of a pipe, shared variable, barrier, ...
    public struct Object {
        public var ref: ObjectRef
        public var kind: ObjectKind
        /// As declared; may be empty.
        public var name: String
        /// Unread messages, and how many may be; `Int.max`: any number. Elements of an array.
        public var queued: Int
        public var capacity: Int
        public var isPoisoned: Bool
        /// The other direction of a pipe.
        public var peer: ObjectRef?
        public var readers: [Holder]
        public var writers: [Holder]
        /// Those who may use an object that is no stream.
        public var holders: [Holder]
    }

    /// Who has an end.
    public enum Holder: Hashable {
        case process(ProcessRef)
        /// In an unread message of this channel; nil: in a message on its way.
        case message(in: ObjectRef?)
    }

    /// When it was taken: monotonic ns.
    public private(set) var time: Int64
    /// In the order of the process table; the supervisor is not listed.
    public private(set) var processes: [Process] = []
    public private(set) var objects: [Object] = []
    private var names: [UInt64: Int] = [:]
    private var objectPlaces: [UInt64: Int] = [:]

    /// Looks at the program whose arena this process has.
    public init() {
        time = pl_now()
        let ends = Snapshot()
        for index in 2..<max(2, ArenaBounds.slotsInUse) {
            guard let process = Self.process(index) else { continue }
            names[process.ref.raw] = processes.count
            processes.append(process)
        }
        for index in 1..<max(1, ArenaBounds.objectsInUse) {
            guard let object = Self.object(index, ends) else { continue }
            objectPlaces[object.ref.raw] = objects.count
            objects.append(object)
        }
    }

    /// The process, if the snapshot has it.
    public func process(_ ref: ProcessRef) -> Process? { names[ref.raw].map { processes[$0] } }
    /// The object, if the snapshot has it.
    public func object(_ ref: ObjectRef) -> Object? { objectPlaces[ref.raw].map { objects[$0] } }

    // MARK: Reading

    private static func process(_ index: UInt32) -> Process? {
        let s = pl_slot_at(index)!
        let generation = s.pointee.generation
        let state = ProcessTable.state(s)
        let isService = s.pointee.service != 0
        var shown: ProcessState
        switch state {
        case State.free: return nil
        case State.reserved: shown = .starting
        case State.running: shown = .running
        case State.ended: shown = .ended
        default: shown = .ending
        }
        var wait: Wait?
        if state == State.running || state == State.exiting, let found = Blocked(waitOf: index) {
            let line = s.pointee.wait_line
            let ticks = pl_ticks() &- s.pointee.wait_began
            let began = pl_now() - Int64(clamping: ticks / max(1, pl_head().pointee.ticks_per_us)) &* 1000
            let targets = WaitTargets.of(found)
            if pl_load32(&s.pointee.wait_gen) == found.generation {
                wait = Wait(targets: targets, isTimed: found.flags & WaitFlag.timed != 0, line: line, began: began)
                if shown == .running { shown = .waiting }
            }
        }
        let parent = s.pointee.parent
        let process = Process(
            ref: ProcessRef(index: index, generation: generation), pid: s.pointee.pid,
            parent: parent <= Supervisor.slot ? nil : ProcessRef(index: parent, generation: s.pointee.parent_generation),
            name: text(pl_slot_name(s), Int(PL_NAME_BYTES)), state: shown, wait: wait, startLine: s.pointee.start_line,
            born: Int64(bitPattern: s.pointee.birth), sent: s.pointee.sent, received: s.pointee.received,
            isCancelled: pl_load32(&s.pointee.cancel) & (CancelWord.requested | CancelWord.held) != 0, isService: isService)
        pl_fence()
        // The slot went to another process meanwhile: that one is seen next time.
        guard s.pointee.generation == generation, pl_load32(&s.pointee.state) != State.free else { return nil }
        return process
    }

    private static func object(_ index: UInt32, _ ends: Snapshot) -> Object? {
        let o = pl_object_at(index)!
        guard let kind = Objects.kind(o) else { return nil }
        let ref = ObjectRef(index: index, generation: o.pointee.generation)
        var object = Object(
            ref: ref, kind: kind, name: text(pl_object_name(o), 24),
            queued: kind.isStream ? Int(clamping: pl_load64(&o.pointee.tail) &- pl_load64(&o.pointee.head)) : 0,
            capacity: Int(clamping: o.pointee.capacity), isPoisoned: o.pointee.flags & ObjectFlag.poisoned != 0,
            peer: o.pointee.peer == 0 ? nil : WaitTargets.object(o.pointee.peer), readers: [], writers: [], holders: [])
        // Read while a message was being taken.
        if object.queued > object.capacity || object.queued < 0 { object.queued = 0 }
        var e = Int(index) < ends.firstOfObject.count ? ends.firstOfObject[Int(index)] : 0
        while e != 0 {
            if let (holder, right) = holder(e, of: index, ends) {
                switch right {
                case .read: object.readers.append(holder)
                case .write: object.writers.append(holder)
                default: object.holders.append(holder)
                }
            }
            e = ends.nextOfObject[Int(e)]
        }
        pl_fence()
        guard o.pointee.generation == ref.generation, o.pointee.kind != 0 else { return nil }
        return object
    }

    private static func holder(_ e: UInt32, of object: UInt32, _ ends: Snapshot) -> (Holder, Rights)? {
        let end = pl_end_at(e)!
        let owner = pl_load64(&end.pointee.owner)
        guard owner != 0, end.pointee.object == object else { return nil }
        let right = Rights(rawValue: end.pointee.right)
        if owner & Ends.blockOwner != 0 {
            return (.message(in: ends.containerOf[e]?.first.flatMap(WaitTargets.object)), right)
        }
        return (.process(ProcessRef(raw: owner)), right)
    }

    private static func text(_ start: UnsafePointer<CChar>, _ limit: Int) -> String {
        let bytes = UnsafeBufferPointer(start: start, count: limit).prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What all processes of a program did since its beginning. Two readings tell what happened between them.
public struct ProgramTotals {
    /// Processes created, without the supervisor.
    public var processes: UInt64 = 0
    /// Messages sent and received.
    public var sent: UInt64 = 0
    public var received: UInt64 = 0

    /// Sums them up; reads only.
    public init() {
        let h = pl_head()!
        processes = h.pointee.processes_started &- 1
        sent = h.pointee.former_sent
        received = h.pointee.former_received
        for index in 1..<max(1, ArenaBounds.slotsInUse) {
            sent &+= pl_slot_at(index).pointee.sent
            received &+= pl_slot_at(index).pointee.received
        }
    }
}
