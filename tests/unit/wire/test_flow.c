/* Addresses: their kinds, and their text (RFC 5952). */
#include "flow.h"

#include "octets.h"

/* Sixteen octets from eight groups. */
static void
address(uint8_t addr[16], const uint16_t group[8])
{
	for (size_t i = 0; i < 8; i++)
		put_u16(addr + 2 * i, group[i]);
}

static const struct {
	uint16_t group[8];
	uint16_t port;
	const char *text;
} texts[] = {
	{{0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}, 80, "[2001:db8::1]:80"},
	{{0, 0, 0, 0, 0, 0, 0, 0}, 0, "[::]:0"},
	{{0, 0, 0, 0, 0, 0, 0, 1}, 65535, "[::1]:65535"},
	{{1, 0, 0, 0, 0, 0, 0, 0}, 1, "[1::]:1"},
	{{0xfe80, 0, 0, 0, 0x200, 0x5eff, 0xfe00, 0x5301}, 22, "[fe80::200:5eff:fe00:5301]:22"},
	/* §4.1: no leading zeros; §4.3: lower case */
	{{0x2001, 0x0db8, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd, 0xeeee, 0x0001},
         1,
         "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:1"},
	/* §4.2.2: one zero group is not shortened */
	{{0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}, 1, "[2001:db8:0:1:1:1:1:1]:1"},
	{{0, 1, 1, 1, 1, 1, 1, 0}, 1, "[0:1:1:1:1:1:1:0]:1"},
	/* §4.2.3: the longest run; of two the first */
	{{0x2001, 0, 0, 1, 0, 0, 0, 1}, 1, "[2001:0:0:1::1]:1"},
	{{0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}, 1, "[2001:db8::1:0:0:1]:1"},
	{{0, 0, 0, 1, 0, 0, 0, 0}, 1, "[0:0:0:1::]:1"},
	{{0, 0, 1, 0, 0, 0, 1, 1}, 1, "[0:0:1::1:1]:1"},
	{{1, 1, 1, 1, 1, 1, 0, 0}, 1, "[1:1:1:1:1:1::]:1"},
	{{0, 0, 1, 1, 1, 1, 1, 1}, 1, "[::1:1:1:1:1:1]:1"},
	/* the longest there is */
	{{0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff},
         65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
	/* IPv4, mapped; and what is close to it but is not */
	{{0, 0, 0, 0, 0, 0xffff, 0xc633, 0x6401}, 80, "198.51.100.1:80"},
	{{0, 0, 0, 0, 0, 0xffff, 0, 0}, 0, "0.0.0.0:0"},
	{{0, 0, 0, 0, 0, 0xffff, 0xffff, 0xffff}, 65535, "255.255.255.255:65535"},
	{{0, 0, 0, 0, 0, 0xfffe, 0xc633, 0x6401}, 80, "[::fffe:c633:6401]:80"},
	{{0, 0, 0, 0, 0xffff, 0, 0xc633, 0x6401}, 80, "[::ffff:0:c633:6401]:80"},
};

static void
addr_text__table_of_RFC_5952__as_written_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct octets text = octets_blank(ADDR_TEXT);
		uint8_t addr[16];

		address(addr, texts[i].group);
		assert_string_equal(addr_text((char *)text.at, addr, texts[i].port), texts[i].text);
		assert_ptr_equal(addr_text((char *)text.at, addr, 1), text.at);
		octets_free(&text);
	}
}

static const struct {
	uint16_t group[8];
	bool ip4, zero, multicast;
} kinds[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0}, false, true, false},
	{{0, 0, 0, 0, 0, 0xffff, 0, 0}, true, true, false},
	{{0, 0, 0, 0, 0, 0xffff, 0, 1}, true, false, false},
	{{0x100, 0, 0, 0, 0, 0xffff, 0, 0}, false, false, false},
	{{0, 0, 0, 0, 0, 0, 0, 1}, false, false, false},
	{{0, 0, 0, 0, 0, 0, 0xe000, 1}, false, false, false},
	{{0xff00, 0, 0, 0, 0, 0, 0, 0}, false, false, true},
	{{0xff02, 0, 0, 0, 0, 1, 0xff00, 1}, false, false, true},
	{{0xffff, 0, 0, 0, 0, 0, 0, 0}, false, false, true},
	{{0xfeff, 0, 0, 0, 0, 0, 0, 0}, false, false, false},
	{{0, 0, 0, 0, 0, 0xffff, 0xdfff, 0xffff}, true, false, false}, /* 223.255.255.255 */
	{{0, 0, 0, 0, 0, 0xffff, 0xe000, 0}, true, false, true},       /* 224.0.0.0 */
	{{0, 0, 0, 0, 0, 0xffff, 0xefff, 0xffff}, true, false, true},  /* 239.255.255.255 */
	{{0, 0, 0, 0, 0, 0xffff, 0xf000, 0}, true, false, false},      /* class E is nobody's group */
	{{0, 0, 0, 0, 0, 0xffff, 0xffff, 0xfffe}, true, false, false},
	{{0, 0, 0, 0, 0, 0xffff, 0xffff, 0xffff}, true, false, true}, /* limited broadcast */
};

static void
addr__table_of_kinds__told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		uint8_t addr[16];
		char text[ADDR_TEXT];

		address(addr, kinds[i].group);
		if (addr_is_ip4(addr) != kinds[i].ip4 || addr_is_zero(addr) != kinds[i].zero ||
		    addr_is_multicast(addr) != kinds[i].multicast)
			fail_msg("%s", addr_text(text, addr, 0));
	}
}

static void
addr_from_ip4__any__is_mapped(void **state)
{
	static const uint8_t ip4[4] = {192, 0, 2, 1};
	uint8_t addr[16];

	(void)state;
	memset(addr, 0xee, sizeof(addr));
	addr_from_ip4(addr, ip4);
	assert_memory_equal(addr, ALICE4, 16);
	assert_true(addr_equal(addr, ALICE4));
	assert_false(addr_equal(addr, BOB4));
}

/* Every octet of a flow tells it from another. */
static void
flow_equal__one_octet_differs__is_another(void **state)
{
	struct flow a = {.lport = 80, .rport = 40000}, b;

	(void)state;
	memcpy(a.local, ALICE6, 16);
	memcpy(a.remote, BOB6, 16);
	b = a;
	assert_true(flow_equal(&a, &b));
	for (size_t i = 0; i < sizeof(b); i++) {
		((uint8_t *)&b)[i] ^= 1;
		assert_false(flow_equal(&a, &b));
		((uint8_t *)&b)[i] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addr_text__table_of_RFC_5952__as_written_there),
		cmocka_unit_test(addr__table_of_kinds__told_apart),
		cmocka_unit_test(addr_from_ip4__any__is_mapped),
		cmocka_unit_test(flow_equal__one_octet_differs__is_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
