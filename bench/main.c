/* finesse-bench: measures, and accounts for every connection that it opened. */
#include <stdio.h>

#include "end.h"
#include "report.h"

static int
measure(struct run *run)
{
	static link_drive *const drive[LINK_COUNT] = {[LINK_DIRECT] = direct_drive, [LINK_RING] = ring_drive};
	int status = 1;

	if (drive[run->plan.link] == NULL) {
		fprintf(stderr, "finesse-bench: no link %s in this version\n", plan_link(&run->plan));
		return 2;
	}
	if (!run_begin(run))
		return 1;
	if (drive[run->plan.link](run))
		status = report(run) ? 0 : 1;
	run_end(run);
	return status;
}

int
main(int argc, char **argv)
{
	static struct run run;
	int status = plan_read(&run.plan, argc, argv);

	return status >= 0 ? status : measure(&run);
}
