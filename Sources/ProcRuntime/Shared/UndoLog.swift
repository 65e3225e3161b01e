// What a `lock` has changed, so that the death of its owner undoes it: the old value of a cell, the old
// contents of the pages (4 KiB of elements) of an array that were written to.
//
// Invariants
// - Written by the owner of the user lock before it changes an element; read by the sweep after its death.
// - A page is in the log if and only if it is in the chain words[undoPages]; the directory, which finds the
//   page of an index, is derived, and there is one only for arrays of more than one page.
// - `commit` is one store (the valid word of a cell, the committed word of an array): before it everything is
//   undone, after it nothing. Both ways may be interrupted and started again.
// - The log is empty while nobody holds the lock.

import CSystem
import Glibc

enum UndoLog {
    static let pageBytes = 4096
    /// Before the bytes of a logged page: the next logged page's block, and the number of the page.
    private static let pageHeader = 16

    /// Notes what element `index` is, before the owner of the lock changes it. Throws `memory`.
    static func note(_ o: Shared.Object, _ object: UInt32, _ kind: ElementKind, _ index: Int) throws {
        if o.pointee.ring == 0 {
            guard Shared.word(o, ObjectWord.undoValid).pointee == 0 else { return }
            Shared.word(o, ObjectWord.undoValue).pointee = Shared.word(o, ObjectWord.value).pointee
            fault(.undoLogNoteUndoValue)
            pl_order()
            Shared.word(o, ObjectWord.undoValid).pointee = 1
            fault(.undoLogNoteUndoValid)
            pl_order()
        } else {
            try notePage(
                o, object, index * Element.size(kind) / pageBytes, Int(o.pointee.capacity) * Element.size(kind))
        }
    }

    private static func notePage(_ o: Shared.Object, _ object: UInt32, _ page: Int, _ bytes: Int) throws {
        let pages = (bytes + pageBytes - 1) / pageBytes
        if pages == 1 {
            if Shared.word(o, ObjectWord.undoPages).pointee != 0 { return }
        } else {
            if Shared.word(o, ObjectWord.undoDirectory).pointee == 0 {
                let block = try Blocks.allocate(pages * 8)
                memset(pl_block_bytes(block), 0, pages * 8)
                fault(.undoLogNotePageZero)
                pl_order()
                Shared.word(o, ObjectWord.undoDirectory).pointee = block
                fault(.undoLogNotePageUndoDirectory)
                Shared.give(block, to: object)
            }
            if directory(o)[page] != 0 { return }
        }
        let length = min(pageBytes, bytes - page * pageBytes)
        let block = try Blocks.allocate(pageHeader + length)
        let p = pl_block_bytes(block)!
        words(p)[0] = Shared.word(o, ObjectWord.undoPages).pointee
        fault(.undoLogNotePageUndoPages)
        words(p)[1] = UInt64(page)
        fault(.undoLogNotePageWords)
        memcpy(p + pageHeader, Element.base(o) + page * pageBytes, length)
        fault(.undoLogNotePageCopy)
        pl_order()
        Shared.word(o, ObjectWord.undoPages).pointee = block
        fault(.undoLogNotePageUndoPages2)
        Shared.give(block, to: object)
        if pages > 1 { directory(o)[page] = block }
        fault(.undoLogNotePageDirectory)
        pl_order()
    }

    /// Keeps the changes. After it the log is empty.
    static func commit(_ o: Shared.Object, _ object: UInt32) {
        if o.pointee.ring == 0 {
            Shared.word(o, ObjectWord.undoValid).pointee = 0
            fault(.undoLogCommitUndoValid)
        } else if Shared.word(o, ObjectWord.undoPages).pointee != 0 || Shared.word(o, ObjectWord.committed).pointee != 0
        {
            // Also the sweep's way, for an owner that died in here after its last page was dropped.
            Shared.word(o, ObjectWord.committed).pointee = 1
            fault(.undoLogCommitCommitted)
            pl_order()
            dropPages(o, object)
            Shared.word(o, ObjectWord.committed).pointee = 0
            fault(.undoLogCommitCommitted2)
        }
        pl_order()
    }

    /// Undoes the changes of a dead owner, unless it had committed them.
    static func rollBack(_ o: Shared.Object, _ object: UInt32) {
        if o.pointee.ring == 0 {
            if Shared.word(o, ObjectWord.undoValid).pointee != 0 {
                Shared.word(o, ObjectWord.value).pointee = Shared.word(o, ObjectWord.undoValue).pointee
                fault(.undoLogRollBackValue)
                pl_order()
                Shared.word(o, ObjectWord.undoValid).pointee = 0
                fault(.undoLogRollBackUndoValid)
            }
            return
        }
        // Linked, but perhaps not yet the object's, when its owner died: what is reachable is the object's.
        let directory = Shared.word(o, ObjectWord.undoDirectory).pointee
        if directory != 0 { pl_block_at(directory).pointee.owner = Objects.tag(object) }
        fault(.undoLogRollBackOwner)
        if Shared.word(o, ObjectWord.committed).pointee == 0 {
            var block = Shared.word(o, ObjectWord.undoPages).pointee
            while block != 0 {
                let p = pl_block_bytes(block)!
                let length = Int(pl_block_at(block).pointee.length) - pageHeader
                memcpy(Element.base(o) + Int(words(p)[1]) * pageBytes, p + pageHeader, length)
                fault(.undoLogRollBackCopy)
                block = words(p)[0]
            }
            pl_order()
        }
        dropPages(o, object)
        Shared.word(o, ObjectWord.committed).pointee = 0
        fault(.undoLogRollBackCommitted)
    }

    /// `commit` for whatever kind the locked object is. A managed object's log belongs to the manager: what was
    /// saved for an acquisition of the lock is void with the next one.
    static func commitAny(_ o: Shared.Object, _ object: UInt32) {
        if o.pointee.kind != ObjectKind.managed.rawValue + 1 { commit(o, object) }
    }

    /// `rollBack` for whatever kind the object is, which the dead process `slot` had locked.
    static func rollBackAny(_ o: Shared.Object, _ object: UInt32, _ slot: UInt32) {
        if o.pointee.kind == ObjectKind.managed.rawValue + 1 {
            ManagerLog.requestRollback(o, object, slot)
        } else {
            rollBack(o, object)
        }
    }

    /// Frees everything that an unused object has of a log.
    static func discard(_ o: Shared.Object, _ object: UInt32) {
        guard o.pointee.ring != 0 else { return }
        dropPages(o, object)
        let block = Shared.word(o, ObjectWord.undoDirectory).pointee
        Shared.freeOwned(block, object)
        Shared.word(o, ObjectWord.undoDirectory).pointee = 0
        fault(.undoLogDiscardUndoDirectory)
    }

    private static func dropPages(_ o: Shared.Object, _ object: UInt32) {
        let hasDirectory = Shared.word(o, ObjectWord.undoDirectory).pointee != 0
        while true {
            let block = Shared.word(o, ObjectWord.undoPages).pointee
            if block == 0 { return }
            let p = pl_block_bytes(block)!
            if hasDirectory { directory(o)[Int(words(p)[1])] = 0 }
            fault(.undoLogDropPagesDirectory)
            // In flight before it leaves the chain, so that it is never without an owner.
            let next = words(p)[0]
            InFlight.add(block)
            pl_order()
            pl_block_at(block).pointee.owner = ProcessTable.selfRef.raw
            fault(.undoLogDropPagesOwner)
            pl_order()
            Shared.word(o, ObjectWord.undoPages).pointee = next
            fault(.undoLogDropPagesUndoPages)
            pl_order()
            Blocks.free(block)
        }
    }

    @inline(__always)
    private static func words(_ p: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt64> {
        UnsafeMutableRawPointer(p).assumingMemoryBound(to: UInt64.self)
    }

    @inline(__always)
    private static func directory(_ o: Shared.Object) -> UnsafeMutablePointer<UInt64> {
        words(pl_block_bytes(Shared.word(o, ObjectWord.undoDirectory).pointee))
    }
}
