/* Both ends over lanes (lane.h): in two threads, each on a core of its own, or in one that turns them in turn. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "lane.h"
#include "memory.h"
#include "work.h"

/* What one thread writes: no line of it, nor the next one, which comes with it, is the other's. */
struct side_of {
	alignas(128) struct end end;
	struct lane_end link;
};

struct both {
	struct run *run;
	const struct work *work;
	struct lane *lane[2]; /* from the client, from the server */
	struct side_of side[2];
};

static struct both *
both_new(struct run *run)
{
	struct both *b = memory_take(sizeof(*b), NULL);

	if (b == NULL)
		return NULL;
	b->run = run;
	octets_begin(&run->plan);
	b->work = work_of(&run->plan);
	for (unsigned i = 0; i < 2; i++)
		b->lane[i] = memory_take(sizeof(struct lane), NULL);
	if (b->lane[0] != NULL && b->lane[1] != NULL) {
		for (unsigned i = 0; i < 2; i++)
			lane_end_init(&b->side[i].link, b->lane[i], b->lane[!i], run->plan.offload);
	}
	return b;
}

static void
both_free(struct both *b)
{
	for (unsigned i = 0; i < 2; i++)
		memory_give(b->lane[i], sizeof(struct lane), NULL);
	memory_give(b, sizeof(*b), NULL);
}

bool
direct_drive(struct run *run)
{
	struct both *b = both_new(run);
	bool on[2] = {true, true};

	if (b == NULL)
		return false;
	for (unsigned i = 0; i < 2; i++)
		on[i] = end_begin(&b->side[i].end, run, (enum side)i, b->work, &b->side[i].link.base, NULL,
		                  NULL);
	while (on[CLIENT] || on[SERVER]) {
		for (unsigned i = 0; i < 2; i++)
			on[i] = on[i] && end_pass(&b->side[i].end);
	}
	for (unsigned i = 0; i < 2; i++)
		end_finish(&b->side[i].end);
	both_free(b);
	return true;
}

struct seat {
	struct both *both;
	enum side side;
};

static void *
sit(void *arg)
{
	const struct seat *s = arg;
	struct both *b = s->both;
	struct end *e = &b->side[s->side].end;

	end_sit_on(end_cpu(s->side));
	if (end_begin(e, b->run, s->side, b->work, &b->side[s->side].link.base, NULL, NULL)) {
		end_handoff(e, 0);
		while (end_pass(e))
			;
		end_handoff(e, 1);
	}
	end_finish(e);
	return NULL;
}

bool
ring_drive(struct run *run)
{
	struct both *b = both_new(run);
	struct seat seat[2] = {{b, CLIENT}, {b, SERVER}};
	pthread_t thread[2];
	unsigned started = 0;

	if (b == NULL)
		return false;
	while (started < 2 && pthread_create(&thread[started], NULL, sit, &seat[started]) == 0)
		started++;
	if (started < 2) {
		fprintf(stderr, "finesse-bench: no second thread\n");
		atomic_store(&run->shared->half[SERVER].failed, 1);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	both_free(b);
	return started == 2;
}
