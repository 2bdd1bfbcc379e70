/* The arguments that dpdk.args has for EAL, without EAL. */
#include <string.h>

#include "eal_args.h"

int
eal_args_split(char *text, char **argv, int room)
{
	int n = 0;

	for (;;) {
		char quote = '\0', *to;

		text += strspn(text, " \t\r\n");
		if (*text == '\0')
			return n;
		if (n == room)
			return -1;
		argv[n++] = to = text;
		for (; *text != '\0' && (quote != '\0' || strchr(" \t\r\n", *text) == NULL); text++) {
			if (quote == '\0' && (*text == '\'' || *text == '"'))
				quote = *text;
			else if (quote != '\0' && *text == quote)
				quote = '\0';
			else
				*to++ = *text;
		}
		if (quote != '\0')
			return -1;
		text += *text != '\0';
		*to = '\0';
	}
}

bool
eal_args_have(char *const *argv, int n, const char *option)
{
	size_t len = strlen(option);

	for (int i = 0; i < n; i++) {
		if (strncmp(argv[i], option, len) == 0 && (argv[i][len] == '\0' || argv[i][len] == '='))
			return true;
	}
	return false;
}

const char *
eal_args_wrong(char *const *argv, int n)
{
	static const char *const ours[] = {
		"-l", "-c", "-s", "-S", "--lcores", "--main-lcore", "--master-lcore"};

	for (int i = 0; i < n; i++) {
		for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++) {
			/* a short option may have its value in the same word: -l0 */
			if (eal_args_have(&argv[i], 1, ours[k]) ||
			    (ours[k][1] != '-' && strncmp(argv[i], ours[k], 2) == 0))
				return "has an option that chooses cores: workers.cores does that";
		}
	}
	if (eal_args_have(argv, n, "--in-memory") &&
	    (eal_args_have(argv, n, "--no-huge") || eal_args_have(argv, n, "--legacy-mem")))
		return "--in-memory excludes --no-huge and --legacy-mem: without hugepages, --no-huge --no-shconf";
	if (eal_args_have(argv, n, "--proc-type"))
		return "--proc-type is not for this program: it is always the primary process";
	return NULL;
}
