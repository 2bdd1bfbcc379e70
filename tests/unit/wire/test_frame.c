/* Whole frames through all the parsers, as a packet is stacked: rows A01 and A05, and mutations of good frames. */
#include "arp.h"
#include "eth.h"
#include "icmp.h"
#include "ip4.h"
#include "ip6.h"
#include "seg.h"

#include "octets.h"

/* What a frame was found to hold. */
struct found {
	struct ip_packet ip;
	struct seg seg;
	uint16_t src_port, dst_port;
};

static enum drop
parse_l4(struct found *f, bool verified)
{
	struct icmp icmp;
	struct nd nd;
	enum drop fate;

	if (f->ip.protocol == PROTO_TCP)
		return seg_parse(&f->seg, &f->src_port, &f->dst_port, f->ip.l4, f->ip.l4_len, f->ip.src,
		                 f->ip.dst, verified);
	if (f->ip.protocol != (f->ip.v6 ? PROTO_ICMP6 : PROTO_ICMP))
		return f->ip.v6 ? DROP_IP6_PROTOCOL : DROP_IP4_PROTOCOL;
	fate = icmp_parse(&icmp, &f->ip);
	return fate == DROP_TAKEN && icmp.kind == ICMP_ND ? nd_parse(&nd, &icmp, &f->ip) : fate;
}

static enum drop
parse(struct found *f, const struct octets *o, bool verified)
{
	struct cursor c = cursor_of(o->at, o->len);
	struct eth eth;
	struct arp arp;
	enum drop fate = eth_parse(&eth, &c);

	memset(f, 0, sizeof(*f));
	if (fate != DROP_TAKEN)
		return fate;
	if (eth.type == ETH_ARP)
		return arp_parse(&arp, &c);
	if (eth.type != ETH_IP4 && eth.type != ETH_IP6)
		return DROP_L2_TYPE;
	fate = eth.type == ETH_IP4 ? ip4_parse(&f->ip, &c, verified) : ip6_parse(&f->ip, &c);
	return fate == DROP_TAKEN ? parse_l4(f, verified) : fate;
}

/* A segment from Alice to Bob with `text` octets of text, built by our own hands; `trailer` octets 0xee behind it. */
static struct octets
frame(bool v6, uint8_t flags, const struct opt *opt, size_t text, size_t trailer)
{
	static const uint8_t mac[6] = {2};
	const uint8_t *src = v6 ? ALICE6 : ALICE4, *dst = v6 ? BOB6 : BOB4;
	struct seg seg = {.seq = 1000, .ack = 2000, .flags = flags, .wnd = 65535, .opt = *opt};
	size_t header = v6 ? IP6_HEADER : IP4_HEADER, tcp = SEG_HEADER + opt_size(opt) + text;
	struct octets o = octets_blank(ETH_HEADER + header + tcp + trailer);
	uint8_t *l4 = o.at + ETH_HEADER + header;

	memset(o.at, 0xee, o.len);
	eth_build(o.at, mac, mac, v6 ? ETH_IP6 : ETH_IP4);
	if (v6)
		ip6_build(o.at + ETH_HEADER, src, dst, PROTO_TCP, 64, 0, tcp);
	else
		ip4_build(o.at + ETH_HEADER, src, dst, PROTO_TCP, 64, 0, tcp);
	(void)seg_build(l4, 40000, 80, &seg);
	put_u16(l4 + 16, naive_l4_cksum(src, dst, PROTO_TCP, l4, tcp));
	return o;
}

static const struct opt syn_options = {.has_mss = true,
                                       .mss = 1460,
                                       .has_sack_permitted = true,
                                       .has_ts = true,
                                       .has_wscale = true,
                                       .wscale = 8};
static const struct opt no_options = {0};

/* A valid SYN cut short at every octet: each layer names its own drop, and only the whole is taken. */
static void
hostile__A01__every_length_of_a_SYN__is_dropped_but_the_whole(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		struct octets whole = frame(v6, SYN, &syn_options, 0, 0);
		size_t header = ETH_HEADER + (v6 ? IP6_HEADER : IP4_HEADER);

		for (size_t len = 0; len <= whole.len; len++) {
			struct octets o = octets_of(whole.at, len);
			struct found f;
			enum drop expected = len < ETH_HEADER  ? DROP_L2_RUNT
			                     : len < header    ? (v6 ? DROP_IP6_SHORT : DROP_IP4_SHORT)
			                     : len < whole.len ? (v6 ? DROP_IP6_LENGTH : DROP_IP4_LENGTH)
			                                       : DROP_TAKEN;

			assert_drop(parse(&f, &o, false), expected, "v6 %d, length %zu", v6, len);
			assert_drop(parse(&f, &o, true), expected, "v6 %d, length %zu, verified", v6, len);
			octets_free(&o);
		}
		octets_free(&whole);
	}
}

/* One octet of text and five of padding in 60: the text is one octet. */
static void
hostile__A05__padding_of_a_short_frame__is_no_text(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		for (size_t text = 0; text <= 6; text++) {
			for (size_t trailer = 0; trailer <= 46; trailer++) {
				struct octets o = frame(v6, ACK | PSH, &no_options, text, trailer);
				struct found f;

				assert_drop(parse(&f, &o, false), DROP_TAKEN, "v6 %d, text %zu, trailer %zu",
				            v6, text, trailer);
				assert_int_equal(f.seg.text_len, text);
				assert_int_equal(f.seg.len, text);
				assert_ptr_equal(f.seg.text + text + trailer, o.at + o.len);
				octets_free(&o);
			}
		}
	}
}

static void
frame__largest_segment__is_read_back(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		const struct opt ts = {.has_ts = true, .ts_val = 1, .ts_ecr = 2};
		struct octets o = frame(v6, ACK, &ts, 1448, 0);
		struct found f;

		assert_int_equal(parse(&f, &o, false), DROP_TAKEN);
		assert_int_equal(f.seg.text_len, 1448);
		assert_int_equal(f.src_port, 40000);
		assert_int_equal(f.dst_port, 80);
		assert_int_equal(f.seg.seq, 1000);
		assert_int_equal(f.seg.ack, 2000);
		assert_int_equal(f.seg.opt.ts_ecr, 2);
		assert_memory_equal(f.ip.src, v6 ? ALICE6 : ALICE4, 16);
		octets_free(&o);
	}
}

/* Good frames with a few octets changed, cut at random: whatever is found lies in the frame, and AddressSanitizer sees
 * what is read beyond it.  Half of them believe the driver, or nothing would come past the checksums. */
static void
hostile__A01__half_a_million_mutations__stay_inside(void **state)
{
	enum { TIMES = 500000 };
	unsigned fates[DROP_COUNT] = {0};
	uint64_t seed = 9;
	size_t kinds = 0;

	(void)state;
	for (int n = 0; n < TIMES; n++) {
		struct octets whole = frame(n & 1, SYN | ACK, &syn_options, random_u32(&seed) % 16, 6), o;
		size_t len = random_u32(&seed) % 8 == 0 ? random_u32(&seed) % whole.len : whole.len;
		struct found f;
		enum drop fate;

		for (uint32_t changes = random_u32(&seed) % 4; changes > 0; changes--)
			whole.at[12 + random_u32(&seed) % (whole.len - 12)] = (uint8_t)random_u32(&seed);
		o = octets_of(whole.at, len);
		fate = parse(&f, &o, n & 2);
		fates[fate]++;
		if (fate == DROP_TAKEN && f.ip.protocol == PROTO_TCP)
			assert_true(f.seg.text >= o.at && f.seg.text + f.seg.text_len <= o.at + o.len);
		octets_free(&o);
		octets_free(&whole);
	}
	for (size_t d = 0; d < DROP_COUNT; d++)
		kinds += fates[d] > 0;
	assert_true(fates[DROP_TAKEN] > TIMES / 10);
	assert_true(kinds > 20); /* many different things went wrong */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__A01__every_length_of_a_SYN__is_dropped_but_the_whole),
		cmocka_unit_test(hostile__A05__padding_of_a_short_frame__is_no_text),
		cmocka_unit_test(frame__largest_segment__is_read_back),
		cmocka_unit_test(hostile__A01__half_a_million_mutations__stay_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
