/* ARP arrives: whom we believe, whom we answer (RFC 826, RFC 5227, hostile-inputs D09). */
#include "net.h"

enum what { ASK = 1, ANSWER = 2 };

static void
made_arp(struct made *m, const uint8_t dst[6], uint16_t op, const uint8_t mac[6], const char *sender,
         const char *target)
{
	static const uint8_t fixed[6] = {0, 1, 8, 0, 6, 4};
	uint8_t *p = m->at + 14;

	made_eth(m, dst, PEER, 0x0806);
	memset(p, 0, 46); /* padded to 60 octets */
	memcpy(p, fixed, 6);
	put_u16(p + 6, op);
	memcpy(p + 8, mac, 6);
	memcpy(p + 14, addr(sender).ip + 12, 4);
	memcpy(p + 24, addr(target).ip + 12, 4);
	m->len = 60;
}

static void
request_for_ours__answered_and_learned(void **unused)
{
	static const uint8_t answer[42] = {2,   0, 0, 0, 0, 0x99, 2, 0, 0, 0,    0,   1, 8, 6,
	                                   0,   1, 8, 0, 6, 4,    0, 2, 2, 0,    0,   0, 0, 1,
	                                   192, 0, 2, 1, 2, 0,    0, 0, 0, 0x99, 192, 0, 2, 9};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_arp(&m, ALL, ASK, PEER, PEER4, ME4);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "request");
	assert_int_equal(n.arrival.kind, IP_HANDLED);
	assert_int_equal(n.slot[0].port, 0);
	take_sent(&n, &m);
	assert_int_equal(m.len, 60);
	assert_memory_equal(m.at, answer, 42);
	for (int i = 42; i < 60; i++)
		assert_int_equal(m.at[i], 0);
	assert_non_null(net_find(&n, 0, PEER4));
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_STALE);
	assert_memory_equal(net_find(&n, 0, PEER4)->mac, PEER, 6);
	assert_int_equal(counter_read(&n.ip.stats.arp_replies_sent), 1);
	net_down(&n);
}

static void
request__outbox_full__counted(void **unused)
{
	static const struct {
		uint16_t count, room;
	} rows[] = {{0, 2048}, {1, 59}, {1, 41}};
	struct made m;

	(void)unused;
	made_arp(&m, ALL, ASK, PEER, PEER4, ME4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;

		net_up(&n);
		net_blanks(&n, rows[i].count, rows[i].room);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "request");
		assert_silent(&n);
		assert_int_equal(counter_read(&n.ip.stats.replies_unsent), 1);
		assert_int_equal(counter_read(&n.ip.stats.arp_replies_sent), 0);
		net_down(&n);
	}
}

/* RFC 5227 §2.1.1: it has no address yet. */
static void
probe_for_ours__answered_not_learned(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_arp(&m, ALL, ASK, PEER, "0.0.0.0", ME4);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "probe");
	take_sent(&n, &m);
	assert_memory_equal(m.at, PEER, 6);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

/* Who is not on the link may ask, as with a wrong prefix, but is no neighbour. */
static void
request_from_off_link__answered_not_learned(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_arp(&m, ALL, ASK, PEER, "203.0.113.7", ME4);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "off link");
	take_sent(&n, &m);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static void
hostile__D09__dropped_and_nothing_learned(void **unused)
{
	static const uint8_t group[6] = {3, 0, 0, 0, 0, 0x99}, zero[6] = {0};
	static const struct row {
		const char *name;
		uint16_t op;
		const uint8_t *mac;
		const char *sender, *target;
		enum drop why;
	} rows[] = {
		{"sender is us", ASK, PEER, ME4, PEER4, DROP_ARP_CONFLICT},
		{"gratuitous request of ours", ASK, PEER, ME4, ME4, DROP_ARP_CONFLICT},
		{"gratuitous reply of ours", ANSWER, PEER, ME4, ME4, DROP_ARP_CONFLICT},
		{"reply as us", ANSWER, PEER, ME4, PEER4, DROP_ARP_CONFLICT},
		{"sender is us on the other port", ASK, PEER, "198.51.100.1", ME4, DROP_ARP_CONFLICT},
		{"group MAC", ASK, group, PEER4, ME4, DROP_ARP_SENDER},
		{"broadcast MAC", ASK, ALL, PEER4, ME4, DROP_ARP_SENDER},
		{"zero MAC", ASK, zero, PEER4, ME4, DROP_ARP_SENDER},
		{"our MAC", ASK, MAC0, PEER4, ME4, DROP_ARP_SENDER},
		{"not the frame's MAC", ASK, OTHER, PEER4, ME4, DROP_ARP_SENDER},
		{"group address", ASK, PEER, "224.0.0.1", ME4, DROP_ARP_SENDER},
		{"broadcast address", ASK, PEER, "255.255.255.255", ME4, DROP_ARP_SENDER},
		{"directed broadcast", ASK, PEER, "192.0.2.255", ME4, DROP_ARP_SENDER},
		{"loopback", ASK, PEER, "127.0.0.1", ME4, DROP_ARP_SENDER},
		{"this network", ASK, PEER, "0.1.2.3", ME4, DROP_ARP_SENDER},
		{"class E", ASK, PEER, "240.0.0.1", ME4, DROP_ARP_SENDER},
		{"reply from nobody", ANSWER, PEER, "0.0.0.0", ME4, DROP_ARP_SENDER},
		{"not for us", ASK, PEER, PEER4, "192.0.2.77", DROP_ARP_NOT_OURS},
		{"for the other port", ASK, PEER, PEER4, "198.51.100.1", DROP_ARP_NOT_OURS},
		{"gratuitous, unknown", ASK, PEER, PEER4, PEER4, DROP_ARP_NOT_OURS},
		{"probe of another's", ASK, PEER, "0.0.0.0", PEER4, DROP_ARP_NOT_OURS},
		{"reply to another", ANSWER, PEER, PEER4, "192.0.2.77", DROP_ARP_NOT_OURS},
		{"unasked reply", ANSWER, PEER, PEER4, ME4, DROP_ARP_UNSOLICITED},
		{"unasked gratuitous reply", ANSWER, PEER, PEER4, PEER4, DROP_ARP_UNSOLICITED},
	};
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct net n;

		net_up(&n);
		made_arp(&m, ALL, rows[i].op, rows[i].mac, rows[i].sender, rows[i].target);
		assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].name);
		assert_silent(&n);
		assert_int_equal(n.ip.neigh.used, 0);
		net_down(&n);
	}
}

/* The frame itself comes from the zero address, so that the two agree. */
static void
hostile__D09__zero_mac(void **unused)
{
	static const uint8_t zero[6] = {0};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	made_arp(&m, ALL, ASK, zero, PEER4, ME4);
	memcpy(m.at + 6, zero, 6);
	assert_drop(arrive(&n, &m), DROP_ARP_SENDER, "zero");
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

/* Nobody is no neighbour, though every address be on the link. */
static void
hostile__D09__probe_on_a_prefix_of_length_0(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_config(&n);
	n.config.port[0].address[0].bits = 0;
	net_start(&n);
	made_arp(&m, ALL, ASK, PEER, "0.0.0.0", ME4);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "probe");
	take_sent(&n, &m);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

/* A probe asks the station that we know: another one's answer is none. */
static void
hostile__D09__answer_of_another_to_a_probe(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, OTHER);
	n.ip.now_us += 30 * SECOND;
	ip_timeouts(&n.ip);
	neigh_use(&n.ip.neigh, 0, addr(PEER4).ip, n.ip.now_us);
	n.ip.now_us += 5 * SECOND;
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	made_arp(&m, MAC0, ANSWER, PEER, PEER4, ME4);
	assert_drop(arrive(&n, &m), DROP_ARP_UNSOLICITED, "another");
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_PROBE);
	assert_memory_equal(net_find(&n, 0, PEER4)->mac, OTHER, 6);
	made_arp(&m, MAC0, ANSWER, OTHER, PEER4, ME4);
	memcpy(m.at + 6, OTHER, 6);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "the known one");
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_REACHABLE);
	net_down(&n);
}

static void
hostile__D09__format(void **unused)
{
	static const struct {
		const char *name;
		uint8_t at, value;
		enum drop why;
	} rows[] = {
		{"hardware type", 1, 6, DROP_ARP_FORMAT},     {"protocol type", 2, 0x86, DROP_ARP_FORMAT},
		{"hardware length 0", 4, 0, DROP_ARP_FORMAT}, {"hardware length 7", 4, 7, DROP_ARP_FORMAT},
		{"protocol length", 5, 16, DROP_ARP_FORMAT},  {"operation 0", 7, 0, DROP_ARP_OP},
		{"operation 3", 7, 3, DROP_ARP_OP},           {"operation 256", 6, 1, DROP_ARP_OP},
	};
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	for (size_t i = 0; i < COUNT(rows); i++) {
		made_arp(&m, ALL, ASK, PEER, PEER4, ME4);
		m.at[14 + rows[i].at] = rows[i].value;
		assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].name);
	}
	for (size_t len = 14; len < 42; len++) {
		made_arp(&m, ALL, ASK, PEER, PEER4, ME4);
		m.len = len;
		assert_drop(arrive(&n, &m), DROP_ARP_SHORT, "%zu octets", len);
	}
	assert_silent(&n);
	assert_int_equal(n.ip.neigh.used, 0);
	net_down(&n);
}

static void
reply_to_our_request__learned(void **unused)
{
	struct addr a = addr(PEER4);
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	neigh_use(&n.ip.neigh, 0, a.ip, n.ip.now_us);
	ip_timeouts(&n.ip);
	take_sent(&n, &m);
	made_arp(&m, MAC0, ANSWER, PEER, PEER4, ME4);
	assert_drop(arrive(&n, &m), DROP_TAKEN, "reply");
	assert_silent(&n);
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_REACHABLE);
	assert_memory_equal(net_find(&n, 0, PEER4)->mac, PEER, 6);
	assert_int_equal(n.ip.neigh.events, 1);
	net_down(&n);
}

/* The entry of a neighbour that talks to us is not turned round, whatever comes. */
static void
hostile__D09__reachable_keeps_its_mac(void **unused)
{
	static const struct {
		const char *name;
		uint16_t op;
		const char *target;
		enum drop why;
	} rows[] = {
		{"unasked reply", ANSWER, ME4, DROP_ARP_UNSOLICITED},
		{"gratuitous reply", ANSWER, PEER4, DROP_ARP_UNSOLICITED},
		{"gratuitous request", ASK, PEER4, DROP_ARP_NOT_OURS},
		{"request", ASK, ME4, DROP_TAKEN},
	};
	struct made m;

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (uint64_t later = 0; later <= 2 * SECOND; later += 2 * SECOND) {
			struct net n;

			net_up(&n);
			net_resolve(&n, 0, PEER4, OTHER);
			n.ip.now_us += later;
			for (int twice = 0; twice < 2; twice++) {
				made_arp(&m, MAC0, rows[i].op, PEER, PEER4, rows[i].target);
				assert_drop(arrive(&n, &m), rows[i].why, "%s", rows[i].name);
				assert_memory_equal(net_find(&n, 0, PEER4)->mac, OTHER, 6);
			}
			net_down(&n);
		}
}

/* A failover announces itself; of an entry that is not in use nothing is lost by believing it. */
static void
gratuitous__stale_entry__learned_as_stale(void **unused)
{
	struct addr a = addr(PEER4);
	struct made m;

	(void)unused;
	for (uint16_t op = ASK; op <= ANSWER; op++) {
		struct net n;

		net_up(&n);
		neigh_learn(&n.ip.neigh, 0, a.ip, OTHER, false, true, true, n.ip.now_us);
		made_arp(&m, ALL, op, PEER, PEER4, PEER4);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "operation %u", op);
		assert_silent(&n);
		assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_STALE);
		assert_memory_equal(net_find(&n, 0, PEER4)->mac, PEER, 6);
		net_down(&n);
	}
}

static void
hostile__D10__requests_fill_the_cache__bounded(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_config(&n);
	n.config.neighbours = 16;
	net_start(&n);
	net_resolve(&n, 0, "192.0.2.250", OTHER);
	for (unsigned i = 2; i < 200; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "192.0.2.%u", i);
		made_arp(&m, ALL, ASK, PEER, text, ME4);
		assert_drop(arrive(&n, &m), DROP_TAKEN, "%s", text);
		take_sent(&n, &m);
	}
	assert_int_equal(n.ip.neigh.used, 16);
	assert_int_equal(net_find(&n, 0, "192.0.2.250")->state, NEIGH_REACHABLE);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_for_ours__answered_and_learned),
		cmocka_unit_test(request__outbox_full__counted),
		cmocka_unit_test(probe_for_ours__answered_not_learned),
		cmocka_unit_test(request_from_off_link__answered_not_learned),
		cmocka_unit_test(hostile__D09__dropped_and_nothing_learned),
		cmocka_unit_test(hostile__D09__zero_mac),
		cmocka_unit_test(hostile__D09__probe_on_a_prefix_of_length_0),
		cmocka_unit_test(hostile__D09__answer_of_another_to_a_probe),
		cmocka_unit_test(hostile__D09__format),
		cmocka_unit_test(reply_to_our_request__learned),
		cmocka_unit_test(hostile__D09__reachable_keeps_its_mac),
		cmocka_unit_test(gratuitous__stale_entry__learned_as_stale),
		cmocka_unit_test(hostile__D10__requests_fill_the_cache__bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
