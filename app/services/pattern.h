/* The octets that http serves: lines of 64 that begin with their own offset in hexadecimal, so that any piece tells
 * where it belongs.  In Python: b''.join(b'%016x finesse, a TCP endpoint on DPDK after RFC 9293\n' % i for i in
 * range(0, length, 64))[:length]. */
#ifndef FINESSED_PATTERN_H
#define FINESSED_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define PATTERN_LINE 64

/* Octets [at, at + len) of the pattern. */
void pattern_fill(uint8_t *to, uint64_t at, size_t len);

#endif
