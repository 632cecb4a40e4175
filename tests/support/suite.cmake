# add_bats_suite(NAME file.bats... [PLUGINS target...] [TIMEOUT seconds] [UNIFIED])
# A ctest entry that runs bats files by run-suite, as root. PLUGINS: modules of the tests' own, put
# beside the project's. UNIFIED: with the cgroup2 tree alone at /sys/fs/cgroup.
include_guard(GLOBAL)
function(add_bats_suite name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "UNIFIED" "TIMEOUT" "PLUGINS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 240)
  endif()
  if(IRONBOX_SANITIZE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")
  endif()
  suite_environment(environment ${arg_PLUGINS})
  add_test(NAME ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/support/run-suite
      $<$<BOOL:${arg_UNIFIED}>:--unified> ${arg_UNPARSED_ARGUMENTS}
    COMMAND_EXPAND_LISTS)
  set_tests_properties(${name} PROPERTIES LABELS root TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "${environment}")
endfunction()

# suite_environment(VARIABLE target...): what run-suite takes from its environment. The targets are
# modules of the tests' own.
function(suite_environment variable)
  list(TRANSFORM ARGN REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE plugins)
  list(JOIN plugins " " plugins)
  set(${variable}
    ASAN_OPTIONS=detect_leaks=0
    IRONBOX=${PROJECT_BINARY_DIR}/bin/ironbox
    IRONBOX_PLUGINS=${PROJECT_BINARY_DIR}/plugins
    "IRONBOX_EXTRA_PLUGINS=${plugins}"
    PROBE=$<TARGET_FILE:probe>
    PARENT_SCOPE)
endfunction()
