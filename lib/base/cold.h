/* What few segments call: out of line, so that the others do not even save a register for it. */
#ifndef FNS_COLD_H
#define FNS_COLD_H

#define COLD __attribute__((cold, noinline))

#endif
