// The index of lists by key, against a dictionary.

import ProcVocabulary
import Testing

@Suite("Positions")
struct PositionsTests {
    @Test("finds what a dictionary finds, however it grows and shrinks", arguments: [4, 40, 3000])
    func asADictionary(most: Int) {
        var random = SystemRandomNumberGenerator()
        var list: [UInt64] = []
        var positions = Positions()
        var next: UInt64 = 0
        for step in 0..<20_000 {
            let grows = step / (2 * most) % 2 == 0
            if list.isEmpty || Int.random(in: 0..<4, using: &random) < (grows ? 3 : 1) && list.count < most {
                // As references are: an index that is soon used again, and a generation.
                next += 1
                let key = next << 32 | UInt64.random(in: 0..<UInt64(2 * most), using: &random)
                list.append(key)
                positions.append(key)
            } else {
                let index = Int.random(in: 0..<list.count, using: &random)
                let key = list[index]
                positions.remove(at: index)
                list.replaceByLast(at: index)
                #expect(positions[key] == nil)
            }
            if step % 97 == 0 {
                #expect(positions.keys == list)
                for (index, key) in list.enumerated() { #expect(positions[key] == index) }
                #expect(positions[(next + 1) << 32] == nil)
            }
        }
    }
}
