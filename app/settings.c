/* The table of settings.  To add one: a row here, a member in struct conf, a line in conf/finesse.conf. */
#include <string.h>

#include "settings.h"

static const char *const idle_words[] = {"sleep", "pause", "poll", NULL};
static const char *const clock_words[] = {"monotonic", "virtual", NULL};
static const char *const profile_words[] = {"linux", "bsd", "rfc9293", NULL};
static const char *const own_profile_words[] = {"default", "linux", "bsd", "rfc9293", NULL};
static const char *const self_words[] = {"allow", "avoid", "detect", "refuse", NULL};
static const char *const overflow_words[] = {"drop", "reset", NULL};
static const char *const choice_words[] = {"default", "false", "true", NULL};
static const char *const cc_words[] = {"newreno", "cubic", NULL};
static const char *const unknown_words[] = {"reset", "drop_syn", "drop", NULL};
static const char *const ecn_words[] = {"off", "passive", "on", NULL};
static const char *const drain_words[] = {"refuse", "ignore", NULL};
static const char *const service_words[] = {"echo", "discard", "chargen", "daytime", "http", "client", NULL};
static const char *const close_words[] = {"fin", "rst", "half", "peer", "never", NULL};

#define GIB (INT64_C(1) << 30)

/* clang-format off */
#define ROW(section, name, type, standard, min, max, help) \
	#section, #name, type, offsetof(struct conf, section.name), standard, min, max, NULL, help, 0
#define SHARED(section, name, type, standard, min, max, help) \
	ROW(section, name, type, standard, min, max, help), true
#define WORD(section, name, standard, list, help) \
	#section, #name, CONF_WORD, offsetof(struct conf, section.name), standard, 0, 0, list, help, 0
#define EACH(section, element, name, type, standard, min, max, list, help) \
	#section, #name, type, offsetof(struct element, name), standard, min, max, list, help, 0
#define OF(kinds, name, type, standard, min, max, list, help) \
	"services", #name, type, offsetof(struct conf_service, name), standard, min, max, list, help, kinds
#define ALL  0
#define HTTP (1U << CONF_HTTP)
#define OPEN (1U << CONF_CLIENT)
#define NUM CONF_NUMBER

static const struct setting table[] = {
	{ROW(dpdk, args, CONF_TEXT, "\"--no-pci --in-memory --no-telemetry -m 256 --vdev=net_tap0,iface=fns0\"", 0, 1023,
	     "arguments of DPDK's EAL; without hugepages: --no-huge --no-shconf instead of --in-memory")},
	{ROW(dpdk, descriptors, NUM, "512", 32, 4096, "descriptors of each receive and transmit queue")},

	{ROW(workers, cores, CONF_NUMBERS, "[0]", 0, 1023, "CPUs, one worker and one shard of the connections each")},
	{WORD(workers, idle, "\"sleep\"", idle_words,
	      "what a worker without work does; sleep leaves the CPU to others, poll answers soonest")},
	{ROW(workers, sleep_us, NUM, "5000", 1, 10000, "longest sleep where a port cannot wake the worker, microseconds; none is longer than the silence before it, beyond 500 than a 64th of that")},
	{WORD(workers, clock, "\"monotonic\"", clock_words,
	      "virtual: time is that of the capture in the port's rx_pcap, and ends with it; for tests only")},

	{EACH(ports, conf_port, device, CONF_TEXT, NULL, 1, 63, NULL, "EAL's name of the device: a vdev's, or a PCI address")},
	{EACH(ports, conf_port, queues, NUM, "0", 0, CONF_CORES_MAX, NULL,
	      "pairs of receive and transmit queues; 0: one for each worker, or as many as the device has")},
	{EACH(ports, conf_port, ipv4, CONF_TEXTS, "[]", 0, CONF_ADDRESS_MAX, NULL, "own IPv4 addresses, each with its prefix length")},
	{EACH(ports, conf_port, ipv6, CONF_TEXTS, "[]", 0, CONF_ADDRESS_MAX, NULL, "own IPv6 addresses, each with its prefix length")},
	{EACH(ports, conf_port, gateway4, CONF_TEXT, "\"\"", 0, 63, NULL, "IPv4 router for what is not on the link; empty: none")},
	{EACH(ports, conf_port, gateway6, CONF_TEXT, "\"\"", 0, 63, NULL, "IPv6 router for what is not on the link; empty: none")},
	{EACH(ports, conf_port, mtu, NUM, "1500", 576, 9000, NULL, "MTU of IP, octets; at least 1280 with an IPv6 address")},
	{EACH(ports, conf_port, mac, CONF_TEXT, "\"\"", 0, 17, NULL,
	      "own MAC, 02:00:00:00:00:01; empty: the port's own (net_tap: one beside it, the kernel bears the port's)")},

	{SHARED(limits, connections, NUM, "1000000", 1, 64000000, "connections at once, half-open ones and orphans included")},
	{SHARED(limits, time_wait, NUM, "1000000", 1, 64000000, "TIME-WAIT entries at once; beyond, a connection skips TIME-WAIT")},
	{SHARED(limits, orphans, NUM, "100000", 0, 64000000, "closed by the application, still sending; beyond, close resets")},
	{SHARED(limits, syn_backlog, NUM, "65536", 1, 64000000, "connections in SYN-RECEIVED per listener")},
	{ROW(limits, listeners, NUM, "64", 1, 65535, "listeners at once")},
	{SHARED(limits, recorders, NUM, "1024", 0, 1000000, "connections, live and ended, whose last 32 events are kept; 0: none")},
	{ROW(limits, neighbours, NUM, "1024", 16, 1048576, "entries of ARP and neighbour discovery together, in each worker")},
	{SHARED(limits, buffer_bytes, NUM, "1073741824", 1048576, 1024 * GIB, "memory of all send and receive buffers together")},
	{ROW(limits, receive_window_bytes, NUM, "16777216", 4096, 16777216, "a receive window grows with use up to this")},
	{ROW(limits, receive_window_initial_bytes, NUM, "65535", 2048, 16777216, "a receive window begins with this")},
	{ROW(limits, send_buffer_bytes, NUM, "4194304", 4096, 8388608, "octets a connection may have queued and unacknowledged")},
	{ROW(limits, challenge_acks_per_5s, NUM, "10", 1, 15, "challenge ACKs per connection in 5 s (RFC 5961 7)")},
	{SHARED(limits, icmp_per_s, NUM, "1000", 0, 10000000, "echo replies and ICMP errors a second")},
	{SHARED(limits, resets_per_s, NUM, "100000", 0, 100000000, "resets a second for segments without a connection")},

	{ROW(timeouts, fin_wait_2_s, NUM, "60", 1, 86400, "FIN-WAIT-2 of an orphan, seconds")},
	{ROW(timeouts, time_wait_s, NUM, "60", 1, 600, "2 MSL, seconds")},
	{ROW(timeouts, orphan_retries, NUM, "8", 1, 255, "retransmissions of an orphan before it is given up")},
	{ROW(timeouts, syn_retries, NUM, "7", 1, 255, "retransmissions of a SYN before the open fails; 7 pass 3 minutes")},
	{ROW(timeouts, retries, NUM, "15", 1, 255, "R2: retransmissions before the connection is given up")},
	{ROW(timeouts, r1_retries, NUM, "3", 1, 255, "R1: retransmissions before the application hears of it")},
	{ROW(timeouts, user_timeout_s, NUM, "0", 0, 86400, "R2 as a time, seconds; 0: off, by retries alone")},
	{ROW(timeouts, open_s, NUM, "0", 0, 86400, "an active open takes this long at most, seconds; 0: by retries alone")},
	{ROW(timeouts, keepalive_s, NUM, "0", 0, 604800, "idle time before a keep-alive probe, seconds; 0: off")},
	{ROW(timeouts, keepalive_interval_s, NUM, "75", 1, 86400, "between keep-alive probes, seconds")},
	{ROW(timeouts, keepalive_probes, NUM, "9", 1, 127, "unanswered keep-alive probes before the connection is given up")},
	{ROW(timeouts, rto_initial_ms, NUM, "1000", 10, 60000, "retransmission timeout before the first measurement")},
	{ROW(timeouts, rto_min_ms, NUM, "200", 1, 60000, "retransmission timeout at the least")},
	{ROW(timeouts, rto_max_ms, NUM, "60000", 1000, 600000, "retransmission timeout at the most")},
	{ROW(timeouts, delayed_ack_ms, NUM, "40", 1, 499, "how long an ACK may wait for data to ride on")},

	{WORD(policy, profile, "\"linux\"", profile_words, "whose choices to follow where the RFCs leave one")},
	{WORD(policy, self_connect, "\"detect\"", self_words,
	      "an active open that meets itself: is taken, is avoided, chooses another port, is refused")},
	{WORD(policy, backlog_overflow, "\"drop\"", overflow_words, "what a SYN meets at a full backlog")},
	{ROW(policy, local_ports, CONF_NUMBERS, "[32768, 60999]", 1, 65535, "first and last source port of active opens")},
	{WORD(policy, congestion_control, "\"newreno\"", cc_words, "congestion control")},
	{ROW(policy, nagle, CONF_SWITCH, "true", 0, 1, "small segments wait for the ACK of earlier ones")},
	{ROW(policy, timestamps, CONF_SWITCH, "true", 0, 1, "RFC 7323 timestamps and PAWS")},
	{ROW(policy, sack, CONF_SWITCH, "true", 0, 1, "selective acknowledgements (RFC 2018)")},
	{ROW(policy, window_scale, CONF_SWITCH, "true", 0, 1, "windows over 64 KiB (RFC 7323)")},
	{WORD(policy, ecn, "\"passive\"", ecn_words, "explicit congestion notification (RFC 3168); passive: for peers that ask")},
	{ROW(policy, ecn_retries, NUM, "1", 0, 255, "SYNs that ask for ECN, sent again as they are; then without")},
	{ROW(policy, syn_options_retries, NUM, "0", 0, 255, "SYNs sent again with all options, then with the MSS alone; 0: always all")},
	{ROW(policy, strict_reset, CONF_SWITCH, "true", 0, 1, "a reset counts at its exact place only (RFC 5961 3); else anywhere in the window")},
	{ROW(policy, strict_syn, CONF_SWITCH, "true", 0, 1, "a SYN in a connection is challenged (RFC 5961 4); else, in the window, it resets")},
	{ROW(policy, drop_syn_fin, CONF_SWITCH, "false", 0, 1, "a SYN with a FIN is dropped wherever it comes; else by a listener, where the profile says so")},
	{ROW(policy, icmp_may_reset, CONF_SWITCH, "true", 0, 1, "a hard ICMP error ends an open; else it is only noted")},
	{WORD(policy, unknown, "\"reset\"", unknown_words, "what a segment meets that no connection or listener knows; drop_syn: resets, but no answer to a SYN")},
	{ROW(policy, idle_restart, CONF_SWITCH, "true", 0, 1, "the congestion window begins anew after idle time (RFC 5681 4.1)")},
	{ROW(policy, push_every, NUM, "2", 0, 255, "in the profile linux: segments in a row of which the last is pushed; 0: none")},
	{ROW(policy, rfc1337, CONF_SWITCH, "true", 0, 1, "a reset does not end TIME-WAIT")},
	{ROW(policy, record_sample, NUM, "0", 0, UINT32_MAX, "one connection in so many is recorded; 0: none by chance")},
	{ROW(policy, announce, CONF_SWITCH, "true", 0, 1, "tell the link our addresses at the start")},
	{ROW(policy, isn_secret, CONF_TEXT, "\"\"", 0, 64, "64 hexadecimal digits instead of a random secret: for tests only")},

	{OF(ALL, type, CONF_WORD, NULL, 0, 0, service_words, "what is served")},
	{OF(ALL, port, NUM, NULL, 1, 65535, NULL, "TCP port, on every own address; client: of the target")},
	{OF(HTTP, body_bytes, NUM, "64", 0, 10000000000, NULL, "octets of the body of /; /bytes/N answers with N whatever this says")},
	{OF(OPEN, target, CONF_TEXT, "\"\"", 0, 63, NULL, "address to connect to")},
	{OF(OPEN, local_port, NUM, "0", 0, 65535, NULL, "own port; 0: chosen from policy.local_ports")},
	{OF(OPEN, connections, NUM, "1", 1, 64000000, NULL, "connections at once; one that ends makes room for the next")},
	{OF(OPEN, total, NUM, "0", 0, 1000000000000, NULL,
	    "connections in all; 0: each once, or as many as there are in seconds, if that is set")},
	{OF(OPEN, seconds, NUM, "0", 0, 8640000, NULL, "how long connections are opened, seconds; 0: until there were enough")},
	{OF(OPEN, rate, NUM, "0", 0, 100000000, NULL, "opens a second at the most; 0: as fast as can be")},
	{OF(OPEN, start_ms, NUM, "0", 0, 86400000, NULL, "when it begins, after the start, milliseconds")},
	{OF(OPEN, send_bytes, NUM, "0", 0, 10000000000, NULL, "octets that each sends")},
	{OF(OPEN, receive_bytes, NUM, "0", 0, 10000000000, NULL, "octets that each waits for before it closes")},
	{OF(OPEN, read, CONF_SWITCH, "true", 0, 1, NULL, "what comes is read; false: it stays unread")},
	{OF(OPEN, check, CONF_SWITCH, "false", 0, 1, NULL, "what comes must be what was sent: the target is an echo")},
	{OF(OPEN, close, CONF_WORD, "\"fin\"", 0, 0, close_words,
	    "all sent and received: FIN or reset at once; half-close, or nothing, until the peer's FIN; left open")},
	{OF(ALL, profile, CONF_WORD, "\"default\"", 0, 0, own_profile_words, "whose choices to follow; default: policy.profile")},
	{OF(ALL, fin_wait_2_ms, NUM, "0", -1, 86400000, NULL,
	    "FIN-WAIT-2 of an orphan, milliseconds; 0: timeouts.fin_wait_2_s; -1: none, it is reset")},
	{OF(ALL, linger_ms, NUM, "-1", -1, 86400000, NULL, "linger on close, milliseconds; -1: off; 0: close resets")},
	{OF(ALL, user_timeout_ms, NUM, "0", 0, 86400000, NULL, "R2 as a time, milliseconds; 0: timeouts.user_timeout_s")},
	{OF(ALL, keepalive_s, NUM, "0", -1, 604800, NULL,
	    "idle time before a keep-alive probe, seconds; 0: timeouts.keepalive_s; -1: off")},
	{OF(ALL, no_delay, CONF_CHOICE, "\"default\"", 0, 0, choice_words,
	    "small segments do not wait for the ACK of earlier ones; default: as policy.nagle says")},
	{OF(ALL, record, CONF_CHOICE, "\"default\"", 0, 0, choice_words,
	    "its connections are recorded; default: as policy.record_sample says")},

	{ROW(drain, deadline_s, NUM, "30", 0, 86400, "how long connections may finish before they are aborted, seconds")},
	{WORD(drain, new_connections, "\"refuse\"", drain_words, "what a SYN meets while draining: a reset, or silence")},

	{ROW(control, socket, CONF_TEXT, "\"/run/finesse/control.sock\"", 0, 107, "where finessectl connects; empty: nowhere")},
	{ROW(control, group, CONF_TEXT, "\"\"", 0, 32, "group that may use it besides root and the daemon's user; empty: none")},
	{ROW(control, metrics, CONF_TEXT, "\"127.0.0.1:9464\"", 0, 63, "address and port of /metrics, /healthz and /readyz; empty: off")},
};
/* clang-format on */
_Static_assert(sizeof(table) / sizeof(table[0]) <= CONF_ROWS_MAX, "struct conf keeps a line of each");

size_t
settings_count(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct setting *
settings_row(size_t i)
{
	return &table[i];
}

const struct setting *
settings_find(const char *section, const char *name)
{
	for (size_t i = 0; i < settings_count(); i++) {
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

size_t
settings_index(const struct setting *row)
{
	return (size_t)(row - table);
}

bool
settings_is_list(const char *section)
{
	return strcmp(section, "ports") == 0 || strcmp(section, "services") == 0;
}

bool
settings_applies(const struct setting *row, uint64_t service_type)
{
	return row->kinds == 0 || (row->kinds & 1U << service_type) != 0;
}
