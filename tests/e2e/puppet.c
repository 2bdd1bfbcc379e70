/* puppet: an application on finesse over net_tap that does what it is told, in datagrams over a Unix socket.
 *
 *	puppet SOCKET EAL-ARGUMENT...        198.51.100.1/24 and 2001:db8:1::1/64 on net_tap0
 *
 * A datagram holds commands separated by ';', all of them carried out before the next turn, and is answered by one with
 * an answer for each.  Numbers name connections.  close_calls.py has the other end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>

#include "io.h"

enum { PARTS = 128, LINE = 512 };

/* One connection, also after its end. */
struct part {
	struct fns_conn *conn; /* NULL: over and released */
	unsigned reports;      /* all that came */
	bool left;             /* fns_close was called */
	struct fns_status last;
};

struct puppet {
	struct fns_shard *shard;
	struct io io;
	struct part part[PARTS];
	unsigned parts;
	bool deaf, stop; /* deaf: what arrives stays in the port's queue */
	int orders;
};

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The dead are held: what they received can still be read. */
static void
on_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct part *p = user;

	p->reports |= reports;
	if (!(reports & FNS_CLOSED))
		return;
	fns_status(c, &p->last);
	if (p->left)
		p->conn = NULL;
	else
		fns_hold(c);
}

static struct part *
part_new(struct puppet *u, struct fns_conn *c)
{
	struct part *p = &u->part[u->parts];

	if (u->parts == PARTS)
		return NULL;
	u->parts++;
	*p = (struct part){.conn = c};
	return p;
}

static void
on_child(struct fns_conn *c, unsigned reports, void *user)
{
	struct part *p;

	if (reports & FNS_CLOSED)
		return;
	p = part_new(user, c);
	if (p == NULL) {
		fns_abort(c);
		return;
	}
	fns_attach(c, on_report, p);
	on_report(c, reports, p);
}

/* linger: milliseconds, negative for off; fin_wait_2: milliseconds, 0 for the configured. */
static struct fns_options
options(int linger, int fin_wait_2)
{
	struct fns_options o = {.fin_wait_2_ms = fin_wait_2};

	if (linger >= 0) {
		o.linger = FNS_ON;
		o.linger_ms = (uint32_t)linger;
	}
	return o;
}

static int
order_open(struct puppet *u, const char *ip, int port, int local_port, int linger, int fin_wait_2)
{
	struct fns_options o = options(linger, fin_wait_2);
	struct fns_addr local = {.port = (uint16_t)local_port}, remote;
	struct part *p = part_new(u, NULL);

	if (p == NULL || fns_addr_parse(&remote, ip, (uint16_t)port) != 0)
		return -EINVAL;
	p->conn = fns_open(u->shard, local_port == 0 ? NULL : &local, &remote, &o, on_report, p);
	return p->conn == NULL ? -errno : (int)(p - u->part);
}

static int
order_listen(struct puppet *u, int port, int linger, int fin_wait_2)
{
	struct fns_options o = options(linger, fin_wait_2);
	struct fns_addr any = {.port = (uint16_t)port};

	return fns_listen(u->shard, &any, &o, on_child, u) == NULL ? -errno : 0;
}

/* The newest connection with this remote port. */
static int
order_child(struct puppet *u, int remote_port)
{
	for (unsigned i = u->parts; i-- > 0;) {
		struct part *p = &u->part[i];

		if (p->conn != NULL)
			fns_status(p->conn, &p->last);
		if (p->last.remote.port == remote_port)
			return (int)i;
	}
	return -ENOENT;
}

static long
order_send(struct part *p, int len)
{
	static uint8_t octets[65536];

	return p->conn == NULL || len > (int)sizeof(octets) ? -ENOTCONN
	                                                    : fns_send(p->conn, octets, (size_t)len);
}

static long
order_read(struct part *p, int most)
{
	const void *run;
	long got = 0;
	size_t len;

	while (p->conn != NULL && got < most && (len = fns_peek(p->conn, &run)) > 0) {
		if (len > (size_t)(most - got))
			len = (size_t)(most - got);
		fns_consume(p->conn, len);
		got += (long)len;
	}
	return got;
}

static int
order_close(struct part *p)
{
	bool dead = p->reports & FNS_CLOSED;

	if (p->conn == NULL || p->left)
		return -ENOTCONN;
	p->left = true;
	fns_close(p->conn);
	if (dead)
		p->conn = NULL;
	return 0;
}

/* STATE REPORTS UNREAD UNACKED ERRNO CLASS */
static void
order_status(struct part *p, char *to, size_t room)
{
	const struct fns_status *s = &p->last;

	if (p->conn != NULL)
		fns_status(p->conn, &p->last);
	snprintf(to, room, "%s %u %u %u %d %s", s->state, p->reports, s->unread, s->unacked, s->error,
	         s->close_class == NULL ? "-" : s->close_class);
}

/* What concerns one connection. */
static long
act(struct puppet *u, const char *verb, int id, int arg, char *to, size_t room)
{
	struct part *p = &u->part[id];

	if (id < 0 || id >= (int)u->parts)
		return -EBADF;
	if (strcmp(verb, "send") == 0)
		return order_send(p, arg);
	if (strcmp(verb, "read") == 0)
		return order_read(p, arg);
	if (strcmp(verb, "shutdown") == 0)
		return p->conn == NULL ? -ENOTCONN : fns_shutdown(p->conn, (enum fns_how)arg);
	if (strcmp(verb, "close") == 0)
		return order_close(p);
	if (strcmp(verb, "abort") == 0) {
		p->left = true;
		if (p->conn != NULL)
			fns_abort(p->conn);
		return 0;
	}
	if (strcmp(verb, "status") != 0)
		return -EINVAL;
	order_status(p, to, room);
	return 0;
}

static void
command(struct puppet *u, const char *text, char *to, size_t room)
{
	char verb[16] = "", ip[64];
	int a = 0, b = 0, c = 0, d = 0;
	long result = -EINVAL;

	to[0] = '\0';
	if (sscanf(text, " open %63s %d %d %d %d", ip, &a, &b, &c, &d) == 5)
		result = order_open(u, ip, a, b, c, d);
	else if (sscanf(text, " %15s %d %d %d", verb, &a, &b, &c) >= 1) {
		if (strcmp(verb, "listen") == 0)
			result = order_listen(u, a, b, c);
		else if (strcmp(verb, "child") == 0)
			result = order_child(u, a);
		else if (strcmp(verb, "deaf") == 0)
			result = u->deaf = a != 0;
		else if (strcmp(verb, "stop") == 0)
			result = u->stop = true;
		else
			result = act(u, verb, a, b, to, room);
	}
	if (to[0] == '\0')
		snprintf(to, room, "%ld", result);
}

/* One datagram, one line; the answers are separated as the commands were. */
static void
obey(struct puppet *u)
{
	char line[LINE + 1], reply[LINE], *rest = line, *text;
	struct sockaddr_un from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(u->orders, line, LINE, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	size_t len = 0;

	if (n <= 0)
		return;
	line[n] = '\0';
	while ((text = strsep(&rest, ";")) != NULL && len < sizeof(reply) - 130) {
		if (len > 0)
			reply[len++] = ';';
		command(u, text, reply + len, 128);
		len += strlen(reply + len);
	}
	(void)!sendto(u->orders, reply, len, MSG_DONTWAIT, (struct sockaddr *)&from, from_len);
}

/* A turn for each frame, so that each meets its own answer.  Deaf: the port's queue is not looked at, the blank frames
 * are made all the same. */
static void
turn(struct puppet *u)
{
	const struct timespec moment = {.tv_nsec = 100000};
	unsigned n;

	u->io.ports = u->deaf ? 0 : 1;
	n = io_rx(&u->io);
	u->io.ports = 1;
	fns_shard_turn(u->shard, now_us(), u->io.rx, n > 0, &u->io.outbox);
	for (unsigned i = 1; i < n; i++)
		fns_shard_turn(u->shard, now_us(), &u->io.rx[i], 1, &u->io.outbox);
	io_tx(&u->io);
	if (n == 0)
		nanosleep(&moment, NULL);
}

static struct fns_shard *
make_shard(const struct port *port)
{
	struct fns_config cf;
	struct fns_addr own4, own6;
	uint8_t secret[32];

	fns_config_default(&cf);
	cf.check = true;
	cf.connections = 256;
	cf.time_wait = 1024;
	cf.buffer_bytes = 16 << 20;
	cf.port_count = 1;
	cf.port[0] = (struct fns_port_config){.mtu = port->mtu,
	                                      .address_count = 2,
	                                      .tx_cksum = port->tx_tcp_cksum};
	memcpy(cf.port[0].mac, port->mac, sizeof(port->mac));
	fns_addr_parse(&own4, "198.51.100.1", 0);
	fns_addr_parse(&own6, "2001:db8:1::1", 0);
	memcpy(cf.port[0].address[0].ip, own4.ip, 16);
	memcpy(cf.port[0].address[1].ip, own6.ip, 16);
	cf.port[0].address[0].bits = 24;
	cf.port[0].address[1].bits = 64;
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return NULL;
	return fns_shard_new(&cf, secret, now_us());
}

static int
orders_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	return s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 ? -1 : s;
}

/* Until told to stop, but no longer than two minutes: who started us may be gone. */
static int
serve(struct puppet *u, const struct port *port)
{
	const uint64_t end = now_us() + 120000000;
	const char *broken;

	io_init(&u->io, port, 1, 0, u->io.pool, NULL);
	while (!u->stop && now_us() < end) {
		turn(u);
		obey(u);
	}
	io_close(&u->io);
	broken = fns_shard_check(u->shard);
	if (broken != NULL)
		printf("puppet: the shard does not add up: %s\n", broken);
	return broken != NULL || !u->stop;
}

int
main(int argc, char **argv)
{
	static struct puppet u;
	const struct port_wish wish = {.device = "net_tap0", .queues = 1, .mtu = 1500, .descriptors = 256};
	const char *path = argc > 1 ? argv[1] : "";
	char why[256] = "";
	struct port port = {0};
	unsigned missing;
	int status;

	argv[1] = argv[0];
	if (argc < 2 || rte_eal_init(argc - 1, argv + 1) < 0 ||
	    port_open(&port, &wish, why, sizeof(why)) != 0 ||
	    (u.io.pool = io_pool_new("frames", &port, 1, NULL)) == NULL ||
	    port_start(&port, u.io.pool, why, sizeof(why)) != 0 || (u.shard = make_shard(&port)) == NULL ||
	    (u.orders = orders_at(path)) < 0) {
		fprintf(stderr, "puppet: %s %s\n", why, strerror(errno));
		return 1;
	}
	status = serve(&u, &port);
	port_close(&port);
	missing = io_pool_missing(u.io.pool);
	if (missing > 0)
		printf("puppet: %u mbufs did not come back\n", missing);
	fns_shard_free(u.shard);
	rte_eal_cleanup();
	return status != 0 || missing > 0;
}
