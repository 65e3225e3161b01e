// The module `random`.
//
// Invariants
// - Each process has a generator of its own, seeded by the host when it is first used, so that processes that
//   were forked from one parent do not draw the same numbers.
// - After `random.seed(n)` the numbers of this process are the same on every run. Where the whole program has a seed
//   (`--seed`), so are those of all processes: the seed of a child is mixed from its parent's and its number among
//   the processes that its parent started.

import Glibc

/// xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64.
struct RandomState: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        var mixed = seed
        func next() -> UInt64 { RandomState.splitmix(&mixed) }
        state = (next(), next(), next(), next())
    }

    /// splitmix64 (Steele, Lea and Flood, 2014).
    private static func splitmix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// The seed of the `number`th process (from 1) that a process with this seed starts.
    static func childSeed(_ seed: UInt64, _ number: UInt64) -> UInt64 {
        var state = seed
        var mixed = splitmix(&state) ^ number
        return splitmix(&mixed)
    }

    mutating func next() -> UInt64 {
        func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { x << k | x >> (64 - k) }
        let result = rotate(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    /// 53 random bits: evenly spaced in 0 ..< 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

enum RandomModule {
    static func install(_ table: LibraryTable) {
        table.module("random", "seed", "n", "Makes the numbers of this process repeatable.") { (vm, a, _) throws(Raise) in
            vm.random = RandomState(seed: UInt64(bitPattern: Int64(try vm.intArgument(a[0], "the seed"))))
            return .nil
        }
        table.module("random", "int", "low, high", "An int from `low` to `high`, both included.") { (vm, a, _) throws(Raise) in
            let low = try vm.intArgument(a[0], "the lower bound")
            let high = try vm.intArgument(a[1], "the upper bound")
            guard low <= high else { throw vm.valueError("there is no int from \(low) to \(high)") }
            return draw(vm) { Value(Int.random(in: low...high, using: &$0)) }
        }
        table.module("random", "float", "low?, high?", "A float from 0 (or `low`) up to, but not, 1 (or `high`).") {
            (vm, a, _) throws(Raise) in
            let low = a[0].isAbsent ? 0 : try vm.floatArgument(a[0], "the lower bound")
            let high = a[1].isAbsent ? 1 : try vm.floatArgument(a[1], "the upper bound")
            return draw(vm) { Value(low + (high - low) * $0.unit()) }
        }
        table.module("random", "bool", "", "True or false, equally often.") { (vm, _, _) throws(Raise) in
            draw(vm) { Value($0.next() >> 63 == 1) }
        }
        table.module("random", "choice", "items", "One of the items.") { (vm, a, _) throws(Raise) in
            let items = try vm.sequence(of: a[0])
            guard items.count > 0 else { throw vm.raise(vm.kinds.index, "there is nothing to choose from") }
            return draw(vm) { items[Int.random(in: 0..<items.count, using: &$0)] }
        }
        table.module("random", "sample", "items, count", "So many of the items, each at most once.") { (vm, a, _) throws(Raise) in
            let source = try vm.sequence(of: a[0])
            let count = try vm.intArgument(a[1], "the count")
            guard count >= 0, count <= source.count else {
                throw vm.valueError("\(count) of \(source.count) items cannot be drawn")
            }
            if source.value.tag == Tag.range, count < source.count / 8 {
                try vm.require(count, ofSize: 4 * 16)
                return sample(vm, of: source, count)
            }
            let items = try vm.items(of: source.value)
            shuffle(vm, items, first: count)
            items.pointee.count = count
            return Value(items)
        }
        table.module("random", "shuffle", "list", "Puts the items of a list in random order.", mutates: true) { (vm, a, _) throws(Raise) in
            guard a[0].isList else { throw vm.typeError("`shuffle` changes a list, not \(a[0].typeName)") }
            shuffle(vm, a[0].list, first: a[0].list.pointee.count)
            return .nil
        }
        table.module("random", "gauss", "mean?, deviation?", "A normally distributed float.") { (vm, a, _) throws(Raise) in
            let mean = a[0].isAbsent ? 0 : try vm.floatArgument(a[0], "the mean")
            let deviation = a[1].isAbsent ? 1 : try vm.floatArgument(a[1], "the deviation")
            // Marsaglia's polar method.
            return draw(vm) { generator in
                while true {
                    let x = 2 * generator.unit() - 1
                    let y = 2 * generator.unit() - 1
                    let square = x * x + y * y
                    if square > 0, square < 1 { return Value(mean + deviation * x * (-2 * Glibc.log(square) / square).squareRoot()) }
                }
            }
        }
    }

    private static func draw(_ vm: VM, _ body: (inout RandomState) -> Value) -> Value {
        var generator = vm.random ?? RandomState(seed: vm.seed ?? vm.host.randomSeed())
        defer { vm.random = generator }
        return body(&generator)
    }

    /// The same as the first `count` of the shuffled numbers, without a list of them all: only what was exchanged is noted.
    private static func sample(_ vm: VM, of range: Items, _ count: Int) -> Value {
        let result = vm.heap.newList(capacity: count)
        var exchanged: [Int: Int] = [:]
        _ = draw(vm) { generator in
            for index in 0..<count {
                let other = Int.random(in: index..<range.count, using: &generator)
                vm.heap.append(range[exchanged[other] ?? other], to: result)
                exchanged[other] = exchanged[index] ?? index
            }
            return .nil
        }
        return Value(result)
    }

    /// Fisher and Yates: puts a random choice into the first places.
    private static func shuffle(_ vm: VM, _ list: UnsafeMutablePointer<ListObject>, first count: Int) {
        _ = draw(vm) { generator in
            for index in 0..<count {
                let other = Int.random(in: index..<list.pointee.count, using: &generator)
                (list.pointee.items[index], list.pointee.items[other]) = (list.pointee.items[other], list.pointee.items[index])
            }
            return .nil
        }
    }
}
