// How the program talks about a script: diagnostics and uncaught errors, on standard error.
//
// Invariant: everything goes through the runtime's buffered output of the process that reports, so that it
// comes after what that process printed before.

import Glibc
import ProcLang
import ProcRuntime

struct Reporter {
    let runtime: Runtime
    let renderer: DiagnosticRenderer

    init(runtime: Runtime, sources: SourceMap) {
        self.runtime = runtime
        renderer = DiagnosticRenderer(sources: sources, isColoured: Reporter.usesColour(STDERR_FILENO))
    }

    /// `--color`.
    static var colour = ColourChoice.auto

    /// Colours only for a terminal that wants them (https://no-color.org), unless the caller decided.
    static func usesColour(_ descriptor: Int32) -> Bool {
        if colour != .auto { return colour == .always }
        if let variable = getenv("NO_COLOR"), variable.pointee != 0 { return false }
        if let term = getenv("TERM"), String(cString: term) == "dumb" { return false }
        return isatty(descriptor) == 1
    }

    func report(_ diagnostics: [Diagnostic]) {
        guard !diagnostics.isEmpty else { return }
        write(renderer.render(diagnostics))
        let errors = diagnostics.count { $0.severity == .error }
        if errors > 1 { write("\n\(errors) errors\n") }
    }

    /// An error that nothing caught: where, what, in which process, and how it came there.
    func report(_ failure: RuntimeFailure) {
        write(renderer.render(diagnostic(for: failure)))
    }

    private func diagnostic(for failure: RuntimeFailure) -> Diagnostic {
        var notes: [String] = []
        if !failure.process.isEmpty { notes.append("in process \(failure.process)") }
        // One line of trace says no more than the place itself.
        if failure.trace.count > 1 { notes += failure.trace.map { "at \($0)" } }
        for other in failure.attached {
            notes.append("also failed: \(other.process): \(Reporter.title(of: other))")
        }
        let lines = Reporter.title(of: failure).split(separator: "\n", omittingEmptySubsequences: false)
        return Diagnostic(
            .error, .runtime, String(lines.first ?? ""), labels: failure.span.isNone ? [] : [.init(failure.span)],
            notes: lines.dropFirst().map(String.init) + notes)
    }

    /// The kind is worth saying unless the script raised plain text.
    private static func title(of failure: RuntimeFailure) -> String {
        failure.kind == "error" ? failure.message : "\(failure.kind): \(failure.message)"
    }

    private func write(_ text: String) {
        var text = text
        // If standard error is gone there is nobody left to tell.
        text.withUTF8 { try? runtime.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }
}
