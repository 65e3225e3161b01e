// Single-stepping a process with ptrace, for the kill harness. Each call waits until the traced process has stopped or ended.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "CSystem.h"
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <signal.h>

void pl_trace_me(void) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
}

bool pl_trace_await(pid_t pid) {
    int status;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR) return false;
    return WIFSTOPPED(status);
}

int pl_trace_attach(pid_t pid) {
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0) return errno;
    return pl_trace_await(pid) ? 0 : ESRCH;
}

long pl_trace_step(pid_t pid, long count) {
    for (long i = 0; i < count; i++) {
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0) return -1;
        int status;
        while (waitpid(pid, &status, __WALL) < 0)
            if (errno != EINTR) return -1;
        if (!WIFSTOPPED(status)) return -1;
        if (WSTOPSIG(status) == SIGSTOP) return i;
    }
    return count;
}

void pl_trace_detach(pid_t pid) { ptrace(PTRACE_DETACH, pid, NULL, NULL); }
