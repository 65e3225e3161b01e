// When large memory is asked for in huge pages: one page fault for 2 MiB instead of one for each 4 KiB.
//
// Clearing a huge page takes a tenth of what 512 faults take, if the memory is really there. In a virtual machine whose
// host takes free memory back (free page reporting) it often is not: then a huge page, which must lie in one piece, takes
// ten times as long as small ones, which the kernel finds among those used a moment ago. Which of both it is shows at
// the first touch.
//
// Invariants
// - Advice changes no content: what is touched here was just given by the system and never read.
// - After a slow page the next pieces are left to small pages, twice as many after each slow one in a row.

import Glibc

enum HugePages {
    static let size = 2 << 20
    /// A huge page is cleared in 50 to 300 us when the machine has it.
    private static let slow = 600_000
    private static let firstRest = 32
    /// Pieces of memory still to be left alone.
    private static var rest = 0
    private static var nextRest = firstRest

    /// Lets `memory` have huge pages. `fresh`: where the part begins that has never been touched.
    @inline(never)
    static func advise(_ memory: UnsafeMutableRawPointer, _ bytes: Int, fresh: UnsafeMutableRawPointer) {
        if rest > 0 {
            rest -= 1
            return
        }
        // The whole mapping, with malloc's header in its first page: `realloc` moves the pages of one mapping, but
        // copies the bytes of several.
        let page = 4096
        let start = Int(bitPattern: memory) & ~(page - 1)
        let end = (Int(bitPattern: memory) + bytes + page - 1) & ~(page - 1)
        guard let first = UnsafeMutableRawPointer(bitPattern: start), madvise(first, end - start, MADV_HUGEPAGE) == 0 else {
            return
        }
        let huge = (Int(bitPattern: fresh) + size - 1) & ~(size - 1)
        guard huge + size <= Int(bitPattern: memory) + bytes, let sample = UnsafeMutableRawPointer(bitPattern: huge) else {
            return
        }
        let begun = processorTime()
        sample.storeBytes(of: 0, as: UInt8.self)
        if processorTime() - begun < slow {
            nextRest = firstRest
        } else {
            madvise(first, end - start, MADV_NOHUGEPAGE)
            rest = nextRest
            nextRest = min(nextRest * 2, 1 << 20)
        }
    }

    /// Nanoseconds of this process's work: a wait for a CPU is not the page's fault.
    private static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
