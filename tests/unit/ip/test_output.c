/* Segments on their way out: verdicts, room, headers, checksum by us or by the port, padding (hostile-inputs A08). */
#include "net.h"

static const uint8_t SEGMENT[24] = {0x30, 0x39, 0, 80,   1,    2,        3, 4, [12] = 0x60,
                                    0x02, 0x20, 0, 0xab, 0xcd, [20] = 2, 4, 5, 0xb4};

static void
begin__verdicts(void **unused)
{
	struct addr a = addr(PEER4);
	struct ip_out out;
	struct net n;

	(void)unused;
	net_up(&n);
	n.ip.tx = NULL; /* outside of a turn */
	assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_OUTBOX_FULL);
	n.ip.tx = &n.tx;
	n.tx.used = n.tx.room;
	assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_OUTBOX_FULL);
	assert_int_equal(ip_begin(&n.ip, addr("203.0.113.5").ip, &out), IP_OUTBOX_FULL); /* asked first */
	assert_int_equal(n.ip.neigh.used, 0);
	n.tx.used = 0;
	assert_int_equal(ip_begin(&n.ip, addr("203.0.113.5").ip, &out), IP_UNREACHABLE);
	assert_int_equal(counter_read(&n.ip.stats.no_route), 1);
	assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_UNRESOLVED);
	assert_int_equal(counter_read(&n.ip.stats.unresolved), 1);
	for (int i = 0; i < 3; i++, n.ip.now_us += SECOND) {
		n.tx.used = 0;
		ip_timeouts(&n.ip);
		assert_int_equal(n.tx.used, 1);
		n.tx.used = 0;
		assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_UNRESOLVED);
	}
	ip_timeouts(&n.ip);
	assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_UNREACHABLE);
	net_resolve(&n, 0, PEER6, PEER);
	assert_int_equal(ip_begin(&n.ip, addr(PEER6).ip, &out), IP_OK);
	assert_silent(&n);
	net_down(&n);
}

/* Between our own addresses nothing leaves: in order, once, and a full loop takes no more. */
static void
loop__our_own__in_order_and_bounded(void **unused)
{
	static const char *const own[] = {ME4, ME6};
	struct ip_segment a;
	struct ip_out out;
	struct net n;

	(void)unused;
	net_up(&n);
	assert_false(ip_loop_arrives(&n.ip, &a));
	for (unsigned i = 0; i < LOOP_FRAMES; i++) {
		struct addr to = addr(own[i & 1]);

		assert_int_equal(ip_begin(&n.ip, to.ip, &out), IP_OK);
		assert_int_equal(out.path->port, LOOP_PORT);
		assert_int_equal((int)ip_room(&out), i & 1 ? 1460 : 1480);
		memset(out.l4, (int)(i & 0xff), 40);
		out.header = 40;
		out.text = 0;
		ip_finish_tcp(&n.ip, &out, ip_own(&n.ip, to.ip), 64, 0);
	}
	assert_int_equal(ip_begin(&n.ip, addr(ME4).ip, &out), IP_OUTBOX_FULL);
	assert_int_equal(n.tx.used, 0);
	assert_int_equal(ip_due(&n.ip), n.ip.now_us);
	for (unsigned i = 0; i < LOOP_FRAMES; i++) {
		assert_true(ip_loop_arrives(&n.ip, &a));
		assert_memory_equal(a.remote, addr(own[i & 1]).ip, 16);
		assert_int_equal(a.own, ip_own(&n.ip, a.remote));
		assert_int_equal(a.v6, i & 1);
		assert_true(a.verified);
		assert_int_equal(a.len, 40);
		assert_int_equal(a.l4[0], i & 0xff);
		ip_looped(&n.ip);
	}
	assert_false(ip_loop_arrives(&n.ip, &a));
	net_down(&n);
}

/* What is begun and not finished costs nothing; used neighbours of any state but two can be sent to. */
static void
begin__reserves_and_takes_nothing(void **unused)
{
	struct addr a = addr(PEER4);
	struct ip_out out;
	struct net n;

	(void)unused;
	net_up(&n);
	neigh_learn(&n.ip.neigh, 0, a.ip, PEER, false, true, true, n.ip.now_us); /* STALE */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ip_begin(&n.ip, a.ip, &out), IP_OK);
		assert_ptr_equal(out.frame, &n.slot[0]);
		assert_ptr_equal(out.l4, n.slot[0].data + 34);
		assert_int_equal(out.path->port, 0);
		assert_memory_equal(out.frame->data, PEER, 6);
		assert_memory_equal(out.frame->data + 6, MAC0, 6);
		assert_silent(&n);
	}
	assert_int_equal(net_find(&n, 0, PEER4)->state, NEIGH_DELAY);
	net_resolve(&n, 1, "2001:db8:1::9", OTHER);
	assert_int_equal(ip_begin(&n.ip, addr("2001:db8:1::9").ip, &out), IP_OK);
	assert_ptr_equal(out.l4, n.slot[0].data + 54);
	assert_int_equal(out.path->port, 1);
	assert_memory_equal(out.frame->data, OTHER, 6);
	assert_memory_equal(out.frame->data + 6, MAC1, 6);
	net_down(&n);
}

static void
begin__room(void **unused)
{
	static const struct {
		const char *to;
		uint8_t port;
		uint16_t blank;
		size_t room;
	} rows[] = {
		{PEER4, 0, 2048, 1480},
		{PEER6, 0, 2048, 1460},
		{PEER4, 0, 1514, 1480},
		{PEER4, 0, 1513, 1479},
		{PEER6, 0, 1500, 1446},
		{"198.51.100.9", 1, 16000, 8980},
		{"2001:db8:1::9", 1, 2048, 1994},
		{PEER4, 0, 94, 60},
		{PEER4, 0, 93, 0},
		{PEER6, 0, 114, 60},
		{PEER6, 0, 113, 0},
		{PEER4, 0, 20, 0}, /* 0: not even a header with its options */
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip_out out;
		struct net n;

		net_up(&n);
		net_resolve(&n, rows[i].port, rows[i].to, PEER);
		net_blanks(&n, 1, rows[i].blank);
		if (rows[i].room == 0) {
			assert_int_equal(ip_begin(&n.ip, addr(rows[i].to).ip, &out), IP_OUTBOX_FULL);
		} else {
			assert_int_equal(ip_begin(&n.ip, addr(rows[i].to).ip, &out), IP_OK);
			assert_int_equal((int)ip_room(&out), rows[i].room);
		}
		net_down(&n);
	}
}

/* As who writes TCP leaves it: no checksum yet, and the sum of header and text beside it. */
static void
write_tcp(struct ip_out *out, const uint8_t *l4, size_t len)
{
	out->header = 20; /* options are as good as text to a checksum */
	out->text = (uint16_t)(len - out->header);
	memcpy(out->l4, l4, len);
	put_u16(out->l4 + 16, 0);
	out->sum = 0;
	for (uint16_t i = 0; i < out->header; i += 2)
		out->sum += get_u16(out->l4 + i);
	if (out->path->kind == PATH_SUMMED)
		out->sum += cksum_number_of(cksum_add(0, out->l4 + out->header, out->text));
}

static void
send_segment(struct net *n, const char *src, const char *dst, const uint8_t *l4, size_t len)
{
	struct ip_out out;

	assert_int_equal(ip_begin(&n->ip, addr(dst).ip, &out), IP_OK);
	write_tcp(&out, l4, len);
	ip_finish_tcp(&n->ip, &out, ip_own(&n->ip, addr(src).ip), 63, 0x2a);
}

static void
finish__headers_and_checksum(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	net_resolve(&n, 0, PEER6, OTHER);
	send_segment(&n, ME4, PEER4, SEGMENT, sizeof(SEGMENT));
	assert_int_equal(n.slot[0].port, 0);
	assert_int_equal(n.slot[0].flags, 0);
	take_sent(&n, &m); /* sums verified */
	assert_int_equal(m.len, 60);
	assert_memory_equal(m.at, PEER, 6);
	assert_memory_equal(m.at + 6, MAC0, 6);
	assert_int_equal(get_u16(m.at + 12), 0x0800);
	assert_int_equal(m.at[14], 0x45);
	assert_int_equal(m.at[15], 0x2a);
	assert_int_equal(get_u16(m.at + 16), 44);
	assert_int_equal(get_u32(m.at + 18), 0x4000); /* identification 0, DF */
	assert_int_equal(m.at[22], 63);
	assert_int_equal(m.at[23], 6);
	assert_memory_equal(m.at + 26, addr(ME4).ip + 12, 4);
	assert_memory_equal(m.at + 30, addr(PEER4).ip + 12, 4);
	assert_memory_equal(m.at + 34, SEGMENT, 16);
	send_segment(&n, ME6, PEER6, SEGMENT, sizeof(SEGMENT));
	take_sent(&n, &m);
	assert_int_equal(m.len, 78);
	assert_memory_equal(m.at, OTHER, 6);
	assert_int_equal(get_u16(m.at + 12), 0x86dd);
	assert_int_equal(get_u32(m.at + 14), 0x62a00000);
	assert_int_equal(get_u16(m.at + 18), 24);
	assert_int_equal(m.at[20], 6);
	assert_int_equal(m.at[21], 63);
	assert_memory_equal(m.at + 22, addr(ME6).ip, 16);
	assert_memory_equal(m.at + 38, addr(PEER6).ip, 16);
	net_down(&n);
}

static void
finish__every_length__sum_is_right(void **unused)
{
	uint8_t l4[1480];
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	net_resolve(&n, 0, PEER6, PEER);
	for (size_t i = 0; i < sizeof(l4); i++)
		l4[i] = (uint8_t)(i * i + 3);
	for (size_t len = 20; len <= sizeof(l4); len += len < 100 ? 1 : 69) {
		send_segment(&n, ME4, PEER4, l4, len);
		take_sent(&n, &m);
		assert_int_equal(m.len, len + 34 < 60 ? 60 : len + 34);
		if (len > 1460)
			continue;
		send_segment(&n, ME6, PEER6, l4, len);
		take_sent(&n, &m);
		assert_int_equal(m.len, len + 54);
	}
	net_down(&n);
}

static void
hostile__A08__padding_is_zero(void **unused)
{
	struct net n;
	struct made m;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	for (size_t len = 20; len < 26; len++) {
		send_segment(&n, ME4, PEER4, SEGMENT, len < sizeof(SEGMENT) ? len : sizeof(SEGMENT));
		take_sent(&n, &m);
		assert_int_equal(m.len, 60);
		for (size_t i = 34 + (len < sizeof(SEGMENT) ? len : sizeof(SEGMENT)); i < 60; i++)
			assert_int_equal(m.at[i], 0);
	}
	net_down(&n);
}

/* The port is told where the headers end, and finds the sum of the pseudo header where the checksum belongs. */
static void
finish__offload(void **unused)
{
	static const struct {
		const char *src, *dst;
		uint8_t header;
		uint16_t flags;
	} rows[] = {
		{ME4, PEER4, 20, FNS_FRAME_TCP_CKSUM},
		{ME6, PEER6, 40, FNS_FRAME_TCP_CKSUM | FNS_FRAME_IP6},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t at = 14u + rows[i].header;
		struct net n;
		struct made m;

		net_config(&n);
		n.config.port[0].tx_cksum = true;
		net_start(&n);
		net_resolve(&n, 0, rows[i].dst, PEER);
		send_segment(&n, rows[i].src, rows[i].dst, SEGMENT, sizeof(SEGMENT));
		assert_int_equal(n.slot[0].flags, rows[i].flags);
		assert_int_equal(n.slot[0].l2_len, 14);
		assert_int_equal(n.slot[0].l3_len, rows[i].header);
		take_sent(&n, &m);
		assert_int_equal(get_u16(m.at + at + 16), naive_pseudo(m.at + 14, sizeof(SEGMENT)));
		/* what the port does: sum everything, complement, put */
		put_u16(m.at + at + 16, (uint16_t)~naive_sum(0, m.at + at, sizeof(SEGMENT)));
		assert_checksums(m.at, m.len);
		if (rows[i].header == 20)
			assert_int_equal(naive_sum(0, m.at + 14, 20), 0xffff); /* not offloaded */
		/* and what is not TCP asks for nothing, in the same blank */
		neigh_use(&n.ip.neigh, 0, addr("192.0.2.77").ip, n.ip.now_us);
		ip_timeouts(&n.ip);
		assert_int_equal(n.slot[0].flags, 0);
		assert_int_equal(n.slot[0].l2_len, 0);
		net_down(&n);
	}
}

static void
finish__frames_come_in_order(void **unused)
{
	struct net n;

	(void)unused;
	net_up(&n);
	net_resolve(&n, 0, PEER4, PEER);
	for (uint16_t i = 0; i < BLANKS; i++) {
		struct ip_out out;

		assert_int_equal(ip_begin(&n.ip, addr(PEER4).ip, &out), IP_OK);
		assert_ptr_equal(out.frame, &n.slot[i]);
		write_tcp(&out, SEGMENT, sizeof(SEGMENT));
		ip_finish_tcp(&n.ip, &out, ip_own(&n.ip, addr(ME4).ip), 64, 0);
		assert_int_equal(n.tx.used, i + 1);
	}
	net_down(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin__verdicts),
		cmocka_unit_test(loop__our_own__in_order_and_bounded),
		cmocka_unit_test(begin__reserves_and_takes_nothing),
		cmocka_unit_test(begin__room),
		cmocka_unit_test(finish__headers_and_checksum),
		cmocka_unit_test(finish__every_length__sum_is_right),
		cmocka_unit_test(hostile__A08__padding_is_zero),
		cmocka_unit_test(finish__offload),
		cmocka_unit_test(finish__frames_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
