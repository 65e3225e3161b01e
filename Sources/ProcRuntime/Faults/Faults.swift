// Fault injection: `fault(.point)` stands behind every store to shared memory, and in a build with the flag FAULTS
// a process can be told to die, or to dawdle, at the n-th time it comes by. Scripts/kill-test makes such a build and
// goes through all points. Without the flag nothing of it is left: `fault` is empty and `misordered` is false.
//
// The plan and the counts are a file that PROCRUNTIME_FAULTS names, mapped by the root before the first fork: not in
// the arena, so that what is tested and what tests it cannot damage each other. PROCRUNTIME_MISORDER names one
// deliberately wrong order of two stores, to show that the tests find such a thing.
//
// Invariants
// - Points are named after the function they are in and what was stored last; each name stands at one place.
// - A process has one role: its name without digits. Hits are counted for each role and point.

import CSystem
import Glibc

/// A moment at which this process may be killed: between the store before and the store after.
@inline(__always)
func fault(_ point: FaultPoint) {
    #if FAULTS
        Faults.hit(point)
    #endif
}

/// A place where there may be no more memory: throws `memory` where a test says so.
@inline(__always)
func refusable(_ point: FaultPoint) throws {
    #if FAULTS
        if Faults.hit(point) { throw RuntimeError(kind: "memory", message: "none left, says the test") }
    #endif
}

/// Orders of two stores that are wrong on purpose.
enum Misorder: String, CaseIterable {
    /// A receive is committed before the message's block belongs to the receiver.
    case commitBeforeOwner
    /// A block is taken before anybody is noted as its owner.
    case takenBeforeNote
    /// A message is committed before it is written.
    case commitBeforeWrite
    /// A new object has its kind before the marks of its place's former object are gone.
    case kindBeforeMark
}

#if FAULTS
    /// For the harness; exists only in builds with fault points.
    public enum FaultNames {
        public static var points: [String] { FaultPoint.allCases.map { "\($0)" } }
        public static var misorders: [String] { Misorder.allCases.map(\.rawValue) }
    }

    enum Faults {
        // 32-bit words: four plans of 16 words from `plans` on (armed, point, n, action (1 die, 2 dawdle, 3 be refused),
        // microseconds, times it fired, pid, count, role: 8 words), 16 role names of 8 words, 16 x 1024 counts.
        private static let words = 16640
        private static let plans = 16
        private static let roles = 128
        private static let hits = 256

        private static var table: UnsafeMutablePointer<UInt32>?
        private static var role = 15
        private static var plansOfMine: [Int] = []
        private static let misorder = getenv("PROCRUNTIME_MISORDER").flatMap { Misorder(rawValue: String(cString: $0)) }

        static func misordered(_ order: Misorder) -> Bool { misorder == order }

        /// Maps the plan. In the root, before the arena exists.
        static func prepare() {
            guard let path = getenv("PROCRUNTIME_FAULTS") else { return }
            let fd = pl_open(path, O_RDWR, 0)
            guard fd >= 0 else { fatal("no fault plan at \(String(cString: path))") }
            let memory = pl_mmap_shared(fd, words * 4)
            if pl_mmap_failed(memory) { fatal("cannot map the fault plan") }
            Glibc.close(fd)
            table = memory!.assumingMemoryBound(to: UInt32.self)
            take(role: "root")
        }

        /// The first act of a process: its role.
        static func become(_ index: UInt32) {
            if table != nil, index != Supervisor.slot { take(role: ProcessTable.name(pl_slot_at(index))) }
        }

        private static func take(role name: String) {
            guard let table else { return }
            let name = name.filter { $0.isLetter }
            func text(_ word: Int) -> String { String(cString: UnsafeRawPointer(table + word).assumingMemoryBound(to: CChar.self)) }
            role = (0..<15).first { text(roles + 8 * $0) == name } ?? 15
            plansOfMine = (0..<4).map { plans + 16 * $0 }.filter { table[$0] != 0 && text($0 + 8) == name }
        }

        /// True: what is about to be done is to fail.
        @inline(never)
        @discardableResult
        static func hit(_ point: FaultPoint) -> Bool {
            guard let table else { return false }
            _ = pl_add32(table + hits + role << 10 + Int(point.rawValue), 1)
            for plan in plansOfMine where table[plan + 1] == UInt32(point.rawValue) {
                if pl_add32(table + plan + 7, 1) + 1 == table[plan + 2] { return act(table, plan) }
            }
            return false
        }

        private static func act(_ table: UnsafeMutablePointer<UInt32>, _ plan: Int) -> Bool {
            table[plan + 6] = UInt32(bitPattern: getpid())
            // After the exit record is complete a process has ended by itself, whatever becomes of it.
            let hasEnded = pl_me() != nil && pl_me().pointee.exit_kind != ExitKind.none
            _ = pl_add32(table + plan + 5, hasEnded ? 257 : 1)
            switch table[plan + 3] {
            case 2: usleep(table[plan + 4])
            case 3: return true
            default:
                kill(getpid(), SIGKILL)
                while true { pause() }
            }
            return false
        }

        /// The root's last look at the arena, when every process has ended: what is wrong goes to standard error.
        static func checkAtEnd(turn: () -> Void) {
            guard table != nil else { return }
            var problems = ArenaCheck.problems(quiet: true)
            for _ in 0..<100 where !problems.isEmpty {
                // The manager may still be giving objects back.
                usleep(3000)
                Kick.supervisor(0)
                turn()
                problems = ArenaCheck.problems(quiet: true)
            }
            for problem in problems.prefix(10) {
                let line = "ARENA: \(problem)\n"
                _ = line.withCString { Glibc.write(2, $0, strlen($0)) }
            }
            if !problems.isEmpty { _exit(99) }
        }
    }
#else
    enum Faults {
        @inline(__always) static func misordered(_ order: Misorder) -> Bool { false }
        @inline(__always) static func prepare() {}
        @inline(__always) static func become(_ index: UInt32) {}
        @inline(__always) static func checkAtEnd(turn: () -> Void) {}
    }
#endif
