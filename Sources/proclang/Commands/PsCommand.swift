// `proclang ps`: what a running program is doing now, once.

import ArgumentParser
import Glibc
import ProcRuntime

struct PsCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "Show the processes and channels of a running program.")

    static let notes = CommandNotes(
        usage: ["proclang ps [OPTIONS] [PID]"],
        discussion: [
            "Shows what each process of a running script does or waits for, in which line and for how long, and who "
                + "holds the ends of each channel. The program does not notice. Only programs of the same user can be "
                + "looked at. Without a PID it is the only one that runs; if there are several, they are listed."
        ],
        examples: [
            ManualItem("proclang ps", "the only running program, or a list of them"),
            ManualItem("proclang ps 4711", "the program that process 4711 belongs to"),
        ],
        exitStatuses: [
            ManualItem("0", "shown"), ManualItem("1", "there is no such program, or it may not be looked at"),
            ManualItem("2", "a wrong call"),
        ],
        sections: [("Columns", Columns.items(isLive: false))])

    @Flag(help: ArgumentHelp("Print the pids of running programs, for shells.", visibility: .private))
    var pids = false

    @OptionGroup var display: DisplayOptions

    @Argument(
        help: "A process of the program, usually its first.", completion: .shellCommand("proclang ps --pids"))
    var pid: Int32?

    func run() throws {
        let width = TerminalSize.current(STDOUT_FILENO)?.columns ?? .max
        if pids { return RunningPrograms.list().forEach { print($0.pid) } }
        guard let pid else {
            let programs = RunningPrograms.list()
            guard programs.count > 1 else {
                guard let only = programs.first else { ProgramChoice.noneAndExit() }
                return PsCommand.show(ProgramChoice.attachOrExit(only.pid), width: width)
            }
            return ProgramChoice.show(ProgramChoice.table(programs, width: width))
        }
        PsCommand.show(ProgramChoice.attachOrExit(pid), width: width)
    }

    private static func show(_ program: AttachedProgram, width: Int) {
        let snapshot = ProgramSnapshot()
        var processes = ProcessTableView(hasRates: false)
        var channels = ChannelTableView()
        var lines = [
            TextTable.cut(TopView.headline(program, snapshot), to: width), "",
        ]
        lines += processes.lines(snapshot.processes, of: snapshot, used: { ProcessorUse.of($0.pid) }, width: width)
        if !snapshot.objects.isEmpty { lines += [""] + channels.lines(snapshot.objects, of: snapshot, width: width) }
        ProgramChoice.show(lines)
    }
}

/// What the columns of the tables mean.
enum Columns {
    static func items(isLive: Bool) -> [ManualItem] {
        let since = isLive ? "each second" : "so far"
        return [
            ManualItem("STATE", "starting, running, waiting, cancelled, ending (for its children), ended, or service"),
            ManualItem(
                isLive ? "CPU%" : "CPU", isLive ? "of one processor, 100 is all of it" : "processor time used so far"),
            ManualItem(isLive ? "SENT/S, RECEIVED/S" : "SENT, RECEIVED", "messages \(since)"),
            ManualItem("FOR", "how long it waits, or runs since it was started"),
            ManualItem("LINE", "the line that waits, or that started it"),
            ManualItem("QUEUED", "unread messages, and after / how many there may be; - for a rendezvous"),
        ]
    }
}
