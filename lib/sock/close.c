/* shutdown and close. */
#include "sock.h"

int
fns_sock_shutdown(struct fns_socks *m, int fd, int how)
{
	int r = 0;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (s->phase == LISTENING) {
		if (how != SHUT_WR)
			sock_disconnect(s);
		return 0;
	}
	if (s->conn != NULL && !s->over && !s->opened) { /* SYN-SENT */
		sock_disconnect(s);
		return 0;
	}
	if (s->phase == CONNECTING && s->opened)
		s->phase = CONNECTED;
	s->shut |= (uint8_t)(how + 1);
	sock_moved(s, 0);
	if (s->conn == NULL || s->over)
		return -ENOTCONN;
	fns_shutdown(s->conn, (enum fns_how)how);
	return 0;
}

/* SO_LINGER with a time: until the FIN is acknowledged, or the time is over.  Nobody waits without a plug. */
static void
linger(struct sock *s)
{
	struct fns_socks *m = s->owner;
	uint64_t until = sock_now(m) + (uint64_t)s->options.linger_ms * 1000;

	while (m->config.wait != NULL && !s->lingered && sock_wait(m, s, 0, until) == 0)
		continue;
}

int
fns_sock_close(struct fns_socks *m, int fd)
{
	int r = 0;
	struct sock *s = sock_find(m, fd, &r);

	if (s == NULL)
		return r;
	if (s->kind == SOCK_TCP && s->phase == LISTENING)
		sock_stop_listening(s);
	m->by_fd[fd] = SOCK_NONE; /* nobody finds it any more, while it lingers */
	epoll_forget(s);
	s->closed = true;
	if (s->conn != NULL) {
		struct fns_conn *c = s->conn;

		fns_close(c);
		if (s->opened && !s->over && s->options.linger == FNS_ON && s->options.linger_ms > 0)
			linger(s);
		if (s->conn != NULL && !s->over)
			fns_attach(c, sock_gone, NULL);
	}
	s->fd = -1;
	sock_free(s);
	return 0;
}
