/* fcntl and ioctl. */
#include "sock.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

int
fns_sock_fcntl(struct fns_socks *m, int fd, int command, long arg)
{
	int r = 0;
	struct sock *s = sock_find(m, fd, &r);

	if (s == NULL)
		return r;
	switch (command) {
	case F_GETFL:
		return O_RDWR | (s->nonblock ? O_NONBLOCK : 0);
	case F_SETFL:
		s->nonblock = (arg & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
		return s->cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		s->cloexec = (arg & FD_CLOEXEC) != 0;
		return 0;
	default:
		return -EINVAL;
	}
}

static int
answer(void *arg, size_t octets)
{
	if (arg == NULL)
		return -EFAULT;
	*(int *)arg = (int)octets;
	return 0;
}

int
fns_sock_ioctl(struct fns_socks *m, int fd, unsigned long request, void *arg)
{
	int r = 0;
	struct sock *s = sock_find(m, fd, &r);

	if (s == NULL)
		return r;
	if (request == FIONBIO) {
		if (arg == NULL)
			return -EFAULT;
		s->nonblock = *(const int *)arg != 0;
		return 0;
	}
	if (s->kind != SOCK_TCP)
		return -EINVAL;
	if (request != SIOCINQ && request != SIOCOUTQ && request != SIOCOUTQNSD)
		return -ENOTTY;
	if (s->phase == LISTENING)
		return -EINVAL;
	if (request == SIOCINQ)
		return answer(arg, s->conn != NULL && s->opened ? fns_readable(s->conn) : 0);
	if (s->conn == NULL || s->over || !s->opened)
		return answer(arg, 0);
	return answer(arg, request == SIOCOUTQ ? fns_unacked(s->conn) : fns_unsent(s->conn));
}
