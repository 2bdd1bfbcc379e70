/* What TCP_INFO and SO_MEMINFO answer. */
#include "option.h"

#include <assert.h>
#include <string.h>

enum { RCV_MSS = 536 }; /* until something longer has come */

_Static_assert(sizeof(struct fns_tcp_figures) == 280, "as Linux lays it out");

/* Linux's numbers of the states (<netinet/tcp.h>), in the order of enum fns_state. */
static const uint8_t state_number[] = {7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6};

/* A listener tells how many wait, and how many may. */
static void
of_listener(const struct sock *s, struct fns_tcp_figures *f)
{
	f->state = state_number[FNS_STATE_LISTEN];
	f->unacked = s->waiting;
	f->sacked = s->backlog;
}

static uint32_t
segments(uint64_t octets, uint32_t each)
{
	return each == 0 ? 0 : (uint32_t)((octets + each - 1) / each);
}

static uint32_t
ms_ago(const struct sock *s, uint64_t at_us)
{
	uint64_t from = at_us != 0 ? at_us : s->opened_us;

	return (uint32_t)((sock_now(s->owner) - from) / 1000);
}

/* What is counted in octets here is told in segments: as many as it would fill. */
static void
of_flight(const struct fns_status *st, const struct fns_measure *m, struct fns_tcp_figures *f)
{
	static const uint8_t ca_state[] = {0, 1, 2, 3,
	                                   4}; /* in the order of enum fns_loss, which is Linux's */

	f->ca_state = ca_state[m->loss];
	f->retransmits = m->timeouts;
	f->probes = m->probes;
	f->backoff = m->backoff;
	f->unacked = segments(m->flight, m->snd_text_max);
	f->sacked = segments(m->sacked, m->snd_text_max);
	f->lost = segments(m->lost, m->snd_text_max);
	f->retrans = segments(m->rexmitted, m->snd_text_max);
	f->snd_cwnd = st->mss == 0 ? 0 : st->cwnd / st->mss;
	f->snd_ssthresh = st->mss == 0 || st->ssthresh > INT32_MAX / 2 ? INT32_MAX : st->ssthresh / st->mss;
	f->reordering = 3;
}

static void
of_tally(const struct sock *s, const struct fns_tally *t, struct fns_tcp_figures *f)
{
	f->last_data_sent_ms = ms_ago(s, t->text_sent_us);
	f->last_data_recv_ms = ms_ago(s, t->text_received_us);
	f->last_ack_recv_ms = ms_ago(s, t->ack_received_us);
	f->total_retrans = t->rexmits;
	f->segs_out = t->segments_sent;
	f->segs_in = t->segments_received;
	f->data_segs_out = t->texts_sent;
	f->data_segs_in = t->texts_received;
	f->bytes_sent = t->octets_sent;
	f->bytes_retrans = t->octets_rexmitted;
	f->min_rtt_us = t->min_rtt_us != 0 ? t->min_rtt_us : UINT32_MAX;
	f->busy_time_us = t->busy_us;
	f->rwnd_limited_us = t->rcv_wnd_limited_us;
	f->sndbuf_limited_us = t->snd_buf_limited_us;
	f->rcv_ooopack = t->out_of_order;
	f->total_rto = (uint16_t)t->timeouts;
}

/* A connection that has ended is CLOSED; to the BSDs it is in TIME-WAIT as long as its entry is there. */
static enum fns_state
state_of(const struct sock *s, const struct fns_status *st)
{
	if (!s->over)
		return (enum fns_state)st->number;
	return sock_profile(s) == FNS_BSD && fns_waits(s->conn) ? FNS_STATE_TIME_WAIT : FNS_STATE_CLOSED;
}

static void
of_conn(const struct sock *s, struct fns_tcp_figures *f)
{
	struct fns_status st;
	struct fns_measure m;

	fns_status(s->conn, &st);
	fns_measure(s->conn, &m);
	f->state = state_number[state_of(s, &st)];
	f->options = (uint8_t)(m.timestamps | m.sack << 1 | m.scaled << 2 | m.ecn << 3);
	f->snd_wscale = m.snd_scale & 15u;
	f->rcv_wscale = m.rcv_scale & 15u;
	f->rto_us = st.rto_us;
	f->ato_us = m.delayed_ack_us;
	f->snd_mss = m.snd_text_max;
	f->advmss = m.rcv_text_max;
	f->rcv_mss = m.tally.text_received_max > RCV_MSS ? m.tally.text_received_max : RCV_MSS;
	f->pmtu = m.mtu;
	f->rcv_ssthresh = f->rcv_space = st.rcv_wnd;
	f->rtt_us = st.srtt_us;
	f->rttvar_us = st.rttvar_us;
	of_flight(&st, &m, f);
	f->bytes_acked = s->sent - st.unacked;
	f->bytes_received = s->received + st.unread;
	f->notsent_bytes = (uint32_t)fns_unsent(s->conn);
	/* The SYN is a delivery too, as Linux counts. */
	f->delivered = s->opened ? 1 + segments(f->bytes_acked, m.snd_text_max) + f->sacked : 0;
	f->snd_wnd = st.snd_wnd;
	f->rcv_wnd = st.rcv_wnd;
	if (m.tallied)
		of_tally(s, &m.tally, f);
}

void
figures_of(struct sock *s, struct fns_tcp_figures *f)
{
	memset(f, 0, sizeof(*f));
	f->state = state_number[FNS_STATE_CLOSED];
	f->pacing_rate = f->max_pacing_rate = UINT64_MAX;
	if (s->phase == LISTENING)
		of_listener(s, f);
	else if (s->conn != NULL)
		of_conn(s, f);
}

/* In the order of Linux's SK_MEMINFO_VARS; what it keeps beyond octets and sizes is 0. */
void
figures_memory(struct sock *s, uint32_t out[9])
{
	enum { RMEM_ALLOC, RCVBUF, WMEM_ALLOC, SNDBUF, FWD_ALLOC, WMEM_QUEUED, OPTMEM, BACKLOG, DROPS };
	int number;
	socklen_t len = sizeof(number);

	memset(out, 0, 9 * sizeof(*out));
	if (option_get_sol(s, SO_RCVBUF, &number, &len) == 0)
		out[RCVBUF] = (uint32_t)number;
	if (option_get_sol(s, SO_SNDBUF, &number, &len) == 0)
		out[SNDBUF] = (uint32_t)number;
	if (s->conn == NULL)
		return;
	out[RMEM_ALLOC] = (uint32_t)fns_readable(s->conn);
	if (!s->over)
		out[WMEM_ALLOC] = out[WMEM_QUEUED] = (uint32_t)fns_unacked(s->conn);
}
