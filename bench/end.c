/* One end of a run (end.h). */
#include "end.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "memory.h"
#include "port.h"

#define QUIET_PASSES 256
/* Octets that all connections of stream may have in their send buffers: more would only go to memory and back ... */
#define STREAM_SENDS (512u << 10)
#define STREAM_LEAST (8u << 10) /* ... but each of them so many */

_Thread_local struct end *end_now;

unsigned
end_cpu(unsigned i)
{
	cpu_set_t all;
	unsigned seen = 0;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return 0;
	i %= (unsigned)CPU_COUNT(&all);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) && seen++ == i)
			return cpu;
	}
	return 0;
}

void
end_sit_on(unsigned cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

uint64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

bool
run_begin(struct run *run)
{
	run->shared =
		mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->shared == MAP_FAILED) {
		perror("finesse-bench: memory");
		return false;
	}
	run->shared->apart = end_cpu(0) != end_cpu(1);
	return true;
}

void
run_end(struct run *run)
{
	munmap(run->shared, sizeof(*run->shared));
}

void
end_fail(struct end *e, const char *fmt, ...)
{
	va_list args;

	if (atomic_load_explicit(&e->own->failed, memory_order_relaxed))
		return;
	va_start(args, fmt);
	vsnprintf(e->own->why, sizeof(e->own->why), fmt, args);
	va_end(args);
	atomic_store_explicit(&e->own->failed, 1, memory_order_release);
}

/* Octets of this process that are in memory. */
static uint64_t
resident(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Shards of a benchmark have their memory before the clock runs, but for `hold`, which asks what is used. */
static void *
take(size_t bytes, void *arg)
{
	const struct end *e = arg;
	void *memory = memory_take(bytes, NULL);

#ifdef MADV_POPULATE_WRITE
	if (memory != NULL && e->plan->command != COMMAND_HOLD)
		madvise(memory, bytes, MADV_POPULATE_WRITE);
#endif
	return memory;
}

static void
give(void *memory, size_t bytes, void *arg)
{
	(void)arg;
	memory_give(memory, bytes, NULL);
}

const struct work *
work_of(const struct plan *p)
{
	switch (p->command) {
	case COMMAND_CHURN:
		return &churn_work;
	case COMMAND_RR:
		return &rr_work;
	case COMMAND_STREAM:
		return &bulk_work;
	default:
		return &teardown_work;
	}
}

/* TIME-WAIT is of this end: it needs the room, and the other a table that is no larger than its connections. */
static bool
closes_first(const struct end *e)
{
	bool server = e->plan->command == COMMAND_CHURN && e->plan->close != CLOSE_HALF;

	return e->side == (server ? SERVER : CLIENT);
}

static void
configure_ours(struct end *e)
{
	const struct plan *p = e->plan;
	bool churns = p->command == COMMAND_CHURN;
	struct fns_config *cf = &e->config;

	fns_config_default(cf);
	/* churn: those of which one end does not know yet that the other is done */
	cf->connections = (uint32_t)p->conns * (churns ? 4 : 1) + 1;
	cf->time_wait = !closes_first(e) ? 1024 : churns ? (uint32_t)p->flows : (uint32_t)p->conns;
	cf->orphans = cf->connections;
	cf->syn_backlog = cf->connections;
	cf->listeners = flow_server_ports(p);
	cf->neighbours = 64;
	cf->resets_per_second = 1000000000;
	/* What waits for longer than the link takes to carry it waits in no cache, and is fetched from memory twice. */
	if (p->command == COMMAND_STREAM)
		cf->snd_buf_max = p->conns < STREAM_SENDS / STREAM_LEAST ? STREAM_SENDS / (uint32_t)p->conns
		                                                         : STREAM_LEAST;
	cf->port_count = 1;
	flow_config(p, e->side, &cf->port[0]);
}

/* One end alone has the limits of its file; of two that belong to us, both have what the run needs. */
static void
configure(struct end *e, const struct conf *conf, const struct port *port)
{
	struct fns_config *cf = &e->config;

	if (e->plan->file != NULL)
		conf_shard(conf, cf);
	else
		configure_ours(e);
	for (unsigned i = 0; conf != NULL && i < conf->ports; i++) {
		memcpy(cf->port[i].mac, port[i].mac, sizeof(cf->port[i].mac));
		cf->port[i].tx_cksum = port[i].tx_tcp_cksum;
	}
	cf->recorders = 0;
	cf->alloc = take;
	cf->free = give;
	cf->alloc_arg = e;
}

/* 32 octets from the seed and the side (splitmix64): the same run again is the same run. */
static void
make_secret(const struct end *e, uint8_t secret[32])
{
	uint64_t x = e->plan->seed + (uint64_t)e->side * UINT64_C(0x632be59bd9b4e019);

	for (unsigned i = 0; i < 4; i++) {
		uint64_t z = x += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		memcpy(secret + 8 * i, &z, sizeof(z));
	}
}

static void
account_memory(struct end *e)
{
	struct fns_memory row[16];
	size_t n = fns_config_memory(&e->config, row, 16);
	uint64_t slot = 0;

	for (size_t i = 0; i < n && i < 16; i++) {
		e->account.shard_bytes += row[i].bytes;
		if (strcmp(row[i].name, "connection table") == 0)
			slot = (row[i].bytes + row[i].count / 2) / row[i].count;
	}
	for (size_t i = 0; i < n && i < 16; i++) {
		if (strcmp(row[i].name, "connections") == 0)
			e->account.conn_bytes = row[i].each + slot;
		if (strcmp(row[i].name, "time-wait entries") == 0)
			e->account.tw_bytes = row[i].each + slot;
	}
}

bool
end_begin(struct end *e, const struct run *run, enum side side, const struct work *work,
          struct link_end *link, const struct conf *conf, const struct port *port)
{
	uint8_t secret[32];

	memset(e, 0, sizeof(*e));
	e->run = run;
	e->plan = &run->plan;
	e->side = side;
	e->work = work;
	e->link = link;
	e->own = &run->shared->half[side];
	e->other = &run->shared->half[!side];
	e->now_ns = clock_ns();
	e->deadline_ns = e->now_ns + e->plan->timeout * 1000000000;
	configure(e, conf, port);
	account_memory(e);
	e->account.rss_before = resident();
	make_secret(e, secret);
	e->shard = fns_shard_new(&e->config, secret, e->now_ns / 1000);
	e->conn = calloc(e->plan->conns, sizeof(struct fns_conn *));
	if (e->shard == NULL || e->conn == NULL) {
		end_fail(e, "no shard of %u connections: %s", e->config.connections, strerror(errno));
		return false;
	}
	if (!work->begin(e))
		return false;
	end_enter(e, PHASE_READY);
	return true;
}

static void
turn(struct end *e, enum gate gate)
{
	struct link_end *l = e->link;

	l->receive(l, gate == GATE_DEAF ? 0 : (unsigned)e->plan->burst);
	e->work->act(e);
	fns_shard_turn(e->shard, e->now_ns / 1000 + e->ahead_us, l->rx, l->received, &l->tx);
	e->idle = l->received > 0 || l->tx.used > 0 ? 0 : e->idle + 1;
	l->transmit(l);
	if (e->watched) {
		uint64_t took = clock_ns() - e->now_ns;

		if (took > e->account.longest_turn_ns)
			e->account.longest_turn_ns = took;
	}
}

bool
end_pass(struct end *e)
{
	enum gate gate;

	end_now = e;
	e->now_ns = clock_ns();
	gate = e->work->gate == NULL ? GATE_OPEN : e->work->gate(e);
	if (e->now_ns > e->deadline_ns)
		end_fail(e,
		         "not done after %" PRIu64 " s: %" PRIu64 " begun, %" PRIu64 " open, %" PRIu64
		         " told to end, %" PRIu64 " gone of %" PRIu64,
		         e->plan->timeout, e->begun, e->open, e->called, e->gone, e->plan->conns);
	if (atomic_load_explicit(&e->own->failed, memory_order_relaxed) ||
	    atomic_load_explicit(&e->other->failed, memory_order_relaxed))
		return false;
	if (gate != GATE_SHUT)
		turn(e, gate);
	else
		e->idle++;
	if (e->idle % QUIET_PASSES == QUIET_PASSES - 1)
		sched_yield(); /* the other end may have no CPU but this one */
	return end_phase(e) < PHASE_OVER;
}

void
end_handoff(struct end *e, unsigned after)
{
	struct shared *s = e->run->shared;

	if (e->plan->file != NULL || e->plan->link == LINK_TAP || e->plan->link == LINK_DIRECT)
		return; /* the other end is not ours, or is this one */
	if (!s->apart || atomic_load(&e->own->failed))
		return;
	if (e->side == CLIENT)
		s->handoff_ns[after] = handoff_throw(&s->ball[after], &e->other->failed);
	else
		handoff_return(&s->ball[after], &e->other->failed);
}

void
end_measure(struct end *e)
{
	e->account.begun_ns = e->now_ns;
	e->account.rss_open = resident();
	e->frames_in = account_stat(e->shard, "frames_in");
	e->frames_out = account_stat(e->shard, "frames_out");
}

void
end_measured(struct end *e)
{
	e->account.frames_in = account_stat(e->shard, "frames_in") - e->frames_in;
	e->account.frames_out = account_stat(e->shard, "frames_out") - e->frames_out;
}

void
end_finish(struct end *e)
{
	if (e->shard != NULL) {
		account_close(&e->account, e->shard);
		fns_shard_free(e->shard);
	}
	free(e->conn);
	free(e->visits);
	e->account.rss_after = resident();
	e->own->account = e->account;
}
