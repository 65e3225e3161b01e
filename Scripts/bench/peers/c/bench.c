// The dispatcher and the shared pieces of bench.h.
#include "bench.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

void fail(const char *what) {
    perror(what);
    exit(1);
}

void *shared(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) fail("mmap");
    return p;
}

pid_t child(void) {
    fflush(stdout);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
    }
    return pid;
}

void join(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) fail("waitpid");
    if (status != 0) {
        fprintf(stderr, "child %d ended with status %d\n", pid, status);
        exit(1);
    }
}

void report(const char *name, double value, const char *unit, long long checksum) {
    printf("%s %.9g %s %lld\n", name, value, unit, checksum);
    fflush(stdout);
}

int read_all(int fd, void *to, size_t bytes) {
    char *p = to;
    while (bytes > 0) {
        ssize_t n = read(fd, p, bytes);
        if (n == 0) return 0;
        if (n < 0) {
            if (errno == EINTR) continue;
            fail("read");
        }
        p += n;
        bytes -= (size_t)n;
    }
    return 1;
}

void write_all(int fd, const void *from, size_t bytes) {
    const char *p = from;
    while (bytes > 0) {
        ssize_t n = write(fd, p, bytes);
        if (n < 0) {
            if (errno == EINTR) continue;
            fail("write");
        }
        p += n;
        bytes -= (size_t)n;
    }
}

void futex_wait(word *at, uint32_t expected) { syscall(SYS_futex, at, FUTEX_WAIT, expected, NULL, NULL, 0); }
void futex_wake(word *at, int most) { syscall(SYS_futex, at, FUTEX_WAKE, most, NULL, NULL, 0); }

// The states of a slot. The sleeper's flag is part of the word, and the waker lowers it together with the change
// that it announces: no wake goes to somebody who was already woken, and none can be lost.
enum { EMPTY, EMPTY_AWAITED, FULL, FULL_AWAITED };

static void slot_sleep_while(slot *s, uint32_t plain, uint32_t awaited) {
    for (;;) {
        uint32_t state = atomic_load(&s->state);
        if (state != plain && state != awaited) return;
        if (state == plain && !atomic_compare_exchange_strong(&s->state, &state, awaited)) continue;
        futex_wait(&s->state, awaited);
    }
}

static void slot_turn(slot *s, uint32_t to, uint32_t awaited) {
    if (atomic_exchange(&s->state, to) == awaited) futex_wake(&s->state, 1);
}

void slot_await_empty(slot *s) { slot_sleep_while(s, FULL, FULL_AWAITED); }
void slot_await_full(slot *s) { slot_sleep_while(s, EMPTY, EMPTY_AWAITED); }

void slot_send(slot *s, int64_t value) {
    slot_sleep_while(s, FULL, FULL_AWAITED);
    s->value = value;
    slot_turn(s, FULL, EMPTY_AWAITED);
}

void slot_meet(slot *s, int64_t value) {
    slot_send(s, value);
    slot_sleep_while(s, FULL, FULL_AWAITED);
}

int64_t slot_receive(slot *s) {
    slot_sleep_while(s, EMPTY, EMPTY_AWAITED);
    int64_t value = s->value;
    slot_turn(s, EMPTY, FULL_AWAITED);
    return value;
}

int main(int argc, char **argv) {
    static const struct { const char *name; int (*run)(int, char **); } table[] = {
        {"startup", process_main}, {"spawn", process_main},     {"spawn_many", process_main}, {"idle", process_main},
        {"pingpong", latency_main}, {"ring", latency_main},     {"commstime", latency_main},
        {"queue", queue_main},      {"bigmsg", bulk_main},      {"list1000", bulk_main},   {"size", bulk_main},
        {"select", select_main},    {"counter", shared_main},   {"manager", shared_main},
    };
    if (argc >= 3)
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
            if (strcmp(argv[1], table[i].name) == 0) return table[i].run(argc, argv);
    fprintf(stderr, "usage: cbench WORKLOAD [VARIANT] SIZE...\n");
    return 2;
}
