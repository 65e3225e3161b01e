// Starting an external program.
#ifndef CSYSTEM_EXEC_H
#define CSYSTEM_EXEC_H

#include <sys/types.h>

/// Executes `argv[0]` (looked up in PATH when it has no slash) with the three descriptors as its standard streams and
/// no other descriptor open. The program gets default signal dispositions and an empty mask. `cwd` may be NULL. Returns
/// the pid of its guard, or -1 with errno set: of a fork or of the exec (ENOENT: there is no such program).
///
/// The guard is the caller's child and the program's parent: it ends with the program, and in the same way. When the
/// caller dies, it kills the program and all that descends from it; when it is killed, the program dies. Other signals that
/// are sent to the guard alone do nothing.
pid_t cs_execute(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err);

/// Kills a child and all its descendants with SIGKILL; the caller has not reaped it. Every process is stopped before its
/// children are looked up: none is born behind the look, and none that was found can be reaped, so that its pid cannot
/// become another's. Only what still descends from the child is reached; what has left it (a daemon) has done so on
/// purpose. Where the kernel does not list children, only the child itself is killed.
void cs_kill_tree(pid_t root);

/// A pipe whose two descriptors are close-on-exec: 0, or -1 with errno set.
int cs_pipe(int descriptors[2]);

/// Processors that this process may run on; at least 1.
int cs_processor_count(void);

#endif
