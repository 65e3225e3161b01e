// Big messages, one copy in and one copy out: 1 MiB blocks over 4 shared places, lists of 1,000 ints (8 bytes
// each) over 64; and both through a kernel pipe. `size` is the first with blocks of any length.
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int bulk_main(int argc, char **argv) {
    if (argc < 4) return 2;
    int sized = strcmp(argv[1], "size") == 0;   // size BYTES N
    int big = sized || strcmp(argv[1], "bigmsg") == 0, by_pipe = strcmp(argv[2], "pipe") == 0;
    size_t bytes = sized ? strtoull(argv[2], NULL, 10) : big ? 1 << 20 : 8000;
    int places = big ? 4 : 64, n = atoi(argv[3]);
    slot *slots = shared(sizeof(slot) * (size_t)places);
    char *blocks = shared(bytes * (size_t)places);
    int fds[2];
    if (pipe(fds)) fail("pipe");
    char *mine = malloc(bytes);
    if (big) {
        memset(mine, 'a', bytes);
        mine[bytes - 1] = 'z';
    } else {
        for (int i = 0; i < 1000; i++) ((int64_t *)mine)[i] = i;
    }

    double begun = now();
    pid_t sender = child();
    if (sender == 0) {
        for (int i = 0; i < n; i++) {
            if (by_pipe) {
                write_all(fds[1], mine, bytes);
                continue;
            }
            slot_await_empty(&slots[i % places]);
            memcpy(blocks + bytes * (size_t)(i % places), mine, bytes);
            slot_send(&slots[i % places], i);
        }
        _exit(0);
    }
    long long checksum = 0;
    memset(mine, 0, bytes);
    for (int i = 0; i < n; i++) {
        if (by_pipe) {
            if (!read_all(fds[0], mine, bytes)) return 1;
        } else {
            slot_await_full(&slots[i % places]);
            memcpy(mine, blocks + bytes * (size_t)(i % places), bytes);
            slot_receive(&slots[i % places]);
        }
        checksum += sized ? (long long)bytes : big ? (1 << 20) + mine[bytes - 1] : 1000 + ((int64_t *)mine)[999];
    }
    double took = now() - begun;
    join(sender);
    if (sized) report("size", took / n * 1e6, "us/message", checksum);
    else report(argv[1], n / took, big ? "MiB/s" : "msg/s", checksum);
    return 0;
}
