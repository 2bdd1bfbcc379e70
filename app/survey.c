/* Who would still be open (survey.h): served by the worker, a piece a turn. */
#include "survey.h"

#include <string.h>

#include "worker.h"

#define PIECE 512

const char *
survey_name(unsigned reason)
{
	static const char *const name[] = {
#define X(name, help) #name,
		SURVEY_LIST(X)
#undef X
	};

	return name[reason];
}

const char *
survey_help(unsigned reason)
{
	static const char *const text[] = {
#define X(name, help) help,
		SURVEY_LIST(X)
#undef X
	};

	return text[reason];
}

/* Octets that the service has not been able to send so far. */
static uint64_t
left_of(const struct visit *v)
{
	return v != NULL && v->service->kind->left != NULL ? v->service->kind->left(v) : 0;
}

static enum survey_reason
why(const struct fns_status *s, const struct visit *v, bool quiet, uint64_t left)
{
	if (s->number == FNS_STATE_SYN_SENT || s->number == FNS_STATE_SYN_RECEIVED || v == NULL)
		return SURVEY_opening;
	if (s->number == FNS_STATE_FIN_WAIT_2)
		return s->orphan ? SURVEY_fin_wait_2 : SURVEY_answer;
	if ((s->unacked > 0 || left > 0) && s->snd_wnd == 0)
		return SURVEY_blocked;
	if (s->unacked > 0 || left > 0)
		return SURVEY_sending;
	if (s->number == FNS_STATE_FIN_WAIT_1 || s->number == FNS_STATE_CLOSING ||
	    s->number == FNS_STATE_LAST_ACK)
		return SURVEY_closing;
	if (s->unread > 0)
		return SURVEY_unread;
	if (services_asked(v))
		return SURVEY_asked;
	return quiet ? SURVEY_idle : SURVEY_recent;
}

static bool
stays(const struct survey *s, const struct fns_status *st, enum survey_reason reason, uint64_t left)
{
	uint32_t window = st->cwnd < st->snd_wnd ? st->cwnd : st->snd_wnd;
	double trip_s = st->srtt_us == 0 ? 0.001 : st->srtt_us / 1e6;

	switch (reason) {
	case SURVEY_blocked:
	case SURVEY_answer:
	case SURVEY_unread:
	case SURVEY_asked:
		return true;
	case SURVEY_sending:
		return (double)(st->unacked + left) / (window > 0 ? window : 1) * trip_s > s->deadline_s;
	case SURVEY_fin_wait_2:
		return (double)s->worker->conf->timeouts.fin_wait_2_s > s->deadline_s;
	default:
		return false;
	}
}

static void
look_at_one(struct fns_conn *c, void *arg)
{
	struct survey *s = arg;
	struct services *all = &s->worker->services;
	const struct visit *v = services_visit(all, c);
	uint64_t left = left_of(v);
	enum survey_reason reason;
	struct fns_status status;

	fns_status(c, &status);
	reason = why(&status, v,
	             v != NULL &&
	                     services_quiet(all, c, v, services_quiet_us((uint64_t)(s->deadline_s * 1e6))),
	             left);
	s->count[reason]++;
	if (!stays(s, &status, reason, left))
		return;
	s->late[reason]++;
	if (s->rows < SURVEY_ROWS) {
		s->row[s->rows].status = status;
		s->row[s->rows].left = left;
		s->row[s->rows++].why = (uint8_t)reason;
	}
}

static bool
serve(struct fns_shard *shard, struct fns_request *request)
{
	struct survey *s = (struct survey *)request;

	s->at = fns_shard_some(shard, s->at, PIECE, look_at_one, s);
	return s->at == 0;
}

void
survey_ask(struct survey *s, struct worker *w, double deadline_s)
{
	memset(s, 0, sizeof(*s));
	s->request.serve = serve;
	s->worker = w;
	s->deadline_s = deadline_s;
}
