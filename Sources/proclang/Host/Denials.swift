// What a script may be forbidden by `--deny`: classes of library calls that raise `denied`.
//
// Invariants
// - Set before the first process exists and never changed: every process of the program inherits it, and a script has
//   no way to it.
// - Asked by the host, below the library: every way of calling (a method as a value, a process that is a library
//   function, an imported module) comes by here. Loading the script and what it imports does not: that is done before
//   it runs.

import ProcLang

struct Denials: OptionSet {
    let rawValue: UInt8
    /// `exec`: `os.run` and `os.spawn`.
    static let programs = Denials(rawValue: 1)
    /// `fs.read`: contents, names, sizes and times of files, and whether they exist.
    static let reading = Denials(rawValue: 2)
    /// `fs.write`: making, changing, renaming and removing files and directories.
    static let writing = Denials(rawValue: 4)
    /// `env`: `os.env`.
    static let environment = Denials(rawValue: 8)

    /// The names on the command line.
    static let names: [(name: String, denial: Denials)] = [
        ("exec", .programs), ("fs.read", .reading), ("fs.write", .writing), ("env", .environment),
    ]

    /// Raises `denied` if the command line forbids this; `what` is what the script tried.
    static func require(_ needed: Denials, _ what: @autoclosure () -> String) throws {
        guard ProgramContext.denied.contains(needed) else { return }
        let name = names.first { $0.denial == needed }!.name
        throw HostError(kind: "denied", message: "\(what()) is denied: the program runs with --deny \(name)")
    }
}
