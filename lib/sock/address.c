/* struct sockaddr to struct fns_addr and back, and the two names of a descriptor. */
#include "sock.h"

#include <netinet/in.h>
#include <string.h>

#include "flow.h"

static uint16_t
swapped(uint16_t port)
{
	uint8_t b[2];

	memcpy(b, &port, 2);
	return (uint16_t)(b[0] << 8 | b[1]);
}

int
sockaddr_read(const struct sock *s, const struct sockaddr *sa, socklen_t len, struct fns_addr *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	if (sa == NULL || len < sizeof(family))
		return -EINVAL;
	memcpy(&family, sa, sizeof(family));
	if (s->ip6 && len < offsetof(struct sockaddr_in6, sin6_scope_id)) /* RFC 2133 had none */
		return -EINVAL;
	if (!s->ip6 && len < sizeof(in))
		return -EINVAL;
	if (family != (s->ip6 ? AF_INET6 : AF_INET))
		return -EAFNOSUPPORT;
	if (s->ip6) {
		memset(&in6, 0, sizeof(in6));
		memcpy(&in6, sa, len < sizeof(in6) ? len : sizeof(in6));
		memcpy(out->ip, &in6.sin6_addr, 16);
		out->port = swapped(in6.sin6_port);
		return 0;
	}
	memcpy(&in, sa, sizeof(in));
	addr_from_ip4(out->ip, (const uint8_t *)&in.sin_addr);
	out->port = swapped(in.sin_port);
	return 0;
}

void
sockaddr_write(const struct sock *s, const struct fns_addr *a, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = swapped(a->port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = swapped(a->port)};
	socklen_t size = s->ip6 ? sizeof(in6) : sizeof(in);

	if (sa == NULL || len == NULL)
		return;
	memcpy(&in.sin_addr, a->ip + 12, 4);
	memcpy(&in6.sin6_addr, a->ip, 16);
	memcpy(sa, s->ip6 ? (const void *)&in6 : (const void *)&in, *len < size ? *len : size);
	*len = size;
}

int
fns_sock_getsockname(struct fns_socks *m, int fd, struct sockaddr *sa, socklen_t *len)
{
	int error = 0;
	struct sock *s = sock_tcp(m, fd, &error);

	if (s == NULL)
		return error;
	if (sa == NULL || len == NULL)
		return -EFAULT;
	if ((int)*len < 0)
		return -EINVAL;
	sockaddr_write(s, &s->local, sa, len);
	return 0;
}

int
fns_sock_getpeername(struct fns_socks *m, int fd, struct sockaddr *sa, socklen_t *len)
{
	int error = 0;
	struct sock *s = sock_tcp(m, fd, &error);

	if (s == NULL)
		return error;
	if (!s->opened || s->over)
		return -ENOTCONN;
	if (sa == NULL || len == NULL)
		return -EFAULT;
	if ((int)*len < 0)
		return -EINVAL;
	sockaddr_write(s, &s->remote, sa, len);
	return 0;
}
