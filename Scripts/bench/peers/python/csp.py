"""PyCSP 0.9.2 with @multiprocess: processes and synchronous channels (TCP on loopback) as in its tutorial.

It is of 2016 and needs two things to run on Python 3.11: PYCSP_HOST (looking up its own address fails
otherwise), and collections.Callable, gone since 3.10, for its alternation.
"""
import collections
import collections.abc
import os
import sys
import time

os.environ.setdefault("PYCSP_HOST", "127.0.0.1")
collections.Callable = collections.abc.Callable

from pycsp.parallel import (  # noqa: E402
    AltSelect, Channel, ChannelPoisonException, InputGuard, Parallel, Spawn, multiprocess, poison, shutdown,
)


def report(name, value, unit, checksum):
    print(f"{name} {value:.9g} {unit} {checksum}", flush=True)


@multiprocess
def nothing():
    pass


@multiprocess
def echo(source, out, n):
    for _ in range(n):
        out(source() + 1)


@multiprocess
def prefix(source, out, n):
    out(0)
    for _ in range(n - 1):
        out(source())
    source()


@multiprocess
def delta(source, left, right, n):
    for _ in range(n):
        x = source()
        left(x)
        right(x)


@multiprocess
def successor(source, out, n):
    for _ in range(n):
        out(source() + 1)


@multiprocess
def write_each(out, first, n):
    for i in range(n):
        out(first + i)


def spawn(n):
    begun = time.perf_counter()
    for _ in range(n):
        Parallel(nothing())
    report("spawn", n / (time.perf_counter() - begun), "proc/s", n)


def pingpong(n):
    there, back = Channel("there"), Channel("back")
    reader, writer = back.reader(), there.writer()
    Spawn(echo(there.reader(), back.writer(), n))
    total = 0
    begun = time.perf_counter()
    for i in range(n):
        writer(i)
        total += reader()
    report("pingpong", n / (time.perf_counter() - begun), "roundtrip/s", total)


def commstime(n):
    a, b, c, d = (Channel(x) for x in "abcd")
    reader = d.reader()
    Spawn(
        prefix(c.reader(), a.writer(), n), delta(a.reader(), b.writer(), d.writer(), n),
        successor(b.reader(), c.writer(), n),
    )
    total = 0
    begun = time.perf_counter()
    for _ in range(n):
        total += reader()
    report("commstime", (time.perf_counter() - begun) / n * 1e6, "us/loop", total)


def queue(producers, n):
    each = n // producers
    c = Channel("q", buffer=64)
    reader = c.reader()
    begun = time.perf_counter()
    Spawn([write_each(c.writer(), p * each, each) for p in range(producers)])
    total = 0
    for _ in range(each * producers):
        total += reader()
    report("queue", each * producers / (time.perf_counter() - begun), "msg/s", total)


def select(n):
    each = n // 8
    channels = [Channel("s%d" % i) for i in range(8)]
    readers = [c.reader() for c in channels]
    begun = time.perf_counter()
    Spawn([write_each(c.writer(), i * each, each) for i, c in enumerate(channels)])
    total = 0
    for _ in range(each * 8):
        _, x = AltSelect(*[InputGuard(r) for r in readers])
        total += x
    report("select", each * 8 / (time.perf_counter() - begun), "msg/s", total)


if __name__ == "__main__":
    name, *sizes = sys.argv[1:]
    {"spawn": spawn, "pingpong": pingpong, "commstime": commstime, "queue": queue, "select": select}[name](
        *map(int, sizes)
    )
    sys.stdout.flush()
    os._exit(0)  # its own shutdown may wait for ever
