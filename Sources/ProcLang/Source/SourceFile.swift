// Source text and positions in it: what a script's bytes are, and how an offset becomes line and column.
//
// Invariants
// - A `Span` is half open, counts UTF-8 bytes from the start of its file, and lies inside that file.
// - A `SourceFile` never changes. Its lines are separated by "\n"; a "\r" before it belongs to the line end.
// - Files are registered once, in a `SourceMap`; the index there is the `file` of every span in them.

/// A piece of source text: UTF-8 byte offsets `start..<end` of the file numbered `file`.
public struct Span: Hashable, Sendable {
    public var file: Int32
    public var start: Int32
    public var end: Int32

    public init(file: Int32, start: Int32, end: Int32) {
        self.file = file
        self.start = start
        self.end = end
    }

    /// A span that belongs to no text (builtins, synthesized nodes).
    public static let none = Span(file: -1, start: 0, end: 0)

    /// Belongs to no text.
    public var isNone: Bool { file < 0 }
    /// In bytes.
    public var length: Int { Int(end) - Int(start) }

    /// The smallest span that covers both; they must be of one file.
    public func union(_ other: Span) -> Span {
        if isNone { return other }
        if other.isNone { return self }
        return Span(file: file, start: min(start, other.start), end: max(end, other.end))
    }

    /// The empty span where this one begins.
    public var atStart: Span { Span(file: file, start: start, end: start) }
    /// The empty span where this one ends.
    public var atEnd: Span { Span(file: file, start: end, end: end) }
}

/// One source text with its name and its line table.
public final class SourceFile {
    /// Its index in the `SourceMap`.
    public let id: Int32
    /// As given by the user, for messages; `<input>` and the like for text that has no file.
    public let path: String
    /// The bytes as read. Not necessarily valid UTF-8: the lexer checks.
    public let text: [UInt8]
    /// Offset of the first byte of every line; never empty.
    private let lineStarts: [Int32]

    /// Texts longer than this are refused before lexing: offsets are 32 bits wide.
    public static let maximumLength = Int(Int32.max) - 1

    init(id: Int32, path: String, text: [UInt8]) {
        self.id = id
        self.path = path
        self.text = text
        var starts: [Int32] = [0]
        text.withUnsafeBufferPointer { bytes in
            for index in 0..<min(bytes.count, SourceFile.maximumLength) where bytes[index] == 10 {
                starts.append(Int32(index + 1))
            }
        }
        lineStarts = starts
    }

    /// At least 1.
    public var lineCount: Int { lineStarts.count }

    /// The line (from 1) that contains the byte at `offset`.
    public func line(at offset: Int32) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// Line and column (both from 1) of `offset`. A column counts characters (Unicode scalars), not bytes.
    public func position(at offset: Int32) -> (line: Int, column: Int) {
        let line = line(at: offset)
        let start = Int(lineStarts[line - 1])
        var column = 1
        var index = start
        let end = min(Int(offset), text.count)
        while index < end {
            if text[index] & 0xC0 != 0x80 { column += 1 }
            index += 1
        }
        return (line, column)
    }

    /// The byte offsets of line number `line` (from 1) without its line end.
    public func bounds(ofLine line: Int) -> Range<Int> {
        guard line >= 1, line <= lineStarts.count else { return text.count..<text.count }
        let start = Int(lineStarts[line - 1])
        var end = line < lineStarts.count ? Int(lineStarts[line]) - 1 : text.count
        if end > start, text[end - 1] == 13 { end -= 1 }
        return start..<max(start, end)
    }

    /// The text of a span, invalid UTF-8 replaced.
    public func string(_ span: Span) -> String {
        let low = max(0, min(Int(span.start), text.count))
        let high = max(low, min(Int(span.end), text.count))
        return String(decoding: text[low..<high], as: UTF8.self)
    }
}

/// All source texts of one program (the script, what it imports, every input of a REPL session).
public final class SourceMap {
    /// In the order in which they were added: the index is the number in spans.
    public private(set) var files: [SourceFile] = []

    public init() {}

    /// Registers a text and gives it its number.
    public func add(path: String, text: [UInt8]) -> SourceFile {
        let file = SourceFile(id: Int32(files.count), path: path, text: text)
        files.append(file)
        return file
    }

    /// The file of a span; nil for `Span.none`.
    public func file(of span: Span) -> SourceFile? {
        guard span.file >= 0, Int(span.file) < files.count else { return nil }
        return files[Int(span.file)]
    }
}
