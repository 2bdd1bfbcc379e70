/* The arguments that dpdk.args has for EAL, without EAL. */
#ifndef FINESSED_EAL_ARGS_H
#define FINESSED_EAL_ARGS_H

#include <stdbool.h>

/* Splits `text` in place at blanks outside of quotes.  How many there are, or -1: more than `room`, or an open quote. */
int eal_args_split(char *text, char **argv, int room);

/* One is `option`, or begins with `option` and "=". */
bool eal_args_have(char *const *argv, int n, const char *option);

/* NULL, or why these cannot be ours. */
const char *eal_args_wrong(char *const *argv, int n);

#endif
