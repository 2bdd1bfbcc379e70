/* socket, bind, connect: how a descriptor comes to a connection of its own. */
#include "sock.h"

#include <netinet/in.h>
#include <string.h>

#include "flow.h"

int
fns_sock_socket(struct fns_socks *m, int domain, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), fd;
	struct sock *s;

	m->lacks = false;
	if (domain != AF_INET && domain != AF_INET6)
		return -EAFNOSUPPORT;
	if (kind < 0 || kind > SOCK_PACKET)
		return -EINVAL;
	if (kind != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != 0 && protocol != IPPROTO_TCP)
		return -EPROTONOSUPPORT;
	s = sock_take(m, SOCK_TCP);
	if (s == NULL)
		return -ENFILE;
	fd = sock_give_fd(s);
	if (fd < 0) {
		sock_free(s);
		return fd;
	}
	s->ip6 = domain == AF_INET6;
	s->nonblock = (type & SOCK_NONBLOCK) != 0;
	s->options = m->config.options;
	if (s->options.record == FNS_DEFAULT)
		s->options.record = FNS_ON; /* TCP_INFO's counts */
	s->rcv_buf = m->config.rcv_buf;
	s->snd_buf = m->config.snd_buf;
	s->options.rcv_buf = s->rcv_buf;
	s->options.snd_buf = s->snd_buf != 0 ? s->snd_buf + SOCK_CHUNK : 0;
	s->rcv_low = 1;
	if (!s->ip6)
		memcpy(s->local.ip, addr_mapped_prefix, 12), memcpy(s->remote.ip, addr_mapped_prefix, 12);
	return fd;
}

/* Does the socket at this name have to do with that family? */
static bool
has_family(const struct sock *s, const struct fns_addr *name, bool ip4)
{
	if (addr_is_ip4(name->ip))
		return ip4;
	return !ip4 || (addr_is_zero(name->ip) && !s->v6only);
}

static bool
overlap(const struct sock *s, const struct fns_addr *a, const struct sock *o)
{
	const struct fns_addr *b = &o->local;

	if (a->port != b->port || (!addr_is_zero(a->ip) && !addr_is_zero(b->ip) && !addr_equal(a->ip, b->ip)))
		return false;
	return (has_family(s, a, true) && has_family(o, b, true)) ||
	       (has_family(s, a, false) && has_family(o, b, false));
}

/* Two names of the same place: both must have agreed to share it, and neither may listen. */
bool
sock_conflicts(const struct sock *s, const struct fns_addr *local)
{
	const struct fns_socks *m = s->owner;
	bool shared = false;

	for (uint32_t i = 0; i < m->socks; i++) {
		const struct sock *o = &m->sock[i];

		if (o == s || o->kind != SOCK_TCP || !o->port_held || !overlap(s, local, o))
			continue;
		if (s->reuse_addr && o->reuse_addr && o->phase != LISTENING)
			continue;
		if (!s->reuse_port || !o->reuse_port)
			return true;
		shared = true; /* and what is left of the other's connections is no hindrance */
	}
	return !s->reuse_addr && !shared && fns_port_in_use(m->shard, local);
}

int
sock_choose_port(struct sock *s)
{
	const struct fns_config *cf = fns_shard_config(s->owner->shard);
	unsigned ports = cf->local_port_last - cf->local_port_first + 1u;

	for (unsigned n = 0; n < ports; n++) {
		struct fns_addr a = s->local;

		a.port = fns_shard_port(s->owner->shard, n);
		if (sock_conflicts(s, &a))
			continue;
		s->local = a;
		s->port_held = true;
		return 0;
	}
	return -EADDRINUSE;
}

int
fns_sock_bind(struct fns_socks *m, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct fns_addr a, before;
	int r = 0;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	r = sockaddr_read(s, sa, len, &a);
	if (r != 0)
		return r;
	if (s->phase == LISTENING || (s->conn != NULL && !s->over) || s->port_held)
		return -EINVAL;
	if (s->v6only && addr_is_ip4(a.ip))
		return -EINVAL;
	if (!addr_is_zero(a.ip) && !fns_shard_has(m->shard, a.ip))
		return -EADDRNOTAVAIL;
	if (a.port != 0 && sock_conflicts(s, &a))
		return -EADDRINUSE;
	before = s->local;
	s->local = a;
	if (a.port == 0 && sock_choose_port(s) != 0) {
		s->local = before;
		return -EADDRINUSE;
	}
	s->bound = !addr_is_zero(a.ip);
	s->port_bound = a.port != 0;
	s->port_held = true;
	return 0;
}

void
sock_disconnect(struct sock *s)
{
	struct fns_conn *c = s->conn;

	if (s->phase == LISTENING)
		sock_stop_listening(s);
	s->conn = NULL;
	if (c != NULL && s->over) {
		fns_close(c);
	} else if (c != NULL) {
		struct fns_status status;

		fns_status(c, &status);
		if (status.number != FNS_STATE_CLOSING && status.number != FNS_STATE_LAST_ACK)
			s->error = ECONNRESET;
		fns_attach(c, sock_gone, NULL);
		fns_abort(c);
	}
	s->phase = IDLE;
	s->opened = s->over = s->done = s->lingered = false;
	s->shut = 0;
	s->soft = 0;
	s->sent = s->received = 0;
	s->remote.port = 0;
	if (!s->bound)
		memset(s->local.ip + (s->ip6 ? 0 : 12), 0, s->ip6 ? 16 : 4);
	s->port_held = s->port_bound;
	sock_moved(s, 0);
}

static int
begin(struct sock *s, const struct fns_addr *remote)
{
	struct fns_status status;
	struct fns_addr local = s->local;

	if (!s->port_held)
		local.port = 0;
	s->conn = fns_open(s->owner->shard, &local, remote, &s->options, sock_reports, s);
	if (s->conn == NULL)
		return errno == EADDRINUSE && !s->port_bound ? -EADDRNOTAVAIL : -errno;
	s->error = s->soft = 0;
	s->done = false;
	s->shut = 0;
	s->phase = CONNECTING;
	if (s->delay_acks)
		fns_quick_ack(s->conn, false);
	fns_status(s->conn, &status);
	s->local = status.local;
	s->port_held = true;
	s->remote = *remote;
	return 0;
}

/* The connection behind CONNECTING is over, or open: what connect says of it. */
static int
connected(struct sock *s)
{
	int error;

	if (!s->over) {
		s->phase = CONNECTED;
		return 0;
	}
	error = sock_error(s);
	sock_disconnect(s);
	return error != 0 ? -error : -ECONNABORTED;
}

int
fns_sock_connect(struct fns_socks *m, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct fns_addr remote;
	sa_family_t family = AF_UNSPEC;
	uint64_t until;
	int r = 0, busy = -EALREADY;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	if (sa == NULL)
		return -EFAULT;
	if (len < sizeof(family))
		return -EINVAL;
	memcpy(&family, sa, sizeof(family));
	if (family == AF_UNSPEC) {
		sock_disconnect(s);
		return 0;
	}
	if (s->phase == CONNECTED || s->phase == LISTENING)
		return -EISCONN;
	if (s->phase == IDLE) {
		r = sockaddr_read(s, sa, len, &remote);
		if (r == 0 && s->v6only && addr_is_ip4(remote.ip))
			r = -ENETUNREACH;
		r = r != 0 ? r : begin(s, &remote);
		if (r != 0)
			return r;
		busy = -EINPROGRESS;
	}
	until = sock_deadline(s, s->snd_timeout_us, false);
	while (!s->opened && !s->over) {
		r = sock_wait(m, s, POLLOUT, until);
		if (r != 0)
			return r == -EAGAIN ? busy : r;
		if (s->phase != CONNECTING || s->conn == NULL)
			return -ECONNABORTED; /* disconnected by another caller */
	}
	return connected(s);
}
