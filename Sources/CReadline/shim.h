// What the REPL needs of GNU readline; stdio first, because readline.h uses FILE without including it.
#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>
