/* capture: gives every worker a ring, passes on what they put there, takes the rings back (capture.h).  One at a time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "control_parts.h"
#include "worker.h"

#define FRAMES_A_LINE 8
#define LOOK_US       1000000 /* whether the connection is still there */

/* Asked of a worker: begin with this ring, or end. */
struct handing {
	struct fns_request request;
	struct worker *worker;
	struct capture *capture;
};

struct capturing {
	struct control *control;
	struct client *client; /* NULL: it is gone, or has all */
	struct ask *ask;       /* whether the connection is still there */
	struct capture *ring[CONF_CORES_MAX];
	unsigned rings;
	bool by_class, begun, seen, over;
	struct flow_text flow;
	uint64_t epoch_us;    /* of the workers' clock */
	uint64_t look_us, at; /* by class: the slot that is sent next */
	unsigned ended;       /* by class: the shard */
};

static bool
serve_handing(struct fns_shard *shard, struct fns_request *request)
{
	struct handing *h = (struct handing *)request;

	(void)shard;
	capture_begin(h->worker, h->capture);
	return true;
}

static bool
hand(struct capturing *k, bool begin, answered *then)
{
	struct ask *a = ask_new(k->control, sizeof(struct handing), 0, k->rings);

	if (a == NULL)
		return false;
	for (unsigned i = 0; i < k->rings; i++)
		*(struct handing *)ask_part(a, i) = (struct handing){.request.serve = serve_handing,
		                                                     .worker = k->control->workers->each[i],
		                                                     .capture = begin ? k->ring[i] : NULL};
	ask_post(a, then, k);
	return true;
}

/* A ring that was not given back is never freed: its worker may still write to it. */
static void
told_ended(struct ask *a, void *arg)
{
	struct capturing *k = arg;

	for (unsigned i = 0; i < k->rings; i++) {
		if (ask_answered(a, i))
			free(k->ring[i]);
	}
	k->control->capturing = NULL;
	free(k);
}

static void
end_capture(void *capturing)
{
	struct capturing *k = capturing;

	k->client = NULL;
	if (k->ask != NULL)
		ask_forget(k->ask);
	k->ask = NULL;
	hand(k, false, told_ended);
}

static json_t *
hex(const uint8_t *octets, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	char text[2 * CAPTURE_SNAP];

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digit[octets[i] >> 4];
		text[2 * i + 1] = digit[octets[i] & 15];
	}
	return json_stringn(text, 2 * len);
}

static json_t *
slot_json(const struct capturing *k, const struct capture_slot *s)
{
	return json_pack("{s:I, s:b, s:i, s:o}", "at_us", (json_int_t)(s->at_us + k->epoch_us), "sent",
	                 (int)s->sent, "len", (int)s->len, "octets", hex(s->octets, s->kept));
}

static void
finish(struct capturing *k)
{
	uint64_t missed = 0;

	for (unsigned i = 0; i < k->rings; i++)
		missed += atomic_load_explicit(&k->ring[i]->missed, memory_order_relaxed);
	client_send(k->client, json_pack("{s:I}", "missed", (json_int_t)missed), true);
}

/* Of the flow as they pass, from each ring in turn. */
static json_t *
passing(struct capturing *k)
{
	json_t *frames = json_array();

	for (unsigned i = 0; i < k->rings; i++) {
		struct capture *c = k->ring[i];
		uint64_t taken = atomic_load_explicit(&c->taken, memory_order_relaxed);
		uint64_t filled = atomic_load_explicit(&c->filled, memory_order_acquire);

		while (taken < filled && json_array_size(frames) < FRAMES_A_LINE)
			json_array_append_new(frames, slot_json(k, &c->slot[taken++ % CAPTURE_SLOTS]));
		atomic_store_explicit(&c->taken, taken, memory_order_release);
	}
	return frames;
}

/* Of the connection that ended, out of what the ring still holds; NULL: none has ended yet. */
static json_t *
remaining(struct capturing *k)
{
	json_t *frames;
	struct capture *c;
	uint64_t filled;

	for (unsigned i = 0; i < k->rings && !k->seen; i++) {
		if (!atomic_load_explicit(&k->ring[i]->ended, memory_order_acquire))
			continue;
		k->seen = true;
		k->ended = i;
		filled = atomic_load_explicit(&k->ring[i]->filled, memory_order_relaxed);
		k->at = filled > CAPTURE_SLOTS ? filled - CAPTURE_SLOTS : 0;
	}
	if (!k->seen)
		return NULL;
	c = k->ring[k->ended];
	frames = json_array();
	filled = atomic_load_explicit(&c->filled, memory_order_relaxed);
	for (; k->at < filled && json_array_size(frames) < FRAMES_A_LINE; k->at++) {
		const struct capture_slot *s = &c->slot[k->at % CAPTURE_SLOTS];

		if (memcmp(&s->local, &c->local, sizeof(s->local)) == 0 &&
		    memcmp(&s->remote, &c->remote, sizeof(s->remote)) == 0)
			json_array_append_new(frames, slot_json(k, s));
	}
	return frames;
}

static void
told_there(struct ask *a, void *arg)
{
	struct capturing *k = arg;
	bool there = false;

	k->ask = NULL;
	for (unsigned i = 0; i < ask_count(a); i++) {
		const struct fns_conns *page = ask_part(a, i);

		there = there || !ask_answered(a, i) || page->rows > 0;
	}
	if (!there && !k->seen && k->client != NULL) {
		client_fail(k->client, "there is no such connection");
		return;
	}
	k->seen = k->seen || there;
	k->over = !there;
}

struct one {
	struct fns_conns conns;
	struct fns_status row[1];
};

/* Is the connection there, TIME-WAIT not counted?  `row` first: its end is what the last state is looked at for. */
static void
look(struct capturing *k)
{
	uint64_t now = control_now_us();
	struct ask *a;

	if (k->ask != NULL || now < k->look_us)
		return;
	k->look_us = now + LOOK_US;
	a = k->ask = ask_new(k->control, sizeof(struct one), 0, k->rings);
	for (unsigned i = 0; a != NULL && i < k->rings; i++) {
		struct one *one = ask_part(a, i);

		one->conns = (struct fns_conns){.states = (1u << (FNS_STATES - 1)) - 1,
		                                .local = k->flow.local,
		                                .remote = k->flow.remote,
		                                .row = one->row,
		                                .room = 1};
		fns_ask_conns(&one->conns);
	}
	if (a != NULL)
		ask_post(a, told_there, k);
}

void
captures_tick(struct control *control)
{
	struct capturing *k = control->capturing;
	bool over;
	json_t *frames;
	size_t n;

	if (k == NULL || k->client == NULL || !k->begun || !client_idle(k->client))
		return;
	if (!k->by_class && !workers_ended(control->workers))
		look(k);
	over = k->over || workers_ended(control->workers);
	frames = k->by_class ? remaining(k) : passing(k);
	if (frames == NULL && over)
		client_fail(k->client, "the daemon ended, and no connection in that class");
	if (frames == NULL)
		return;
	n = json_array_size(frames);
	if (n > 0)
		client_send(k->client, json_pack("{s:o}", "frames", frames), false);
	else
		json_decref(frames);
	if (n == 0 && (over || (k->by_class && k->seen)))
		finish(k);
}

bool
captures_over(const struct control *control)
{
	return control->capturing == NULL || control->capturing->client == NULL;
}

void
captures_free(struct control *control)
{
	struct capturing *k = control->capturing;

	for (unsigned i = 0; k != NULL && i < k->rings; i++)
		free(k->ring[i]);
	free(k);
	control->capturing = NULL;
}

static void
more(struct client *c, void *capturing)
{
	struct capturing *k = capturing;

	(void)c;
	captures_tick(k->control);
}

/* Not before: what comes from then on is captured from its first frame. */
static void
told_begun(struct ask *a, void *arg)
{
	struct capturing *k = arg;

	(void)a;
	k->begun = true;
	if (k->client != NULL)
		client_send(k->client, json_pack("{s:b}", "begun", 1), false);
}

static int
class_number(const char *name)
{
	for (size_t i = 0; i < fns_class_count(); i++) {
		if (strcmp(fns_class_name(i), name) == 0)
			return (int)i;
	}
	return -1;
}

static bool
take_rings(struct capturing *k, int close_class)
{
	for (unsigned i = 0; i < k->control->workers->count; i++) {
		k->ring[i] = calloc(1, sizeof(*k->ring[i]));
		if (k->ring[i] == NULL)
			return false;
		k->ring[i]->flow = k->flow;
		k->ring[i]->close_class = close_class;
		k->rings++;
	}
	return true;
}

static void
begin(struct client *c, const struct flow_text *flow, int close_class)
{
	struct capturing *k = calloc(1, sizeof(*k));
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	if (k == NULL) {
		client_send(c, NULL, true);
		return;
	}
	k->control = client_control(c);
	k->client = c;
	k->by_class = close_class >= 0;
	k->flow = *flow;
	k->epoch_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000 - control_now_us();
	if (!take_rings(k, close_class) || !hand(k, true, told_begun)) {
		for (unsigned i = 0; i < k->rings; i++)
			free(k->ring[i]);
		free(k);
		client_send(c, NULL, true);
		return;
	}
	k->control->capturing = k;
	client_job(c, k, more, end_capture);
}

void
command_capture(struct client *c, const json_t *request)
{
	const char *flow = json_string_value(json_object_get(request, "conn"));
	const char *name = json_string_value(json_object_get(request, "class"));
	struct flow_text ends = {.either = false};
	int close_class = name == NULL ? -1 : class_number(name);

	if ((flow == NULL) == (name == NULL))
		client_fail(c, "a connection or a class");
	else if (name != NULL && close_class < 0)
		client_fail(c, "there is no class \"%.*s\": finessectl closes --json has them",
		            text_whole(name, 40), name);
	else if (flow != NULL && (!flow_parse(flow, &ends) || ends.either))
		client_fail(c, "a connection is written 198.51.100.1:80-198.51.100.2:40000");
	else if (client_control(c)->capturing != NULL)
		client_fail(c, "another capture is under way");
	else
		begin(c, &ends, close_class);
}
