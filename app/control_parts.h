/* What the files of the control plane call of each other; the main thread's alone. */
#ifndef FINESSED_CONTROL_PARTS_H
#define FINESSED_CONTROL_PARTS_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <jansson.h>

#include <finesse/request.h>

#include "control.h"
#include "workers.h"

#define CLIENTS_MAX      16
#define SCRAPERS_MAX     8
#define CONTROL_LINE_MAX 4096 /* octets of a request */
#define CONTROL_PATIENCE 5    /* seconds for a whole request to come, for an answer to be taken */
#define ASK_PATIENCE_MS  800  /* for a shard to answer */

struct ask;
struct client;
typedef void answered(struct ask *, void *arg);

/* A load of the worker, as it was in the last whole second. */
struct load {
	uint64_t busy_us, slept_us, at_us, turns;
	double share, asleep, turns_s;
};

struct control {
	const struct conf *conf; /* as it was at the start ... */
	struct conf now;         /* ... and with what was reread since */
	const char *file;
	struct workers *workers;
	struct event_base *base;
	struct event *tick, *poll;
	const atomic_uint *reread;
	unsigned reread_seen, config_version;
	uint64_t begun_us, load_due_us;
	struct load load[CONF_CORES_MAX];
	struct ask *asks; /* under way */
	struct ask *left; /* their asker is gone, or no longer waits; a shard still holds parts of them */

	struct evconnlistener *listener, *metrics;
	struct event *again; /* accepts again after there were no more descriptors */
	struct client *clients;
	unsigned client_count, scrapers;
	char path[sizeof(((struct conf *)0)->control.socket)];
	bool bound;
	gid_t group;
	bool has_group;

	struct drain_watch *watch;
	struct capturing *capturing; /* one at a time */
};

uint64_t control_now_us(void);

/* control_ask.c: one question to some shards.  Parts are structs of request.h, or others that begin with a struct
 * fns_request; zeroed. */
struct ask *ask_new(struct control *, size_t part_bytes, unsigned first, unsigned count);
void *ask_part(struct ask *, unsigned shard);
unsigned ask_first(const struct ask *);
unsigned ask_count(const struct ask *);
bool ask_answered(const struct ask *, unsigned shard);
struct control *ask_control(const struct ask *);
/* Posts every part; `then` is called when all have come back or the patience is over.  The ask ends with that call. */
void ask_post(struct ask *, answered *then, void *arg);
void ask_forget(struct ask *); /* `then` is not called any more */
void asks_look(struct control *);
void asks_free(struct control *);        /* after the workers have ended */
json_t *ask_stalled(const struct ask *); /* the shards that did not answer, as an array */

/* control_path.c: the socket's file.  The descriptor that listens, or -1 with the reason. */
int path_listen(struct control *, char *why, size_t room);
void path_remove(struct control *);

/* control_client.c */
void clients_open(struct control *, int fd);
void clients_tick(struct control *); /* forgets who is gone */
void clients_close(struct control *);
/* For a listener that finds no descriptors: a moment later there may be some. */
void clients_wait(struct evconnlistener *, void *control);
struct control *client_control(const struct client *);
/* Takes `answer` over; one line.  `last`: the next request may come. */
void client_send(struct client *, json_t *answer, bool last);
bool client_idle(const struct client *); /* it has taken all that was sent to it */
void client_fail(struct client *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the command keeps until its end, and what ends it; `more` is called when all that was sent is taken. */
void client_job(struct client *, void *job, void (*more)(struct client *, void *job), void (*end)(void *job));
int text_whole(const char *text,
               int most); /* octets, `most` at the most, that are whole characters of UTF-8 */
bool client_allowed(const struct control *, int fd);
bool clients_flushed(const struct control *); /* they have taken all that was sent to them */

/* control_commands.c and those it names */
void command_run(struct client *, const json_t *request);
void command_conns(struct client *, const json_t *request);
void command_ladder(struct client *, const json_t *request);
void command_capture(struct client *, const json_t *request);
void command_drain(struct client *, const json_t *request);

json_t *flow_end_json(const struct fns_addr *);

/* Counters of all shards, summed; relaxed: each exact, together no snapshot.  Rows there are. */
typedef size_t rows_of(const struct fns_shard *, struct fns_stat *row, size_t room);
size_t control_rows(const struct control *, rows_of *, struct fns_stat *row, size_t room);
uint64_t control_value(const struct control *, const char *stat);
const char *control_phase(const struct control *);

/* control_steer.c: null where there is one worker. */
json_t *steering_json(const struct workers *);

/* control_http.c */
bool http_open(struct control *, char *why, size_t room);
/* metrics.c: the text of /metrics. */
void metrics_write(struct control *, struct evbuffer *);

/* control_drain.c */
void drain_watch_tick(struct control *);
void drain_watch_free(struct control *);

/* control_capture.c: passes on what has come. */
void captures_tick(struct control *);
bool captures_over(const struct control *); /* nobody waits for more */
void captures_free(struct control *);       /* after the workers have ended */

/* reread.c: SIGHUP. */
void reread(struct control *);

#endif
