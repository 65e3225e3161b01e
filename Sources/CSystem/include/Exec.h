// Starting an external program.
#ifndef CSYSTEM_EXEC_H
#define CSYSTEM_EXEC_H

#include <sys/types.h>

/// Forks and executes `argv[0]` (looked up in PATH when it has no slash) with the three descriptors as its
/// standard streams and no other descriptor open. The program gets default signal dispositions and an empty
/// mask, and dies with the calling process. `cwd` may be NULL. Returns the pid, or -1 with errno set: of the
/// fork or of the exec (ENOENT: there is no such program).
pid_t cs_execute(char *const argv[], char *const envp[], const char *cwd, int in, int out, int err);

/// A pipe whose two descriptors are close-on-exec: 0, or -1 with errno set.
int cs_pipe(int descriptors[2]);

/// Processors that this process may run on; at least 1.
int cs_processor_count(void);

#endif
