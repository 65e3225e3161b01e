// The module `time`.
//
// Invariants
// - Times are seconds as floats: `now` since 1970, `monotonic` since an arbitrary moment that never goes back.
// - Calendar functions work in the local time zone of the machine, and raise `value` outside of the years they know.

import Glibc

enum TimeModule {
    static func install(_ table: LibraryTable) {
        table.module("time", "now", "", "Seconds since the beginning of 1970 (UTC).") { (vm, _, _) throws(Raise) in
            Value(vm.host.wallClock())
        }
        table.module("time", "monotonic", "", "Seconds on a clock that is never set, for measuring.") { (vm, _, _) throws(Raise) in
            Value(Double(vm.host.monotonicNow()) / 1e9)
        }
        table.module(
            "time", "format", "seconds?, pattern?",
            "A time (now, if nil) as local date and clock, `2026-01-31 08:15:00`, or after a pattern of strftime."
        ) { (vm, a, _) throws(Raise) in
            let seconds = a[0].isAbsent || a[0].isNil ? vm.host.wallClock() : try vm.floatArgument(a[0], "the time")
            let pattern = a[1].isAbsent ? "%Y-%m-%d %H:%M:%S" : try vm.textArgument(a[1], "the pattern")
            guard seconds.magnitude < 1e11 else { throw vm.valueError("the time is out of range") }
            var instant = time_t(seconds.rounded(.down))
            var parts = tm()
            guard localtime_r(&instant, &parts) != nil else { throw vm.valueError("the time is out of range") }
            if pattern.isEmpty { return vm.heap.emptyString }
            // strftime says neither how much it needs nor whether an empty result is one: a final mark tells.
            var room = [CChar](repeating: 0, count: 256)
            while true {
                let count = strftime(&room, room.count, pattern + "|", &parts)
                if count > 0 {
                    return vm.heap.makeString(vm.validUTF8(room.prefix(count - 1).map { UInt8(bitPattern: $0) }))
                }
                guard room.count < 1 << 20 else { throw vm.valueError("the pattern is too long") }
                room = [CChar](repeating: 0, count: room.count * 4)
            }
        }
    }
}
