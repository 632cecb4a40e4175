/* The container's record: read strictly and leniently, added to, and cut at every byte. */
#include <fcntl.h>
#include <string.h>

#include "harness.h"
#include "paper_host.h"
#include "pipeline/record.h"
#include "support/log.h"

static const char *const wild = "\"line\n\\of \t\303\244 \x7f";

static void check_found(const struct record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct record_entry *entry = &record->entries[i];
		const char *last = entry->value;

		for (size_t j = i; j < record->count; j++)
			if (strcmp(record->entries[j].stage, entry->stage) == 0 &&
			    strcmp(record->entries[j].key, entry->key) == 0)
				last = record->entries[j].value;
		CHECK(strcmp(record_find(record, entry->stage, entry->key), last) == 0, "%s",
		      entry->key);
	}
}

static void check_begins_with(const struct record *record, const struct record *begin, size_t count)
{
	CHECK(record->count >= count, "%zu of %zu are left", record->count, count);
	for (size_t i = 0; i < count; i++)
		CHECK(strcmp(record->entries[i].stage, begin->entries[i].stage) == 0 &&
		              strcmp(record->entries[i].key, begin->entries[i].key) == 0 &&
		              strcmp(record->entries[i].value, begin->entries[i].value) == 0,
		      "entry %zu", i);
}

/* What is added after a line that was cut stays readable. */
static void check_added(struct record *record)
{
	size_t before = record->count;
	struct record again;
	ERROR_NONE(error);

	CHECK(record_add(record, "network", "device", wild, &error) == 0, "%s", error_text(&error));
	CHECK(record_open_leniently(&again, private_folder(), &error) == 0, "%s",
	      error_text(&error));
	CHECK(again.count == before + 1, "%zu, not %zu", again.count, before + 1);
	check_begins_with(&again, record, before + 1);
	CHECK(strcmp(record_find(&again, "network", "device"), wild) == 0, "another value");
	record_close(&again);
}

static void check_cuts(const struct record *whole, const uint8_t *data, size_t size)
{
	if (size > 600)
		return;
	for (size_t cut = 0; cut < size; cut++) {
		struct record record;
		ERROR_NONE(error);

		private_file(RECORD_FILE, data, cut);
		CHECK(record_open(&record, private_folder(), &error) == 0, "cut at %zu: %s", cut,
		      error_text(&error));
		CHECK(record.count <= whole->count, "more than there was");
		check_begins_with(whole, &record, record.count);
		record_close(&record);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record strict, lenient;
	ERROR_NONE(error);
	bool is_ours;

	process_log.fd = LOG_NOWHERE;
	private_file(RECORD_FILE, data, size);
	is_ours = record_open(&strict, private_folder(), &error) == 0;
	if (!is_ours)
		paper_host_check_error(&error);
	CHECK(record_open_leniently(&lenient, private_folder(), &error) == 0, "%s",
	      error_text(&error));
	if (is_ours)
		CHECK(lenient.count == strict.count, "%zu and %zu", lenient.count, strict.count);
	check_begins_with(&lenient, &strict, is_ours ? strict.count : 0);
	check_found(&lenient);
	check_added(&lenient);
	if (is_ours)
		check_cuts(&strict, data, size);
	record_close(&strict);
	record_close(&lenient);
	return 0;
}
