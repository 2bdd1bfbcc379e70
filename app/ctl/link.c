/* The line to the daemon: connect, one request, lines of JSON back. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define PATIENCE_MS 10000 /* for the next line */

static FILE *from;
static int fd = -1;

int
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("finessectl: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return 1;
}

bool
link_open(const struct wish *w)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};

	if (strlen(w->path) >= sizeof(at.sun_path)) {
		complain("%s: longer than %zu octets", w->path, sizeof(at.sun_path) - 1);
		return false;
	}
	strcpy(at.sun_path, w->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		complain("%s: %s%s", w->path, strerror(errno),
		         errno == ENOENT || errno == ECONNREFUSED ? ": no finessed answers there (-s SOCKET)"
		         : errno == EACCES                        ? ": only root and control.group may"
		                                                  : "");
		return false;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	from = fdopen(fd, "r");
	return from != NULL;
}

bool
link_ask(const struct wish *w, json_t *members)
{
	char *text;
	size_t len;
	bool sent;

	json_object_set_new(members, "command", json_string(w->command));
	json_object_set_new(members, "version", json_integer(1));
	text = json_dumps(members, JSON_COMPACT);
	json_decref(members);
	if (text == NULL) {
		complain("what is asked for is no text");
		return false;
	}
	len = strlen(text);
	text[len] = '\n'; /* in the place of its end */
	/* who is turned away is told so before it asks */
	sent = send(fd, text, len + 1, MSG_NOSIGNAL) == (ssize_t)len + 1 || errno == EPIPE;
	free(text);
	if (!sent)
		complain("the daemon does not take the request: %s", strerror(errno));
	return sent;
}

json_t *
link_answer(void)
{
	static char *line;
	static size_t room;
	json_error_t error;
	json_t *answer;
	ssize_t len = getline(&line, &room, from);

	if (len <= 0) {
		complain(ferror(from) && errno == EAGAIN ? "the daemon does not answer"
		                                         : "the daemon ended before the answer did");
		return NULL;
	}
	answer = json_loadb(line, (size_t)len, 0, &error);
	if (!json_is_object(answer)) {
		complain("the answer is not understood");
		json_decref(answer);
		return NULL;
	}
	if (json_object_get(answer, "error") != NULL) {
		complain("%s", text_of(answer, "error"));
		json_decref(answer);
		return NULL;
	}
	return answer;
}

void
link_patient(void)
{
	const struct timeval forever = {0};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
}

void
link_close(void)
{
	if (from != NULL)
		fclose(from);
	else if (fd >= 0)
		close(fd);
}

void
tell_stalled(const json_t *answer)
{
	const json_t *stalled = json_object_get(answer, "stalled"), *shard;
	char text[512] = "";
	size_t i, len = 0;

	json_array_foreach(stalled, i, shard)
	{
		if (len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%lld", i == 0 ? "" : ", ",
			                        (long long)json_integer_value(shard));
	}
	if (len > 0)
		complain("degraded: no answer from shard %s within a second", text);
}
