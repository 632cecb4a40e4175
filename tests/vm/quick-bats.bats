#!/usr/bin/env bats
# quick-bats says what bats says of the same file.

load ../support/box

setup() {
	box_setup
}

teardown() {
	box_teardown
}

# file LINE...: a file of tests. They are TEST here, or bats would take them for its own.
file() {
	printf '%s\n' "${@//TEST/@test}" >"$box/file.bats"
}

# both [OPTION...] TEXT: this file by each of the two; equal verdicts, which stay in $verdicts.
both() {
	local quick
	file "${@: -1}"
	verdicts=$(env -i PATH=/usr/bin:/bin bats --formatter tap "${@:1:$#-1}" "$box/file.bats" 2>&1 3>&- | verdict_lines)
	quick=$(./quick-bats "${@:1:$#-1}" "$box/file.bats" 2>&1 | verdict_lines)
	equals "$quick" "$verdicts"
}

verdict_lines() {
	grep -E '^(ok|not ok) ' | sed 's/ *$//'
}

@test "quick-bats: how a test ends" {
	both 'TEST "true" { true; }
TEST "false" { false; true; }
TEST "last false" { false; }
TEST "in a condition" { if false; then :; fi; false || true; ! false; }
TEST "by exit" { exit 0; }
TEST "in a helper" { helper; true; }
helper() { [ a = b ]; }
TEST "in a pipe, and a substitution" { false | true; x=$(true; echo a); [ "$x" = a ]; }
TEST "a failed substitution" { x=$(false); true; }
TEST "unset variables are empty" { [ -z "$nothing" ]; }
TEST "skipped" { skip; }
TEST "skipped, and why" { skip "no time"; }'
	contains "$verdicts" "not ok 2 false"
	contains "$verdicts" "ok 11 skipped, and why # skip no time"
}

@test "quick-bats: setup and teardown, of a test and of a file" {
	both "setup_file() { export from_file=yes; }
setup() { touch $box/here; }
teardown() { rm $box/here; }
TEST 'both' { [ -e $box/here ] && [ \$from_file ]; }
TEST 'teardown fails' { rm $box/here; }
TEST 'teardown comes after a failure' { false; }
TEST 'and after skip' { skip; }"
	[ ! -e "$box/here" ]
	both 'setup() { [ $BATS_TEST_DIRNAME = / ]; }
TEST "a setup that fails" { true; }'
	contains "$verdicts" "not ok 1"
}

@test "quick-bats: run, with status, output and lines" {
	both 'TEST "run" {
	run sh -c "echo a; echo; echo \"b  *\" >&2; exit 3"
	[ $status = 3 ] && [ "$output" = "a

b  *" ] && [ ${#lines[@]} = 2 ] && [ "${lines[1]}" = "b  *" ]
}
TEST "what run was told does not end the test" { run false; run true; [ $status = 0 ]; }
TEST "after run a failure counts" { run true; false; true; }'
}

@test "quick-bats: tests of a tag, or of a name" {
	local text='TEST "none" { true; }
# bats test_tags=vm
TEST "tagged" { true; }
# bats test_tags=other
TEST "another tag" { true; }'
	both --filter-tags vm "$text"
	equals "$verdicts" "ok 1 tagged"
	both --filter 'an.*tag' "$text"
	equals "$verdicts" "ok 1 another tag"
	both --filter-tags vm "# bats file_tags=vm
$text"
}

@test "quick-bats: a test leaves the next one nothing but files" {
	both 'TEST "a variable" { left=yes; }
TEST "is gone" { [ -z "$left" ]; }
TEST "a folder" { cd /; }
TEST "too" { [ $PWD != / ]; }'
}

@test "quick-bats: its own variables are not seen by a test" {
	both 'TEST "none" {
	for variable in name names number file files line status output count failed work begun tag text own; do
		[ -z "${!variable+set}" ]
	done
}'
	equals "$verdicts" "ok 1 none"
}

@test "quick-bats: a failure is told with its place and its output" {
	file 'helper() {' '	[ a = b ]' '}' 'TEST "bad" {' '	echo said' '	helper' '}'
	run ./quick-bats "$box/file.bats"
	equals "$status" 1
	equals "$output" "not ok 1 bad
# \`[ a = b ]' failed
# at file.bats:2
# at file.bats:6
# said
1..1"
}

@test "quick-bats: what ends a test or a file otherwise is a failure" {
	file 'TEST "killed" { kill -KILL $BASHPID; }' 'TEST "next" { true; }'
	run ./quick-bats "$box/file.bats"
	equals "$status" 1
	contains "$output" "not ok 1 killed"
	contains "$output" "ok 2 next"
	file 'setup_file() { false; true; }' 'TEST "good" { true; }'
	run ./quick-bats "$box/file.bats"
	equals "$status" 1
	contains "$output" "setup_file failed"
	file 'TEST "good" { true; }' 'if'
	run ./quick-bats "$box/file.bats"
	equals "$status" 1
	file 'TEST "run has options" { run -1 false; }'
	run ./quick-bats "$box/file.bats"
	equals "$status" 1
	contains "$output" "quick-bats: no options for run: -1"
	run ./quick-bats "$box/none.bats"
	equals "$status" 1
	run ./quick-bats --pretty "$box/file.bats"
	equals "$status" 1
	equals "$output" "quick-bats: unknown option --pretty"
}
