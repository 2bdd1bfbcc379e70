/* The control plane's life: what it opens, its loop, its end (control.h). */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients.h"
#include "config.h"
#include "control_parts.h"
#include "log.h"
#include "worker.h"

#define TICK_US     20000
#define LOAD_US     1000000
#define FAREWELL_US 1000000 /* for clients that wait for the end of a drain to take it */

uint64_t
control_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void
look_at_loads(struct control *control)
{
	uint64_t now = control_now_us();

	if (now < control->load_due_us)
		return;
	control->load_due_us = now + LOAD_US;
	for (unsigned i = 0; i < control->workers->count; i++) {
		const struct worker *w = control->workers->each[i];
		uint64_t busy = counter_read(&w->busy_us), turns = counter_read(&w->turns);
		uint64_t slept = counter_read(&w->slept_us);
		struct load *l = &control->load[i];

		if (l->at_us != 0) {
			l->share = (double)(busy - l->busy_us) / (double)(now - l->at_us);
			l->asleep = (double)(slept - l->slept_us) / (double)(now - l->at_us);
			if (l->asleep > 1)
				l->asleep = 1; /* a sleep is counted when it has ended */
			l->turns_s = (double)(turns - l->turns) * 1e6 / (double)(now - l->at_us);
		}
		l->busy_us = busy;
		l->slept_us = slept;
		l->turns = turns;
		l->at_us = now;
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	unsigned asked = atomic_load_explicit(control->reread, memory_order_relaxed);

	(void)fd;
	(void)what;
	if (asked != control->reread_seen) {
		control->reread_seen = asked;
		reread(control);
	}
	look_at_loads(control);
	clients_say(control->workers, false);
	clients_tick(control);
	drain_watch_tick(control);
	captures_tick(control);
	if (workers_ended(control->workers))
		event_base_loopbreak(control->base);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	asks_look(arg);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	if (control->listener != NULL)
		evconnlistener_enable(control->listener);
	if (control->metrics != NULL)
		evconnlistener_enable(control->metrics);
}

/* What cannot be opened is fatal only if the file asks for it. */
static bool
opened(const struct control *control, const char *name, bool ok, const char *why)
{
	unsigned line = conf_line(control->conf, "control", name, 0);
	bool named = control->conf->line[settings_index(settings_find("control", name))][0] != 0;

	if (ok)
		return true;
	if (named)
		say("%s:%u: control.%s: %s", control->file, line, name, why);
	else
		say("control.%s: %s; going on without, \"\" would say so", name, why);
	return !named;
}

static bool
open_all(struct control *control)
{
	char why[512] = "";
	int fd;

	if (control->conf->control.socket[0] != '\0') {
		fd = path_listen(control, why, sizeof(why));
		if (fd >= 0)
			clients_open(control, fd);
		if (!opened(control, "socket", fd >= 0, why))
			return false;
	}
	return control->conf->control.metrics[0] == '\0' ||
	       opened(control, "metrics", http_open(control, why, sizeof(why)), why);
}

struct control *
control_new(const struct conf *conf, const char *file)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->conf = conf;
	control->now = *conf;
	control->file = file;
	control->begun_us = control_now_us();
	control->base = event_base_new();
	if (control->base == NULL) {
		say("no event loop: %s", strerror(errno));
		free(control);
		return NULL;
	}
	control->tick = event_new(control->base, -1, EV_PERSIST, on_tick, control);
	control->poll = evtimer_new(control->base, on_poll, control);
	control->again = evtimer_new(control->base, on_again, control);
	if (!open_all(control)) {
		control_free(control);
		return NULL;
	}
	return control;
}

/* Off the workers' CPUs, where there are others. */
static void
make_room(const struct conf *conf)
{
	cpu_set_t cpus;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0)
		return;
	for (unsigned i = 0; i < conf->workers.cores.count; i++)
		CPU_CLR(conf->workers.cores.at[i], &cpus);
	if (CPU_COUNT(&cpus) > 0)
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

void
control_run(struct control *control, struct workers *workers, const atomic_uint *reread_asked)
{
	const struct timeval tick = {.tv_usec = TICK_US};
	uint64_t until;

	control->workers = workers;
	control->reread = reread_asked;
	make_room(control->conf);
	event_add(control->tick, &tick);
	event_base_dispatch(control->base);
	until = control_now_us() + FAREWELL_US;
	do {
		drain_watch_tick(control);
		captures_tick(control);
		event_base_loop(control->base, EVLOOP_ONCE);
	} while (!(clients_flushed(control) && captures_over(control)) && control_now_us() < until);
}

void
control_free(struct control *control)
{
	clients_close(control);
	path_remove(control);
	if (control->metrics != NULL)
		evconnlistener_free(control->metrics);
	drain_watch_free(control);
	asks_free(control);
	captures_free(control);
	event_free(control->tick);
	event_free(control->poll);
	event_free(control->again);
	event_base_free(control->base);
	free(control);
}
