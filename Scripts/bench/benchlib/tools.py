"""Where things are, which peers this machine has, and what must be compiled before anything is measured.

Compiled programs lie in .build/bench and are made again only when a source is newer.
"""
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent
CACHE = ROOT / ".build" / "bench"
PEERS = BENCH / "peers"
SCRIPTS = BENCH / "proclang"
VENV = CACHE / "venv" / "bin" / "python"
# Debian's CPython by its full path: a version manager's shim on PATH costs ten times a start-up.
PYTHON = Path("/usr/bin/python3") if os.access("/usr/bin/python3", os.X_OK) else Path(sys.executable)


def _newest(sources):
    return max(p.stat().st_mtime for p in sources)


def _make(product, sources, command, env=None):
    if product.exists() and product.stat().st_mtime >= _newest(sources):
        return True
    CACHE.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode != 0:
        print(f"could not make {product.name}:\n{made.stdout}", file=sys.stderr)
    return made.returncode == 0


def cbench():
    """The C program: also the stopwatch of the start-up rows. None without gcc."""
    sources = sorted((PEERS / "c").glob("*.[ch]"))
    if not shutil.which("gcc"):
        return None
    files = [str(p) for p in sources if p.suffix == ".c"]
    command = ["gcc", "-O2", "-Wall", "-pthread", "-o", str(CACHE / "cbench"), *files]
    return CACHE / "cbench" if _make(CACHE / "cbench", sources, command) else None


def gobench():
    source = PEERS / "go" / "main.go"
    if not shutil.which("go"):
        return None
    env = dict(os.environ, GO111MODULE="off", GOFLAGS="", GOCACHE=str(CACHE / "gocache"))
    command = ["go", "build", "-o", str(CACHE / "gobench"), str(source)]
    return CACHE / "gobench" if _make(CACHE / "gobench", [source], command, env) else None


def erlang():
    source = PEERS / "erlang" / "bench.erl"
    if not (shutil.which("erl") and shutil.which("erlc")):
        return None
    return CACHE if _make(CACHE / "bench.beam", [source], ["erlc", "-o", str(CACHE), str(source)]) else None


def has_module(name):
    if not VENV.exists():
        return False
    return subprocess.run([VENV, "-c", f"import importlib.util as u; exit(u.find_spec('{name}') is None)"],
                          stderr=subprocess.DEVNULL).returncode == 0


def proclang(given=None):
    """The release program: the given one, or this checkout's, which is built if it is not there."""
    if given:
        return Path(given).resolve()
    built = ROOT / ".build" / "release" / "proclang"
    if not built.exists():
        print("building proclang, once: this takes some minutes ...", file=sys.stderr)
        subprocess.run([ROOT / "Scripts" / "build"], check=True, stdout=subprocess.DEVNULL)
    # The page cache may have dropped what the build wrote, and read it again in smaller pieces.
    subprocess.run([ROOT / "Scripts" / "link" / "settle", built], check=True)
    return built.resolve()


def commands(program):
    """{peer: how its command lines begin}, of the peers that are here."""
    found = {"proclang": [str(program)]}
    if (c := cbench()) is not None:
        found["c"] = [str(c)]
    if PYTHON.exists():
        found["cpython"] = [str(PYTHON)]
    if has_module("faster_fifo"):
        found["faster-fifo"] = [str(VENV), str(PEERS / "python" / "ff.py")]
    if has_module("pycsp"):
        found["pycsp"] = [str(VENV), str(PEERS / "python" / "csp.py")]
    if shutil.which("lua5.4"):
        found["lua"] = ["lua5.4"]
    if shutil.which("luajit"):
        found["luajit"] = ["luajit"]
    if (g := gobench()) is not None:
        found["go"] = [str(g)]
    if (e := erlang()) is not None:
        found["erlang"] = ["erl", "-noshell", "-pa", str(e), "-run", "bench", "main"]
    return found


def _first_line(*command):
    try:
        made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        return made.stdout.strip().splitlines()[0]
    except (OSError, subprocess.TimeoutExpired, IndexError):
        return None


def machine(found):
    """What a reader must know to compare: processor, kernel, versions."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    versions = {"proclang": _first_line(*found["proclang"], "--version")}
    for peer, command in {
        "c": ["gcc", "--version"], "cpython": [PYTHON, "--version"], "lua": ["lua5.4", "-v"],
        "luajit": ["luajit", "-v"], "go": ["go", "version"],
        "erlang": ["erl", "-noshell", "-eval", 'io:format("OTP ~s~n", [erlang:system_info(otp_release)]), halt().'],
        "faster-fifo": [VENV, "-c", "from importlib.metadata import version as v; print(v('faster-fifo'))"],
        "pycsp": [VENV, "-c", "from importlib.metadata import version as v; print(v('pycsp'))"],
    }.items():
        if peer in found:
            versions[peer] = _first_line(*map(str, command))
    return {
        "processor": model, "cpus": len(os.sched_getaffinity(0)), "memory_MiB": memory,
        "kernel": platform.release(), "versions": versions,
    }


def stolen_and_busy():
    """(stolen, not idle, all) jiffies since boot, to say afterwards how quiet the machine was."""
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return fields[7], sum(fields) - fields[3] - fields[4], sum(fields)
