/* http: HTTP/1.1 GET and HEAD with a body of any length that is made as it is sent (RFC 9110, RFC 9112).
 *
 * Requests are answered one after the other; while an answer is under way the next request stays unread, so a peer that
 * pipelines is held by its window and nothing is queued here. */
#include <stdio.h>
#include <string.h>

#include "http_request.h"
#include "pattern.h"
#include "service.h"

#define HEAD_MAX 512

struct http {
	struct visit visit;
	struct http_request request;
	bool answering;
	uint16_t head_len;
	time_t date;     /* of the answer: its head is composed again if it was not taken at once */
	uint64_t sent;   /* octets of the answer that are taken, head included */
	uint64_t length; /* octets of its body */
};

static const char *
reason(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	default:
		return "HTTP Version Not Supported";
	}
}

/* The head and, of an answer that is no 200, the body: one line. */
static size_t
compose_head(const struct http *h, char *to)
{
	const struct http_request *r = &h->request;
	struct services *all = h->visit.service->all;
	uint64_t length = h->length;
	char body[64] = "";
	size_t n;

	if (all->date_s != h->date) {
		struct tm tm;

		all->date_s = h->date;
		strftime(all->date, sizeof(all->date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&h->date, &tm));
	}
	if (r->status != 200)
		length = (uint64_t)snprintf(body, sizeof(body), "%u %s\n", r->status, reason(r->status));
	n = (size_t)snprintf(to, HEAD_MAX,
	                     "HTTP/1.1 %u %s\r\nServer: finesse\r\nDate: %s\r\nContent-Type: text/plain\r\n"
	                     "Content-Length: %llu\r\n%s%s\r\n%s",
	                     r->status, reason(r->status), all->date, (unsigned long long)length,
	                     r->status == 405 ? "Allow: GET, HEAD\r\n" : "",
	                     !r->keep ? "Connection: close\r\n"
	                              : (r->old ? "Connection: keep-alive\r\n" : ""),
	                     r->head_only ? "" : body);
	return n;
}

static void
begin_answer(struct http *h)
{
	const struct service *service = h->visit.service;

	h->answering = true;
	h->sent = 0;
	h->date = service->all->wall_s;
	if (service->all->draining)
		h->request.keep = false;
	h->length =
		h->request.status != 200 ? 0 : (h->request.sized ? h->request.bytes : service->body_bytes);
	h->head_len = 0;
}

/* Sends what can be sent; true when all of it is taken. */
static bool
answer(struct fns_conn *c, struct http *h)
{
	uint8_t *piece = h->visit.service->all->scratch;
	char head[HEAD_MAX];
	uint64_t end;

	if (h->sent == 0 || h->sent < h->head_len)
		h->head_len = (uint16_t)compose_head(h, head);
	end = h->head_len + (h->request.head_only ? 0 : h->length);
	while (h->sent < end) {
		size_t len = 0;
		ptrdiff_t taken;
		uint64_t more;

		if (h->sent < h->head_len) {
			len = h->head_len - (size_t)h->sent;
			memcpy(piece, head + h->sent, len);
		}
		/* no more than is taken, but for the one octet that FNS_WRITABLE will answer */
		more = end - h->sent - len;
		if (more > fns_writable(c) + 1)
			more = fns_writable(c) + 1;
		if (more > SCRATCH_BYTES - len)
			more = SCRATCH_BYTES - len;
		pattern_fill(piece + len, h->sent + len - h->head_len, (size_t)more);
		len += (size_t)more;
		taken = fns_send(c, piece, len);
		if (taken < 0)
			return false; /* it is over: FNS_CLOSED comes */
		h->sent += (uint64_t)taken;
		if ((size_t)taken < len)
			return false; /* FNS_WRITABLE comes */
	}
	return true;
}

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	struct http *h = (struct http *)v;
	const void *run;
	size_t len;

	(void)reports;
	for (;;) {
		if (h->answering) {
			if (!answer(c, h))
				return;
			if (!h->request.keep || v->service->all->draining) {
				visit_close(c, v);
				return;
			}
			h->answering = false;
			memset(&h->request, 0, sizeof(h->request));
		}
		len = fns_peek(c, &run);
		if (len == 0)
			break;
		fns_consume(c, http_request_read(&h->request, run, len));
		if (h->request.part == HTTP_READY)
			begin_answer(h);
	}
	if (v->peer_fin)
		visit_close(c, v);
}

static bool
asked(const struct visit *v)
{
	return ((const struct http *)v)->request.octets > 0;
}

static uint64_t
left(const struct visit *v)
{
	const struct http *h = (const struct http *)v;
	uint64_t end = h->head_len + (h->request.head_only ? 0 : h->length);

	return h->answering && h->sent < end ? end - h->sent : 0;
}

/* Who was here within the last second may have the next request on the way: it is answered, with "Connection: close". */
const struct service_kind http_kind = {"http",         sizeof(struct http), serve, visit_drain_quiet,
                                       .asked = asked, .left = left};
