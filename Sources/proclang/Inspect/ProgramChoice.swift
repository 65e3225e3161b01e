// Which program to look at: the one that was named, or the only one that runs.

import Glibc
import ProcRuntime

enum ProgramChoice {
    /// The words with which a program was called, in one line.
    static func title(_ command: [String]) -> String {
        var words = command
        if let first = words.first {
            words[0] = first.split(separator: "/").last.map(String.init) ?? first
        }
        return TextTable.harmless(words.joined(separator: " "))
    }

    /// The running programs as a table, a line each.
    static func table(_ programs: [RunningProgram], width: Int) -> [String] {
        var table = TextTable([("PID", .right), ("PROCESSES", .right), ("PROGRAM", .left)])
        return table.lines(
            programs.map { [String($0.pid), String($0.processes), title($0.command)] }, width: width)
    }

    /// Writes lines to standard output.
    static func show(_ lines: [String]) {
        print(lines.joined(separator: "\n"))
        fflush(stdout)
    }

    /// Attaches to the program of process `pid`, or ends this program with a message.
    static func attachOrExit(_ pid: Int32) -> AttachedProgram {
        do {
            return try AttachedProgram(pid: pid)
        } catch {
            complain("proclang: \(error.message)")
            exit(ExitStatus.failure)
        }
    }

    static func noneAndExit() -> Never {
        complain("proclang: no ProcLang program of yours is running")
        exit(ExitStatus.failure)
    }

    /// Lets the person at the terminal choose; nil when they do not.
    static func ask(among programs: [RunningProgram], width: Int) -> Int32? {
        show(table(programs, width: width))
        while true {
            print("Which one (PID, or nothing to leave)? ", terminator: "")
            fflush(stdout)
            guard let answer = readLine(), !answer.allSatisfy(\.isWhitespace) else { return nil }
            let words = answer.split(separator: " ")
            if let pid = words.first.flatMap({ Int32($0) }), programs.contains(where: { $0.pid == pid }) { return pid }
            print("there is no such program in the list")
        }
    }
}
