/* The counters of TCP, declared once: field, kind, help. */
#ifndef FNS_TCP_STATS_H
#define FNS_TCP_STATS_H

#include "counter.h"

/* clang-format off */
/*        name                   kind     help                                                                  */
#define TCP_STATS(X)                                                                                          \
	X(opens_active,          COUNTER, "active opens")                                                     \
	X(opens_passive,         COUNTER, "passive opens: SYNs that a listener took")                         \
	X(established,           COUNTER, "connections that reached ESTABLISHED")                             \
	X(ended,                 COUNTER, "connections that ended: entered CLOSED or TIME-WAIT")              \
	X(conns,                 GAUGE,   "connections live: opens less ended")                               \
	X(orphans,               GAUGE,   "connections live whose application is gone")                       \
	X(dead,                  GAUGE,   "ended connections not yet freed: reported this turn, or held")      \
	X(self_connects,         COUNTER, "connections that met themselves")                                  \
	X(self_redials,          COUNTER, "opens that met themselves and chose another port")                 \
	X(self_refused,          COUNTER, "opens refused because both ends would have been the same")          \
	X(time_waits,            GAUGE,   "TIME-WAIT entries")                                                \
	X(time_wait_overflows,   COUNTER, "connections that found no room in TIME-WAIT")                      \
	X(time_wait_reopens,     COUNTER, "TIME-WAIT entries ended by a new incarnation")                     \
	X(segments_received,     COUNTER, "TCP segments that passed the header checks")                       \
	X(segments_sent,         COUNTER, "TCP segments sent")                                                \
	X(octets_received,       COUNTER, "octets of text taken in order")                                    \
	X(octets_sent,           COUNTER, "octets of text sent, retransmissions not counted")                 \
	X(retransmits,           COUNTER, "segments sent again")                                              \
	X(timeouts,              COUNTER, "retransmission timeouts")                                          \
	X(fast_recoveries,       COUNTER, "times that duplicate acknowledgments began a recovery")            \
	X(tail_probes,           COUNTER, "tail loss probes (RFC 8985)")                                      \
	X(probes,                COUNTER, "zero-window and keep-alive probes sent")                           \
	X(resets_sent,           COUNTER, "resets sent")                                                      \
	X(resets_received,       COUNTER, "resets that ended a connection")                                   \
	X(resets_limited,        COUNTER, "resets not sent because of the rate limit")                        \
	X(challenges_sent,       COUNTER, "challenge ACKs (RFC 5961)")                                        \
	X(challenges_limited,    COUNTER, "challenge ACKs not sent because of the connection's limit")        \
	X(answers_unsent,        COUNTER, "answers without a connection that found no way out")               \
	X(out_of_order,          COUNTER, "segments held out of order")                                       \
	X(backlog_overflows,     COUNTER, "SYNs dropped at a full backlog")                                   \
	X(orphan_overflows,      COUNTER, "closes turned into resets because of the limit of orphans")        \
	X(closes_unread,         COUNTER, "closes turned into resets because octets were unread")             \
	X(lost_unacked,          COUNTER, "octets accepted from the application and never acknowledged")      \
	X(lost_unread,           COUNTER, "octets received and never read")                                   \
	X(wrong_shard,           COUNTER, "connections of flows that are another shard's: 0 unless the driver errs") \
	X(ecn_marks,             COUNTER, "marks of congestion that began an echo (ECN, RFC 3168)")           \
	X(ecn_reductions,        COUNTER, "congestion windows reduced because the peer echoed a mark")        \
	X(recordings,            COUNTER, "connections recorded")                                             \
	X(recordings_refused,    COUNTER, "connections to be recorded that found no ring")
/* clang-format on */

struct tcp_stats {
#define X(name, kind, help) counter name;
	TCP_STATS(X)
#undef X
};

#endif
