/* An end over ports of DPDK (wired.h). */
#include "wired.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mempool.h>

#include "eal.h"
#include "io.h"
#include "machine.h"
#include "memory.h"

#define MEMORY_MIB 256
#define LINK_MS    10000 /* until the other end is there, and until it is gone */
#define GRACE_MS   100

const char *
wired_memory(void)
{
	static char args[64];

	snprintf(args, sizeof(args), "%s -m %u",
	         machine_hugepages_free() >= (uint64_t)2 * MEMORY_MIB << 20 ? "--in-memory"
	                                                                    : "--no-huge --no-shconf",
	         MEMORY_MIB);
	return args;
}

bool
wired_conf(struct conf *conf, const struct plan *p, enum side side, const char *device, const char *vdev)
{
	struct conf_report report = {.out = stderr, .file = "finesse-bench"};
	char text[4096], addresses[512];
	size_t len = 0;

	for (unsigned i = 0; i < (side == CLIENT ? p->sources : 1u); i++) {
		char ip[64];

		flow_text(side == CLIENT ? &p->source[i] : &p->target, ip);
		len += (size_t)snprintf(addresses + len, sizeof(addresses) - len, "%s\"%s/%u\"",
		                        i == 0 ? "" : ", ", ip, p->ip == 6 ? 64 : 24);
	}
	len = (size_t)snprintf(
		text, sizeof(text),
		"dpdk = { args = \"--no-pci --no-telemetry --log-level=pmd.net.memif:1 %s --vdev=%s\"; };\n"
		"workers = { cores = [%u]; };\n"
		"ports = ( { device = \"%s\"; mac = \"02:00:00:00:00:%02x\"; ipv%u = [%s]; mtu = %u; } );\n",
		wired_memory(), vdev, end_cpu(side), device, side + 1u, (unsigned)p->ip, addresses,
		(unsigned)p->mtu);
	return conf_parse(conf, text, len, &report) == 0;
}

void
wired_wait(const struct run *run, const pid_t pid[2])
{
	int status;
	pid_t p;

	while ((p = wait(&status)) > 0 || errno == EINTR) {
		struct half *half = &run->shared->half[p == pid[SERVER] ? SERVER : CLIENT];

		if (p <= 0 || status == 0)
			continue;
		if (atomic_exchange(&half->failed, 1) == 0)
			snprintf(half->why, sizeof(half->why), "its process ended by %s %d",
			         WIFSIGNALED(status) ? "signal" : "status",
			         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		atomic_store(&half->part, PART_CLOSED);
	}
}

struct wired {
	struct link_end base;
	const struct run *run;
	const struct conf *conf;
	enum side side;
	struct port port[FNS_PORTS_MAX];
	unsigned opened;
	struct rte_mempool *pool;
	struct io io;
	struct end end;
	bool made;
	atomic_bool ended;
};

static void
receive(struct link_end *base, unsigned most)
{
	struct wired *w = (struct wired *)base;
	unsigned room =
		IO_OUTBOX - io_waiting(&w->io); /* each may call for an answer that has nowhere to wait */

	most = most < room ? most : room;
	w->io.burst = (uint16_t)(most < IO_BURST ? most : IO_BURST);
	base->received = io_rx(&w->io);
	base->rx = w->io.rx;
	base->tx = w->io.outbox;
}

static void
transmit(struct link_end *base)
{
	struct wired *w = (struct wired *)base;

	w->io.outbox.used = base->tx.used;
	io_tx(&w->io);
	base->received = 0;
}

static void
complain(struct wired *w, const char *why)
{
	struct end *e = &w->end;

	e->own = &w->run->shared->half[w->side];
	end_fail(e, "%s", why);
}

static bool
open_ports(struct wired *w)
{
	char why[160];

	for (unsigned i = 0; i < w->conf->ports; i++) {
		const struct conf_port *c = &w->conf->port[i];
		struct port_wish wish = {.device = c->device, .queues = 1, .mtu = (uint16_t)c->mtu};

		wish.descriptors = (uint16_t)w->conf->dpdk.descriptors;
		wish.mac_given = c->mac_given;
		memcpy(wish.mac, c->mac_octets, sizeof(wish.mac));
		if (port_open(&w->port[i], &wish, why, sizeof(why)) != 0) {
			complain(w, why);
			return false;
		}
		w->opened++;
	}
	w->pool = io_pool_new("frames", w->port, (uint16_t)w->opened, NULL);
	if (w->pool == NULL) {
		complain(w, "no memory for frames: more of it in dpdk.args (-m)");
		return false;
	}
	io_init(&w->io, w->port, (uint16_t)w->opened, 0, w->pool, NULL);
	return true;
}

static bool
start_ports(struct wired *w)
{
	char why[160];

	for (unsigned i = 0; i < w->opened; i++) {
		if (port_start(&w->port[i], w->pool, why, sizeof(why)) != 0) {
			complain(w, why);
			return false;
		}
	}
	return true;
}

static void
nap(unsigned ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* net_memif calls once, and a server whose port has not started takes no calls. */
static bool
wait_for_server(struct wired *w)
{
	const struct half *server = w->end.other;

	for (; w->side == CLIENT && atomic_load(&server->part) < PART_STARTED; nap(2)) {
		if (atomic_load(&server->failed))
			return false;
		if (clock_ns() > w->end.deadline_ns) {
			complain(w, "nobody is at its other end");
			return false;
		}
	}
	return true;
}

static bool
linked(const struct wired *w)
{
	struct rte_eth_link link;

	for (unsigned i = 0; i < w->opened; i++) {
		if (rte_eth_link_get_nowait(w->port[i].id, &link) != 0 || link.link_status != RTE_ETH_LINK_UP)
			return false;
	}
	return true;
}

/* The other end's memory may take longer than ours: its time begins when it is there. */
static bool
wait_for_link(struct wired *w)
{
	for (unsigned ms = 0; ms < LINK_MS && clock_ns() < w->end.deadline_ns; nap(10)) {
		if (linked(w))
			return true;
		if (atomic_load(&w->end.other->failed))
			return false;
		if (end_other(&w->end) >= PHASE_READY)
			ms += 10;
	}
	complain(w, "no link: nobody is at its other end");
	return false;
}

/* On the worker's core.  The ports start when the memory is there: a net_memif that is connected and not polled for a
 * second has been seen never to pass a frame. */
static int
turn_until_over(void *arg)
{
	struct wired *w = arg;

	w->made = end_begin(&w->end, w->run, w->side, work_of(&w->run->plan), &w->base, w->conf, w->port);
	if (w->made)
		end_handoff(&w->end, 0);
	w->made = w->made && wait_for_server(w) && start_ports(w);
	if (w->made)
		atomic_store(&w->end.own->part, PART_STARTED);
	w->made = w->made && wait_for_link(w);
	if (w->made) {
		while (end_pass(&w->end))
			;
		while (io_waiting(&w->io) > 0) { /* the last ACK */
			receive(&w->base, 0);
			transmit(&w->base);
		}
		end_handoff(&w->end, 1);
	}
	end_finish(&w->end);
	atomic_store_explicit(&w->ended, true, memory_order_release);
	return 0;
}

/* net_memif must not be polled while its peer goes away (it has been seen to crash): nobody closes before both have
 * stopped, and the server not before the client. */
static void
part(struct wired *w)
{
	struct half *own = &w->run->shared->half[w->side], *other = &w->run->shared->half[!w->side];
	unsigned enough = w->side == CLIENT ? PART_STILL : PART_CLOSED;

	atomic_store(&own->part, PART_STILL);
	for (unsigned ms = 0; ms < LINK_MS && atomic_load(&other->part) < enough; ms += 10)
		nap(10);
	if (w->side == SERVER)
		nap(GRACE_MS);
}

static int
run_ports(struct wired *w)
{
	if (!open_ports(w))
		return 1;
	w->base.receive = receive;
	w->base.transmit = transmit;
	if (rte_eal_remote_launch(turn_until_over, w, EAL_WORKER_LCORE(0)) != 0) {
		complain(w, "the worker does not start");
		return 1;
	}
	while (!atomic_load_explicit(&w->ended, memory_order_acquire))
		nap(2);
	rte_eal_wait_lcore(EAL_WORKER_LCORE(0));
	part(w);
	if (w->made)
		io_close(&w->io);
	return w->made ? 0 : 1;
}

int
wired_run(const struct run *run, enum side side, const struct conf *conf, const char *file)
{
	struct wired *w = memory_take(sizeof(*w), NULL);
	int status = eal_check(conf, file);

	if (w == NULL)
		return 1;
	w->run = run;
	w->conf = conf;
	w->side = side;
	if (status == 0)
		status = eal_start(conf, file);
	if (status != 0) {
		complain(w, "EAL does not start");
		return status;
	}
	status = run_ports(w);
	for (unsigned i = 0; i < w->opened; i++)
		port_close(&w->port[i]);
	atomic_store(&run->shared->half[side].part, PART_CLOSED);
	rte_mempool_free(w->pool);
	eal_stop();
	return status;
}
