// `proclang top`: what a running program is doing, live.

import ArgumentParser
import Glibc
import ProcRuntime

struct TopCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch the processes and channels of a running program.")

    static let notes = CommandNotes(
        usage: ["proclang top [OPTIONS] [PID]"],
        discussion: [
            "Shows the tables of proclang ps, twice a second, until the program ends or q is typed. Without a PID it "
                + "is the only program that runs; if there are several, it asks. Without a terminal it prints the "
                + "tables once."
        ],
        examples: [
            ManualItem("proclang top", "the only running program"),
            ManualItem("proclang top 4711", "the program that process 4711 belongs to"),
            ManualItem("proclang top | head", "the busiest processes, once"),
        ],
        exitStatuses: [
            ManualItem("0", "it was left, or the program has ended"),
            ManualItem("1", "there is no such program, or it may not be looked at"), ManualItem("2", "a wrong call"),
        ],
        sections: [("Keys", TopView.keys), ("Columns", Columns.items(isLive: true))])

    @OptionGroup var display: DisplayOptions

    @Argument(
        help: "A process of the program, usually its first.", completion: .shellCommand("proclang ps --pids"))
    var pid: Int32?

    func run() throws {
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        guard let pid = pid ?? choose(isTerminal: isTerminal) else { return }
        let program = ProgramChoice.attachOrExit(pid)
        if isTerminal {
            TopScreen(program).run()
        } else {
            let view = TopView(program, isColoured: false)
            usleep(UInt32(TopView.interval) * 1000)
            view.look()
            ProgramChoice.show(view.plain(width: TerminalSize.current(STDOUT_FILENO)?.columns ?? .max))
        }
    }

    /// Nil when the person did not choose.
    private func choose(isTerminal: Bool) -> Int32? {
        let programs = RunningPrograms.list()
        if programs.isEmpty { ProgramChoice.noneAndExit() }
        if programs.count == 1 { return programs[0].pid }
        if isTerminal { return ProgramChoice.ask(among: programs, width: TerminalSize.current(STDOUT_FILENO)?.columns ?? 80) }
        ProgramChoice.show(ProgramChoice.table(programs, width: .max))
        complain("proclang top: several programs run; name one by its PID")
        Glibc.exit(ExitStatus.refused)
    }
}
