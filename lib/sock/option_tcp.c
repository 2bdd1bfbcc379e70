/* The options of IPPROTO_TCP: Linux's names, ranges and errors. */
#include "option.h"

#include <netinet/tcp.h>
#include <string.h>

#ifndef TCP_CC_INFO
#define TCP_CC_INFO 26
#endif

enum {
	LEAST_MSS = 88,
	MOST_MSS = 32767,
	MOST_KEEPIDLE = 32767,
	MOST_KEEPCNT = 127,
	MOST_SYNCNT = 127,
	MOST_LINGER2_S = 120,
	MSS_UNKNOWN = 536,
	CC_NAME = 16,
};

/* TCP_DEFER_ACCEPT counts in retransmissions of the SYN-ACK: seconds are rounded up to where one would be due. */
static uint32_t
defer_seconds(int asked)
{
	uint32_t timeout = 1, at = 1;

	if (asked <= 0)
		return 0;
	for (unsigned n = 1; (uint32_t)asked > at && n < 255; n++) {
		timeout = 2 * timeout > 120 ? 120 : 2 * timeout;
		at += timeout;
	}
	return at;
}

/* A number that must lie within a range, and is one field of the options. */
static int
set_ranged(struct sock *s, int name, int number)
{
	struct fns_options o = s->options;

	switch (name) {
	case TCP_MAXSEG:
		if (number != 0 && (number < LEAST_MSS || number > MOST_MSS))
			return -EINVAL;
		o.mss = (uint16_t)number;
		break;
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
		if (number < 1 || number > MOST_KEEPIDLE)
			return -EINVAL;
		*(name == TCP_KEEPIDLE ? &o.keepalive_ms : &o.keepalive_interval_ms) =
			(uint32_t)number * 1000;
		break;
	case TCP_KEEPCNT:
		if (number < 1 || number > MOST_KEEPCNT)
			return -EINVAL;
		o.keepalive_probes = (uint8_t)number;
		break;
	case TCP_SYNCNT:
		if (number < 1 || number > MOST_SYNCNT)
			return -EINVAL;
		o.syn_retries = (uint8_t)number;
		break;
	case TCP_USER_TIMEOUT:
		if (number < 0)
			return -EINVAL;
		o.user_timeout_ms = (uint32_t)number;
		break;
	default: /* TCP_LINGER2 */
		o.fin_wait_2_ms =
			number < 0 ? -1 : 1000 * (number > MOST_LINGER2_S ? MOST_LINGER2_S : number);
		break;
	}
	return option_apply(s, &o);
}

/* The first of a value is what getsockopt says; Linux knows NewReno as reno. */
static const struct {
	uint8_t value; /* enum fns_congestion */
	char name[CC_NAME];
} congestion[] = {{FNS_CC_NEWRENO, "newreno"}, {FNS_CC_NEWRENO, "reno"}, {FNS_CC_CUBIC, "cubic"}};

#define CONGESTIONS (sizeof(congestion) / sizeof(congestion[0]))

static int
set_congestion(struct sock *s, const void *value, socklen_t len)
{
	struct fns_options o = s->options;
	char name[CC_NAME] = {0};

	if (len < 1)
		return -EINVAL;
	if (value == NULL)
		return -EFAULT;
	memcpy(name, value, len < CC_NAME - 1 ? len : CC_NAME - 1);
	for (unsigned i = 0; i < CONGESTIONS; i++) {
		if (strcmp(name, congestion[i].name) != 0)
			continue;
		o.congestion = congestion[i].value;
		return option_apply(s, &o);
	}
	return -ENOENT;
}

static void
get_congestion(const struct sock *s, char cc[CC_NAME])
{
	memcpy(cc, fns_shard_config(s->owner->shard)->cc, CC_NAME);
	for (unsigned i = CONGESTIONS; i-- > 0;) {
		if (congestion[i].value == s->options.congestion)
			memcpy(cc, congestion[i].name, CC_NAME);
	}
}

static int
set_quickack(struct sock *s, int number)
{
	s->delay_acks = (number & 1) == 0;
	if (s->conn != NULL && !s->over)
		fns_quick_ack(s->conn, !s->delay_acks);
	return 0;
}

int
option_set_tcp(struct sock *s, int name, const void *value, socklen_t len)
{
	struct fns_options o = s->options;
	int number, r;

	if (name == TCP_CONGESTION)
		return set_congestion(s, value, len);
	r = option_number(value, len, &number);
	if (r != 0)
		return r;
	switch (name) {
	case TCP_NODELAY:
		o.no_delay = number != 0 ? FNS_ON : FNS_OFF;
		r = option_apply(s, &o);
		if (r == 0 && number != 0 && s->conn != NULL && !s->over)
			fns_push(s->conn); /* as Linux has it: even past a cork */
		return r;
	case TCP_CORK:
		o.cork = number != 0 ? FNS_ON : FNS_OFF;
		return option_apply(s, &o);
	case TCP_MAXSEG:
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT:
	case TCP_SYNCNT:
	case TCP_USER_TIMEOUT:
	case TCP_LINGER2:
		return set_ranged(s, name, number);
	case TCP_DEFER_ACCEPT:
		s->defer_s = defer_seconds(number);
		return 0;
	case TCP_QUICKACK:
		return set_quickack(s, number);
	case TCP_NOTSENT_LOWAT:
		s->notsent_low = (uint32_t)number;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int
get_mss(const struct sock *s)
{
	struct fns_measure measure;

	if ((s->conn == NULL || s->over) && s->options.mss != 0)
		return s->options.mss;
	if (s->conn == NULL || !s->opened)
		return MSS_UNKNOWN;
	fns_measure(s->conn, &measure);
	return (int)measure.snd_text_max;
}

/* Zero is the configuration's. */
static int
get_number(const struct sock *s, int name, int *out)
{
	const struct fns_config *cf = fns_shard_config(s->owner->shard);
	const struct fns_options *o = &s->options;

	switch (name) {
	case TCP_NODELAY:
		return *out = o->no_delay == FNS_DEFAULT ? cf->no_delay : o->no_delay == FNS_ON, 0;
	case TCP_CORK:
		return *out = o->cork == FNS_ON, 0;
	case TCP_MAXSEG:
		return *out = get_mss(s), 0;
	case TCP_KEEPIDLE:
		return *out = (int)((o->keepalive_ms != 0 ? o->keepalive_ms : cf->keepalive_ms) / 1000), 0;
	case TCP_KEEPINTVL:
		return *out = (int)((o->keepalive_interval_ms != 0 ? o->keepalive_interval_ms
		                                                   : cf->keepalive_interval_ms) /
		                    1000),
		       0;
	case TCP_KEEPCNT:
		return *out = (int)(o->keepalive_probes != 0 ? o->keepalive_probes : cf->keepalive_probes), 0;
	case TCP_SYNCNT:
		return *out = (int)(o->syn_retries != 0 ? o->syn_retries : cf->syn_retries), 0;
	case TCP_USER_TIMEOUT:
		return *out = (int)(o->user_timeout_ms != 0 ? o->user_timeout_ms : cf->user_timeout_ms), 0;
	case TCP_LINGER2:
		return *out = o->fin_wait_2_ms < 0   ? -1
		              : o->fin_wait_2_ms > 0 ? o->fin_wait_2_ms / 1000
		                                     : (int)(cf->fin_wait_2_ms / 1000),
		       0;
	case TCP_DEFER_ACCEPT:
		return *out = (int)s->defer_s, 0;
	case TCP_QUICKACK:
		return *out = s->conn == NULL || s->over ? !s->delay_acks : fns_is_quick(s->conn), 0;
	case TCP_NOTSENT_LOWAT:
		return *out = (int)s->notsent_low, 0;
	default:
		return -ENOPROTOOPT;
	}
}

int
option_get_tcp(struct sock *s, int name, void *value, socklen_t *len)
{
	struct fns_tcp_figures figures;
	char cc[CC_NAME] = {0};
	int number, r;

	switch (name) {
	case TCP_INFO:
		figures_of(s, &figures);
		return option_answer(value, len, &figures, sizeof(figures));
	case TCP_CC_INFO: /* neither has anything to say */
		*len = 0;
		return 0;
	case TCP_CONGESTION:
		get_congestion(s, cc);
		return option_answer(value, len, cc, sizeof(cc));
	default:
		r = get_number(s, name, &number);
		return r != 0 ? r : option_answer_number(value, len, number);
	}
}
