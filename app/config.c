/* The configuration file, read by the table of settings (settings.c) with libconfig. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libconfig.h>

#include "config.h"

#define FAULTS_MAX 20 /* one mistake in a list should not scroll the others away */

void
conf_fault(struct conf_report *report, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (++report->faults > FAULTS_MAX)
		return;
	fprintf(report->out, "%s:%u: ", report->file, line);
	va_start(ap, fmt);
	vfprintf(report->out, fmt, ap);
	va_end(ap);
	fputc('\n', report->out);
}

unsigned
conf_line(const struct conf *conf, const char *section, const char *name, unsigned element)
{
	const struct setting *row = settings_find(section, name);
	unsigned line = row == NULL ? 0 : conf->line[settings_index(row)][element];

	return line == 0 ? 1 : line;
}

/* One setting of the file on its way into the struct. */
struct place {
	struct conf *conf;
	struct conf_report *report; /* NULL while defaults are set: they are right, a test says so */
	void *base;                 /* struct conf, or the element of a list */
	unsigned element;
	const struct setting *row;
	config_setting_t *from;
	char name[96]; /* "limits.connections", "ports[0].mtu" */
};

static unsigned
line_of(const config_setting_t *s)
{
	return config_setting_source_line(s);
}

#define WRONG(place, ...) wrong_at(place, line_of((place)->from), __VA_ARGS__)

static void __attribute__((format(printf, 3, 4)))
wrong_at(const struct place *p, unsigned line, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (p->report != NULL)
		conf_fault(p->report, line, "%s: %s", p->name, what);
}

static bool
whole(const config_setting_t *s)
{
	return config_setting_type(s) == CONFIG_TYPE_INT || config_setting_type(s) == CONFIG_TYPE_INT64;
}

/* A number in its range, or false. */
static bool
read_number(const struct place *p, const config_setting_t *s, uint64_t *to)
{
	long long n;

	if (!whole(s)) {
		WRONG(p, "must be a whole number");
		return false;
	}
	n = config_setting_get_int64(s);
	if (n < p->row->min || n > p->row->max) {
		if (n == INT64_MAX || n == -INT64_MAX)
			WRONG(p, "the number is out of range, %" PRId64 " to %" PRId64, p->row->min,
			      p->row->max);
		else
			WRONG(p, "%lld is out of range, %" PRId64 " to %" PRId64, n, p->row->min,
			      p->row->max);
		return false;
	}
	*to = (uint64_t)n;
	return true;
}

static void
read_word(const struct place *p, uint64_t *to)
{
	const char *word = config_setting_get_string(p->from);
	char known[256] = "";
	size_t len = 0;

	if (word == NULL) {
		WRONG(p, "must be a word in quotes");
		return;
	}
	for (uint64_t i = 0; p->row->words[i] != NULL; i++) {
		if (strcmp(p->row->words[i], word) == 0) {
			*to = i;
			return;
		}
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s", i == 0 ? "" : ", ",
		                        p->row->words[i]);
	}
	WRONG(p, "\"%s\" is unknown; there are: %s", word, known);
}

/* true, false, or the word for neither. */
static void
read_choice(const struct place *p, uint64_t *to)
{
	const char *word = config_setting_get_string(p->from);

	if (config_setting_type(p->from) == CONFIG_TYPE_BOOL)
		*to = config_setting_get_bool(p->from) ? FNS_ON : FNS_OFF;
	else if (word != NULL && strcmp(word, p->row->words[FNS_DEFAULT]) == 0)
		*to = FNS_DEFAULT;
	else
		WRONG(p, "must be true, false or \"%s\"", p->row->words[FNS_DEFAULT]);
}

static void
read_text(const struct place *p, char *to)
{
	const char *text = config_setting_get_string(p->from);

	if (text == NULL)
		WRONG(p, "must be a text in quotes");
	else if ((int64_t)strlen(text) < p->row->min)
		WRONG(p, "must not be empty");
	else if ((int64_t)strlen(text) > p->row->max)
		WRONG(p, "is longer than %" PRId64 " characters", p->row->max);
	else
		memcpy(to, text, strlen(text) + 1);
}

static bool
is_array(const struct place *p, int room)
{
	if (!config_setting_is_array(p->from) && !config_setting_is_list(p->from)) {
		WRONG(p, "must be a list in brackets");
		return false;
	}
	if (config_setting_length(p->from) > room) {
		WRONG(p, "has more than %d elements", room);
		return false;
	}
	return true;
}

static void
read_numbers(const struct place *p, struct conf_numbers *to)
{
	struct conf_numbers got = {.count = 0};

	if (!is_array(p, CONF_CORES_MAX))
		return;
	for (int i = 0; i < config_setting_length(p->from); i++) {
		if (!read_number(p, config_setting_get_elem(p->from, (unsigned)i), &got.at[i]))
			return;
		got.count++;
	}
	*to = got;
}

static void
read_texts(const struct place *p, struct conf_texts *to)
{
	struct conf_texts got = {.count = 0};

	if (!is_array(p, (int)p->row->max))
		return;
	for (int i = 0; i < config_setting_length(p->from); i++) {
		const char *text = config_setting_get_string_elem(p->from, i);

		if (text == NULL || strlen(text) >= sizeof(got.at[0])) {
			WRONG(p, "must be a list of texts in quotes, each below %zu characters",
			      sizeof(got.at[0]));
			return;
		}
		memcpy(got.at[got.count++], text, strlen(text) + 1);
	}
	*to = got;
}

static void
read_setting(const struct place *p)
{
	void *to = (char *)p->base + p->row->at;

	switch ((enum conf_type)p->row->type) {
	case CONF_NUMBER:
		read_number(p, p->from, to);
		break;
	case CONF_SWITCH:
		if (config_setting_type(p->from) == CONFIG_TYPE_BOOL)
			*(uint64_t *)to = (uint64_t)config_setting_get_bool(p->from);
		else
			WRONG(p, "must be true or false");
		break;
	case CONF_WORD:
		read_word(p, to);
		break;
	case CONF_CHOICE:
		read_choice(p, to);
		break;
	case CONF_TEXT:
		read_text(p, to);
		break;
	case CONF_NUMBERS:
		read_numbers(p, to);
		break;
	case CONF_TEXTS:
		read_texts(p, to);
		break;
	}
	if (p->report != NULL)
		p->conf->line[settings_index(p->row)][p->element] = (uint16_t)line_of(p->from);
}

/* Every setting of one group.  `title` is "limits" or "ports[0]". */
static void
read_group(struct place *p, const char *section, const char *title, config_setting_t *group)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		p->from = config_setting_get_elem(group, (unsigned)i);
		snprintf(p->name, sizeof(p->name), "%.40s.%.50s", title, config_setting_name(p->from));
		p->row = settings_find(section, config_setting_name(p->from));
		if (p->row == NULL)
			WRONG(p, "unknown setting");
		else
			read_setting(p);
	}
}

/* The defaults of one section's settings, in the file's own syntax, into `base`. */
static void
set_defaults(struct conf *conf, const char *section, void *base, unsigned element)
{
	struct place p = {.conf = conf, .base = base, .element = element};
	char text[8192], *ready;
	size_t len = 0;
	config_t lib;
	struct conf_report none = {.out = stderr, .file = "settings.c"};

	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		if (strcmp(row->section, section) == 0 && row->standard != NULL)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s = %s;\n", row->name,
			                        row->standard);
	}
	ready = conf_text_prepare(text, len, &none);
	config_init(&lib);
	if (ready != NULL && config_read_string(&lib, ready))
		read_group(&p, section, section, config_root_setting(&lib));
	config_destroy(&lib);
	free(ready);
}

void
conf_default(struct conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	for (size_t i = 0; i < settings_count(); i++) {
		const char *section = settings_row(i)->section;

		if (!settings_is_list(section) &&
		    (i == 0 || strcmp(section, settings_row(i - 1)->section) != 0))
			set_defaults(conf, section, conf, 0);
	}
}

/* An element of a list has what it must have. */
static void
check_required(const struct conf *conf, const char *section, const char *title, unsigned element,
               unsigned line, struct conf_report *report)
{
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		if (strcmp(row->section, section) == 0 && row->standard == NULL &&
		    conf->line[i][element] == 0)
			conf_fault(report, line, "%s.%s: is missing", title, row->name);
	}
}

static void
read_list(struct conf *conf, const char *section, config_setting_t *list, struct conf_report *report)
{
	bool ports = strcmp(section, "ports") == 0;
	int room = ports ? FNS_PORTS_MAX : CONF_SERVICES_MAX, length = config_setting_length(list);

	if (!config_setting_is_list(list)) {
		conf_fault(report, line_of(list), "%s: must be a list of groups: ( { ... } )", section);
		return;
	}
	if (length > room) {
		conf_fault(report, line_of(list), "%s: %d elements, %d at most", section, length, room);
		return;
	}
	for (int i = 0; i < length; i++) {
		config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
		struct place p = {.conf = conf, .report = report, .element = (unsigned)i};
		char title[32];

		p.base = ports ? (void *)&conf->port[i] : (void *)&conf->service[i];
		snprintf(title, sizeof(title), "%s[%d]", section, i);
		if (!config_setting_is_group(group)) {
			conf_fault(report, line_of(list), "%s: must be a group: { ... }", title);
			continue;
		}
		set_defaults(conf, section, p.base, (unsigned)i);
		read_group(&p, section, title, group);
		check_required(conf, section, title, (unsigned)i, line_of(group), report);
	}
	*(ports ? &conf->ports : &conf->services) = (unsigned)length;
}

static bool
is_section(const char *name)
{
	for (size_t i = 0; i < settings_count(); i++) {
		if (strcmp(settings_row(i)->section, name) == 0)
			return true;
	}
	return false;
}

static void
read_root(struct conf *conf, config_setting_t *root, struct conf_report *report)
{
	for (int i = 0; i < config_setting_length(root); i++) {
		config_setting_t *s = config_setting_get_elem(root, (unsigned)i);
		const char *name = config_setting_name(s);
		struct place p = {.conf = conf, .report = report, .base = conf};

		if (!is_section(name))
			conf_fault(report, line_of(s), "%s: unknown setting", name);
		else if (settings_is_list(name))
			read_list(conf, name, s, report);
		else if (!config_setting_is_group(s))
			conf_fault(report, line_of(s), "%s: must be a group: { ... }", name);
		else
			read_group(&p, name, name, s);
	}
}

static void
syntax_fault(const config_t *lib, const char *text, struct conf_report *report)
{
	unsigned line = (unsigned)config_error_line(lib);
	char name[64];

	if (strstr(config_error_text(lib), "duplicate") != NULL &&
	    conf_text_duplicate(text, line, name, sizeof(name)))
		conf_fault(report, line, "%s: is set twice", name);
	else
		conf_fault(report, line, "%s", config_error_text(lib));
}

int
conf_parse(struct conf *conf, const char *text, size_t len, struct conf_report *report)
{
	char *ready = conf_text_prepare(text, len, report);
	config_t lib;

	conf_default(conf);
	if (ready == NULL)
		return -EINVAL;
	config_init(&lib);
	if (!config_read_string(&lib, ready))
		syntax_fault(&lib, ready, report);
	else {
		read_root(conf, config_root_setting(&lib), report);
		conf_check(conf, report);
	}
	config_destroy(&lib);
	free(ready);
	if (report->faults > FAULTS_MAX)
		fprintf(report->out, "%s: and %u more\n", report->file, report->faults - FAULTS_MAX);
	return report->faults == 0 ? 0 : -EINVAL;
}

/* The whole of a regular file of bounded size; a FIFO must not hang us, a device must not feed us. */
static char *
read_file(const char *path, size_t *len, struct conf_report *report)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0)
		conf_fault(report, 1, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		conf_fault(report, 1, "is not a regular file");
	else if (st.st_size > CONF_FILE_MAX)
		conf_fault(report, 1, "is larger than %d octets", CONF_FILE_MAX);
	else if ((text = malloc(CONF_FILE_MAX + 1)) != NULL) {
		for (*len = 0; *len <= CONF_FILE_MAX; *len += (size_t)n) {
			n = read(fd, text + *len, CONF_FILE_MAX + 1 - *len);
			if (n == 0)
				break;
			if (n < 0) {
				conf_fault(report, 1, "cannot be read: %s", strerror(errno));
				break;
			}
		}
	} else
		conf_fault(report, 1, "no memory to read it");
	if (fd >= 0)
		close(fd);
	return text;
}

int
conf_load(struct conf *conf, const char *path, struct conf_report *report)
{
	size_t len = 0;
	char *text = read_file(path, &len, report);

	if (report->faults == 0)
		conf_parse(conf, text, len, report);
	free(text);
	return report->faults == 0 ? 0 : -EINVAL;
}
