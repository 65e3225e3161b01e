// One receiver, 8 writers, each on a connection of its own: poll over kernel pipes (a message is read from every
// pipe that is ready before the next poll), and an alternation over rendezvous slots, one message at a time.
#include "bench.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITERS 8

static long long by_poll(long long each) {
    struct pollfd fds[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        int ends[2];
        if (pipe(ends)) fail("pipe");
        if (child() == 0) {
            for (int64_t v = w * each; v < (w + 1) * each; v++) write_all(ends[1], &v, sizeof v);
            _exit(0);
        }
        close(ends[1]);
        fds[w] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    }
    long long sum = 0;
    for (int open = WRITERS; open > 0;) {
        if (poll(fds, WRITERS, -1) < 0) fail("poll");
        for (int w = 0; w < WRITERS; w++) {
            if (fds[w].fd < 0 || fds[w].revents == 0) continue;
            int64_t v;
            if (read_all(fds[w].fd, &v, sizeof v)) {
                sum += v;
            } else {
                fds[w].fd = -1;
                open--;
            }
        }
    }
    return sum;
}

// An offer is a FULL word of its own; the receiver sleeps on one word for all of them. `calls` has the
// receiver's flag in bit 0 and is changed by the writer that lowers it.
typedef struct {
    _Alignas(64) word calls;
    struct {
        _Alignas(64) word full;   // 0 empty, 1 offered, 2 offered and the writer sleeps
        int64_t value;
    } offers[WRITERS];
} alternation;

static void offer(alternation *a, int w, int64_t value) {
    a->offers[w].value = value;
    atomic_store(&a->offers[w].full, 1);
    uint32_t seen = atomic_load(&a->calls);
    while (seen & 1)
        if (atomic_compare_exchange_weak(&a->calls, &seen, (seen & ~1u) + 2)) {
            futex_wake(&a->calls, 1);
            break;
        }
    for (;;) {
        uint32_t full = atomic_load(&a->offers[w].full);
        if (full == 0) return;
        if (full == 1 && !atomic_compare_exchange_strong(&a->offers[w].full, &full, 2)) continue;
        futex_wait(&a->offers[w].full, 2);
    }
}

static int accept_one(alternation *a, unsigned *from, int64_t *value) {
    for (unsigned i = 0; i < WRITERS; i++) {   // from where it stopped last time: fair
        unsigned w = (*from + i) % WRITERS;
        if (atomic_load(&a->offers[w].full) == 0) continue;
        *value = a->offers[w].value;
        if (atomic_exchange(&a->offers[w].full, 0) == 2) futex_wake(&a->offers[w].full, 1);
        *from = w + 1;
        return 1;
    }
    return 0;
}

static long long by_rendezvous(long long each) {
    alternation *a = shared(sizeof *a);
    for (int w = 0; w < WRITERS; w++)
        if (child() == 0) {
            for (int64_t v = w * each; v < (w + 1) * each; v++) offer(a, w, v);
            _exit(0);
        }
    long long sum = 0;
    unsigned from = 0;
    for (long long i = 0; i < each * WRITERS; i++) {
        int64_t value;
        while (!accept_one(a, &from, &value)) {
            uint32_t seen = atomic_fetch_or(&a->calls, 1) | 1;
            if (accept_one(a, &from, &value)) break;
            futex_wait(&a->calls, seen);
        }
        sum += value;
    }
    return sum;
}

int select_main(int argc, char **argv) {
    if (argc < 4) return 2;
    long long each = atoll(argv[3]) / WRITERS;
    double begun = now();
    long long sum = strcmp(argv[2], "poll") == 0 ? by_poll(each) : by_rendezvous(each);
    report("select", (double)(each * WRITERS) / (now() - begun), "msg/s", sum);
    return 0;
}
