// Starting external programs under a guard, and killing what descends from them. What the functions promise is said in Exec.h.
//
// Invariants
// - The program's process is a vfork of its guard: before the exec it allocates nothing and writes no variable of it.
// - The guard waits for nothing but the program's end and its caller's death, and holds none of the caller's descriptors.
#include "Exec.h"

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// MARK: Killing a tree

typedef struct {
    pid_t *pids;
    size_t count, room;
} pid_list;

static void stop_and_note(pid_list *list, pid_t pid)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        pid_t *pids = realloc(list->pids, room * sizeof *pids);
        if (!pids) return;
        list->pids = pids;
        list->room = room;
    }
    kill(pid, SIGSTOP);
    list->pids[list->count++] = pid;
}

// The children that any thread of the process has started.
static void note_children(pid_list *list, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (!threads) return;
    for (struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", pid, entry->d_name);
        FILE *children = fopen(path, "re");
        if (!children) continue;
        for (int child; fscanf(children, "%d", &child) == 1;) stop_and_note(list, child);
        fclose(children);
    }
    closedir(threads);
}

void cs_kill_tree(pid_t root)
{
    pid_list list = {0};
    stop_and_note(&list, root);
    for (size_t i = 0; i < list.count; i++) note_children(&list, list.pids[i]);
    while (list.count > 1) kill(list.pids[--list.count], SIGKILL);
    kill(root, SIGKILL);
    free(list.pids);
}

// MARK: Starting

// In the program's process: never returns. `report` is close-on-exec, so that the parent reads the end of file exactly
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
    // Every descriptor of ours is close-on-exec already; this is for inherited ones. Before Linux 5.11 they stay open.
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 && errno != EINVAL && errno != ENOSYS) goto failed;
    if (cwd && chdir(cwd) < 0) goto failed;
    execvpe(argv[0], argv, envp);
failed:;
    int code = errno;
    ssize_t ignored = write(report, &code, sizeof code);
    (void)ignored;
    _exit(127);
}

// Ends as the program has ended. Only that signal is let through: others may be pending. No second core is dumped.
static void end_like(int status)
{
    if (WIFSIGNALED(status)) {
        prctl(PR_SET_DUMPABLE, 0);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, WTERMSIG(status));
        signal(WTERMSIG(status), SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        kill(getpid(), WTERMSIG(status));
        _exit(128 + WTERMSIG(status));
    }
    _exit(WEXITSTATUS(status));
}

// In the guard, which stands between the caller and the program: never returns. The kernel tells it of the caller's death,
// which kills the caller's processes, but not those of a shell. What the terminal sends reaches the program itself.
static void stand_guard(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err, int report,
                        pid_t caller)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    if (getppid() != caller) _exit(127);
    const char *slash = strrchr(argv[0], '/');
    char name[16];
    snprintf(name, sizeof name, "guard:%s", slash ? slash + 1 : argv[0]);
    prctl(PR_SET_NAME, name);
    pid_t guard = getpid();
    pid_t program = vfork();
    if (program == 0) become(argv, envp, cwd, in, out, err, report, guard);
    if (program < 0) {
        int code = errno;
        ssize_t ignored = write(report, &code, sizeof code);
        (void)ignored;
        _exit(127);
    }
    close_range(0, ~0U, 0);
    for (;;) {
        int number = sigwaitinfo(&all, NULL), status;
        if (waitpid(program, &status, WNOHANG) == program) end_like(status);
        if (number == SIGUSR1 && getppid() != caller) {
            cs_kill_tree(program);
            while (waitpid(program, NULL, 0) < 0 && errno == EINTR) {}
            _exit(1);
        }
    }
}

pid_t cs_execute(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid_t caller = getpid();
    pid_t pid = fork();
    if (pid == 0) stand_guard(argv, envp, cwd, in, out, err, report[1], caller);
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
