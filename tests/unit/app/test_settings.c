/* The table of settings (app/settings.c): held against the sample and the library; what becomes of the values. */
#include "said.h"

/* The line of `section` in the sample that sets `name`, or that shows it as a comment. */
static bool
shown(const char *sample, const struct setting *row)
{
	char opening[64], line[512], set[512], *found;
	const char *at, *end;
	bool valued = false;

	snprintf(opening, sizeof(opening), "\n%s = ", row->section);
	at = strstr(sample, opening);
	end = at == NULL ? NULL : strstr(at, "\n}");
	if (settings_is_list(row->section))
		end = at == NULL ? NULL : strstr(at, ");\n");
	snprintf(set, sizeof(set), "%s = ", row->name);
	while (at != NULL && at < end) {
		const char *next = strchr(at + 1, '\n');

		snprintf(line, sizeof(line), "%.*s", (int)(next - at), at);
		if (row->standard != NULL && strstr(line, "default: ") != NULL)
			valued = valued || strstr(line, row->standard) != NULL;
		found = strstr(line, set);
		if (found != NULL && found > line && strchr("\t {", found[-1]) != NULL) {
			char exact[600];

			snprintf(exact, sizeof(exact), "%s%s;", set,
			         row->standard == NULL ? "" : row->standard);
			return row->standard == NULL || strstr(found, exact) == found || valued;
		}
		at = next;
	}
	return false;
}

/* README's table is what finessed --profiles prints. */
static void
the_readme_has_every_rule(void **state)
{
	static char readme[65536], line[256];
	FILE *f = fopen(FINESSE_SOURCE "/README.md", "r");
	struct fns_profile_rule row[32];
	size_t rows = fns_profile_rules(row, 32);

	(void)state;
	assert_non_null(f);
	assert_in_range(fread(readme, 1, sizeof(readme) - 1, f), 1, sizeof(readme) - 2);
	fclose(f);
	assert_in_range(rows, 1, 32);
	for (size_t i = 0; i < rows; i++) {
		snprintf(line, sizeof(line), "\n%-18s %-6s %-4s %-8s %s\n", row[i].name,
		         row[i].linux_ ? "yes" : "no", row[i].bsd ? "yes" : "no",
		         row[i].rfc9293 ? "yes" : "no", row[i].help);
		if (strstr(readme, line) == NULL)
			fail_msg("README's table of profiles lacks:%s", line);
	}
}

static void
the_sample_shows_every_setting(void **state)
{
	static char sample[32768];
	FILE *f = fopen(SAMPLE, "r");
	unsigned missing = 0;

	(void)state;
	assert_non_null(f);
	fread(sample, 1, sizeof(sample) - 1, f);
	fclose(f);
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		if (!shown(sample, row)) {
			print_error("%s.%s = %s\n", row->section, row->name, row->standard);
			missing++;
		}
		if (!settings_is_list(row->section) && strstr(sample, row->help) == NULL) {
			print_error("%s.%s: %s\n", row->section, row->name, row->help);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

/* What the sample sets is the default, and it is a good file that says nothing. */
static void
the_sample_is_the_default(void **state)
{
	static struct conf standard;
	struct conf_report report = {.out = stderr, .file = SAMPLE};

	(void)state;
	conf_default(&standard);
	assert_int_equal(conf_load(&conf, SAMPLE, &report), 0);
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);
		uint64_t a, b;

		if (settings_is_list(row->section) || row->type > CONF_WORD)
			continue;
		memcpy(&a, (char *)&conf + row->at, sizeof(a));
		memcpy(&b, (char *)&standard + row->at, sizeof(b));
		if (a != b)
			fail_msg("%s.%s is %" PRIu64 ", default %" PRIu64, row->section, row->name, a, b);
	}
	assert_string_equal(conf.dpdk.args, standard.dpdk.args);
	assert_int_equal(conf.workers.cores.count, standard.workers.cores.count);
	assert_int_equal(conf.ports, 1);
	assert_int_equal(conf.port[0].mtu, 1500);
	assert_int_equal(conf.services, 5);
}

static void
the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		assert_non_null(row->help);
		assert_ptr_equal(settings_find(row->section, row->name), row); /* no name twice */
		if (row->type == CONF_NUMBER && row->standard != NULL) {
			assert_true(strtoll(row->standard, NULL, 10) >= row->min);
			assert_true(strtoll(row->standard, NULL, 10) <= row->max);
		}
		if (row->type == CONF_WORD || row->type == CONF_CHOICE)
			assert_non_null(row->words);
	}
}

/* The ends of every range are taken by the library, or refused by a complaint that names a line of the file. */
static void
the_library_takes_what_the_table_allows(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * settings_count(); i++) {
		const struct setting *row = settings_row(i / 2);
		char text[256], *out;
		int error;

		if (row->type != CONF_NUMBER || settings_is_list(row->section))
			continue;
		snprintf(text, sizeof(text), PORT "%s = { %s = %" PRId64 "; };", row->section, row->name,
		         i % 2 == 0 ? row->min : row->max);
		out = said(text, strlen(text), &error);
		if (error != 0 && strncmp(out, "f:2: ", 5) != 0)
			fail_msg("%s\n%s", text, out);
		free(out);
	}
}

/* Where the daemon has no reason to differ, its defaults are the library's. */
static void
defaults_are_the_librarys(void **state)
{
	struct fns_config ours, theirs;

	(void)state;
	conf_default(&conf);
	conf_shard(&conf, &ours);
	fns_config_default(&theirs);
	/* an appliance holds more than a test or an embedded shard */
	ours.connections = theirs.connections;
	ours.time_wait = theirs.time_wait;
	ours.orphans = theirs.orphans;
	ours.syn_backlog = theirs.syn_backlog;
	ours.buffer_bytes = theirs.buffer_bytes;
	assert_memory_equal(&ours, &theirs, sizeof(ours));
}

static void
it_becomes_a_shards_configuration(void **state)
{
	const char *text =
		"ports = ( { device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; ipv6 = [\"2001:db8::1/64\"];\n"
		"gateway4 = \"192.0.2.254\"; gateway6 = \"fe80::1\"; mtu = 1400; } );\n"
		"timeouts = { keepalive_s = 10; time_wait_s = 2; };\n"
		"policy = { nagle = false; profile = \"bsd\"; };";
	struct fns_config shard;
	char *out;
	int error;

	(void)state;
	out = said(text, strlen(text), &error);
	assert_string_equal(out, "");
	free(out);
	conf_shard(&conf, &shard);
	assert_int_equal(shard.port_count, 1);
	assert_int_equal(shard.port[0].mtu, 1400);
	assert_int_equal(shard.port[0].address_count, 2);
	assert_memory_equal(shard.port[0].address[0].ip, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 16);
	assert_int_equal(shard.port[0].address[0].bits, 24);
	assert_int_equal(shard.port[0].address[1].bits, 64);
	assert_memory_equal(shard.port[0].gateway4, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\xfe", 16);
	assert_memory_equal(shard.port[0].gateway6, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	assert_true(shard.keepalive);
	assert_int_equal(shard.keepalive_ms, 10000);
	assert_int_equal(shard.time_wait_ms, 2000);
	assert_true(shard.no_delay);
	assert_int_equal(shard.profile, FNS_BSD);
	assert_int_equal(shard.connections, 1000000);
}

/* What all may have together is shared out, rounded up; what each needs is not. */
static void
workers_share_limits(void **state)
{
	const char *text =
		PORT "workers = { cores = [0, 1, 0]; };\n"
		     "limits = { connections = 1000; orphans = 0; syn_backlog = 1; neighbours = 100;\n"
		     "buffer_bytes = 1048576; icmp_per_s = 10; };";
	struct fns_config shard;
	char *out;
	int error;

	(void)state;
	out = said(text, strlen(text), &error);
	assert_string_equal(out, "");
	free(out);
	conf_shard(&conf, &shard);
	assert_int_equal(shard.connections, 334);
	assert_int_equal(shard.time_wait, 333334);
	assert_int_equal(shard.orphans, 0);
	assert_int_equal(shard.syn_backlog, 1);
	assert_int_equal(shard.icmp_per_second, 4);
	assert_int_equal(shard.neighbours, 100);
	assert_int_equal(shard.listeners, 64);
	assert_int_equal(shard.buffer_bytes, 1048576); /* a shard cannot have less */
	assert_int_equal(shard.rcv_wnd_max, 16777216);
}

static void
a_service_has_options_of_its_own(void **state)
{
	const char *text = PORT
		"services = ( { type = \"echo\"; port = 7; },\n"
		"{ type = \"discard\"; port = 9; profile = \"bsd\"; fin_wait_2_ms = -1; linger_ms = 0; user_timeout_ms = 7;\n"
		"keepalive_s = 3; no_delay = true; record = false; },\n"
		"{ type = \"http\"; port = 80; fin_wait_2_ms = 500; linger_ms = 20; keepalive_s = -1; record = \"default\"; } );\n"
		"policy = { self_connect = \"avoid\"; backlog_overflow = \"reset\"; record_sample = 10; };\n"
		"limits = { recorders = 5; };";
	struct fns_options o;
	struct fns_config shard;
	char *out;
	int error;

	(void)state;
	out = said(text, strlen(text), &error);
	assert_string_equal(out, "");
	free(out);
	conf_shard(&conf, &shard);
	assert_int_equal(shard.self_connect, FNS_SELF_AVOID);
	assert_true(shard.backlog_reset);
	assert_int_equal(shard.record_sample, 10);
	assert_int_equal(shard.recorders, 5);
	conf_options(&conf.service[0], &o);
	assert_int_equal(o.profile | o.no_delay | o.keepalive | o.linger | o.record, 0);
	assert_int_equal(o.linger_ms | o.user_timeout_ms | o.keepalive_ms, 0);
	assert_int_equal(o.fin_wait_2_ms, 0);
	conf_options(&conf.service[1], &o);
	assert_int_equal(o.profile, FNS_BSD);
	assert_int_equal(o.fin_wait_2_ms, -1);
	assert_int_equal(o.linger, FNS_ON);
	assert_int_equal(o.linger_ms, 0);
	assert_int_equal(o.user_timeout_ms, 7);
	assert_int_equal(o.keepalive, FNS_ON);
	assert_int_equal(o.keepalive_ms, 3000);
	assert_int_equal(o.no_delay, FNS_ON);
	assert_int_equal(o.record, FNS_OFF);
	conf_options(&conf.service[2], &o);
	assert_int_equal(o.fin_wait_2_ms, 500);
	assert_int_equal(o.linger_ms, 20);
	assert_int_equal(o.keepalive, FNS_OFF);
	assert_int_equal(o.record, FNS_DEFAULT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_readme_has_every_rule),
		cmocka_unit_test(the_sample_shows_every_setting),
		cmocka_unit_test(the_sample_is_the_default),
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(the_library_takes_what_the_table_allows),
		cmocka_unit_test(defaults_are_the_librarys),
		cmocka_unit_test(it_becomes_a_shards_configuration),
		cmocka_unit_test(workers_share_limits),
		cmocka_unit_test(a_service_has_options_of_its_own),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
