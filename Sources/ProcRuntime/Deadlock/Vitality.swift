// Whether a process lives and sleeps, as the system sees it.
//
// Invariants
// - Asked after the snapshot and before its confirmation: a member that was killed before it was seen waiting is not
//   asleep, since the system notes the signal in it, and wakes it, before `kill` returns to whoever killed it.

import Glibc

enum Vitality {
    /// Neither dying nor running nor about to run, and no signal waits for it. True where /proc does not say.
    static func isAsleep(_ pid: Int32) -> Bool {
        guard let text = status(of: pid) else { return Glibc.kill(pid, 0) == 0 || errno == EPERM }
        // Stopped is asleep: whoever stopped it may let it go on, which is nobody in the program.
        guard let state = field("State", of: text)?.first, "STt".utf8.contains(state) else { return false }
        guard let own = signals("SigPnd", of: text), let common = signals("ShdPnd", of: text),
            let blocked = signals("SigBlk", of: text)
        else { return true }
        return (own | common) & ~blocked == 0
    }

    /// The file `/proc/PID/status`; nil if there is none.
    private static func status(of pid: Int32) -> ArraySlice<UInt8>? {
        let fd = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(fd, &bytes, bytes.count)
        return count > 0 ? bytes[..<count] : nil
    }

    private static func field(_ name: String, of text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let label = Array("\(name):\t".utf8)
        return text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: label) }?.dropFirst(label.count)
    }

    private static func signals(_ name: String, of text: ArraySlice<UInt8>) -> UInt64? {
        field(name, of: text).flatMap { UInt64(String(decoding: $0, as: UTF8.self), radix: 16) }
    }
}
