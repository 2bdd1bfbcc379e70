/* One end of a run: a shard, its link, and the work that it does.
 *
 * Both ends see the same `struct shared`, wherever they run; each writes its own half.  There they agree on phases: an
 * end goes to the next when it has done its part, and waits, turning, for the other where the work says so. */
#ifndef BENCH_END_H
#define BENCH_END_H

#include <stdalign.h>
#include <stdatomic.h>

#include "account.h"
#include "flow.h"
#include "handoff.h"
#include "link.h"
#include "plan.h"

enum phase {
	PHASE_START,
	PHASE_READY, /* the shard is there, and listens */
	PHASE_OPEN,  /* all connections are open at this end */
	PHASE_DUE,   /* what is left of them is due to be reaped: orphans, TIME-WAIT entries */
	PHASE_GONE,  /* nothing is left of them at this end */
	PHASE_OVER,  /* this end turns no more */
};

enum part { PART_NONE, PART_STARTED, PART_STILL, PART_CLOSED };

struct half {
	alignas(64) _Atomic unsigned phase;  /* enum phase */
	_Atomic unsigned failed;             /* after `why` */
	_Atomic unsigned part;               /* enum part: of an end over a port */
	_Atomic uint64_t called, sent, gone; /* connections: see teardown.c */
	char why[192];
	struct account account; /* the end's own until PHASE_OVER */
};

#define KERNEL_SETTINGS 12
#define KERNEL_SETTING  64

struct shared {
	struct half half[2];                              /* by enum side */
	struct ball ball[2];                              /* before and after */
	double handoff_ns[2];                             /* by them; 0: not known */
	bool apart;                                       /* each end has a core of its own */
	char setting[KERNEL_SETTINGS][2][KERNEL_SETTING]; /* of the kernel, or the link: name and value */
};

struct run {
	struct plan plan;
	struct shared *shared;
};

struct conf;
struct port;
struct end;

/* May the end turn now, and may it look at what has arrived? */
enum gate { GATE_OPEN, GATE_DEAF, GATE_SHUT };

struct work {
	/* Listens, allocates.  False after end_fail. */
	bool (*begin)(struct end *);
	/* Calls, before each turn; and goes from phase to phase. */
	void (*act)(struct end *);
	enum gate (*gate)(struct end *); /* or NULL: always open */
};

extern const struct work teardown_work, churn_work, rr_work, bulk_work;
const struct work *work_of(const struct plan *);

struct end {
	const struct run *run;
	const struct plan *plan;
	const struct work *work;
	struct link_end *link;
	struct fns_config config;
	struct fns_shard *shard;
	struct half *own, *other;
	struct account account; /* this end's books while it runs */
	enum side side;
	uint64_t now_ns, deadline_ns;
	uint64_t
		ahead_us; /* the shard's clock before the system's: it is set forward when all is to be due */
	unsigned idle;    /* passes in a row without a frame */
	bool watched;     /* turns are timed one by one */

	/* the work's */
	struct fns_conn **conn; /* by number of the connection */
	uint64_t begun, open, called, followed, gone, waits;
	bool deaf;
	uint64_t frames_in, frames_out; /* when measuring began */
	void *visits;
	uint32_t visit_free;
	uint64_t octets_before;
};

/* The end that the calling thread turns now: for handlers. */
extern _Thread_local struct end *end_now;

uint64_t clock_ns(void);

/* The i-th of the CPUs that we may use, again from the first if there are fewer. */
unsigned end_cpu(unsigned i);

/* The calling thread stays there. */
void end_sit_on(unsigned cpu);

/* Memory that both ends see. */
bool run_begin(struct run *);
void run_end(struct run *);

/* An end with its shard; the link is there already.  Of an end over ports: these, as `conf` configures them; else NULL.
 * False after end_fail. */
bool end_begin(struct end *, const struct run *, enum side, const struct work *, struct link_end *,
               const struct conf *, const struct port *);

/* One pass: frames in, calls, a turn, frames out.  False when this end is over or the run has failed. */
bool end_pass(struct end *);

/* Closes the account and gives all memory back. */
void end_finish(struct end *);

/* The run has failed; the first reason stays. */
void end_fail(struct end *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline enum phase
end_phase(const struct end *e)
{
	return (enum phase)atomic_load_explicit(&e->own->phase, memory_order_relaxed);
}
static inline enum phase
end_other(const struct end *e)
{
	return (enum phase)atomic_load_explicit(&e->other->phase, memory_order_acquire);
}
static inline void
end_enter(struct end *e, enum phase phase)
{
	atomic_store_explicit(&e->own->phase, (unsigned)phase, memory_order_release);
}

/* How far the two ends are from each other, before and after (0, 1) what is measured: each waits for the other. */
void end_handoff(struct end *, unsigned after);

/* From here to there frames are counted. */
void end_measure(struct end *);
void end_measured(struct end *);

#endif
