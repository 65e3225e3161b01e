"""faster-fifo, a queue in shared memory for multiprocessing: one message a call (`one`), or batches (`many`)."""
import multiprocessing as mp
import sys
import time

from faster_fifo import Queue


def report(name, value, unit, checksum):
    print(f"{name} {value:.9g} {unit} {checksum}", flush=True)


def produce(q, variant, first, n):
    if variant == "one":
        for i in range(n):
            q.put(first + i, timeout=60)
    else:
        for i in range(0, n, 100):
            q.put_many(list(range(first + i, first + min(i + 100, n))), timeout=60)


def queue(variant, producers, n):
    q = Queue(max_size_bytes=1 << 20)
    each = n // producers
    total = got = 0
    begun = time.perf_counter()
    processes = [mp.Process(target=produce, args=(q, variant, p * each, each)) for p in range(producers)]
    for p in processes:
        p.start()
    while got < each * producers:
        if variant == "one":
            total += q.get(timeout=60)
            got += 1
        else:
            batch = q.get_many(max_messages_to_get=100, timeout=60)
            total += sum(batch)
            got += len(batch)
    took = time.perf_counter() - begun
    for p in processes:
        p.join()
    report("queue", each * producers / took, "msg/s", total)


def produce_same(q, message, n):
    for _ in range(n):
        q.put(message, timeout=60)


def bulk(name, n):
    message = b"a" * ((1 << 20) - 1) + b"z" if name == "bigmsg" else list(range(1000))
    q = Queue(max_size_bytes=8 << 20)
    checksum = 0
    begun = time.perf_counter()
    p = mp.Process(target=produce_same, args=(q, message, n))
    p.start()
    for _ in range(n):
        m = q.get(timeout=60)
        checksum += len(m) + m[-1]
    took = time.perf_counter() - begun
    p.join()
    report(name, n / took, "MiB/s" if name == "bigmsg" else "msg/s", checksum)


if __name__ == "__main__":
    mp.set_start_method("fork")
    name, *rest = sys.argv[1:]
    if name == "queue":
        queue(rest[0], int(rest[1]), int(rest[2]))
    else:
        bulk(name, int(rest[0]))
