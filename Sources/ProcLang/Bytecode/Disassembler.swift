// Compiled functions as text, for people who look at the compiler's work. Reads the opcode table.

struct Disassembler {
    let vm: VM

    /// A function and the functions inside it.
    func text(of code: UnsafeMutablePointer<FunctionCode>) -> String {
        let info = vm.infos[Int(code.pointee.info)]
        var lines = [
            "\(info.name): \(code.pointee.parameterCount) parameters, \(code.pointee.registerCount) registers, "
                + "\(code.pointee.codeCount) instructions"
        ]
        for index in 0..<Int(code.pointee.codeCount) {
            let span = Span(file: info.file, start: info.spans[index].start, end: info.spans[index].end)
            let line = vm.line(of: span)
            lines.append("\(pad(index, 5)) \(pad(Int(line), 5))  \(text(code.pointee.code[index], at: index, code))")
        }
        for handler in info.handlers {
            lines.append("  handler \(handler.start)..<\(handler.end) -> \(handler.target), R\(handler.register)")
        }
        return lines.joined(separator: "\n") + "\n" + info.functions.map { "\n" + text(of: $0) }.joined()
    }

    private func pad(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func text(_ i: Instruction, at index: Int, _ code: UnsafeMutablePointer<FunctionCode>) -> String {
        var parts: [String] = []
        for (number, kind) in i.op.info.operands.enumerated() {
            let value = number == 0 ? i.a : number == 1 ? i.b : i.c
            switch kind {
            case .none: break
            case .register, .registers: parts.append("R\(value)")
            case .number: parts.append("\(value)")
            case .signed: parts.append("\(number == 1 ? i.signedB : i.signedC)")
            case .jump: parts.append("-> \(index + 1 + i.signedC)")
            case .constant: parts.append("K\(value) (\(constant(value, code)))")
            case .wideJump: parts.append("-> \(index + 1 + i.wide)")
            case .wideConstant: parts.append("K\(i.wide) (\(constant(i.wide, code)))")
            case .wideGlobal: parts.append("G\(i.wide)")
            case .wideInt: parts.append("\(i.wide)")
            case .wideFunction: parts.append("F\(i.wide)")
            }
        }
        let name = i.op.name
        return name + String(repeating: " ", count: max(1, 26 - name.count)) + parts.joined(separator: " ")
    }

    private func constant(_ number: Int, _ code: UnsafeMutablePointer<FunctionCode>) -> String {
        guard number >= 0, number < Int(code.pointee.constantCount) else { return "?" }
        var text: [UInt8] = []
        do { try vm.repr(code.pointee.constants[number], into: &text) } catch { vm.pendingError = .nil }
        return String(decoding: text, as: UTF8.self)
    }
}
