// The limits of the system: Scripts/limits pushes programs to each of them, and judges by itself.

import Foundation
import Testing

@Suite("Limits")
struct LimitsTests {
    @Test("each limit is an error that can be caught, and nothing stays behind")
    func limits() async throws {
        let run = try await Limiter.shared.run {
            try ProgramRun.of(
                Project.root.appendingPathComponent("Scripts/limits").path, ["--quick"], patience: 12 * Project.patience,
                environment: ["PROCLANG": Project.program])
        }
        #expect(run.end == .exited(0), "\(run.out)\(run.err)")
        #expect(run.out.contains("ok      a message larger than shared memory"))
        #expect(run.leftBehind == [])
    }
}
