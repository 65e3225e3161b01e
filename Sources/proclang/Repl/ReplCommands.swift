// The commands of the prompt: `:name argument`. One table says what there is; `:help` and Tab read it.
//
// Invariants
// - A command is found by its name or by a beginning that only it has.
// - Nothing that goes wrong in one ends the session: it is told in one line.

import Glibc
import ProcLang
import ProcRuntime

struct PromptCommand {
    /// What Tab completes behind the command.
    enum Argument { case nothing, topic, code, process, file, step }
    let name: String
    /// How it is called, without the colon.
    let usage: String
    let summary: String
    let argument: Argument
    let run: (ReplSession, String) -> ReplSession.Result
}

enum ReplCommands {
    static let all: [PromptCommand] = [
        PromptCommand(
            name: "help", usage: "help [topic]", summary: "this list, or what the language says on a topic",
            argument: .topic
        ) { session, topic in done { HelpPages(session: session).show(topic) } },
        PromptCommand(
            name: "doc", usage: "doc name", summary: "one function, method, module or name of yours", argument: .code
        ) { session, name in done { HelpPages(session: session).showEntry(name) } },
        PromptCommand(name: "type", usage: "type expr", summary: "the type of a value", argument: .code, run: type),
        PromptCommand(
            name: "time", usage: "time stmt", summary: "run it and say how long it took, with how many messages",
            argument: .code, run: Timing.run),
        PromptCommand(
            name: "ps", usage: "ps", summary: "the living processes: what each waits for, where, since when",
            argument: .nothing
        ) { session, _ in done { Inspection(session: session).showProcesses() } },
        PromptCommand(
            name: "channels", usage: "channels",
            summary: "channels, queues, pipes: who holds their ends, what is queued", argument: .nothing
        ) { session, _ in done { Inspection(session: session).showChannels() } },
        PromptCommand(
            name: "kill", usage: "kill name|pid", summary: "end a process, and all that it started", argument: .process
        ) { session, which in done { Inspection(session: session).kill(which) } },
        PromptCommand(
            name: "load", usage: "load file", summary: "run the statements of a file here", argument: .file, run: load),
        PromptCommand(
            name: "save", usage: "save file", summary: "write the statements of this session to a file", argument: .file
        ) { session, path in done { SessionFile.save(session, to: path) } },
        PromptCommand(
            name: "reset", usage: "reset", summary: "forget all names, end all processes", argument: .nothing
        ) { session, _ in
            done {
                session.reset()
                session.say("Everything is forgotten.")
            }
        },
        PromptCommand(
            name: "tutorial", usage: "tutorial [step]",
            summary: "a guided tour in seven steps; goes on where you left it", argument: .step
        ) { session, step in done { TutorialTour.begin(step, in: session) } },
        PromptCommand(
            name: "quit", usage: "quit", summary: "leave (Ctrl-D does it, too)", argument: .nothing
        ) { session, _ in
            done { session.isLeaving = true }
        },
    ]

    static func named(_ name: String) -> PromptCommand? { all.first { $0.name == name } }

    /// Runs the command in `line`, which begins with a colon.
    static func run(_ line: String, in session: ReplSession) -> ReplSession.Result {
        let words = line.dropFirst().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        let name = words.first.map(String.init) ?? ""
        var argument = words.count > 1 ? words[1][...] : ""
        while let last = argument.last, last.isWhitespace { argument.removeLast() }
        if let handled = session.tutorial?.command(name, in: session), handled { return .refused }
        // As much of a name as is clear will do.
        let matching = all.filter { $0.name.hasPrefix(name) }
        if let command = named(name) ?? (matching.count == 1 && !name.isEmpty ? matching[0] : nil) {
            return command.run(session, String(argument.drop(while: \.isWhitespace)))
        }
        if matching.count > 1, !name.isEmpty {
            session.complain("`:\(name)` may be \(matching.map { "`:\($0.name)`" }.joined(separator: " or "))")
        } else {
            let near = Suggestions.nearest(to: name, in: all.map(\.name) + (session.tutorial?.commands ?? []))
            let advice = near.map { "did you mean `:\($0)`?" } ?? "`:help` lists them"
            session.complain("there is no command `:\(name)`; \(advice)")
        }
        return .refused
    }

    private static func done(_ body: () -> Void) -> ReplSession.Result {
        body()
        return .refused
    }

    // MARK: Commands that run code

    private static func type(_ session: ReplSession, _ code: String) -> ReplSession.Result {
        guard !code.isEmpty else { return missing("an expression", "type [1, 2]", session) }
        let result = session.execute(code, isLogged: false)
        if case .value(let value) = result { session.say(session.interpreter.typeName(value)) }
        return result
    }

    private static func load(_ session: ReplSession, _ path: String) -> ReplSession.Result {
        guard !path.isEmpty else { return missing("a file", "load session.proc", session) }
        return session.load(path)
    }

    /// Says what a command needs.
    @discardableResult
    static func missing(_ what: String, _ example: String, _ session: ReplSession) -> ReplSession.Result {
        session.complain("this command needs \(what): `:\(example)`")
        return .refused
    }
}

/// `:time`.
enum Timing {
    static func run(_ session: ReplSession, _ code: String) -> ReplSession.Result {
        guard !code.isEmpty else { return ReplCommands.missing("a statement", "time sum(range(1000000))", session) }
        let before = ProgramTotals()
        session.runtime.collectEnded()
        let cpu = processorTime()
        let start = session.runtime.monotonicNow()
        let result = session.execute(code)
        let wall = session.runtime.monotonicNow() - start
        session.show(result)
        session.runtime.collectEnded()
        let used = processorTime() - cpu
        let after = ProgramTotals()
        func seconds(_ nanoseconds: Int64) -> String {
            if nanoseconds < 1_000_000 { return "\(nanoseconds / 1000) µs" }
            if nanoseconds < 1_000_000_000 { return decimal(nanoseconds, 1_000_000) + " ms" }
            return decimal(nanoseconds, 1_000_000_000) + " s"
        }
        let sent = after.sent &- before.sent
        let processes = after.processes &- before.processes
        session.say(
            session.style.faint(
                "\(seconds(wall)) wall, \(seconds(used)) CPU with children, \(sent) message\(sent == 1 ? "" : "s"), "
                    + "\(processes) process\(processes == 1 ? "" : "es")"))
        return result
    }

    /// `value / unit` with two digits after the point.
    private static func decimal(_ value: Int64, _ unit: Int64) -> String {
        let hundredths = value * 100 / unit
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// CPU time of this process and of its ended children, with theirs: ns.
    private static func processorTime() -> Int64 {
        var total: Int64 = 0
        for who in [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue] {
            var usage = rusage()
            getrusage(__rusage_who_t(who), &usage)
            for time in [usage.ru_utime, usage.ru_stime] {
                total += Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000
            }
        }
        return total
    }
}

/// `:save`.
enum SessionFile {
    /// Writes the statements that ran. Those whose every name was declared anew later are left out, because a script
    /// declares a name once.
    static func save(_ session: ReplSession, to path: String) {
        guard !path.isEmpty else {
            ReplCommands.missing("a file", "save session.proc", session)
            return
        }
        var kept: [String] = []
        var later: Set<String> = []
        for statement in session.log.reversed() {
            let declared = Loader.declaredNames(statement)
            if !declared.isEmpty, declared.isSubset(of: later) { continue }
            later.formUnion(declared)
            kept.append(statement)
        }
        kept.reverse()
        let text = kept.joined(separator: "\n") + (kept.isEmpty ? "" : "\n")
        do {
            let bytes = Array(text.utf8)
            try bytes.withUnsafeBytes { try FileAccess.write(path, $0, append: false) }
        } catch {
            return session.complain((error as? RuntimeError)?.message ?? "cannot write \(path)")
        }
        session.say("\(kept.count) statement\(kept.count == 1 ? "" : "s") in \(path)")
        let check = Loader(
            sources: SourceMap(), globals: GlobalTable(), builtins: session.interpreter.builtins, read: FileAccess.read
        ).load(text: Array(text.utf8), path: path, isFile: true)
        if let problem = check.diagnostics.first(where: { $0.severity == .error }) {
            session.say("As a script it needs a change: \(problem.title) (`proclang check \(path)` tells more)")
        }
    }
}
