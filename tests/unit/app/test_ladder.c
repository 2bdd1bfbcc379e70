/* The ladder renderer with records that no exchange of finesse-ladders makes: of long connections, of IPv6, with text
 * that XML would stumble over, and with nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ladder.h"

static struct ladder ladder;

static struct fns_record
record_of(const char *local, const char *remote)
{
	struct fns_record r;

	memset(&r, 0, sizeof(r));
	fns_addr_parse(&r.row.local, local, 40000);
	fns_addr_parse(&r.row.remote, remote, 7);
	r.row.state = "ESTABLISHED";
	r.iss = 0xfffffff0u; /* relative numbers wrap with it */
	r.irs = 100;
	return r;
}

static void
add(struct fns_record *r, struct fns_event e)
{
	r->event[r->row.events++] = e;
}

static char *
drawn(bool svg, const char *title)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (svg)
		ladder_svg(&ladder, title, out);
	else
		ladder_print(&ladder, title, true, out);
	fclose(out);
	return text;
}

static void
says(bool svg, const char *what)
{
	char *text = drawn(svg, "title");

	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in\n%s", what, text);
	free(text);
}

static void
test_of_a_long_connection(void **state)
{
	struct fns_record r = record_of("2001:db8:1::1", "2001:db8:1::2");

	(void)state;
	r.row.lost = 77;
	add(&r, (struct fns_event){
			.kind = FNS_EVENT_SENT, .flags = 0x18, .seq = r.iss + 100, .ack = 101, .len = 20});
	add(&r, (struct fns_event){.kind = FNS_EVENT_SENT,
	                           .flags = 0x18,
	                           .at_us = 1234567,
	                           .seq = r.iss + 100,
	                           .ack = 101,
	                           .len = 20,
	                           .again = 1});
	ladder_lay(&ladder, &r, NULL);
	says(false, "(77 earlier events are not kept)");
	says(true, "77 earlier events are not kept");
	says(false, "[2001:db8:1::1]:40000");
	says(false, "ESTABLISHED");
	says(false, "PSH ACK 100:120(20) ack 1 win 0 -");
	says(false, "1234.567");
	says(false, "PSH ACK 100:120(20) ack 1 win 0 again");
	says(false, "still open");
}

static void
test_empty_record(void **state)
{
	struct fns_record r = record_of("198.51.100.1", "198.51.100.2");

	(void)state;
	r.row.close_class = "active_4";
	ladder_lay(&ladder, &r, NULL);
	says(false, "ended as active_4");
	says(true, "</svg>");
}

static void
test_text_is_escaped(void **state)
{
	struct fns_record r = record_of("198.51.100.1", "198.51.100.2");
	char *text;

	(void)state;
	r.row.close_class = "<b>&\"";
	ladder_lay(&ladder, &r, NULL);
	text = drawn(true, "<script>&\"\x01");
	assert_null(strstr(text, "<script>"));
	assert_null(strchr(text, '\x01'));
	assert_non_null(strstr(text, "&lt;script&gt;&amp;&quot;"));
	assert_non_null(strstr(text, "ended as &lt;b&gt;&amp;&quot;"));
	free(text);
}

static struct fns_record
nonsense(uint32_t *seed, bool self)
{
	struct fns_record r = record_of("198.51.100.1", self ? "198.51.100.1" : "198.51.100.2");
	uint64_t at = 0;

	if (self)
		r.row.remote.port = r.row.local.port;
	for (unsigned n = *seed % (FNS_RECORD_EVENTS + 1); n > 0; n--) {
		uint32_t z = *seed = *seed * 1664525u + 1013904223u;

		at += z >> 30;
		add(&r, (struct fns_event){.kind = (uint8_t)((z >> 8) % 7),
		                           .flags = (uint8_t)(z >> 16),
		                           .what = (uint8_t)((z >> 12) % 13),
		                           .from = (uint8_t)((z >> 20) % 13),
		                           .seq = (z >> 24) % 3,
		                           .len = (z >> 27) % 2 * UINT32_MAX,
		                           .wnd = z,
		                           .at_us = at});
	}
	return r;
}

/* Whatever is in them, it ends, and within the rows there are. */
static void
test_nonsense(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct fns_record a = nonsense(&seed, i % 5 == 0), b = nonsense(&seed, false);

		ladder_lay(&ladder, &a, i % 5 < 2 ? NULL : &b);
		assert_in_range(ladder.rows, 1, LADDER_ROWS);
		if (i % 50 < 5) {
			free(drawn(false, "nonsense"));
			free(drawn(true, "nonsense"));
		}
		seed++;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_a_long_connection),
		cmocka_unit_test(test_empty_record),
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
