/* TCP segments: the header as values, in the order of its checks; hostile rows E01 to E05, E11, E12, E15. */
#include "seg.h"

#include "octets.h"

#define TEXT_MAX 64

/* A segment as octets, its checksum right. */
static struct octets
segment(unsigned doff, size_t len, uint8_t flags)
{
	struct octets o = octets_blank(len);

	for (size_t i = 0; i < len; i++)
		o.at[i] = (uint8_t)(i + 1);
	for (size_t i = 20; i < len && i < 4 * (size_t)doff; i++)
		o.at[i] = 1; /* NOP */
	if (len > 12)
		o.at[12] = (uint8_t)(doff << 4);
	if (len > 13)
		o.at[13] = flags;
	return o;
}

static void
checksum(struct octets *o, const uint8_t src[16], const uint8_t dst[16])
{
	if (o->len < 18)
		return;
	put_u16(o->at + 16, 0);
	put_u16(o->at + 16, naive_l4_cksum(src, dst, 6, o->at, o->len));
}

static enum drop
parse(struct seg *seg, const struct octets *o)
{
	uint16_t src_port, dst_port;

	memset(seg, 0xee, sizeof(*seg));
	return seg_parse(seg, &src_port, &dst_port, o->at, o->len, ALICE4, BOB4, false);
}

static void
seg_parse__every_field__is_read(void **state)
{
	static const uint8_t octets[] = {0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x11, 0x12,
	                                 0x13, 0x14, 0x60, 0x3b, 0xab, 0xcd, 0x00, 0x00, 0x12, 0x34,
	                                 0x02, 0x04, 0x05, 0xb4, 'h',  'e',  'l',  'l',  'o'};
	const uint8_t *pairs[][2] = {{ALICE4, BOB4}, {ALICE6, BOB6}};

	(void)state;
	for (size_t family = 0; family < COUNT(pairs); family++) {
		struct octets o = octets_of(octets, sizeof(octets));
		uint16_t src_port = 0, dst_port = 0;
		struct seg seg;

		checksum(&o, pairs[family][0], pairs[family][1]);
		assert_int_equal(seg_parse(&seg, &src_port, &dst_port, o.at, o.len, pairs[family][0],
		                           pairs[family][1], false),
		                 DROP_TAKEN);
		assert_int_equal(src_port, 40000);
		assert_int_equal(dst_port, 80);
		assert_int_equal(seg.seq, 0x01020304);
		assert_int_equal(seg.ack, 0x11121314);
		assert_int_equal(seg.flags, FIN | SYN | PSH | ACK | URG);
		assert_int_equal(seg.wnd, 0xabcd);
		assert_int_equal(seg.up, 0x1234);
		assert_int_equal(seg.text_len, 5);
		assert_int_equal(seg.len, 7);
		assert_ptr_equal(seg.text, o.at + 24);
		assert_true(seg.opt.has_mss);
		assert_int_equal(seg.opt.mss, 1460);
		octets_free(&o);
	}
}

static void
hostile__E01__every_offset_and_length__is_judged_in_order(void **state)
{
	(void)state;
	for (unsigned doff = 0; doff <= 15; doff++) {
		for (size_t len = 0; len <= 60; len++) {
			struct octets o = segment(doff, len, ACK);
			enum drop expected = len < 20                     ? DROP_TCP_SHORT
			                     : doff < 5 || 4 * doff > len ? DROP_TCP_OFFSET
			                                                  : DROP_TAKEN;
			struct seg seg;

			checksum(&o, ALICE4, BOB4);
			assert_drop(parse(&seg, &o), expected, "offset %u, length %zu", doff, len);
			if (expected == DROP_TAKEN)
				assert_int_equal(seg.text_len, len - 4 * doff);
			octets_free(&o);
		}
	}
}

/* Any one bit, in header, options and text, of even and odd lengths. */
static void
hostile__E02__each_bit_flipped__is_not_taken(void **state)
{
	(void)state;
	for (size_t len = 40; len <= 43; len++) {
		struct octets o = segment(8, len, ACK | PSH);
		struct seg seg;

		checksum(&o, ALICE4, BOB4);
		assert_int_equal(parse(&seg, &o), DROP_TAKEN);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bool offset =
				bit / 8 == 12 &&
				bit % 8 >= 4; /* may reach beyond the segment, which is looked at first */
			enum drop fate;

			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
			fate = parse(&seg, &o);
			if (fate != DROP_TCP_CKSUM && !(offset && fate == DROP_TCP_OFFSET))
				fail_msg("bit %zu of %zu: %s", bit, len, drop_name(fate));
			o.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		octets_free(&o);
	}
}

/* Zero has two spellings in one's complement: a sum that is right is taken with either. */
static void
hostile__E02__checksum_of_zero__is_taken_in_both_spellings(void **state)
{
	struct octets o = segment(5, 22, ACK);
	struct seg seg;

	(void)state;
	put_u16(o.at + 20, 0);
	checksum(&o, ALICE4, BOB4);
	put_u16(o.at + 20, get_u16(o.at + 16)); /* so that the rest comes to 0xffff */
	put_u16(o.at + 16, 0);
	assert_int_equal(naive_l4_cksum(ALICE4, BOB4, 6, o.at, o.len), 0);
	assert_int_equal(parse(&seg, &o), DROP_TAKEN);
	put_u16(o.at + 16, 0xffff);
	assert_int_equal(parse(&seg, &o), DROP_TAKEN);
	put_u16(o.at + 16, 1);
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	octets_free(&o);
}

/* MUST-3: addresses, protocol and length are part of the sum. */
static void
hostile__E02__pseudo_header_of_another_packet__is_not_taken(void **state)
{
	struct octets o = segment(5, 30, ACK);
	struct seg seg;

	(void)state;
	checksum(&o, ALICE4, ALICE4);
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	checksum(&o, ALICE6, BOB6);
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	put_u16(o.at + 16, 0); /* protocol 17 */
	put_u16(o.at + 16, naive_l4_cksum(ALICE4, BOB4, 17, o.at, o.len));
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	put_u16(o.at + 16, 0); /* no pseudo header at all */
	put_u16(o.at + 16, naive_cksum(o.at, o.len));
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	octets_free(&o);
}

static void
hostile__A06__driver_verified__sum_is_not_looked_at(void **state)
{
	struct octets o = segment(5, 30, ACK);
	uint16_t src_port, dst_port;
	struct seg seg;

	(void)state;
	checksum(&o, ALICE4, BOB4);
	o.at[16] ^= 0xff;
	assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
	assert_int_equal(seg_parse(&seg, &src_port, &dst_port, o.at, o.len, ALICE4, BOB4, true), DROP_TAKEN);
	octets_free(&o);
}

/* MUST-7.  On a SYN the segment goes; on any other it stays, for the sake of its ACK and text. */
static void
hostile__E03__all_kinds_of_length_0_and_1__drop_a_SYN_alone(void **state)
{
	static const uint8_t flags[] = {SYN, SYN | ACK, SYN | FIN, ACK, FIN | ACK, RST, PSH | ACK};

	(void)state;
	for (unsigned kind = 2; kind <= 255; kind++) {
		for (uint8_t len = 0; len <= 1; len++) {
			for (size_t f = 0; f < sizeof(flags); f++) {
				struct octets o = segment(7, 33, flags[f]);
				struct seg seg;
				enum drop fate;

				o.at[20] = 3;
				o.at[21] = 3;
				o.at[22] = 6;
				o.at[23] = (uint8_t)kind;
				o.at[24] = len;
				checksum(&o, ALICE4, BOB4);
				fate = parse(&seg, &o);
				assert_drop(fate, flags[f] & SYN ? DROP_TCP_OPTION : DROP_TAKEN,
				            "kind %u, length %u, flags %02x", kind, len, flags[f]);
				if (fate == DROP_TAKEN) {
					assert_true(seg.opt.illegal && seg.opt.has_wscale);
					assert_int_equal(seg.text_len, 5);
					assert_ptr_equal(seg.text, o.at + 28);
				}
				octets_free(&o);
			}
		}
	}
}

/* The last octet of the options is a kind, and the last of the block too. */
static void
hostile__E04__kind_is_last_octet__at_every_offset(void **state)
{
	(void)state;
	for (unsigned doff = 6; doff <= 15; doff++) {
		struct octets o = segment(doff, 4 * (size_t)doff, SYN);
		struct seg seg;

		o.at[o.len - 1] = 8;
		checksum(&o, ALICE4, BOB4);
		assert_int_equal(parse(&seg, &o), DROP_TCP_OPTION);
		o.at[13] = ACK;
		checksum(&o, ALICE4, BOB4);
		assert_int_equal(parse(&seg, &o), DROP_TAKEN);
		assert_true(seg.opt.illegal);
		octets_free(&o);
	}
}

/* An option does not reach into the text, however much of it there is. */
static void
hostile__E04__option_into_text__is_illegal(void **state)
{
	struct octets o = segment(6, 60, SYN);
	struct seg seg;

	(void)state;
	memcpy(o.at + 20, (const uint8_t[]){1, 1, 8, 10}, 4);
	checksum(&o, ALICE4, BOB4);
	assert_int_equal(parse(&seg, &o), DROP_TCP_OPTION);
	octets_free(&o);
}

static void
hostile__E05__wrong_length_on_SYN__is_taken_without_it(void **state)
{
	struct octets o = segment(6, 24, SYN);
	struct seg seg;

	(void)state;
	memcpy(o.at + 20, (const uint8_t[]){2, 3, 9, 1}, 4);
	checksum(&o, ALICE4, BOB4);
	assert_int_equal(parse(&seg, &o), DROP_TAKEN);
	assert_false(seg.opt.has_mss || seg.opt.illegal);
	octets_free(&o);
}

/* Reserved bits and all flag octets: SEG.LEN counts SYN and FIN, and nothing else matters here. */
static void
hostile__E11_E15__every_flag_octet_and_reserved_bits__SEG_LEN_is_right(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags <= 255; flags++) {
		for (unsigned reserved = 0; reserved <= 15; reserved++) {
			for (size_t text = 0; text <= 1; text++) {
				struct octets o = segment(5, 20 + text, (uint8_t)flags);
				struct seg seg;

				o.at[12] = (uint8_t)(0x50 | reserved);
				checksum(&o, ALICE4, BOB4);
				assert_int_equal(parse(&seg, &o), DROP_TAKEN);
				assert_int_equal(seg.flags, flags);
				assert_int_equal(seg.text_len, text);
				assert_int_equal(seg.len, text + !!(flags & SYN) + !!(flags & FIN));
				octets_free(&o);
			}
		}
	}
}

/* The urgent pointer is a value and never an index. */
static void
hostile__E12__every_urgent_pointer__is_only_a_value(void **state)
{
	static const uint16_t pointers[] = {0, 1, 4, 5, 6, 255, 1460, 32767, 32768, 65534, 65535};
	static const uint8_t flags[] = {URG, URG | ACK, URG | FIN | ACK, URG | SYN, ACK};

	(void)state;
	for (size_t p = 0; p < COUNT(pointers); p++) {
		for (size_t f = 0; f < sizeof(flags); f++) {
			struct octets o = segment(5, 25, flags[f]);
			struct seg seg;

			put_u16(o.at + 18, pointers[p]);
			checksum(&o, ALICE4, BOB4);
			assert_int_equal(parse(&seg, &o), DROP_TAKEN);
			assert_int_equal(seg.up, pointers[p]);
			assert_int_equal(seg.text_len, 5);
			octets_free(&o);
		}
	}
}

static void
seg_parse__port_zero__is_dropped(void **state)
{
	static const size_t at[] = {0, 2};

	(void)state;
	for (size_t i = 0; i < COUNT(at); i++) {
		struct octets o = segment(5, 20, SYN);
		struct seg seg;

		put_u16(o.at + at[i], 0);
		checksum(&o, ALICE4, BOB4);
		assert_int_equal(parse(&seg, &o), DROP_TCP_PORT_ZERO);
		o.at[19] ^= 1; /* the checksum is looked at first ... */
		assert_int_equal(parse(&seg, &o), DROP_TCP_CKSUM);
		o.at[12] = 0x40; /* ... and the data offset before it */
		assert_int_equal(parse(&seg, &o), DROP_TCP_OFFSET);
		octets_free(&o);
	}
}

/* ... and the ports before the options. */
static void
seg_parse__port_zero_and_illegal_option__is_port_zero(void **state)
{
	struct octets o = segment(6, 24, SYN);
	struct seg seg;

	(void)state;
	put_u16(o.at, 0);
	o.at[20] = 8;
	o.at[21] = 0;
	checksum(&o, ALICE4, BOB4);
	assert_int_equal(parse(&seg, &o), DROP_TCP_PORT_ZERO);
	octets_free(&o);
}

static void
seg_build__any_segment__octet_for_octet(void **state)
{
	static const struct seg seg = {
		.seq = 0x01020304,
		.ack = 0x11121314,
		.wnd = 0xabcd,
		.up = 0x1234,
		.flags = SYN | ACK | CWR,
		.opt = {.has_mss = true, .mss = 1460, .has_wscale = true, .wscale = 8},
	};
	static const uint8_t expected[] = {0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x11, 0x12,
	                                   0x13, 0x14, 0x70, 0x92, 0xab, 0xcd, 0x00, 0x00, 0x12, 0x34,
	                                   0x02, 0x04, 0x05, 0xb4, 0x01, 0x03, 0x03, 0x08};
	struct octets o = octets_blank(sizeof(expected));

	(void)state;
	memset(o.at, 0xee, o.len);
	assert_int_equal(seg_build(o.at, 40000, 80, &seg), sizeof(expected));
	assert_memory_equal(o.at, expected, sizeof(expected));
	octets_free(&o);
}

static void
seg_build__random_segments__come_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		struct seg seg =
				   {
					   .seq = random_u32(&seed),
					   .ack = random_u32(&seed),
					   .wnd = (uint16_t)random_u32(&seed),
					   .up = (uint16_t)random_u32(&seed),
					   .flags = (uint8_t)random_u32(&seed),
					   .opt = {.has_ts = n & 1,
		                                   .has_mss = n & 2,
		                                   .has_wscale = n & 4,
		                                   .has_sack_permitted = n & 8},
				   },
			   back;
		size_t text = random_u32(&seed) % TEXT_MAX, header = SEG_HEADER + opt_size(&seg.opt);
		struct octets o = octets_blank(header + text);
		uint16_t src_port, dst_port;

		assert_int_equal(seg_build(o.at, 1, 65535, &seg), header);
		checksum(&o, ALICE6, BOB6);
		assert_int_equal(seg_parse(&back, &src_port, &dst_port, o.at, o.len, ALICE6, BOB6, false),
		                 DROP_TAKEN);
		assert_int_equal(src_port, 1);
		assert_int_equal(dst_port, 65535);
		assert_int_equal(back.seq, seg.seq);
		assert_int_equal(back.ack, seg.ack);
		assert_int_equal(back.wnd, seg.wnd);
		assert_int_equal(back.up, seg.up);
		assert_int_equal(back.flags, seg.flags);
		assert_int_equal(back.text_len, text);
		assert_int_equal(back.opt.has_ts, seg.opt.has_ts);
		assert_int_equal(back.opt.has_sack_permitted, seg.opt.has_sack_permitted);
		octets_free(&o);
	}
}

/* The short way is for those with timestamps and nothing else: with an octet of text, and so on the long one, they are
 * judged and read the same, right ones and such with a bit flipped. */
static void
seg_parse__short_way__equals_the_long_one(void **state)
{
	uint64_t seed = 3;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 40000; n++) {
		struct octets plain = octets_blank(32), text = octets_blank(33);
		uint16_t port[2][2] = {{0}};
		struct seg a, b;
		enum drop fate;

		random_fill(&seed, plain.at, 32);
		plain.at[12] = (uint8_t)(0x80 | (plain.at[12] & 15));
		put_u32(plain.at + 20, OPT_TS_ALIGNED);
		if (n % 8 == 0)
			put_u16(plain.at + (n & 8 ? 2 : 0), 0);
		memcpy(text.at, plain.at, 32);
		checksum(&plain, ALICE4, BOB4);
		checksum(&text, ALICE4, BOB4);
		if (n % 4 == 1) {
			size_t bit = random_u32(&seed) % 256;

			plain.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			text.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		fate = seg_parse(&a, &port[0][0], &port[0][1], plain.at, 32, ALICE4, BOB4, false);
		assert_int_equal(seg_parse(&b, &port[1][0], &port[1][1], text.at, 33, ALICE4, BOB4, false),
		                 fate);
		if (fate == DROP_TAKEN) {
			taken++;
			assert_memory_equal(port[0], port[1], sizeof(port[0]));
			assert_true(a.seq == b.seq && a.ack == b.ack && a.flags == b.flags && a.wnd == b.wnd);
			assert_true(a.up == b.up && !a.ce && a.len + 1 == b.len && a.text_len == 0);
			assert_true(a.text == plain.at + 32 && b.text == text.at + 32 && b.text_len == 1);
			assert_memory_equal(&a.opt, &b.opt, sizeof(a.opt));
		}
		octets_free(&plain);
		octets_free(&text);
	}
	assert_true(taken > 20000);
}

/* The longest that one IPv6 packet can carry. */
static void
seg_parse__longest_segment__is_taken(void **state)
{
	struct octets o = segment(5, 65535, ACK | FIN);
	struct seg seg;

	(void)state;
	checksum(&o, ALICE4, BOB4);
	assert_int_equal(parse(&seg, &o), DROP_TAKEN);
	assert_int_equal(seg.text_len, 65515);
	assert_int_equal(seg.len, 65516);
	octets_free(&o);
}

/* Whatever is read lies in the block: AddressSanitizer is the judge. */
static void
seg_parse__million_random_blocks__stays_inside(void **state)
{
	uint64_t seed = 2;
	unsigned taken = 0;

	(void)state;
	for (int n = 0; n < 1000000; n++) {
		struct octets o = octets_blank(random_u32(&seed) % 80);
		uint16_t src_port, dst_port;
		struct seg seg;

		random_fill(&seed, o.at, o.len);
		if (seg_parse(&seg, &src_port, &dst_port, o.at, o.len, ALICE4, BOB4, n & 1) == DROP_TAKEN) {
			taken++;
			assert_true(seg.text >= o.at + SEG_HEADER && seg.text + seg.text_len == o.at + o.len);
		}
		octets_free(&o);
	}
	assert_true(taken > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seg_parse__every_field__is_read),
		cmocka_unit_test(hostile__E01__every_offset_and_length__is_judged_in_order),
		cmocka_unit_test(hostile__E02__each_bit_flipped__is_not_taken),
		cmocka_unit_test(hostile__E02__checksum_of_zero__is_taken_in_both_spellings),
		cmocka_unit_test(hostile__E02__pseudo_header_of_another_packet__is_not_taken),
		cmocka_unit_test(hostile__A06__driver_verified__sum_is_not_looked_at),
		cmocka_unit_test(hostile__E03__all_kinds_of_length_0_and_1__drop_a_SYN_alone),
		cmocka_unit_test(hostile__E04__kind_is_last_octet__at_every_offset),
		cmocka_unit_test(hostile__E04__option_into_text__is_illegal),
		cmocka_unit_test(hostile__E05__wrong_length_on_SYN__is_taken_without_it),
		cmocka_unit_test(hostile__E11_E15__every_flag_octet_and_reserved_bits__SEG_LEN_is_right),
		cmocka_unit_test(hostile__E12__every_urgent_pointer__is_only_a_value),
		cmocka_unit_test(seg_parse__port_zero__is_dropped),
		cmocka_unit_test(seg_parse__port_zero_and_illegal_option__is_port_zero),
		cmocka_unit_test(seg_build__any_segment__octet_for_octet),
		cmocka_unit_test(seg_build__random_segments__come_back),
		cmocka_unit_test(seg_parse__short_way__equals_the_long_one),
		cmocka_unit_test(seg_parse__longest_segment__is_taken),
		cmocka_unit_test(seg_parse__million_random_blocks__stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
