/* The list of fates: names, help, and that each is there once. */
#include <ctype.h>

#include "octets.h"

static const char *const spelled[] = {
#define X(name, counter, help) [DROP_##name] = #name,
	DROP_LIST(X)
#undef X
};

static void
drop_name__every_fate__is_its_constant_in_lower_case(void **state)
{
	(void)state;
	assert_int_equal(COUNT(spelled), DROP_COUNT);
	for (unsigned d = 0; d < DROP_COUNT; d++) {
		const char *name = drop_name((enum drop)d);

		assert_int_equal(strlen(name), strlen(spelled[d]));
		for (size_t i = 0; name[i] != '\0'; i++)
			assert_int_equal(name[i], tolower((unsigned char)spelled[d][i]));
	}
	assert_string_equal(drop_name(DROP_IP4_CKSUM), "ip4_cksum");
	assert_string_equal(drop_name(DROP_TAKEN), "taken");
	assert_int_equal(DROP_TAKEN, 0);
}

static void
drop_help__every_fate__says_something(void **state)
{
	(void)state;
	for (unsigned d = 0; d < DROP_COUNT; d++)
		assert_true(strlen(drop_help((enum drop)d)) > 5);
	assert_string_equal(drop_help(DROP_IP4_CKSUM), "IPv4 header checksum wrong");
}

static void
drop_name__no_fate__is_unknown(void **state)
{
	(void)state;
	assert_string_equal(drop_name(DROP_COUNT), "unknown");
	assert_string_equal(drop_name((enum drop)1000), "unknown");
	assert_string_equal(drop_help(DROP_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_name__every_fate__is_its_constant_in_lower_case),
		cmocka_unit_test(drop_help__every_fate__says_something),
		cmocka_unit_test(drop_name__no_fate__is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
