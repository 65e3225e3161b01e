// Diagnostics for tools: one JSON object each.

/// Writes diagnostics for tools.
public enum DiagnosticJSON {
    /// One line, without a line break at the end. Lines and columns count from 1, offsets are UTF-8 bytes.
    public static func render(_ diagnostic: Diagnostic, sources: SourceMap) -> String {
        let labels = diagnostic.labels.compactMap { label -> String? in
            guard let file = sources.file(of: label.span) else { return nil }
            let start = file.position(at: label.span.start)
            let end = file.position(at: label.span.end)
            return "{\"file\":\(string(file.path)),\"line\":\(start.line),\"column\":\(start.column),"
                + "\"endLine\":\(end.line),\"endColumn\":\(end.column),\"start\":\(label.span.start),"
                + "\"end\":\(label.span.end),\"text\":\(string(label.text))}"
        }
        return "{\"severity\":\(string(diagnostic.severity.rawValue)),\"code\":\(string(diagnostic.code.rawValue)),"
            + "\"title\":\(string(diagnostic.title)),\"labels\":[\(labels.joined(separator: ","))],"
            + "\"notes\":[\(diagnostic.notes.map(string).joined(separator: ","))],"
            + "\"help\":[\(diagnostic.help.map(string).joined(separator: ","))]}"
    }

    /// A JSON string with its quotes.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 32 {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
