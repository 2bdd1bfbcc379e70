/* A pattern of any length that is made from the position alone (pattern.h). */
#include <string.h>

#include "pattern.h"

static void
make_line(char line[PATTERN_LINE], uint64_t offset)
{
	static const char text[] = " finesse, a TCP endpoint on DPDK after RFC 9293\n";

	_Static_assert(sizeof(text) - 1 == PATTERN_LINE - 16, "a line is 64 octets");
	for (int i = 15; i >= 0; i--, offset >>= 4)
		line[i] = "0123456789abcdef"[offset & 15];
	memcpy(line + 16, text, sizeof(text) - 1);
}

void
pattern_fill(uint8_t *to, uint64_t at, size_t len)
{
	char line[PATTERN_LINE];

	while (len > 0) {
		size_t from = at % PATTERN_LINE, n = PATTERN_LINE - from;

		n = n < len ? n : len;
		make_line(line, at - from);
		memcpy(to, line + from, n);
		to += n;
		at += n;
		len -= n;
	}
}
