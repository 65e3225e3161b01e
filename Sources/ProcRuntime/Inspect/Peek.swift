// The unread messages of a channel, looked at without receiving them.

import CSystem
import Glibc

extension Runtime {
    /// The encoded values of the oldest unread messages of a channel, at most `limit`, and of each at most `bytes`
    /// bytes (longer ones come cut: nil). Takes the channel's lock for the time of copying. Ends inside a message
    /// stay there: who decodes it must not use them.
    public func unreadMessages(of object: ObjectRef, limit: Int, bytes: Int = 4096) -> [[UInt8]?] {
        guard let index = Objects.index(of: object), let kind = Objects.kind(pl_object_at(index)), kind.isStream else {
            return []
        }
        Objects.lock(index)
        defer { Objects.unlock(index) }
        let o = pl_object_at(index)!
        var found: [[UInt8]?] = []
        var position = o.pointee.head
        while position != o.pointee.tail, found.count < limit {
            let e = pl_entry_at(o, position)!
            let payload = pl_entry_payload(e)!
            if e.pointee.in_block == 0 {
                found.append(Array(UnsafeBufferPointer(start: payload, count: Int(min(e.pointee.length, UInt32(PL_INLINE))))))
            } else {
                let block = pl_get_ref(payload)
                let length = Int(pl_block_at(block).pointee.length)
                found.append(length > bytes ? nil : Array(UnsafeBufferPointer(start: pl_block_bytes(block), count: length)))
            }
            position &+= 1
        }
        return found
    }
}
