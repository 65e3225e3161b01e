// Values as a person at a terminal wants to see them: on one line where that fits, else a line an item; long
// collections and texts are shortened, deep ones cut.
//
// Invariants
// - No line is wider than `width`, except by a single item that cannot be divided.
// - The work is bounded by what is shown, not by the size of the value.
// - Without anything left out, the text on one line is that of `repr`.

/// How values are to be shown.
public struct Preview {
    /// Columns of the terminal.
    public var width: Int
    public var isColoured: Bool
    /// Items shown of a collection: of the outermost, and of those inside.
    public var items = 60
    public var innerItems = 12
    /// Collections inside one another beyond this many are only counted.
    public var depth = 5
    /// Characters shown of a string, and of one inside a collection.
    public var characters = 1000
    public var innerCharacters = 160

    /// For a terminal of so many columns (at least 20 are used), with colours or without.
    public init(width: Int, isColoured: Bool) {
        self.width = max(20, width)
        self.isColoured = isColoured
    }
}

/// Text with its width on the screen.
private struct Piece {
    var text = ""
    var width = 0

    mutating func append(_ other: Piece) {
        text += other.text
        width += other.width
    }
}

/// One value being shown.
private struct PreviewWriter {
    let vm: VM
    let options: Preview

    func plain(_ text: String) -> Piece {
        Piece(text: text, width: text.reduce(0) { $0 + DisplayWidth.columns($1) })
    }

    func painted(_ text: String, _ kind: SyntaxClass) -> Piece {
        var piece = plain(text)
        if options.isColoured { piece.text = kind.paint(text) }
        return piece
    }

    // MARK: Values without parts

    func atom(_ value: Value, depth: Int) throws(Raise) -> Piece {
        let limit = depth == 0 ? options.characters : options.innerCharacters
        var text: [UInt8] = []
        if value.isString {
            let characters = value.string.charCount
            if characters > limit {
                let shown = vm.heap.substring(value.string, 0, limit)
                try vm.repr(shown, into: &text)
                var piece = painted(String(decoding: text, as: UTF8.self), .string)
                piece.append(note("... \(characters - limit) more characters"))
                return piece
            }
        } else if value.tag == Tag.bytes, value.bytes.pointee.count > limit {
            let count = value.bytes.pointee.count
            try vm.repr(vm.heap.makeBytes(value.bytes.pointee.bytes, count: limit), into: &text)
            var piece = painted(String(decoding: text, as: UTF8.self), .string)
            piece.append(note("... \(count - limit) more bytes"))
            return piece
        }
        try vm.repr(value, into: &text)
        let shown = String(decoding: text, as: UTF8.self)
        switch value.kind {
        case Tag.string, Tag.bytes: return painted(shown, .string)
        case Tag.int, Tag.float: return painted(shown, .number)
        case Tag.nil, Tag.bool: return painted(shown, .constant)
        default: return plain(shown)
        }
    }

    func note(_ text: String) -> Piece { painted(text, .comment) }

    // MARK: Collections

    /// Opening, closing and parts of a collection; nil for anything else.
    func parts(_ value: Value, depth: Int) -> (open: String, close: String, count: Int, items: [(key: Value?, isField: Bool, value: Value)])? {
        let limit = depth == 0 ? options.items : options.innerItems
        func entries(_ map: UnsafeMutablePointer<MapObject>, isField: Bool) -> [(key: Value?, isField: Bool, value: Value)] {
            var found: [(key: Value?, isField: Bool, value: Value)] = []
            var entry = 0
            while entry < map.pointee.used, found.count < limit, let entries = map.pointee.entries {
                if !entries[entry].key.isAbsent { found.append((entries[entry].key, isField, entries[entry].value)) }
                entry += 1
            }
            return found
        }
        switch value.tag {
        case Tag.list:
            let count = value.list.pointee.count
            return ("[", "]", count, (0..<min(count, limit)).map { (nil, false, value.list.pointee.items[$0]) })
        case Tag.map: return ("{", "}", value.map.pointee.count, entries(value.map, isField: false))
        case Tag.namespace:
            let fields = value.namespace.pointee.fields
            return ("Namespace(", ")", fields.pointee.count, entries(fields, isField: true))
        default: return nil
        }
    }

    func label(_ item: (key: Value?, isField: Bool, value: Value)) throws(Raise) -> Piece {
        guard let key = item.key else { return Piece() }
        if item.isField { return plain(key.string.text + "=") }
        var piece = try atom(key, depth: 1)
        piece.append(plain(": "))
        return piece
    }

    /// On one line, if it takes at most `room` columns.
    func flat(_ value: Value, depth: Int, room: Int, visiting: [UInt64]) throws(Raise) -> Piece? {
        guard let parts = parts(value, depth: depth) else { return try atom(value, depth: depth) }
        if visiting.contains(value.payload) { return plain(parts.open + "..." + parts.close) }
        if depth >= options.depth, parts.count > 0 { return cut(parts.open, parts.close, parts.count) }
        var line = plain(parts.open)
        for (index, item) in parts.items.enumerated() {
            if index > 0 { line.append(plain(", ")) }
            line.append(try label(item))
            guard let shown = try flat(item.value, depth: depth + 1, room: room - line.width, visiting: visiting + [value.payload])
            else { return nil }
            line.append(shown)
            if line.width > room { return nil }
        }
        if parts.count > parts.items.count { line.append(note(", ... \(parts.count - parts.items.count) more")) }
        line.append(plain(parts.close))
        return line.width <= room ? line : nil
    }

    func cut(_ open: String, _ close: String, _ count: Int) -> Piece {
        var piece = plain(open)
        piece.append(note("... \(count) item\(count == 1 ? "" : "s")"))
        piece.append(plain(close))
        return piece
    }

    /// On as many lines as it needs; the first begins at column `used`, the others at `indent`.
    func write(_ value: Value, indent: Int, used: Int, depth: Int, visiting: [UInt64], into out: inout String) throws(Raise) {
        if let line = try flat(value, depth: depth, room: options.width - used - 1, visiting: visiting) {
            out += line.text
            return
        }
        guard let parts = parts(value, depth: depth) else {
            out += try atom(value, depth: depth).text
            return
        }
        out += parts.open
        let inner = indent + 4
        let margin = "\n" + String(repeating: " ", count: inner)
        var column = options.width
        for item in parts.items {
            let label = try label(item)
            let room = options.width - inner - 1
            if let line = try flat(item.value, depth: depth + 1, room: room - label.width, visiting: visiting + [value.payload]),
                label.width + line.width <= room
            {
                // Short items share a line.
                let width = label.width + line.width + 1
                let isShort = item.key == nil && parts.items.count > 4
                if !isShort || column + 1 + width > options.width {
                    out += margin
                    column = inner
                } else {
                    out += " "
                    column += 1
                }
                out += label.text + line.text + ","
                column += width
                if !isShort { column = options.width }
            } else {
                out += margin + label.text
                try write(
                    item.value, indent: inner, used: inner + label.width, depth: depth + 1,
                    visiting: visiting + [value.payload], into: &out)
                out += ","
                column = options.width
            }
        }
        if parts.count > parts.items.count { out += margin + note("... \(parts.count - parts.items.count) more").text }
        out += "\n" + String(repeating: " ", count: indent) + parts.close
    }
}

extension Interpreter {
    /// The value as a REPL echoes it on a terminal.
    public func preview(_ value: Value, _ options: Preview) -> String {
        var out = ""
        do {
            try PreviewWriter(vm: vm, options: options).write(value, indent: 0, used: 0, depth: 0, visiting: [], into: &out)
        } catch {
            vm.pendingError = .nil
            return "<\(value.typeName)>"
        }
        return out
    }
}
