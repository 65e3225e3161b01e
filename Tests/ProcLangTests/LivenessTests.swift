// Which registers count as alive: what a collection in a wait keeps, and above all what it does not.

import Foundation
import Testing

@testable import ProcLang

@Suite struct LivenessTests {
    /// A register that is alive where a function begins is read on some way before anything is written to it: what an
    /// earlier statement left there would keep ends open. Parameters are the exception.
    @Test func nothingIsAliveBeforeItIsWritten() throws {
        var functions = 0
        for file in Corpus.programs() {
            let interpreter = Interpreter(host: TestHost())
            let source = interpreter.sources.add(path: file.path, text: try Array(Data(contentsOf: file)))
            let parsed = Parser.parse(source)
            let scope = ModuleScope(table: interpreter.globals, isInteractive: false)
            let diagnostics = parsed.diagnostics + Resolver.resolve(parsed.module, in: scope, builtins: interpreter.builtins)
            guard !diagnostics.hasErrors, (try? interpreter.compile(parsed.module, scope: scope)) != nil else { continue }
            for code in interpreter.vm.loadedCode {
                functions += 1
                let isLive = interpreter.vm.liveRegisters(of: code, at: 0)
                let early = isLive.indices.filter { isLive[$0] && $0 >= Int(code.pointee.parameterCount) }
                let info = interpreter.vm.infos[Int(code.pointee.info)]
                #expect(early.isEmpty, "\(file.lastPathComponent): `\(info.name)` of line \(info.line): R\(early)")
            }
        }
        #expect(functions > 2000)
    }
}
