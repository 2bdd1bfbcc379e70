/* The head of an HTTP/1.1 request (http_request.h).  Section numbers are of RFC 9112. */
#include <string.h>
#include <strings.h>

#include "http_request.h"

static void
end_with(struct http_request *r, uint16_t status)
{
	r->part = HTTP_READY;
	r->status = status;
	r->keep = false; /* after a fault nobody knows where the next request begins */
}

static bool
is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void
keep_octet(struct http_request *r, uint8_t c)
{
	if (r->word_len < HTTP_WORD)
		r->word[r->word_len] = (char)c;
	r->word_len++;
}

static bool
word_is(const struct http_request *r, const char *what)
{
	return r->word_len == strlen(what) && memcmp(r->word, what, r->word_len) == 0;
}

static void
end_method(struct http_request *r)
{
	static const char *const others[] = {"POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

	r->head_only = word_is(r, "HEAD");
	r->get = r->head_only || word_is(r, "GET");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		r->known = r->known || word_is(r, others[i]);
	r->part = HTTP_TARGET;
	r->word_len = 0;
}

/* Decimal digits alone, at most 18 of them. */
static bool
decimal(const char *text, size_t len, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*n = *n * 10 + (uint64_t)(text[i] - '0');
	}
	return len > 0 && len <= 18;
}

static bool
starts(const char *path, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(path, with, strlen(with)) == 0;
}

/* What there is: "/" with or without a query, and /bytes/N.  A 404 waits for the end of the head. */
static void
read_path(struct http_request *r, const char *path, size_t len, bool cut)
{
	static const char bytes[] = "/bytes/";

	if (len == 0 || (starts(path, len, "/") && (len == 1 || path[1] == '?')))
		return;
	r->sized = !cut && starts(path, len, bytes) &&
	           decimal(path + strlen(bytes), len - strlen(bytes), &r->bytes) &&
	           r->bytes <= HTTP_BYTES_MAX;
	if (!r->sized)
		r->status = 404;
}

static void
end_target(struct http_request *r)
{
	size_t len = r->word_len < HTTP_WORD ? r->word_len : HTTP_WORD, skip = 0;

	if (len > 7 && strncasecmp(r->word, "http://", 7) == 0) {
		const char *path = memchr(r->word + 7, '/', len - 7); /* §3.2.2 */

		skip = path == NULL ? len : (size_t)(path - r->word);
	} else if (len == 0 || (r->word[0] != '/' && !word_is(r, "*") && r->get)) {
		end_with(r, 400);
		return;
	}
	read_path(r, r->word + skip, len - skip, r->word_len > HTTP_WORD);
	r->part = HTTP_VERSION;
	r->word_len = 0;
}

static void
end_version(struct http_request *r)
{
	if (r->word_len != 8 || memcmp(r->word, "HTTP/", 5) != 0 || r->word[5] < '0' || r->word[5] > '9' ||
	    r->word[6] != '.' || r->word[7] < '0' || r->word[7] > '9') {
		end_with(r, 400);
		return;
	}
	if (r->word[5] != '1') {
		end_with(r, 505);
		return;
	}
	r->old = r->word[7] == '0';
	r->keep = !r->old; /* §9.3 */
	r->part = HTTP_FIELD;
	r->word_len = 0;
}

/* The options of Connection, separated by commas; "close" wins. */
static void
read_connection(struct http_request *r, const char *value, size_t len)
{
	bool close = false;

	while (len > 0) {
		size_t n = strspn(value, " \t,"), end;

		n = n < len ? n : len;
		value += n;
		len -= n;
		end = strcspn(value, " \t,");
		end = end < len ? end : len;
		if (end == 5 && strncasecmp(value, "close", 5) == 0)
			close = true;
		if (end == 10 && strncasecmp(value, "keep-alive", 10) == 0)
			r->keep = true;
		value += end;
		len -= end;
	}
	r->close = r->close || close;
}

static void
read_length(struct http_request *r, const char *value, size_t len)
{
	uint64_t n;

	if (!decimal(value, len, &n) || (r->length && n != r->body))
		end_with(r, 400); /* §6.3 */
	else if (n > HTTP_BODY_MAX)
		end_with(r, 413);
	r->length = true;
	r->body = n;
}

static bool
named(const char *field, size_t len, const char *name)
{
	return len == strlen(name) && strncasecmp(field, name, len) == 0;
}

static void
end_field(struct http_request *r)
{
	size_t len = r->word_len < HTTP_WORD ? r->word_len : HTTP_WORD, name;
	const char *colon = memchr(r->word, ':', len);
	bool cut = r->word_len > HTTP_WORD;
	char value[HTTP_WORD + 1];

	if (colon == NULL) {
		/* a name longer than what is kept is none that we know */
		if (!cut)
			end_with(r, 400);
		r->word_len = 0;
		return;
	}
	name = (size_t)(colon - r->word);
	for (size_t i = 0; i < name; i++) {
		if (!is_token((uint8_t)r->word[i])) {
			end_with(r, 400); /* §5.1, and obsolete folding: §5.2 */
			return;
		}
	}
	r->word_len = 0;
	len -= name + 1;
	memcpy(value, colon + 1, len);
	value[len] = '\0';
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		value[--len] = '\0';
	colon = value + strspn(value, " \t");
	len -= (size_t)(colon - value);
	if (name == 0)
		end_with(r, 400);
	else if (named(r->word, name, "connection"))
		read_connection(r, colon, len);
	else if (named(r->word, name, "content-length") && cut)
		end_with(r, 400);
	else if (named(r->word, name, "content-length"))
		read_length(r, colon, len);
	else if (named(r->word, name, "transfer-encoding"))
		end_with(r, 501);
	else if (named(r->word, name, "host")) {
		if (r->host)
			end_with(r, 400); /* §3.2 */
		r->host = true;
	}
}

/* The empty line. */
static void
end_head(struct http_request *r)
{
	if (!r->old && !r->host)
		end_with(r, 400); /* §3.2 */
	else if (!r->get)
		end_with(r, r->known ? 405 : 501);
	else {
		r->part = r->body > 0 ? HTTP_BODY : HTTP_READY;
		r->status = r->status == 0 ? 200 : r->status;
		r->keep = r->keep && !r->close;
	}
}

static void
end_line(struct http_request *r)
{
	switch (r->part) {
	case HTTP_METHOD:
		/* an empty line before the request is let pass (§2.2) */
		if (r->word_len > 0)
			end_with(r, 400);
		r->octets = 0;
		break;
	case HTTP_VERSION:
		end_version(r);
		break;
	case HTTP_FIELD:
		if (r->word_len == 0)
			end_head(r);
		else
			end_field(r);
		break;
	default:
		end_with(r, 400);
	}
}

static void
take_octet(struct http_request *r, uint8_t c)
{
	bool cr = r->cr;

	r->cr = c == '\r';
	if (++r->octets > HTTP_HEAD_MAX) {
		end_with(r, r->part == HTTP_TARGET ? 414 : 431);
	} else if (c == '\n') {
		end_line(r); /* a bare LF ends a line too (§2.2) */
	} else if (cr || c == '\0' || (c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
		end_with(r, 400);
	} else if (c == '\r') {
		return;
	} else if (r->part == HTTP_METHOD && c == ' ' && r->word_len > 0) {
		end_method(r);
	} else if (r->part == HTTP_METHOD && !is_token(c)) {
		end_with(r, 400);
	} else if (r->part == HTTP_TARGET && c == ' ') {
		end_target(r);
	} else if (r->part == HTTP_FIELD && r->word_len == 0 && (c == ' ' || c == '\t')) {
		end_with(r, 400); /* §2.2, §5.2 */
	} else {
		keep_octet(r, c);
	}
}

size_t
http_request_read(struct http_request *r, const uint8_t *octets, size_t len)
{
	size_t at = 0;

	while (at < len && r->part < HTTP_BODY)
		take_octet(r, octets[at++]);
	if (r->part == HTTP_BODY) {
		size_t n = len - at < r->body ? len - at : (size_t)r->body;

		at += n;
		r->body -= n;
		if (r->body == 0)
			r->part = HTTP_READY;
	}
	return at;
}
