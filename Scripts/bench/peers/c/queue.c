// A FIFO of small ints between p producers and one consumer: a kernel pipe, a ring under a process-shared mutex
// with two condition variables, and Vyukov's bounded lock-free ring that sleeps on futexes.
#include "bench.h"
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CELLS 1024u

// An eventcount: bit 0 says that somebody sleeps or is about to; the waker lowers it and changes the rest, so a
// sleeper that announced itself before the change cannot sleep through it.
static uint32_t announce(word *w) { return atomic_fetch_or(w, 1) | 1; }
static void alert(word *w) {
    atomic_thread_fence(memory_order_seq_cst);
    uint32_t seen = atomic_load_explicit(w, memory_order_relaxed);
    while (seen & 1)
        if (atomic_compare_exchange_weak(w, &seen, (seen & ~1u) + 2)) {
            futex_wake(w, INT_MAX);
            return;
        }
}

typedef struct {
    struct {
        _Alignas(16) _Atomic uint64_t turn;
        int64_t value;
    } cells[CELLS];
    _Alignas(64) _Atomic uint64_t tail;
    _Alignas(64) uint64_t head;       // one consumer: only it writes
    _Alignas(64) word arrived;
    _Alignas(64) word freed;
} lockfree;

static int lockfree_try_put(lockfree *q, int64_t value) {
    uint64_t at = atomic_load_explicit(&q->tail, memory_order_relaxed);
    for (;;) {
        uint64_t turn = atomic_load_explicit(&q->cells[at % CELLS].turn, memory_order_acquire);
        if (turn == at) {
            if (atomic_compare_exchange_weak_explicit(&q->tail, &at, at + 1, memory_order_relaxed,
                                                      memory_order_relaxed)) {
                q->cells[at % CELLS].value = value;
                atomic_store_explicit(&q->cells[at % CELLS].turn, at + 1, memory_order_release);
                return 1;
            }
        } else if (turn < at) {
            return 0;   // full
        } else {
            at = atomic_load_explicit(&q->tail, memory_order_relaxed);
        }
    }
}

static void lockfree_put(lockfree *q, int64_t value) {
    while (!lockfree_try_put(q, value)) {
        uint32_t seen = announce(&q->freed);
        if (lockfree_try_put(q, value)) break;
        futex_wait(&q->freed, seen);
    }
    alert(&q->arrived);
}

static int lockfree_try_take(lockfree *q, int64_t *value) {
    uint64_t at = q->head;
    if (atomic_load_explicit(&q->cells[at % CELLS].turn, memory_order_acquire) != at + 1) return 0;
    *value = q->cells[at % CELLS].value;
    atomic_store_explicit(&q->cells[at % CELLS].turn, at + CELLS, memory_order_release);
    q->head = at + 1;
    // Producers are woken at every half turn, not for each free cell: one wake then pays for 512 values. A
    // producer that sleeps saw a full ring, so a half turn is ahead of the consumer before the ring is empty.
    if (q->head % (CELLS / 2) == 0) alert(&q->freed);
    return 1;
}

static int64_t lockfree_take(lockfree *q) {
    int64_t value;
    while (!lockfree_try_take(q, &value)) {
        uint32_t seen = announce(&q->arrived);
        if (lockfree_try_take(q, &value)) break;
        alert(&q->freed);
        futex_wait(&q->arrived, seen);
    }
    return value;
}

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t arrived, freed;
    uint64_t head, tail;
    int takers, putters;   // who sleeps; lowered by the waker
    int64_t values[CELLS];
} locked;

static void locked_init(locked *q) {
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&q->mutex, &m);
    pthread_cond_init(&q->arrived, &c);
    pthread_cond_init(&q->freed, &c);
}

static void locked_put(locked *q, int64_t value) {
    pthread_mutex_lock(&q->mutex);
    while (q->tail - q->head == CELLS) {
        q->putters++;
        pthread_cond_wait(&q->freed, &q->mutex);
    }
    q->values[q->tail++ % CELLS] = value;
    if (q->takers > 0) {
        q->takers = 0;
        pthread_cond_signal(&q->arrived);
    }
    pthread_mutex_unlock(&q->mutex);
}

static int64_t locked_take(locked *q) {
    pthread_mutex_lock(&q->mutex);
    while (q->tail == q->head) {
        q->takers++;
        pthread_cond_wait(&q->arrived, &q->mutex);
    }
    int64_t value = q->values[q->head++ % CELLS];
    if (q->putters > 0 && q->tail - q->head <= CELLS / 2) {
        q->putters = 0;
        pthread_cond_broadcast(&q->freed);
    }
    pthread_mutex_unlock(&q->mutex);
    return value;
}

int queue_main(int argc, char **argv) {
    if (argc < 5) return 2;
    const char *variant = argv[2];
    int producers = atoi(argv[3]);
    long long each = atoll(argv[4]) / producers, total = each * producers;
    int kind = strcmp(variant, "lockfree") == 0 ? 0 : strcmp(variant, "mutex") == 0 ? 1 : 2;
    lockfree *free_ = shared(sizeof *free_);
    locked *locked_ = shared(sizeof *locked_);
    int fds[2];
    for (uint64_t i = 0; i < CELLS; i++) free_->cells[i].turn = i;
    locked_init(locked_);
    if (pipe(fds)) fail("pipe");

    pid_t *pids = calloc((size_t)producers, sizeof *pids);
    double begun = now();
    for (int p = 0; p < producers; p++)
        if ((pids[p] = child()) == 0) {
            for (int64_t v = p * each; v < (p + 1) * each; v++) {
                if (kind == 0) lockfree_put(free_, v);
                else if (kind == 1) locked_put(locked_, v);
                else write_all(fds[1], &v, sizeof v);
            }
            _exit(0);
        }
    long long sum = 0;
    for (long long i = 0; i < total; i++) {
        int64_t v;
        if (kind == 0) v = lockfree_take(free_);
        else if (kind == 1) v = locked_take(locked_);
        else if (!read_all(fds[0], &v, sizeof v)) return 1;
        sum += v;
    }
    double took = now() - begun;
    for (int p = 0; p < producers; p++) join(pids[p]);
    report("queue", (double)total / took, "msg/s", sum);
    return 0;
}
