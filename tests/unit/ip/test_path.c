/* Paths: routes and neighbours remembered by the remote's address.  Whatever happened to the neighbour since, a packet goes
 * where it would go if nothing had been remembered. */
#include "net.h"

#include "neigh.h"

static enum ip_verdict
begin(struct net *n, struct addr to, struct ip_out *out)
{
	struct ip_out again = {0};
	enum ip_verdict v;

	n->tx.used = 0;
	v = ip_begin(&n->ip, to.ip, out);
	assert_int_equal(ip_begin_any(&n->ip, to.ip, &again), v); /* the short way and the long one */
	if (v == IP_OK)
		assert_true(again.frame == out->frame && again.path == out->path && again.l4 == out->l4);
	return v;
}

static void
assert_goes(struct net *n, struct addr to, const uint8_t mac[6])
{
	struct ip_out out;

	assert_int_equal(begin(n, to, &out), IP_OK);
	assert_memory_equal(out.frame->data, mac, 6);
	assert_memory_equal(out.frame->data + 6, n->config.port[out.path->port].mac, 6);
	assert_int_equal(get_u16(out.frame->data + 12), is_v4(&to) ? 0x0800 : 0x86dd);
	assert_memory_equal(out.path->remote, to.ip, 16);
}

static void
wait_for(struct net *n, uint64_t us)
{
	n->ip.now_us += us;
	n->tx.used = 0;
	ip_timeouts(&n->ip);
	n->tx.used = 0;
}

static void
learn(struct net *n, const char *text, const uint8_t mac[6], bool solicited)
{
	assert_true(neigh_learn(&n->ip.neigh, 0, addr(text).ip, mac, solicited, true, false, n->ip.now_us));
}

static const struct {
	const char *gateway, *peer, *far;
} family[] = {
	{"192.0.2.254", PEER4, "203.0.113.5"},
	{"fe80::fe", PEER6, "2001:db8:9::9"},
};

static void
with_gateways(struct net *n)
{
	net_config(n);
	memcpy(n->config.port[0].gateway4, addr(family[0].gateway).ip, 16);
	memcpy(n->config.port[0].gateway6, addr(family[1].gateway).ip, 16);
	net_start(n);
}

/* What a path says is what ip_route says, the first time and every other. */
static void
path__is_the_route(void **unused)
{
	static const char *const remotes[] = {PEER4,          PEER6,     "203.0.113.5", "2001:db8:9::9",
	                                      "198.51.100.9", "fe80::9", ME4,           ME6,
	                                      "127.0.0.1",    "::",      "::1",         "224.0.0.1",
	                                      "ff02::1",      "100::",   "0.0.0.0",     "192.0.2.255"};
	struct net n;

	(void)unused;
	with_gateways(&n);
	for (size_t i = 0; i < 3 * COUNT(remotes); i++) {
		struct addr to = addr(remotes[i % COUNT(remotes)]);
		const struct ip_path *p = ip_path(&n.ip, to.ip);
		struct ip_route r;

		if (!ip_route(&n.ip, to.ip, &r)) {
			assert_null(p);
			continue;
		}
		assert_non_null(p);
		assert_memory_equal(p->remote, to.ip, 16);
		assert_memory_equal(p->next_hop, r.next_hop, 16);
		assert_int_equal(p->port, r.port);
		assert_int_equal(p->mtu, r.mtu);
	}
	net_down(&n);
}

/* Remotes that share a place take turns in it. */
static void
path__one_place__many_remotes(void **unused)
{
	struct addr a = addr("203.0.113.5"), b = addr("203.0.113.5");
	struct net n;

	(void)unused;
	with_gateways(&n);
	net_resolve(&n, 0, family[0].gateway, PEER);
	for (uint32_t i = 1; ip_path(&n.ip, a.ip) != ip_path(&n.ip, b.ip) || addr_equal(a.ip, b.ip); i++)
		put_u32(b.ip + 12, get_u32(a.ip + 12) + i);
	for (int i = 0; i < 3; i++) {
		assert_goes(&n, a, PEER);
		assert_goes(&n, b, PEER);
	}
	net_down(&n);
}

/* The neighbour moves to another MAC: through STALE, and through a probe that another station answers. */
static void
path__neighbour_changes_its_mac(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 4; i++) {
		const char *hop = i & 1 ? family[i / 2].gateway : family[i / 2].peer;
		struct addr to = addr(i & 1 ? family[i / 2].far : family[i / 2].peer);
		struct net n;

		with_gateways(&n);
		net_resolve(&n, 0, hop, PEER);
		assert_goes(&n, to, PEER);
		wait_for(&n, 30 * SECOND);
		assert_int_equal(net_find(&n, 0, hop)->state, NEIGH_STALE);
		assert_goes(&n, to, PEER); /* used: DELAY */
		assert_int_equal(net_find(&n, 0, hop)->state, NEIGH_DELAY);
		learn(&n, hop, OTHER, false);
		assert_goes(&n, to, OTHER);
		assert_int_equal(net_find(&n, 0, hop)->state, NEIGH_DELAY);
		wait_for(&n, 5 * SECOND);
		assert_int_equal(net_find(&n, 0, hop)->state, NEIGH_PROBE);
		assert_goes(&n, to, OTHER);
		learn(&n, hop, PEER, true);
		assert_goes(&n, to, PEER);
		assert_int_equal(net_find(&n, 0, hop)->state, NEIGH_REACHABLE);
		net_down(&n);
	}
}

/* It fails, is forgotten, and is asked for again. */
static void
path__neighbour_fails_and_is_forgotten(void **unused)
{
	struct addr to = addr("203.0.113.5");
	struct ip_out out;
	struct net n;

	(void)unused;
	with_gateways(&n);
	net_resolve(&n, 0, family[0].gateway, PEER);
	assert_goes(&n, to, PEER);
	wait_for(&n, 30 * SECOND);
	assert_goes(&n, to, PEER);
	wait_for(&n, 5 * SECOND);
	for (int i = 0; i < 3; i++) {
		assert_goes(&n, to, PEER); /* while it is probed */
		wait_for(&n, SECOND);
	}
	assert_int_equal(net_find(&n, 0, family[0].gateway)->state, NEIGH_FAILED);
	assert_int_equal(begin(&n, to, &out), IP_UNREACHABLE);
	wait_for(&n, 3 * SECOND);
	assert_null(net_find(&n, 0, family[0].gateway));
	assert_int_equal(begin(&n, to, &out), IP_UNRESOLVED);
	assert_int_equal(net_find(&n, 0, family[0].gateway)->state, NEIGH_INCOMPLETE);
	wait_for(&n, 0);
	learn(&n, family[0].gateway, OTHER, true);
	assert_goes(&n, to, OTHER);
	net_down(&n);
}

/* From the second packet on nothing is looked up; after every while in which the neighbour was in doubt, once. */
static void
path__serves_from_the_second_packet_on(void **unused)
{
	struct addr to = addr("203.0.113.5");
	const struct ip_path *p;
	struct net n;

	(void)unused;
	with_gateways(&n);
	p = ip_path(&n.ip, to.ip);
	assert_false(path_neigh_serves(p));
	net_resolve(&n, 0, family[0].gateway, PEER);
	for (int i = 0; i < 3; i++) {
		assert_false(path_neigh_serves(p));
		assert_goes(&n, to, PEER);
		assert_true(path_neigh_serves(p));
		ip_confirm(&n.ip, to.ip);
		assert_true(path_neigh_serves(p));
		wait_for(&n, 30 * SECOND);
	}
	net_down(&n);
}

/* A full cache gives its entry to another address: the path does not follow it there, nor does it after it is back in
 * another entry. */
static void
path__entry_of_another(void **unused)
{
	struct addr a = addr("192.0.2.9"), b = addr("192.0.2.10");
	const struct neigh *e;
	struct net n;

	(void)unused;
	net_config(&n);
	n.config.neighbours = 1;
	net_start(&n);
	net_resolve(&n, 0, "192.0.2.9", PEER);
	assert_goes(&n, a, PEER);
	e = net_find(&n, 0, "192.0.2.9");
	wait_for(&n, 100 * SECOND); /* STALE, and long unused */
	net_resolve(&n, 0, "192.0.2.10", OTHER);
	assert_ptr_equal(net_find(&n, 0, "192.0.2.10"), e);
	assert_goes(&n, b, OTHER);
	for (int i = 0; i < 2; i++) {
		struct ip_out out;

		assert_int_equal(begin(&n, a, &out), IP_UNRESOLVED);
		ip_confirm(&n.ip, a.ip); /* says nothing of b */
	}
	wait_for(&n, 100 * SECOND);
	assert_int_equal(net_find(&n, 0, "192.0.2.10")->state, NEIGH_STALE);
	net_resolve(&n, 0, "192.0.2.9", PEER);
	assert_goes(&n, a, PEER);
	net_down(&n);
}

/* The same address on another port is another neighbour. */
static void
path__same_address_by_another_port(void **unused)
{
	struct addr a = addr("fe80::9");
	struct net n;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 1, "fe80::9", OTHER);
	net_resolve(&n, 0, "fe80::9", PEER);
	ip_path(&n.ip, a.ip)->neigh = neigh_find(&n.ip.neigh, 1, a.ip);
	assert_goes(&n, a, PEER); /* the first port's link */
	net_down(&n);
}

/* What is sent keeps the neighbour from being given up, and what is confirmed from being doubted, remembered or not. */
static void
path__use_and_confirmation_count(void **unused)
{
	struct addr to = addr("203.0.113.5");
	const struct neigh *e;
	struct net n;

	(void)unused;
	with_gateways(&n);
	net_resolve(&n, 0, family[0].gateway, PEER);
	e = net_find(&n, 0, family[0].gateway);
	for (int i = 0; i < 10; i++) {
		assert_goes(&n, to, PEER);
		assert_int_equal(e->used_us, n.ip.now_us);
		ip_confirm(&n.ip, to.ip);
		assert_int_equal(e->since_us, n.ip.now_us);
		wait_for(&n, 20 * SECOND);
		assert_int_equal(e->state, NEIGH_REACHABLE);
	}
	wait_for(&n, 10 * SECOND);
	assert_int_equal(e->state, NEIGH_STALE);
	assert_goes(&n, to, PEER);
	assert_int_equal(e->state, NEIGH_DELAY);
	ip_confirm(&n.ip, to.ip);
	assert_int_equal(e->state, NEIGH_REACHABLE);
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path__is_the_route),
		cmocka_unit_test(path__one_place__many_remotes),
		cmocka_unit_test(path__neighbour_changes_its_mac),
		cmocka_unit_test(path__neighbour_fails_and_is_forgotten),
		cmocka_unit_test(path__serves_from_the_second_packet_on),
		cmocka_unit_test(path__entry_of_another),
		cmocka_unit_test(path__same_address_by_another_port),
		cmocka_unit_test(path__use_and_confirmation_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
