// The few C lines that Swift cannot call: inline atomics, variadic system calls, fork, robust mutexes.
// Everything here is a thin wrapper without policy; what the words mean is said where they are used.
#ifndef CSYSTEM_H
#define CSYSTEM_H

// No feature macro is set here: Swift imports this header beside glibc's own module, and both must see the
// same declarations. What needs _GNU_SOURCE is defined in CSystem.c.
#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <linux/futex.h>

// MARK: Atomics. Sequentially consistent unless the name says otherwise.

#define PL_ATOMICS(bits)                                                                                   \
    static inline uint##bits##_t pl_load##bits(const uint##bits##_t *p) {                                  \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                       \
    }                                                                                                      \
    static inline uint##bits##_t pl_acquire##bits(const uint##bits##_t *p) {                               \
        return __atomic_load_n(p, __ATOMIC_ACQUIRE);                                                       \
    }                                                                                                      \
    static inline void pl_store##bits(uint##bits##_t *p, uint##bits##_t v) {                               \
        __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                                          \
    }                                                                                                      \
    static inline void pl_release##bits(uint##bits##_t *p, uint##bits##_t v) {                             \
        __atomic_store_n(p, v, __ATOMIC_RELEASE);                                                          \
    }                                                                                                      \
    static inline bool pl_cas##bits(uint##bits##_t *p, uint##bits##_t expected, uint##bits##_t desired) {  \
        return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST,                 \
                                           __ATOMIC_SEQ_CST);                                              \
    }                                                                                                      \
    static inline uint##bits##_t pl_cas_value##bits(uint##bits##_t *p, uint##bits##_t expected,            \
                                                    uint##bits##_t desired) {                              \
        __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);     \
        return expected;                                                                                   \
    }                                                                                                      \
    static inline uint##bits##_t pl_add##bits(uint##bits##_t *p, uint##bits##_t v) {                       \
        return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                                                 \
    }                                                                                                      \
    static inline uint##bits##_t pl_sub##bits(uint##bits##_t *p, uint##bits##_t v) {                       \
        return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);                                                 \
    }                                                                                                      \
    static inline uint##bits##_t pl_or##bits(uint##bits##_t *p, uint##bits##_t v) {                        \
        return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST);                                                  \
    }                                                                                                      \
    static inline uint##bits##_t pl_and##bits(uint##bits##_t *p, uint##bits##_t v) {                       \
        return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST);                                                 \
    }                                                                                                      \
    static inline uint##bits##_t pl_swap##bits(uint##bits##_t *p, uint##bits##_t v) {                      \
        return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                                                \
    }

PL_ATOMICS(8)
PL_ATOMICS(16)
PL_ATOMICS(32)
PL_ATOMICS(64)

static inline void pl_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/// Keeps the compiler from moving stores over this point: a process may be killed between any two stores,
/// and what the others then see is what was stored, in program order (x86 keeps it; elsewhere a fence).
static inline void pl_order(void) {
#if defined(__x86_64__)
    __asm__ volatile("" ::: "memory");
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void pl_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// MARK: Time and futexes

static inline int64_t pl_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// The processor's own clock: a tenth of the price of `pl_now`, in units of its own (`pl_local.ticks_per_us`).
static inline uint64_t pl_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    return (uint64_t)pl_now();
#endif
}

/// 1 + the CPU on which the caller runs at this moment; 0: not known. No system call.
uint32_t pl_cpu(void);
/// Moves the caller to another of the CPUs that it may use, once. False where there is none.
bool pl_leave_cpu(void);
/// Moves the caller to that CPU (numbered as `pl_cpu` does), once, if it may use it.
void pl_join_cpu(uint32_t cpu);

static inline struct timespec pl_timespec(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    return t;
}

/// Waits while `*word == expected`, until the absolute monotonic `deadline` in ns (INT64_MAX: for ever).
/// 0 when woken, otherwise the errno (EAGAIN, EINTR, ETIMEDOUT).
static inline int pl_futex_wait(uint32_t *word, uint32_t expected, int64_t deadline) {
    struct timespec t = pl_timespec(deadline < 0 ? 0 : deadline);
    long r = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, deadline == INT64_MAX ? NULL : &t, NULL,
                     FUTEX_BITSET_MATCH_ANY);
    return r < 0 ? errno : 0;
}

static inline void pl_futex_wake(uint32_t *word, int count) {
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
    errno = saved;
}

// MARK: Robust mutexes in shared memory

static inline int pl_mutex_init(pthread_mutex_t *m) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    int r = pthread_mutex_init(m, &a);
    pthread_mutexattr_destroy(&a);
    return r;
}
int pl_mutex_wait(pthread_mutex_t *m);
/// 0, or EOWNERDEAD: the caller holds the mutex and has to repair what it protects.
///
/// Never waits longer than 10 ms for a wake-up before it looks again. An unlock clears the "has waiters" bit and
/// wakes one waiter, which sets it again; if that one is killed while another process, which came without
/// waiting, holds the lock, nobody wakes the remaining waiters any more.
static inline int pl_mutex_lock(pthread_mutex_t *m) {
    int r = pthread_mutex_trylock(m);
    return r == EBUSY ? pl_mutex_wait(m) : r;
}
static inline int pl_mutex_consistent(pthread_mutex_t *m) { return pthread_mutex_consistent(m); }
static inline int pl_mutex_unlock(pthread_mutex_t *m) { return pthread_mutex_unlock(m); }
/// The first word of a robust mutex is its futex: the kernel sets FUTEX_OWNER_DIED in it.
static inline bool pl_mutex_owner_died(const pthread_mutex_t *m) {
    return (__atomic_load_n((const uint32_t *)(const void *)m, __ATOMIC_SEQ_CST) & FUTEX_OWNER_DIED) != 0;
}

// MARK: System calls that are variadic, macros, or withheld from Swift

pid_t pl_fork(void);
int pl_pidfd_open(pid_t pid);
int pl_pidfd_signal(int pidfd, int sig);
int pl_memfd(const char *name);
int pl_fallocate(int fd, int64_t offset, int64_t length);
int pl_punch(int fd, int64_t offset, int64_t length);
int pl_prctl(int option, unsigned long argument);
int pl_set_name(const char *name);
int pl_open(const char *path, int flags, int mode);
/// The words of the command line, the program's name first.
int pl_argument_count(void);
const char *pl_argument(int index);
/// Takes back what was put into the environment for the Swift runtime.
void pl_clean_environment(void);
void *pl_mmap_shared(int fd, size_t length);
void *pl_mmap_read(int fd, size_t length);
bool pl_mmap_failed(void *p);
/// `poll` with `signal` unblocked only inside: 0 or more as poll, or minus the errno.
int pl_ppoll(struct pollfd *fds, int count, int64_t deadline, int signal);
void pl_ignore_handler(int signal);
/// Installs a handler that does nothing, without SA_RESTART: the signal interrupts a wait, no more.
int pl_interrupting_handler(int signal);
/// Makes `signal` cancel this process (see Cancellation.swift).
int pl_cancelling_handler(int signal);
int pl_ignore_signal(int number);
int pl_default_signal(int number);
int pl_signal_mask(int how, const int *signals, int count);
int pl_signalfd(const int *signals, int count);
/// The number of the next pending signal of a signalfd, or 0.
int pl_signalfd_next(int fd);
int pl_eventfd(void);
int pl_epoll_create(void);
int pl_epoll_add(int epoll, int fd, uint64_t data);
int pl_epoll_remove(int epoll, int fd);
int pl_epoll_wait(int epoll, uint64_t *data, int capacity, int timeout_ms);
/// The pid of a child that is a zombie, without reaping it; 0 if there is none.
pid_t pl_peek_zombie(void);
int pl_exit_code(int status);
int pl_term_signal(int status);

#include "SharedLayout.h"
#include "Exec.h"
#include "Trace.h"

/// Stores a cancellation into the cancel word of a process: pending, or held back while the process wants that.
static inline void pl_cancel_request(uint32_t *word) {
    uint32_t old = pl_load32(word);
    for (;;) {
        uint32_t seen = pl_cas_value32(word, old, old | (old & PL_CANCEL_HOLDING ? PL_CANCEL_HELD : PL_CANCEL_REQUESTED));
        if (seen == old) return;
        old = seen;
    }
}
/// In the word of this process: one that is pending is held back, and so are all to come. True: they were already.
static inline bool pl_cancel_hold(uint32_t *word) {
    uint32_t old = pl_load32(word);
    for (;;) {
        uint32_t held = old & PL_CANCEL_REQUESTED ? PL_CANCEL_HELD : 0;
        uint32_t seen = pl_cas_value32(word, old, (old & ~(uint32_t)PL_CANCEL_REQUESTED) | PL_CANCEL_HOLDING | held);
        if (seen == old) return old & PL_CANCEL_HOLDING;
        old = seen;
    }
}
/// In the word of this process: one that was held back is pending, and cancellations come through again.
static inline void pl_cancel_admit(uint32_t *word) {
    uint32_t old = pl_load32(word);
    for (;;) {
        uint32_t pending = old & PL_CANCEL_HELD ? PL_CANCEL_REQUESTED : 0;
        uint32_t seen = pl_cas_value32(word, old, (old & ~(uint32_t)(PL_CANCEL_HOLDING | PL_CANCEL_HELD)) | pending);
        if (seen == old) return;
        old = seen;
    }
}

#endif
