#include "memory/kmsg.h"

#include <stdio.h>
#include <string.h>

/* ---- pieces of text ---- */

struct piece {
	const char *text;
	size_t size;
};

static bool begins_with(struct piece piece, const char *words)
{
	size_t size = strlen(words);

	return piece.size >= size && memcmp(piece.text, words, size) == 0;
}

static bool ends_with(struct piece piece, const char *words)
{
	size_t size = strlen(words);

	return piece.size >= size && memcmp(piece.text + piece.size - size, words, size) == 0;
}

static struct piece behind(struct piece piece, size_t size)
{
	return (struct piece){ piece.text + size, piece.size - size };
}

static bool take_words(struct piece *piece, const char *words)
{
	if (!begins_with(*piece, words))
		return false;
	*piece = behind(*piece, strlen(words));
	return true;
}

static bool take_number(struct piece *piece, uint64_t *number)
{
	size_t digits = 0;

	for (*number = 0; digits < piece->size; digits++) {
		unsigned digit = (unsigned)piece->text[digits] - '0';

		if (digit > 9)
			break;
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, digit, number))
			return false;
	}
	*piece = behind(*piece, digits);
	return digits > 0;
}

/* Takes ",pid=1234" off the end. */
static bool take_number_at_end(struct piece *piece, const char *key, uint64_t *number)
{
	struct piece digits;
	size_t size = piece->size;

	while (size > 0 && piece->text[size - 1] >= '0' && piece->text[size - 1] <= '9')
		size--;
	digits = behind(*piece, size);
	piece->size = size;
	if (!ends_with(*piece, key) || !take_number(&digits, number))
		return false;
	piece->size -= strlen(key);
	return true;
}

/* Where words stand the first time; NULL: nowhere. */
static const char *find(struct piece piece, const char *words)
{
	return memmem(piece.text, piece.size, words, strlen(words));
}

/* The one place of words; NULL: they stand nowhere, or more than once. */
static const char *find_only(struct piece piece, const char *words)
{
	const char *found = find(piece, words);

	if (!found || find(behind(piece, (size_t)(found - piece.text) + 1), words))
		return NULL;
	return found;
}

static void copy(char *out, size_t size, struct piece piece)
{
	if (piece.size >= size)
		piece.size = 0;
	memcpy(out, piece.text, piece.size);
	out[piece.size] = '\0';
}

/* ---- the lines of one death, in their order ---- */

/* "memory: usage 131072kB, limit 131072kB, failcnt 12": of the cgroup whose limit it is. */
static bool read_usage(struct piece text, struct kmsg_scan *scan)
{
	uint64_t usage, limit, failures;

	if (!take_words(&text, "memory: usage ") || !take_number(&text, &usage) ||
	    !take_words(&text, "kB, limit ") || !take_number(&text, &limit) ||
	    !take_words(&text, "kB, failcnt ") || !take_number(&text, &failures) || text.size > 0)
		return false;
	scan->limit_kib = limit;
	scan->has_limit = limit < UINT64_C(1) << 52; /* PAGE_COUNTER_MAX: there is none */
	return true;
}

static bool is_in(const char *cgroup, struct piece path)
{
	size_t size = strlen(cgroup);

	return size > 1 && begins_with(path, cgroup) &&
	       (path.size == size || path.text[size] == '/');
}

/*
 * "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web1,mems_allowed=0,
 *  oom_memcg=/web1,task_memcg=/web1,task=java,pid=1234,uid=0", where cpuset, the paths and task may
 * have anything in them. It is read from its end, with the name that the line after it has in
 * parentheses; and a path is one only where its key stands once.
 */
static bool read_oom_kill(const struct kmsg_scan *scan, pid_t pid, struct piece name,
                          struct kmsg_kill *kill)
{
	struct piece text = { scan->line, strlen(scan->line) }, task, limit;
	static const char task_key[] = ",task_memcg=", limit_key[] = ",oom_memcg=";
	const char *at;
	uint64_t uid, recorded_pid;

	if (!take_number_at_end(&text, ",uid=", &uid) ||
	    !take_number_at_end(&text, ",pid=", &recorded_pid) || recorded_pid != (uint64_t)pid)
		return false;
	if (text.size < name.size ||
	    memcmp(text.text + text.size - name.size, name.text, name.size) != 0)
		return false;
	text.size -= name.size;
	if (!ends_with(text, ",task="))
		return false;
	text.size -= strlen(",task=");
	at = find_only(text, task_key);
	if (!at)
		return false;
	task = behind(text, (size_t)(at - text.text) + strlen(task_key));
	if (!is_in(scan->cgroup, task))
		return false;
	text.size = (size_t)(at - text.text);
	kill->of_node = ends_with(text, ",global_oom") && !find(text, limit_key);
	at = find_only(text, limit_key);
	limit = at ? behind(text, (size_t)(at - text.text) + strlen(limit_key))
	           : (struct piece){ "", 0 };
	copy(kill->limit_path, sizeof(kill->limit_path), limit);
	return true;
}

/* "total-vm:66720kB, anon-rss:15104kB, file-rss:0kB, shmem-rss:776kB, UID:0 …" */
static bool read_held(struct piece text, uint64_t *held)
{
	static const char *const parts[] = { "total-vm:", "kB, anon-rss:", "kB, file-rss:",
		                             "kB, shmem-rss:" };
	uint64_t number;

	*held = 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!take_words(&text, parts[i]) || !take_number(&text, &number))
			return false;
		if (i > 0 &&
		    __builtin_add_overflow(*held, number, held)) /* the first is no memory */
			return false;
	}
	return begins_with(text, "kB");
}

static bool is_clean(struct piece text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.text[i] < ' ' || text.text[i] > '~')
			return false;
	return true;
}

/* "Memory cgroup out of memory: Killed process 1234 (java) total-vm:…": of the name's end only the
 * last place that looks like it can be it, for what follows is the kernel's alone. */
static bool read_killed(struct piece text, pid_t *pid, struct piece *name, uint64_t *held)
{
	static const char end_words[] = ") total-vm:";
	const char *end = NULL, *next;
	uint64_t number;

	if ((!take_words(&text, "Memory cgroup out of memory: Killed process ") &&
	     !take_words(&text, "Out of memory: Killed process ")) ||
	    !take_number(&text, &number) || number == 0 || number > INT32_MAX ||
	    !take_words(&text, " ("))
		return false;
	for (struct piece rest = text; (next = find(rest, end_words));
	     rest = behind(text, (size_t)(next - text.text) + 1))
		end = next;
	if (!end)
		return false;
	*pid = (pid_t)number;
	*name = (struct piece){ text.text, (size_t)(end - text.text) };
	return name->size < KMSG_NAME_MAX && is_clean(*name) &&
	       read_held(behind(text, name->size + strlen(") ")), held);
}

/* "Tasks in /web1 are going to be killed due to memory.oom.group set" */
static bool read_group(struct piece text, struct kmsg_scan *scan)
{
	static const char end[] = " are going to be killed due to memory.oom.group set";

	if (!take_words(&text, "Tasks in ") || !ends_with(text, end))
		return false;
	text.size -= strlen(end);
	scan->in_group = is_in(scan->cgroup, text);
	return true;
}

static void forget(struct kmsg_scan *scan)
{
	scan->has_limit = scan->in_group = false;
	scan->line[0] = '\0';
}

static void take_text(struct kmsg_scan *scan, struct piece text)
{
	struct kmsg_kill kill = { .pid = 0 };
	struct piece name;

	if (begins_with(text, "oom-kill:constraint=")) {
		scan->in_group = false;
		copy(scan->line, sizeof(scan->line), text);
		return;
	}
	if (read_usage(text, scan) || read_group(text, scan) ||
	    !read_killed(text, &kill.pid, &name, &kill.held_kib))
		return;
	if (!scan->line[0]) { /* of a group, or its line was held back (printk_ratelimit) */
		scan->found += scan->in_group;
		return;
	}
	if (read_oom_kill(scan, kill.pid, name, &kill)) {
		kill.has_limit = scan->has_limit && !kill.of_node;
		kill.limit_kib = scan->limit_kib;
		copy(kill.name, sizeof(kill.name), name);
		if (scan->found++ == 0)
			scan->first = kill;
	}
	forget(scan);
}

/* ---- records ---- */

void kmsg_scan_begin(struct kmsg_scan *scan, const char *cgroup)
{
	memset(scan, 0, sizeof(*scan));
	scan->cgroup = cgroup;
}

/* "6,1234,5678901,-;text\n KEY=value\n": priority and facility, number, time, flags. A facility
 * that is not 0 says that it was written to /dev/kmsg by someone, and not by the kernel. */
void kmsg_scan_record(struct kmsg_scan *scan, const char *record, size_t size)
{
	struct piece head = { record, size }, text;
	const char *semicolon = memchr(record, ';', size), *end;
	uint64_t priority;

	if (!semicolon || !take_number(&head, &priority) || priority >> 3 != 0 ||
	    !begins_with(head, ","))
		return;
	text = behind((struct piece){ record, size }, (size_t)(semicolon - record) + 1);
	end = memchr(text.text, '\n', text.size);
	if (end)
		text.size = (size_t)(end - text.text);
	if (is_clean(text))
		take_text(scan, text);
}

bool kmsg_escape(char *out, size_t size, const char *path)
{
	size_t used = 0;

	for (; *path; path++) {
		unsigned char byte = (unsigned char)*path;
		bool plain = byte >= ' ' && byte < 0x7f && byte != '\\';

		if (used + (plain ? 1 : 4) >= size)
			return false;
		if (plain)
			out[used++] = (char)byte;
		else
			used += (size_t)snprintf(out + used, 5, "\\x%02x", byte);
	}
	if (size > 0)
		out[used] = '\0';
	return size > 0;
}

/* ---- words ---- */

/* In the largest unit that it has one of, with one digit behind the point where it is not whole. */
static void tell_size(char out[32], uint64_t kib)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	uint64_t tenths;
	unsigned unit = 0, shift;

	while (unit < 3 && kib >> (10 * (unit + 1)) > 0)
		unit++;
	shift = 10 * unit;
	tenths = ((kib & ((UINT64_C(1) << shift) - 1)) * 10) >> shift;
	if (tenths)
		snprintf(out, 32, "%llu.%llu %s", (unsigned long long)(kib >> shift),
		         (unsigned long long)tenths, units[unit]);
	else
		snprintf(out, 32, "%llu %s", (unsigned long long)(kib >> shift), units[unit]);
}

void kmsg_tell(char *out, size_t size, const struct kmsg_kill *kill, uint64_t count)
{
	char more[48] = "", held[32], limit[KMSG_PATH_MAX + 64] = "limit unknown", limit_size[32];

	if (count > 1)
		snprintf(more, sizeof(more), ", and %llu more", (unsigned long long)count - 1);
	if (!kill->pid) {
		snprintf(out, size,
		         "out of memory: process unknown was killed%s; it held unknown; %s", more,
		         limit);
		return;
	}
	tell_size(held, kill->held_kib);
	tell_size(limit_size, kill->limit_kib);
	if (kill->of_node)
		snprintf(limit, sizeof(limit), "limit: the memory of the node");
	else if (kill->limit_path[0])
		snprintf(limit, sizeof(limit), "limit %s of %s",
		         kill->has_limit ? limit_size : "unknown", kill->limit_path);
	snprintf(out, size, "out of memory: process %d (%s) was killed%s; it held %s; %s",
	         kill->pid, kill->name, more, held, limit);
}
