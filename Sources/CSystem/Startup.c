// What must be known before anything else of the program runs.
#include "include/CSystem.h"
#include <stdlib.h>
#include <unistd.h>

static int argument_count;
static char **argument_vector;
static bool backtrace_was_set;

/// Runs before the initializers of the Swift runtime (those have later priorities).
///
/// Swift finds the program's words by reading /proc/self/cmdline, and the place of its backtracer by /proc/self/exe,
/// without which it aborts. A bare root folder has no /proc, and the program does not need it.
__attribute__((constructor(101))) static void start(int argc, char **argv, char **environment) {
    (void)environment;
    argument_count = argc;
    argument_vector = argv;
    if (access("/proc/self/exe", F_OK) != 0 && getenv("SWIFT_BACKTRACE") == NULL) {
        setenv("SWIFT_BACKTRACE", "enable=no,swift-backtrace=/", 1);
        backtrace_was_set = true;
    }
}

int pl_argument_count(void) { return argument_count; }

const char *pl_argument(int index) { return argument_vector[index]; }

void pl_clean_environment(void) {
    if (backtrace_was_set) unsetenv("SWIFT_BACKTRACE");
}
