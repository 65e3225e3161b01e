#include "Exec.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// In the child: never returns. `report` is close-on-exec, so that the parent reads the end of file exactly
// when the exec succeeded, and the errno when it did not.
static void become(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err, int report,
                   pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // First out of the way of 0, 1 and 2, then into place: any of the four may already be one of these.
    int streams[3] = {in, out, err};
    for (int i = 0; i < 3; i++) {
        streams[i] = fcntl(streams[i], F_DUPFD, 3);
        if (streams[i] < 0) goto failed;
    }
    report = fcntl(report, F_DUPFD_CLOEXEC, 3);
    if (report < 0) _exit(127);
    for (int i = 0; i < 3; i++) {
        if (dup2(streams[i], i) < 0) goto failed;
    }
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) goto failed;
    if (cwd && chdir(cwd) < 0) goto failed;
    execvpe(argv[0], argv, envp);
failed:;
    int code = errno;
    ssize_t ignored = write(report, &code, sizeof code);
    (void)ignored;
    _exit(127);
}

pid_t cs_execute(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) become(argv, envp, cwd, in, out, err, report[1], parent);
    int failure = errno;
    close(report[1]);
    if (pid > 0) {
        ssize_t count;
        do count = read(report[0], &failure, sizeof failure); while (count < 0 && errno == EINTR);
        if (count > 0) {
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
            pid = -1;
        }
    }
    close(report[0]);
    errno = failure;
    return pid;
}

int cs_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int cs_processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? count : 1;
}
