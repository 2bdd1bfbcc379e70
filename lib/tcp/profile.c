/* The profiles as data. */
#include "profile.h"

#include <finesse/config.h>

/* clang-format off */
const uint32_t profile_rules[FNS_RFC9293 + 1] = {
#define X(name, linux, bsd, rfc9293, help) | (uint32_t)(linux) << RULE_##name
	[FNS_LINUX] = 0 PROFILE_LIST(X),
#undef X
#define X(name, linux, bsd, rfc9293, help) | (uint32_t)(bsd) << RULE_##name
	[FNS_BSD] = 0 PROFILE_LIST(X),
#undef X
#define X(name, linux, bsd, rfc9293, help) | (uint32_t)(rfc9293) << RULE_##name
	[FNS_RFC9293] = 0 PROFILE_LIST(X),
#undef X
};
/* clang-format on */

size_t
fns_profile_rules(struct fns_profile_rule *row, size_t room)
{
	static const struct fns_profile_rule all[] = {
#define X(name, linux, bsd, rfc9293, help) {#name, help, linux, bsd, rfc9293},
		PROFILE_LIST(X)
#undef X
	};

	for (size_t i = 0; i < RULE_COUNT && i < room; i++)
		row[i] = all[i];
	return RULE_COUNT;
}
