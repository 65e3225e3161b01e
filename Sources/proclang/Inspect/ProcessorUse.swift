// How much processor time processes have used, from /proc.

import Glibc

enum ProcessorUse {
    /// Nanoseconds on a processor so far; nil when the process is gone, or the kernel does not tell.
    static func of(_ pid: Int32) -> Int64? {
        let descriptor = open("/proc/\(pid)/schedstat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // "RUN WAIT SLICES": the first number, in nanoseconds.
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { bytes in
            let count = read(descriptor, bytes.baseAddress, bytes.count)
            guard count > 0 else { return nil }
            var value: Int64 = 0
            for byte in bytes[..<count] {
                guard byte >= 48, byte <= 57 else { break }
                value = value &* 10 &+ Int64(byte - 48)
            }
            return value
        }
    }
}
