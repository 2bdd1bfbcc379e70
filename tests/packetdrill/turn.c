/* Turns of the shard, and the passing of virtual time. */
#include <stdlib.h>
#include <string.h>

#include "adapter.h"

#define OUTBOX     64
#define ROOM       (9000 + 18)
#define TURNS_MOST 100000 /* at one instant: a shard that is always due stands still */

static void
one_turn(struct adapter *a, const struct fns_frame *rx, unsigned n)
{
	static uint8_t blank[OUTBOX][ROOM];
	struct fns_frame slot[OUTBOX];
	struct fns_outbox tx = {slot, OUTBOX, 0};
	const char *wrong;

	memset(slot, 0, sizeof(slot));
	for (unsigned i = 0; i < OUTBOX; i++) {
		slot[i].data = blank[i];
		slot[i].room = ROOM;
	}
	fns_shard_turn(a->shard, a->now_us, rx, n, &tx);
	wrong = fns_shard_check(a->shard);
	if (wrong != NULL)
		adapter_fail(a, "an invariant of the shard does not hold: %s", wrong);
	for (unsigned i = 0; i < tx.used; i++)
		link_out(a, &slot[i]);
}

void
turn(struct adapter *a, const struct fns_frame *rx, unsigned n)
{
	unsigned turns = 0;

	if (a->shard != NULL)
		one_turn(a, rx, n);
	while (a->shard != NULL && (a->answers != NULL || fns_shard_due(a->shard) <= a->now_us)) {
		struct packet *answer = a->answers;
		struct fns_frame frame;

		if (++turns == TURNS_MOST)
			adapter_fail(a, "the shard is due again and again, and time does not pass");
		if (answer == NULL) {
			one_turn(a, NULL, 0);
			continue;
		}
		a->answers = answer->next;
		frame = (struct fns_frame){.data = answer->octets, .len = (uint16_t)answer->len};
		one_turn(a, &frame, 1);
		free(answer);
	}
	a->moved = true;
	callers_woken(a);
}

static uint64_t
due(const struct adapter *a)
{
	uint64_t at = a->shard == NULL ? PD_NEVER : fns_shard_due(a->shard);

	return a->wake_us < at ? a->wake_us : at;
}

bool
turn_next(struct adapter *a)
{
	uint64_t at = due(a);

	if (at == PD_NEVER)
		return false;
	if (at > a->now_us)
		a->now_us = at;
	if (a->wake_us <= a->now_us)
		a->wake_us = PD_NEVER;
	turn(a, NULL, 0);
	return true;
}

void
turn_until(struct adapter *a, uint64_t until_us)
{
	while (due(a) <= until_us)
		turn_next(a);
	if (until_us > a->now_us)
		a->now_us = until_us;
}
