// How texts lie in the heap: digits of ints, hashes and counts of strings, against the plain ways to get the same.

@testable import ProcLang
import Testing

@Suite("Text storage")
struct TextStorageTests {
    @Test("ints are written as Swift writes them")
    func digits() {
        var random = SystemRandomNumberGenerator()
        var numbers = [0, 9, 10, 99, 100, 9_999, 10_000, 99_999_999, 100_000_000, 9_999_999_999_999_999, Int.max, Int.min]
        for bits in 0..<64 { for _ in 0..<300 { numbers.append(Int(truncatingIfNeeded: random.next() >> UInt64(bits))) } }
        for number in numbers + numbers.map({ 0 &- $0 }) {
            let text = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { place in
                place.initialize(repeating: 0)
                let start = place.baseAddress!
                let count = Decimal.write(number, to: start)
                #expect(Decimal.width(number) == count)
                if count <= 12, Decimal.isShort(number) {
                    let same = Array(place[..<count])
                    #expect(Decimal.writeShort(number, to: start) == count && Array(place[..<count]) == same)
                }
                return String(decoding: place[..<count], as: UTF8.self)
            }
            #expect(text == String(number))
        }
    }

    @Test("a short string has the hash, the counts and the text of a long one")
    func shortStrings() {
        var random = SystemRandomNumberGenerator()
        let heap = Heap()
        for count in 1...16 {
            for _ in 0..<500 {
                let bytes = (0..<count).map { _ in UInt8.random(in: 0..<128, using: &random) }
                let made = heap.makeString(bytes).string
                let long = bytes.withUnsafeBufferPointer { heap.makeLong($0.baseAddress!, count: count) }.string
                #expect(made.isShort == (2...StringObject.maxShort).contains(count) && !long.isShort)
                #expect(made.hash == long.hash && made.equals(long) && long.equals(made) && made.compare(long) == 0)
                #expect(made.byteCount == count && made.charCount == count && made.isASCII)
                #expect(Array(made.utf8) == bytes && Array(long.utf8) == bytes)
                // The same one character less, from every function that makes a part.
                let part = heap.substring(long, 0, count - 1)
                #expect(count == 1 || Array(part.string.utf8) == Array(bytes.dropLast()))
                #expect(count == 1 || !part.string.equals(made) && part.string.hash != made.hash)
                guard let sum = heap.concatenate(part.string, heap.character(count - 1, of: made).string) else { continue }
                #expect(sum.string.equals(long) && sum.string.hash == long.hash)
            }
        }
    }

    @Test("texts that are not ASCII are never short")
    func longStrings() {
        let heap = Heap()
        for text in ["é", "aé", "日本", "🙂", "abcdefghijé"] {
            let made = heap.makeString(text).string
            #expect(!made.isShort && !made.isASCII && made.charCount == text.unicodeScalars.count && made.text == text)
            guard let sum = heap.concatenate(heap.makeString("ab").string, made) else { continue }
            #expect(!sum.string.isShort && sum.string.text == "ab" + text)
        }
    }
}
