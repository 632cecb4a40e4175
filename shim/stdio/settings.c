/* [stdio] of ironbox.ini. */
#include <string.h>

#include "config/ini.h"
#include "stdio/stdio.h"

#define SPILL_LIMIT  (16U << 20)
#define SPILL_FOLDER "/run"
#define LOGGERS                                             \
	"/usr/local/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING " \
	"/usr/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING /usr/libexec/ironbox/loggers"

struct stdio_texts {
	const char *on_stall, *spill_folder, *loggers;
	uint64_t spill_limit;
};

static const char *const words[] = {
	[STDIO_BLOCK] = "block",
	[STDIO_SPILL] = "spill",
	[STDIO_DROP] = "drop",
};

static int read_on_stall(const struct config *config, const char *word,
                         enum stdio_on_stall *on_stall, struct ironbox_error *error)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		*on_stall = (enum stdio_on_stall)i;
		return 0;
	}
	return ini_fail(config, config_find(config, "stdio", "on_stall"), error,
	                "expected block, spill or drop");
}

/* A relative path would mean whatever folder the shim happens to be in. */
static int check_loggers(const struct config *config, const char *loggers,
                         struct ironbox_error *error)
{
	static const char blanks[] = " \t";

	for (const char *at = loggers + strspn(loggers, blanks); *at;) {
		size_t size = strcspn(at, blanks);

		if (*at != '/')
			return ini_fail(config, config_find(config, "stdio", "loggers"), error,
			                "%.*s: expected an absolute path", (int)size, at);
		at += size + strspn(at + size, blanks);
	}
	return 0;
}

int stdio_settings_read(const struct config *config, struct stdio_settings *settings,
                        struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct stdio_texts, on_stall, "on_stall"),
		IRONBOX_FIELD(struct stdio_texts, spill_limit, "spill_limit"),
		IRONBOX_FIELD(struct stdio_texts, spill_folder, "spill_folder"),
		IRONBOX_FIELD(struct stdio_texts, loggers, "loggers"),
		IRONBOX_FIELD_END,
	};
	struct stdio_texts texts = {
		.on_stall = "block",
		.spill_limit = SPILL_LIMIT,
		.spill_folder = SPILL_FOLDER,
		.loggers = LOGGERS,
	};

	if (config_read(config, "stdio", fields, NULL, &texts, error) < 0 ||
	    read_on_stall(config, texts.on_stall, &settings->on_stall, error) < 0 ||
	    check_loggers(config, texts.loggers, error) < 0)
		return -1;
	if (texts.spill_limit == 0)
		return ini_fail(config, config_find(config, "stdio", "spill_limit"), error,
		                "expected 1 or more");
	if (texts.spill_folder[0] != '/')
		return ini_fail(config, config_find(config, "stdio", "spill_folder"), error,
		                "expected an absolute path");
	settings->spill_limit = texts.spill_limit;
	settings->spill_folder = texts.spill_folder;
	settings->loggers = texts.loggers;
	return 0;
}
