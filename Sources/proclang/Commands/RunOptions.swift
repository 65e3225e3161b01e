// The options of a run: how much memory, how long, with which random numbers, and what is forbidden.

import ArgumentParser
import Glibc

struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The most shared memory (messages, channels, shared variables): 64M, 1G. Beyond it, `memory` is raised. Default: half of what the machine has.",
            valueName: "size"),
        transform: RunOptions.bytes)
    var memory: UInt64?

    @Option(
        help: ArgumentHelp(
            "Cancel the program after this time: 500ms, 5s, 2m, 1h. It then ends with status 124.", valueName: "time"),
        transform: RunOptions.nanoseconds)
    var timeout: Int64?

    @Option(help: ArgumentHelp("Make the numbers of the module random repeatable, in every process.", valueName: "n"))
    var seed: Int64?

    @Option(
        help: ArgumentHelp(
            "Let these library calls raise `denied`: a list of exec, fs.read, fs.write, env, separated by commas.",
            valueName: "list"),
        transform: RunOptions.denials)
    var deny: Denials = []

    /// A number with an optional unit K, M, G or T (powers of 1024). Throws with the text to show.
    static func bytes(_ text: String) throws -> UInt64 {
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        var digits = Substring(text.uppercased())
        if digits.hasSuffix("IB") { digits = digits.dropLast(2) } else if digits.hasSuffix("B") { digits = digits.dropLast() }
        let unit = digits.last.flatMap { units[$0] }
        if unit != nil { digits = digits.dropLast() }
        guard let number = UInt64(digits), digits.first?.isNumber == true else {
            throw ValidationError("write a number and a unit, as 64M or 1G")
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !overflow, size <= 1 << 50 else { throw ValidationError("that is more than any machine has") }
        guard size >= smallestMemory else { throw ValidationError("a program needs at least 1M") }
        return size
    }

    private static let smallestMemory: UInt64 = 1 << 20

    /// A duration as in a script (`1.5s`), or plain seconds. Throws with the text to show.
    static func nanoseconds(_ text: String) throws -> Int64 {
        let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("", 1e9)]
        for (unit, scale) in units where text.hasSuffix(unit) {
            guard let first = text.first, first.isNumber || first == ".", let number = Double(text.dropLast(unit.count)),
                number > 0, number * scale < 9e18
            else { break }
            return Int64(number * scale)
        }
        throw ValidationError("write a time above 0, as 500ms, 5s, 2m or 1h")
    }

    static func denials(_ text: String) throws -> Denials {
        var result: Denials = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let known = Denials.names.first(where: { $0.name == word }) else {
                let all = Denials.names.map(\.name).joined(separator: ", ")
                throw ValidationError("`\(word)` cannot be denied; what can: \(all)")
            }
            result.insert(known.denial)
        }
        return result
    }

    /// What the program is to be run with.
    var limits: ProgramLimits {
        ProgramLimits(memory: memory ?? 0, time: timeout ?? .max, seed: seed.map { UInt64(bitPattern: $0) }, denied: deny)
    }
}

/// What the command line sets for a whole program.
struct ProgramLimits {
    /// Bytes of shared memory; 0: half of what the machine has.
    var memory: UInt64 = 0
    /// Nanoseconds after which it is cancelled.
    var time: Int64 = .max
    var seed: UInt64?
    var denied: Denials = []
}
