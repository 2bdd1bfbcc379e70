/* libfinesse_packetdrill.so: finesse behind packetdrill's interface for shared objects. */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adapter.h"
#include "calls.h"
#include "shard.h"

#define BEGIN_US  UINT64_C(1000000000000) /* the first script and the last begin at the same time */
#define DAY_US    UINT64_C(86400000000)
#define SOCKS_MAX 256
#define FATES_MAX 256

static struct adapter the;

void
adapter_fail(const struct adapter *a, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "finesse: at %.6f s: ", (double)(a->now_us - BEGIN_US) / 1e6);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(1);
}

/* Zero, and not there before it is touched: most of what a shard may need no script does. */
static void *
take(size_t bytes, void *unused)
{
	void *memory = mmap(NULL, bytes == 0 ? 1 : bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                    -1, 0);

	(void)unused;
	return memory == MAP_FAILED ? NULL : memory;
}

static void
give(void *memory, size_t bytes, void *unused)
{
	(void)unused;
	munmap(memory, bytes == 0 ? 1 : bytes);
}

static void
make_shard(struct adapter *a)
{
	const struct fns_socks_config socks = {.descriptors = SOCKS_MAX,
	                                       .snd_buf = a->options.snd_buf,
	                                       .notsent_low = a->options.notsent_low,
	                                       .wait = call_wait,
	                                       .wait_arg = a};
	uint8_t secret[32];

	memset(secret, 7, sizeof(secret));
	memset(a->greeted, 0, sizeof(a->greeted));
	a->shard = fns_shard_new(&a->config, secret, a->now_us);
	a->socks = a->shard == NULL ? NULL : fns_socks_new(a->shard, &socks);
	if (a->socks == NULL)
		adapter_fail(a, "no shard: %s", strerror(errno));
}

/* What is not fixed with its memory changes while it lives. */
static void
retune(struct adapter *a)
{
	struct fns_config *live = &a->shard->config, to = a->config;

	to.connections = live->connections;
	to.time_wait = live->time_wait;
	to.orphans = live->orphans;
	to.listeners = live->listeners;
	to.recorders = live->recorders;
	to.neighbours = live->neighbours;
	to.buffer_bytes = live->buffer_bytes;
	memcpy(to.port, live->port, sizeof(to.port));
	*live = to;
}

void
adapter_begin(struct adapter *a)
{
	options_reread(&a->options);
	if (a->shard != NULL && !a->options.changed)
		return;
	if (!options_config(&a->options, &a->config))
		adapter_fail(a, "these settings cannot be had");
	a->config.alloc = take;
	a->config.free = give;
	if (a->shard == NULL)
		make_shard(a);
	else
		retune(a);
}

static void
forget_packets(struct adapter *a)
{
	while (a->first != NULL) {
		struct packet *p = a->first;

		a->first = p->next;
		free(p);
	}
	a->last = &a->first;
}

static void
forget(struct adapter *a)
{
	forget_packets(a);
	if (a->socks != NULL)
		fns_socks_free(a->socks);
	if (a->shard != NULL)
		fns_shard_free(a->shard);
	a->socks = NULL;
	a->shard = NULL;
}

static void
call_free(void *ud)
{
	struct adapter *a = ud;

	pthread_mutex_lock(&a->lock);
	forget(a);
	pthread_mutex_unlock(&a->lock);
}

static int
netdev_send(void *ud, const void *packet, size_t len)
{
	struct adapter *a = ud;

	enter(a);
	adapter_begin(a);
	link_in(a, packet, len);
	leave(a);
	return 0;
}

/* Where the frames went: the first thing to ask. */
static void
say_nothing_left(const struct adapter *a)
{
	struct fns_stat row[FATES_MAX];
	size_t rows = fns_shard_fates(a->shard, row, FATES_MAX);

	fprintf(stderr,
	        "finesse: at %.6f s: nothing was sent, and no timer is left that would send; frames in:",
	        (double)(a->now_us - BEGIN_US) / 1e6);
	for (size_t i = 0; i < rows && i < FATES_MAX; i++)
		if (row[i].value > 0)
			fprintf(stderr, " %s %" PRIu64, row[i].name, row[i].value);
	fputc('\n', stderr);
}

static int
netdev_receive(void *ud, void *to, size_t *len, long long *at_us)
{
	struct adapter *a = ud;
	uint64_t until;

	enter(a);
	adapter_begin(a);
	turn(a, NULL, 0);
	until = a->now_us + DAY_US;
	while (a->first == NULL && a->now_us < until && turn_next(a))
		;
	if (a->first == NULL) {
		say_nothing_left(a);
		*len = 0;
	} else {
		struct packet *p = a->first;

		memcpy(to, p->octets, p->len);
		*len = p->len;
		*at_us = (long long)p->at_us;
		a->first = p->next;
		if (a->first == NULL)
			a->last = &a->first;
		free(p);
	}
	leave(a);
	return 0;
}

static int
call_usleep(void *ud, useconds_t us)
{
	struct adapter *a = ud;

	callers_rest(a);
	pthread_mutex_lock(&a->lock);
	callers_settle(a);
	turn_until(a, a->now_us + us);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

/* Who looks at the clock twice sees it move, else a loop that waits for it would never end; but not the thread that comes
 * from a call to see when it ended. */
static int
call_gettimeofday(void *ud, struct timeval *to, struct timezone *zone)
{
	struct adapter *a = ud;

	(void)zone;
	pthread_mutex_lock(&a->lock);
	callers_settle(a);
	if (!callers_came_back(a))
		turn_until(a, a->now_us + 1);
	if (a->moved)
		states_write(a);
	to->tv_sec = (time_t)(a->now_us / 1000000);
	to->tv_usec = (suseconds_t)(a->now_us % 1000000);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static int
answer_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return calls_getsockopt(&the, fd, level, option, value, len);
}

static void
attach_preload(void)
{
	static const struct pd_answers answers = {answer_getsockopt};
	union {
		void *object;
		pd_preload_attach *function;
	} at = {dlsym(RTLD_DEFAULT, PD_PRELOAD_ATTACH)};

	if (at.object != NULL)
		at.function(&answers);
}

void
packetdrill_interface_init(const char *flags, struct packetdrill_interface *to)
{
	struct adapter *a = &the;

	forget(a);
	memset(a, 0, sizeof(*a));
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->wake, NULL);
	pthread_cond_init(&a->settled, NULL);
	a->now_us = BEGIN_US;
	a->last = &a->first;
	callers_init(a);
	calls_init();
	options_init(&a->options, flags);
	attach_preload();

	calls_fill(to);
	to->userdata = a;
	to->free = call_free;
	to->netdev_send = netdev_send;
	to->netdev_receive = netdev_receive;
	to->usleep = call_usleep;
	to->gettimeofday = call_gettimeofday;
}
