/* Clients of the control socket: at most sixteen, each with one request at a time, a line of JSON; answers are lines of JSON.
 * Who sends too much, or takes too long to send or to take, is cut off.  Descriptors that somebody sends along are never
 * received: nothing here asks for ancillary data. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_parts.h"
#include "log.h"

#define GROUPS_MAX 256

struct client {
	struct client *next;
	struct control *control;
	struct bufferevent *bev;
	struct event *due; /* then it is cut off */
	bool answering, half_closed, last;
	void *job;
	void (*more)(struct client *, void *job);
	void (*end)(void *job);
};

static const struct timeval patience = {.tv_sec = CONTROL_PATIENCE};

struct control *
client_control(const struct client *c)
{
	return c->control;
}

static void
job_over(struct client *c)
{
	if (c->end != NULL)
		c->end(c->job);
	c->job = NULL;
	c->more = NULL;
	c->end = NULL;
}

static void
client_free(struct client *c)
{
	struct client **link = &c->control->clients;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	c->control->client_count--;
	job_over(c);
	event_free(c->due);
	bufferevent_free(c->bev);
	free(c);
}

void
client_job(struct client *c, void *job, void (*more)(struct client *, void *), void (*end)(void *))
{
	c->job = job;
	c->more = more;
	c->end = end;
}

bool
client_idle(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

void
client_send(struct client *c, json_t *answer, bool last)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	char *text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
	bool first = client_idle(c);

	json_decref(answer);
	if (text == NULL)
		evbuffer_add_printf(out, "{\"error\":\"no memory for the answer\"}\n");
	else
		evbuffer_add_printf(out, "%s\n", text);
	free(text);
	if (first) /* the patience is with the first octet that is not taken */
		event_add(c->due, &patience);
	c->last = c->last || last || text == NULL;
	if (c->last)
		job_over(c);
}

int
text_whole(const char *text, int most)
{
	int len = (int)strnlen(text, (size_t)most);

	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void
client_fail(struct client *c, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	client_send(c, json_pack("{s:s}", "error", why), true);
}

static void
run(struct client *c, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

	c->answering = true;
	c->last = false;
	if (request == NULL)
		client_fail(c, "no JSON: %s", error.text);
	else if (!json_is_object(request))
		client_fail(c, "a request is an object");
	else
		command_run(c, request);
	json_decref(request);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct client *c = arg;
	size_t len;
	char *line;

	if (c->answering)
		return;
	line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
	if (line != NULL && len <= CONTROL_LINE_MAX) {
		run(c, line, len);
	} else if (line != NULL || evbuffer_get_length(in) > CONTROL_LINE_MAX) {
		c->answering = c->half_closed = true; /* nothing after it can be understood */
		client_fail(c, "a request has %d octets at most", CONTROL_LINE_MAX);
	}
	free(line);
}

/* Everything is taken. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (c->answering && !c->last) {
		event_del(c->due);
		if (c->more != NULL)
			c->more(c, c->job);
		return;
	}
	if (c->half_closed) {
		client_free(c);
		return;
	}
	c->answering = false;
	event_add(c->due, &patience);
	on_read(bev, c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	/* who has said all it had to say still wants its answer */
	if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING) && c->answering) {
		c->half_closed = true;
		bufferevent_disable(bev, EV_READ);
		return;
	}
	client_free(c);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

bool
client_allowed(const struct control *control, int fd)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);
	struct ucred who;
	socklen_t who_len = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &who_len) != 0)
		return false;
	if (who.uid == 0 || who.uid == geteuid())
		return true;
	if (!control->has_group)
		return false;
	if (who.gid == control->group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == control->group)
			return true;
	}
	return false;
}

/* One line, if the kernel takes it at once, and no further thought. */
static void
turn_away(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		(void)errno;
	close(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct control *control = arg;
	struct client *c;

	(void)listener;
	(void)from;
	(void)len;
	if (!client_allowed(control, fd)) {
		turn_away(fd, "{\"error\":\"not allowed: root, the daemon's user and control.group are\"}\n");
		return;
	}
	if (control->client_count == CLIENTS_MAX) {
		turn_away(fd, "{\"error\":\"16 clients are served already: try again\"}\n");
		return;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	c->control = control;
	c->bev = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->due = evtimer_new(control->base, on_due, c);
	c->next = control->clients;
	control->clients = c;
	control->client_count++;
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, 2 * CONTROL_LINE_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	event_add(c->due, &patience);
}

void
clients_wait(struct evconnlistener *listener, void *arg)
{
	const struct timeval later = {.tv_usec = 200000};
	struct control *control = arg;

	evconnlistener_disable(listener);
	event_add(control->again, &later);
}

void
clients_open(struct control *control, int fd)
{
	control->listener = evconnlistener_new(control->base, on_accept, control,
	                                       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	evconnlistener_set_error_cb(control->listener, clients_wait);
}

/* Who has shut down its half may go away, too, and libevent no longer looks at it: poll tells the one from the other. */
static bool
is_gone(const struct client *c)
{
	struct pollfd p = {.fd = bufferevent_getfd(c->bev)};

	return c->half_closed && poll(&p, 1, 0) == 1 && (p.revents & POLLHUP);
}

void
clients_tick(struct control *control)
{
	struct client *next;

	for (struct client *c = control->clients; c != NULL; c = next) {
		next = c->next;
		if (is_gone(c))
			client_free(c);
	}
}

bool
clients_flushed(const struct control *control)
{
	for (const struct client *c = control->clients; c != NULL; c = c->next) {
		if (!client_idle(c))
			return false;
	}
	return true;
}

void
clients_close(struct control *control)
{
	while (control->clients != NULL)
		client_free(control->clients);
	if (control->listener != NULL)
		evconnlistener_free(control->listener);
	control->listener = NULL;
}
