// The manager's process, as the supervisor sees it: started when the first operation on a managed object asks for it, and
// again when it died.
//
// Invariant: a service is nobody's child in the table: it is joined by nobody, and its slot is free when it was swept.

import CSystem
import Glibc

enum ManagerProcess {
    /// What executes operations on managed objects; made in the manager process.
    static var service: (() -> ManagedService)?
    /// Pids by slot.
    private static var pids: [UInt32: Int32] = [:]
    /// When to try again, where no process was to be had.
    private(set) static var retry: Int64 = .max

    /// Forks the manager if somebody needs one and there is none.
    static func start() {
        retry = .max
        guard Manager.isNeeded, pids.isEmpty, let make = service else { return }
        do {
            let ref = try Spawn.create(name: "manager", ends: [], line: 0) { ManagerServer(make()).serve() }
            pl_slot_at(ref.index).pointee.service = 1
            fault(.managerProcessStartService)
            pids[ref.index] = pl_slot_at(ref.index).pointee.pid
            Children.forget()
            Watch.newborn()
        } catch {
            // Those who wait look again, and so does this.
            retry = pl_now() + 100_000_000
        }
    }

    /// It died and was swept.
    static func bury(_ index: UInt32) {
        if let pid = pids.removeValue(forKey: index) {
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        ProcessTable.free(index)
        start()
    }

    /// At the end of the program.
    static func end() {
        for (_, pid) in pids {
            Glibc.kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        pids = [:]
    }
}
