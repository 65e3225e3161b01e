// What may stand where somebody types: keywords, names, members and methods of the value before a dot, file names in
// a string.
//
// Invariants
// - Nothing runs: a path before a dot is followed through what is already there (globals, keys, fields, items at
//   literal places); a call, a shared variable that somebody has locked, or anything else that would take a step of
//   the program has no completions.
// - Candidates are sorted, without repetition, and each begins with what is typed.

/// The possible continuations at one place.
public struct CompletionSet: Equatable {
    /// What the candidates are.
    public enum Kind: Equatable {
        case names
        /// The candidates are to be looked up in the file system: the part of the path that is typed.
        case path(String)
    }
    public var kind: Kind
    /// UTF-8 offset where the word that is to be completed begins.
    public var start: Int
    public var candidates: [String]

    public init(kind: Kind, start: Int, candidates: [String]) {
        self.kind = kind
        self.start = start
        self.candidates = candidates
    }
}

extension Interpreter {
    /// Completions at the end of `text`, the part of an input before the cursor.
    public func completions(at text: [UInt8], scope: ModuleScope) -> CompletionSet {
        let lexed = Lexer.lex(SourceFile(id: 0, path: "", text: text))
        let tokens = lexed.tokens.dropLast()
        if let last = tokens.last, last.kind == .invalid, Int(last.end) == text.count || Interpreter.isOpen(last, text) {
            return insideString(text, from: Int(last.start), scope: scope)
        }
        if Interpreter.endsInComment(text, after: Int(tokens.last?.end ?? 0)) {
            return CompletionSet(kind: .names, start: text.count, candidates: [])
        }
        var before = Array(tokens)
        var word = ""
        var start = text.count
        if let last = before.last, last.kind.isWord, Int(last.end) == text.count {
            start = Int(last.start)
            word = String(decoding: text[start...], as: UTF8.self)
            before.removeLast()
        }
        let found: [String]
        if before.last?.kind == .dot {
            before.removeLast()
            found = members(before: before, lexed, text, scope)
        } else {
            found = names(scope) + Interpreter.typedNames(tokens, text, except: start)
        }
        let matching = Set(found.filter { $0.hasPrefix(word) && $0 != "_" })
        return CompletionSet(kind: .names, start: start, candidates: matching.sorted())
    }

    /// The keywords, the script's names, the library's.
    private func names(_ scope: ModuleScope) -> [String] {
        TokenKind.keywords.keys + scope.names + builtins.names
    }

    /// Names in the input itself: what a block declares is not known elsewhere yet.
    private static func typedNames(_ tokens: ArraySlice<Token>, _ text: [UInt8], except start: Int) -> [String] {
        var afterDot = false
        var found: [String] = []
        for token in tokens {
            if token.kind == .name, !afterDot, Int(token.start) != start {
                found.append(String(decoding: text[Int(token.start)..<Int(token.end)], as: UTF8.self))
            }
            afterDot = token.kind == .dot
        }
        return found
    }

    // MARK: Strings and comments

    /// A string that was not closed on its line reaches to the end of the text, or of its line.
    private static func isOpen(_ token: Token, _ text: [UInt8]) -> Bool {
        let first = text[Int(token.start)]
        return (first == 34 || first == 39) && !text[Int(token.start)...].contains(10)
    }

    private static func endsInComment(_ text: [UInt8], after end: Int) -> Bool {
        let line = text[max(end, (text.lastIndex(of: 10) ?? -1) + 1)...]
        return line.contains(UInt8(ascii: "#"))
    }

    /// In a string: a file name, or code inside its braces.
    private func insideString(_ text: [UInt8], from opening: Int, scope: ModuleScope) -> CompletionSet {
        let quote = text[opening]
        if quote == 34 {
            var open: [Int] = []
            var position = opening + 1
            while position < text.count {
                switch text[position] {
                case UInt8(ascii: "\\"): position += 1
                case UInt8(ascii: "{"): open.append(position)
                case UInt8(ascii: "}"): _ = open.popLast()
                default: break
                }
                position += 1
            }
            if let brace = open.last {
                var inner = completions(at: Array(text[(brace + 1)...]), scope: scope)
                inner.start += brace + 1
                return inner
            }
        }
        guard quote == 34 || quote == 39 else { return CompletionSet(kind: .names, start: text.count, candidates: []) }
        let path = String(decoding: text[(opening + 1)...], as: UTF8.self)
        return CompletionSet(kind: .path(path), start: opening + 1, candidates: [])
    }

    // MARK: Members

    /// The members of what the tokens before a dot stand for.
    private func members(before tokens: [Token], _ lexed: LexedText, _ text: [UInt8], _ scope: ModuleScope) -> [String] {
        func word(_ token: Token) -> String { String(decoding: text[Int(token.start)..<Int(token.end)], as: UTF8.self) }
        // Steps from the end back to the root.
        var steps: [Value] = []
        var index = tokens.count - 1
        while index >= 0 {
            let token = tokens[index]
            if token.kind.isWord {
                if index > 0, tokens[index - 1].kind == .dot {
                    steps.append(vm.heap.intern(word(token)))
                    index -= 2
                    continue
                }
                return members(of: word(token), steps.reversed(), scope)
            }
            if token.kind == .rightBracket, index >= 3, tokens[index - 2].kind == .leftBracket,
                tokens[index - 3].kind.isWord || tokens[index - 3].kind == .rightBracket
            {
                let key = tokens[index - 1]
                switch key.kind {
                case .int: steps.append(Value(Int(truncatingIfNeeded: lexed.ints[Int(key.payload)])))
                case .string: steps.append(vm.heap.makeString(lexed.strings[Int(key.payload)]))
                default: return []
                }
                index -= 3
                continue
            }
            guard steps.isEmpty else { return [] }
            return methods(ofLiteral: tokens, endingAt: index)
        }
        return []
    }

    /// Methods of a value that is written out.
    private func methods(ofLiteral tokens: [Token], endingAt index: Int) -> [String] {
        switch tokens[index].kind {
        case .string, .stringEnd: return vm.library.methodNames(of: Tag.string)
        case .rightBracket, .rightBrace:
            var depth = 0
            var open = index
            while open >= 0 {
                switch tokens[open].kind {
                case .rightBracket, .rightBrace, .rightParen: depth += 1
                case .leftBracket, .leftBrace, .leftParen: depth -= 1
                default: break
                }
                if depth == 0 { break }
                open -= 1
            }
            // After a name or bracket it is an index or a block.
            if open > 0, tokens[open - 1].kind.isWord || tokens[open - 1].kind == .rightBracket
                || tokens[open - 1].kind == .rightParen
            {
                return []
            }
            return vm.library.methodNames(of: tokens[index].kind == .rightBracket ? Tag.list : Tag.map)
        default: return []
        }
    }

    private func members(of root: String, _ steps: [Value], _ scope: ModuleScope) -> [String] {
        if let binding = scope.binding(root) {
            if binding.kind == .importedModule, let module = binding.module {
                guard let first = steps.first else { return module.names }
                return members(of: first.string.text, Array(steps.dropFirst()), module)
            }
            guard binding.isGlobal, binding.globalSlot < vm.globalCount else { return [] }
            return follow(vm.globals[binding.globalSlot], steps)
        }
        return vm.library.value(root).map { follow($0, steps) } ?? []
    }

    private func follow(_ value: Value, _ steps: [Value]) -> [String] {
        var value = value
        for step in steps {
            guard let next = self.step(value, step) else { return [] }
            value = next
        }
        return memberNames(value)
    }

    /// `value.key` or `value[key]`, where that is only looking.
    private func step(_ given: Value, _ key: Value) -> Value? {
        guard let value = settled(given) else { return nil }
        switch value.kind {
        case Tag.map: return value.map.get(key)
        case Tag.namespace: return key.isString ? value.namespace.pointee.fields.get(key) : nil
        case Tag.list:
            guard key.isInt, value.list.pointee.count > 0 else { return nil }
            let index = key.int < 0 ? key.int &+ value.list.pointee.count : key.int
            return index >= 0 && index < value.list.pointee.count ? value.list.pointee.items[index] : nil
        case Tag.module, Tag.error, Tag.me, Tag.range:
            guard key.isString else { return nil }
            do { return try vm.getField(value, key) } catch {
                vm.pendingError = .nil
                return nil
            }
        case Tag.end:
            guard key.isString, key.string.text == "reader" || key.string.text == "writer" else { return nil }
            return value
        default: return nil
        }
    }

    /// The value of a shared variable, unless somebody has locked it; other values are themselves.
    private func settled(_ value: Value) -> Value? {
        guard value.kind == Tag.shared else { return value }
        guard case .done = vm.host.lock([value.objectRef], deadline: vm.host.monotonicNow(), line: 0, tryDepth: 0) else {
            return nil
        }
        defer { vm.host.unlock([value.objectRef]) }
        do { return try vm.sharedValue(value) } catch {
            vm.pendingError = .nil
            return nil
        }
    }

    private func memberNames(_ given: Value) -> [String] {
        var found = vm.library.methodNames(of: given.kind)
        if given.kind == Tag.shared { found.append("value") }
        guard let value = settled(given) else { return found }
        if given.kind == Tag.shared { found += vm.library.methodNames(of: value.kind) }
        switch value.kind {
        case Tag.map: found += keys(value.map)
        case Tag.namespace: found += keys(value.namespace.pointee.fields)
        case Tag.module where value.payload >= VM.importedModules:
            found += vm.units[Int(value.payload - VM.importedModules)].scope?.names ?? []
        case Tag.module: found += vm.library.memberNames(ofModule: Int(value.payload))
        case Tag.error: found += ["kind", "message", "process", "trace", "attached", "line"]
        case Tag.handle:
            found += ["pid", "name", "alive", "status"]
            if value.handle.pointee.external { found += ["stdin", "stdout", "stderr"] }
        case Tag.end: found += ["reader", "writer", "empty", "full"]
        case Tag.sync:
            if value.objectKind == .semaphore { found.append("value") }
            if value.objectKind == .barrier { found.append("waiting") }
        case Tag.me: found += ["pid", "name", "parent"]
        case Tag.range: found += ["start", "end", "step"]
        default: break
        }
        return found
    }

    /// The keys of a map that can stand after a dot.
    private func keys(_ map: UnsafeMutablePointer<MapObject>) -> [String] {
        var found: [String] = []
        map.forEach { key, _ in
            guard key.isString, found.count < 1000 else { return }
            let text = key.string.text
            let tokens = Lexer.lex(SourceFile(id: 0, path: "", text: Array(text.utf8))).tokens
            if tokens.count == 2, tokens[0].kind.isWord { found.append(text) }
        }
        return found
    }
}
