/* Configuration of a shard: defaults, ranges, and what it will cost. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cc.h"
#include "shard.h"

void
fns_config_default(struct fns_config *cf)
{
	*cf = (struct fns_config){
		.connections = 100000,
		.time_wait = 100000,
		.orphans = 20000,
		.syn_backlog = 4096,
		.listeners = 64,
		.recorders = 1024,
		.neighbours = 1024,
		.buffer_bytes = 256u << 20,
		.rcv_wnd_max = 16u << 20,
		.rcv_wnd_initial = 65535,
		.snd_buf_max = 4u << 20,
		.fin_wait_2_ms = 60000,
		.time_wait_ms = 60000,
		.orphan_retries = 8,
		.syn_retries = 7,
		.retries = 15,
		.r1 = 3,
		.keepalive_ms = 7200000,
		.keepalive_interval_ms = 75000,
		.keepalive_probes = 9,
		.rto_initial_ms = 1000,
		.rto_min_ms = 200,
		.rto_max_ms = 60000,
		.delayed_ack_ms = 40,
		.profile = FNS_LINUX,
		.self_connect = FNS_SELF_DETECT,
		.timestamps = true,
		.sack = true,
		.window_scale = true,
		.rfc1337 = true,
		.strict_reset = true,
		.strict_syn = true,
		.icmp_may_reset = true,
		.idle_restart = true,
		.push_every = 2,
		.ecn = FNS_ECN_PASSIVE,
		.ecn_retries = 1,
		.local_port_first = 32768,
		.local_port_last = 60999,
		.challenge_acks = 10,
		.icmp_per_second = 1000,
		.resets_per_second = 100000,
		.cc = "newreno",
	};
}

/* clang-format off */
/*        field                  least   most                                      */
#define RANGES(X)                                                                                            \
	X(connections, 1, 100000000)                                                                         \
	X(time_wait, 1, 200000000)                                                                           \
	X(orphans, 0, 100000000)                                                                             \
	X(syn_backlog, 1, 100000000)                                                                         \
	X(listeners, 1, 65536)                                                                               \
	X(recorders, 0, 1000000)                                                                             \
	X(neighbours, 4, 1048576)                                                                            \
	X(buffer_bytes, 1048576, UINT64_C(1) << 44)                                                          \
	X(rcv_wnd_max, 4096, 1u << 24)                                                                       \
	X(rcv_wnd_initial, 2048, 1u << 24)                                                                   \
	X(snd_buf_max, 4096, 1u << 23)                                                                       \
	X(fin_wait_2_ms, 1, 86400000)                                                                        \
	X(time_wait_ms, 1, 600000)                                                                           \
	X(orphan_retries, 1, 255)                                                                            \
	X(syn_retries, 1, 255)                                                                               \
	X(retries, 1, 255)                                                                                   \
	X(r1, 1, 255)                                                                                        \
	X(user_timeout_ms, 0, 1000000000)                                                                    \
	X(open_ms, 0, 1000000000)                                                                            \
	X(keepalive_ms, 1, 1000000000)                                                                       \
	X(keepalive_interval_ms, 1, 1000000000)                                                              \
	X(keepalive_probes, 1, 127)                                                                          \
	X(rto_initial_ms, 1, 60000)                                                                          \
	X(rto_min_ms, 1, 60000)                                                                              \
	X(rto_max_ms, 1, 600000)                                                                             \
	X(delayed_ack_ms, 1, 499)                                                                            \
	X(profile, FNS_LINUX, FNS_RFC9293)                                                                   \
	X(self_connect, FNS_SELF_ALLOW, FNS_SELF_REFUSE)\
	X(unknown, FNS_UNKNOWN_RESET, FNS_UNKNOWN_DROP)                                                      \
	X(ecn, FNS_ECN_OFF, FNS_ECN_ON)                                                                     \
	X(local_port_first, 1, 65535)                                                                        \
	X(challenge_acks, 1, 15)                                                                             \
	X(icmp_per_second, 0, 1000000000)                                                                    \
	X(record_sample, 0, UINT32_MAX)                                                                      \
	X(resets_per_second, 0, 1000000000)                                                                  \
	X(port_count, 1, FNS_PORTS_MAX)
/* clang-format on */

void
fns_config_adopt(struct fns_config *running, const struct fns_config *wanted)
{
#define X(field) running->field = wanted->field;
	X(orphans)
	X(syn_backlog)
	X(orphan_retries)
	X(syn_retries)
	X(retries)
	X(r1)
	X(keepalive_interval_ms)
	X(keepalive_probes)
	X(rto_initial_ms)
	X(rto_min_ms)
	X(rto_max_ms)
	X(delayed_ack_ms)
	X(backlog_reset)
	X(rfc1337)
	X(challenge_acks)
	X(icmp_per_second)
	X(resets_per_second)
	X(record_sample)
#undef X
}

static int
refuse(char *why, size_t room, const char *field, const char *wrong)
{
	if (room > 0)
		snprintf(why, room, "%s: %s", field, wrong);
	return -EINVAL;
}

static int
check_port(const struct fns_port_config *p, char *why, size_t room)
{
	if (p->mtu < 576 || p->mtu > 9000)
		return refuse(why, room, "port.mtu", "must be from 576 to 9000");
	if (p->mac[0] & 1)
		return refuse(why, room, "port.mac", "is a group address");
	if (p->address_count < 1 || p->address_count > FNS_PORT_ADDR_MAX)
		return refuse(why, room, "port.address", "needs from 1 to 8 addresses");
	for (unsigned i = 0; i < p->address_count; i++) {
		const struct fns_prefix *a = &p->address[i];

		if (addr_is_zero(a->ip) || addr_is_multicast(a->ip))
			return refuse(why, room, "port.address", "is not a unicast address");
		if (a->bits > (addr_is_ip4(a->ip) ? 32 : 128))
			return refuse(why, room, "port.address", "has a prefix longer than the address");
		if (!addr_is_ip4(a->ip) && p->mtu < 1280)
			return refuse(why, room, "port.mtu", "must be at least 1280 with IPv6");
	}
	return 0;
}

int
fns_config_check(const struct fns_config *cf, char *why, size_t room)
{
#define X(field, least, most)                                                                                \
	if ((uint64_t)cf->field + 1 < (uint64_t)(least) + 1 || (uint64_t)cf->field > (uint64_t)(most))       \
		return refuse(why, room, #field, "must be from " #least " to " #most);
	RANGES(X)
#undef X
	if (cf->steer != NULL && cf->shard >= cf->steer->shards)
		return refuse(why, room, "shard", "is not one of those that steer knows");
	if ((uint64_t)cf->connections + cf->time_wait > UINT32_MAX / 2)
		return refuse(why, room, "connections", "and time_wait together are too many");
	if (cf->local_port_last < cf->local_port_first)
		return refuse(why, room, "local_port_last", "must not be below local_port_first");
	if (cf->rto_max_ms < cf->rto_min_ms)
		return refuse(why, room, "rto_max_ms", "must not be below rto_min_ms");
	if (cf->rcv_wnd_initial > cf->rcv_wnd_max)
		return refuse(why, room, "rcv_wnd_initial", "must not exceed rcv_wnd_max");
	if (cc_find(cf->cc) == 0)
		return refuse(why, room, "cc", "no congestion control of that name (newreno, cubic)");
	for (unsigned i = 0; i < cf->port_count; i++) {
		int r = check_port(&cf->port[i], why, room);

		if (r != 0)
			return r;
	}
	return 0;
}

size_t
fns_config_memory(const struct fns_config *cf, struct fns_memory *row, size_t room)
{
	struct tcp_memory part[PART_COUNT];
	uint64_t neighbours = ip_bytes(cf);

	tcp_memory(cf, part);
	for (size_t i = 0; i < PART_COUNT && i < room; i++)
		row[i] = (struct fns_memory){part[i].name, part[i].each, part[i].count, part[i].bytes};
	if (PART_COUNT < room)
		row[PART_COUNT] = (struct fns_memory){"neighbours", 0, cf->neighbours, neighbours};
	return PART_COUNT + 1;
}

int
fns_addr_parse(struct fns_addr *addr, const char *ip, uint16_t port)
{
	uint8_t ip4[4], ip6[16];

	if (inet_pton(AF_INET, ip, ip4) == 1)
		addr_from_ip4(addr->ip, ip4);
	else if (inet_pton(AF_INET6, ip, ip6) == 1)
		memcpy(addr->ip, ip6, 16);
	else
		return -EINVAL;
	addr->port = port;
	return 0;
}
