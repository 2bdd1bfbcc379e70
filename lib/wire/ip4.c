/* IPv4 (RFC 791 §3.1; RFC 1122 §3.2.1, source routes refused against its §3.3.5). */
#include "ip4.h"

#define OPTION_END  0
#define OPTION_NOP  1
#define OPTION_LSRR 131
#define OPTION_SSRR 137

/* Options that we do not act upon are skipped (RFC 1122 §3.2.1.8), and none is ever echoed. */
enum drop
ip4_options(const uint8_t *options, size_t len)
{
	struct cursor c = cursor_of(options, len);
	const uint8_t *kind, *size;

	while ((kind = cursor_take(&c, 1)) != NULL && *kind != OPTION_END) {
		if (*kind == OPTION_NOP)
			continue;
		size = cursor_take(&c, 1);
		if (size == NULL || *size < 2 || cursor_take(&c, *size - 2u) == NULL)
			return DROP_IP4_OPTION;
		if (*kind == OPTION_LSRR || *kind == OPTION_SSRR)
			return DROP_IP4_SOURCE_ROUTE;
	}
	return DROP_TAKEN;
}
