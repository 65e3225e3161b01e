// The few C lines that Swift cannot call: inline atomics, variadic system calls, fork, robust mutexes.
// Everything here is a thin wrapper without policy; what the words mean is said where they are used.
#ifndef CSYSTEM_H
#define CSYSTEM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>
#include <sys/types.h>

#endif
