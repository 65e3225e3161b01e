// Everything in the library has an example, and no example is for something that is not there.

import Testing

@testable import ProcLang

@Suite struct LibraryExampleTests {
    @Test func everythingHasAnExample() {
        let keys = LibraryReference.exampleKeys()
        let missing = keys.filter { LibraryExamples.example($0) == nil }
        #expect(missing.isEmpty, "no example: \(missing)")
        let stray = LibraryExamples.keys.subtracting(keys)
        #expect(stray.isEmpty, "examples of what does not exist: \(stray.sorted())")
    }
}
