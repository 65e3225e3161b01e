// The modules `os` and `fs`: external programs, the environment, files. Everything is done by the host.
//
// Invariants
// - Errors of the system arrive as `HostError` and become errors of their kind (`io`, `denied`, `memory`).
// - Bytes from outside become text by replacing what is not UTF-8, and are held to `vm.mostBytes`.

enum SystemModules {
    static func install(_ table: LibraryTable) {
        installSystem(table)
        installFiles(table)
    }

    // MARK: os

    private static func installSystem(_ table: LibraryTable) {
        table.constant("os", "args", "The list of the script's arguments.") { vm in
            vm.heap.makeList(vm.host.arguments.map { vm.heap.makeString($0) })
        }
        table.constant("os", "env", "The map of the environment's variables.") { (vm) throws(Raise) in
            let environment = try vm.onHost { try vm.host.environment() }
            let map = vm.heap.newMap()
            for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
                vm.heap.set(vm.heap.makeString(name), vm.heap.makeString(value), in: map)
            }
            return Value(map)
        }
        table.constant("os", "stdin", "The standard input: `for line in os.stdin`.") { _ in
            Value(tag: Tag.stdin, payload: 0)
        }
        table.module(
            "os", "run", "command, input?",
            "Runs a program to its end: a list of words, or a string for the shell. Gives `.status .out .err`."
        ) { (vm, a, _) throws(Raise) in
            let (words, isShell) = try command(vm, a[0])
            let input: [UInt8]? = a[1].isAbsent || a[1].isNil ? nil : Array(try content(vm, a[1]))
            let result = try vm.onHost { try vm.host.run(words, shell: isShell, input: input, limit: vm.mostBytes) }
            let fields = vm.heap.newMap()
            vm.heap.set("status", Value(Int(result.status)), in: fields)
            vm.heap.set("out", vm.heap.makeString(vm.validUTF8(result.out)), in: fields)
            vm.heap.set("err", vm.heap.makeString(vm.validUTF8(result.err)), in: fields)
            return vm.heap.makeNamespace(fields)
        }
        table.module(
            "os", "spawn", "command",
            "Starts a program beside this one: a handle with the ends `.stdin .stdout .stderr`, a line a message."
        ) { (vm, a, _) throws(Raise) in
            let (words, isShell) = try command(vm, a[0])
            let program = try vm.onHost { try vm.host.spawn(words, shell: isShell) }
            vm.heap.noteCapability()
            let name = isShell ? "sh" : words[0].split(separator: "/").last.map(String.init) ?? words[0]
            let pid = vm.host.pid(of: program.process)
            vm.started.append(StartedProcess(process: program.process, pid: pid, name: name))
            let handle = vm.heap.makeHandle(program.process, pid: pid, name: vm.heap.makeString(name))
            handle.pointee.external = true
            handle.pointee.stdin = Value(end: program.stdin)
            handle.pointee.stdout = Value(end: program.stdout)
            handle.pointee.stderr = Value(end: program.stderr)
            return Value(heap: Tag.handle, handle)
        }
        table.module("os", "cwd", "", "The current directory.") { (vm, _, _) throws(Raise) in
            let answer = try vm.onHost { try vm.host.fileSystem("cwd", []) }
            return vm.heap.makeString(answer.first ?? "")
        }
        table.module("os", "chdir", "path", "Changes the current directory of this process.") { (vm, a, _) throws(Raise) in
            let path = try vm.textArgument(a[0], "the path")
            _ = try vm.onHost { try vm.host.fileSystem("chdir", [path]) }
            return .nil
        }
        table.module("os", "cpus", "", "The number of processors that this program may use.") { (vm, _, _) throws(Raise) in
            Value(vm.host.processorCount)
        }
    }

    /// A command's words, and whether they are one string for the shell.
    private static func command(_ vm: VM, _ given: Value) throws(Raise) -> ([String], Bool) {
        let value = try vm.plain(given)
        if value.isString { return ([value.string.text], true) }
        guard value.isList, value.list.pointee.count > 0 else {
            throw vm.typeError("a command is a string for the shell, or a list of at least the program's name")
        }
        var words: [String] = []
        for index in 0..<value.list.pointee.count {
            words.append(try vm.displayText(value.list.pointee.items[index]))
        }
        return (words, false)
    }

    // MARK: fs

    private static func content(_ vm: VM, _ given: Value) throws(Raise) -> UnsafeBufferPointer<UInt8> {
        let value = try vm.plain(given)
        return value.tag == Tag.bytes ? try vm.bytesArgument(value, "the content") : try vm.stringArgument(value, "the content").utf8
    }

    private static func installFiles(_ table: LibraryTable) {
        func reading(_ name: String, _ doc: String, _ make: @escaping (VM, [UInt8]) -> Value) {
            table.module("fs", name, "path", doc) { (vm, a, _) throws(Raise) in
                let path = try vm.textArgument(a[0], "the path")
                let bytes = try vm.onHost { try vm.host.readFile(path, limit: vm.mostBytes) }
                guard bytes.count <= StringObject.maxBytes else { throw vm.memoryError(bytes.count) }
                try vm.require(bytes.count)
                return make(vm, bytes)
            }
        }
        reading("read", "The content of a file as text; what is not UTF-8 is replaced.") { vm, bytes in
            vm.heap.makeString(vm.validUTF8(bytes))
        }
        reading("read_bytes", "The content of a file as bytes.") { vm, bytes in vm.heap.makeBytes(bytes) }
        reading("lines", "The lines of a file, without their ends.") { vm, bytes in
            let result = vm.heap.newList()
            vm.validUTF8(bytes).withUnsafeBufferPointer { text in
                var start = 0
                while start < text.count {
                    let end = text[start...].firstIndex(of: 10) ?? text.count
                    let hasReturn = end > start && end < text.count && text[end - 1] == 13
                    vm.heap.append(
                        vm.heap.makeString(text.baseAddress! + start, count: (hasReturn ? end - 1 : end) - start), to: result)
                    start = end + 1
                }
            }
            return Value(result)
        }
        func writing(_ name: String, _ doc: String, append: Bool) {
            table.module("fs", name, "path, content", doc) { (vm, a, _) throws(Raise) in
                let path = try vm.textArgument(a[0], "the path")
                let bytes = UnsafeRawBufferPointer(try content(vm, a[1]))
                try vm.onHost { try vm.host.writeFile(path, bytes, append: append) }
                return .nil
            }
        }
        writing("write", "Makes or replaces a file with this text or bytes.", append: false)
        writing("append", "Adds text or bytes at the end of a file.", append: true)
        func asking(_ name: String, _ operation: String, _ doc: String) {
            table.module("fs", name, "path", doc) { (vm, a, _) throws(Raise) in
                let path = try vm.textArgument(a[0], "the path")
                return Value(try vm.onHost { try vm.host.fileSystem(operation, [path]) }.first == "true")
            }
        }
        asking("exists", "exists", "Whether there is a file or directory.")
        asking("is_dir", "is_dir", "Whether it is a directory.")
        asking("is_file", "is_file", "Whether it is a regular file.")
        func doing(_ name: String, _ operation: String, _ signature: String, _ doc: String) {
            table.module("fs", name, signature, doc) { (vm, a, _) throws(Raise) in
                var paths = [try vm.textArgument(a[0], "the path")]
                if signature.contains(",") { paths.append(try vm.textArgument(a[1], "the new path")) }
                _ = try vm.onHost { try vm.host.fileSystem(operation, paths) }
                return .nil
            }
        }
        doing("mkdir", "mkdir", "path", "Makes a directory, and its missing parents.")
        doing("remove", "remove", "path", "Removes a file or an empty directory.")
        doing("remove_tree", "remove_tree", "path", "Removes a directory with all that is in it.")
        doing("rename", "rename", "path, to", "Gives a file or directory a new path.")
        table.module("fs", "list", "path?", "The sorted names in a directory.") { (vm, a, _) throws(Raise) in
            let path = a[0].isAbsent ? "." : try vm.textArgument(a[0], "the path")
            let names = try vm.onHost { try vm.host.fileSystem("list", [path]) }
            return vm.heap.makeList(names.map { vm.heap.makeString($0) })
        }
        func measuring(_ name: String, _ doc: String, _ make: @escaping (String) -> Value) {
            table.module("fs", name, "path", doc) { (vm, a, _) throws(Raise) in
                let path = try vm.textArgument(a[0], "the path")
                return make(try vm.onHost { try vm.host.fileSystem(name, [path]) }.first ?? "0")
            }
        }
        measuring("size", "The size of a file in bytes.") { Value(Int($0) ?? 0) }
        measuring("modified", "When a file was last changed, in seconds since 1970.") { Value(Double($0) ?? 0) }
        table.module("fs", "temp_dir", "", "A new directory that only this user can enter.") { (vm, _, _) throws(Raise) in
            let answer = try vm.onHost { try vm.host.fileSystem("temp_dir", []) }
            return vm.heap.makeString(answer.first ?? "")
        }
    }
}

extension VM {
    /// The most bytes that a file or a program's output may have to become a value: they are gathered outside of the heap.
    fileprivate var mostBytes: Int { min(StringObject.maxBytes, heap.room / 3) }
}
