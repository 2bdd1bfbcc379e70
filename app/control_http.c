/* /metrics, /healthz and /readyz: GET and nothing else, one request a connection, eight at a time, two seconds for each, read
 * only.  libevent's evhttp bounds neither how many nor how long in all, so the few lines of HTTP are here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_parts.h"

#define HEAD_MAX 4096

static const struct timeval patience = {.tv_sec = 2};

struct scraper {
	struct control *control;
	struct bufferevent *bev;
	struct event *due;
	bool answered;
};

static void
scraper_free(struct scraper *s)
{
	s->control->scrapers--;
	event_free(s->due);
	bufferevent_free(s->bev);
	free(s);
}

static void
answer(struct scraper *s, const char *status, struct evbuffer *body)
{
	struct evbuffer *out = bufferevent_get_output(s->bev);

	s->answered = true;
	bufferevent_disable(s->bev, EV_READ);
	evbuffer_add_printf(out,
	                    "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	                    "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n%s\r\n",
	                    status, evbuffer_get_length(body),
	                    strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "");
	evbuffer_add_buffer(out, body);
}

static const char *
fill(struct scraper *s, const char *path, struct evbuffer *body)
{
	struct control *control = s->control;
	bool ready = control->workers != NULL && strcmp(control_phase(control), "serving") == 0;

	if (strcmp(path, "/metrics") == 0 && control->workers != NULL) {
		metrics_write(control, body);
		return "200 OK";
	}
	if (strcmp(path, "/healthz") == 0) {
		evbuffer_add_printf(body, "alive\n");
		return "200 OK";
	}
	if (strcmp(path, "/readyz") == 0) {
		evbuffer_add_printf(body, "%s\n", ready ? "ready" : "not ready");
		return ready ? "200 OK" : "503 Service Unavailable";
	}
	evbuffer_add_printf(body, "there are /metrics, /healthz and /readyz\n");
	return "404 Not Found";
}

/* `line` without its end: "GET /metrics HTTP/1.1". */
static const char *
respond(struct scraper *s, char *line, struct evbuffer *body)
{
	char *target = strchr(line, ' '), *version = target == NULL ? NULL : strchr(target + 1, ' ');

	if (version == NULL || strncmp(version, " HTTP/1.", 8) != 0 || target[1] != '/')
		return "400 Bad Request";
	*target++ = *version = '\0';
	if (strcmp(line, "GET") != 0)
		return "405 Method Not Allowed";
	return fill(s, target, body);
}

/* The whole head must be there, and is not looked at but for its first line. */
static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev), *body;
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct scraper *s = arg;
	char *line;

	if (s->answered || (end.pos < 0 && evbuffer_get_length(in) < HEAD_MAX))
		return;
	body = evbuffer_new();
	if (body == NULL) {
		scraper_free(s);
		return;
	}
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);
	answer(s,
	       end.pos < 0 || line == NULL ? "431 Request Header Fields Too Large" : respond(s, line, body),
	       body);
	free(line);
	evbuffer_free(body);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct scraper *s = arg;

	(void)bev;
	if (s->answered)
		scraper_free(s);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct scraper *s = arg;

	(void)bev;
	if (!s->answered || !(what & BEV_EVENT_EOF))
		scraper_free(s);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	scraper_free(arg);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct control *control = arg;
	struct scraper *s;

	(void)listener;
	(void)from;
	(void)len;
	s = control->scrapers < SCRAPERS_MAX ? calloc(1, sizeof(*s)) : NULL;
	if (s == NULL) {
		close(fd);
		return;
	}
	control->scrapers++;
	s->control = control;
	s->bev = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	s->due = evtimer_new(control->base, on_due, s);
	bufferevent_setcb(s->bev, on_read, on_written, on_event, s);
	bufferevent_setwatermark(s->bev, EV_READ, 0, HEAD_MAX);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	event_add(s->due, &patience);
}

bool
http_open(struct control *control, char *why, size_t room)
{
	struct sockaddr_storage at;
	int len = sizeof(at);

	if (evutil_parse_sockaddr_port(control->conf->control.metrics, (struct sockaddr *)&at, &len) != 0) {
		snprintf(why, room, "\"%s\" is no address and port", control->conf->control.metrics);
		return false;
	}
	control->metrics =
		evconnlistener_new_bind(control->base, on_accept, control,
	                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	                                SCRAPERS_MAX, (struct sockaddr *)&at, len);
	if (control->metrics == NULL) {
		snprintf(why, room, "%s: %s", control->conf->control.metrics, strerror(errno));
		return false;
	}
	evconnlistener_set_error_cb(control->metrics, clients_wait);
	return true;
}
