"""CPython's multiprocessing (fork), each workload as its documentation would have it.

usage: mp.py WORKLOAD [VARIANT] SIZE...; prints `name value unit checksum`.
"""
import multiprocessing as mp
import os
import sys
import time
from multiprocessing.connection import wait


def report(name, value, unit, checksum):
    print(f"{name} {value:.9g} {unit} {checksum}", flush=True)


def join(processes):
    for p in processes:
        p.join()
        assert p.exitcode == 0, p.exitcode


def nothing():
    pass


def spawn(n):
    begun = time.perf_counter()
    for _ in range(n):
        p = mp.Process(target=nothing)
        p.start()
        p.join()
        assert p.exitcode == 0
    report("spawn", n / (time.perf_counter() - begun), "proc/s", n)


def spawn_many(n):
    begun = time.perf_counter()
    processes = [mp.Process(target=nothing) for _ in range(n)]
    for p in processes:
        p.start()
    join(processes)
    report("spawn_many", (time.perf_counter() - begun) * 1e3, "ms", n)


def sit(reader, ready):
    ready.send(1)
    try:
        reader.recv()
    except EOFError:
        pass


def idle(n):
    reader, writer = mp.Pipe(False)
    up, ready = mp.Pipe(False)
    processes = [mp.Process(target=sit, args=(reader, ready), daemon=True) for _ in range(n)]
    for p in processes:
        p.start()
    for _ in range(n):
        up.recv()
    print("pid", os.getpid(), flush=True)
    sys.stdin.read()
    for p in processes:
        p.kill()


def echo(conn, n):
    for _ in range(n):
        conn.send(conn.recv() + 1)


def pingpong(n):
    mine, theirs = mp.Pipe()
    p = mp.Process(target=echo, args=(theirs, n))
    p.start()
    total = 0
    begun = time.perf_counter()
    for i in range(n):
        mine.send(i)
        total += mine.recv()
    took = time.perf_counter() - begun
    join([p])
    report("pingpong", n / took, "roundtrip/s", total)


def produce(q, first, n):
    for i in range(n):
        q.put(first + i)


def queue(producers, n):
    q = mp.Queue()
    each = n // producers
    total = 0
    begun = time.perf_counter()
    processes = [mp.Process(target=produce, args=(q, p * each, each)) for p in range(producers)]
    for p in processes:
        p.start()
    for _ in range(each * producers):
        total += q.get()
    took = time.perf_counter() - begun
    join(processes)
    report("queue", each * producers / took, "msg/s", total)


def produce_same(q, message, n):
    for _ in range(n):
        q.put(message)


def bulk(name, n):
    q = mp.Queue()
    message = b"a" * ((1 << 20) - 1) + b"z" if name == "bigmsg" else list(range(1000))
    checksum = 0
    begun = time.perf_counter()
    p = mp.Process(target=produce_same, args=(q, message, n))
    p.start()
    for _ in range(n):
        m = q.get()
        checksum += len(m) + m[-1]
    took = time.perf_counter() - begun
    join([p])
    report(name, n / took, "MiB/s" if name == "bigmsg" else "msg/s", checksum)


def size(bytes_each, n):
    q = mp.Queue()
    total = 0
    begun = time.perf_counter()
    p = mp.Process(target=produce_same, args=(q, b"a" * bytes_each, n))
    p.start()
    for _ in range(n):
        total += len(q.get())
    took = time.perf_counter() - begun
    join([p])
    report("size", took / n * 1e6, "us/message", total)


def backlog(n):
    q = mp.Queue()
    total = 0
    begun = time.perf_counter()
    for i in range(n):
        q.put(i)
    for _ in range(n):
        total += q.get()
    report("backlog", (time.perf_counter() - begun) / n * 1e6, "us/message", total)


def bump(cell, n):
    for _ in range(n):
        with cell.get_lock():
            cell.value += 1


def counter(n):
    cell = mp.Value("q", 0)
    begun = time.perf_counter()
    processes = [mp.Process(target=bump, args=(cell, n // 4)) for _ in range(4)]
    for p in processes:
        p.start()
    join(processes)
    report("counter", n / (time.perf_counter() - begun), "inc/s", cell.value)


def pass_on(source, out, rounds):
    for _ in range(rounds):
        out.send(source.recv() + 1)


def ring(size, rounds):
    pipes = [mp.Pipe(False) for _ in range(size)]
    processes = [
        mp.Process(target=pass_on, args=(pipes[i][0], pipes[(i + 1) % size][1], rounds)) for i in range(1, size)
    ]
    for p in processes:
        p.start()
    token = 0
    begun = time.perf_counter()
    for _ in range(rounds):
        pipes[1 % size][1].send(token + 1)
        token = pipes[0][0].recv()
    took = time.perf_counter() - begun
    join(processes)
    report("ring", size * rounds / took, "hop/s", token)


class Rendezvous:
    """A channel whose send returns when the value was received: a Pipe, and a Pipe for the acknowledgement."""

    def __init__(self):
        self.reader, self.writer = mp.Pipe(False)
        self.acks, self.ack = mp.Pipe(False)

    def send(self, value):
        self.writer.send(value)
        self.acks.recv()

    def receive(self):
        value = self.reader.recv()
        self.ack.send(None)
        return value


class Buffered:
    """The plain Pipe: a send waits only for room."""

    def __init__(self):
        self.reader, self.writer = mp.Pipe(False)
        self.send, self.receive = self.writer.send, self.reader.recv


def prefix(source, out, n):
    out.send(0)
    for _ in range(n - 1):
        out.send(source.receive())
    source.receive()


def delta(source, left, right, n):
    for _ in range(n):
        x = source.receive()
        left.send(x)
        right.send(x)


def successor(source, out, n):
    for _ in range(n):
        out.send(source.receive() + 1)


def commstime(kind, n):
    a, b, c, d = (kind() for _ in range(4))
    processes = [
        mp.Process(target=prefix, args=(c, a, n)),
        mp.Process(target=delta, args=(a, b, d, n)),
        mp.Process(target=successor, args=(b, c, n)),
    ]
    for p in processes:
        p.start()
    total = 0
    begun = time.perf_counter()
    for _ in range(n):
        total += d.receive()
    took = time.perf_counter() - begun
    join(processes)
    report("commstime", took / n * 1e6, "us/loop", total)


def write_each(conn, first, n):
    for i in range(n):
        conn.send(first + i)


def select(variant, n):
    each = n // 8
    pipes = [mp.Pipe(False) for _ in range(8)]
    begun = time.perf_counter()
    processes = [mp.Process(target=write_each, args=(w, k * each, each)) for k, (_, w) in enumerate(pipes)]
    for p in processes:
        p.start()
    readers = [r for r, _ in pipes]
    total = left = 0
    left = each * 8
    while left > 0:
        ready = wait(readers)
        if variant == "one":  # one message for each wait, as a select takes one case
            ready = [ready[left % len(ready)]]
        for r in ready:
            total += r.recv()
            left -= 1
    took = time.perf_counter() - begun
    join(processes)
    report("select", each * 8 / took, "msg/s", total)


def manager(variant, n):
    with mp.Manager() as m:
        records = m.list([7])
        ns = m.Namespace()
        ns.x = 0
        checksum = 0
        begun = time.perf_counter()
        if variant == "get":
            for _ in range(n):
                checksum += records[0]
        elif variant == "append":
            for i in range(n):
                records.append(i)
        else:
            for _ in range(n):
                ns.x += 1
        took = time.perf_counter() - begun
        if variant == "append":
            checksum = len(records) - 1
        elif variant == "nsadd":
            checksum = ns.x
    report("manager", n / took, "op/s", checksum)


if __name__ == "__main__":
    mp.set_start_method("fork")
    name, *rest = sys.argv[1:]
    words = [w for w in rest if not w.isdigit()]
    sizes = [int(w) for w in rest if w.isdigit()]
    if name in ("bigmsg", "list1000"):
        bulk(name, *sizes)
    elif name == "commstime":
        commstime({"rendezvous": Rendezvous, "pipe": Buffered}[words[0]], *sizes)
    else:
        {
            "spawn": spawn, "spawn_many": spawn_many, "idle": idle, "pingpong": pingpong, "queue": queue,
            "counter": counter, "ring": ring, "select": select, "manager": manager,
            "size": size, "backlog": backlog,
        }[name](*words, *sizes)
