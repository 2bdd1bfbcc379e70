/* Clients of the control socket, of a control plane whose commands are these: who goes away, who does not read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "control_parts.h"

static struct control control;
static struct client *asked; /* the last that sent a request */
static bool ended;           /* its job */
static int peer;

static void
job_ended(void *job)
{
	(void)job;
	ended = true;
}

void
command_run(struct client *c, const json_t *request)
{
	(void)request;
	asked = c;
	ended = false;
	client_job(c, &control, NULL, job_ended);
}

uint64_t
control_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void
run_ms(unsigned ms)
{
	const struct timeval t = {.tv_usec = (suseconds_t)ms * 1000};

	event_base_loopexit(control.base, &t);
	event_base_dispatch(control.base);
	clients_tick(&control);
}

static int
begin(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t); /* a name of the kernel's choice, and no file */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	memset(&control, 0, sizeof(control));
	asked = NULL;
	control.base = event_base_new();
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	len = sizeof(at);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	clients_open(&control, fd);
	peer = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(peer, (struct sockaddr *)&at, len), 0);
	assert_int_equal(send(peer, "{}\n", 3, 0), 3);
	for (unsigned n = 0; n < 100 && asked == NULL; n++)
		run_ms(50);
	assert_non_null(asked);
	assert_int_equal(control.client_count, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (peer >= 0)
		close(peer);
	clients_close(&control);
	event_base_free(control.base);
	return 0;
}

/* It has sent all that it wanted to, and waits: that is no reason to forget it.  It is gone: that is one. */
static void
close__while_nothing_is_sent(void **state)
{
	(void)state;
	shutdown(peer, SHUT_WR);
	run_ms(100);
	assert_int_equal(control.client_count, 1);
	assert_false(ended);
	close(peer);
	peer = -1;
	run_ms(100);
	assert_int_equal(control.client_count, 0);
	assert_true(ended);
}

/* Line after line, none of which it takes: its patience is that of the first. */
static void
deaf__however_often_it_is_told(void **state)
{
	static char text[65536];
	uint64_t until = control_now_us() + 12 * CONTROL_PATIENCE * UINT64_C(1000000);

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	while (control.client_count == 1 && control_now_us() < until) {
		client_send(asked, json_string(text), false);
		run_ms(200);
	}
	assert_int_equal(control.client_count, 0);
	assert_true(ended);
}

static void
quoted__no_half_characters(void **state)
{
	(void)state;
	assert_int_equal(text_whole("", 3), 0);
	assert_int_equal(text_whole("ab", 3), 2);
	assert_int_equal(text_whole("abcd", 3), 3);
	assert_int_equal(text_whole("ab\xc3\xa9", 3), 2);
	assert_int_equal(text_whole("ab\xc3\xa9", 4), 4);
	assert_int_equal(text_whole("\xf0\x9f\x98\x80", 3), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(close__while_nothing_is_sent),
		T(deaf__however_often_it_is_told),
		T(quoted__no_half_characters),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
