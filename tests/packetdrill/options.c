/* Settings from --so_flags and FNS_SYSCTL, by way of the daemon's own table and parser. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "adapter.h"
#include "config.h"

static void
keep(char *to, size_t room, const char *value)
{
	snprintf(to, room, "%s", value);
}

static const struct setting *
find(const char *name)
{
	const char *dot = strchr(name, '.');

	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		if (settings_is_list(row->section))
			continue;
		if (strcmp(row->name, name) == 0 || (dot != NULL && strcmp(row->name, dot + 1) == 0 &&
		                                     strlen(row->section) == (size_t)(dot - name) &&
		                                     strncmp(row->section, name, (size_t)(dot - name)) == 0))
			return row;
	}
	return NULL;
}

/* False: the daemon does not know the word; the setting stays as it is. */
static bool
has_word(const struct setting *row, const char *word)
{
	for (unsigned i = 0; row->words[i] != NULL; i++)
		if (strcmp(row->words[i], word) == 0)
			return true;
	fprintf(stderr, "finesse: %s=%s: no such value; ignored\n", row->name, word);
	return false;
}

/* As the file would write it. */
bool
options_set_daemon(struct options *o, const char *name, const char *value)
{
	const struct setting *row = find(name);
	char text[OPTION_VALUE];

	if (row == NULL)
		return false;
	if (row->type == CONF_WORD && !has_word(row, value))
		return true;
	switch ((enum conf_type)row->type) {
	case CONF_WORD:
	case CONF_TEXT:
		snprintf(text, sizeof(text), "\"%.90s\"", value);
		break;
	case CONF_SWITCH:
		keep(text, sizeof(text),
		     strcmp(value, "0") == 0 || strcmp(value, "false") == 0 ? "false" : "true");
		break;
	case CONF_NUMBER:
	case CONF_CHOICE:
	case CONF_NUMBERS:
	case CONF_TEXTS:
		keep(text, sizeof(text), value);
		break;
	}
	if (strcmp(o->value[settings_index(row)], text) != 0)
		o->changed = true;
	keep(o->value[settings_index(row)], OPTION_VALUE, text);
	return true;
}

/* And what that system begins with where ours does not: windows of FreeBSD's recvspace and maxsockbuf. */
static void
set_profile(struct options *o, const char *value)
{
	options_set_daemon(o, "policy.profile", value);
	if (strcmp(value, "bsd") == 0) {
		options_set_daemon(o, "limits.receive_window_initial_bytes", "65536");
		options_set_daemon(o, "limits.receive_window_bytes", "2097152");
	}
}

void
options_set(struct options *o, const char *key, const char *value)
{
	if (strcmp(key, "local4") == 0)
		keep(o->local4, sizeof(o->local4), value);
	else if (strcmp(key, "local6") == 0)
		keep(o->local6, sizeof(o->local6), value);
	else if (strcmp(key, "mtu") == 0)
		keep(o->mtu, sizeof(o->mtu), value);
	else if (strcmp(key, "mss") == 0)
		o->mss = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "profile") == 0)
		set_profile(o, value);
	else if (!options_set_sysctl(o, key, value) && !options_set_daemon(o, key, value))
		fprintf(stderr, "finesse: %s=%s: no such setting; ignored\n", key, value);
}

static void
set_line(struct options *o, char *line)
{
	char *equals = strchr(line, '=');

	if (equals == NULL) {
		if (*line != '\0')
			fprintf(stderr, "finesse: %s: not key=value; ignored\n", line);
		return;
	}
	*equals = '\0';
	options_set(o, line, equals + 1);
}

void
options_init(struct options *o, const char *flags)
{
	char *text = strdup(flags == NULL ? "" : flags), *rest = text, *word;

	memset(o, 0, sizeof(*o));
	keep(o->local4, sizeof(o->local4), "192.168.0.1");
	keep(o->local6, sizeof(o->local6), "fd3d:0a0b:17d6::1");
	/* packetdrill locks all memory: what is not needed would be paid for */
	options_set_daemon(o, "limits.connections", "64");
	options_set_daemon(o, "limits.time_wait", "64");
	options_set_daemon(o, "limits.orphans", "64");
	options_set_daemon(o, "limits.recorders", "16");
	options_set_daemon(o, "limits.neighbours", "16");
	options_set_daemon(o, "limits.buffer_bytes", "33554432");
	options_set_daemon(o, "policy.announce", "false");
	while ((word = strsep(&rest, " ,\t\n")) != NULL)
		set_line(o, word);
	free(text);
}

void
options_reread(struct options *o)
{
	const char *path = getenv("FNS_SYSCTL");
	char line[256];
	struct stat st;
	FILE *file;

	if (path == NULL || stat(path, &st) != 0)
		return;
	if (st.st_size == o->file_size && st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec == o->file_ns)
		return;
	o->file_size = st.st_size;
	o->file_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		set_line(o, line);
	}
	fclose(file);
}

/* The settings as a configuration file, section by section.  One port stands for ours: the parser wants one. */
static size_t
write_text(const struct options *o, char *text, size_t room)
{
	size_t len = (size_t)snprintf(text, room,
	                              "ports = ( { device = \"pd\"; ipv4 = [\"192.0.2.2/24\"]; } );\n");

	for (size_t i = 0; i < settings_count() && len < room; i++) {
		const char *section = settings_row(i)->section;

		if (settings_is_list(section))
			continue;
		if (i == 0 || strcmp(section, settings_row(i - 1)->section) != 0)
			len += (size_t)snprintf(text + len, room - len, "%s = {\n", section);
		if (o->value[i][0] != '\0')
			len += (size_t)snprintf(text + len, room - len, "%s = %s;\n", settings_row(i)->name,
			                        o->value[i]);
		if (i + 1 == settings_count() || strcmp(section, settings_row(i + 1)->section) != 0)
			len += (size_t)snprintf(text + len, room - len, "};\n");
	}
	return len;
}

/* Everybody is on the link: the adapter answers for all addresses. */
static void
set_port(const struct options *o, struct fns_port_config *port)
{
	struct fns_addr local4 = {.port = 0}, local6 = {.port = 0};

	fns_addr_parse(&local4, o->local4, 0);
	fns_addr_parse(&local6, o->local6, 0);
	*port = (struct fns_port_config){.mac = LINK_MAC_OURS, .mtu = 1500, .address_count = 1};
	if (o->mtu[0] != '\0')
		port->mtu = (uint16_t)strtoul(o->mtu, NULL, 10);
	memcpy(port->address[0].ip, local4.ip, 16);
	if (port->mtu < 1280)
		return;
	port->address_count = 2;
	memcpy(port->address[1].ip, local6.ip, 16);
}

bool
options_config(struct options *o, struct fns_config *config)
{
	struct conf_report report = {.out = stderr, .file = "finesse"};
	static struct conf conf;
	char text[16384], why[128];
	size_t len = write_text(o, text, sizeof(text));

	o->changed = false;
	if (conf_parse(&conf, text, len, &report) != 0)
		return false;
	conf_shard(&conf, config);
	if (o->keepalive_ms != 0)
		config->keepalive_ms = o->keepalive_ms;
	set_port(o, &config->port[0]);
	if (fns_config_check(config, why, sizeof(why)) == 0)
		return true;
	fprintf(stderr, "finesse: %s\n", why);
	return false;
}
