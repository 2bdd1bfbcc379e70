/* A line of memory, thrown from core to core and back (handoff.h). */
#include "handoff.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "end.h"

#define ROUNDS   2000
#define TIMES    5 /* the best of them: whoever is interrupted waits */
#define LIMIT_NS 200000000

static struct {
	alignas(128) _Atomic unsigned turn; /* odd: the other's */
	alignas(128) uint64_t deadline_ns;
} ball;

/* Waits until it is `turn`'s turn; false: for too long. */
static bool
caught(unsigned turn)
{
	for (unsigned i = 1; atomic_load_explicit(&ball.turn, memory_order_acquire) != turn; i++) {
		if (i % 4096 == 0 && clock_ns() > ball.deadline_ns)
			return false;
	}
	return true;
}

static void
sit_on(unsigned cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *
throw_back(void *cpu)
{
	sit_on(*(const unsigned *)cpu);
	for (unsigned turn = 1; turn < 2 * ROUNDS * TIMES && caught(turn); turn += 2)
		atomic_store_explicit(&ball.turn, turn + 1, memory_order_release);
	return NULL;
}

static double
throw_first(void)
{
	uint64_t best = UINT64_MAX;
	unsigned turn = 0;

	for (unsigned i = 0; i < TIMES; i++) {
		uint64_t since = clock_ns(), took;

		for (unsigned k = 0; k < ROUNDS; k++, turn += 2) {
			atomic_store_explicit(&ball.turn, turn + 1, memory_order_release);
			if (!caught(turn + 2))
				return 0;
		}
		took = clock_ns() - since;
		best = took < best ? took : best;
	}
	return (double)best / ROUNDS / 2;
}

double
handoff_ns(void)
{
	unsigned cpu[2] = {end_cpu(0), end_cpu(1)};
	cpu_set_t before;
	pthread_t other;
	double ns;

	if (cpu[0] == cpu[1] || sched_getaffinity(0, sizeof(before), &before) != 0)
		return 0;
	atomic_store(&ball.turn, 0);
	ball.deadline_ns = clock_ns() + LIMIT_NS;
	if (pthread_create(&other, NULL, throw_back, &cpu[1]) != 0)
		return 0;
	sit_on(cpu[0]);
	ns = throw_first();
	pthread_join(other, NULL);
	sched_setaffinity(0, sizeof(before), &before);
	return ns;
}
