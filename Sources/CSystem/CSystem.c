// The C that Swift cannot call: fork, signals, robust mutexes, futexes, mappings; and the two structures of this process,
// the addresses of the arena (`pl_arena`) and its hot private state (`pl_local`).
//
// Invariants
// - Thin wrappers without policy. Errors are returned as the system gives them, mostly as -1 with errno set.
// - A signal handler stores into the arena and writes to a descriptor, nothing else, and keeps errno. It acts only in a
//   process that has become itself: a fork that has not yet must not speak for its parent.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "CSystem.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

pl_bases pl_arena;
pl_private pl_local;

/// SIGTERM, SIGINT or SIGHUP to a script process. To the main script it is meant for the program: the supervisor
/// takes it as its own. To another it is that one's cancellation, as if a handle's owner had asked for it. What
/// a terminal sends (it comes from the kernel) goes to every process of the program; there only the supervisor acts. Who
/// was started when the program was ending already (a `finally` may start processes) does not act either: `timeout` sends
/// to the program first, and then to its group.
static void pl_take_signal(int signal, siginfo_t *info, void *context) {
    (void)context;
    if (signal != SIGTERM && info->si_code > 0) return;
    int saved = errno;
    pl_slot *me = pl_arena.me;
    // A child that has not yet become a process of its own, or an external program, must not speak for its parent. The
    // manager goes on as long as somebody needs it.
    if (me && me->pid == getpid() && !me->service) {
        uint32_t reason = PL_KICK_CANCEL;
        uint64_t taken = pl_load64(&pl_arena.header->signal_taken);
        bool is_late = taken != 0 && taken < me->birth;
        if (me->parent == PL_SUPERVISOR_SLOT) {
            pl_store32(&pl_arena.header->main_signal, (uint32_t)signal);
            reason = PL_KICK_SIGNAL;
        } else if (pl_load32(&me->cancel_sent) == 0 && !is_late) {
            if (pl_load64((uint64_t *)&me->cancel_deadline) == 0)
                pl_store64((uint64_t *)&me->cancel_deadline, (uint64_t)(pl_now() + 2000000000));
            pl_cancel_request(&me->cancel);
            pl_add32(&me->seq, 2);
            // On its way into a system call that would not see it: SIGURG is let in only there, and ends it.
            if (pl_load32(&me->external)) kill(me->pid, SIGURG);
            pl_store32(&me->cancel_sent, 1);
        }
        pl_or32(&pl_arena.header->kicks, reason);
        uint64_t one = 1;
        if (write(pl_local.kick_fd, &one, 8) < 0) {}
    }
    errno = saved;
}
int pl_cancelling_handler(int signal) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = pl_take_signal;
    a.sa_flags = SA_SIGINFO | SA_RESTART;
    return sigaction(signal, &a, NULL);
}

int pl_mutex_wait(pthread_mutex_t *m) {
    // A critical section is shorter than a sleep: if its process runs on another CPU, it is over in a moment.
    if (pl_local.cores > 1) {
        for (int i = 0; i < 32; i++) {
            for (int j = 0; j < 4; j++) pl_relax();
            if (__atomic_load_n((const uint32_t *)(const void *)m, __ATOMIC_RELAXED) & FUTEX_TID_MASK) continue;
            int r = pthread_mutex_trylock(m);
            if (r != EBUSY) return r;
        }
    }
    for (;;) {
        struct timespec t = pl_timespec(pl_now() + 10000000);
        int r = pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &t);
        if (r != ETIMEDOUT) return r;
    }
}

uint32_t pl_cpu(void) {
    int cpu = sched_getcpu();
    return cpu < 0 ? 0 : (uint32_t)cpu + 1;
}

bool pl_leave_cpu(void) {
    cpu_set_t all, others;
    if (sched_getaffinity(0, sizeof all, &all) < 0) return false;
    others = all;
    CPU_CLR(sched_getcpu(), &others);
    if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) < 0) return false;
    sched_setaffinity(0, sizeof all, &all);
    return true;
}

void pl_join_cpu(uint32_t cpu) {
    cpu_set_t all, one;
    if (cpu == 0 || sched_getaffinity(0, sizeof all, &all) < 0 || !CPU_ISSET(cpu - 1, &all)) return;
    CPU_ZERO(&one);
    CPU_SET(cpu - 1, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0) sched_setaffinity(0, sizeof all, &all);
}

pid_t pl_fork(void) { return fork(); }
int pl_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int pl_pidfd_signal(int pidfd, int sig) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}
int pl_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int pl_fallocate(int fd, int64_t offset, int64_t length) { return fallocate(fd, 0, offset, length); }
int pl_punch(int fd, int64_t offset, int64_t length) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
int pl_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }
int pl_set_name(const char *name) { return prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }
int pl_open(const char *path, int flags, int mode) { return open(path, flags | O_CLOEXEC, mode); }
void *pl_mmap_shared(int fd, size_t length) {
    return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
}
void *pl_mmap_read(int fd, size_t length) {
    return mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
}
bool pl_mmap_failed(void *p) { return p == MAP_FAILED; }

int pl_ppoll(struct pollfd *fds, int count, int64_t deadline, int signal) {
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, signal);
    struct timespec t, *limit = NULL;
    if (deadline != INT64_MAX) {
        int64_t left = deadline - pl_now();
        t = pl_timespec(left < 0 ? 0 : left);
        limit = &t;
    }
    int r = ppoll(fds, (nfds_t)count, limit, &mask);
    return r < 0 ? -errno : r;
}

void pl_ignore_handler(int signal) { (void)signal; }
int pl_interrupting_handler(int signal) {
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = pl_ignore_handler;
    return sigaction(signal, &a, NULL);
}
int pl_ignore_signal(int number) { return signal(number, SIG_IGN) == SIG_ERR ? -1 : 0; }
int pl_default_signal(int number) { return signal(number, SIG_DFL) == SIG_ERR ? -1 : 0; }
int pl_signal_mask(int how, const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return sigprocmask(how, &set, NULL);
}
int pl_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
int pl_signalfd_next(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
int pl_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
int pl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int pl_epoll_add(int epoll, int fd, uint64_t data) {
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = data};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}
int pl_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }
int pl_epoll_wait(int epoll, uint64_t *data, int capacity, int timeout_ms) {
    struct epoll_event events[64];
    if (capacity > 64) capacity = 64;
    int n = epoll_wait(epoll, events, capacity, timeout_ms);
    for (int i = 0; i < n; i++) data[i] = events[i].data.u64;
    return n < 0 ? -errno : n;
}
pid_t pl_peek_zombie(void) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return 0;
    return info.si_pid;
}
int pl_exit_code(int status) { return WEXITSTATUS(status); }
int pl_term_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

