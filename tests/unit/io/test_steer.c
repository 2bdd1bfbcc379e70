/* Steering of what is received: every frame reaches its owner, once and in order. */
#include "steered.h"

#define FLOWS 64
static struct flow flows[FLOWS];
static uint32_t next[FLOWS]; /* sequence number of the next segment to be seen */

static void
see_segment(unsigned worker, const struct fns_frame *f)
{
	struct cursor c = cursor_of(f->data + ETH_HEADER, f->len - ETH_HEADER);
	bool v6 = get_u16(f->data + 12) == ETH_IP6;
	struct ip_packet p;
	unsigned i = 0;

	assert_int_equal(f->port, 0);
	assert_int_equal(v6 ? ip6_parse(&p, &c) : ip4_parse(&p, &c, false), DROP_TAKEN);
	while (get_u16(p.l4) != flows[i].rport || memcmp(flows[i].remote, p.src, 16) != 0)
		assert_true(++i < FLOWS);
	assert_int_equal(b.steer->map.owner[flow_fold(&flows[i])], worker);
	assert_int_equal(get_u32(p.l4 + 4), next[i]++);
	at[worker]++;
}

/* Whatever queue a flow's frames come to: its owner gets all of them, in order. */
static void
frames_reach_their_owner_in_order(void **state)
{
	(void)state;
	for (unsigned workers = 2; workers <= WORKERS_MAX; workers++) {
		for (unsigned queues = 1; queues <= workers; queues++) {
			begin(workers, queues);
			memset(at, 0, sizeof(at));
			for (unsigned i = 0; i < FLOWS; i++) {
				random_flow(&flows[i], i & 1);
				next[i] = 0;
			}
			for (unsigned n = 0; n < 40 * FLOWS; n++) {
				unsigned i = n % FLOWS;

				comes(i % queues, segment(&flows[i], i & 1, n / FLOWS));
				if (n % 500 == 0)
					turn_all(see_segment);
			}
			turn_all(see_segment);
			for (unsigned i = 0; i < FLOWS; i++)
				assert_int_equal(next[i], 40);
			for (unsigned w = 0; w < workers; w++)
				assert_true(at[w] > 0);
			assert_int_equal(SUM(rx_frames), 40 * FLOWS);
			assert_int_equal(SUM(steer_full), 0);
			end();
		}
	}
}

static struct rte_mbuf *
arp(uint16_t op, uint8_t sender, uint8_t target)
{
	struct arp a = {.op = op, .sender_ip = {198, 51, 100, sender}, .target_ip = {198, 51, 100, target}};
	struct rte_mbuf *m = blank(ETH_ARP);

	memcpy(a.sender_mac, peer_mac, 6);
	arp_build((uint8_t *)rte_pktmbuf_append(m, ARP_SIZE), &a);
	return m;
}

static struct rte_mbuf *
neighbour(bool advert)
{
	struct nd nd = {.advert = advert, .override = true, .solicited = advert, .has_mac = true};
	struct rte_mbuf *m = blank(ETH_IP6);
	struct flow f;

	random_flow(&f, true);
	memcpy(nd.target, advert ? f.remote : f.local, 16);
	memcpy(nd.mac, peer_mac, 6);
	nd_build(packet(m, &f, true, PROTO_ICMP6, ND_SIZE), &nd, f.remote, f.local);
	return m;
}

/* Where a neighbour is, all must know; everything else is one shard's. */
static void
neighbours_are_everybodys(void **state)
{
	const unsigned all = (1u << 4) - 1, here = 1u << 3;

	(void)state;
	begin(4, 4);
	assert_int_equal(seen_by(arp(ARP_REPLY, 2, 1)), all);
	assert_int_equal(seen_by(arp(ARP_REQUEST, 2, 2)), all); /* says, and asks nobody */
	assert_int_equal(seen_by(arp(ARP_REQUEST, 2, 1)), here);
	assert_int_equal(seen_by(neighbour(true)), all);
	assert_int_equal(seen_by(neighbour(false)), here);
	assert_int_equal(SUM(steer_copies), 3 * 3);
	end();
}

static uint16_t
cksum(const uint8_t *octets, size_t len)
{
	uint32_t s = 0;

	for (size_t i = 0; i < len; i += 2)
		s += get_u16(octets + i);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* "Port unreachable", about a segment that we sent. */
static struct rte_mbuf *
icmp_error(const struct flow *ours)
{
	struct rte_mbuf *m = blank(ETH_IP4);
	struct flow router;
	uint8_t *p;

	random_flow(&router, false);
	p = packet(m, &router, false, PROTO_ICMP, 8 + IP4_HEADER + 8);
	memset(p, 0, 8 + IP4_HEADER + 8);
	p[0] = 3;
	p[1] = 3;
	ip4_build(p + 8, ours->local, ours->remote, PROTO_TCP, 64, 0, SEG_HEADER);
	put_u16(p + 8 + IP4_HEADER, ours->lport);
	put_u16(p + 8 + IP4_HEADER + 2, ours->rport);
	put_u16(p + 2, cksum(p, 8 + IP4_HEADER + 8));
	return m;
}

static void
icmp_errors_go_where_their_flow_is(void **state)
{
	struct flow f;

	(void)state;
	begin(4, 1);
	for (unsigned i = 0; i < 50; i++) {
		random_flow(&f, false);
		assert_int_equal(seen_by(icmp_error(&f)), 1u << b.steer->map.owner[flow_fold(&f)]);
	}
	end();
}

/* Frames that nobody can place stay where they are: cut off anywhere, of other kinds, garbage. */
static void
what_has_no_owner_stays(void **state)
{
	struct rte_mbuf *m;
	struct flow f;

	(void)state;
	begin(3, 1);
	random_flow(&f, false);
	while (b.steer->map.owner[flow_fold(&f)] != 2)
		f.rport++;
	for (uint16_t len = 0; len < ETH_HEADER + IP4_HEADER + SEG_HEADER; len++) {
		m = segment(&f, false, 1);
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - len));
		assert_int_equal(seen_by(m), 1);
	}
	assert_int_equal(seen_by(blank(0x88cc)), 1);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned len = 1 + (unsigned)rand() % 200;
		uint8_t *octets;

		m = blank(i % 3 == 0 ? ETH_IP4 : i % 3 == 1 ? ETH_IP6 : ETH_ARP);
		octets = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
		for (unsigned k = 0; k < len; k++)
			octets[k] = (uint8_t)rand();
		octets[0] = i % 3 == 0 ? 0x45 : i % 3 == 1 ? 0x60 : 0;
		assert_true(seen_by(m) != 0); /* by whomever: the shard will name its fate */
	}
	end();
}

/* An owner that does not turn: its ring fills, the rest is dropped and counted; then it goes on. */
static void
a_stalled_owner_costs_only_its_own_frames(void **state)
{
	unsigned others = 0, mine = 0;
	struct flow f;

	(void)state;
	begin(2, 1);
	for (unsigned i = 0; i < 3000; i++) {
		random_flow(&f, false);
		comes(0, segment(&f, false, 0));
		others += b.steer->map.owner[flow_fold(&f)] == 1;
	}
	for (unsigned i = 0; i < 200; i++) {
		mine += io_rx(&b.io[0]);
		io_tx(&b.io[0]);
	}
	assert_int_equal(mine, 3000 - others);
	assert_int_equal(SUM(steered), b.steer->ring_room - 1);
	assert_int_equal(SUM(steer_full), others - (b.steer->ring_room - 1));
	memset(at, 0, sizeof(at));
	turn_all(see_any);
	assert_int_equal(at[1], b.steer->ring_room - 1);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_reach_their_owner_in_order),
		cmocka_unit_test(neighbours_are_everybodys),
		cmocka_unit_test(icmp_errors_go_where_their_flow_is),
		cmocka_unit_test(what_has_no_owner_stays),
		cmocka_unit_test(a_stalled_owner_costs_only_its_own_frames),
	};

	return run(tests, sizeof(tests) / sizeof(tests[0]), "steer");
}
