/* table TABLE            every state × every call against ours, held against the table
 * table TABLE LEDGER     the same against the host kernel, whose differences are in the ledger with their reasons
 * table --print [kernel] prints the table as it comes out
 *
 * The table is text: a line that begins with "state" names calls, the lines below it a state and what each of them
 * returns in it: a number, a set of poll events, a name, or an errno. */
#define _GNU_SOURCE 1
#include "table.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
cell_of(unsigned s, unsigned c, char cell[CELL])
{
	sides_begin();
	fd = peer = passive = spare = -1;
	state[s].make();
	call[c].make(cell);
	sides_cut(CUT_NOTHING);
	sides_end();
}

static int
width(unsigned c)
{
	return strstr(call[c].name, "poll") != NULL ? 22 : 14;
}

/* Calls by the group, so that a line holds them. */
static void
print(void)
{
	const unsigned group[] = {0, 9, 18, 25, calls};

	for (unsigned g = 0; g + 1 < sizeof(group) / sizeof(group[0]); g++) {
		printf("%s%-17s", g > 0 ? "\n" : "", "state");
		for (unsigned c = group[g]; c < group[g + 1]; c++)
			printf("%-*s", width(c), call[c].name);
		printf("\n");
		for (unsigned s = 0; s < states; s++) {
			if (kernel && state[s].ours_alone)
				continue;
			printf("%-17s", state[s].name);
			for (unsigned c = group[g]; c < group[g + 1]; c++) {
				char cell[CELL];

				cell_of(s, c, cell);
				printf("%-*s", width(c), cell);
			}
			printf("\n");
		}
	}
}

enum { MOST_STATES = 64, MOST_CALLS = 64 };
static char expected[MOST_STATES][MOST_CALLS][CELL];

static int
index_of(const char *word, bool of_call)
{
	for (int i = 0; i < (of_call ? (int)calls : (int)states); i++) {
		if (strcmp(of_call ? call[i].name : state[i].name, word) == 0)
			return i;
	}
	fprintf(stderr, "table: no %s is called %s\n", of_call ? "call" : "state", word);
	exit(1);
}

static void
read_table(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	int column[MOST_CALLS], columns = 0;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		char *word = strtok(line, " \n");
		bool head = word != NULL && strcmp(word, "state") == 0;
		int row, n = 0;

		if (word == NULL || word[0] == '#')
			continue;
		row = head ? 0 : index_of(word, false);
		while ((word = strtok(NULL, " \n")) != NULL) {
			if (head)
				column[n++] = index_of(word, true);
			else if (n < columns)
				snprintf(expected[row][column[n++]], CELL, "%s", word);
		}
		columns = head ? n : columns;
	}
	fclose(f);
}

/* state call what-the-kernel-does reason */
static unsigned
read_ledger(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned wrong = 0;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		char s[CELL], c[CELL], cell[CELL];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%63s %63s %63s", s, c, cell) != 3) {
			fprintf(stderr, "%s: %s", path, line);
			exit(1);
		}
		if (strcmp(expected[index_of(s, false)][index_of(c, true)], cell) == 0) {
			fprintf(stderr, "%s: no difference any more: %s", path, line);
			wrong++;
		}
		strcpy(expected[index_of(s, false)][index_of(c, true)], cell);
	}
	fclose(f);
	return wrong;
}

int
main(int argc, char **argv)
{
	unsigned wrong = 0, cells = 0, made = 0;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--print") == 0) {
		kernel = argc > 2;
		print();
		return 0;
	}
	if (argc < 2)
		return 2;
	read_table(argv[1]);
	kernel = argc > 2;
	if (kernel)
		wrong = read_ledger(argv[2]);
	for (unsigned s = 0; s < states; s++) {
		made += !(kernel && state[s].ours_alone);
		for (unsigned c = 0; c < calls && !(kernel && state[s].ours_alone); c++) {
			char cell[CELL];

			cell_of(s, c, cell);
			cells++;
			if (strcmp(cell, expected[s][c]) == 0)
				continue;
			printf("%s %s: %s, not %s\n", state[s].name, call[c].name, cell,
			       expected[s][c][0] != '\0' ? expected[s][c] : "(not in the table)");
			wrong++;
		}
	}
	printf("%u cells of %u states and %u calls, %u wrong\n", cells, made, calls, wrong);
	return wrong > 0 || cells != made * calls || cells < 1000;
}
