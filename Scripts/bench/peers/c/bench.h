// What the C side of the suite shares: the clock, memory between processes, futexes that carry the sleeper's
// flag in their own word, children, and the one line that every workload prints.
//
// C stands for the physical limit: what the kernel and the machine allow two processes, with nothing checked
// that a program of one page would not check, and nothing surviving a killed process.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef _Atomic uint32_t word;

/// Monotonic seconds.
double now(void);
/// Ends the program with a message on standard error.
_Noreturn void fail(const char *what);
/// Zeroed memory that children share.
void *shared(size_t bytes);
/// Forks; the child dies with its parent. Returns as fork does.
pid_t child(void);
/// Waits for one child of this pid; a status other than 0 is a failure.
void join(pid_t pid);
/// Prints `name value unit checksum`.
void report(const char *name, double value, const char *unit, long long checksum);
/// Reads or writes all of it, or fails; `read_all` returns 0 at the end of the stream.
int read_all(int fd, void *to, size_t bytes);
void write_all(int fd, const void *from, size_t bytes);

/// Sleeps while *at == expected (may wake for no reason); wakes up to `most` sleepers.
void futex_wait(word *at, uint32_t expected);
void futex_wake(word *at, int most);

/// One place for one value between one sender and one receiver. `send` does not wait for the receiver unless
/// the place is taken; `meet` returns only when the value was taken (a rendezvous).
typedef struct {
    _Alignas(64) word state;
    int64_t value;
} slot;
void slot_send(slot *s, int64_t value);
void slot_meet(slot *s, int64_t value);
int64_t slot_receive(slot *s);
/// The halves of the above, for values too big for the slot: the sender fills its block between `slot_await_empty`
/// and `slot_send`, the receiver reads it between `slot_await_full` and `slot_receive`.
void slot_await_empty(slot *s);
void slot_await_full(slot *s);

int process_main(int argc, char **argv);   // startup, spawn, spawn_many, idle
int latency_main(int argc, char **argv);   // pingpong, ring, commstime
int queue_main(int argc, char **argv);     // queue
int bulk_main(int argc, char **argv);      // bigmsg, list1000, size
int select_main(int argc, char **argv);    // select
int shared_main(int argc, char **argv);    // counter, manager
