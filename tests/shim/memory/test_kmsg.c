/* The kernel's record of a death: recorded ones of several kernels, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "memory/kmsg.h"
#include "memory/look.h"

static void scan_all(struct kmsg_scan *scan, const char *cgroup, const char *const *records)
{
	kmsg_scan_begin(scan, cgroup);
	for (; *records; records++)
		kmsg_scan_record(scan, *records, strlen(*records));
}

static void tells(const char *cgroup, const char *const *records, unsigned found,
                  const char *expected)
{
	struct kmsg_scan scan;
	char words[LOOK_WORDS_SIZE];

	scan_all(&scan, cgroup, records);
	assert_int_equal(scan.found, found);
	kmsg_tell(words, sizeof(words), &scan.first, found ? found : 1);
	assert_string_equal(words, expected);
}

#define UNKNOWN "out of memory: process unknown was killed; it held unknown; limit unknown"

#define USAGE "6,42630,25392136423,-;memory: usage 20480kB, limit 20480kB, failcnt 0\n"
#define KILL_AS(cpuset, limit, task, name, pid)                                               \
	"6,42679,25392136463,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),"         \
	"cpuset=" cpuset ",mems_allowed=0,oom_memcg=" limit ",task_memcg=" task ",task=" name \
	",pid=" pid ",uid=0\n"
#define KILL(path, name, pid) KILL_AS("box", path, path, name, pid)
#define KILLED(name, pid)                                                                  \
	"3,42680,25392136471,-;Memory cgroup out of memory: Killed process " pid " (" name \
	") total-vm:205984kB, anon-rss:19968kB, file-rss:0kB, shmem-rss:776kB, UID:0 "     \
	"pgtables:80kB oom_score_adj:0\n"

/* Linux 6.18, cgroup v1, as it was. */
static void a_death_by_the_containers_own_limit(void **state)
{
	static const char *const records[] = {
		"4,42603,25392136219,-;probe invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), "
		"order=0, oom_score_adj=0\n",
		"4,42604,25392136228,-;CPU: 0 UID: 0 PID: 601 Comm: probe Not tainted 6.18.44\n",
		USAGE,
		"6,42631,25392136426,-;memory+swap: usage 20480kB, limit 20480kB, failcnt 0\n",
		"6,42632,25392136427,-;kmem: usage 240kB, limit 9007199254740988kB, failcnt 0\n",
		"6,42633,25392136428,-;Memory cgroup stats for /box-8f8c27efdefa:\n",
		"6,42635,25392136436,-;rss 20516864\n",
		KILL("/box-8f8c27efdefa", "probe", "601"),
		KILLED("probe", "601"),
		NULL,
	};

	(void)state;
	tells("/box-8f8c27efdefa", records, 1,
	      "out of memory: process 601 (probe) was killed; it held 20.2 MiB; "
	      "limit 20 MiB of /box-8f8c27efdefa");
}

/* … of its pod, with the victim in a cgroup of its own making. */
static void a_death_by_the_limit_of_one_above(void **state)
{
	static const char *const records[] = {
		"6,1,1,-;memory: usage 131072kB, limit 131072kB, failcnt 7\n",
		KILL_AS("web1", "/kubepods/pod1", "/kubepods/pod1/web1/jobs/a", "java", "1234"),
		"3,2,1,-;Memory cgroup out of memory: Killed process 1234 (java) "
		"total-vm:9205984kB, anon-rss:125952kB, file-rss:0kB, shmem-rss:0kB, UID:1000 "
		"pgtables:80kB oom_score_adj:985\n",
		NULL,
	};

	(void)state;
	tells("/kubepods/pod1/web1", records, 1,
	      "out of memory: process 1234 (java) was killed; it held 123 MiB; "
	      "limit 128 MiB of /kubepods/pod1");
}

static void a_death_by_want_of_the_node(void **state)
{
	static const char *const records[] = {
		"6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
		"mems_allowed=0,global_oom,task_memcg=/web1,task=java,pid=1234,uid=0\n",
		"3,2,1,-;Out of memory: Killed process 1234 (java) total-vm:9kB, anon-rss:2kB, "
		"file-rss:1kB, shmem-rss:0kB, UID:0 pgtables:80kB oom_score_adj:0\n",
		NULL,
	};

	(void)state;
	tells("/web1", records, 1,
	      "out of memory: process 1234 (java) was killed; it held 3 KiB; "
	      "limit: the memory of the node");
}

static void a_group_that_dies_is_counted(void **state)
{
	static const char *const records[] = {
		USAGE,
		KILL("/web1", "sh", "7"),
		KILLED("sh", "7"),
		"6,3,1,-;Tasks in /web1 are going to be killed due to memory.oom.group set\n",
		KILLED("sh", "7"),
		KILLED("cat", "8"),
		NULL,
	};

	(void)state;
	tells("/web1", records, 3,
	      "out of memory: process 7 (sh) was killed, and 2 more; it held 20.2 MiB; "
	      "limit 20 MiB of /web1");
}

static void deaths_of_others_are_not_told(void **state)
{
	static const char *const paths[] = { "/other", "/web11",      "/we",
		                             "/",      "/web1x/web1", "/x/web1" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		static const char *const records[] = { USAGE, KILL("/web1", "sh", "7"),
			                               KILLED("sh", "7"), NULL };

		tells(paths[i], records, 0, UNKNOWN);
	}
}

static void the_first_of_several_is_told(void **state)
{
	static const char *const records[] = {
		USAGE, KILL("/other", "a", "1"), KILLED("a", "1"),
		USAGE, KILL("/web1", "b", "2"),  KILLED("b", "2"),
		USAGE, KILL("/web1", "c", "3"),  KILLED("c", "3"),
		NULL,
	};

	(void)state;
	tells("/web1", records, 2,
	      "out of memory: process 2 (b) was killed, and 1 more; it held 20.2 MiB; "
	      "limit 20 MiB of /web1");
}

static void a_limit_that_was_not_recorded_is_unknown(void **state)
{
	static const char *const none[] = { KILL("/web1", "sh", "7"), KILLED("sh", "7"), NULL };
	static const char *const no_limit[] = {
		"6,1,1,-;memory: usage 131072kB, limit 9007199254740988kB, failcnt 7\n",
		KILL("/web1", "sh", "7"), KILLED("sh", "7"), NULL
	};
	static const char *const of_another[] = { USAGE,
		                                  KILL("/other", "a", "1"),
		                                  KILLED("a", "1"),
		                                  KILL("/web1", "sh", "7"),
		                                  KILLED("sh", "7"),
		                                  NULL };
	static const char *const words = "out of memory: process 7 (sh) was killed; it held "
					 "20.2 MiB; limit unknown of /web1";

	(void)state;
	tells("/web1", none, 1, words);
	tells("/web1", no_limit, 1, words);
	tells("/web1", of_another, 1, words);
}

/* printk_ratelimit: only the last line comes, and tells of no cgroup. */
static void a_death_without_its_first_line_is_nobodys(void **state)
{
	static const char *const records[] = { KILLED("sh", "7"), NULL };
	static const char *const of_another[] = { KILL("/web1", "sh", "7"), KILLED("sh", "8"),
		                                  KILLED("sh", "7"), NULL };

	(void)state;
	tells("/web1", records, 0, UNKNOWN);
	tells("/web1", of_another, 0, UNKNOWN);
}

/* A facility that is not the kernel's: root wrote it to /dev/kmsg. */
static void what_others_wrote_is_not_believed(void **state)
{
	static const char *const all[] = {
		"14,1,1,-;memory: usage 1kB, limit 1kB, failcnt 0\n",
		"14,2,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,"
		"nodemask=(null),cpuset=a,mems_allowed=0,oom_memcg=/web1,"
		"task_memcg=/web1,task=sh,pid=7,uid=0\n",
		"11,3,1,-;Memory cgroup out of memory: Killed process 7 "
		"(sh) total-vm:1kB, anon-rss:1kB, file-rss:0kB, "
		"shmem-rss:0kB, UID:0\n",
		NULL
	};
	static const char *const between[] = { USAGE,
		                               KILL("/web1", "sh", "7"),
		                               "14,1,1,-;memory: usage 1kB, limit 1kB, failcnt 0\n",
		                               "12,2,1,-;oom-kill:constraint=X\n",
		                               KILLED("sh", "7"),
		                               NULL };

	(void)state;
	tells("/web1", all, 0, UNKNOWN);
	tells("/web1", between, 1,
	      "out of memory: process 7 (sh) was killed; it held 20.2 MiB; limit 20 MiB of /web1");
}

/* prctl(PR_SET_NAME) takes 15 bytes of any kind. */
static void names_that_look_like_the_record_mislead_nobody(void **state)
{
	static const char *const names[] = {
		"x,pid=1,uid=0", ") total-vm:1kB", "(a) total-vm:9",
		",task=a,pid=1", ",task_memcg=/x", ",oom_memcg=/x",
		"a (b) (c)",     "\\x0aoom-kill:", "",
		",uid=",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char oom_kill[512], killed[512], expected[512];
		const char *records[] = { USAGE, oom_kill, killed, NULL };

		snprintf(oom_kill, sizeof(oom_kill), KILL("/web1", "%s", "7"), names[i]);
		snprintf(killed, sizeof(killed), KILLED("%s", "7"), names[i]);
		snprintf(expected, sizeof(expected),
		         "out of memory: process 7 (%s) was killed; it held 20.2 MiB; "
		         "limit 20 MiB of /web1",
		         names[i]);
		tells("/web1", records, 1, expected);
	}
}

/* Who may make cgroups names them: what can be read in two ways is not believed. */
static void cgroups_that_look_like_the_record_mislead_nobody(void **state)
{
	static const char *const kills[] = {
		KILL_AS("a", "/evil", "/evil/x,task_memcg=/web1", "sh", "7"),
		KILL_AS("a,oom_memcg=/web1,task_memcg=/web1,task=sh,pid=7,uid=0", "/evil", "/evil",
		        "sh", "7"),
		KILL_AS("a", "/evil,task_memcg=/web1", "/evil", "sh", "7"),
		KILL_AS("a", "/evil", "/evil/,task=sh,pid=7,uid=0", "sh", "8"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kills) / sizeof(kills[0]); i++) {
		const char *records[] = { USAGE, kills[i], KILLED("sh", "7"), NULL };

		tells("/web1", records, 0, UNKNOWN);
	}
}

static void a_limits_path_that_is_in_doubt_is_unknown(void **state)
{
	static const char *const records[] = {
		USAGE, KILL_AS("a", "/evil,oom_memcg=/good", "/web1", "sh", "7"), KILLED("sh", "7"),
		NULL
	};
	static const char *const node[] = { USAGE,
		                            KILL_AS("a", "/evil,global_oom", "/web1", "sh", "7"),
		                            KILLED("sh", "7"), NULL };

	(void)state;
	tells("/web1", records, 1,
	      "out of memory: process 7 (sh) was killed; it held 20.2 MiB; limit unknown");
	tells("/web1", node, 1,
	      "out of memory: process 7 (sh) was killed; it held 20.2 MiB; "
	      "limit 20 MiB of /evil,global_oom");
}

static void broken_records_are_left_out(void **state)
{
	static const char *const killed[] = {
		"3,1,1,-;Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB",
		"3,1,1,-;Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB, "
		"anon-rss:",
		"3,1,1,-;Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB, "
		"anon-rss:18446744073709551615kB, file-rss:1kB, shmem-rss:0kB\n",
		"3,1,1,-;Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB, "
		"anon-rss:18446744073709551616kB, file-rss:0kB, shmem-rss:0kB\n",
		"3,1,1,-;Memory cgroup out of memory: Killed process 0 (sh) total-vm:1kB, "
		"anon-rss:1kB, file-rss:1kB, shmem-rss:0kB\n",
		"3,1,1,-;Memory cgroup out of memory: Killed process 99999999999 (sh) total-vm:1kB,"
		" anon-rss:1kB, file-rss:1kB, shmem-rss:0kB\n",
		"3,1,1,-;Memory cgroup out of memory: Killed process 7 (\x01) total-vm:1kB, "
		"anon-rss:1kB, file-rss:1kB, shmem-rss:0kB\n",
		"Memory cgroup out of memory: Killed process 7 (sh) total-vm:1kB, anon-rss:1kB, "
		"file-rss:1kB, shmem-rss:0kB\n",
		";",
		"",
		"3",
		"3;",
		",,;Tasks in ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(killed) / sizeof(killed[0]); i++) {
		const char *records[] = { USAGE, KILL("/web1", "sh", "7"), killed[i], NULL };

		tells("/web1", records, 0, UNKNOWN);
	}
}

static void a_line_behind_the_text_is_not_the_text(void **state)
{
	static const char *const records[] = {
		"6,1,1,-;x\n oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/web1,"
		"task_memcg=/web1,task=sh,pid=7,uid=0\n",
		KILLED("sh", "7"), NULL
	};

	(void)state;
	tells("/web1", records, 0, UNKNOWN);
}

static void paths_are_written_as_the_kernel_does(void **state)
{
	char out[32], small[8];

	(void)state;
	assert_true(kmsg_escape(out, sizeof(out), "/a\\x2db\xc3\xb6 c"));
	assert_string_equal(out, "/a\\x5cx2db\\xc3\\xb6 c");
	assert_true(kmsg_escape(small, sizeof(small), "/abcdef"));
	assert_false(kmsg_escape(small, sizeof(small), "/abcdefg"));
	assert_false(kmsg_escape(small, sizeof(small), "/ab\xc3\xb6"));
}

static void sizes_have_the_unit_that_fits(void **state)
{
	static const struct {
		uint64_t kib;
		const char *words;
	} sizes[] = {
		{ 0, "0 KiB" },         { 1023, "1023 KiB" },      { 1024, "1 MiB" },
		{ 1536, "1.5 MiB" },    { 1048575, "1023.9 MiB" }, { 1048576, "1 GiB" },
		{ 16 << 20, "16 GiB" }, { 1610612736, "1.5 TiB" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct kmsg_kill kill = { .pid = 1, .name = "a", .held_kib = sizes[i].kib };
		char words[LOOK_WORDS_SIZE], expected[LOOK_WORDS_SIZE];

		kmsg_tell(words, sizeof(words), &kill, 1);
		snprintf(expected, sizeof(expected),
		         "out of memory: process 1 (a) was killed; it held %s; limit unknown",
		         sizes[i].words);
		assert_string_equal(words, expected);
	}
}

static void the_cgroup_is_that_of_the_memory_controller(void **state)
{
	static const struct {
		const char *text, *path;
	} texts[] = {
		{ "0::/web1\n", "/web1" },
		{ "9:name=systemd:/s\n4:memory:/m\n3:cpuset:/c\n0::/u\n", "/m" },
		{ "0::/u\n4:cpu,memory,pids:/a:b\n", "/a:b" },
		{ "4:memoryx:/m\n3:xmemory:/n\n0::/u\n", "/u" },
		{ "0::/u", "/u" },
		{ "4:cpu:/m\n", "" },
		{ "", "" },
		{ "0:\n:\nmemory\n", "" },
		{ "1:name=memory:/x\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t size;
		const char *path = look_find_cgroup(texts[i].text, &size);

		assert_int_equal(size, strlen(texts[i].path));
		assert_memory_equal(path, texts[i].path, size);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_death_by_the_containers_own_limit),
		cmocka_unit_test(a_death_by_the_limit_of_one_above),
		cmocka_unit_test(a_death_by_want_of_the_node),
		cmocka_unit_test(a_group_that_dies_is_counted),
		cmocka_unit_test(deaths_of_others_are_not_told),
		cmocka_unit_test(the_first_of_several_is_told),
		cmocka_unit_test(a_limit_that_was_not_recorded_is_unknown),
		cmocka_unit_test(a_death_without_its_first_line_is_nobodys),
		cmocka_unit_test(what_others_wrote_is_not_believed),
		cmocka_unit_test(names_that_look_like_the_record_mislead_nobody),
		cmocka_unit_test(cgroups_that_look_like_the_record_mislead_nobody),
		cmocka_unit_test(a_limits_path_that_is_in_doubt_is_unknown),
		cmocka_unit_test(broken_records_are_left_out),
		cmocka_unit_test(a_line_behind_the_text_is_not_the_text),
		cmocka_unit_test(paths_are_written_as_the_kernel_does),
		cmocka_unit_test(sizes_have_the_unit_that_fits),
		cmocka_unit_test(the_cgroup_is_that_of_the_memory_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
