// An example for everything in the library: the reference shows them, and a test runs them all.
//
// Invariants
// - Every declaration and every constant has one; its key is `name`, for a method `strings.name`, in a module `math.name`.
// - The last statement is an expression whose value is shown as in a collection, or it prints something itself.

/// The examples by the name of what they show.
public enum LibraryExamples {
    /// One example and its result.
    public struct Example {
        /// Statements with `; ` between them.
        public let code: String
        /// The value of the last one, or what it prints; empty where there is nothing to show.
        public let result: String
        /// The last statement prints the result by itself: nothing else in the examples prints.
        public var prints: Bool { code.contains("print(") }

        init(_ code: String, _ result: String) {
            self.code = code
            self.result = result
        }
    }

    /// The example for a key such as `print`, `strings.upper`, `math.sqrt`.
    public static func example(_ key: String) -> Example? { all[key] }

    static var keys: Set<String> { Set(all.keys) }

    private static let functions: [String: Example] = [
        "print": .init(#"print(1, "a", [2.0], sep: ", ")"#, "1, a, [2.0]"),
        "eprint": .init(#"eprint("to standard error")"#, ""),
        "input": .init("input()", "nil"),
        "repr": .init(#"repr("a\n")"#, #""\"a\\n\"""#),
        "len": .init(#"[len("héllo"), len([1, 2]), len({a: 1})]"#, "[5, 2, 1]"),
        "type": .init(#"[type(1), type("a"), type([])]"#, #"["int", "string", "list"]"#),
        "str": .init(#"str(1.5) + "!""#, #""1.5!""#),
        "bool": .init(#"[bool(0), bool(""), bool(nil)]"#, "[true, true, false]"),
        "int": .init(#"[int("42"), int("ff", 16), int(3.9)]"#, "[42, 255, 3]"),
        "float": .init(#"[float("1e3"), float(2)]"#, "[1000.0, 2.0]"),
        "list": .init(#"[list("abc"), list(1...3), list({a: 1})]"#, #"[["a", "b", "c"], [1, 2, 3], ["a"]]"#),
        "map": .init(#"map([["a", 1], ["b", 2]])"#, #"{"a": 1, "b": 2}"#),
        "bytes": .init(
            #"[bytes("né"), bytes([104, 105]), bytes(2)]"#,
            #"[bytes("n\xc3\xa9"), bytes("hi"), bytes("\x00\x00")]"#),
        "range": .init(
            "[list(range(3)), list(range(2, 5)), list(range(10, 0, -4))]",
            "[[0, 1, 2], [2, 3, 4], [10, 6, 2]]"),
        "namespace": .init(#"namespace(x: 1, y: "a").y"#, #""a""#),
        "sleep": .init("sleep(10ms)", "nil"),
        "exit": .init("exit(0)", ""),
        "assert": .init(
            #"try { assert(1 > 2, "too small") } catch e { print(e.kind, e.message) }"#,
            "assertion too small"),
        "error": .init(#"try { raise error("full", "no room") } catch e { print(e.kind, e.message) }"#, "full no room"),
        "sorted": .init(
            #"[sorted([3, 1, 2]), sorted(["bb", "a"], key: len), sorted("cab", reverse: true)]"#,
            #"[[1, 2, 3], ["a", "bb"], ["c", "b", "a"]]"#),
        "reversed": .init("reversed([1, 2, 3])", "[3, 2, 1]"),
        "sum": .init("[sum([1, 2, 3]), sum([0.5, 1]), sum([[1], [2]], [])]", "[6, 1.5, [1, 2]]"),
        "min": .init("[min(3, 1), min([4, 2]), min([], default: 0)]", "[1, 2, 0]"),
        "max": .init(#"[max(3, 1), max(["a", "bbb"], key: len)]"#, #"[3, "bbb"]"#),
        "any": .init("any([nil, 1])", "true"),
        "all": .init(#"all([true, 0, ""])"#, "true"),
        "enumerate": .init(#"[enumerate("ab"), enumerate(["x"], 1)]"#, #"[[[0, "a"], [1, "b"]], [[1, "x"]]]"#),
        "zip": .init(#"zip([1, 2, 3], "ab")"#, #"[[1, "a"], [2, "b"]]"#),
        "filter": .init("[filter(x => x > 1, [1, 2, 3]), filter(nil, [1, nil, 2])]", "[[2, 3], [1, 2]]"),
        "abs": .init("[abs(-3), abs(-2.5)]", "[3, 2.5]"),
        "round": .init("[round(2.5), round(3.14159, 2), round(1234, -2)]", "[2, 3.14, 1200]"),
        "ord": .init(#"ord("A")"#, "65"),
        "chr": .init("chr(8364)", #""€""#),
        "barrier": .init("let b = barrier(2); parallel { { b.wait(); return 1 } { b.wait(); return 2 } }", "[1, 2]"),
        "semaphore": .init("let s = semaphore(2); s.acquire(); s.value", "1"),
        "event": .init("let e = event(); e.set(); e.is_set()", "true"),
    ]

    private static let stringMethods: [String: Example] = [
        "strings.upper": .init(#""straße".upper()"#, #""STRASSE""#),
        "strings.lower": .init(#""ÄB".lower()"#, #""äb""#),
        "strings.capitalize": .init(#""hELLO".capitalize()"#, #""Hello""#),
        "strings.title": .init(#""a new day".title()"#, #""A New Day""#),
        "strings.swapcase": .init(#""aB".swapcase()"#, #""Ab""#),
        "strings.casefold": .init(#""Straße".casefold()"#, #""strasse""#),
        "strings.find": .init(#"["banana".find("an"), "banana".find("x"), "banana".find("an", 2)]"#, "[1, -1, 3]"),
        "strings.rfind": .init(#""banana".rfind("an")"#, "3"),
        "strings.index": .init(#""banana".index("n")"#, "2"),
        "strings.rindex": .init(#""banana".rindex("n")"#, "4"),
        "strings.count": .init(#""banana".count("an")"#, "2"),
        "strings.startswith": .init(#"["banana".startswith("ba"), "x.py".startswith(["a", "x"])]"#, "[true, true]"),
        "strings.endswith": .init(#""a.txt".endswith([".txt", ".md"])"#, "true"),
        "strings.split": .init(
            #"["a,b,c".split(","), " a  b ".split(), "a,b,c".split(",", 1)]"#,
            #"[["a", "b", "c"], ["a", "b"], ["a", "b,c"]]"#),
        "strings.rsplit": .init(#""a.b.c".rsplit(".", 1)"#, #"["a.b", "c"]"#),
        "strings.splitlines": .init(#""one\ntwo\r\n".splitlines()"#, #"["one", "two"]"#),
        "strings.partition": .init(#""key=a=b".partition("=")"#, #"["key", "=", "a=b"]"#),
        "strings.rpartition": .init(#""key=a=b".rpartition("=")"#, #"["key=a", "=", "b"]"#),
        "strings.join": .init(#"", ".join(["a", "b"])"#, #""a, b""#),
        "strings.replace": .init(#"["aaa".replace("a", "b"), "aaa".replace("a", "b", 2)]"#, #"["bbb", "bba"]"#),
        "strings.strip": .init(#"["  a ".strip(), "--a-".strip("-")]"#, #"["a", "a"]"#),
        "strings.lstrip": .init(#""  a ".lstrip()"#, #""a ""#),
        "strings.rstrip": .init(#""  a ".rstrip()"#, #""  a""#),
        "strings.removeprefix": .init(#""test_a".removeprefix("test_")"#, #""a""#),
        "strings.removesuffix": .init(#""a.txt".removesuffix(".txt")"#, #""a""#),
        "strings.ljust": .init(#""ab".ljust(5, ".")"#, #""ab...""#),
        "strings.rjust": .init(#""ab".rjust(5)"#, #""   ab""#),
        "strings.center": .init(#""ab".center(6, "*")"#, #""**ab**""#),
        "strings.zfill": .init(#"["42".zfill(5), "-42".zfill(5)]"#, #"["00042", "-0042"]"#),
        "strings.isdigit": .init(#"["123".isdigit(), "1.5".isdigit()]"#, "[true, false]"),
        "strings.isalpha": .init(#""äb".isalpha()"#, "true"),
        "strings.isalnum": .init(#""a1".isalnum()"#, "true"),
        "strings.isspace": .init(#"" \t".isspace()"#, "true"),
        "strings.isupper": .init(#""AB1".isupper()"#, "true"),
        "strings.islower": .init(#""aB".islower()"#, "false"),
        "strings.encode": .init(#""né".encode()"#, #"bytes("n\xc3\xa9")"#),
        "strings.chars": .init(#""né".chars()"#, #"["n", "é"]"#),
    ]

    private static let bytesMethods: [String: Example] = [
        "bytes.decode": .init("bytes([104, 105]).decode()", #""hi""#),
        "bytes.hex": .init(#"bytes("az").hex()"#, #""617a""#),
        "bytes.find": .init(#"bytes("abc").find(bytes("c"))"#, "2"),
        "bytes.startswith": .init(#"bytes("abc").startswith(bytes("ab"))"#, "true"),
        "bytes.endswith": .init(#"bytes("abc").endswith(bytes("bc"))"#, "true"),
        "bytes.split": .init(#"bytes("a,b").split(bytes(","))"#, #"[bytes("a"), bytes("b")]"#),
    ]

    private static let listMethods: [String: Example] = [
        "lists.append": .init("let xs = [1]; xs.append(2); xs", "[1, 2]"),
        "lists.extend": .init("let xs = [1]; xs.extend([2, 3]); xs", "[1, 2, 3]"),
        "lists.insert": .init("let xs = [1, 3]; xs.insert(1, 2); xs", "[1, 2, 3]"),
        "lists.pop": .init("let xs = [1, 2, 3]; [xs.pop(), xs.pop(0), xs]", "[3, 1, [2]]"),
        "lists.remove": .init("let xs = [1, 2, 1]; xs.remove(1); xs", "[2, 1]"),
        "lists.clear": .init("let xs = [1]; xs.clear(); xs", "[]"),
        "lists.reverse": .init("let xs = [1, 2, 3]; xs.reverse(); xs", "[3, 2, 1]"),
        "lists.sort": .init(
            #"let xs = ["b", "C", "a"]; xs.sort(key: x => x.lower(), reverse: true); xs"#,
            #"["C", "b", "a"]"#),
        "lists.index": .init(#"["a", "b", "a"].index("a", 1)"#, "2"),
        "lists.count": .init("[1, 2, 1].count(1)", "2"),
        "lists.copy": .init("let xs = [1]; let ys = xs.copy(); ys.append(2); [xs, ys]", "[[1], [1, 2]]"),
        "lists.map": .init("[1, 2].map(x => x * 10)", "[10, 20]"),
        "lists.filter": .init("[1, 2, 3].filter(x => x != 2)", "[1, 3]"),
        "lists.reduce": .init(
            #"[[1, 2, 3].reduce((a, b) => a + b), ["a", "b"].reduce((a, b) => a + b, ">")]"#,
            #"[6, ">ab"]"#),
    ]

    private static let mapMethods: [String: Example] = [
        "maps.keys": .init("{a: 1, b: 2}.keys()", #"["a", "b"]"#),
        "maps.values": .init("{a: 1, b: 2}.values()", "[1, 2]"),
        "maps.items": .init("{a: 1, b: 2}.items()", #"[["a", 1], ["b", 2]]"#),
        "maps.get": .init(#"[{a: 1}.get("a"), {a: 1}.get("b"), {a: 1}.get("b", 0)]"#, "[1, nil, 0]"),
        "maps.pop": .init(#"let m = {a: 1, b: 2}; [m.pop("a"), m.pop("z", nil), m]"#, #"[1, nil, {"b": 2}]"#),
        "maps.popitem": .init("let m = {a: 1, b: 2}; [m.popitem(), m]", #"[["b", 2], {"a": 1}]"#),
        "maps.setdefault": .init(#"let m = {}; m.setdefault("xs", []).append(1); m"#, #"{"xs": [1]}"#),
        "maps.update": .init("let m = {a: 1}; m.update({a: 2, b: 3}); m", #"{"a": 2, "b": 3}"#),
        "maps.remove": .init(#"let m = {a: 1, b: 2}; m.remove("a"); m"#, #"{"b": 2}"#),
        "maps.clear": .init("let m = {a: 1}; m.clear(); m", "{}"),
        "maps.copy": .init("let m = {a: 1}; let n = m.copy(); n.a = 2; [m, n]", #"[{"a": 1}, {"a": 2}]"#),
    ]

    private static let rangeMethods: [String: Example] = [
        "ranges.map": .init("(1...3).map(x => x * x)", "[1, 4, 9]"),
        "ranges.filter": .init("(0..<6).filter(x => x % 2 == 0)", "[0, 2, 4]"),
        "ranges.reduce": .init("(1...5).reduce((a, b) => a * b)", "120"),
        "ranges.index": .init("(10..<20).index(13)", "3"),
        "ranges.count": .init("[(0..<5).count(4), (0..<5).count(5)]", "[1, 0]"),
    ]

    private static let channelMethods: [String: Example] = [
        "ends.send": .init(#"channel c(2); c.send("a"); c.send("b", timeout: 1s); len(c)"#, "2"),
        "ends.put": .init("queue q; q.put(1); len(q)", "1"),
        "ends.receive": .init(
            #"channel c(1); c ! "a"; c.close(); [c.receive(), c.receive(default: "the end")]"#,
            #"["a", "the end"]"#),
        "ends.get": .init("queue q; q.put(1); q.get(timeout: 1s)", "1"),
        "ends.recv": .init(#"pipe left, right; left ! "a"; right.recv()"#, #""a""#),
        "ends.try_get": .init(
            #"queue q; q.put(1); [q.try_get(), q.try_get(), q.try_get("empty")]"#,
            #"[1, nil, "empty"]"#),
        "ends.try_put": .init("queue q(1); [q.try_put(1), q.try_put(2)]", "[true, false]"),
        "ends.close": .init("channel c(1); c ! 1; c.close(); [x for x in c]", "[1]"),
        "ends.poison": .init("channel c(1); c.poison(); try { c ! 1 } catch e { print(e.kind) }", "poisoned"),
    ]

    private static let handleMethods: [String: Example] = [
        "handles.join": .init("(start { return 6 * 7 }).join()", "42"),
        "handles.kill": .init(
            "let p = start { sleep(1m) }; p.kill(); try { p.join() } catch e { print(e.kind, p.status) }",
            "process killed"),
        "handles.cancel": .init(
            "let p = start { sleep(1m) }; p.cancel(); try { p.join() } catch e { print(e.kind, p.status) }",
            "cancelled cancelled"),
    ]

    private static let syncMethods: [String: Example] = [
        "sync.wait": .init("let e = event(); e.set(); e.wait(timeout: 1s)", "nil"),
        "sync.acquire": .init(
            "let s = semaphore(1); s.acquire(); try { s.acquire(timeout: 1ms) } catch e { print(e.kind) }",
            "timeout"),
        "sync.release": .init("let s = semaphore(0); s.release(); s.acquire(timeout: 1s)", "nil"),
        "sync.set": .init("let e = event(); e.set(); e.is_set()", "true"),
        "sync.clear": .init("let e = event(); e.set(); e.clear(); e.is_set()", "false"),
        "sync.is_set": .init("event().is_set()", "false"),
    ]

    private static let fsMembers: [String: Example] = [
        "fs.read": .init(#"fs.write("a.txt", "né\n"); fs.read("a.txt")"#, #""né\n""#),
        "fs.read_bytes": .init(#"fs.write("a.txt", "é"); fs.read_bytes("a.txt")"#, #"bytes("\xc3\xa9")"#),
        "fs.lines": .init(#"fs.write("a.txt", "one\ntwo\n"); fs.lines("a.txt")"#, #"["one", "two"]"#),
        "fs.write": .init(#"fs.write("a.txt", "text"); fs.size("a.txt")"#, "4"),
        "fs.append": .init(#"fs.write("a.txt", "a"); fs.append("a.txt", "b"); fs.read("a.txt")"#, #""ab""#),
        "fs.exists": .init(#"fs.exists("no such file")"#, "false"),
        "fs.is_dir": .init(#"fs.is_dir(".")"#, "true"),
        "fs.is_file": .init(#"fs.is_file(".")"#, "false"),
        "fs.mkdir": .init(#"fs.mkdir("a/b"); fs.is_dir("a/b")"#, "true"),
        "fs.remove": .init(#"fs.write("a.txt", ""); fs.remove("a.txt"); fs.exists("a.txt")"#, "false"),
        "fs.remove_tree": .init(#"fs.mkdir("a/b"); fs.remove_tree("a"); fs.exists("a")"#, "false"),
        "fs.rename": .init(#"fs.write("a.txt", "text"); fs.rename("a.txt", "b.txt"); fs.read("b.txt")"#, #""text""#),
        "fs.list": .init(#"fs.mkdir("d"); fs.write("d/b", ""); fs.write("d/a", ""); fs.list("d")"#, #"["a", "b"]"#),
        "fs.size": .init(#"fs.write("a.txt", "né"); fs.size("a.txt")"#, "3"),
        "fs.modified": .init(#"fs.write("a.txt", ""); time.now() - fs.modified("a.txt") < 60"#, "true"),
        "fs.temp_dir": .init("let d = fs.temp_dir(); let made = fs.is_dir(d); fs.remove(d); made", "true"),
    ]

    private static let jsonMembers: [String: Example] = [
        "json.parse": .init(#"json.parse("[1, 2.5, null, \"a\"]")"#, #"[1, 2.5, nil, "a"]"#),
        "json.format": .init(
            "[json.format({a: [1, nil]}), json.format([1], 2)]",
            #"["{\"a\": [1, null]}", "[\n  1\n]"]"#),
    ]

    private static let mathMembers: [String: Example] = [
        "math.sqrt": .init("math.sqrt(2)", "1.4142135623730951"),
        "math.cbrt": .init("math.cbrt(8)", "2.0"),
        "math.exp": .init("math.exp(1)", "2.718281828459045"),
        "math.sin": .init("math.sin(math.pi / 2)", "1.0"),
        "math.cos": .init("math.cos(0)", "1.0"),
        "math.tan": .init("math.tan(0)", "0.0"),
        "math.asin": .init("math.asin(1)", "1.5707963267948966"),
        "math.acos": .init("math.acos(1)", "0.0"),
        "math.atan": .init("math.atan(1)", "0.7853981633974483"),
        "math.sinh": .init("math.sinh(0)", "0.0"),
        "math.cosh": .init("math.cosh(0)", "1.0"),
        "math.tanh": .init("math.tanh(0)", "0.0"),
        "math.degrees": .init("math.degrees(math.pi)", "180.0"),
        "math.radians": .init("math.radians(180)", "3.141592653589793"),
        "math.log2": .init("math.log2(8)", "3.0"),
        "math.log10": .init("math.log10(1000)", "3.0"),
        "math.log": .init("[math.log(math.e), math.log(8, 2)]", "[1.0, 3.0]"),
        "math.pow": .init("math.pow(2, 10)", "1024.0"),
        "math.atan2": .init("math.atan2(1, -1)", "2.356194490192345"),
        "math.hypot": .init("math.hypot(3, 4)", "5.0"),
        "math.fmod": .init("[math.fmod(-7, 3), -7 % 3]", "[-1.0, 2]"),
        "math.copysign": .init("math.copysign(2, -0.5)", "-2.0"),
        "math.floor": .init("math.floor(-2.5)", "-3"),
        "math.ceil": .init("math.ceil(-2.5)", "-2"),
        "math.trunc": .init("math.trunc(-2.5)", "-2"),
        "math.bit_and": .init("math.bit_and(0b1100, 0b1010)", "8"),
        "math.bit_or": .init("math.bit_or(0b1100, 0b1010)", "14"),
        "math.bit_xor": .init("math.bit_xor(0b1100, 0b1010)", "6"),
        "math.bit_not": .init("math.bit_not(5)", "-6"),
        "math.bit_count": .init("math.bit_count(0xff)", "8"),
        "math.shift_left": .init("math.shift_left(1, 10)", "1024"),
        "math.shift_right": .init("math.shift_right(1024, 3)", "128"),
        "math.gcd": .init("math.gcd(12, 18)", "6"),
        "math.lcm": .init("math.lcm(4, 6)", "12"),
        "math.factorial": .init("math.factorial(10)", "3628800"),
        "math.comb": .init("math.comb(5, 2)", "10"),
        "math.isqrt": .init("math.isqrt(17)", "4"),
        "math.isnan": .init("math.isnan(math.nan)", "true"),
        "math.isinf": .init("math.isinf(-math.inf)", "true"),
        "math.isfinite": .init("math.isfinite(1.0)", "true"),
        "math.isclose": .init("[0.1 + 0.2 == 0.3, math.isclose(0.1 + 0.2, 0.3)]", "[false, true]"),
        "math.pi": .init("math.pi", "3.141592653589793"),
        "math.e": .init("math.e", "2.718281828459045"),
        "math.tau": .init("math.tau", "6.283185307179586"),
        "math.inf": .init("math.inf > 9223372036854775807", "true"),
        "math.nan": .init("math.nan == math.nan", "false"),
    ]

    private static let osMembers: [String: Example] = [
        "os.run": .init(
            #"[os.run(["echo", "a b"]).out, os.run("exit 3").status, os.run(["cat"], input: "text").out]"#,
            #"["a b\n", 3, "text"]"#),
        "os.spawn": .init(
            #"let p = os.spawn(["rev"]); p.stdin ! "abc"; p.stdin.close(); [p.stdout.receive(), p.join()]"#,
            #"["cba", 0]"#),
        "os.cwd": .init(#"os.cwd().startswith("/")"#, "true"),
        "os.chdir": .init(#"os.chdir("/"); os.cwd()"#, #""/""#),
        "os.cpus": .init("os.cpus() >= 1", "true"),
        "os.args": .init("os.args", "[]"),
        "os.env": .init(#""PATH" in os.env"#, "true"),
        "os.stdin": .init("[line for line in os.stdin]", "[]"),
    ]

    private static let randomMembers: [String: Example] = [
        "random.seed": .init(
            "random.seed(1); let a = random.int(1, 100); random.seed(1); a == random.int(1, 100)",
            "true"),
        "random.int": .init("1 <= random.int(1, 6) <= 6", "true"),
        "random.float": .init("0 <= random.float() < 1", "true"),
        "random.bool": .init("random.bool() in [true, false]", "true"),
        "random.choice": .init(#"random.choice("abc") in "abc""#, "true"),
        "random.sample": .init("sorted(random.sample(1...3, 3))", "[1, 2, 3]"),
        "random.shuffle": .init("let xs = [1, 2, 3]; random.shuffle(xs); sorted(xs)", "[1, 2, 3]"),
        "random.gauss": .init("type(random.gauss(0, 1))", #""float""#),
    ]

    private static let timeMembers: [String: Example] = [
        "time.now": .init("time.now() > 1700000000", "true"),
        "time.monotonic": .init("let t = time.monotonic(); sleep(1ms); time.monotonic() > t", "true"),
        "time.format": .init(#"len(time.format(nil, "%Y-%m-%d"))"#, "10"),
    ]

    private static let all: [String: Example] = [
        functions, stringMethods, bytesMethods, listMethods, mapMethods, rangeMethods, channelMethods, handleMethods,
        syncMethods, fsMembers, jsonMembers, mathMembers, osMembers, randomMembers, timeMembers,
    ].reduce(into: [:]) { $0.merge($1) { one, _ in one } }
}
