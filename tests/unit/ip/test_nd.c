/* Neighbour discovery arrives (RFC 4861 §7, RFC 4862 §5.4, RFC 6980, hostile-inputs D11). */
#include "net.h"

#define NODE_ME6   "ff02::1:ff00:1" /* solicited-node group of both of port 0's addresses */
#define NODE_PEER6 "ff02::1:ff00:9"
#define PEER_LINK  "fe80::9"

enum { S = 0x40, O = 0x20 };

struct message {
	uint8_t type, flags;
	const char *target;
	const uint8_t *mac; /* NULL: no option */
};

static void
made_nd(struct made *m, const uint8_t dst_mac[6], const char *src, const char *dst, struct message x)
{
	uint8_t at[32] = {x.type, [4] = x.flags};

	memcpy(at + 8, addr(x.target).ip, 16);
	at[24] = x.type == 135 ? 1 : 2;
	at[25] = 1;
	if (x.mac != NULL)
		memcpy(at + 26, x.mac, 6);
	made_icmp(m, dst_mac, src, dst, at, x.mac != NULL ? 32 : 24);
}

static void
group_of(uint8_t mac[6], const char *group)
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, addr(group).ip + 12, 4);
}

/* What an advertisement of ours says, wholly. */
static void
assert_advert(struct net *n, const uint8_t mac[6], const char *src, const char *dst, uint8_t flags)
{
	struct made m;

	take_sent(n, &m);
	assert_int_equal(m.len, 86);
	assert_memory_equal(m.at, mac, 6);
	assert_memory_equal(m.at + 6, MAC0, 6);
	assert_int_equal(get_u16(m.at + 12), 0x86dd);
	assert_int_equal(m.at[14 + 7], 255);
	assert_memory_equal(m.at + 22, addr(src).ip, 16);
	assert_memory_equal(m.at + 38, addr(dst).ip, 16);
	assert_int_equal(m.at[54], 136);
	assert_int_equal(m.at[58], flags);
	assert_memory_equal(m.at + 62, addr(src).ip, 16);
	assert_int_equal(m.at[78], 2);
	assert_memory_equal(m.at + 80, MAC0, 6);
}

static void
solicitation__answered_and_learned(void **unused)
{
	static const struct {
		const char *src, *dst, *target;
		bool group;
	} rows[] = {
		{PEER6, NODE_ME6, ME6, true},     {PEER6, ME6, ME6, false},
		{PEER_LINK, NODE_ME6, ME6, true}, {PEER_LINK, ME6, ME6, false},
		{PEER_LINK, LINK6, LINK6, false}, {PEER_LINK, NODE_ME6, LINK6, true},
		{PEER6, NODE_ME6, ME6, false}, /* RFC 6085: a group in a unicast frame */
	};
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;
		uint8_t mac[6];

		net_up(&n);
		group_of(mac, rows[i].dst);
		made_nd(&m, rows[i].group ? mac : MAC0, rows[i].src, rows[i].dst,
		        (struct message){135, 0, rows[i].target, PEER});
		assert_drop(arrive(&n, &m), DROP_TAKEN, "row %zu", i);
		assert_int_equal(n.arrival.kind, IP_HANDLED);
		assert_advert(&n, PEER, rows[i].target, rows[i].src, S | O);
		assert_non_null(net_find(&n, 0, rows[i].src));
		assert_int_equal(net_find(&n, 0, rows[i].src)->state, NEIGH_STALE);
		assert_int_equal(counter_read(&n.ip.stats.nd_adverts_sent), 1);
		net_down(&n);
	}
}

/* A group goes in a group's frame or in ours (RFC 6085), not in everybody's. */
static void
hostile__A04__group_in_a_broadcast_frame(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_nd(&m, ALL, PEER6, NODE_ME6, (struct message){135, 0, ME6, PEER});
	assert_drop(arrive(&n, &m), DROP_L2_NOT_OURS, "broadcast");
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

/* The MAC of the frame proves nothing: the neighbour cache says where the answer goes, or is set to find out. */
static void
solicitation_without_option__by_neighbour(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_nd(&m, MAC0, PEER6, ME6, (struct message){135, 0, ME6, NULL});
	assert_drop(arrive(&n, &m), DROP_TAKEN, "unresolved");
	assert_silent(&n);
	assert_int_equal(net_find(&n, 0, PEER6)->state, NEIGH_INCOMPLETE);
	assert_int_equal(counter_read(&n.ip.stats.replies_unsent), 1);
	ip_timeouts(&n.ip);
	n.tx.used = 0;
	assert_true(neigh_learn(&n.ip.neigh, 0, addr(PEER6).ip, OTHER, true, true, false, n.ip.now_us));
	assert_drop(arrive(&n, &m), DROP_TAKEN, "resolved");
	assert_advert(&n, OTHER, ME6, PEER6, S | O);
	net_down(&n);
}

static void
duplicate_address_detection__told_it_is_taken(void **unused)
{
	static const uint8_t to_all[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct net n;
	struct made m;
	uint8_t mac[6];

	(void)unused;
	net_up(&n);
	group_of(mac, NODE_ME6);
	made_nd(&m, mac, "::", NODE_ME6, (struct message){135, 0, ME6, NULL});
	assert_drop(arrive(&n, &m), DROP_TAKEN, "probe");
	assert_advert(&n, to_all, ME6, "ff02::1", O);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static const uint8_t GROUP[6] = {3, 0, 0, 0, 0, 1}, ZERO[6] = {0};
static const struct row {
	const char *name, *src, *dst;
	struct message x;
	enum drop why;
} unwelcome[] = {
	{"target not ours", PEER6, NODE_ME6, {135, 0, "2001:db8::ff00:1", PEER}, DROP_ND_TARGET},
	{"target of the other port", PEER6, NODE_ME6, {135, 0, "2001:db8:1::1", PEER}, DROP_ND_TARGET},
	{"target a group", PEER6, ME6, {135, 0, NODE_ME6, PEER}, DROP_ND_TARGET},
	{"target mapped", PEER6, ME6, {135, 0, "::ffff:192.0.2.1", PEER}, DROP_ND_TARGET},
	{"probe of another's", "::", NODE_ME6, {135, 0, "2001:db8::ff00:1", NULL}, DROP_ND_TARGET},
	{"probe with option", "::", NODE_ME6, {135, 0, ME6, PEER}, DROP_ND_SOURCE},
	{"probe to one", "::", ME6, {135, 0, ME6, NULL}, DROP_ND_SOURCE},
	{"probe to all", "::", "ff02::1", {135, 0, ME6, NULL}, DROP_ND_SOURCE},
	{"source off the link", "2001:db8:2::9", NODE_ME6, {135, 0, ME6, PEER}, DROP_ND_SOURCE},
	{"source is ours", ME6, NODE_ME6, {135, 0, ME6, PEER}, DROP_IP6_SOURCE},
	{"source a group", "ff02::9", NODE_ME6, {135, 0, ME6, PEER}, DROP_IP6_SOURCE},
	{"group MAC", PEER6, NODE_ME6, {135, 0, ME6, GROUP}, DROP_ND_SOURCE},
	{"zero MAC", PEER6, NODE_ME6, {135, 0, ME6, ZERO}, DROP_ND_SOURCE},
	{"our MAC", PEER6, NODE_ME6, {135, 0, ME6, MAC0}, DROP_ND_SOURCE},
	{"to a group not ours", PEER6, NODE_PEER6, {135, 0, ME6, PEER}, DROP_IP6_NOT_OURS},
	{"to the group of an IPv4 address",
         PEER6,
         "ff02::1:ff00:201",
         {135, 0, ME6, PEER},
         DROP_IP6_NOT_OURS},
	{"to all routers", PEER6, "ff02::2", {135, 0, ME6, PEER}, DROP_IP6_NOT_OURS},
	{"advert of ours", PEER6, "ff02::1", {136, O, ME6, PEER}, DROP_ND_CONFLICT},
	{"advert of our link-local", PEER6, ME6, {136, O | S, LINK6, PEER}, DROP_ND_CONFLICT},
	{"advert of the other port's", PEER6, ME6, {136, O | S, "2001:db8:1::1", PEER}, DROP_ND_CONFLICT},
	{"unasked", PEER6, ME6, {136, O | S, PEER6, PEER}, DROP_ND_UNSOLICITED},
	{"unasked to all", PEER6, "ff02::1", {136, O, PEER6, PEER}, DROP_ND_UNSOLICITED},
	{"solicited to all", PEER6, "ff02::1", {136, O | S, PEER6, PEER}, DROP_ND_UNSOLICITED},
	{"advert from nobody", "::", "ff02::1", {136, O, PEER6, PEER}, DROP_ND_SOURCE},
	{"advert with group MAC", PEER6, ME6, {136, O | S, PEER6, GROUP}, DROP_ND_SOURCE},
	{"advert with our MAC", PEER6, ME6, {136, O | S, PEER6, MAC0}, DROP_ND_SOURCE},
	{"router solicitation", PEER6, ME6, {133, 0, ME6, PEER}, DROP_ICMP_TYPE},
	{"router advertisement", PEER_LINK, "ff02::1", {134, 0, ME6, PEER}, DROP_ICMP_TYPE},
	{"redirect", PEER_LINK, ME6, {137, 0, PEER6, PEER}, DROP_ICMP_TYPE},
};

static void
hostile__D11__dropped_and_nothing_learned(void **unused)
{
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(unwelcome); i++) {
		struct net n;
		uint8_t mac[6];

		net_up(&n);
		group_of(mac, unwelcome[i].dst);
		made_nd(&m, unwelcome[i].dst[0] == 'f' && unwelcome[i].dst[1] == 'f' ? mac : MAC0,
		        unwelcome[i].src, unwelcome[i].dst, unwelcome[i].x);
		assert_drop(arrive(&n, &m), unwelcome[i].why, "%s", unwelcome[i].name);
		assert_silent(&n);
		assert_int_equal(n.ip.neigh.used, 0);
		net_down(&n);
	}
}

static void
hostile__D11__hop_limit_and_options(void **unused)
{
	static const struct row {
		const char *name;
		uint8_t hops, option_len, code;
		enum drop why;
	} rows[] = {
		{"hop limit 254", 254, 1, 0, DROP_ND_HOP_LIMIT},
		{"hop limit 1", 1, 1, 0, DROP_ND_HOP_LIMIT},
		{"option length 0", 255, 0, 0, DROP_ND_OPTION},
		{"option beyond the end", 255, 2, 0, DROP_ND_OPTION},
		{"code", 255, 1, 1, DROP_ICMP_CODE},
	};
	uint8_t at[32] = {135};
	struct made m;

	(void)unused;
	memcpy(at + 8, addr(ME6).ip, 16);
	at[24] = 1;
	memcpy(at + 26, PEER, 6);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;

		net_up(&n);
		at[1] = rows[i].code;
		at[25] = rows[i].option_len;
		made_packet(&m, MAC0, PEER6, ME6, 58, rows[i].hops, at, 32, 2);
		assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].name);
		assert_silent(&n);
		assert_int_equal(n.ip.neigh.used, 0);
		net_down(&n);
	}
}

/* RFC 6980 §5: not even in one fragment. */
static void
hostile__D11__atomic_fragment(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_nd(&m, MAC0, PEER6, ME6, (struct message){135, 0, ME6, PEER});
	memmove(m.at + 54 + 8, m.at + 54, 32);
	memset(m.at + 54, 0, 8);
	m.at[54] = 58;
	m.at[14 + 6] = 44;
	put_u16(m.at + 14 + 4, 40);
	m.len += 8;
	assert_drop(arrive(&n, &m), DROP_IP6_FRAGMENT, "atomic");
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static void
advertisement__answers_our_solicitation(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	neigh_use(&n.ip.neigh, 0, addr(PEER6).ip, n.ip.now_us);
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	made_nd(&m, MAC0, PEER6, ME6, (struct message){136, S | O, PEER6, NULL}); /* says not where */
	assert_drop(arrive(&n, &m), DROP_ND_OPTION, "without option");
	assert_int_equal(net_find(&n, 0, PEER6)->state, NEIGH_INCOMPLETE);
	made_nd(&m, MAC0, PEER6, ME6, (struct message){136, S | O, PEER6, PEER});
	assert_drop(arrive(&n, &m), DROP_TAKEN, "advertisement");
	assert_int_equal(net_find(&n, 0, PEER6)->state, NEIGH_REACHABLE);
	assert_memory_equal(net_find(&n, 0, PEER6)->mac, PEER, 6);
	assert_silent(&n);
	net_down(&n);
}

/* §7.2.5: the answer to a unicast probe may leave the option out. */
static void
advertisement_without_option__confirms_a_probe(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER6, PEER);
	n.ip.now_us += 30 * SECOND;
	ip_timeouts(&n.ip);
	neigh_use(&n.ip.neigh, 0, addr(PEER6).ip, n.ip.now_us);
	n.ip.now_us += 5 * SECOND;
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	assert_memory_equal(m.at, PEER, 6);
	assert_memory_equal(m.at + 38, addr(PEER6).ip, 16);
	made_nd(&m, MAC0, PEER6, ME6, (struct message){136, S, PEER6, NULL});
	assert_drop(arrive(&n, &m), DROP_TAKEN, "advertisement");
	assert_int_equal(net_find(&n, 0, PEER6)->state, NEIGH_REACHABLE);
	net_down(&n);
}

static void
hostile__D11__override_abuse(void **unused)
{
	static const uint8_t flags[] = {0, O, S, S | O};
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(flags); i++)
		for (uint64_t later = 0; later <= 2 * SECOND; later += 2 * SECOND) {
			struct net n;

			net_up(&n);
			net_resolve(&n, 0, PEER6, OTHER);
			n.ip.now_us += later;
			for (int twice = 0; twice < 2; twice++) {
				made_nd(&m, MAC0, PEER6, ME6, (struct message){136, flags[i], PEER6, PEER});
				assert_drop(arrive(&n, &m), DROP_ND_UNSOLICITED, "flags %02x", flags[i]);
				assert_memory_equal(net_find(&n, 0, PEER6)->mac, OTHER, 6);
			}
			net_down(&n);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solicitation__answered_and_learned),
		cmocka_unit_test(hostile__A04__group_in_a_broadcast_frame),
		cmocka_unit_test(solicitation_without_option__by_neighbour),
		cmocka_unit_test(duplicate_address_detection__told_it_is_taken),
		cmocka_unit_test(hostile__D11__dropped_and_nothing_learned),
		cmocka_unit_test(hostile__D11__hop_limit_and_options),
		cmocka_unit_test(hostile__D11__atomic_fragment),
		cmocka_unit_test(advertisement__answers_our_solicitation),
		cmocka_unit_test(advertisement_without_option__confirms_a_probe),
		cmocka_unit_test(hostile__D11__override_abuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
