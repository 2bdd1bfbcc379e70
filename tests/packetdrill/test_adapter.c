/* The adapter without packetdrill: its table of functions, called as packetdrill calls it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cksum.h"
#include "cursor.h"
#include "flow.h"
#include "interface.h"
#include "ip4.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { OURS = 8080, PEER = 40000, PEER_ISS = 1000, JUMBO = 20000 };

static struct packetdrill_interface ifc;
static const uint8_t ours[4] = {192, 168, 0, 1}, peer[4] = {192, 0, 2, 1};

/* What came out. */
struct seen {
	uint8_t flags;
	uint32_t seq, ack;
	size_t text;
	uint16_t from, to;
	long long at_us;
};

static long long
now_us(void)
{
	struct timeval t;

	assert_int_equal(ifc.gettimeofday(ifc.userdata, &t, NULL), 0);
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static void
inject(uint16_t port, uint8_t flags, uint32_t seq, uint32_t ack, size_t text)
{
	static uint8_t packet[IP4_HEADER + 20 + JUMBO];
	uint8_t *tcp = packet + IP4_HEADER, from[16], to[16];

	addr_from_ip4(from, peer);
	addr_from_ip4(to, ours);
	memset(packet, 'x', sizeof(packet));
	ip4_build(packet, from, to, PROTO_TCP, 64, 0, 20 + text);
	put_u16(tcp, PEER);
	put_u16(tcp + 2, port);
	put_u32(tcp + 4, seq);
	put_u32(tcp + 8, ack);
	put_u16(tcp + 12, (uint16_t)(0x5000 | flags));
	put_u16(tcp + 14, 30000);
	put_u32(tcp + 16, 0);
	put_u16(tcp + 16,
	        cksum_fold(cksum_add(cksum_pseudo(from, to, PROTO_TCP, 20 + text), tcp, 20 + text)));
	assert_int_equal(ifc.netdev_send(ifc.userdata, packet, IP4_HEADER + 20 + text), 0);
}

static struct seen
receive(void)
{
	static uint8_t packet[65536];
	size_t len = sizeof(packet);
	const uint8_t *tcp = packet + IP4_HEADER;
	struct seen s = {0};

	assert_int_equal(ifc.netdev_receive(ifc.userdata, packet, &len, &s.at_us), 0);
	if (len == 0)
		return s;
	assert_true(len >= IP4_HEADER + 20);
	assert_int_equal(packet[0], 0x45);
	assert_int_equal(get_u16(packet + 2), len);
	s.from = get_u16(tcp);
	s.to = get_u16(tcp + 2);
	s.seq = get_u32(tcp + 4);
	s.ack = get_u32(tcp + 8);
	s.flags = tcp[13];
	s.text = len - IP4_HEADER - (size_t)(tcp[12] >> 4) * 4;
	return s;
}

static struct sockaddr_in
address(const uint8_t ip[4], uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	memcpy(&a.sin_addr, ip, 4);
	return a;
}

static void
begin(const char *flags)
{
	memset(&ifc, 0, sizeof(ifc));
	packetdrill_interface_init(flags, &ifc);
}

static int
listener(void)
{
	struct sockaddr_in at = address(ours, OURS);
	int fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, IPPROTO_TCP);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) >= 0); /* a real one */
	assert_int_equal(ifc.bind(ifc.userdata, fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(ifc.listen(ifc.userdata, fd, 1), 0);
	return fd;
}

/* The peer opens; returns our ISS. */
static uint32_t
handshake(void)
{
	struct seen s;

	inject(OURS, SYN, PEER_ISS, 0, 0);
	s = receive();
	assert_int_equal(s.flags, SYN | ACK);
	assert_int_equal(s.ack, PEER_ISS + 1);
	assert_int_equal(s.from, OURS);
	assert_int_equal(s.to, PEER);
	inject(OURS, ACK, PEER_ISS + 1, s.seq + 1, 0);
	return s.seq;
}

static int
accepted(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int c = ifc.accept(ifc.userdata, fd, (struct sockaddr *)&from, &len);

	assert_true(c >= 0);
	assert_int_equal(ntohs(from.sin_port), PEER);
	assert_memory_equal(&from.sin_addr, peer, 4);
	return c;
}

/* Twice: each script begins anew, in the same process. */
static void
test_opens_talks_and_closes(void **unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		int fd, c, zero = -1;
		char text[64] = "";
		struct seen s;
		uint32_t iss;

		begin("profile=linux");
		fd = listener();
		iss = handshake();
		c = accepted(fd);
		assert_int_equal(ifc.write(ifc.userdata, c, text, 50), 50);
		s = receive();
		assert_int_equal(s.text, 50);
		assert_int_equal(s.seq, iss + 1);
		inject(OURS, PSH | ACK, PEER_ISS + 1, iss + 51, 10);
		assert_int_equal(ifc.read(ifc.userdata, c, text, sizeof(text)), 10);
		assert_int_equal(text[9], 'x');
		s = receive();
		assert_int_equal(s.ack, PEER_ISS + 11);
		assert_int_equal(ifc.ioctl(ifc.userdata, c, 0x541b /* FIONREAD */, &zero), 0);
		assert_int_equal(zero, 0);
		assert_int_equal(ifc.close(ifc.userdata, c), 0);
		s = receive();
		assert_int_equal(s.flags, FIN | ACK);
		inject(OURS, FIN | ACK, PEER_ISS + 11, iss + 52, 0);
		s = receive();
		assert_int_equal(s.ack, PEER_ISS + 12);
		assert_int_equal(ifc.close(ifc.userdata, fd), 0);
		ifc.free(ifc.userdata);
	}
}

static void
test_time_is_virtual(void **unused)
{
	long long sent, before;
	struct seen s;

	(void)unused;
	begin(NULL);
	before = now_us();
	assert_int_equal(now_us(), before + 1);
	listener();
	inject(OURS, SYN, PEER_ISS, 0, 0);
	sent = receive().at_us;
	s = receive(); /* nobody answers: again after a second, of which nobody waits for one */
	assert_int_equal(s.flags, SYN | ACK);
	assert_in_range(s.at_us - sent, 1000000, 1004000);
	assert_int_equal(ifc.usleep(ifc.userdata, 10000000), 0);
	s = receive(); /* what was due during the sleep left when it was due */
	assert_in_range(s.at_us - sent, 3000000, 3008000);
	ifc.free(ifc.userdata);
}

static void
test_nothing_left_to_come(void **unused)
{
	(void)unused;
	begin(NULL);
	listener();
	handshake();
	assert_int_equal(receive().flags, 0);
	ifc.free(ifc.userdata);
}

static void
test_jumbo_arrives_whole(void **unused)
{
	static char text[JUMBO + 1];
	uint32_t iss, acked = 0;
	int fd, c;

	(void)unused;
	begin(NULL);
	fd = listener();
	iss = handshake();
	c = accepted(fd);
	inject(OURS, PSH | ACK, PEER_ISS + 1, iss + 1, JUMBO);
	while (acked != PEER_ISS + 1 + JUMBO)
		acked = receive().ack;
	assert_int_equal(ifc.read(ifc.userdata, c, text, sizeof(text)), JUMBO);
	assert_int_equal(strspn(text, "x"), JUMBO);
	ifc.free(ifc.userdata);
}

struct blocked {
	int fd, result;
	long long end_us;
};

static void *
accept_blocked(void *arg)
{
	struct blocked *b = arg;

	b->result = ifc.accept(ifc.userdata, b->fd, NULL, NULL);
	b->end_us = now_us();
	return NULL;
}

/* A second thread waits in accept; it sees the end of its call before time goes on. */
static void
test_blocks_in_virtual_time(void **unused)
{
	struct blocked b = {.result = -2};
	long long injected;
	pthread_t thread;

	(void)unused;
	begin(NULL);
	b.fd = listener();
	assert_int_equal(pthread_create(&thread, NULL, accept_blocked, &b), 0);
	usleep(100000); /* until it is in there; if it is not yet, it does not have to wait */
	ifc.usleep(ifc.userdata, 500000);
	injected = now_us();
	handshake();
	ifc.usleep(ifc.userdata, 500000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(b.result >= 0);
	assert_in_range(b.end_us - injected, 0, 1000);
	ifc.free(ifc.userdata);
}

static void
test_settings(void **unused)
{
	int fd, size = 0;
	socklen_t len = sizeof(size);
	struct sockaddr_in to = address(peer, OURS);
	long long first;

	(void)unused;
	begin("profile=bsd,rto_initial_ms=300 timeouts.syn_retries=3 net.inet.tcp.recvspace=32768");
	fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_int_equal(ifc.getsockopt(ifc.userdata, fd, SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	assert_int_equal(size, 32768);
	assert_int_equal(ifc.fcntl(ifc.userdata, fd, F_GETFL), O_RDWR);
	assert_int_equal(ifc.fcntl(ifc.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	assert_int_equal(ifc.connect(ifc.userdata, fd, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, EINPROGRESS);
	first = receive().at_us;
	assert_in_range(receive().at_us - first, 300000, 304000);
	ifc.free(ifc.userdata);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_talks_and_closes), cmocka_unit_test(test_time_is_virtual),
		cmocka_unit_test(test_nothing_left_to_come),   cmocka_unit_test(test_jumbo_arrives_whole),
		cmocka_unit_test(test_blocks_in_virtual_time), cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
