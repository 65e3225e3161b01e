// The message decoder over damaged bytes: whatever a message contains, decoding it gives a value or nothing. It never
// traps, never reads beyond the bytes, and never allocates much more than the message's size warrants.
//
// FUZZ_SECONDS and FUZZ_SEED as in FuzzTests; Scripts/fuzz runs it under the address sanitizer with --asan.

import Foundation
import Testing

@testable import ProcLang

/// Encodings of random values, and what damages them.
struct MessageMutator {
    var random: FuzzRandom

    mutating func encoding() -> [UInt8] {
        var buffer = ByteBuffer()
        defer { buffer.deallocate() }
        append(to: &buffer, depth: 0)
        return buffer.array
    }

    private mutating func append(to buffer: inout ByteBuffer, depth: Int) {
        switch random.below(depth > 5 ? 8 : 14) {
        case 0: buffer.append(WireTag.nil)
        case 1: buffer.append(random.chance(50) ? WireTag.true : WireTag.false)
        case 2: buffer.append(WireTag.smallInt | UInt8(random.below(128)))
        case 3, 4:
            buffer.append(random.chance(50) ? WireTag.int : WireTag.float)
            buffer.append(word: random.next())
        case 5:
            buffer.append(WireTag.string)
            buffer.append(text: random.pick(["", "word", "größer", "日本語", String(repeating: "x", count: 300)]))
        case 6:
            let count = random.small(200)
            buffer.append(WireTag.bytes)
            buffer.append(count: count)
            for _ in 0..<count { buffer.append(UInt8(random.below(256))) }
        case 7:
            let log = random.below(5)
            let count = random.small(40)
            buffer.append(WireTag.ints1 + UInt8(log))  // the fifth is `floats`
            buffer.append(count: count)
            for _ in 0..<count << min(log, 3) { buffer.append(UInt8(random.below(256))) }
        case 8, 9:
            let count = random.small(8)
            buffer.append(WireTag.list)
            buffer.append(count: count)
            for _ in 0..<count { append(to: &buffer, depth: depth + 1) }
        case 10:
            let count = random.small(6)
            buffer.append(random.chance(70) ? WireTag.map : WireTag.namespace)
            buffer.append(count: count)
            for key in 0..<count {
                buffer.append(WireTag.string)
                buffer.append(text: "key\(key)")
                append(to: &buffer, depth: depth + 1)
            }
        case 11:
            buffer.append(WireTag.range)
            for _ in 0..<3 { buffer.append(word: random.next()) }
            buffer.append(1)
        case 12:
            buffer.append(WireTag.capability)
            buffer.append(word: random.next())
            buffer.append(UInt8(random.below(12)))
            buffer.append(UInt8(random.below(8)))
        default:
            buffer.append(WireTag.error)
            append(to: &buffer, depth: depth + 1)
            append(to: &buffer, depth: depth + 1)
            buffer.append(count: 1)
            buffer.append(text: "at line 3")
            append(to: &buffer, depth: depth + 1)
            append(to: &buffer, depth: depth + 1)
            buffer.append(word: random.next())
            buffer.append(word: random.next())
        }
    }

    /// One to eight damages: bits, bytes, counts, cuts, repetitions.
    mutating func damaged(_ whole: [UInt8]) -> [UInt8] {
        var bytes = whole
        for _ in 0...random.below(8) {
            let at = random.below(bytes.count)
            switch random.below(6) {
            case 0 where !bytes.isEmpty: bytes[at] ^= 1 << UInt8(random.below(8))
            case 1 where !bytes.isEmpty: bytes[at] = UInt8(random.below(256))
            case 2 where !bytes.isEmpty: bytes.removeLast(1 + random.below(bytes.count))
            case 3:  // a count far beyond what follows
                let huge = random.pick([[0xff, 0xff, 0x7f], [0xff, 0xff, 0xff, 0xff, 0x7f], [UInt8](repeating: 0xff, count: 9)])
                bytes.insert(contentsOf: huge, at: at)
            case 4: bytes.insert(contentsOf: bytes.prefix(random.below(64)), at: at)
            default: bytes.insert(UInt8(random.below(22)), at: at)
            }
        }
        return bytes
    }
}

@Suite(.serialized) struct MessageFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["FUZZ_SECONDS"].flatMap(Double.init) ?? 2
    private static let seed = environment["FUZZ_SEED"].flatMap(UInt64.init) ?? UInt64(Date().timeIntervalSince1970 * 1000)

    /// Decodes `bytes`, which lie at the end of their memory so that a sanitizer sees a step beyond; bytes allocated.
    private func decode(_ bytes: [UInt8]) -> (isWhole: Bool, allocated: Int) {
        let heap = Heap()
        let before = heap.pressure
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        var decoder = MessageDecoder(heap: heap, bytes: UnsafeRawBufferPointer(memory))
        let isWhole = decoder.value(depth: 0) != nil && decoder.isAtEnd
        return (isWhole, heap.pressure - before)
    }

    @Test func damagedMessages() {
        let end = Date().addingTimeInterval(Self.seconds)
        var seed = Self.seed
        var count = 0
        while Date() < end {
            var mutator = MessageMutator(random: FuzzRandom(seed: seed))
            let bytes = mutator.damaged(mutator.encoding())
            let allocated = decode(bytes).allocated
            #expect(allocated <= 256 * bytes.count + 65536, "FUZZ_SEED=\(seed): \(bytes.count) bytes, \(allocated) allocated")
            seed &+= 1
            count += 1
        }
        print("damaged messages: \(count) texts from seed \(Self.seed)")
    }

    @Test func everyPrefix() {
        for seed in 0..<40 as Range<UInt64> {
            var mutator = MessageMutator(random: FuzzRandom(seed: seed))
            let bytes = mutator.encoding()
            for length in 0..<min(bytes.count, 400) { #expect(!decode(Array(bytes[..<length])).isWhole, "\(length) of \(bytes.count)") }
        }
    }

    /// Lists inside lists that each claim as much as is left.
    @Test func nestedClaims() {
        var bytes: [UInt8] = []
        for _ in 0..<1500 { bytes += [WireTag.list, 0xff, 0xff, 0x01] }
        bytes += [UInt8](repeating: WireTag.nil, count: 40_000)
        #expect(decode(bytes).allocated < 64 << 20)
    }
}
