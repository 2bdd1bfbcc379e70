/* The host kernel's side: a tap in a network namespace that this process makes for itself, sockets on it, real time.
 * The process is a child of the runner's that plays one script and ends: the namespace ends with it. */
#include "diff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct kernel {
	int tap, listener, fd;
};

static void
need(bool worked, const char *what)
{
	if (worked)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void
sysctl_set(const char *name, long value)
{
	char path[160], text[32];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(fd >= 0, path);
	n = snprintf(text, sizeof(text), "%ld", value);
	need(write(fd, text, (size_t)n) == n, path);
	close(fd);
}

static void
sysctls(const struct settings *set)
{
	static const char *const quiet[] = {"accept_dad", "dad_transmits", "router_solicitations",
	                                    "accept_ra"};
	char name[64];

	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		snprintf(name, sizeof(name), "ipv6/conf/default/%s", quiet[i]);
		sysctl_set(name, 0);
	}
	sysctl_set("ipv4/tcp_rfc1337", set->rfc1337);
	sysctl_set("ipv4/tcp_tw_reuse", set->tw_reuse ? 1 : 2);
	sysctl_set("ipv4/tcp_rto_min_us", set->rto_min_ms * 1000L);
	if (!set->probes) /* tail loss probes: an algorithm that we do not claim (see the ledger) */
		sysctl_set("ipv4/tcp_early_retrans", 0);
	if (!set->limits) /* one answer to what is unacceptable in half a second */
		sysctl_set("ipv4/tcp_invalid_ratelimit", 0);
	if (!set->linear) /* the first SYNs are repeated every second */
		sysctl_set("ipv4/tcp_syn_linear_timeouts", 0);
	if (set->fin_timeout_s >= 0)
		sysctl_set("ipv4/tcp_fin_timeout", set->fin_timeout_s);
	if (set->orphan_retries >= 0)
		sysctl_set("ipv4/tcp_orphan_retries", set->orphan_retries);
	if (set->retries >= 0)
		sysctl_set("ipv4/tcp_retries2", set->retries);
	if (set->syn_retries >= 0) {
		sysctl_set("ipv4/tcp_syn_retries", set->syn_retries);
		sysctl_set("ipv4/tcp_synack_retries", set->syn_retries);
	}
}

static void
address6(const struct play *p, int index)
{
	struct {
		struct in6_addr addr;
		uint32_t prefix;
		int index;
	} request = {.prefix = 64, .index = index};
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&request.addr, p->ours, 16);
	need(s >= 0 && ioctl(s, SIOCSIFADDR, &request) == 0, "IPv6 address");
	close(s);
}

static int
make_tap(const struct play *p)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	struct sockaddr_in in = {.sin_family = AF_INET};
	int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(r.ifr_name, "diff");
	need(tap >= 0 && s >= 0 && ioctl(tap, TUNSETIFF, &r) == 0, "/dev/net/tun");
	r.ifr_hwaddr.sa_family = 1; /* ARPHRD_ETHER */
	memcpy(r.ifr_hwaddr.sa_data, mac_ours, 6);
	need(ioctl(s, SIOCSIFHWADDR, &r) == 0, "SIOCSIFHWADDR");
	inet_pton(AF_INET, "198.51.100.1", &in.sin_addr);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	need(ioctl(s, SIOCSIFADDR, &r) == 0, "SIOCSIFADDR");
	inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	need(ioctl(s, SIOCSIFNETMASK, &r) == 0, "SIOCSIFNETMASK");
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	need(ioctl(s, SIOCSIFFLAGS, &r) == 0, "SIOCSIFFLAGS");
	need(ioctl(s, SIOCGIFINDEX, &r) == 0, "SIOCGIFINDEX");
	if (p->script->set.v6)
		address6(p, r.ifr_ifindex);
	close(s);
	return tap;
}

static void
kernel_start(struct play *p)
{
	struct kernel *k = p->own = calloc(1, sizeof(*k));

	need(unshare(CLONE_NEWNET) == 0, "unshare");
	sysctls(&p->script->set);
	k->listener = k->fd = -1;
	k->tap = make_tap(p);
	p->side->pass(p, 20); /* what it says of itself when it comes up */
}

static void
kernel_end(struct play *p)
{
	free(p->own); /* the descriptors end with the process: closing them would be one more stimulus */
	p->own = NULL;
}

static void
kernel_arrive(struct play *p, const uint8_t *octets, size_t len)
{
	struct kernel *k = p->own;

	need(write(k->tap, octets, len) == (ssize_t)len, "tap");
}

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
kernel_pass(struct play *p, unsigned ms)
{
	struct kernel *k = p->own;
	int64_t until = clock_ms() + ms, now;
	uint8_t frame[65536];

	do {
		struct pollfd tap = {.fd = k->tap, .events = POLLIN};
		ssize_t n;

		while ((n = read(k->tap, frame, sizeof(frame))) > 0)
			play_frame(p, frame, (size_t)n);
		now = clock_ms();
		if (now < until)
			poll(&tap, 1, (int)(until - now));
	} while (now < until);
}

/* /proc/net/tcp shows embryos, orphans and TIME-WAIT, too, which TCP_INFO cannot. */
static const char *
kernel_state(struct play *p)
{
	static const char *const names[] = {"CLOSED",      "ESTABLISHED", "SYN-SENT",  "SYN-RECEIVED",
	                                    "FIN-WAIT-1",  "FIN-WAIT-2",  "TIME-WAIT", "CLOSED",
	                                    "CLOSE-WAIT",  "LAST-ACK",    "LISTEN",    "CLOSING",
	                                    "SYN-RECEIVED"};
	FILE *f = fopen(p->script->set.v6 ? "/proc/net/tcp6" : "/proc/net/tcp", "re");
	const char *state = "CLOSED";
	char text[512];
	unsigned lport, rport, st;

	need(f != NULL, "/proc/net/tcp");
	while (fgets(text, sizeof(text), f))
		if (sscanf(text, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%x %x", &lport, &rport, &st) == 3 &&
		    lport == PORT_LOCAL && rport == PORT_REMOTE && st < 13 &&
		    strcmp(names[st], "CLOSED") != 0)
			state = names[st];
	fclose(f);
	return state;
}

/* Calls */

static const char *
said(int returned)
{
	return returned == 0 ? "0" : errno_name(errno);
}

static socklen_t
address_of(const struct play *p, bool ours, struct sockaddr_storage *to)
{
	const uint8_t *ip = ours ? p->ours : p->theirs;
	uint16_t port = htons(ours ? PORT_LOCAL : PORT_REMOTE);

	memset(to, 0, sizeof(*to));
	if (p->script->set.v6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		memcpy(&in6->sin6_addr, ip, 16);
		return sizeof(*in6);
	}
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	in->sin_family = AF_INET;
	in->sin_port = port;
	memcpy(&in->sin_addr, ip + 12, 4);
	return sizeof(*in);
}

/* With the options that a listener hands on to its children. */
static int
make_socket(const struct play *p)
{
	const struct settings *set = &p->script->set;
	struct sockaddr_storage a;
	struct linger linger = {.l_onoff = 1};
	socklen_t len = address_of(p, true, &a);
	int one = 1, fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	need(fd >= 0, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (set->linger0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (set->nodelay)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (set->linger2_s)
		setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &set->linger2_s, sizeof(int));
	need(bind(fd, (struct sockaddr *)&a, len) == 0, "bind");
	return fd;
}

static void
kernel_send(struct play *p, int fd, uint32_t len, char *result)
{
	uint8_t *octets = malloc(len + 1);
	ssize_t taken;

	for (uint32_t i = 0; i < len; i++)
		octets[i] = play_pattern(false, p->written + i);
	p->written += len; /* before it goes out */
	taken = send(fd, octets, len, MSG_NOSIGNAL);
	free(octets);
	p->written -= len - (taken > 0 ? (uint32_t)taken : 0);
	if (taken < 0)
		strcpy(result, errno_name(errno));
	else
		snprintf(result, TEXT_ROOM, "%zd", taken);
}

static void
kernel_recv(struct play *p, int fd, uint32_t len, char *result)
{
	uint8_t *octets = malloc(len + 1);
	ssize_t got = recv(fd, octets, len, 0);
	bool right = true;

	for (ssize_t i = 0; i < got; i++)
		right &= octets[i] == play_pattern(true, p->read++);
	if (got < 0)
		strcpy(result, errno_name(errno));
	else
		snprintf(result, TEXT_ROOM, "%zd%s", got, right ? "" : " WRONG OCTETS");
	free(octets);
}

static const char *
kernel_connect(struct play *p, struct kernel *k)
{
	struct sockaddr_storage a;
	socklen_t len;

	k->fd = make_socket(p);
	len = address_of(p, false, &a);
	p->written = p->read = 0;
	return said(connect(k->fd, (struct sockaddr *)&a, len));
}

static const char *
kernel_connected(const struct kernel *k)
{
	struct pollfd out = {.fd = k->fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&out, 1, 0) == 0)
		return "EINPROGRESS";
	getsockopt(k->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return errno_name(error);
}

static const char *
kernel_listen(struct play *p, struct kernel *k)
{
	k->listener = make_socket(p);
	return said(listen(k->listener, 16));
}

static const char *
kernel_accept(struct kernel *k)
{
	k->fd = accept4(k->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return k->fd >= 0 ? "0" : errno_name(errno);
}

static void
kernel_call(struct play *p, const struct step *s, char result[TEXT_ROOM])
{
	static const int how[] = {SHUT_RD, SHUT_WR, SHUT_RDWR}; /* by enum fns_how */
	struct kernel *k = p->own;

	if (s->verb == LISTEN) {
		strcpy(result, kernel_listen(p, k));
	} else if (s->verb == UNLISTEN) {
		strcpy(result, said(close(k->listener)));
	} else if (s->verb == SHUT_LISTEN) {
		strcpy(result, said(shutdown(k->listener, how[s->n])));
	} else if (s->verb == CONNECT) {
		strcpy(result, kernel_connect(p, k));
	} else if (s->verb == CONNECTED) {
		strcpy(result, kernel_connected(k));
	} else if (s->verb == ACCEPT) {
		strcpy(result, kernel_accept(k));
	} else if (s->verb == SEND) {
		kernel_send(p, k->fd, s->n, result);
	} else if (s->verb == RECV) {
		kernel_recv(p, k->fd, s->n, result);
	} else if (s->verb == SHUTDOWN) {
		strcpy(result, said(shutdown(k->fd, how[s->n])));
	} else {
		strcpy(result, said(close(k->fd)));
		k->fd = -1;
	}
}

const struct side kernel_side = {
	.name = "kernel",
	.start = kernel_start,
	.arrive = kernel_arrive,
	.pass = kernel_pass,
	.call = kernel_call,
	.state = kernel_state,
	.end = kernel_end,
};
