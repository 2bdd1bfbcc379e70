/* One question to some shards, and the wait for their answers (control_parts.h). */
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"
#include "worker.h"

#define LOOK_US 500 /* between two looks whether shards have answered */

struct ask {
	struct ask *next;
	struct control *control;
	unsigned first, count;
	size_t part_bytes;
	uint64_t due_us;
	bool posted[CONF_CORES_MAX], back[CONF_CORES_MAX];
	answered *then;
	void *arg;
	uint8_t *parts;
};

struct ask *
ask_new(struct control *control, size_t part_bytes, unsigned first, unsigned count)
{
	struct ask *a = calloc(1, sizeof(*a));

	part_bytes = (part_bytes + 63) & ~(size_t)63;
	if (a == NULL)
		return NULL;
	a->parts = calloc(count, part_bytes);
	if (a->parts == NULL) {
		free(a);
		return NULL;
	}
	a->control = control;
	a->part_bytes = part_bytes;
	a->first = first;
	a->count = count;
	return a;
}

void *
ask_part(struct ask *a, unsigned shard)
{
	return a->parts + (shard - a->first) * a->part_bytes;
}

unsigned
ask_first(const struct ask *a)
{
	return a->first;
}

unsigned
ask_count(const struct ask *a)
{
	return a->count;
}

struct control *
ask_control(const struct ask *a)
{
	return a->control;
}

bool
ask_answered(const struct ask *a, unsigned shard)
{
	return a->back[shard];
}

static void
look_soon(struct control *control)
{
	const struct timeval soon = {.tv_usec = LOOK_US};

	event_add(control->poll, &soon);
}

void
ask_post(struct ask *a, answered *then, void *arg)
{
	struct control *control = a->control;

	a->then = then;
	a->arg = arg;
	a->due_us = control_now_us() + ASK_PATIENCE_MS * 1000;
	for (unsigned i = a->first; i < a->first + a->count; i++) {
		a->posted[i] = fns_shard_post(control->workers->each[i]->shard, ask_part(a, i));
		sleeper_ring(&control->workers->each[i]->sleeper);
	}
	a->next = control->asks;
	control->asks = a;
	look_soon(control);
}

/* True when nothing is out any more. */
static bool
collect(struct ask *a)
{
	bool all = true;

	for (unsigned i = a->first; i < a->first + a->count; i++) {
		if (a->posted[i] && !a->back[i])
			a->back[i] = fns_request_done(ask_part(a, i));
		all = all && (a->back[i] || !a->posted[i]);
	}
	return all;
}

static void
ask_free(struct ask *a)
{
	free(a->parts);
	free(a);
}

/* A shard that is not turned keeps its part for ever; then the memory stays. */
static void
free_left(struct control *control)
{
	struct ask **link = &control->left, *a;

	while ((a = *link) != NULL) {
		if (!collect(a)) {
			link = &a->next;
			continue;
		}
		*link = a->next;
		ask_free(a);
	}
}

void
asks_look(struct control *control)
{
	struct ask *a = control->asks, *next, *waiting = NULL, *ready = NULL;
	uint64_t now = control_now_us();

	for (; a != NULL; a = next) {
		struct ask **to = collect(a) || now >= a->due_us || a->then == NULL ? &ready : &waiting;

		next = a->next;
		a->next = *to;
		*to = a;
	}
	control->asks = waiting;
	for (a = ready; a != NULL; a = next) {
		next = a->next;
		if (a->then != NULL) /* it may post others, and forget this one or those */
			a->then(a, a->arg);
		a->next = control->left;
		control->left = a;
	}
	free_left(control);
	if (control->asks != NULL)
		look_soon(control);
}

void
asks_free(struct control *control)
{
	struct ask **lists[] = {&control->asks, &control->left}, *a;

	for (unsigned i = 0; i < 2; i++) {
		while ((a = *lists[i]) != NULL) {
			*lists[i] = a->next;
			ask_free(a);
		}
	}
}

void
ask_forget(struct ask *a)
{
	a->then = NULL;
}

json_t *
ask_stalled(const struct ask *a)
{
	json_t *stalled = json_array();

	for (unsigned i = a->first; i < a->first + a->count; i++) {
		if (!a->back[i])
			json_array_append_new(stalled, json_integer(i));
	}
	return stalled;
}
