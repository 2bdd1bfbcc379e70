/* Where the RFCs leave a choice, or practice went its own way: who does what, declared once.  The list yields the
 * enum, what each profile says, and the table that people read (finessed --profiles, README). */
#ifndef FNS_PROFILE_H
#define FNS_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"

/* clang-format off */
/*        name                   linux  bsd    rfc9293  what is done where it says yes                                     */
#define PROFILE_LIST(X)                                                                                                    \
	X(fin_ack_waits,         true,  false, false,   "the ACK of a FIN waits for our own FIN, 40 ms at most (T-06)")    \
	X(rst_one_below,         true,  false, false,   "a reset one below RCV.NXT is believed after the peer's FIN (T-62)") \
	X(rst_is_epipe,          true,  false, false,   "a reset in CLOSE-WAIT is EPIPE: a read after the FIN never fails (T-61)") \
	X(syn_resets_orphan,     true,  false, false,   "a SYN for an orphan in FIN-WAIT-2 resets it (T-29), else a challenge ACK") \
	X(linger2_120_s,         true,  false, false,   "fin_wait_2 of one connection is 120 s at the most (T-31)")        \
	X(rack,                  true,  false, true,    "reordering timer and tail loss probes (RFC 8985), where SACK is on")            \
	X(stretch_acks,          true,  false, false,   "slow start counts every octet acknowledged, else two segments an ACK at the most (RFC 3465)") \
	X(push_runs,             true,  false, false,   "every second segment of a burst is pushed (push_every), else what empties the queue alone") \
	X(ack_second,            false, true,  false,   "every second segment is acknowledged at once, however short, else every second full one") \
	X(nagle_small,           true,  false, false,   "Nagle holds a short segment behind a short one only, not behind full ones (Minshall)") \
	X(packed_options,        false, true,  false,   "SYN options: window scale before SACK-permitted, end-of-list as padding; else aligned by NOPs") \
	X(whole_segments,        false, true,  false,   "the receive buffer is made a multiple of the MSS when the connection is established")   \
	X(whole_buffer,          false, true,  false,   "what arrives is checked against the whole buffer, also what a window field cannot offer") \
	X(window_creeps,         false, true,  false,   "an ACK tells of all room there is unless it is little (Clark), rounded up; else only of a segment more") \
	X(rto_slop,              false, true,  false,   "rto_min_ms is added to the backed-off timeout, else it bounds the variance term")       \
	X(quick_acks,            true,  false, true,    "the first segments are acknowledged at once, else every second one from the start") \
	X(syn_fin_opens,         false, true,  false,   "a listener leaves the FIN out of a SYN with one, else drops it") \
	X(late_reset_tells,      true,  true,  false,   "a reset in CLOSING or LAST-ACK is an error, else the connection has just ended") \
	X(crossing_fin_again,    false, true,  false,   "the ACK of a FIN that crossed ours carries ours again, else it is bare (T-09)") \
	X(fin_again_acks,        true,  true,  false,   "the ACK of a peer's repeated FIN counts, else it is an old segment (T-09)") \
	X(listen_syn_ack_silent, false, true,  false,   "a listener drops a SYN-ACK, else it is reset as any ACK")         \
	X(time_wait_needs_ack,   false, true,  false,   "TIME-WAIT says nothing to a segment without ACK (T-53)")          \
	X(syn_text_kept,         false, true,  true,    "text on the SYN of a simultaneous open waits for ESTABLISHED, else for its retransmission") \
	X(ttl_is_hard,           false, true,  false,   "ICMP time exceeded in transit ends an open (EHOSTUNREACH), else it is soft") \
	X(shut_rd_discards,      false, true,  false,   "what arrives after shutdown(RD) is acknowledged and dropped, else it can be read (T-35)")

enum profile_rule {
#define X(name, linux, bsd, rfc9293, help) RULE_##name,
	PROFILE_LIST(X)
#undef X
	RULE_COUNT
};
/* clang-format on */

/* One bit a rule, by profile. */
extern const uint32_t profile_rules[FNS_RFC9293 + 1];

/* In the profile of an option set, for what has no connection; and in a connection's. */
static inline bool
options_say(const struct option_set *set, enum profile_rule rule)
{
	return set->rules >> rule & 1;
}

static inline bool
profile_says(const struct fns_conn *c, enum profile_rule rule)
{
	return options_say(&tcp_of(c)->option[c->options], rule);
}

#endif
