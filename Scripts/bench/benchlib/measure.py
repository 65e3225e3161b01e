"""Runs one command once: pinned or free, under a time limit, in a session of its own of which nothing is left
behind; and reads its `name value unit checksum`."""
import os
import resource
import select
import signal
import subprocess
import time
from pathlib import Path


class Failed(Exception):
    """A run that gave no right result, and why."""


def _command(command, one_cpu):
    if not one_cpu:
        return command
    return ["taskset", "-c", str(min(os.sched_getaffinity(0))), *command]


def _start(command, one_cpu, **streams):
    return subprocess.Popen(_command(command, one_cpu), start_new_session=True, **streams)


def _end_session(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, one_cpu=False, limit=60, checksum=None):
    """(value, CPU seconds of the whole program with its processes, checksum). Raises Failed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = _start(command, one_cpu, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                     text=True)
    # Not communicate(): it waits for the end of the output, which a child left behind may hold. What these
    # programs print fits into a pipe.
    try:
        process.wait(limit)
        late = False
    except subprocess.TimeoutExpired:
        late = True
    _end_session(process)
    out, err = process.communicate()
    if late:
        raise Failed(f"no end within {limit} s")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        why = err.strip().splitlines()
        raise Failed(f"status {process.returncode}: {why[0] if why else 'no message'}")
    words = out.split()
    if len(words) != 4:
        raise Failed(f"printed {out.strip()!r}")
    if checksum is not None and int(words[3]) != checksum:
        raise Failed(f"checksum {words[3]} is not {checksum}")
    return float(words[1]), (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), int(words[3])


def idle_memory(command, count, limit=60):
    """(private KiB, PSS KiB) of each of `count` idle children, as the kernel counts them. The program prints `pid N`
    when they are there and ends with its standard input."""
    process = _start(command, False, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        line, until = b"", time.monotonic() + limit
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0, until - time.monotonic()))
            byte = os.read(process.stdout.fileno(), 1) if ready else b""
            if not byte:
                raise Failed("said no pid")
            line += byte
        parent = int(line.split()[1])
        time.sleep(0.3)
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if len(children) < count:
            raise Failed(f"{len(children)} children instead of {count}")
        private = pss = 0
        for pid in children:
            for field in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if field.startswith("Private_"):
                    private += int(field.split()[1])
                elif field.startswith("Pss:"):
                    pss += int(field.split()[1])
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            raise Failed("did not end with its standard input") from None
        return private / len(children), pss / len(children)
    finally:
        _end_session(process)
        process.wait()
