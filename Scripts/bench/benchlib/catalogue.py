"""Every workload: who runs it with which command and size, what the right result is, and what is aimed at.

A series is one program in one placement; `name` is `peer.variant@place`, with place `1cpu` (taskset) or `free`
(the scheduler chooses). A target says how many times as fast one series shall be as another.
"""
from dataclasses import dataclass, field
from typing import Callable, Optional

from .tools import PEERS, SCRIPTS

MP = str(PEERS / "python" / "mp.py")
COMPUTE_PY = str(PEERS / "python" / "compute.py")
COMPUTE_LUA = str(PEERS / "lua" / "compute.lua")


@dataclass
class Series:
    peer: str
    variant: str
    words: list          # after the peer's command; "N" stands for the size
    size: int
    one_cpu: bool
    checksum: Optional[int]
    step: int            # sizes are multiples of it

    @property
    def name(self):
        return f"{self.peer}.{self.variant}@{'1cpu' if self.one_cpu else 'free'}"


@dataclass
class Target:
    ours: str
    theirs: str
    least: float         # times as fast
    words: str           # as the goal was put


@dataclass
class Workload:
    name: str
    title: str
    unit: str
    higher: bool                                # a rate; otherwise a time or a size
    expect: Callable[[int], Optional[int]]      # the right checksum for a size
    step: int = 1
    kind: str = "line"                          # "memory": see measure.idle_memory
    series: list = field(default_factory=list)
    targets: list = field(default_factory=list)

    def add(self, peer, variant, words, size, places="1f"):
        for place in places:
            self.series.append(Series(peer, variant, words, size, place == "1", None, self.step))
        return self

    def proc(self, variant, words, size, places="1f"):
        script, *rest = words
        return self.add("proclang", variant, [str(SCRIPTS / f"{script}.proc"), *rest], size, places)

    def aim(self, ours, theirs, least, words):
        self.targets.append(Target(ours, theirs, least, words))
        return self


def communication():
    sum_below = lambda n: n * (n - 1) // 2
    all_ = []

    def workload(*args, **options):
        all_.append(Workload(*args, **options))
        return all_[-1]

    w = workload("spawn", "Start and join, one after another", "proc/s", True, lambda n: n)
    w.proc("start", ["spawn", "N"], 600).add("c", "fork", ["spawn", "N"], 2000).add("cpython", "fork", [MP, "spawn", "N"], 300)
    w.add("pycsp", "multiprocess", ["spawn", "N"], 30, "f")
    w.add("go", "goroutine", ["spawn", "N"], 200000, "f").add("erlang", "process", ["spawn", "N"], 50000, "f")
    for place in "free", "1cpu":
        w.aim(f"proclang.start@{place}", f"c.fork@{place}", 0.5, "at least half of C's fork, exit and wait")
        w.aim(f"proclang.start@{place}", f"cpython.fork@{place}", 5, "at least 5 times CPython's")

    w = workload("spawn_many", "Start 500 processes, join all", "ms", False, lambda n: n)
    w.proc("parallel", ["spawn_many", "N"], 500, "f").add("c", "fork", ["spawn_many", "N"], 500, "f")
    w.add("cpython", "fork", [MP, "spawn_many", "N"], 500, "f")
    w.add("go", "goroutine", ["spawn_many", "N"], 500, "f").add("erlang", "process", ["spawn_many", "N"], 500, "f")
    w.aim("proclang.parallel@free", "cpython.fork@free", 4, "at least 4 times CPython's")

    w = workload("pingpong", "Round trip of a small int", "roundtrip/s", True, lambda n: n * (n + 1) // 2)
    for variant in "channel", "buffered", "pipe":
        w.proc(variant, ["pingpong", variant, "N"], 30000)
    for variant in "futex", "rendezvous", "pipe":
        w.add("c", variant, ["pingpong", variant, "N"], 30000)
    w.add("cpython", "pipe", [MP, "pingpong", "N"], 10000).add("pycsp", "multiprocess", ["pingpong", "N"], 400)
    w.add("go", "goroutine", ["pingpong", "N"], 500000, "f").add("erlang", "process", ["pingpong", "N"], 300000, "f")
    for variant in "channel", "pipe":
        w.aim(f"proclang.{variant}@1cpu", "c.futex@1cpu", 0.8, "at least 0.8 of C's futex ping-pong")
        w.aim(f"proclang.{variant}@1cpu", "cpython.pipe@1cpu", 3.5, "at least 3.5 times CPython's Pipe")
        w.aim(f"proclang.{variant}@free", "cpython.pipe@free", 10, "at least 10 times CPython's Pipe")

    for producers, least in (1, 20), (4, 15):
        w = workload(f"queue{producers}", f"Queue of small ints, {producers} to 1", "msg/s", True, sum_below, step=4)
        p = str(producers)
        for variant in "queue", "bounded", "channel":
            w.proc(variant, ["queue", variant, p, "N"], 1000000, "1f" if variant == "queue" else "f")
        for variant, n in ("lockfree", 4000000), ("mutex", 2000000), ("pipe", 300000):
            w.add("c", variant, ["queue", variant, p, "N"], n, "1f" if variant == "lockfree" else "f")
        w.add("cpython", "queue", [MP, "queue", p, "N"], 60000).add("faster-fifo", "one", ["queue", "one", p, "N"], 60000)
        w.add("faster-fifo", "many", ["queue", "many", p, "N"], 100000, "f").add("pycsp", "buffered", ["queue", p, "N"], 800, "f")
        w.add("go", "goroutine", ["queue", p, "N"], 2000000, "f").add("erlang", "process", ["queue", p, "N"], 500000, "f")
        for place in "free", "1cpu":
            w.aim(f"proclang.queue@{place}", f"cpython.queue@{place}", least, f"at least {least} times CPython's Queue")
            w.aim(f"proclang.queue@{place}", f"faster-fifo.one@{place}", least, f"at least {least} times faster-fifo, one by one")

    w = workload("bigmsg", "Messages of 1 MiB", "MiB/s", True, lambda n: n * ((1 << 20) + ord("z")))
    w.proc("queue", ["bigmsg", "N"], 1000).add("c", "shared", ["bigmsg", "shared", "N"], 2000)
    w.add("c", "pipe", ["bigmsg", "pipe", "N"], 500, "f").add("cpython", "queue", [MP, "bigmsg", "N"], 150)
    w.add("faster-fifo", "one", ["bigmsg", "N"], 600).add("go", "goroutine", ["bigmsg", "N"], 500, "f")
    w.aim("proclang.queue@free", "cpython.queue@free", 15, "at least 15 times CPython's Queue")
    w.aim("proclang.queue@free", "faster-fifo.one@free", 1, "not slower than faster-fifo")

    w = workload("list1000", "Lists of 1,000 ints", "msg/s", True, lambda n: n * 1999)
    w.proc("queue", ["list1000", "N"], 30000).add("c", "shared", ["list1000", "shared", "N"], 200000)
    w.add("c", "pipe", ["list1000", "pipe", "N"], 60000, "f").add("cpython", "queue", [MP, "list1000", "N"], 8000)
    w.add("faster-fifo", "one", ["list1000", "N"], 8000, "f").add("go", "goroutine", ["list1000", "N"], 100000, "f")
    w.add("erlang", "process", ["list1000", "N"], 20000, "f")
    w.aim("proclang.queue@free", "cpython.queue@free", 5, "at least 5 times CPython's Queue")

    w = workload("counter", "One shared int, 4 processes", "inc/s", True, lambda n: n, step=4)
    w.proc("plain", ["counter", "N"], 4000000, "f").proc("lock", ["counter_lock", "N"], 400000, "f")
    w.add("c", "atomic", ["counter", "atomic", "N"], 20000000, "f").add("c", "mutex", ["counter", "mutex", "N"], 4000000, "f")
    w.add("cpython", "value", [MP, "counter", "N"], 200000, "f")
    w.add("go", "goroutine", ["counter", "N"], 20000000, "f").add("erlang", "process", ["counter", "N"], 2000000, "f")
    w.aim("proclang.plain@free", "cpython.value@free", 20, "at least 20 times CPython's Value with its lock")

    w = workload("ring", "Ring of 100 processes", "hop/s", True, lambda n: n, step=100)
    for variant in "channel", "buffered":
        w.proc(variant, ["ring", variant, "100", "N/100"], 20000)
    for variant in "futex", "rendezvous", "pipe":
        w.add("c", variant, ["ring", variant, "100", "N/100"], 40000)
    w.add("cpython", "pipe", [MP, "ring", "100", "N/100"], 8000)
    w.add("go", "goroutine", ["ring", "100", "N/100"], 500000, "f").add("erlang", "process", ["ring", "100", "N/100"], 300000, "f")
    w.aim("proclang.channel@1cpu", "c.rendezvous@1cpu", 0.8, "at least 0.8 of C's futex ring (each hop a rendezvous)")
    w.aim("proclang.buffered@1cpu", "c.futex@1cpu", 0.8, "at least 0.8 of C's futex ring (each hop a place for one value)")
    w.aim("proclang.channel@1cpu", "cpython.pipe@1cpu", 3.5, "at least 3.5 times CPython's Pipe")

    w = workload("commstime", "CommsTime", "us/loop", False, sum_below)
    w.proc("channel", ["commstime", "N"], 5000)
    for variant in "rendezvous", "futex", "pipe":
        w.add("c", variant, ["commstime", variant, "N"], 10000)
    w.add("cpython", "rendezvous", [MP, "commstime", "rendezvous", "N"], 3000)
    w.add("cpython", "pipe", [MP, "commstime", "pipe", "N"], 3000)
    w.add("pycsp", "multiprocess", ["commstime", "N"], 100)
    w.add("go", "goroutine", ["commstime", "N"], 200000, "f").add("erlang", "process", ["commstime", "N"], 100000, "f")
    w.aim("proclang.channel@1cpu", "c.rendezvous@1cpu", 1 / 1.3, "at most 1.3 of C's rendezvous loop")
    w.aim("proclang.channel@1cpu", "cpython.rendezvous@1cpu", 2, "at most half of CPython's rendezvous")
    w.aim("proclang.channel@1cpu", "pycsp.multiprocess@1cpu", 40, "at least 40 times PyCSP")
    w.aim("proclang.channel@free", "pycsp.multiprocess@free", 40, "at least 40 times PyCSP")

    w = workload("select", "Select over 8 writers", "msg/s", True, sum_below, step=8)
    w.proc("channel", ["select", "channel", "N"], 40000).proc("buffered", ["select", "buffered", "N"], 200000)
    w.add("c", "rendezvous", ["select", "rendezvous", "N"], 80000).add("c", "poll", ["select", "poll", "N"], 200000)
    w.add("cpython", "wait_one", [MP, "select", "one", "N"], 16000).add("cpython", "wait_all", [MP, "select", "all", "N"], 32000)
    w.add("pycsp", "multiprocess", ["select", "N"], 400, "f")
    w.add("go", "goroutine", ["select", "N"], 400000, "f").add("erlang", "process", ["select", "N"], 400000, "f")
    for place in "1cpu", "free":
        w.aim(f"proclang.channel@{place}", f"c.rendezvous@{place}", 0.7, "at least 0.7 of C's (rendezvous)")
        w.aim(f"proclang.buffered@{place}", f"c.poll@{place}", 0.7, "at least 0.7 of C's (poll over pipes)")
        w.aim(f"proclang.buffered@{place}", f"cpython.wait_one@{place}", 2.5, "at least 2.5 times connection.wait, one message a wait")
        w.aim(f"proclang.buffered@{place}", f"cpython.wait_all@{place}", 2.5, "at least 2.5 times connection.wait, all that is ready")

    for variant, title, expect in (
        ("get", "records[0]", lambda n: 7 * n), ("append", "records.append(i)", lambda n: n), ("nsadd", "ns.x += 1", lambda n: n),
    ):
        w = workload(f"manager_{variant}", f"Manager: {title}", "op/s", True, expect)
        w.proc("manager", ["manager", variant, "N"], 20000).add("c", "socket", ["manager", variant, "N"], 20000)
        w.add("cpython", "manager", [MP, "manager", variant, "N"], 6000)
        w.add("go", "goroutine", ["manager", variant, "N"], 300000, "f").add("erlang", "process", ["manager", variant, "N"], 200000, "f")
        w.aim("proclang.manager@1cpu", "cpython.manager@1cpu", 1.8, "at least 1.8 times CPython's Manager")
        w.aim("proclang.manager@free", "cpython.manager@free", 5, "at least 5 times CPython's Manager")

    w = workload("memory", "Private memory, idle process", "KiB", False, lambda n: None, kind="memory")
    w.proc("start", ["idle", "N"], 100, "f").add("c", "fork", ["idle", "N"], 100, "f").add("cpython", "fork", [MP, "idle", "N"], 100, "f")
    w.aim("proclang.start@free", "150 KiB", 150, "at most 150 KiB")
    return all_


def startup():
    w = Workload("startup", "Start-up of a one-line script", "ms", False, lambda n: n)
    stopwatch = ["startup", "N"]
    w.add("proclang", "script", [*stopwatch, "{proclang}", str(SCRIPTS / "hello.proc")], 20, "f")
    w.add("lua", "script", [*stopwatch, "{lua}", str(PEERS / "lua" / "hello.lua")], 20, "f")
    w.add("cpython", "-IS", [*stopwatch, "{cpython}", "-IS", str(PEERS / "python" / "hello.py")], 20, "f")
    w.add("cpython", "multiprocessing", [*stopwatch, "{cpython}", str(PEERS / "python" / "hello_mp.py")], 20, "f")
    w.add("go", "compiled", [*stopwatch, "{go}", "hello"], 20, "f")
    w.add("c", "true", [*stopwatch, "/bin/true"], 20, "f")
    w.aim("proclang.script@free", "lua.script@free", 1 / 2.5, "at most 2.5 of Lua's")
    w.aim("proclang.script@free", "cpython.-IS@free", 4, "at least 4 times CPython's (-IS)")
    return w


# name: (title, size, at least this many times Lua's speed, at least this many times CPython's)
COMPUTE = {
    "fib": ("Recursive calls: fib(32)", 32, 1.0, 2),
    "loop_for": ("Integer loop, for", 30000000, 1.0, 2),
    "loop_while": ("Integer loop, while", 30000000, 1.0, 2),
    "mandelbrot": ("Float loop: mandelbrot", 400, 1.0, 2),
    "sieve": ("Sieve on a list", 2000000, 1 / 1.3, 2),
    "strbuild": ("String building: 1 M pieces, join", 1000000, 1 / 1.3, 2),
    "strappend": ("String building: 2,000 times +=", 200, 1 / 1.3, 2),
    "strsplit": ("String splitting: 500,000 numbers", 500000, 1 / 1.3, 2),
    "wordcount": ("Map counting of 1 M words", 1000000, 1 / 1.3, 2),
    "sort": ("Sorting 1 M ints", 1000000, 1 / 1.3, 1 / 1.5),
    "closures": ("Closures: 1 M made, 2 M calls", 1000000, 1 / 1.3, 2),
    "methods": ("Method calls on a list", 2000000, 1 / 1.3, 2),
    "objects": ("Method calls on an own object", 2000000, 1 / 1.3, 2),
    "exceptions": ("Exceptions: every other call raises", 600000, 1 / 1.3, 2),
}


def compute():
    all_ = []
    for name, (title, size, lua, python) in COMPUTE.items():
        w = Workload(name, title, "s", False, lambda n: None, kind="compute")
        w.add("cpython", "3.11", [COMPUTE_PY, name, "N"], size, "f").add("lua", "5.4", [COMPUTE_LUA, name, "N"], size, "f")
        w.proc("vm", [name, "N"], size, "f")
        w.aim("proclang.vm@free", "lua.5.4@free", lua, f"at most {1 / lua:.2g} of Lua's time")
        words = f"at least {python} times CPython's speed" if python >= 1 else "at most 1.5 of CPython's time (one C call)"
        w.aim("proclang.vm@free", "cpython.3.11@free", python, words)
        all_.append(w)
    return all_


def everything():
    return [startup(), *communication(), *compute()]
