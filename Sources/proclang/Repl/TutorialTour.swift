// The guided tour at the prompt: says what to type, checks what was typed, gives hints, remembers how far one came.
//
// Invariants
// - The learner is at the real prompt: everything works as always, also what is not asked for.
// - A task is done when the statement has the words that matter and the session is then as it should be; how it was
//   written does not matter.
// - The step is kept in a file of the user's state; a step begins with its first task.

import Glibc
import ProcLang

final class TutorialTour {
    private var step: Int
    private var task = 0
    private var misses = 0

    /// Commands that exist only during the tour.
    let commands = ["hint", "next", "leave"]
    var prompt: String { "\(step + 1)/\(TutorialSteps.all.count)> " }

    private init(step: Int) { self.step = step }

    // MARK: Beginning and leaving

    /// Begins the tour at `argument` (a step's number), else where it was left.
    static func begin(_ argument: String, in session: ReplSession) {
        let count = TutorialSteps.all.count
        var step = Progress.load(session)
        if !argument.isEmpty {
            guard let number = Int(argument), number >= 1, number <= count else {
                return session.complain("the tour has the steps 1 to \(count): `:tutorial 1`")
            }
            step = number - 1
        } else if step >= count {
            step = 0
        }
        let tour = TutorialTour(step: step)
        session.tutorial = tour
        session.say(
            session.style.bold("The tour: \(count) steps.") + "\n"
                + session.wrapped(
                    "Type what it asks for, or try other things. `:hint` helps, `:next` does it for you, `:leave` leaves; "
                        + "`:tutorial` comes back to the step."))
        tour.introduce(session)
    }

    /// True if the command belongs to the tour and was carried out.
    func command(_ name: String, in session: ReplSession) -> Bool {
        switch name {
        case "hint":
            session.say("Type:")
            showCode(session)
        case "next":
            let text = present.code
            session.say(session.style.faint("You could have typed:"))
            showCode(session)
            let result = session.execute(text)
            session.show(result)
            check(text, result, in: session)
        case "leave":
            session.tutorial = nil
            session.say("Left at step \(step + 1). `:tutorial` goes on there.")
        default: return false
        }
        return true
    }

    // MARK: Tasks

    private var present: TutorialTask { TutorialSteps.all[step].tasks[task] }

    /// Looks at what a statement did.
    func check(_ text: String, _ result: ReplSession.Result, in session: ReplSession) {
        var isDone = false
        if case .value = result {
            let words = Set(text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
            isDone = present.words.allSatisfy(words.contains) && session.probe(present.check) == "true"
        }
        if isDone {
            misses = 0
            task += 1
            if task == TutorialSteps.all[step].tasks.count { return conclude(session) }
            session.say(session.style.paint("Right.", "32"))
            return ask(session)
        }
        misses += 1
        session.say(session.style.paint("Not yet.", "33") + "\n" + session.wrapped(present.hint))
        if misses >= 2 {
            session.say("Type:")
            showCode(session)
        }
    }

    private func introduce(_ session: ReplSession) {
        let present = TutorialSteps.all[step]
        session.say("\n" + session.style.bold("Step \(step + 1): \(present.title)") + "\n"
                + session.wrapped(present.introduction))
        ask(session)
    }

    private func ask(_ session: ReplSession) {
        session.say("\n" + session.wrapped(present.text))
        showCode(session)
    }

    private func showCode(_ session: ReplSession) {
        let code = HelpPages(session: session).coloured(present.code)
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        session.say("\n" + lines.map { "    " + $0 }.joined(separator: "\n") + "\n")
    }

    private func conclude(_ session: ReplSession) {
        session.say(session.style.paint("Right.", "32") + "\n" + session.wrapped(TutorialSteps.all[step].conclusion))
        step += 1
        task = 0
        Progress.save(step, session)
        guard step == TutorialSteps.all.count else { return introduce(session) }
        session.tutorial = nil
        session.say(
            "\n" + session.style.bold("You have finished the tour.") + "\n"
                + session.wrapped(
                    "The programs are in Scripts/tutorial, larger ones in Scripts/examples. `:help` lists topics; "
                        + "`:help select` is a good next one. `:ps` shows what still runs."))
    }

    // MARK: Progress

    private enum Progress {
        /// Steps that are done; 0 when nothing is known.
        static func load(_ session: ReplSession) -> Int {
            guard let path = ReplFiles.state("tutorial", ProgramContext.environment),
                let bytes = try? ScriptText.read(.file(path)),
                let number = Int(String(decoding: bytes, as: UTF8.self).filter(\.isNumber)),
                number <= TutorialSteps.all.count
            else { return 0 }
            return number
        }

        /// A state that cannot be kept is no reason to disturb the tour.
        static func save(_ step: Int, _ session: ReplSession) {
            guard let path = ReplFiles.state("tutorial", ProgramContext.environment) else { return }
            ReplFiles.makeParents(of: path)
            let text = Array("\(step)\n".utf8)
            text.withUnsafeBytes { try? FileAccess.write(path, $0, append: false) }
        }
    }
}
