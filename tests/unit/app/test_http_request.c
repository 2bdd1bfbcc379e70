/* The HTTP request reader: whole, octet by octet, and wrong in every way that RFC 9112 names.  And the pattern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_request.h"
#include "pattern.h"

#define HOST "Host: a\r\n"

/* What a request is answered with; keep: the connection lives on.  The same in one piece and octet by octet. */
static const struct {
	const char *text;
	int status;
	bool keep;
} cases[] = {
	{"GET / HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET / HTTP/1.1\n" HOST "\n", 200, true},
	{"\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"HEAD / HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET http://a HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET /?x=/ HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET //  HTTP/1.1\r\n", 400, false},
	{"GET http://a/x HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 200, false},
	{"GET / HTTP/1.1\r\n" HOST "cONNECTION:x , Close\t\r\n\r\n", 200, false},
	{"GET / HTTP/1.1\r\n" HOST "Connection: close\r\nConnection: keep-alive\r\n\r\n", 200, false},
	{"GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", 200, true},
	{"GET / HTTP/1.0\r\n\r\n", 200, false},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, true},
	{"GET / HTTP/1.7\r\n" HOST "\r\n", 200, true},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", 200, true},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200, true},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, true},
	{"GET / HTTP/1.1\r\n" HOST "Empty:\r\n\r\n", 200, true},
	{"GET /bytes/5 HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET /bytes/10000000000 HTTP/1.1\r\n" HOST "\r\n", 200, true},
	{"GET /bytes/10000000001 HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET /bytes/99999999999999999999 HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET /bytes/ HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET /bytes/-1 HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET /bytes/1x HTTP/1.1\r\n" HOST "\r\n", 404, true},
	{"GET / HTTP/1.1\r\n\r\n", 400, false},
	{"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, false},
	{"GET\r\n", 400, false},
	{"GET /\r\n", 400, false},
	{"GET  / HTTP/1.1\r\n", 400, false},
	{" GET / HTTP/1.1\r\n", 400, false},
	{"GET x HTTP/1.1\r\n", 400, false},
	{"GET / HTTP/1.1 \r\n", 400, false},
	{"GET / HTTQ/1.1\r\n", 400, false},
	{"GET / HTTP/1\r\n", 400, false},
	{"GET / HTTP/1.1\r\n Host: a\r\n", 400, false},
	{"GET / HTTP/1.1\r\nHost : a\r\n", 400, false},
	{"GET / HTTP/1.1\r\n: a\r\n", 400, false},
	{"GET / HTTP/1.1\r\nHost\r\n", 400, false},
	{"GET / HTTP/1.1\r\nA: b\rc\r\n", 400, false},
	{"GET / HTTP/1.1\r\nA: \001\r\n", 400, false},
	{"G(T / HTTP/1.1\r\n", 400, false},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n", 400, false},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n", 400, false},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n", 400, false},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length:                                                  3\r\n",
         400, false},
	{"GET / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n", 413, false},
	{"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n", 501, false},
	{"PRI * HTTP/2.0\r\n", 505, false},
	{"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", 405, false},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 405, false},
	{"CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 405, false},
	{"BREW / HTTP/1.1\r\n" HOST "\r\n", 501, false},
	{"AVERYLONGMETHODTHATISLONGERTHANWHATISKEPTOFAWORDOFTHEREQUESTATALLTIMES / HTTP/1.1\r\n" HOST "\r\n",
         501, false},
};

static void
read_in(const char *text, size_t piece, struct http_request *r)
{
	size_t len = strlen(text), at = 0;

	memset(r, 0, sizeof(*r));
	while (at < len && r->part != HTTP_READY) {
		size_t n = len - at < piece ? len - at : piece;
		uint8_t *exact = malloc(n); /* so that a read past it is seen */

		assert_non_null(exact);
		memcpy(exact, text + at, n);
		at += http_request_read(r, exact, n);
		free(exact);
	}
	if (r->status == 200) /* each case ends where the request does; a fault ends it before */
		assert_int_equal(at, len);
}

static void
each_request_has_its_answer(void **state)
{
	static const size_t pieces[] = {1, 2, 7, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
			struct http_request r;

			read_in(cases[i].text, pieces[k], &r);
			if (r.part != HTTP_READY || r.status != cases[i].status || r.keep != cases[i].keep)
				fail_msg("%s\nby %zu: part %d, status %d, keep %d", cases[i].text, pieces[k],
				         r.part, r.status, r.keep);
		}
	}
}

static void
bytes_are_counted(void **state)
{
	struct http_request r;

	(void)state;
	read_in("GET /bytes/104857600 HTTP/1.1\r\n" HOST "\r\n", 1, &r);
	assert_true(r.sized);
	assert_int_equal(r.bytes, 104857600);
	read_in("GET http://h/bytes/7 HTTP/1.1\r\n" HOST "\r\n", 1, &r);
	assert_true(r.sized);
	assert_int_equal(r.bytes, 7);
	read_in("GET /else HTTP/1.1\r\n" HOST "\r\n", 1, &r);
	assert_false(r.sized);
}

/* A long target and long fields are read past; a head over the limit is refused. */
static void
a_head_is_bounded(void **state)
{
	char text[HTTP_HEAD_MAX + 200], fill[HTTP_HEAD_MAX];
	struct http_request r;

	(void)state;
	memset(fill, 'x', sizeof(fill));
	snprintf(text, sizeof(text), "GET /%.*s HTTP/1.1\r\n" HOST "A%.*s: %.*s\r\n\r\n", 2000, fill, 2000,
	         fill, 2000, fill);
	read_in(text, 100, &r);
	assert_int_equal(r.status, 404);
	assert_true(r.keep);

	memset(&r, 0, sizeof(r));
	snprintf(text, sizeof(text), "GET /%.*s", HTTP_HEAD_MAX, fill);
	http_request_read(&r, (const uint8_t *)text, strlen(text));
	assert_int_equal(r.status, 414);

	memset(&r, 0, sizeof(r));
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: %.*s", HTTP_HEAD_MAX, fill);
	http_request_read(&r, (const uint8_t *)text, strlen(text));
	assert_int_equal(r.status, 431);
}

static void
pipelined_requests_are_kept_apart(void **state)
{
	const char *two = "GET /bytes/1 HTTP/1.1\r\n" HOST "\r\nGET /bytes/2 HTTP/1.1\r\n" HOST "\r\n";
	struct http_request r = {0};
	size_t first = http_request_read(&r, (const uint8_t *)two, strlen(two));

	(void)state;
	assert_int_equal(r.bytes, 1);
	assert_int_equal(first, strlen(two) / 2);
	memset(&r, 0, sizeof(r));
	assert_int_equal(http_request_read(&r, (const uint8_t *)two + first, strlen(two) - first), first);
	assert_int_equal(r.bytes, 2);
}

/* No input makes it read on for ever or past its words. */
static void
noise_is_read_or_refused(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct http_request r = {0};
		uint8_t noise[200];
		size_t len;

		snprintf((char *)noise, sizeof(noise), "%s", cases[(unsigned)round % 50].text);
		len = strlen((char *)noise);
		for (int hurt = 0; hurt < 4; hurt++) {
			seed = seed * 1103515245 + 12345;
			noise[(seed >> 8) % len] = (uint8_t)(seed >> 24);
		}
		assert_true(http_request_read(&r, noise, len) <= len);
		assert_true(r.part <= HTTP_READY);
		if (r.part == HTTP_READY)
			assert_in_range(r.status, 200, 505);
	}
}

static void
the_pattern_is_the_same_in_pieces(void **state)
{
	uint8_t whole[1000], piece[1000];

	(void)state;
	pattern_fill(whole, 0, sizeof(whole));
	assert_memory_equal(whole, "0000000000000000 finesse, a TCP endpoint on DPDK after RFC 9293\n", 64);
	assert_memory_equal(whole + 64, "0000000000000040 finesse,", 25);
	for (size_t from = 0; from < 300; from += 7) {
		for (size_t len = 0; len < 300; len += 11) {
			pattern_fill(piece, from, len);
			assert_memory_equal(piece, whole + from, len);
		}
	}
	pattern_fill(piece, UINT64_C(0x123456789abcdef0) & ~UINT64_C(63), 16);
	assert_memory_equal(piece, "123456789abcdec0", 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_has_its_answer),
		cmocka_unit_test(bytes_are_counted),
		cmocka_unit_test(a_head_is_bounded),
		cmocka_unit_test(pipelined_requests_are_kept_apart),
		cmocka_unit_test(noise_is_read_or_refused),
		cmocka_unit_test(the_pattern_is_the_same_in_pieces),
	};

	return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
