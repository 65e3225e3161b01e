"""The compute set in CPython: the same algorithms, step by step, as in ../lua/compute.lua and ../../proclang.

usage: compute.py NAME N; prints `name seconds s checksum`: CPU seconds, from `begun` on.
"""
import sys
from time import process_time


def report(name, begun, checksum):
    print(f"{name} {process_time() - begun:.9g} s {checksum}")


def fib(n):
    def f(n):
        if n < 2:
            return n
        return f(n - 1) + f(n - 2)

    begun = process_time()
    report("fib", begun, f(n))


def loop_for(n):
    begun = process_time()
    total = 0
    for i in range(n):
        total += i
    report("loop_for", begun, total)


def loop_while(n):
    begun = process_time()
    total = 0
    i = 0
    while i < n:
        total += i
        i += 1
    report("loop_while", begun, total)


def mandelbrot(n):
    begun = process_time()
    inside = 0
    for py in range(n):
        ci = 2.0 * py / n - 1.0
        for px in range(n):
            cr = 2.0 * px / n - 1.5
            zr = 0.0
            zi = 0.0
            k = 0
            while k < 50 and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            if k == 50:
                inside += 1
    report("mandelbrot", begun, inside)


def sieve(n):
    begun = process_time()
    flags = [True for i in range(n + 1)]
    count = 0
    for i in range(2, n + 1):
        if flags[i]:
            count += 1
            j = i * i
            while j <= n:
                flags[j] = False
                j += i
    report("sieve", begun, count)


def strbuild(n):
    begun = process_time()
    parts = []
    for i in range(n):
        parts.append("item" + str(i))
    text = ",".join(parts)
    report("strbuild", begun, len(text))


def strappend(n):
    def build(n):
        text = ""
        for i in range(n):
            text += "0123456789"
        return text

    begun = process_time()
    length = 0
    for i in range(n):
        length += len(build(2000))
    report("strappend", begun, length)


def strsplit(n):
    text = " ".join([str(i) for i in range(n)])
    begun = process_time()
    total = 0
    for word in text.split(" "):
        total += int(word)
    report("strsplit", begun, total)


def wordcount(n):
    words = ["w" + str(i) for i in range(5000)]
    begun = process_time()
    counts = {}
    state = 1
    for i in range(n):
        state = (state * 1103515245 + 12345) % 2147483648
        word = words[state // 8 % 5000]
        counts[word] = counts.get(word, 0) + 1
    report("wordcount", begun, len(counts) * 1000000 + counts["w42"])


def sort(n):
    state = 1
    xs = []
    for i in range(n):
        state = (state * 1103515245 + 12345) % 2147483648
        xs.append(state)
    begun = process_time()
    xs.sort()
    report("sort", begun, xs[0] + xs[n // 2] + xs[n - 1])


def closures(n):
    def adder(k):
        return lambda x: x + k

    def counter():
        count = 0

        def step():
            nonlocal count
            count += 1
            return count

        return step

    begun = process_time()
    total = 0
    step = counter()
    for i in range(n):
        add = adder(i % 7)
        total += add(i)
        total += step()
    report("closures", begun, total)


def methods(n):
    begun = process_time()
    xs = []
    total = 0
    for i in range(n):
        xs.append(i)
        if i % 3 == 0:
            total += xs.pop()
    report("methods", begun, total + len(xs))


def objects(n):
    class Account:
        def __init__(self):
            self.balance = 0

        def deposit(self, amount):
            self.balance += amount

    begun = process_time()
    account = Account()
    for i in range(n):
        account.deposit(i)
    report("objects", begun, account.balance)


def exceptions(n):
    def check(i):
        if i % 2 == 1:
            raise ValueError("odd")
        return i

    begun = process_time()
    total = 0
    caught = 0
    for i in range(n):
        try:
            total += check(i)
        except ValueError:
            caught += 1
    report("exceptions", begun, total + caught)


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
