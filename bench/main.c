/* finesse-bench: measures, and accounts for every connection that it opened. */
#include <stdio.h>
#include <string.h>

#include "handoff.h"
#include "kernel.h"
#include "micro.h"
#include "plot.h"
#include "report.h"

static json_t *
measure(const struct plan *plan)
{
	static link_drive *const drive[LINK_COUNT] = {[LINK_DIRECT] = direct_drive,
	                                              [LINK_RING] = ring_drive,
	                                              [LINK_MEMIF] = memif_drive,
	                                              [LINK_TAP] = tap_drive};
	struct run run = {.plan = *plan};
	link_drive *of = plan->kernel ? kernel_drive : plan->file != NULL ? alone_drive : drive[plan->link];
	json_t *figures;
	bool done;

	if (plan->command == COMMAND_MICRO)
		return micro(plan);
	if (!run_begin(&run))
		return NULL;
	if (plan->kernel)
		run.shared->handoff_ns[0] = handoff_alone();
	done = of(&run);
	if (plan->kernel)
		run.shared->handoff_ns[1] = handoff_alone();
	figures = done ? report(&run) : NULL;
	run_end(&run);
	return figures;
}

int
main(int argc, char **argv)
{
	struct plan plan;
	int status = plan_read(&plan, argc, argv);
	json_t *figures;

	if (status >= 0)
		return status;
	figures = plan.plot != NULL ? plot(&plan, measure) : measure(&plan);
	if (figures == NULL)
		return 1;
	report_print(&plan, figures);
	json_decref(figures);
	return 0;
}
