/* The configuration file: what is wrong is said by file and line, and conf/finesse.conf shows what the table declares. */
#include "said.h"

#include "eal_args.h"

/* In the order of the line numbers: text, and the first complaint.  PORT is put in front as line 1. */
static const struct {
	const char *text, *says;
} bad[] = {
	{"limits = { conections = 5; };", "f:2: limits.conections: unknown setting"},
	{"limit = { connections = 5; };", "f:2: limit: unknown setting"},
	{"limits = 5;", "f:2: limits: must be a group: { ... }"},
	{"limits = {\n connections = 0; };", "f:3: limits.connections: 0 is out of range, 1 to 64000000"},
	{"limits = {\n connections = -1; };", "f:3: limits.connections: -1 is out of range, 1 to 64000000"},
	/* libconfig alone would read 1, 0 and -1 */
	{"limits = { connections = 4294967297; };",
         "f:2: limits.connections: 4294967297 is out of range, 1 to 64000000"},
	{"limits = { connections = 0x100000001; };",
         "f:2: limits.connections: 4294967297 is out of range, 1 to 64000000"},
	{"limits = { connections = 99999999999999999999999; };",
         "f:2: limits.connections: the number is out of range, 1 to 64000000"},
	{"limits = { connections = 0x10000000000000001; };",
         "f:2: limits.connections: the number is out of range, 1 to 64000000"},
	{"limits = { connections = 1.5; };", "f:2: limits.connections: must be a whole number"},
	{"limits = { connections = 1e3; };", "f:2: limits.connections: must be a whole number"},
	{"limits = { connections = \"5\"; };", "f:2: limits.connections: must be a whole number"},
	{"limits = { connections = [5]; };", "f:2: limits.connections: must be a whole number"},
	{"limits = { connections = 5;\n\n connections = 6; };", "f:4: connections: is set twice"},
	{"drain = { deadline_s = 1; };\ndrain = { deadline_s = 2; };", "f:3: drain: is set twice"},
	{"limits = {\n connections = ; };", "f:3: syntax error"},
	{"limits = {\n connections = 5;\n", "f:4: syntax error"},
	{"dpdk = {\n args = \"x; };\n\n", "f:3: the quote that opens here does not end"},
	{"dpdk = { args = \"-m 64 -l 0\"; };",
         "f:2: dpdk.args: has an option that chooses cores: workers.cores does that"},
	{"dpdk = { args = \"--lcores=0@1\"; };",
         "f:2: dpdk.args: has an option that chooses cores: workers.cores does that"},
	{"dpdk = { args = \"--no-huge --in-memory\"; };",
         "f:2: dpdk.args: --in-memory excludes --no-huge and --legacy-mem: without hugepages, --no-huge --no-shconf"},
	{"dpdk = { args = \"--proc-type=auto\"; };",
         "f:2: dpdk.args: --proc-type is not for this program: it is always the primary process"},
	{"dpdk = { args = \"-m '64\"; };",
         "f:2: dpdk.args: has more than 64 arguments, or a quote that does not end"},
	{"@include \"other\"", "f:2: @include is not supported: one file holds it all"},
	{"workers = { cores = []; };", "f:2: workers.cores: names no core"},
	{"workers = { cores = [0, 1]; clock = \"virtual\"; };",
         "f:2: workers.clock: virtual time is that of one worker; 2 cores are given"},
	{"workers = { cores = [1, 1]; idle = \"poll\"; };",
         "f:2: workers.cores: 1 is given twice: only workers that sleep can share a core"},
	{"workers = { cores = [1024]; };", "f:2: workers.cores: 1024 is out of range, 0 to 1023"},
	{"workers = { cores = 0; };", "f:2: workers.cores: must be a list in brackets"},
	{"workers = { idle = \"nap\"; };",
         "f:2: workers.idle: \"nap\" is unknown; there are: sleep, pause, poll"},
	{"workers = { idle = true; };", "f:2: workers.idle: must be a word in quotes"},
	{"policy = { nagle = 1; };", "f:2: policy.nagle: must be true or false"},
	{"policy = { local_ports = [2000, 1000]; };",
         "f:2: policy.local_ports: must be the first and the last port, [32768, 60999]"},
	{"policy = { local_ports = [2000]; };",
         "f:2: policy.local_ports: must be the first and the last port, [32768, 60999]"},
	{"policy = { local_ports = [0, 1000]; };", "f:2: policy.local_ports: 0 is out of range, 1 to 65535"},
	{"policy = { isn_secret = \"12\"; };",
         "f:2: policy.isn_secret: must be 64 hexadecimal digits, or empty"},
	{"timeouts = { rto_min_ms = 3000; rto_max_ms = 2000; };",
         "f:2: timeouts.rto_min_ms: 3000 is above rto_max_ms, which is 2000"},
	{"timeouts = {\n retries = 1; };", "f:3: timeouts.retries: 1 is below r1_retries, which is 3"},
	{"timeouts = { delayed_ack_ms = 500; };",
         "f:2: timeouts.delayed_ack_ms: 500 is out of range, 1 to 499"},
	{"limits = { receive_window_bytes = 4096; };",
         "f:2: limits.receive_window_bytes: 4096 is below receive_window_initial_bytes, which is 65535"},
	{"services = ( { type = \"echo\"; } );", "f:2: services[0].port: is missing"},
	{"services = ( { port = 7; } );", "f:2: services[0].type: is missing"},
	{"services = ( { type = \"telnet\"; port = 23; } );",
         "f:2: services[0].type: \"telnet\" is unknown; there are: echo, discard, chargen, daytime, http, client"},
	{"services = ( { type = \"echo\"; port = 65536; } );",
         "f:2: services[0].port: 65536 is out of range, 1 to 65535"},
	{"services = ( { type = \"echo\"; port = 0; } );",
         "f:2: services[0].port: 0 is out of range, 1 to 65535"},
	{"services = ( { type = \"echo\"; port = 7; },\n { type = \"http\"; port = 7; } );",
         "f:3: services[1].port: 7 is given twice"},
	{"services = ( { type = \"echo\"; port = 7; body_bytes = 1; } );",
         "f:2: services[0].body_bytes: only a service of type \"http\" has it"},
	{"services = ( { type = \"http\"; port = 80; body_bytes = 10000000001; } );",
         "f:2: services[0].body_bytes: 10000000001 is out of range, 0 to 10000000000"},
	{"services = ( { type = \"client\"; port = 7; } );",
         "f:1: services[0].target: \"\" is no address to connect to"},
	{"services = ( { type = \"client\"; port = 7;\n target = \"224.0.0.1\"; } );",
         "f:3: services[0].target: \"224.0.0.1\" is a multicast or reserved address"},
	{"services = ( { type = \"client\"; port = 7; target = \"::2\"; read = false; receive_bytes = 1; } );",
         "f:2: services[0].receive_bytes: nothing is counted where read is false"},
	{"services = ( { type = \"client\"; port = 7; target = \"::2\"; read = false; check = true; } );",
         "f:2: services[0].check: nothing is checked where read is false"},
	{"services = ( { type = \"client\"; port = 7; target = \"::2\"; local_port = 5; connections = 2; } );",
         "f:2: services[0].local_port: only one connection can have it, and connections is 2"},
	{"services = ( { type = \"echo\"; port = 7; close = \"rst\"; } );",
         "f:2: services[0].close: only a service of type \"client\" has it"},
	{"services = ( { type = \"echo\"; port = 7; no_delay = 1; } );",
         "f:2: services[0].no_delay: must be true, false or \"default\""},
	{"services = ( { type = \"echo\"; port = 7; linger_ms = -2; } );",
         "f:2: services[0].linger_ms: -2 is out of range, -1 to 86400000"},
	{"services = ( { type = \"echo\"; port = 7; profile = \"mac\"; } );",
         "f:2: services[0].profile: \"mac\" is unknown; there are: default, linux, bsd, rfc9293"},
	{"services = { type = \"echo\"; port = 7; };",
         "f:2: services: must be a list of groups: ( { ... } )"},
	{"services = ( 7 );", "f:2: services[0]: must be a group: { ... }"},
	{"drain = { deadline_s = 86401; };", "f:2: drain.deadline_s: 86401 is out of range, 0 to 86400"},
	{"drain = { new_connections = \"queue\"; };",
         "f:2: drain.new_connections: \"queue\" is unknown; there are: refuse, ignore"},
	{"control = { socket = \"relative\"; };", "f:2: control.socket: \"relative\" is no absolute path"},
	{"control = { metrics = \"127.0.0.1\"; };",
         "f:2: control.metrics: \"127.0.0.1\" is not written like 127.0.0.1:9464 or [::1]:9464"},
	{"control = { metrics = \"127.0.0.1:0\"; };",
         "f:2: control.metrics: \"127.0.0.1:0\" is not written like 127.0.0.1:9464 or [::1]:9464"},
};

/* The same for one port: what stands between the braces of line 1. */
static const struct {
	const char *text, *says;
} bad_port[] = {
	{"ipv4 = [\"192.0.2.1/24\"];", "f:1: ports[0].device: is missing"},
	{"device = \"\"; ipv4 = [\"192.0.2.1/24\"];", "f:1: ports[0].device: must not be empty"},
	{"device = \"p\";", "f:1: ports[0].device: \"p\" has no address: set ipv4 or ipv6"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1\"];",
         "f:1: ports[0].ipv4: \"192.0.2.1\" has no prefix length: \"192.0.2.1/24\""},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/33\"];",
         "f:1: ports[0].ipv4: \"192.0.2.1/33\": the prefix length is not 1 to 32"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/0\"];",
         "f:1: ports[0].ipv4: \"192.0.2.1/0\": the prefix length is not 1 to 32"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/ 24\"];",
         "f:1: ports[0].ipv4: \"192.0.2.1/ 24\": the prefix length is not 1 to 32"},
	{"device = \"p\"; ipv4 = [\"192.0.2/24\"];", "f:1: ports[0].ipv4: \"192.0.2\" is no IPv4 address"},
	{"device = \"p\"; ipv4 = [\"2001:db8::1/64\"];",
         "f:1: ports[0].ipv4: \"2001:db8::1/64\": the prefix length is not 1 to 32"},
	{"device = \"p\"; ipv6 = [\"192.0.2.1/24\"];",
         "f:1: ports[0].ipv6: \"192.0.2.1\" is no IPv6 address"},
	{"device = \"p\"; ipv6 = [\"::ffff:192.0.2.1/96\"];",
         "f:1: ports[0].ipv6: \"::ffff:192.0.2.1\" is no IPv6 address"},
	{"device = \"p\"; ipv6 = [\"2001:db8::1/129\"];",
         "f:1: ports[0].ipv6: \"2001:db8::1/129\": the prefix length is not 1 to 128"},
	{"device = \"p\"; ipv6 = [\"ff02::1/64\"];",
         "f:1: ports[0].ipv6: \"ff02::1\" is a multicast address"},
	{"device = \"p\"; ipv4 = [\"192.0.2.0/24\"];",
         "f:1: ports[0].ipv4: \"192.0.2.0\" is the address of the network or of everybody in it"},
	{"device = \"p\"; ipv4 = [\"224.0.0.1/24\"];",
         "f:1: ports[0].ipv4: \"224.0.0.1\" is a multicast or reserved address"},
	{"device = \"p\"; ipv4 = [\"127.0.0.1/8\"];",
         "f:1: ports[0].ipv4: \"127.0.0.1\" is in 0.0.0.0/8 or 127.0.0.0/8"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\", \"192.0.2.1/25\"];",
         "f:1: ports[0].ipv4: \"192.0.2.1\" is given twice"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; gateway4 = \"198.51.100.1\";",
         "f:1: ports[0].gateway4: \"198.51.100.1\" is on no network of this port"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; gateway4 = \"192.0.2.1\";",
         "f:1: ports[0].gateway4: \"192.0.2.1\" is our own address"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; gateway4 = \"x\";",
         "f:1: ports[0].gateway4: \"x\" is no IPv4 address of a router"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; mtu = 575;",
         "f:1: ports[0].mtu: 575 is out of range, 576 to 9000"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; mtu = 9001;",
         "f:1: ports[0].mtu: 9001 is out of range, 576 to 9000"},
	{"device = \"p\"; ipv6 = [\"2001:db8::1/64\"]; mtu = 1279;",
         "f:1: ports[0].mtu: 1279 is below the 1280 that IPv6 needs"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; mac = \"01:00:00:00:00:01\";",
         "f:1: ports[0].mac: \"01:00:00:00:00:01\" is a group address"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; mac = \"02:00:00:00:00:0g\";",
         "f:1: ports[0].mac: \"02:00:00:00:00:0g\" is not written like 02:00:00:00:00:01"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; }, { device = \"p\"; ipv4 = [\"192.0.2.2/24\"];",
         "f:1: ports[1].device: \"p\" is given twice"},
	{"device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; speed = 10;", "f:1: ports[0].speed: unknown setting"},
	{"device = \"p\"; ipv4 = [\"1/8\",\"1/8\",\"1/8\",\"1/8\",\"1/8\",\"1/8\",\"1/8\",\"1/8\",\"1/8\"];",
         "f:1: ports[0].ipv4: has more than 8 elements"},
};

static void
expect(const char *text, size_t len, const char *says)
{
	int error;
	char *out = said(text, len, &error);

	if (error == 0 || strncmp(out, says, strlen(says)) != 0 || out[strlen(says)] != '\n')
		fail_msg("%s\nsays:     %swanted:   %s", text, out, says);
	free(out);
}

static void
a_bad_setting_is_named_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text), PORT "%s", bad[i].text);
		expect(text, strlen(text), bad[i].says);
	}
}

static void
a_bad_port_is_named_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_port) / sizeof(bad_port[0]); i++) {
		char text[1024];

		snprintf(text, sizeof(text), "ports = ( { %s } );", bad_port[i].text);
		expect(text, strlen(text), bad_port[i].says);
	}
}

static void
what_is_no_text_is_refused(void **state)
{
	char *lines = malloc(70000);

	(void)state;
	assert_non_null(lines);
	expect("", 0, "f:1: ports: no port is configured");
	expect("\xef\xbb\xbf" PORT, 3 + strlen(PORT),
	       "f:1: begins with a byte order mark: save it as plain ASCII or UTF-8 without one");
	expect("\n\nlimits\0 = {};", 14, "f:3: has a NUL octet: not a text file");
	memset(lines, '\n', 70000);
	expect(lines, 70000, "f:65536: has more than 65535 lines");
	memset(lines, '(', 70000);
	expect(lines, 70000, "f:1: syntax error");
	free(lines);
}

static void
expect_file(const char *path, const char *says)
{
	char *out = NULL, wanted[512];
	size_t room;
	struct conf_report report = {.out = open_memstream(&out, &room), .file = path};
	int error = conf_load(&conf, path, &report);

	fclose(report.out);
	snprintf(wanted, sizeof(wanted), "%s:1: %s\n", path, says);
	assert_int_equal(error, -EINVAL);
	assert_string_equal(out, wanted);
	free(out);
}

static void
what_is_no_file_is_refused(void **state)
{
	char folder[] = "/tmp/test_config.XXXXXX", path[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/f", folder);
	expect_file(path, "cannot be read: No such file or directory");
	expect_file(folder, "is not a regular file");
	expect_file("/dev/zero", "is not a regular file");
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_file(path, "is not a regular file");
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(ftruncate(fd, CONF_FILE_MAX + 1), 0);
	close(fd);
	expect_file(path, "is larger than 1048576 octets");
	unlink(path);
	rmdir(folder);
}

/* Whatever a file holds, it is read or refused: each prefix of the sample, and the sample with each octet changed. */
static void
damaged_files_are_read_or_refused(void **state)
{
	static char text[16384], hurt[16384];
	FILE *f = fopen(SAMPLE, "r");
	size_t len;
	int error;

	(void)state;
	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_in_range(len, 1000, sizeof(text) - 1);
	for (size_t i = 0; i < len; i += 7)
		free(said(text, i, &error));
	for (size_t i = 0; i < len; i += 3) {
		memcpy(hurt, text, len);
		hurt[i] = "{}()[]=;\"\\9-@x#"[i % 15];
		free(said(hurt, len, &error));
	}
}

static void
numbers_are_read_as_written(void **state)
{
	const char *text =
		PORT "limits = { connections = 0x10; time_wait = 000020; buffer_bytes = 5000000000;\n"
		     "orphans = 7L; /* 4294967297 */ } # 4294967297\n// 4294967297 \"\n";
	char *out;
	int error;

	(void)state;
	out = said(text, strlen(text), &error);
	assert_string_equal(out, "");
	free(out);
	assert_int_equal(conf.limits.connections, 16);
	assert_int_equal(conf.limits.time_wait, 20);
	assert_int_equal(conf.limits.orphans, 7);
	assert_true(conf.limits.buffer_bytes == 5000000000U);
	assert_int_equal(conf_line(&conf, "limits", "orphans", 0), 3);
	assert_int_equal(conf_line(&conf, "limits", "neighbours", 0), 1);
	assert_int_equal(conf.limits.neighbours, 1024);
}

static void
every_fault_is_told(void **state)
{
	const char *text = PORT "limits = { a = 1; b = 2; };\ndrain = { deadline_s = -1; };\n";
	char *out;
	int error;

	(void)state;
	out = said(text, strlen(text), &error);
	assert_string_equal(out, "f:2: limits.a: unknown setting\nf:2: limits.b: unknown setting\n"
	                         "f:3: drain.deadline_s: -1 is out of range, 0 to 86400\n");
	free(out);
}

static void
arguments_are_split_as_a_shell_would(void **state)
{
	char text[] = "  -m 64 '--vdev=net_tap0,iface=a b'\t--x=\"y z\"w  ''", *argv[5];

	(void)state;
	assert_int_equal(eal_args_split(text, argv, 5), 5);
	assert_string_equal(argv[0], "-m");
	assert_string_equal(argv[1], "64");
	assert_string_equal(argv[2], "--vdev=net_tap0,iface=a b");
	assert_string_equal(argv[3], "--x=y zw");
	assert_string_equal(argv[4], "");
	assert_true(eal_args_have(argv, 5, "--x"));
	assert_false(eal_args_have(argv, 5, "--vde"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_setting_is_named_by_line),
		cmocka_unit_test(a_bad_port_is_named_by_line),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(damaged_files_are_read_or_refused),
		cmocka_unit_test(numbers_are_read_as_written),
		cmocka_unit_test(every_fault_is_told),
		cmocka_unit_test(arguments_are_split_as_a_shell_would),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
