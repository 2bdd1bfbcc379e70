/* The two threads that call: one at a time inside, and no time passes before the second one has seen what it was woken
 * for. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "adapter.h"

#define REST_NS    200000
#define RESTS_MOST 1000

void
callers_init(struct adapter *a)
{
	a->main = pthread_self();
	a->caller = CALLER_AWAY;
	a->wake_us = PD_NEVER;
}

static bool
is_main(const struct adapter *a)
{
	return pthread_equal(a->main, pthread_self());
}

void
callers_settle(struct adapter *a)
{
	if (!is_main(a))
		return;
	while (a->caller == CALLER_INSIDE || a->caller == CALLER_LEAVING)
		pthread_cond_wait(&a->settled, &a->lock);
}

static void
move(struct adapter *a, enum caller to)
{
	if (is_main(a))
		return;
	a->caller = to;
	pthread_cond_broadcast(&a->settled);
}

void
enter(struct adapter *a)
{
	pthread_mutex_lock(&a->lock);
	callers_settle(a);
	move(a, CALLER_INSIDE);
}

void
leave(struct adapter *a)
{
	move(a, CALLER_LEAVING);
	pthread_mutex_unlock(&a->lock);
}

bool
callers_came_back(struct adapter *a)
{
	if (is_main(a) || a->caller != CALLER_LEAVING)
		return false;
	move(a, CALLER_AWAY);
	a->came_back = gettid();
	return true;
}

static bool
sleeps(pid_t thread)
{
	char path[64], state = 'S';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	stat = fopen(path, "re");
	if (stat == NULL)
		return true;
	if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 'S';
	fclose(stat);
	return state == 'S';
}

/* packetdrill's other thread wrote down what its call returned before virtual time began to matter to it; in real time it
 * needs a moment, and packetdrill's own lock, which the main thread has let go while it sleeps. */
void
callers_rest(struct adapter *a)
{
	const struct timespec rest = {.tv_nsec = REST_NS};
	unsigned still = 0;

	if (!is_main(a) || a->came_back == 0)
		return;
	for (unsigned i = 0; i < RESTS_MOST && still < 3; i++) {
		still = sleeps(a->came_back) ? still + 1 : 0;
		nanosleep(&rest, NULL);
	}
	a->came_back = 0;
}

void
callers_woken(struct adapter *a)
{
	if (a->caller != CALLER_WAITING || !is_main(a))
		return;
	a->caller = CALLER_INSIDE;
	pthread_cond_broadcast(&a->wake);
	callers_settle(a);
}

bool
callers_wait(struct adapter *a, uint64_t until_us)
{
	if (a->now_us >= until_us)
		return true;
	if (is_main(a)) {
		a->wake_us = until_us;
		if (!turn_next(a)) {
			a->wake_us = PD_NEVER;
			return false;
		}
		a->wake_us = PD_NEVER;
		return true;
	}
	a->wake_us = until_us;
	move(a, CALLER_WAITING);
	while (a->caller == CALLER_WAITING)
		pthread_cond_wait(&a->wake, &a->lock);
	a->wake_us = PD_NEVER;
	return true;
}
