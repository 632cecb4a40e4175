/* What this kernel can do. From Linux 4.14 on it tells by itself. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"
#include "words.h"

#define ACTIONS_FILE "/proc/sys/kernel/seccomp/actions_avail"

/* As the file spells them. An action that a kernel does not know kills: linux/seccomp.h. */
static const struct word kernel_words[] = {
	{ "kill_process", SECCOMP_RET_KILL_PROCESS },
	{ "kill_thread", SECCOMP_RET_KILL_THREAD },
	{ "trap", SECCOMP_RET_TRAP },
	{ "errno", SECCOMP_RET_ERRNO },
	{ "user_notif", SECCOMP_RET_USER_NOTIF }, /* Linux 5.0 */
	{ "trace", SECCOMP_RET_TRACE },
	{ "log", SECCOMP_RET_LOG },
	{ "allow", SECCOMP_RET_ALLOW },
	{ NULL, 0 },
};

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, " \n"), list += strspn(list, " \n"))
		if (strncmp(list, word, length) == 0 && strchr(" \n", list[length]))
			return true; /* '\0' is found as well */
	return false;
}

static int check_action(const struct ironbox_stage *stage, const struct profile *profile,
                        uint32_t action, const char *available, struct ironbox_error *error)
{
	uint32_t class = action & SECCOMP_RET_ACTION_FULL;

	if (has_word(available, word_of(kernel_words, class)))
		return 0;
	return stage->host->fail(error, 0, "%s: this kernel has no %s (%s)", profile->where,
	                         word_of(action_words, class), ACTIONS_FILE);
}

int kernel_check_actions(struct ironbox_stage *stage, const struct profile *profile,
                         struct ironbox_error *error)
{
	const char *available = stage->host->fact(stage, ACTIONS_FILE);
	size_t i;

	if (!available)
		return stage->host->fail(error, errno, "%s: this kernel has no filters: %s",
		                         profile->where, ACTIONS_FILE);
	if (check_action(stage, profile, profile->default_action, available, error) < 0)
		return -1;
	for (i = 0; i < profile->rules_count; i++)
		if (check_action(stage, profile, profile->rules[i].action, available, error) < 0)
			return -1;
	return 0;
}

/* No file tells of flags. The kernel looks at them before it looks for a program: EFAULT says that
 * it knows them and that we gave none. */
static bool knows_flags(unsigned flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

int kernel_check_flags(const struct ironbox_stage *stage, const struct profile *profile,
                       struct ironbox_error *error)
{
	/* Linux 5.19; the others are older than the oldest kernel that we run on */
	if (!(profile->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) ||
	    knows_flags(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return 0;
	return stage->host->fail(
		error, 0, "%s.flags: this kernel has no SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
		profile->where);
}

void kernel_report_lacks(struct ironbox_stage *stage)
{
	const struct ironbox_host *host = stage->host;
	const char *available = host->fact(stage, ACTIONS_FILE);
	const struct word *word;

	if (!available) {
		host->report_lack(stage, "filters of system calls (CONFIG_SECCOMP_FILTER)");
		return;
	}
	for (word = kernel_words; word->text; word++)
		if (!has_word(available, word->text))
			host->report_lack(stage, "%s", word_of(action_words, word->value));
	if (!knows_flags(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER))
		host->report_lack(stage, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19)");
}
