// Checks compiled functions in debug builds: what the interpreter loop takes for granted.
//
// It reads the opcode table: registers within the frame, constants and functions within their tables, jumps within
// the function, and no way off the end of the code.

enum Verifier {
    static func check(_ code: UnsafeMutablePointer<FunctionCode>, _ info: FunctionInfo, globals: Int) {
        let count = Int(code.pointee.codeCount)
        precondition(count > 0 && info.spans.count == count, "\(info.name): spans")
        let registers = Int(code.pointee.registerCount)
        func require(_ condition: Bool, _ index: Int, _ what: String) {
            precondition(condition, "\(info.name), instruction \(index) (\(code.pointee.code[index].op.name)): \(what)")
        }
        for index in 0..<count {
            let i = code.pointee.code[index]
            for (number, kind) in i.op.info.operands.enumerated() {
                let value = number == 0 ? i.a : number == 1 ? i.b : i.c
                switch kind {
                case .register, .registers: require(value < registers, index, "register \(value)")
                case .constant: require(value < Int(code.pointee.constantCount), index, "constant \(value)")
                case .wideConstant: require(i.wide >= 0 && i.wide < Int(code.pointee.constantCount), index, "constant \(i.wide)")
                case .wideFunction: require(i.wide >= 0 && i.wide < info.functions.count, index, "function \(i.wide)")
                case .wideGlobal: require(i.wide >= 0 && i.wide < globals, index, "global \(i.wide)")
                case .jump: require((0..<count).contains(index + 1 + i.signedC), index, "jump")
                case .wideJump: require((0..<count).contains(index + 1 + i.wide), index, "jump")
                case .none, .number, .signed, .wideInt: break
                }
            }
        }
        let last = code.pointee.code[count - 1].op
        require([.returnNil, .returnValue, .jump, .loop, .raise, .reraise, .matchFailed].contains(last), count - 1, "the code runs off its end")
        for handler in info.handlers {
            precondition((0...count).contains(Int(handler.start)) && (0...count).contains(Int(handler.end)), "\(info.name): handler")
            precondition((0..<count).contains(Int(handler.target)) && Int(handler.register) < registers, "\(info.name): handler")
        }
    }
}
