/* Ethernet and ARP: hostile rows A01, A03, and D09 as far as the octets decide it. */
#include "arp.h"
#include "eth.h"

#include "octets.h"

static const uint8_t A[6] = {0x02, 0, 0, 0, 0, 0x0a}, B[6] = {0x02, 0, 0, 0, 0, 0x0b};

static void
hostile__A01__every_length__is_runt_below_14(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 60; len++) {
		struct octets o = octets_blank(len);
		struct cursor c = cursor_of(o.at, o.len);
		struct eth eth;

		if (len >= 14)
			put_u16(o.at + 12, 0x0800);
		assert_drop(eth_parse(&eth, &c), len < 14 ? DROP_L2_RUNT : DROP_TAKEN, "length %zu", len);
		if (len >= 14)
			assert_int_equal(cursor_left(&c), len - 14);
		octets_free(&o);
	}
}

static const struct {
	uint16_t type;
	enum drop fate;
} types[] = {
	{0x0000, DROP_L2_LENGTH}, /* 802.3 lengths: LLC, SNAP */
	{0x0001, DROP_L2_LENGTH},
	{0x0026, DROP_L2_LENGTH},
	{0x002e, DROP_L2_LENGTH},
	{0x0040, DROP_L2_LENGTH},
	{0x0100, DROP_L2_LENGTH},
	{0x05dc, DROP_L2_LENGTH}, /* 1500, the largest length */
	{0x05dd, DROP_L2_LENGTH}, /* neither length nor type */
	{0x05ff, DROP_L2_LENGTH},
	{0x0600, DROP_TAKEN}, /* the least type; whether it is known is the caller's affair */
	{0x0800, DROP_TAKEN},
	{0x0801, DROP_TAKEN},
	{0x0805, DROP_TAKEN},
	{0x0806, DROP_TAKEN},
	{0x0842, DROP_TAKEN},
	{0x22f3, DROP_TAKEN},
	{0x6003, DROP_TAKEN},
	{0x8035, DROP_TAKEN},
	{0x809b, DROP_TAKEN},
	{0x80f3, DROP_TAKEN},
	{0x8100, DROP_L2_VLAN},
	{0x8137, DROP_TAKEN},
	{0x86dd, DROP_TAKEN},
	{0x8808, DROP_TAKEN},
	{0x8847, DROP_TAKEN},
	{0x8863, DROP_TAKEN},
	{0x888e, DROP_TAKEN},
	{0x88a8, DROP_L2_VLAN},
	{0x88cc, DROP_TAKEN},
	{0x88e5, DROP_TAKEN},
	{0xffff, DROP_TAKEN},
};

static void
hostile__A03__table_of_types__judged(void **state)
{
	(void)state;
	assert_true(COUNT(types) >= 30);
	for (size_t i = 0; i < COUNT(types); i++) {
		struct octets o = octets_blank(ETH_HEADER);
		struct cursor c = cursor_of(o.at, o.len);
		struct eth eth;

		eth_build(o.at, A, B, types[i].type);
		assert_drop(eth_parse(&eth, &c), types[i].fate, "type %04x", types[i].type);
		assert_int_equal(eth.type, types[i].type);
		octets_free(&o);
	}
}

/* Tags in a row: the outer one decides. */
static void
hostile__A03__one_to_three_tags__are_dropped(void **state)
{
	static const uint16_t outer[] = {0x8100, 0x88a8};

	(void)state;
	for (size_t o_i = 0; o_i < COUNT(outer); o_i++) {
		for (size_t tags = 1; tags <= 3; tags++) {
			struct octets o = octets_blank(ETH_HEADER + 4 * tags + 46);
			struct cursor c = cursor_of(o.at, o.len);
			struct eth eth;

			for (size_t i = 0; i < tags; i++)
				put_u16(o.at + 12 + 4 * i, i == 0 ? outer[o_i] : 0x8100);
			put_u16(o.at + 12 + 4 * tags, 0x0800);
			assert_int_equal(eth_parse(&eth, &c), DROP_L2_VLAN);
			octets_free(&o);
		}
	}
}

static void
eth_build__any__octet_for_octet_and_back(void **state)
{
	static const uint8_t expected[ETH_HEADER] = {2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 11, 0x86, 0xdd};
	struct octets o = octets_blank(ETH_HEADER);
	struct cursor c = cursor_of(o.at, o.len);
	struct eth eth;

	(void)state;
	eth_build(o.at, A, B, ETH_IP6);
	assert_memory_equal(o.at, expected, sizeof(expected));
	assert_int_equal(eth_parse(&eth, &c), DROP_TAKEN);
	assert_memory_equal(eth.dst, A, 6);
	assert_memory_equal(eth.src, B, 6);
	assert_int_equal(eth.type, ETH_IP6);
	assert_int_equal(cursor_left(&c), 0);
	octets_free(&o);
}

static void
eth_is_group__group_bit__decides(void **state)
{
	(void)state;
	assert_false(eth_is_group(A));
	assert_true(eth_is_group((const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
	assert_true(eth_is_group((const uint8_t[]){0x01, 0, 0x5e, 0, 0, 1}));
	assert_true(eth_is_group((const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}));
	assert_false(eth_is_group((const uint8_t[]){0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}));
}

/* A request from A for 192.0.2.2. */
static const uint8_t request[ARP_SIZE] = {
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 10, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2,
};

static void
arp_parse__request__is_read_and_built_again(void **state)
{
	struct octets o = octets_of(request, sizeof(request)), back = octets_blank(ARP_SIZE);
	struct cursor c = cursor_of(o.at, o.len);
	struct arp arp;

	(void)state;
	assert_int_equal(arp_parse(&arp, &c), DROP_TAKEN);
	assert_int_equal(arp.op, ARP_REQUEST);
	assert_memory_equal(arp.sender_mac, A, 6);
	assert_memory_equal(arp.sender_ip, ((const uint8_t[]){192, 0, 2, 1}), 4);
	assert_memory_equal(arp.target_mac, ((const uint8_t[]){0, 0, 0, 0, 0, 0}), 6);
	assert_memory_equal(arp.target_ip, ((const uint8_t[]){192, 0, 2, 2}), 4);
	arp_build(back.at, &arp);
	assert_memory_equal(back.at, request, sizeof(request));
	octets_free(&o);
	octets_free(&back);
}

/* Each octet is its own: none is mixed up with another on the way. */
static void
arp_build__any_values__octet_for_octet(void **state)
{
	static const struct arp reply = {.op = ARP_REPLY,
	                                 .sender_mac = {1, 2, 3, 4, 5, 6},
	                                 .sender_ip = {7, 8, 9, 10},
	                                 .target_mac = {11, 12, 13, 14, 15, 16},
	                                 .target_ip = {17, 18, 19, 20}};
	struct octets o = octets_blank(ARP_SIZE);
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 2};

	(void)state;
	arp_build(o.at, &reply);
	assert_memory_equal(o.at, head, sizeof(head));
	for (uint8_t i = 1; i <= 20; i++)
		assert_int_equal(o.at[7 + i], i);
	octets_free(&o);
}

static const struct {
	size_t at;
	uint16_t value;
	enum drop fate;
} arps[] = {
	{0, 0, DROP_ARP_FORMAT},      {0, 6, DROP_ARP_FORMAT},      {0, 0x0100, DROP_ARP_FORMAT},
	{0, 0xffff, DROP_ARP_FORMAT}, {2, 0, DROP_ARP_FORMAT},      {2, 0x86dd, DROP_ARP_FORMAT},
	{2, 0x0806, DROP_ARP_FORMAT}, {2, 0x0008, DROP_ARP_FORMAT}, {4, 0x0004, DROP_ARP_FORMAT},
	{4, 0x0604, DROP_TAKEN},      {4, 0x0600, DROP_ARP_FORMAT}, {4, 0x0610, DROP_ARP_FORMAT},
	{4, 0x06ff, DROP_ARP_FORMAT}, {4, 0xff04, DROP_ARP_FORMAT}, {4, 0x0406, DROP_ARP_FORMAT},
	{4, 0x0804, DROP_ARP_FORMAT}, {6, 0, DROP_ARP_OP},          {6, 1, DROP_TAKEN},
	{6, 2, DROP_TAKEN},           {6, 3, DROP_ARP_OP},          {6, 4, DROP_ARP_OP},
	{6, 8, DROP_ARP_OP},          {6, 0x0100, DROP_ARP_OP},     {6, 0xffff, DROP_ARP_OP},
};

static void
hostile__D09__table_of_fields__judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(arps); i++) {
		struct octets o = octets_of(request, sizeof(request));
		struct cursor c = cursor_of(o.at, o.len);
		struct arp arp;

		put_u16(o.at + arps[i].at, arps[i].value);
		assert_drop(arp_parse(&arp, &c), arps[i].fate, "%04x at %zu", arps[i].value, arps[i].at);
		octets_free(&o);
	}
}

/* Cut short at every octet; and padded to the least frame. */
static void
hostile__D09__every_length__is_short_below_28(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 46; len++) {
		struct octets o = octets_blank(len);
		struct cursor c = cursor_of(o.at, o.len);
		struct arp arp;

		memcpy(o.at, request, len < ARP_SIZE ? len : ARP_SIZE);
		assert_drop(arp_parse(&arp, &c), len < ARP_SIZE ? DROP_ARP_SHORT : DROP_TAKEN, "length %zu",
		            len);
		octets_free(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__A01__every_length__is_runt_below_14),
		cmocka_unit_test(hostile__A03__table_of_types__judged),
		cmocka_unit_test(hostile__A03__one_to_three_tags__are_dropped),
		cmocka_unit_test(eth_build__any__octet_for_octet_and_back),
		cmocka_unit_test(eth_is_group__group_bit__decides),
		cmocka_unit_test(arp_parse__request__is_read_and_built_again),
		cmocka_unit_test(arp_build__any_values__octet_for_octet),
		cmocka_unit_test(hostile__D09__table_of_fields__judged),
		cmocka_unit_test(hostile__D09__every_length__is_short_below_28),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
