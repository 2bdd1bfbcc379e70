/* Names and help of the fates, from the one list in drop.h. */
#include "drop.h"

const char *
drop_name(enum drop d)
{
	static const char *const name[] = {
#define X(constant, counter, help) [DROP_##constant] = #counter,
		DROP_LIST(X)
#undef X
	};

	return (unsigned)d < DROP_COUNT ? name[d] : "unknown";
}

const char *
drop_help(enum drop d)
{
	static const char *const text[] = {
#define X(constant, counter, help) [DROP_##constant] = help,
		DROP_LIST(X)
#undef X
	};

	return (unsigned)d < DROP_COUNT ? text[d] : "unknown";
}
