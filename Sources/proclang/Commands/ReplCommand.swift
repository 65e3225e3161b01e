// `proclang repl`: the interactive prompt by its own name.

import ArgumentParser

struct ReplCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(commandName: "repl", abstract: "Start the interactive prompt.")

    static let notes = CommandNotes(
        usage: ["proclang [repl] [OPTIONS]"],
        discussion: [
            "Reads one statement after another, runs each, and shows the value of an expression. Processes that it "
                + "starts go on behind the prompt. Ctrl-C cancels what runs, Ctrl-D leaves; :help shows the commands "
                + "of the prompt. Without a terminal it reads statements from standard input, without a prompt."
        ],
        examples: [
            ManualItem("proclang", "the same: without a script, proclang is the prompt"),
            ManualItem("proclang repl --color never", "without colours"),
        ],
        exitStatuses: [
            ManualItem("0", "it was left with Ctrl-D or :quit, or its input ended"),
            ManualItem("n", "exit(n) was called"),
        ],
        sections: [
            (
                "Files",
                [
                    ManualItem(
                        "~/.local/state/proclang/history",
                        "the statements typed so far; $PROCLANG_HISTORY names another file, and empty keeps none"),
                    ManualItem("~/.config/proclang/init.proc", "statements that run at the start"),
                    ManualItem(
                        "~/.inputrc",
                        "the keys of the line editor; those between $if proclang and $endif are for this prompt only"),
                ]
            )
        ])

    @OptionGroup var options: RunOptions
    @OptionGroup var display: DisplayOptions

    func run() throws {
        Repl.runAndExit(limits: options.limits)
    }
}
