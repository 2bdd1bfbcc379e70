/* A line of memory from core to core (handoff.h). */
#include "handoff.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "end.h"

#define ROUNDS   2000
#define TIMES    5 /* the best of them: whoever is interrupted waits */
#define LIMIT_NS 200000000
#define OVER     UINT_MAX

/* Waits until it is `turn`'s turn.  False: not by deadline_ns, or it is over. */
static bool
caught(const struct ball *b, unsigned turn, uint64_t deadline_ns, const _Atomic unsigned *stop)
{
	unsigned now;

	for (unsigned i = 1; (now = atomic_load_explicit(&b->turn, memory_order_acquire)) != turn; i++) {
		if (now == OVER || atomic_load_explicit(stop, memory_order_relaxed) != 0)
			return false;
		if (i % 4096 == 0 && clock_ns() > deadline_ns)
			return false;
	}
	return true;
}

static void
toss(struct ball *b, unsigned turn)
{
	atomic_store_explicit(&b->turn, turn, memory_order_release);
}

double
handoff_throw(struct ball *b, const _Atomic unsigned *stop)
{
	uint64_t best = UINT64_MAX, deadline_ns = UINT64_MAX;
	unsigned turn = 0;
	bool there = true;

	for (unsigned i = 0; i <= TIMES && there; i++) {
		uint64_t since = clock_ns(), took;

		for (unsigned k = 0; k < ROUNDS && there; k++, turn += 2) {
			toss(b, turn + 1);
			there = caught(b, turn + 2, deadline_ns, stop);
		}
		took = clock_ns() - since;
		if (i == 0) /* until now it was the other that had to come */
			deadline_ns = clock_ns() + LIMIT_NS;
		else if (took < best)
			best = took;
	}
	toss(b, OVER);
	return there ? (double)best / ROUNDS / 2 : 0;
}

void
handoff_return(struct ball *b, const _Atomic unsigned *stop)
{
	for (unsigned turn = 1; caught(b, turn, UINT64_MAX, stop); turn += 2)
		toss(b, turn + 1);
}

static struct {
	struct ball ball;
	_Atomic unsigned stop;
	unsigned cpu[2];
} alone;

static void *
throw_back(void *arg)
{
	(void)arg;
	end_sit_on(alone.cpu[1]);
	handoff_return(&alone.ball, &alone.stop);
	return NULL;
}

double
handoff_alone(void)
{
	cpu_set_t before;
	pthread_t other;
	double ns;

	alone.cpu[0] = end_cpu(0);
	alone.cpu[1] = end_cpu(1);
	if (alone.cpu[0] == alone.cpu[1] || sched_getaffinity(0, sizeof(before), &before) != 0)
		return 0;
	atomic_store(&alone.ball.turn, 0);
	if (pthread_create(&other, NULL, throw_back, NULL) != 0)
		return 0;
	end_sit_on(alone.cpu[0]);
	ns = handoff_throw(&alone.ball, &alone.stop);
	pthread_join(other, NULL);
	sched_setaffinity(0, sizeof(before), &before);
	return ns;
}
