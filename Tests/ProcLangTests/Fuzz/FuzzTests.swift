// The fuzzer: a short run in every test run, and a long one by Scripts/fuzz, which sets the environment.
//
// FUZZ_SECONDS: how long each part runs. FUZZ_SEED: where it begins. FUZZ_FOLDER: the text at hand is written there
// first, as current.proc, so that a crash or a hang leaves it behind; texts that break a promise stay there as
// finding-SEED.proc with the reason beside them.

import Foundation
import Testing

@testable import ProcLang

@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["FUZZ_SECONDS"].flatMap(Double.init) ?? 3
    private static let seed = environment["FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64(Date().timeIntervalSince1970 * 1000)
    private static let folder = environment["FUZZ_FOLDER"]

    /// Whatever is nested in itself is refused, before a stack overflows.
    @Test func deepNesting() throws {
        for (open, close) in FuzzMutator.nestings {
            let text = String(repeating: open, count: 3000) + "x" + String(repeating: close, count: 3000)
            for program in [text, "let y = " + text] { try FuzzChecks.front(Array(program.utf8)) }
        }
    }

    /// What the fuzzer found once stays right: Tests/Fuzz holds the texts, as small as they could be made.
    @Test func findings() throws {
        let texts = Corpus.findings()
        #expect(texts.count > 5)
        for url in texts {
            let text = try Array(Data(contentsOf: url))
            try FuzzChecks.front(text)
            try FuzzChecks.machine(String(decoding: text, as: UTF8.self))
        }
    }

    @Test func mutatedTexts() throws {
        let texts = Corpus.programs() + Corpus.findings()
        let corpus = texts.compactMap { try? Array(Data(contentsOf: $0)) }.filter { $0.count < 8000 }
        try repeatedly("mutated texts") { seed in
            var mutator = FuzzMutator(random: FuzzRandom(seed: seed), corpus: corpus)
            return mutator.mutant()
        } check: { _ = try FuzzChecks.front($0) }
    }

    @Test func respacedPrograms() throws {
        let corpus = Corpus.programs().compactMap { try? Array(Data(contentsOf: $0)) }.filter { $0.count < 8000 }
        try repeatedly("respaced programs") { seed in
            var mutator = FuzzMutator(random: FuzzRandom(seed: seed), corpus: corpus)
            let text = mutator.random.pick(corpus)
            return mutator.respaced(mutator.respaced(text))
        } check: { _ = try FuzzChecks.front($0) }
    }

    @Test func generatedTexts() throws {
        var valid = 0
        var all = 0
        try repeatedly("generated texts") { seed in
            var generator = FuzzGenerator(random: FuzzRandom(seed: seed), hasProcesses: true)
            return Array(generator.program().utf8)
        } check: {
            all += 1
            if try FuzzChecks.front($0) { valid += 1 }
        }
        #expect(valid * 3 > all, "\(valid) of \(all) generated texts are programs")
    }

    @Test func generatedPrograms() throws {
        try repeatedly("generated programs") { seed in
            var generator = FuzzGenerator(random: FuzzRandom(seed: seed), hasProcesses: false)
            return Array(generator.program().utf8)
        } check: { try FuzzChecks.machine(String(decoding: $0, as: UTF8.self)) }
    }

    @Test func generatedNetworks() throws {
        try repeatedly("generated networks") { seed in
            Array(FuzzNetwork(random: FuzzRandom(seed: seed)).text.utf8)
        } checkSeed: { try FuzzNetwork(random: FuzzRandom(seed: $0)).check(seconds: 15) }
    }

    @Test func networksUnderFire() throws {
        try repeatedly("networks under fire") { seed in
            Array(FuzzNetwork(random: FuzzRandom(seed: seed)).text.utf8)
        } checkSeed: {
            let random = FuzzRandom(seed: $0)
            try FuzzNetwork(random: random).checkUnderFire(seconds: 15, random: random)
        }
    }

    private func repeatedly(_ name: String, text: (UInt64) -> [UInt8], check: ([UInt8]) throws -> Void) throws {
        try repeatedly(name, text: text) { try check(text($0)) }
    }

    /// Texts until the time is over. Every text is one of its own seed.
    private func repeatedly(_ name: String, text: (UInt64) -> [UInt8], checkSeed check: (UInt64) throws -> Void) throws {
        let end = Date().addingTimeInterval(Self.seconds)
        var seed = Self.seed
        var count = 0
        var findings = 0
        while Date() < end, findings < 20 {
            let bytes = text(seed)
            if let folder = Self.folder {
                try Data(bytes).write(to: URL(fileURLWithPath: folder + "/current.proc"))
                // A hang ends the run; Scripts/fuzz keeps the text. Time of the processor: a busy machine is slow,
                // not wrong. A wait that nothing ends takes none, so there is a limit by the clock, too.
                var limit = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: 20, tv_usec: 0))
                setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &limit, nil)
                alarm(300)
            }
            do {
                try check(seed)
            } catch let finding as FuzzFinding {
                findings += 1
                Issue.record("\(name), FUZZ_SEED=\(seed): \(finding)\n\(String(decoding: bytes, as: UTF8.self))")
                if let folder = Self.folder {
                    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/finding-\(seed).proc"))
                    try Data(finding.description.utf8).write(to: URL(fileURLWithPath: "\(folder)/finding-\(seed).txt"))
                }
            }
            seed &+= 1
            count += 1
        }
        var never = itimerval()
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &never, nil)
        alarm(0)
        print("\(name): \(count) texts from seed \(Self.seed)")
    }
}
