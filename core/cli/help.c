/* Help: the rows of the tables, set in two columns. */
#include "cli/help.h"
#include "cli/commands.h"
#include "cli/globals.h"
#include "cli/suggest.h"
#include "cli/version.h"

#include <errno.h>
#include <string.h>

#include "cli/writer.h"

/* "  -b, --bundle DIR" padded to one column, then the help. */
static void print_row(FILE *out, const struct option_row *row)
{
	char left[64];
	char letter[] = "-x, ";

	letter[1] = row->letter;
	snprintf(left, sizeof(left), "  %s--%s%s%s", row->letter ? letter : "    ", row->name,
	         row->metavar ? " " : "", row->metavar ? row->metavar : "");
	fprintf(out, "%-32s  %s\n", left, row->help);
}

static void print_rows(FILE *out, const struct option_row *rows)
{
	static const struct option_row help_row = { .name = "help",
		                                    .letter = 'h',
		                                    .help = "this help" };

	for (; rows && rows->name; rows++)
		if (!rows->hidden)
			print_row(out, rows);
	print_row(out, &help_row);
}

void help_print(FILE *out)
{
	fputs("ironbox: runs containers as the Open Container Initiative's runtime-spec has "
	      "them.\n\n"
	      "Usage: ironbox [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Commands:\n",
	      out);
	for (const struct command *const *row = commands; *row; row++)
		fprintf(out, "  %-12s%s\n", (*row)->name, (*row)->summary);
	fputs("\nGlobal options:\n", out);
	print_rows(out, global_rows);
	fputs("\n`ironbox COMMAND --help` tells more about a command. See also ironbox(8).\n", out);
}

void help_print_command(FILE *out, const struct command *command)
{
	fprintf(out, "ironbox %s: %s\n\nUsage: ironbox %s%s%s%s\n", command->name, command->summary,
	        command->name, command->options ? " [OPTION...]" : "",
	        *command->arguments ? " " : "", command->arguments);
	if (command->more)
		fprintf(out, "\n%s\n", command->more);
	fputs("\nOptions:\n", out);
	print_rows(out, command->options);
}

/* dockerd, podman and containerd read these lines. */
void version_print(FILE *out)
{
	fputs("ironbox version " IRONBOX_VERSION "\ncommit: " IRONBOX_COMMIT
	      "\nspec: " IRONBOX_SPEC_VERSION "\n",
	      out);
}

int command_unknown(const char *name, struct ironbox_error *error)
{
	struct suggestion suggestion = suggest_for(name, strlen(name));

	for (const struct command *const *row = commands; *row; row++)
		suggest_word(&suggestion, (*row)->name);
	if (suggestion.best)
		return error_begin(error, 0, "unknown command %s (did you mean %s?)", name,
		                   suggestion.best);
	return error_begin(error, 0, "unknown command %s", name);
}

static int run_help(struct invocation *invocation, struct ironbox_error *error)
{
	const char *name = invocation->arguments[0];
	const struct command *command = name ? command_find(name) : NULL;

	if (name && !command) {
		invocation->status = STATUS_UNKNOWN_COMMAND;
		return command_unknown(name, error);
	}
	if (command)
		help_print_command(stdout, command);
	else
		help_print(stdout);
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "write the help");
	return 0;
}

const struct command help_command = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "show the commands, or tell more about one",
	.most = 1,
	.run = run_help,
};
