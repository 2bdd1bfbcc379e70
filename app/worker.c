/* One loop: frames in, a turn, frames out; and how it ends (worker.h). */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>

#include <rte_pause.h>

#include "capture.h"
#include "config.h"
#include "drain.h"
#include "log.h"
#include "memory.h"
#include "worker.h"
#include "workers.h"

#define QUIET_TURNS 64    /* before an idle worker sleeps or pauses */
#define NAP_US      500   /* sleeps are as long as the silence before them up to this, */
#define NAP_PART    64    /* and then no longer than this part of it */
#define WAKEN_US    10000 /* the longest sleep where ports wake us */
#define LENT_US     100   /* while another worker has frames of ours to send */
#define WALL_US     100000

static uint64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static bool
is_virtual(const struct conf *conf)
{
	return conf->workers.clock == CONF_CLOCK_VIRTUAL;
}

static uint64_t
clock_start_us(const struct conf *conf)
{
	return is_virtual(conf) ? 0 : clock_us();
}

/* The i-th of n parts that are as equal as can be. */
static uint64_t
part(uint64_t all, uint64_t n, unsigned i)
{
	return i >= n ? 0 : all / n + (i < all % n);
}

/* A worker's part of what a client is to do.  A connection that is alone, and those with a port of their own, are one
 * worker's: which one, for the latter, is known when there is a shard (services_start). */
static void
plan_client(const struct conf *conf, const struct conf_service *s, unsigned index, struct client_plan *to)
{
	static const uint8_t how[] = {CLIENT_FIN, CLIENT_RST, CLIENT_HALF, CLIENT_PEER, CLIENT_NEVER};
	uint64_t total = s->total > 0 ? s->total : s->seconds > 0 ? CLIENT_FOREVER : s->connections;
	uint64_t workers = conf->workers.cores.count;

	workers = workers < s->connections ? workers : s->connections;
	workers = workers < total ? workers : total;
	if (s->local_port != 0)
		index = 0;
	memcpy(to->target.ip, s->target_ip, sizeof(to->target.ip));
	to->target.port = (uint16_t)s->port;
	to->local_port = (uint16_t)s->local_port;
	to->connections = (uint32_t)part(s->connections, workers, index);
	to->total = total == CLIENT_FOREVER && index < workers ? total : part(total, workers, index);
	to->send_bytes = s->send_bytes;
	to->receive_bytes = s->receive_bytes;
	to->read = s->read != 0;
	to->check = s->check != 0;
	to->close = how[s->close];
	to->start_us = s->start_ms * 1000;
	to->for_us = s->seconds > 0 ? s->seconds * 1000000 : CLIENT_FOREVER;
	to->interval_ns = s->rate > 0 ? UINT64_C(1000000000) * workers / s->rate : 0;
}

static void
add_services(struct services *all, const struct conf *conf, unsigned index)
{
	static const struct service_kind *const kinds[] = {
		[CONF_ECHO] = &echo_kind,       [CONF_DISCARD] = &discard_kind,
		[CONF_CHARGEN] = &chargen_kind, [CONF_DAYTIME] = &daytime_kind,
		[CONF_HTTP] = &http_kind,       [CONF_CLIENT] = &client_kind,
	};

	for (unsigned i = 0; i < conf->services; i++) {
		const struct conf_service *s = &conf->service[i];

		struct service *to = services_add(all, kinds[s->type], (uint16_t)s->port);

		to->body_bytes = s->body_bytes;
		conf_options(s, &to->options);
		if (s->type == CONF_CLIENT)
			plan_client(conf, s, index, &to->client);
	}
}

uint64_t
worker_visit_bytes(const struct conf *conf)
{
	static struct services all;

	all.count = 0;
	add_services(&all, conf, 0);
	return services_bytes(&all, (uint32_t)conf_share(conf, conf->limits.connections));
}

/* Never weaker than asked for: without randomness there is no start. */
static bool
make_secret(const struct conf *conf, unsigned index, uint8_t secret[32])
{
	const char *hex = conf->policy.isn_secret;

	if (hex[0] == '\0')
		return getrandom(secret, 32, 0) == 32;
	if (index == 0)
		say("policy.isn_secret is set: whoever knows it can guess sequence numbers; for tests only");
	for (unsigned i = 0; i < 32; i++) {
		char octet[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		secret[i] = (uint8_t)strtoul(octet, NULL, 16);
	}
	return true;
}

static struct fns_shard *
make_shard(const struct conf *conf, const struct port *port, const struct steer *steer, unsigned index)
{
	struct fns_shard *shard;
	struct fns_config cf;
	uint8_t secret[32];

	conf_shard(conf, &cf);
	for (unsigned i = 0; i < conf->ports; i++) {
		memcpy(cf.port[i].mac, port[i].mac, sizeof(cf.port[i].mac));
		cf.port[i].tx_cksum = port[i].tx_tcp_cksum;
		cf.port[i].announce = cf.port[i].announce && index == 0; /* once is enough */
	}
	cf.steer = steer == NULL ? NULL : &steer->map;
	cf.shard = (uint8_t)index;
	cf.alloc = memory_take;
	cf.free = memory_give;
	if (!make_secret(conf, index, secret)) {
		say("no randomness: getrandom: %s", strerror(errno));
		return NULL;
	}
	shard = fns_shard_new(&cf, secret, clock_start_us(conf));
	explicit_bzero(secret, sizeof(secret));
	if (shard == NULL)
		say("no shard of %u connections: %s", cf.connections, strerror(errno));
	return shard;
}

struct worker *
worker_new(struct workers *all, unsigned index)
{
	struct worker *w = memory_take(sizeof(*w), NULL);
	const struct conf *conf = all->conf;
	uint32_t connections = (uint32_t)conf_share(conf, conf->limits.connections);
	uint16_t refused = 0;
	int error;

	if (w == NULL) {
		say("no memory for a worker");
		return NULL;
	}
	w->all = all;
	w->index = index;
	w->conf = conf;
	w->now_us = w->busy_at_us = w->services.now_us = clock_start_us(conf);
	io_init(&w->io, all->port, (uint16_t)conf->ports, (uint16_t)index, all->pool, all->steer);
	error = sleeper_init(&w->sleeper, all->port, (uint16_t)conf->ports, (uint16_t)index);
	if (error != 0)
		say("no way to sleep for worker %u: %s", index, strerror(-error));
	add_services(&w->services, conf, index);
	w->visits_bytes = services_bytes(&w->services, connections);
	w->visits = memory_take(w->visits_bytes, NULL);
	w->shard = make_shard(conf, all->port, all->steer, index);
	if (w->visits == NULL || w->shard == NULL || error != 0) {
		worker_free(w);
		return NULL;
	}
	error = services_start(&w->services, w->shard, w->visits, connections, &refused);
	if (error != 0) {
		say("no listener on port %u: %s", refused, strerror(-error));
		worker_free(w);
		return NULL;
	}
	return w;
}

void
worker_free(struct worker *w)
{
	sleeper_end(&w->sleeper);
	if (w->shard != NULL)
		fns_shard_free(w->shard);
	if (w->visits != NULL)
		memory_give(w->visits, w->visits_bytes, NULL);
	memory_give(w, sizeof(*w), NULL);
}

bool
worker_turn(struct worker *w, uint64_t now_us, const struct fns_frame *rx, unsigned n)
{
	bool busy;

	w->now_us = now_us > w->now_us ? now_us : w->now_us;
	w->services.now_us = w->now_us;
	if (is_virtual(w->conf))
		w->services.wall_s = (time_t)(w->now_us / 1000000);
	else if (w->now_us >= w->wall_due_us) {
		w->services.wall_s = time(NULL);
		w->wall_due_us = w->now_us + WALL_US;
	}
	capture_frames(w, rx, n, false);
	fns_shard_turn(w->shard, w->now_us, rx, n, &w->io.outbox);
	capture_frames(w, w->io.outbox.slot, w->io.outbox.used, true);
	capture_turned(w);
	services_turn(&w->services, w->shard); /* now that the shard knows the time */
	busy = n > 0 || w->io.outbox.used > 0;
	io_tx(&w->io);
	return busy || io_waiting(&w->io) > 0;
}

static bool
turn(struct worker *w)
{
	unsigned n = io_rx(&w->io);
	uint64_t now_us = clock_us();
	uint64_t passed_us = now_us > w->now_us ? now_us - w->now_us : 0;

	counter_add(&w->turns, 1);
	if (w->was_busy)
		counter_add(&w->busy_us, passed_us);
	if (w->was_asleep)
		counter_add(&w->slept_us, passed_us);
	w->was_busy = worker_turn(w, now_us, w->io.rx, n);
	w->was_asleep = false;
	if (w->was_busy)
		w->busy_at_us = w->now_us;
	return w->was_busy;
}

/* How long to sleep: to the next deadline at the most.  Where a port cannot wake us a frame waits no longer than the silence
 * before it lasted, and after a long silence a small part of that. */
static uint64_t
rest_us(const struct worker *w)
{
	uint64_t due = fns_shard_due(w->shard), opens = services_due(&w->services), most = WAKEN_US;

	if (!w->sleeper.interrupted) {
		uint64_t silence = w->now_us - w->busy_at_us;

		most = silence < NAP_US ? silence : NAP_US;
		if (most < silence / NAP_PART)
			most = silence / NAP_PART;
		if (most > w->conf->workers.sleep_us)
			most = w->conf->workers.sleep_us;
	}
	if (io_lent(&w->io) > 0 && most > LENT_US)
		most = LENT_US;
	due = opens < due ? opens : due;
	if (due <= w->now_us)
		return 0;
	return due - w->now_us < most ? due - w->now_us : most;
}

/* One turn, and rest where there has been nothing to do for a while: the CPU is for others.  A signal ends a sleep early, and
 * so it should: net_tap raises one for each frame. */
static void
turn_and_rest(struct worker *w)
{
	uint64_t idle = w->quiet < QUIET_TURNS ? CONF_IDLE_POLL : w->conf->workers.idle;

	if (idle == CONF_IDLE_SLEEP)
		sleeper_nod(&w->sleeper); /* first: what this turn does not see any more will wake us */
	if (turn(w))
		w->quiet = 0;
	else if (w->quiet < QUIET_TURNS)
		w->quiet++;
	if (idle == CONF_IDLE_SLEEP) {
		uint64_t us = w->was_busy ? 0 : rest_us(w);

		w->was_asleep = us > 0;
		counter_add(&w->sleeps, us > 0);
		sleeper_sleep(&w->sleeper, us);
	} else if (idle == CONF_IDLE_PAUSE)
		rte_pause();
}

/* The signals of people are the main thread's, those of net_tap are ours. */
static void
choose_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		sigaddset(&set, s);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Counts this worker among those that have nothing left, once.  True when all have. */
static bool
all_drained(struct worker *w)
{
	if (!w->drained && drain_done(&w->drain, w)) {
		w->drained = true;
		atomic_fetch_add_explicit(&w->all->drained, 1, memory_order_relaxed);
	}
	return w->drained && atomic_load_explicit(&w->all->drained, memory_order_relaxed) >= w->all->count;
}

int
worker_run(void *arg)
{
	struct worker *w = arg;

	choose_signals();
	prctl(PR_SET_TIMERSLACK, 1000UL); /* nanoseconds: 50 us would double each sleep */
	sleeper_begin(&w->sleeper);
	if (w->all->steer != NULL && !io_prove(&w->io))
		say("worker %u: no memory for the test of the steering", w->index);
	do {
		if (is_virtual(w->conf))
			virtual_turn(w);
		else
			turn_and_rest(w);
	} while (!all_drained(w));
	turn(w); /* what others lent us to be sent, and then had nothing left */
	io_close(&w->io);
	atomic_store_explicit(&w->ended, true, memory_order_release);
	return 0;
}
