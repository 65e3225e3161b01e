// The shared arena: one memfd, mapped before the first fork, so that it has the same address in every
// process. Owns the reservation, its regions and their growth.
//
// Invariants
// - A page is touched only after `fallocate` gave it to us: a sparse touch on a full file system is SIGBUS,
//   a failed `fallocate` is the error `memory`.
// - `regions[i].committed` only grows, under `growth_lock`; it is published after the memory is there.
// - What counts against the limit is `total_committed` less the memory of holes.
// - Nothing is ever unmapped or truncated. Pools stay type-stable; only free chunks lose their memory (Holes.swift).
// - Lock order: objects (ascending index) -> ends -> blocks -> growth.

import CSystem
import Glibc

enum Arena {
    static let magic: UInt64 = 0x5052_4f43_4152_454e

    /// Maps the arena and lays out its regions. `limit` bytes is the most that may be committed; 0 means half
    /// of the memory of the machine or of its control group. Called once, in the root process.
    static func create(limit: UInt64 = 0) throws {
        let fd = pl_memfd("proclang")
        guard fd >= 0 else { throw RuntimeError(kind: "memory", message: "memfd_create failed (errno \(errno))") }
        var size: UInt64 = 64 << 30
        var base: UnsafeMutableRawPointer?
        while size >= 16 << 20 {
            base = pl_mmap_shared(fd, Int(size))
            if !pl_mmap_failed(base) { break }
            base = nil
            size /= 2
        }
        guard let base else { throw RuntimeError(kind: "memory", message: "no address space for shared memory") }
        // Leave room for the private heap where the address space is limited.
        if size < 64 << 30, size > 32 << 20 {
            munmap(base.advanced(by: Int(size / 2)), Int(size / 2))
            size /= 2
        }
        guard ftruncate(fd, Int(size)) == 0 else {
            let reason = errno == EFBIG ? "the size of files is limited (ulimit -f)" : String(cString: strerror(errno))
            throw RuntimeError(kind: "memory", message: "no shared memory: \(reason)")
        }
        let headerBytes = roundUp(UInt64(MemoryLayout<pl_header>.stride), 65536)
        try commit(fd, 0, headerBytes)
        pl_arena.memfd = fd
        pl_arena.base = base.assumingMemoryBound(to: UInt8.self)
        pl_arena.header = base.assumingMemoryBound(to: pl_header.self)
        let h = pl_head()!
        h.pointee.reservation = size
        machineMemory = memoryOfMachine()
        h.pointee.limit = limit != 0 ? limit : max(machineMemory / 2, 16 << 20)
        h.pointee.total_committed = headerBytes
        var offset = headerBytes
        func region(_ index: Int, _ bytes: UInt64) {
            let length = roundUp(bytes, 65536)
            pl_region_at(UInt32(index)).pointee = pl_region(offset: offset, limit: length, committed: 0)
            offset += length
        }
        region(PL_REGION_SLOTS, min(size / 64, 64 << 20))
        region(PL_REGION_OBJECTS, min(size / 32, 1 << 30))
        region(PL_REGION_ENDS, min(size / 32, 1 << 30))
        region(PL_REGION_RECORDS, min(size / 32, 1 << 30))
        region(PL_REGION_CHUNKS, size / UInt64(PL_CHUNK_BYTES) * UInt64(MemoryLayout<pl_chunk>.stride))
        region(PL_REGION_BLOCKS, size - offset)
        pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee.limit = size - pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee.offset
        setBases()
        pl_mutex_init(&h.pointee.growth_lock)
        pl_mutex_init(&h.pointee.chunk_lock)
        pl_mutex_init(&h.pointee.slot_lock)
        pl_mutex_init(&h.pointee.root_life)
        _ = pl_mutex_lock(&h.pointee.root_life)
        pl_mutex_init(&h.pointee.objects.lock)
        pl_mutex_init(&h.pointee.ends.lock)
        pl_mutex_init(&h.pointee.records.lock)
        for i in 0..<UInt32(PL_CLASSES) { pl_mutex_init(&pl_class_at(i).pointee.lock) }
        // Index 0 of each pool means "none".
        h.pointee.objects.used = 1
        h.pointee.ends.used = 1
        h.pointee.records.used = 1
        h.pointee.slot_used = 1
        h.pointee.chunk_used = 1
        // The other regions get memory with their first item: most small scripts need none of them.
        try grow(PL_REGION_SLOTS, toHold: 16384)
        h.pointee.layout = pl_layout()
        h.pointee.magic = magic
    }

    /// Finds the regions in the mapped arena.
    static func setBases() {
        let base = UnsafeMutableRawPointer(pl_arena.base!)
        func at<T>(_ index: Int, _ type: T.Type) -> UnsafeMutablePointer<T> {
            base.advanced(by: Int(pl_region_at(UInt32(index)).pointee.offset)).assumingMemoryBound(to: type)
        }
        pl_arena.slots = at(PL_REGION_SLOTS, pl_slot.self)
        pl_arena.objects = at(PL_REGION_OBJECTS, pl_object.self)
        pl_arena.ends = at(PL_REGION_ENDS, pl_end.self)
        pl_arena.records = at(PL_REGION_RECORDS, pl_record.self)
        pl_arena.chunks = at(PL_REGION_CHUNKS, pl_chunk.self)
        pl_arena.blocks = at(PL_REGION_BLOCKS, UInt8.self)
        ArenaBounds.take()
    }

    static func roundUp(_ value: UInt64, _ unit: UInt64) -> UInt64 { (value + unit - 1) / unit * unit }

    /// Makes sure that the first `bytes` of a region may be touched. Takes the growth lock.
    /// Throws `memory` when the limit, the machine or the reservation has no more. For the regions of blocks and chunks
    /// the caller has the chunk lock.
    static func grow(_ region: Int, toHold bytes: UInt64) throws {
        if pl_acquire64(&pl_region_at(UInt32(region)).pointee.committed) >= bytes { return }
        do { try extend(region, bytes) } catch {
            // Free chunks are kept for the next one who needs some: that is now, for something else.
            var freed = false
            if region == PL_REGION_BLOCKS || region == PL_REGION_CHUNKS {
                freed = Holes.punchAll()
            } else {
                Blocks.withChunkLock { freed = Holes.punchAll() }
            }
            if !freed { throw error }
            try extend(region, bytes)
        }
    }

    private static func extend(_ region: Int, _ bytes: UInt64) throws {
        let r = pl_region_at(UInt32(region))!
        let h = pl_head()!
        RobustLock.lock(&h.pointee.growth_lock, repair: recount)
        defer { RobustLock.unlock(&h.pointee.growth_lock) }
        let have = r.pointee.committed
        if have >= bytes { return }
        guard bytes <= r.pointee.limit else {
            throw RuntimeError(kind: "memory", message: "the shared memory's address space is used up")
        }
        // Steps double from 64 KiB to 4 MiB: a small script pays for little, a big one grows rarely.
        let step = min(max(have, 65536), 4 << 20)
        var want = min(max(roundUp(bytes, 65536), have + step), r.pointee.limit)
        if inUse + (want - have) > h.pointee.limit { want = roundUp(bytes, 65536) }
        let more = want - have
        try checkRoom(more)
        try commit(pl_arena.memfd, r.pointee.offset + have, more)
        h.pointee.total_committed += more
        fault(.arenaGrowTotalCommitted)
        pl_release64(&r.pointee.committed, want)
        fault(.arenaGrowCommitted)
    }

    /// Bytes that count against the limit.
    static var inUse: UInt64 { pl_head().pointee.total_committed - UInt64(pl_head().pointee.holes) * Blocks.chunkBytes }

    private static func checkRoom(_ more: UInt64) throws {
        let limit = pl_head().pointee.limit
        guard inUse + more <= limit else {
            throw RuntimeError(kind: "memory", message: "shared memory would exceed its limit of \(limit >> 20) MiB")
        }
        if more >= 4 << 20, let available = memoryAvailable(), available < more + (64 << 20) {
            throw RuntimeError(kind: "memory", message: "the machine has too little memory left")
        }
    }

    // MARK: Holes (the chunk lock is held)

    /// Gives `length` bytes of the region of blocks memory again, in which so many chunks are holes. Throws `memory`.
    static func refill(holes: UInt32, at offset: UInt64, _ length: UInt64) throws {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.growth_lock, repair: recount)
        defer { RobustLock.unlock(&h.pointee.growth_lock) }
        try checkRoom(UInt64(holes) * Blocks.chunkBytes)
        try commit(pl_arena.memfd, offset, length)
        h.pointee.holes -= holes
        fault(.arenaRefillHoles)
    }

    /// Takes the memory of free chunks away. (A system that cannot do that keeps it; nothing relies on it.)
    static func punch(_ offset: UInt64, _ length: UInt64) {
        _ = pl_punch(pl_arena.memfd, Int64(offset), Int64(length))
    }

    static func setHoles(_ count: UInt32) {
        let h = pl_head()!
        RobustLock.lock(&h.pointee.growth_lock, repair: recount)
        h.pointee.holes = count
        fault(.arenaSetHoles)
        RobustLock.unlock(&h.pointee.growth_lock)
    }

    // MARK: After a death

    /// After a death in `grow`: memory that was given but not published is not counted.
    private static func recount() {
        let h = pl_head()!
        var sum = pl_region_at(UInt32(PL_REGION_SLOTS)).pointee.offset
        for i in 0..<UInt32(PL_REGIONS) { sum += pl_region_at(i).pointee.committed }
        h.pointee.total_committed = sum
        fault(.arenaRecountTotalCommitted)
    }

    /// Takes the growth lock once: if its last holder died inside, what was counted is counted again.
    static func settleGrowth() {
        RobustLock.lock(&pl_head().pointee.growth_lock, repair: recount)
        RobustLock.unlock(&pl_head().pointee.growth_lock)
    }

    private static func commit(_ fd: Int32, _ offset: UInt64, _ length: UInt64) throws {
        while pl_fallocate(fd, Int64(offset), Int64(length)) != 0 {
            if errno == EINTR { continue }
            throw RuntimeError(kind: "memory", message: "no more shared memory (errno \(errno))")
        }
    }

    /// Bytes that the machine has, or the control group of this program may use.
    private(set) static var machineMemory: UInt64 = .max

    private static func memoryOfMachine() -> UInt64 {
        let all = UInt64(sysconf(Int32(_SC_PHYS_PAGES))) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        // Version 2 has a line "0::PATH", version 1 one "N:memory:PATH"; in a container the path may be that of outside.
        for line in (SmallFile.read("/proc/self/cgroup") ?? []).split(separator: 10) {
            let parts = line.split(separator: 58, maxSplits: 2, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
            guard parts.count == 3, parts[1] == "memory" || parts[0] == "0" else { continue }
            let (root, file) = parts[1] == "memory" ? ("/sys/fs/cgroup/memory", "memory.limit_in_bytes") : ("/sys/fs/cgroup", "memory.max")
            if let text = SmallFile.read("\(root)\(parts[2])/\(file)") ?? SmallFile.read("\(root)/\(file)"),
                let value = SmallFile.firstNumber(text)
            {
                return min(all, value)
            }
        }
        return all
    }

    private static func memoryAvailable() -> UInt64? {
        guard let text = SmallFile.read("/proc/meminfo") else { return nil }
        return SmallFile.number(after: "MemAvailable:", in: text).map { $0 * 1024 }
    }
}

/// Reads short kernel files (`/proc`, `/sys`) without an allocation beyond one buffer.
enum SmallFile {
    static func read(_ path: String) -> [UInt8]? {
        let fd = pl_open(path, O_RDONLY, 0)
        guard fd >= 0 else { return nil }
        defer { Glibc.close(fd) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        var count = 0
        while true {
            let n = bytes.withUnsafeMutableBytes { Glibc.read(fd, $0.baseAddress! + count, $0.count - count) }
            if n < 0 && errno == EINTR { continue }
            if n <= 0 { break }
            count += n
            if count == bytes.count { break }
        }
        return Array(bytes[..<count])
    }

    static func firstNumber(_ text: [UInt8]) -> UInt64? {
        var value: UInt64 = 0
        var any = false
        for byte in text {
            guard byte >= 48, byte <= 57 else { break }
            let (a, o1) = value.multipliedReportingOverflow(by: 10)
            let (b, o2) = a.addingReportingOverflow(UInt64(byte - 48))
            if o1 || o2 { return nil }
            value = b
            any = true
        }
        return any ? value : nil
    }

    static func number(after key: String, in text: [UInt8]) -> UInt64? {
        let key = Array(key.utf8)
        guard text.count > key.count else { return nil }
        for i in 0..<(text.count - key.count) where text[i..<(i + key.count)].elementsEqual(key) {
            return firstNumber(Array(text[(i + key.count)...].drop { $0 == 32 || $0 == 9 }))
        }
        return nil
    }
}
