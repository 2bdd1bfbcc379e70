/* The flight recorder: the last events of some connections, live and for a while after they ended.  What it costs a
 * connection that is not recorded is one bit looked at. */
#ifndef FNS_RECORDER_H
#define FNS_RECORDER_H

#include "cold.h"
#include "conn.h"
#include "flow.h"
#include "seg.h"

#define RECORDS_ABNORMAL 256u /* kept of connections that ended abnormally ... */
#define RECORDS_GRACEFUL 32u  /* ... and of others: to hold the one against the other */

/* A ring of events.  Which connection's: live ones are found by conn index in recorder.table, ended ones are linked in
 * one of recorder.kept. */
struct recording {
	struct flow flow;
	uint32_t conn; /* index, while it is there */
	uint64_t id, begun_us;
	uint32_t iss, irs;
	uint32_t events;     /* ever; the last FNS_RECORD_EVENTS of them are here */
	uint32_t next;       /* in recorder.kept */
	uint16_t state;      /* enum state */
	uint8_t close_class; /* enum close_class; CLASS_COUNT before the end */
	uint8_t passive, taken;
	uint8_t pace; /* enum pace, since ... */
	uint64_t pace_us;
	struct fns_tally tally;
	struct fns_event event[FNS_RECORD_EVENTS];
};

uint64_t recorder_bytes(uint32_t recorders);
void recorder_init(struct recorder *, void *zeroed, uint32_t recorders);

/* From ring *at on, which moves: `piece` rings are looked at and `room` rows filled at the most.  The rows filled. */
size_t recorder_page(const struct recorder *, uint32_t *at, uint32_t piece, struct fns_record_row *row,
                     size_t room);
/* The same for one recording: true, it was found. */
bool recorder_find(const struct recorder *, uint32_t *at, uint32_t piece, uint64_t id,
                   struct fns_record *out);
size_t recorder_list(const struct recorder *, struct fns_record_row *row, size_t room);
bool recorder_copy(const struct recorder *, uint64_t id, struct fns_record *out);

/* conn_new and conn_free: whether this connection is one of the recorded; what of it is kept. */
void recorder_begin(struct fns_conn *);
void recorder_end(struct fns_conn *);

/* The events.  The first form is the hook, the second what it calls for a recorded connection. */
COLD void recorder_sent(struct fns_conn *, const struct seg *, uint32_t text, bool again);
COLD void recorder_arrived(struct fns_conn *, const struct seg *);
COLD void recorder_state(struct fns_conn *, uint16_t from, uint16_t to);
COLD void recorder_call(struct fns_conn *, enum fns_call, size_t octets);
COLD void recorder_timeout(struct fns_conn *, enum deadline);
COLD void recorder_reports(struct fns_conn *, unsigned reports);

COLD void recorder_rtt(struct fns_conn *, uint32_t rtt_us);

/* What holds the sender up: looked at whenever output has looked. */
enum pace { PACE_IDLE, PACE_BUSY, PACE_RCV_WND, PACE_SND_BUF };
COLD void recorder_pace(struct fns_conn *, enum pace);
bool recorder_tally(const struct fns_conn *, struct fns_tally *);

COLD struct fns_tally *recorder_tally_of(struct fns_conn *); /* of a recorded connection */

static inline void
record_sent(struct fns_conn *c, const struct seg *s, uint32_t text, bool again)
{
	if (c->recorded)
		recorder_sent(c, s, text, again);
}

static inline void
record_arrived(struct fns_conn *c, const struct seg *s)
{
	if (c->recorded)
		recorder_arrived(c, s);
}

static inline void
record_state(struct fns_conn *c, uint16_t from, uint16_t to)
{
	if (c->recorded)
		recorder_state(c, from, to);
}

static inline void
record_call(struct fns_conn *c, enum fns_call call, size_t octets)
{
	if (c->recorded)
		recorder_call(c, call, octets);
}

static inline void
record_timeout(struct fns_conn *c, enum deadline d)
{
	if (c->recorded)
		recorder_timeout(c, d);
}

static inline void
record_reports(struct fns_conn *c, unsigned reports)
{
	if (c->recorded)
		recorder_reports(c, reports);
}

#endif
