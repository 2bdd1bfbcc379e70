/* IPv6: the fixed header (RFC 8200 §3) and the walk along the extension headers (§4), within limits that RFC 8504 §5.3
 * allows. */
#include "ip6.h"

enum extension { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, NO_NEXT = 59, DESTINATION = 60 };

#define EXTENSION_OCTETS_MAX 256
#define PADDING_MAX          7 /* in a row: more aligns nothing (RFC 8504 §5.3) */

struct walk {
	struct cursor c;
	uint8_t next; /* what stands at the cursor */
	size_t octets;
	bool routing, atomic;
	uint8_t destinations;
};

/* Hop-by-hop and destination options (RFC 8200 §4.2). */
static enum drop
walk_options(const uint8_t *options, size_t len)
{
	struct cursor c = cursor_of(options, len);
	const uint8_t *type, *size;
	size_t padding = 0;

	while ((type = cursor_take(&c, 1)) != NULL) {
		if (*type == 0) { /* Pad1 */
			padding++;
		} else {
			size = cursor_take(&c, 1);
			if (size == NULL || cursor_take(&c, *size) == NULL)
				return DROP_IP6_OPTION;
			if (*type >> 6 != 0) /* we know no such option, and this one may not be skipped */
				return DROP_IP6_OPTION;
			padding = *type == 1 ? padding + 2u + *size : 0;
		}
		if (padding > PADDING_MAX)
			return DROP_IP6_OPTION;
	}
	return DROP_TAKEN;
}

/* RFC 8200 §4.1: each at most once, but for destination options twice; hop-by-hop options first.  So there are at most
 * five. */
static bool
may_stand_here(struct walk *w)
{
	bool again = false;

	switch (w->next) {
	case HOP_BY_HOP:
		return w->octets == 0;
	case ROUTING:
		again = w->routing;
		w->routing = true;
		return !again;
	case FRAGMENT:
		again = w->atomic;
		w->atomic = true;
		return !again;
	default:
		return ++w->destinations <= 2;
	}
}

static enum drop
walk_extension(struct walk *w)
{
	const uint8_t *p = w->c.at;
	uint8_t kind = w->next;
	size_t len;

	if (!may_stand_here(w) || cursor_left(&w->c) < 8)
		return DROP_IP6_EXTENSION;
	len = kind == FRAGMENT ? 8 : 8 + (size_t)p[1] * 8;
	if (cursor_take(&w->c, len) == NULL)
		return DROP_IP6_EXTENSION;
	w->octets += len;
	if (w->octets > EXTENSION_OCTETS_MAX)
		return DROP_IP6_EXTENSION;
	w->next = p[0];
	if (kind == ROUTING)
		return p[3] == 0 ? DROP_TAKEN : DROP_IP6_ROUTING; /* §4.4, RFC 5095 */
	if (kind == FRAGMENT)
		return (get_u16(p + 2) & 0xfff9) == 0 ? DROP_TAKEN
		                                      : DROP_IP6_FRAGMENT; /* atomic: RFC 6946 §4 */
	return walk_options(p + 2, len - 2);
}

static bool
is_extension(uint8_t next)
{
	return next == HOP_BY_HOP || next == ROUTING || next == FRAGMENT || next == DESTINATION;
}

enum drop
ip6_extensions(struct ip_packet *ip)
{
	struct walk w = {.c = cursor_of(ip->l4, ip->l4_len), .next = ip->protocol};

	while (is_extension(w.next)) {
		enum drop fate = walk_extension(&w);

		if (fate != DROP_TAKEN)
			return fate;
	}
	ip->protocol = w.next;
	ip->atomic = w.atomic;
	ip->l4 = w.c.at;
	ip->l4_len = (uint16_t)cursor_left(&w.c);
	return w.next == NO_NEXT ? DROP_IP6_NO_NEXT : DROP_TAKEN;
}
