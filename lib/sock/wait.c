/* Waiting: until when a call may, and the plug that does it. */
#include "sock.h"

uint64_t
sock_now(const struct fns_socks *m)
{
	return fns_shard_now(m->shard);
}

uint64_t
sock_deadline(const struct sock *s, uint64_t timeout_us, bool nonblock)
{
	if (nonblock || s->nonblock)
		return 0;
	return timeout_us == 0 ? UINT64_MAX : sock_now(s->owner) + timeout_us;
}

int
sock_wait(struct fns_socks *m, const struct sock *s, unsigned events, uint64_t until_us)
{
	uint32_t generation = s != NULL ? s->generation : 0;
	int fd = s != NULL ? s->fd : -1, r;

	if (until_us <= sock_now(m))
		return -EAGAIN;
	if (s != NULL && sock_ripe_us(s) < until_us)
		until_us = sock_ripe_us(s);
	if (m->config.wait == NULL) {
		m->want = (struct fns_sock_want){fd, events, until_us};
		m->lacks = true;
		return -EAGAIN;
	}
	r = m->config.wait(m->config.wait_arg, fd, events, until_us);
	if (r < 0)
		return r;
	/* Another caller may have closed it; the number may even be another's by now. */
	return s != NULL && (s->generation != generation || s->fd != fd) ? -EBADF : 0;
}

bool
fns_socks_would(const struct fns_socks *m, struct fns_sock_want *want)
{
	if (m->lacks)
		*want = m->want;
	return m->lacks;
}
