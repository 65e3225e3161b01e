// `--color`, which all commands that print for people share.

import ArgumentParser

/// When to use colours and other attributes of a terminal.
enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

struct DisplayOptions: ParsableArguments {
    @Option(
        name: .customLong("color"),
        help: ArgumentHelp(
            "When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.", valueName: "when"))
    var colour: ColourChoice?

    /// Makes the choice that of the whole program.
    func validate() {
        if let colour { Reporter.colour = colour }
    }
}
