// One shared integer (an atomic addition; a robust process-shared mutex), and a server process that keeps a list
// and a namespace for a client over a Unix socket: the least that a manager is.
#include "bench.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS 4

static int counter(const char *variant, long long total) {
    struct {
        pthread_mutex_t mutex;
        _Alignas(64) _Atomic int64_t atomic;
        volatile int64_t plain;
    } *cell = shared(sizeof *cell);
    pthread_mutexattr_t m;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&cell->mutex, &m);
    int by_mutex = strcmp(variant, "mutex") == 0;
    long long each = total / WORKERS;
    pid_t pids[WORKERS];
    double begun = now();
    for (int w = 0; w < WORKERS; w++)
        if ((pids[w] = child()) == 0) {
            for (long long i = 0; i < each; i++) {
                if (!by_mutex) {
                    atomic_fetch_add(&cell->atomic, 1);
                    continue;
                }
                pthread_mutex_lock(&cell->mutex);
                cell->plain++;
                pthread_mutex_unlock(&cell->mutex);
            }
            _exit(0);
        }
    for (int w = 0; w < WORKERS; w++) join(pids[w]);
    report("counter", (double)(each * WORKERS) / (now() - begun), "inc/s", by_mutex ? cell->plain : cell->atomic);
    return 0;
}

enum operation { GET, APPEND, LENGTH, READ_X, WRITE_X };
struct request { int64_t operation, argument; };

static _Noreturn void serve(int fd) {
    size_t count = 1, room = 1024;
    int64_t *list = malloc(room * sizeof *list), x = 0;
    list[0] = 7;
    struct request r;
    while (read_all(fd, &r, sizeof r)) {
        int64_t answer = 0;
        if (r.operation == GET) {
            answer = list[r.argument];
        } else if (r.operation == APPEND) {
            if (count == room) list = realloc(list, (room *= 2) * sizeof *list);
            list[count++] = r.argument;
        } else if (r.operation == LENGTH) {
            answer = (int64_t)count;
        } else if (r.operation == READ_X) {
            answer = x;
        } else {
            x = r.argument;
        }
        write_all(fd, &answer, sizeof answer);
    }
    _exit(0);
}

static int64_t ask(int fd, enum operation operation, int64_t argument) {
    struct request r = {operation, argument};
    int64_t answer;
    write_all(fd, &r, sizeof r);
    if (!read_all(fd, &answer, sizeof answer)) fail("server");
    return answer;
}

static int manager(const char *variant, int n) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) fail("socketpair");
    pid_t server = child();
    if (server == 0) {
        close(ends[0]);
        serve(ends[1]);
    }
    close(ends[1]);
    long long checksum = 0;
    double begun = now();
    for (int i = 0; i < n; i++) {
        if (strcmp(variant, "get") == 0) checksum += ask(ends[0], GET, 0);
        else if (strcmp(variant, "append") == 0) ask(ends[0], APPEND, i);
        else ask(ends[0], WRITE_X, ask(ends[0], READ_X, 0) + 1);   // two requests, as through a proxy
    }
    double took = now() - begun;
    if (strcmp(variant, "append") == 0) checksum = ask(ends[0], LENGTH, 0) - 1;
    if (strcmp(variant, "nsadd") == 0) checksum = ask(ends[0], READ_X, 0);
    close(ends[0]);
    join(server);
    report("manager", n / took, "op/s", checksum);
    return 0;
}

int shared_main(int argc, char **argv) {
    if (argc < 4) return 2;
    if (strcmp(argv[1], "counter") == 0) return counter(argv[2], atoll(argv[3]));
    return manager(argv[2], atoi(argv[3]));
}
