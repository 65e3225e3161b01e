// Processes: start-up of any program (used for all peers), fork and wait, 500 children at once, idle children.
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// startup TIMES PROGRAM ARG...: the median wall time from posix_spawn to its end, output thrown away.
static int startup(int times, char **command) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    double *took = calloc((size_t)times, sizeof *took);
    for (int i = -1; i < times; i++) {   // the first one warms the page cache
        pid_t pid;
        double begun = now();
        if ((errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ)) != 0) fail(command[0]);
        join(pid);
        if (i >= 0) took[i] = now() - begun;
    }
    qsort(took, (size_t)times, sizeof *took, by_value);
    report("startup", took[times / 2] * 1e3, "ms", times);
    return 0;
}

static int spawn(int n) {
    double begun = now();
    for (int i = 0; i < n; i++) {
        pid_t pid = child();
        if (pid == 0) _exit(0);
        join(pid);
    }
    report("spawn", n / (now() - begun), "proc/s", n);
    return 0;
}

static int spawn_many(int n) {
    pid_t *pids = calloc((size_t)n, sizeof *pids);
    double begun = now();
    for (int i = 0; i < n; i++)
        if ((pids[i] = child()) == 0) _exit(0);
    for (int i = 0; i < n; i++) join(pids[i]);
    report("spawn_many", (now() - begun) * 1e3, "ms", n);
    return 0;
}

// n children blocked in a read; prints this process's pid when all are there, ends with standard input.
static int idle(int n) {
    int ready[2], hold[2];
    if (pipe(ready) || pipe(hold)) fail("pipe");
    for (int i = 0; i < n; i++)
        if (child() == 0) {
            char byte = 0;
            close(hold[1]);
            write_all(ready[1], &byte, 1);
            _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
        }
    char byte;
    for (int i = 0; i < n; i++) read_all(ready[0], &byte, 1);
    printf("pid %d\n", getpid());
    fflush(stdout);
    while (read(0, &byte, 1) > 0) {}
    close(hold[1]);
    while (wait(NULL) > 0) {}
    return 0;
}

int process_main(int argc, char **argv) {
    int n = atoi(argv[2]);
    if (strcmp(argv[1], "startup") == 0 && argc > 3) return startup(n, argv + 3);
    if (strcmp(argv[1], "spawn") == 0) return spawn(n);
    if (strcmp(argv[1], "spawn_many") == 0) return spawn_many(n);
    return idle(n);
}
