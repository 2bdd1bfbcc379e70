/* The one table of sysctl names: what they are called here. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	NUMBER, /* the value, or one word of it, divided */
	SWITCH, /* on unless 0 */
	NEGATE, /* off unless 0 */
	WORD,   /* by value: see `words` */
	IDLE, /* idle time before keep-alive probes, which stay off by default; in units of `times` milliseconds */
	SEND,  /* the same, and its second word is what a new descriptor has */
	LOWAT, /* of a new descriptor */
	NONE,  /* nothing here depends on it: `to` says why */
};

struct row {
	const char *name;
	const char *to; /* a setting of the daemon, or two of them */
	uint8_t kind;
	uint8_t field; /* NUMBER: which word of the value counts */
	int divide;    /* NUMBER: by this, and no more than that */
	int most;
	int times; /* IDLE */
	const char *words[3];
};

/* clang-format off */
#define LINUX "net.ipv4.tcp_"
#define BSD   "net.inet.tcp."
static const struct row table[] = {
	{LINUX "rmem", "limits.receive_window_bytes", NUMBER, .field = 2},
	{LINUX "wmem", "limits.send_buffer_bytes", SEND, .field = 2},
	{LINUX "timestamps", "policy.timestamps", SWITCH},
	{LINUX "sack", "policy.sack", SWITCH},
	{LINUX "window_scaling", "policy.window_scale", SWITCH},
	{LINUX "ecn", "policy.ecn", WORD, .words = {"off", "on", "passive"}},
	{LINUX "syn_retries", "timeouts.syn_retries", NUMBER},
	{LINUX "synack_retries", "timeouts.syn_retries", NUMBER},
	{LINUX "retries1", "timeouts.r1_retries", NUMBER},
	{LINUX "retries2", "timeouts.retries", NUMBER},
	{LINUX "orphan_retries", "timeouts.orphan_retries", NUMBER},
	{LINUX "fin_timeout", "timeouts.fin_wait_2_s", NUMBER},
	{LINUX "keepalive_time", "", IDLE, .times = 1000},
	{LINUX "keepalive_intvl", "timeouts.keepalive_interval_s", NUMBER},
	{LINUX "keepalive_probes", "timeouts.keepalive_probes", NUMBER},
	{LINUX "congestion_control", "policy.congestion_control", NUMBER},
	{LINUX "rfc1337", "policy.rfc1337", SWITCH},
	{LINUX "max_syn_backlog", "limits.syn_backlog", NUMBER},
	{LINUX "abort_on_overflow", "policy.backlog_overflow", WORD, .words = {"drop", "reset"}},
	{LINUX "slow_start_after_idle", "policy.idle_restart", SWITCH},
	{LINUX "base_mss", "no path MTU is probed", NONE},
	{LINUX "dsack", "duplicates are always told", NONE},
	{LINUX "early_retrans", "no tail loss probes", NONE},
	{LINUX "ecn_option", "no accurate ECN", NONE},
	{LINUX "fack", "gone from Linux itself", NONE},
	{LINUX "fastopen", "no fast open", NONE},
	{LINUX "fastopen_blackhole_timeout_sec", "no fast open", NONE},
	{LINUX "fastopen_cookies", "no fast open", NONE},
	{LINUX "fastopen_key", "no fast open", NONE},
	{LINUX "frto", "no F-RTO", NONE},
	{LINUX "invalid_ratelimit", "challenge ACKs are bounded by limits.challenge_acks_per_5s", NONE},
	{LINUX "min_tso_segs", "policy.push_every", NUMBER},
	{LINUX "mtu_probing", "no path MTU is probed", NONE},
	{LINUX "notsent_lowat", "", LOWAT},
	{LINUX "pacing_ca_ratio", "nothing is paced", NONE},
	{LINUX "pacing_ss_ratio", "nothing is paced", NONE},
	{LINUX "recovery", "no RACK", NONE},
	{LINUX "reordering", "three duplicates (RFC 5681)", NONE},
	{LINUX "syncookies", "no SYN cookies", NONE},
	{LINUX "tso_win_divisor", "no segmentation offload", NONE},

	{BSD "rfc1323", "policy.timestamps policy.window_scale", SWITCH},
	{BSD "sack.enable", "policy.sack", SWITCH},
	{BSD "ecn.enable", "policy.ecn", WORD, .words = {"off", "on", "passive"}},
	{BSD "ecn.maxretries", "policy.ecn_retries", NUMBER},
	{BSD "recvspace", "limits.receive_window_initial_bytes", NUMBER},
	{BSD "sendspace", "limits.send_buffer_bytes", NUMBER},
	{BSD "rexmit_initial", "timeouts.rto_initial_ms", NUMBER},
	{BSD "rexmit_min", "timeouts.rto_min_ms", NUMBER},
	{BSD "rexmit_drop_options", "policy.syn_options_retries", WORD, .words = {"0", "2", "2"}},
	{BSD "keepidle", "", IDLE, .times = 1},
	{BSD "keepintvl", "timeouts.keepalive_interval_s", NUMBER, .divide = 1000},
	{BSD "keepcnt", "timeouts.keepalive_probes", NUMBER},
	{BSD "delacktime", "timeouts.delayed_ack_ms", NUMBER},
	{BSD "finwait2_timeout", "timeouts.fin_wait_2_s", NUMBER, .divide = 1000},
	{BSD "msl", "timeouts.time_wait_s", NUMBER, .divide = 500},
	{BSD "insecure_rst", "policy.strict_reset", NEGATE},
	{BSD "insecure_syn", "policy.strict_syn", NEGATE},
	{BSD "drop_synfin", "policy.drop_syn_fin", SWITCH},
	{BSD "blackhole", "policy.unknown", WORD, .words = {"reset", "drop_syn", "drop"}},
	{BSD "icmp_may_rst", "policy.icmp_may_reset", SWITCH},
	{BSD "keepinit", "timeouts.open_s", NUMBER, .divide = 1000},
	{BSD "cc.algorithm", "policy.congestion_control", NUMBER},
	{BSD "fastopen.client_enable", "no fast open", NONE},
	{BSD "fastopen.server_enable", "no fast open", NONE},
	{BSD "hostcache.purgenow", "nothing is kept of hosts", NONE},
	{BSD "mssdflt", "536, or 1220 for IPv6 (RFC 9293 3.7.1)", NONE},
	{BSD "v6mssdflt", "536, or 1220 for IPv6 (RFC 9293 3.7.1)", NONE},
	{BSD "path_mtu_discovery", "always", NONE},
	{BSD "pmtud_blackhole_detection", "no black holes are looked for", NONE},
	{BSD "pmtud_blackhole_mss", "no black holes are looked for", NONE},
	{BSD "v6pmtud_blackhole_mss", "no black holes are looked for", NONE},
	{BSD "rexmit_slop", "the profile's", NONE},
	{BSD "syncookies", "no SYN cookies", NONE},
	{BSD "syncookies_only", "no SYN cookies", NONE},
	{BSD "tolerate_missing_ts", "a segment without its timestamp is dropped (RFC 7323 3.2)", NONE},
	{BSD "udp_tunneling_overhead", "no TCP over UDP", NONE},
	{BSD "udp_tunneling_port", "no TCP over UDP", NONE},
	{"kern.ipc.maxsockbuf", "limits.receive_window_bytes", NUMBER, .most = 16777216},
};
/* clang-format on */

static void
set_all(struct options *o, const struct row *row, const char *value)
{
	char to[80], *rest = to, *name;

	snprintf(to, sizeof(to), "%s", row->to);
	while ((name = strsep(&rest, " ")) != NULL) {
		if (!options_set_daemon(o, name, value))
			fprintf(stderr, "finesse: %s: there is no setting %s yet; ignored\n", row->name,
			        name);
	}
}

static void
set_number(struct options *o, const struct row *row, const char *value)
{
	const char *at = value + strspn(value, " \t");
	char text[OPTION_VALUE];

	for (unsigned i = 0; i < row->field; i++) {
		at += strcspn(at, " \t");
		at += strspn(at, " \t");
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, " \t"), at);
	if (row->divide > 1)
		snprintf(text, sizeof(text), "%lld", strtoll(at, NULL, 10) / row->divide);
	if (row->most > 0 && strtoll(text, NULL, 10) > row->most)
		snprintf(text, sizeof(text), "%d", row->most);
	set_all(o, row, text);
}

static void
set_row(struct options *o, const struct row *row, const char *value)
{
	unsigned long n = strtoul(value, NULL, 10);

	switch ((enum kind)row->kind) {
	case NUMBER:
		set_number(o, row, value);
		break;
	case SWITCH:
	case NEGATE:
		set_all(o, row, (n == 0) == (row->kind == SWITCH) ? "false" : "true");
		break;
	case WORD:
		if (n < 3 && row->words[n] != NULL)
			set_all(o, row, row->words[n]);
		break;
	case SEND:
		set_number(o, row, value);
		value += strcspn(value, " \t");
		o->snd_buf = (uint32_t)strtoul(value, NULL, 10);
		break;
	case LOWAT:
		o->notsent_low = (uint32_t)n == UINT32_MAX ? 0 : (uint32_t)n;
		break;
	case IDLE:
		o->keepalive_ms = (uint32_t)n * (uint32_t)row->times;
		o->changed = true;
		break;
	case NONE:
		break;
	}
}

bool
options_set_sysctl(struct options *o, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].name, name) == 0) {
			set_row(o, &table[i], value);
			return true;
		}
	}
	return false;
}
