// Whether a process lives and sleeps, as the system sees it.
//
// Invariants
// - Asked after the snapshot and before its confirmation: a member that was killed before it was seen waiting is not
//   asleep, since the system notes the signal in it, and wakes it, before `kill` returns to whoever killed it.

import CSystem

enum Vitality {
    /// The process of a slot is neither dying nor running nor about to run, and no signal waits for it. Where /proc does not
    /// say: it has not died.
    static func isAsleep(_ slot: UInt32) -> Bool {
        guard let text = SmallFile.read("/proc/\(pl_slot_at(slot).pointee.pid)/status"), !text.isEmpty else {
            return !Watch.hasDied(slot)
        }
        // Stopped is asleep: whoever stopped it may let it go on, which is nobody in the program.
        guard let state = field("State", of: text[...])?.first, "STt".utf8.contains(state) else { return false }
        guard let own = signals("SigPnd", of: text[...]), let common = signals("ShdPnd", of: text[...]),
            let blocked = signals("SigBlk", of: text[...])
        else { return true }
        return (own | common) & ~blocked == 0
    }

    private static func field(_ name: String, of text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let label = Array("\(name):\t".utf8)
        return text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: label) }?.dropFirst(label.count)
    }

    private static func signals(_ name: String, of text: ArraySlice<UInt8>) -> UInt64? {
        field(name, of: text).flatMap { UInt64(String(decoding: $0, as: UTF8.self), radix: 16) }
    }
}
