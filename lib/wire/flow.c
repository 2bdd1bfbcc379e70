/* Addresses of both families: what kind they are, and their text (RFC 5952). */
#include "flow.h"

#include <stdio.h>

#include "cursor.h"

/* RFC 5952 §4.2: the longest run of at least two zero groups, the first of equals; *len is 0 where there is none. */
static size_t
longest_zeros(const uint8_t addr[16], size_t *len)
{
	size_t best = 0, run = 0;

	*len = 0;
	for (size_t i = 0; i < 8; i++) {
		run = get_u16(addr + 2 * i) == 0 ? run + 1 : 0;
		if (run >= 2 && run > *len) {
			*len = run;
			best = i + 1 - run;
		}
	}
	return best;
}

const char *
addr_text(char text[ADDR_TEXT], const uint8_t addr[16], uint16_t port)
{
	char groups[40]; /* eight of four digits, seven colons */
	size_t at = 0, zeros, zeros_at;

	if (addr_is_ip4(addr)) {
		(void)snprintf(text, ADDR_TEXT, "%u.%u.%u.%u:%u", addr[12], addr[13], addr[14], addr[15],
		               port);
		return text;
	}
	zeros_at = longest_zeros(addr, &zeros);
	for (size_t i = 0; i < 8; i++) {
		const char *colon = i + 1 < 8 && i + 1 != zeros_at ? ":" : "";

		if (zeros > 0 && i == zeros_at) {
			at += (size_t)snprintf(groups + at, sizeof(groups) - at, "::");
			i += zeros - 1;
			continue;
		}
		at += (size_t)snprintf(groups + at, sizeof(groups) - at, "%x%s", get_u16(addr + 2 * i),
		                       colon);
	}
	(void)snprintf(text, ADDR_TEXT, "[%s]:%u", groups, port);
	return text;
}
