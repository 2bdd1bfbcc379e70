/* How a connection ended: exactly one class each, so that opens are the live ones and the sum of the classes. */
#ifndef FNS_CLASSES_H
#define FNS_CLASSES_H

#include <stdbool.h>

/* clang-format off */
/*        name                     what it says                                                                     */
#define CLASS_LIST(X)                                                                                             \
	/* graceful: both FINs acknowledged */                                                                    \
	X(active_4,                "we closed first; four segments: FIN, ACK, FIN, ACK")                          \
	X(active_3,                "we closed first; the peer's FIN carried the ACK of ours: three segments")     \
	X(active_half,             "we closed first; the peer sent text after our FIN")                           \
	X(passive_4,               "the peer closed first; four segments")                                        \
	X(passive_3,               "the peer closed first; our FIN carried the ACK of its: three segments")       \
	X(passive_half,            "the peer closed first; we sent text after its FIN")                           \
	X(simultaneous,            "both closed before either saw the other's FIN")                               \
	X(self_2,                  "connected to itself; two segments")                                           \
	/* we sent a reset, or went away for good */                                                              \
	X(reset_unread,            "closed with octets unread (SHLD-3)")                                          \
	X(reset_after_close,       "the peer sent text after our close")                                          \
	X(reset_linger,            "closed with linger 0")                                                        \
	X(reset_abort,             "the application called abort")                                                \
	X(reset_orphan_limit,      "closed when there were as many orphans as allowed")                           \
	X(reset_fin_wait_2,        "an orphan whose options forbid it to wait in FIN-WAIT-2")                     \
	X(reset_new_syn,           "a SYN came for an orphan in FIN-WAIT-2, or anew in SYN-RECEIVED")             \
	X(reset_unlisten,          "in SYN-RECEIVED when its listener ended")                                     \
	X(closed_syn_sent,         "closed or aborted before the peer answered: nothing to send")                 \
	/* the peer sent a reset, in our state */                                                                 \
	X(peer_reset_syn_sent,     "refused")                                                                     \
	X(peer_reset_syn_received, "reset by the peer in SYN-RECEIVED")                                           \
	X(peer_reset_established,  "reset by the peer in ESTABLISHED")                                            \
	X(peer_reset_fin_wait_1,   "reset by the peer in FIN-WAIT-1")                                             \
	X(peer_reset_fin_wait_2,   "reset by the peer in FIN-WAIT-2")                                             \
	X(peer_reset_close_wait,   "reset by the peer in CLOSE-WAIT")                                             \
	X(peer_reset_closing,      "reset by the peer in CLOSING")                                                \
	X(peer_reset_last_ack,     "reset by the peer in LAST-ACK")                                               \
	/* nobody answered, in our state */                                                                       \
	X(timeout_syn_sent,        "no answer to our SYN")                                                        \
	X(timeout_syn_received,    "no answer to our SYN-ACK")                                                    \
	X(timeout_established,     "retransmissions in ESTABLISHED without an answer")                            \
	X(timeout_fin_wait_1,      "our FIN, or text before it, was never acknowledged")                          \
	X(timeout_fin_wait_2,      "an orphan whose time in FIN-WAIT-2 was over")                                 \
	X(timeout_close_wait,      "retransmissions in CLOSE-WAIT without an answer")                             \
	X(timeout_closing,         "no answer in CLOSING")                                                        \
	X(timeout_last_ack,        "no answer in LAST-ACK")                                                       \
	X(timeout_user,            "the user timeout (RFC 5482)")                                                 \
	X(timeout_keepalive,       "keep-alive probes without an answer")                                         \
	X(unreachable,             "no route or no neighbour while opening, or a hard ICMP error")

enum close_class {
#define X(name, help) CLASS_##name,
	CLASS_LIST(X)
#undef X
	CLASS_COUNT
};
/* clang-format on */

/* Neither closed by both sides in agreement, nor given up before the peer knew of it. */
static inline bool class_is_abnormal(enum close_class class)
{
	return class > CLASS_self_2 && class != CLASS_closed_syn_sent;
}

#endif
