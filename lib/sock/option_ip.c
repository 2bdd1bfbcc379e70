/* The options of IPPROTO_IP and IPPROTO_IPV6 that TCP has a use for. */
#include "option.h"

#include <netinet/in.h>

enum { DEFAULT_TTL = 64 };

/* The two lower bits are ECN's, and TCP's own. */
static int
set_tos(struct sock *s, int number)
{
	struct fns_options o = s->options;

	o.dscp = (uint8_t)((unsigned)number >> 2 & 63);
	return option_apply(s, &o);
}

static int
set_ttl(struct sock *s, int number)
{
	struct fns_options o = s->options;

	if (number != -1 && (number < 1 || number > 255))
		return -EINVAL;
	o.ttl = number == -1 ? 0 : (uint8_t)number;
	return option_apply(s, &o);
}

static int
ttl(const struct sock *s)
{
	return s->options.ttl != 0 ? s->options.ttl : DEFAULT_TTL;
}

int
option_set_ip(struct sock *s, int name, const void *value, socklen_t len)
{
	int number = 0;

	if (name != IP_TOS && name != IP_TTL)
		return -ENOPROTOOPT;
	if (value == NULL)
		return -EFAULT;
	if (len >= sizeof(number))
		option_number(value, len, &number);
	else if (len >= 1)
		number = *(const uint8_t *)value;
	else
		return -EINVAL;
	return name == IP_TOS ? set_tos(s, number) : set_ttl(s, number);
}

int
option_get_ip(struct sock *s, int name, void *value, socklen_t *len)
{
	if (name != IP_TOS && name != IP_TTL)
		return -ENOPROTOOPT;
	return option_answer_number(value, len, name == IP_TOS ? s->options.dscp << 2 : ttl(s));
}

int
option_set_ip6(struct sock *s, int name, const void *value, socklen_t len)
{
	int number, r;

	if (name != IPV6_V6ONLY && name != IPV6_TCLASS && name != IPV6_UNICAST_HOPS)
		return -ENOPROTOOPT;
	r = option_number(value, len, &number);
	if (r != 0)
		return r;
	switch (name) {
	case IPV6_V6ONLY:
		if (s->port_held)
			return -EINVAL;
		s->v6only = number != 0;
		return 0;
	case IPV6_TCLASS:
		return number < -1 || number > 255 ? -EINVAL : set_tos(s, number == -1 ? 0 : number);
	default:
		return number == 0 ? -EINVAL : set_ttl(s, number);
	}
}

int
option_get_ip6(struct sock *s, int name, void *value, socklen_t *len)
{
	switch (name) {
	case IPV6_V6ONLY:
		return option_answer_number(value, len, s->v6only);
	case IPV6_TCLASS:
		return option_answer_number(value, len, s->options.dscp << 2);
	case IPV6_UNICAST_HOPS:
		return option_answer_number(value, len, ttl(s));
	default:
		return -ENOPROTOOPT;
	}
}
