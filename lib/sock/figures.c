/* What TCP_INFO and SO_MEMINFO answer. */
#include "option.h"

#include <assert.h>
#include <string.h>

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

static void
of_conn(const struct sock *s, struct fns_tcp_figures *f)
{
	struct fns_status status;
	uint64_t acked;

	fns_status(s->conn, &status);
	f->state = state_number[s->over ? FNS_STATE_CLOSED : status.number];
	f->rto_us = status.rto_us;
	f->snd_mss = status.mss;
	f->rtt_us = status.srtt_us;
	f->rttvar_us = status.rttvar_us;
	if (status.mss != 0) {
		f->snd_cwnd = status.cwnd / status.mss;
		f->snd_ssthresh = status.ssthresh > INT32_MAX / 2 ? INT32_MAX : status.ssthresh / status.mss;
	}
	acked = s->sent - status.unacked;
	f->bytes_acked = acked;
	f->bytes_received = s->received + status.unread;
	f->notsent_bytes = (uint32_t)fns_unsent(s->conn);
	f->snd_wnd = status.snd_wnd;
	f->rcv_wnd = status.rcv_wnd;
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
