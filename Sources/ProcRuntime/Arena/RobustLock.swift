// Robust mutexes in the arena: a lock whose holder died is handed to the next locker, who repairs what it
// protects before going on.
//
// Invariants
// - They live only in type-stable memory: the kernel may write to a lock word just after an unlock.
// - They are held for a bounded number of steps, never over a wait, a `write` or script code.
// - A repair can be interrupted by death at any store and started again by the next locker.

import CSystem
import Glibc

enum RobustLock {
    /// Locks; runs `repair` first when the previous holder died inside.
    @inline(__always)
    static func lock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, repair: () -> Void = {}) {
        let result = pl_mutex_lock(mutex)
        if _slowPath(result != 0) { recover(mutex, result, repair) }
        fault(.robustLockTaken)
    }

    @inline(__always)
    static func unlock(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
        _ = pl_mutex_unlock(mutex)
        fault(.robustLockReleased)
    }

    @inline(never)
    private static func recover(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, _ result: Int32, _ repair: () -> Void) {
        guard result == EOWNERDEAD else {
            fatal("a lock of the runtime is unusable (errno \(result))")
        }
        repair()
        fault(.robustLockRepaired)
        _ = pl_mutex_consistent(mutex)
    }
}

/// An impossible state of the runtime itself: says so on standard error and aborts the process.
func fatal(_ message: String) -> Never {
    let line = "proclang: internal error: \(message)\n"
    _ = line.withCString { Glibc.write(2, $0, strlen($0)) }
    abort()
}
