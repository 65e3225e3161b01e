// How far the arena goes, for those who follow what stands in it: the deadlock detector, and observers of other programs,
// whose memory may be damaged, or made to mislead.
//
// Invariants
// - The bounds are a private copy, taken when the regions were found and checked: what happens to the header later
//   changes nothing.
// - An index below one of the numbers in use lies inside its region.

import CSystem
import Glibc

struct ArenaBounds {
    /// How many items of each kind have room.
    private var slots: UInt32 = 0
    private var objects: UInt32 = 0
    private var ends: UInt32 = 0
    private var records: UInt32 = 0
    /// Where blocks may be, in bytes from the base.
    private var blocks: Range<UInt64> = 0..<0

    private static var present = ArenaBounds()

    /// Takes the bounds from the mapped arena.
    static func take() {
        func room<T>(_ region: Int, _ type: T.Type) -> UInt32 {
            UInt32(clamping: pl_region_at(UInt32(region)).pointee.limit / UInt64(MemoryLayout<T>.stride))
        }
        let region = pl_region_at(UInt32(PL_REGION_BLOCKS)).pointee
        present = ArenaBounds(
            slots: room(PL_REGION_SLOTS, pl_slot.self), objects: room(PL_REGION_OBJECTS, pl_object.self),
            ends: room(PL_REGION_ENDS, pl_end.self), records: room(PL_REGION_RECORDS, pl_record.self),
            blocks: region.offset..<region.offset &+ region.limit)
    }

    // MARK: Numbers in use: what was handed out at least once

    static var slotsInUse: UInt32 { min(pl_acquire32(&pl_head().pointee.slot_used), present.slots) }
    static var objectsInUse: UInt32 { min(pl_acquire32(&Pool.objects.pointee.used), present.objects) }
    static var endsInUse: UInt32 { min(pl_acquire32(&Pool.ends.pointee.used), present.ends) }
    static var recordsInUse: UInt32 { min(pl_acquire32(&Pool.records.pointee.used), present.records) }

    /// Whether the head of a block may be at this place.
    static func holdsBlock(_ reference: UInt64) -> Bool {
        let size = UInt64(MemoryLayout<pl_block>.stride)
        return reference % 8 == 0 && reference >= present.blocks.lowerBound && reference < present.blocks.upperBound
            && present.blocks.upperBound - reference >= size
    }

    /// Whether the header of the mapped arena describes a file of so many bytes, of which so many have memory: regions one
    /// behind the other, with what is in use in the part that was committed.
    static func areSound(fileSize: UInt64, inMemory: UInt64) -> Bool {
        let header = pl_head()!
        // Read first: what a living program takes into use meanwhile, it had committed before.
        let used = [
            (PL_REGION_SLOTS, pl_acquire32(&header.pointee.slot_used), MemoryLayout<pl_slot>.stride),
            (PL_REGION_OBJECTS, pl_acquire32(&header.pointee.objects.used), MemoryLayout<pl_object>.stride),
            (PL_REGION_ENDS, pl_acquire32(&header.pointee.ends.used), MemoryLayout<pl_end>.stride),
            (PL_REGION_RECORDS, pl_acquire32(&header.pointee.records.used), MemoryLayout<pl_record>.stride),
        ]
        var end = UInt64(MemoryLayout<pl_header>.stride)
        var committed: UInt64 = 0
        for index in 0..<UInt32(PL_REGIONS) {
            let region = pl_region_at(index).pointee
            let (next, overflow) = region.offset.addingReportingOverflow(region.limit)
            guard !overflow, region.offset >= end, region.offset % 64 == 0, next <= fileSize, region.committed <= region.limit
            else { return false }
            end = next
            // Chunks that are free may have given their memory back.
            if index != UInt32(PL_REGION_BLOCKS) { committed += region.committed }
        }
        // Number 0 is none: where one is in use, nothing may be committed.
        return committed <= inMemory
            && used.allSatisfy { region, count, size in
                count <= 1 || UInt64(count) * UInt64(size) <= pl_region_at(UInt32(region)).pointee.committed
            }
    }
}
