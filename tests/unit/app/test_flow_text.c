/* Ends of connections, to and from text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow_text.h"

static void
ends__what_is_written_is_read_again(void **state)
{
	static const char *const texts[] = {"198.51.100.1:80", "[2001:db8::1]:65535", "0.0.0.1:1", "[::1]:7"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fns_addr a;
		char text[FLOW_END_TEXT];

		assert_true(flow_end_parse(texts[i], &a));
		assert_string_equal(flow_end_text(&a, text), texts[i]);
	}
}

static void
ends__less_than_whole(void **state)
{
	struct fns_addr a;
	static const uint8_t zero[16];

	(void)state;
	assert_true(flow_end_parse(":80", &a));
	assert_int_equal(a.port, 80);
	assert_memory_equal(a.ip, zero, 16);
	assert_true(flow_end_parse("2001:db8::1", &a));
	assert_int_equal(a.port, 0);
	assert_true(flow_end_parse("[2001:db8::1]", &a));
	assert_int_equal(a.port, 0);
	assert_true(flow_end_parse("192.0.2.1", &a));
}

static void
ends__refused(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"x",
		"1.2.3:4",
		"1.2.3.4:",
		"1.2.3.4:65536",
		":-1",
		"[::1",
		"[]",
		"[]:1",
		"[::1]80",
		"[1.2.3.4.5]:1",
		": 80",
		"1.2.3.4:80x",
		"::1]:80",
		"[:80",
		"1.2.3.4:000080",
		"111111111111111111111111111111111111111111111111111111111111111:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fns_addr a;

		if (flow_end_parse(texts[i], &a))
			fail_msg("\"%s\" was taken", texts[i]);
	}
}

static void
flows__both_ends_or_either(void **state)
{
	struct fns_addr us, them, other;
	struct flow_text f;

	(void)state;
	assert_true(flow_end_parse("198.51.100.1:80", &us));
	assert_true(flow_end_parse("198.51.100.2:40000", &them));
	assert_true(flow_end_parse("198.51.100.2:40001", &other));
	assert_true(flow_parse("198.51.100.1:80-198.51.100.2:40000", &f));
	assert_true(flow_matches(&f, &us, &them));
	assert_false(flow_matches(&f, &them, &us));
	assert_false(flow_matches(&f, &us, &other));
	assert_true(flow_parse("198.51.100.2", &f));
	assert_true(flow_matches(&f, &us, &other));
	assert_true(flow_matches(&f, &other, &us));
	assert_true(flow_parse(":80-:40001", &f));
	assert_true(flow_matches(&f, &us, &other));
	assert_false(flow_matches(&f, &us, &them));
	assert_false(flow_parse("198.51.100.1:80-", &f));
	assert_false(flow_parse("-", &f));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends__what_is_written_is_read_again),
		cmocka_unit_test(ends__less_than_whole),
		cmocka_unit_test(ends__refused),
		cmocka_unit_test(flows__both_ends_or_either),
	};

	return cmocka_run_group_tests_name("flow_text", tests, NULL, NULL);
}
