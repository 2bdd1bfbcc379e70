/* The text of a configuration file before libconfig sees it.
 *
 * libconfig 1.5 reads a whole number into an int and wraps it silently: 4294967297 becomes 1.  With the suffix L it
 * reads 64 bits.  So every whole number gets the suffix, one that 18 digits cannot hold becomes the greatest of all, and
 * the range check of the setting sees what the file says. */
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define DIGITS_MAX 18
#define HEX_MAX    15
#define GREATEST   "9223372036854775807L"

struct scan {
	const char *at, *end;
	char *to;
	unsigned line;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool
in_name(char c)
{
	return begins_name(c) || is_digit(c) || c == '-' || c == '_';
}

static void
copy(struct scan *s, size_t n)
{
	for (; n > 0 && s->at < s->end; n--) {
		s->line += *s->at == '\n';
		*s->to++ = *s->at++;
	}
}

static bool
sees(const struct scan *s, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(s->end - s->at) >= n && memcmp(s->at, what, n) == 0;
}

static void
copy_until(struct scan *s, const char *what)
{
	while (s->at < s->end && !sees(s, what))
		copy(s, 1);
	copy(s, strlen(what));
}

/* libconfig would complain at the last line of the file. */
static bool
copy_string(struct scan *s, struct conf_report *report)
{
	unsigned line = s->line;

	copy(s, 1);
	while (s->at < s->end && *s->at != '"')
		copy(s, *s->at == '\\' ? 2 : 1);
	if (s->at == s->end) {
		conf_fault(report, line, "the quote that opens here does not end");
		return false;
	}
	copy(s, 1);
	return true;
}

/* A whole number with the suffix; floats as they are (no setting is one: they are refused by type). */
static void
copy_number(struct scan *s)
{
	const char *p = s->at, *digits;
	bool hex = s->end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && is_hex(p[2]);

	if (hex)
		p += 2;
	digits = p;
	while (p < s->end && (hex ? is_hex(*p) : is_digit(*p)))
		p++;
	if (!hex && p < s->end && (*p == '.' || *p == 'e' || *p == 'E')) {
		while (p < s->end && (is_digit(*p) || strchr(".eE+-", *p) != NULL))
			p++;
		copy(s, (size_t)(p - s->at));
		return;
	}
	while (digits < p - 1 && *digits == '0')
		digits++;
	if (p - digits > (hex ? HEX_MAX : DIGITS_MAX)) {
		memcpy(s->to, GREATEST, strlen(GREATEST));
		s->to += strlen(GREATEST);
	} else {
		if (hex) {
			memcpy(s->to, "0x", 2);
			s->to += 2;
		}
		memcpy(s->to, digits, (size_t)(p - digits));
		s->to += p - digits;
		*s->to++ = 'L';
	}
	s->at = p;
	while (s->at < s->end && *s->at == 'L')
		s->at++;
}

static bool
scan_all(struct scan *s, struct conf_report *report)
{
	while (s->at < s->end) {
		if (*s->at == '"') {
			if (!copy_string(s, report))
				return false;
		} else if (*s->at == '#' || sees(s, "//"))
			copy_until(s, "\n");
		else if (sees(s, "/*"))
			copy_until(s, "*/");
		else if (is_digit(*s->at))
			copy_number(s);
		else if (begins_name(*s->at)) {
			while (s->at < s->end && in_name(*s->at))
				copy(s, 1);
		} else if (*s->at == '@') {
			conf_fault(report, s->line, "@include is not supported: one file holds it all");
			return false;
		} else
			copy(s, 1);
	}
	*s->to = '\0';
	return true;
}

static bool
is_text(const char *text, size_t len, struct conf_report *report)
{
	unsigned line = 1;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		conf_fault(report, 1,
		           "begins with a byte order mark: save it as plain ASCII or UTF-8 without one");
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0') {
			conf_fault(report, line, "has a NUL octet: not a text file");
			return false;
		}
		line += text[i] == '\n';
		if (line > CONF_LINES_MAX) {
			conf_fault(report, line, "has more than %d lines", CONF_LINES_MAX);
			return false;
		}
	}
	return true;
}

char *
conf_text_prepare(const char *text, size_t len, struct conf_report *report)
{
	/* the worst case is "1," over and over: three octets for two; a long number shrinks or grows by 2 at most */
	char *out = malloc(len * 2 + sizeof(GREATEST));
	struct scan s = {.at = text, .end = text + len, .to = out, .line = 1};

	if (out == NULL) {
		conf_fault(report, 1, "no memory to read it");
		return NULL;
	}
	if (is_text(text, len, report) && scan_all(&s, report))
		return out;
	free(out);
	return NULL;
}

bool
conf_text_duplicate(const char *text, unsigned line, char *name, size_t room)
{
	char seen[16][64];
	size_t n = 0;

	while (line > 1 && (text = strchr(text, '\n')) != NULL) {
		text++;
		line--;
	}
	if (text == NULL)
		return false;
	for (const char *p = text; *p != '\0' && *p != '\n' && n < 16; p++) {
		size_t len = 0;
		const char *after;

		if (!begins_name(*p))
			continue;
		while (in_name(p[len]))
			len++;
		after = p + len + strspn(p + len, " \t");
		if ((*after == '=' || *after == ':') && len < sizeof(seen[0])) {
			memcpy(seen[n], p, len);
			seen[n][len] = '\0';
			for (size_t i = 0; i < n; i++) {
				if (strcmp(seen[i], seen[n]) == 0) {
					snprintf(name, room, "%s", seen[n]);
					return true;
				}
			}
			n++;
		}
		p += len - 1;
	}
	if (n > 0)
		snprintf(name, room, "%s", seen[0]);
	return n > 0;
}
