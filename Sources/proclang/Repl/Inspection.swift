// `:ps`, `:channels` and `:kill`: the session's own program, seen through its snapshot.

import Glibc
import ProcLang
import ProcRuntime

struct Inspection {
    let session: ReplSession
    private var width: Int { session.isTerminal ? TerminalStyle.size().columns : 120 }

    func showProcesses() {
        let snapshot = ProgramSnapshot()
        var table = ProcessTableView(hasRates: false, hasActivity: width >= 120)
        let living = snapshot.processes.filter { $0.state != .ended }
        for line in table.lines(living, of: snapshot, used: { ProcessorUse.of($0.pid) }, width: width) {
            session.say(line)
        }
    }

    /// The table, and below it what lies unread in each channel.
    func showChannels() {
        let snapshot = ProgramSnapshot()
        let streams = snapshot.objects.filter(\.kind.isStream)
        guard !streams.isEmpty else { return session.say("There are no channels.") }
        var table = ChannelTableView()
        for line in table.lines(streams, of: snapshot, width: width) { session.say(line) }
        for object in streams where object.queued > 0 {
            let messages = session.runtime.unreadMessages(of: object.ref, limit: 5)
            var texts = messages.map { $0.map { session.interpreter.messageText($0, limit: 40) } ?? "(a long message)" }
            if object.queued > texts.count { texts.append("... \(object.queued - texts.count) more") }
            session.say("  unread in \(snapshot.name(of: object.ref)): \(texts.joined(separator: ", "))")
        }
    }

    /// Kills the processes of a name, or the one with a pid.
    func kill(_ which: String) {
        guard !which.isEmpty else {
            ReplCommands.missing("the name or pid of a process", "kill worker", session)
            return
        }
        let snapshot = ProgramSnapshot()
        let candidates = snapshot.processes.filter { !$0.isService && $0.parent != nil && $0.state != .ended }
        let found = candidates.filter { $0.name == which || "\($0.pid)" == which }
        guard !found.isEmpty else {
            let near = Suggestions.nearest(to: which, in: candidates.map(\.name))
            return session.complain(
                "no process is called `\(which)`; " + (near.map { "did you mean `:kill \($0)`?" } ?? "`:ps` lists them"))
        }
        for process in found {
            session.interpreter.expectEnd(of: process.ref)
            session.runtime.kill(process.ref)
            session.say("killed \(process.name) (\(process.pid))")
        }
    }
}
