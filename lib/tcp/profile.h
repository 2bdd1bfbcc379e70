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
	X(nagle_small,           true,  false, false,   "Nagle holds a short segment behind a short one only, not behind full ones (Minshall)") \
	X(packed_options,        false, true,  false,   "SYN options: window scale before SACK-permitted, end-of-list as padding; else aligned by NOPs") \
	X(whole_segments,        false, true,  false,   "the receive buffer is made a multiple of the MSS when the connection is established")   \
	X(whole_buffer,          false, true,  false,   "what arrives is checked against the whole buffer, also what a window field cannot offer") \
	X(rto_slop,              false, true,  false,   "rto_min_ms is added to the backed-off timeout, else it bounds the variance term")       \
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

static inline bool
profile_says(const struct fns_conn *c, enum profile_rule rule)
{
	return profile_rules[conn_options(c)->profile] >> rule & 1;
}

#endif
