// The runtime's own random numbers; those of scripts are the language's.

import CSystem

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
