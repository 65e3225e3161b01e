// Single values as messages, for a host that itself sends or receives some: the lines of an external program, its
// exit status.

/// Encodes single values as the language does (Values/MessageCoder.swift).
public enum Message {
    /// A string value; bytes that are not UTF-8 are replaced.
    public static func encode(text: [UInt8]) -> [UInt8] {
        encode { buffer in
            buffer.append(WireTag.string)
            buffer.append(text: String(decoding: text, as: UTF8.self))
        }
    }

    /// An int value.
    public static func encode(int: Int64) -> [UInt8] {
        encode { buffer in
            buffer.append(WireTag.int)
            buffer.append(word: UInt64(bitPattern: int))
        }
    }

    private static func encode(_ body: (inout ByteBuffer) -> Void) -> [UInt8] {
        var buffer = ByteBuffer()
        defer { buffer.deallocate() }
        body(&buffer)
        return buffer.array
    }
}
