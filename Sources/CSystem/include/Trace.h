// Single-stepping a process: how the runtime's tests kill a process after any chosen instruction. The runtime
// itself does not use it.
#ifndef PL_TRACE_H
#define PL_TRACE_H

#include <sys/types.h>

/// The calling process lets its parent trace it, and stops until it is stepped.
void pl_trace_me(void);
/// Begins to trace a process that is no child, and waits until it has stopped. 0, or the errno.
int pl_trace_attach(pid_t pid);
/// Lets a stopped process execute `count` instructions. The number executed; fewer if it stopped itself (SIGSTOP).
/// Minus one if it is gone.
long pl_trace_step(pid_t pid, long count);
/// Waits until a traced child has stopped. False if it is gone.
bool pl_trace_await(pid_t pid);
/// Lets a stopped process run, untraced.
void pl_trace_detach(pid_t pid);

#endif
