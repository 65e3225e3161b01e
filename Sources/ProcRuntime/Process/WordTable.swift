// Words by small numbers: descriptors, slots.
//
// An array, not a dictionary: numbers that the kernel or the process table gives are dense, and the first dictionary of a
// process costs its start 60 us for the metadata of its types.
//
// Invariant: 0 stands for none.

struct WordTable {
    private var words: [UInt64] = []

    subscript(number: Int) -> UInt64 {
        get { number < words.count ? words[number] : 0 }
        set {
            while number >= words.count { words.append(0) }
            words[number] = newValue
        }
    }

    /// The numbers that have a word.
    var numbers: [Int] { words.indices.filter { words[$0] != 0 } }
}
