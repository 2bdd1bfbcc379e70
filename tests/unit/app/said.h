/* What the tests of the configuration share: a file's text in, what is said about it out. */
#ifndef FINESSE_TEST_SAID_H
#define FINESSE_TEST_SAID_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

#define SAMPLE FINESSE_SOURCE "/conf/finesse.conf"
#define PORT   "ports = ( { device = \"p\"; ipv4 = [\"192.0.2.1/24\"]; } );\n"

static struct conf conf;

/* What is said about `text`; freed by the caller.  *error is what conf_parse returned. */
static char *
said(const char *text, size_t len, int *error)
{
	char *out = NULL;
	size_t room;
	struct conf_report report = {.out = open_memstream(&out, &room), .file = "f"};

	assert_non_null(report.out);
	*error = conf_parse(&conf, text, len, &report);
	fclose(report.out);
	return out;
}

#endif
