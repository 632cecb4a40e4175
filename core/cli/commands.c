/* The verbs. Each stands in the file of its name. */
#include "cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&create_command, &start_command,    &run_command,     &state_command,      &list_command,
	&kill_command,   &delete_command,   &exec_command,    &ps_command,         &pause_command,
	&resume_command, &update_command,   &events_command,  &checkpoint_command, &restore_command,
	&spec_command,   &features_command, &plugins_command, &help_command,       NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *row = commands; *row; row++)
		if (strcmp((*row)->name, name) == 0)
			return *row;
	return NULL;
}
