/* finesse-bench: measures, and accounts for every connection that it opened. */
#include <stdio.h>

#include "end.h"
#include "kernel.h"
#include "report.h"

static int
measure(struct run *run)
{
	static link_drive *const drive[LINK_COUNT] = {
		[LINK_DIRECT] = direct_drive, [LINK_RING] = ring_drive, [LINK_MEMIF] = memif_drive};
	link_drive *of = run->plan.kernel         ? kernel_drive
	                 : run->plan.file != NULL ? alone_drive
	                                          : drive[run->plan.link];
	json_t *figures;

	if (of == NULL) {
		fprintf(stderr, "finesse-bench: no link %s in this version\n", plan_link(&run->plan));
		return 2;
	}
	if (!run_begin(run))
		return 1;
	figures = of(run) ? report(run) : NULL;
	if (figures != NULL)
		report_print(&run->plan, figures);
	run_end(run);
	json_decref(figures);
	return figures == NULL ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static struct run run;
	int status = plan_read(&run.plan, argc, argv);

	return status >= 0 ? status : measure(&run);
}
