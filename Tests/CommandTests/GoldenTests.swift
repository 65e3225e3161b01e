// Every golden script, one test case each.

import Testing

@Suite("Golden scripts")
struct GoldenTests {
    @Test("every script has its expectation, and every expectation its script")
    func folder() {
        #expect(GoldenCase.found.trouble == [])
        #expect(GoldenCase.found.cases.count >= 400)
    }

    @Test("prints what is expected", arguments: GoldenCase.found.cases)
    func script(_ golden: GoldenCase) async throws {
        let reasons = try await Limiter.shared.run { golden.judge(try golden.run()) }
        if !reasons.isEmpty {
            Issue.record("\(golden.name)\n\(reasons.joined(separator: "\n"))")
        }
    }
}
