/* getsockopt and setsockopt: the levels, and SOL_SOCKET. */
#include "option.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

enum { LEAST_RCVBUF = 2304, LEAST_SNDBUF = 4608 };

int
option_number(const void *value, socklen_t len, int *out)
{
	if (len < sizeof(*out))
		return -EINVAL;
	if (value == NULL)
		return -EFAULT;
	memcpy(out, value, sizeof(*out));
	return 0;
}

int
option_answer(void *value, socklen_t *len, const void *from, size_t size)
{
	if (*len > size)
		*len = (socklen_t)size;
	if (value == NULL && *len > 0)
		return -EFAULT;
	memcpy(value, from, *len);
	return 0;
}

int
option_answer_number(void *value, socklen_t *len, int number)
{
	return option_answer(value, len, &number, sizeof(number));
}

int
option_apply(struct sock *s, const struct fns_options *o)
{
	int r = 0;

	if (s->phase == LISTENING)
		r = fns_listener_options(s->listener, o);
	else if (s->conn != NULL && !s->over)
		r = fns_set_options(s->conn, o);
	if (r == 0)
		s->options = *o;
	return r;
}

uint8_t
sock_profile(const struct sock *s)
{
	uint8_t own = s->options.profile;

	return own != FNS_PROFILE_DEFAULT ? own : fns_shard_config(s->owner->shard)->profile;
}

bool
sock_is_linux(const struct sock *s)
{
	return sock_profile(s) == FNS_LINUX;
}

/* Linux doubles what it is told, for its own records, and has a least; the window that results is what was asked. */
static int
set_buffer(struct sock *s, int name, int number)
{
	const struct fns_config *cf = fns_shard_config(s->owner->shard);
	struct fns_options o = s->options;
	uint32_t most = name == SO_RCVBUF ? cf->rcv_wnd_max : cf->snd_buf_max;
	uint32_t asked = (uint32_t)number < most ? (uint32_t)number : most, told = asked;

	if (sock_is_linux(s)) {
		told = 2 * asked;
		if (told < (uint32_t)(name == SO_RCVBUF ? LEAST_RCVBUF : LEAST_SNDBUF))
			told = name == SO_RCVBUF ? LEAST_RCVBUF : LEAST_SNDBUF;
	} else if (asked == 0) {
		return -EINVAL;
	}
	if (name == SO_RCVBUF) {
		s->rcv_buf = told;
		o.rcv_buf = sock_is_linux(s) ? told / 2 : told;
	} else {
		s->snd_buf = told;
		o.snd_buf = told + SOCK_CHUNK; /* a write fills the chunk that it began (write.c) */
	}
	return option_apply(s, &o);
}

static int
get_buffer(struct sock *s, int name)
{
	const struct fns_config *cf = fns_shard_config(s->owner->shard);
	struct fns_status status;

	if (name == SO_SNDBUF)
		return (int)(s->snd_buf != 0 ? s->snd_buf : cf->snd_buf_max);
	if (s->rcv_buf != 0)
		return (int)s->rcv_buf;
	status.rcv_wnd = cf->rcv_wnd_initial;
	if (s->conn != NULL)
		fns_status(s->conn, &status);
	return (int)(sock_is_linux(s) ? 2 * status.rcv_wnd : status.rcv_wnd);
}

static int
set_timeout(uint64_t *us, const void *value, socklen_t len)
{
	struct timeval t;

	if (len < sizeof(t))
		return -EINVAL;
	if (value == NULL)
		return -EFAULT;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= 1000000)
		return -EDOM;
	if (t.tv_sec < 0)
		*us = 1; /* over as soon as it begins */
	else if ((uint64_t)t.tv_sec > UINT32_MAX)
		*us = 0;
	else
		*us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
	return 0;
}

static int
set_linger(struct sock *s, const void *value, socklen_t len)
{
	struct fns_options o = s->options;
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	if (value == NULL)
		return -EFAULT;
	memcpy(&l, value, sizeof(l));
	o.linger = l.l_onoff != 0 ? FNS_ON : FNS_OFF;
	o.linger_ms = l.l_onoff == 0                   ? 0
	              : (uint32_t)l.l_linger > 4000000 ? 4000000000u
	                                               : (uint32_t)l.l_linger * 1000;
	return option_apply(s, &o);
}

/* More than the window holds would never be there. */
static int
set_low(struct sock *s, int number)
{
	uint32_t most = fns_shard_config(s->owner->shard)->rcv_wnd_max;

	if (s->options.rcv_buf != 0 && s->options.rcv_buf < most)
		most = s->options.rcv_buf;
	s->rcv_low = number < 0 || (uint32_t)number > most ? most : number == 0 ? 1 : (uint32_t)number;
	return 0;
}

int
option_set_sol(struct sock *s, int name, const void *value, socklen_t len)
{
	struct fns_options o = s->options;
	int number, r = option_number(value, len, &number);

	if (r != 0)
		return r;
	switch (name) {
	case SO_REUSEADDR:
		s->reuse_addr = number != 0;
		return 0;
	case SO_REUSEPORT:
		s->reuse_port = number != 0;
		return 0;
	case SO_KEEPALIVE:
		o.keepalive = number != 0 ? FNS_ON : FNS_OFF;
		return option_apply(s, &o);
	case SO_LINGER:
		return set_linger(s, value, len);
	case SO_RCVBUF:
	case SO_SNDBUF:
		return set_buffer(s, name, number);
	case SO_RCVTIMEO:
		return set_timeout(&s->rcv_timeout_us, value, len);
	case SO_SNDTIMEO:
		return set_timeout(&s->snd_timeout_us, value, len);
	case SO_RCVLOWAT:
		return set_low(s, number);
	default:
		return -ENOPROTOOPT;
	}
}

static int
get_timeout(uint64_t us, void *value, socklen_t *len)
{
	struct timeval t = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};

	return option_answer(value, len, &t, sizeof(t));
}

static int
get_linger(const struct sock *s, void *value, socklen_t *len)
{
	struct linger l = {s->options.linger == FNS_ON, (int)(s->options.linger_ms / 1000)};

	return option_answer(value, len, &l, sizeof(l));
}

/* A soft error is told here, as Linux does, and here alone; the BSDs keep it for themselves. */
static int
take_error(struct sock *s)
{
	int error = sock_error(s);

	if (error == 0 && sock_profile(s) != FNS_BSD) {
		error = s->soft;
		s->soft = 0;
	}
	return error;
}

static int
get_number(struct sock *s, int name, int *out)
{
	switch (name) {
	case SO_REUSEADDR:
		return *out = s->reuse_addr, 0;
	case SO_REUSEPORT:
		return *out = s->reuse_port, 0;
	case SO_KEEPALIVE:
		return *out = s->options.keepalive == FNS_ON, 0;
	case SO_RCVBUF:
	case SO_SNDBUF:
		return *out = get_buffer(s, name), 0;
	case SO_RCVLOWAT:
		return *out = (int)s->rcv_low, 0;
	case SO_SNDLOWAT:
		return *out = 1, 0;
	case SO_ERROR:
		return *out = take_error(s), 0;
	case SO_TYPE:
		return *out = SOCK_STREAM, 0;
	case SO_ACCEPTCONN:
		return *out = s->phase == LISTENING, 0;
	case SO_DOMAIN:
		return *out = s->ip6 ? AF_INET6 : AF_INET, 0;
	case SO_PROTOCOL:
		return *out = IPPROTO_TCP, 0;
	default:
		return -ENOPROTOOPT;
	}
}

int
option_get_sol(struct sock *s, int name, void *value, socklen_t *len)
{
	uint32_t memory[9];
	int number, r;

	switch (name) {
	case SO_LINGER:
		return get_linger(s, value, len);
	case SO_RCVTIMEO:
		return get_timeout(s->rcv_timeout_us, value, len);
	case SO_SNDTIMEO:
		return get_timeout(s->snd_timeout_us, value, len);
	case SO_MEMINFO:
		figures_memory(s, memory);
		return option_answer(value, len, memory, sizeof(memory));
	default:
		r = get_number(s, name, &number);
		return r != 0 ? r : option_answer_number(value, len, number);
	}
}

int
fns_sock_setsockopt(struct fns_socks *m, int fd, int level, int name, const void *value, socklen_t len)
{
	int r = 0;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	if ((int)len < 0)
		return -EINVAL;
	switch (level) {
	case SOL_SOCKET:
		return option_set_sol(s, name, value, len);
	case IPPROTO_TCP:
		return option_set_tcp(s, name, value, len);
	case IPPROTO_IP:
		return option_set_ip(s, name, value, len);
	case IPPROTO_IPV6:
		return s->ip6 ? option_set_ip6(s, name, value, len) : -ENOPROTOOPT;
	default:
		return -ENOPROTOOPT;
	}
}

int
fns_sock_getsockopt(struct fns_socks *m, int fd, int level, int name, void *value, socklen_t *len)
{
	int r = 0;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	if (len == NULL)
		return -EFAULT;
	if ((int)*len < 0)
		return -EINVAL;
	switch (level) {
	case SOL_SOCKET:
		return option_get_sol(s, name, value, len);
	case IPPROTO_TCP:
		return option_get_tcp(s, name, value, len);
	case IPPROTO_IP:
		return option_get_ip(s, name, value, len);
	case IPPROTO_IPV6:
		return s->ip6 ? option_get_ip6(s, name, value, len) : -ENOPROTOOPT;
	default:
		return -ENOPROTOOPT;
	}
}
