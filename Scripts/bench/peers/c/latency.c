// Latency: round trips, a ring, CommsTime; over futex slots (a value waits in a place), over a rendezvous (the
// sender waits until it was taken), and over kernel pipes.
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// One-way connections of the three kinds behind one pair of functions.
enum kind { FUTEX, RENDEZVOUS, PIPE };
typedef struct {
    enum kind kind;
    slot *place;
    int fds[2];
} link_;

static enum kind kind_named(const char *name) {
    if (strcmp(name, "futex") == 0) return FUTEX;
    if (strcmp(name, "rendezvous") == 0) return RENDEZVOUS;
    return PIPE;
}

static link_ link_open(enum kind kind) {
    link_ l = {.kind = kind};
    if (kind == PIPE) {
        if (pipe(l.fds)) fail("pipe");
    } else {
        l.place = shared(sizeof(slot));
    }
    return l;
}

static inline void put(link_ *l, int64_t value) {
    if (l->kind == FUTEX) slot_send(l->place, value);
    else if (l->kind == RENDEZVOUS) slot_meet(l->place, value);
    else write_all(l->fds[1], &value, sizeof value);
}

static inline int64_t take(link_ *l) {
    if (l->kind != PIPE) return slot_receive(l->place);
    int64_t value;
    if (!read_all(l->fds[0], &value, sizeof value)) _exit(1);
    return value;
}

static int pingpong(enum kind kind, int n) {
    link_ there = link_open(kind), back = link_open(kind);
    pid_t echo = child();
    if (echo == 0) {
        for (int i = 0; i < n; i++) put(&back, take(&there) + 1);
        _exit(0);
    }
    long long sum = 0;
    double begun = now();
    for (int i = 0; i < n; i++) {
        put(&there, i);
        sum += take(&back);
    }
    double took = now() - begun;
    join(echo);
    report("pingpong", n / took, "roundtrip/s", sum);
    return 0;
}

// A token goes `rounds` times round `size` processes, this one among them; each adds 1.
static int ring(enum kind kind, int size, int rounds) {
    link_ *links = calloc((size_t)size, sizeof *links);
    pid_t *pids = calloc((size_t)size, sizeof *pids);
    for (int i = 0; i < size; i++) links[i] = link_open(kind);
    for (int i = 1; i < size; i++)
        if ((pids[i] = child()) == 0) {
            for (int r = 0; r < rounds; r++) put(&links[(i + 1) % size], take(&links[i]) + 1);
            _exit(0);
        }
    int64_t token = 0;
    double begun = now();
    for (int r = 0; r < rounds; r++) {
        put(&links[1 % size], token + 1);
        token = take(&links[0]);
    }
    double took = now() - begun;
    for (int i = 1; i < size; i++) join(pids[i]);
    report("ring", (double)rounds * size / took, "hop/s", token);
    return 0;
}

// prefix -> delta -> consumer (this process), delta -> successor -> prefix.
static int commstime(enum kind kind, int n) {
    link_ a = link_open(kind), b = link_open(kind), c = link_open(kind), d = link_open(kind);
    pid_t prefix = child();
    if (prefix == 0) {
        put(&a, 0);
        for (int i = 1; i < n; i++) put(&a, take(&c));
        take(&c);
        _exit(0);
    }
    pid_t delta = child();
    if (delta == 0) {
        for (int i = 0; i < n; i++) {
            int64_t x = take(&a);
            put(&b, x);
            put(&d, x);
        }
        _exit(0);
    }
    pid_t successor = child();
    if (successor == 0) {
        for (int i = 0; i < n; i++) put(&c, take(&b) + 1);
        _exit(0);
    }
    long long sum = 0;
    double begun = now();
    for (int i = 0; i < n; i++) sum += take(&d);
    double took = now() - begun;
    join(prefix);
    join(delta);
    join(successor);
    report("commstime", took / n * 1e6, "us/loop", sum);
    return 0;
}

int latency_main(int argc, char **argv) {
    if (argc < 4) return 2;
    enum kind kind = kind_named(argv[2]);
    if (strcmp(argv[1], "pingpong") == 0) return pingpong(kind, atoi(argv[3]));
    if (strcmp(argv[1], "commstime") == 0) return commstime(kind, atoi(argv[3]));
    return argc > 4 ? ring(kind, atoi(argv[3]), atoi(argv[4])) : 2;
}
