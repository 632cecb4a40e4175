# add_vm_suite(NAME file.bats... [LSM none|apparmor|selinux] [SYSTEMD] [MEMORY mib] [CPUS n]
#              [KERNEL_ARGS word...] [PLUGINS target...] [ENVIRONMENT NAME=value...] [TIMEOUT seconds]
#              [TAGGED])
# A ctest entry, labelled vm, that boots Debian's kernel once (README.md) and runs bats files there by
# run-suite and quick-bats, with the environment that add_bats_suite gives. TIMEOUT is for boot and
# files together.
# TAGGED: of files that have such, only the tests with `# bats test_tags=vm` in front.
#
# In builds without sanitizers alone: qemu emulates each instruction, and ASan's start, at each of
# ironbox's, would take longer than all else. And on x86_64 alone.
include_guard(DIRECTORY)
include(${PROJECT_SOURCE_DIR}/tests/support/suite.cmake)
set(VM_SUITES OFF)
if(NOT IRONBOX_SANITIZE AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  set(VM_SUITES ON)
endif()

function(add_vm_suite name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SYSTEMD;TAGGED" "LSM;MEMORY;CPUS;TIMEOUT"
    "KERNEL_ARGS;PLUGINS;ENVIRONMENT")
  if(NOT VM_SUITES)
    return()
  endif()
  foreach(file ${arg_UNPARSED_ARGUMENTS})
    cmake_path(ABSOLUTE_PATH file NORMALIZE)
    set_property(GLOBAL APPEND PROPERTY VM_FILES ${file})
    if(arg_TAGGED)
      set_property(GLOBAL APPEND PROPERTY VM_TAGGED_FILES ${file})
    endif()
  endforeach()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(options --timeout ${arg_TIMEOUT} --cache ${PROJECT_BINARY_DIR}/vm
    --folder ${PROJECT_SOURCE_DIR} --folder ${PROJECT_BINARY_DIR})
  foreach(option LSM MEMORY CPUS)
    if(arg_${option})
      string(TOLOWER ${option} word)
      list(APPEND options --${word} ${arg_${option}})
    endif()
  endforeach()
  if(arg_SYSTEMD)
    list(APPEND options --systemd)
  endif()
  if(arg_KERNEL_ARGS)
    list(JOIN arg_KERNEL_ARGS " " words)
    list(APPEND options --append "${words}")
  endif()
  suite_environment(environment ${arg_PLUGINS})
  add_test(NAME ${name} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/vm/run-in-vm ${options} --
      env BOX_JQ=gojq QUICK_BATS=${PROJECT_SOURCE_DIR}/tests/vm/quick-bats
      ${environment} ${arg_ENVIRONMENT}
      ${PROJECT_SOURCE_DIR}/tests/support/run-suite $<$<BOOL:${arg_SYSTEMD}>:--systemd> --timing
      "$<$<BOOL:${arg_TAGGED}>:--filter-tags;vm>" ${arg_UNPARSED_ARGUMENTS}
    COMMAND_EXPAND_LISTS)
  # One machine at a time: it takes a CPU whole, and two of them slow each other's clocks down. So
  # they begin first: COST.
  math(EXPR margin "${arg_TIMEOUT} + 30")
  set_tests_properties(${name} PROPERTIES LABELS vm TIMEOUT ${margin} RESOURCE_LOCK vm
    COST 1000)
endfunction()

# Says which tests run on the builder's kernel only, as far as these are files; a list in the build
# folder has the names of the others. When all suites are known.
function(tell_what_no_vm_runs)
  if(NOT VM_SUITES)
    message(STATUS "tests: no suite on Debian's kernel: the build has sanitizers, or is not for x86_64")
    return()
  endif()
  get_property(in_vm GLOBAL PROPERTY VM_FILES)
  get_property(tagged GLOBAL PROPERTY VM_TAGGED_FILES)
  file(GLOB_RECURSE files RELATIVE ${PROJECT_SOURCE_DIR}/tests *.bats)
  set(whole "")
  set(names "")
  foreach(file ${files})
    if(NOT ${PROJECT_SOURCE_DIR}/tests/${file} IN_LIST in_vm)
      list(APPEND whole ${file})
    elseif(${PROJECT_SOURCE_DIR}/tests/${file} IN_LIST tagged)
      names_without_tag(untagged ${file})
      string(APPEND names "${untagged}")
    endif()
  endforeach()
  list(JOIN whole " " whole)
  file(WRITE ${PROJECT_BINARY_DIR}/vm/left-out "${names}")
  message(STATUS "tests: not on Debian's kernel: ${whole}")
  message(STATUS "tests: and of other files those in ${PROJECT_BINARY_DIR}/vm/left-out")
endfunction()

# names_without_tag(VARIABLE FILE): a line "FILE: NAME" for each of its tests that a TAGGED suite
# leaves out.
function(names_without_tag variable name)
  file(STRINGS ${PROJECT_SOURCE_DIR}/tests/${name} lines
    REGEX "^(@test |# bats (test|file)_tags=vm$)")
  set(names "")
  set(file_has_tag OFF)
  set(test_has_tag OFF)
  foreach(line IN LISTS lines)
    if(line MATCHES "file_tags")
      set(file_has_tag ON)
    elseif(line MATCHES "test_tags")
      set(test_has_tag ON)
    else()
      if(NOT file_has_tag AND NOT test_has_tag)
        string(REGEX REPLACE "^@test .(.*). {$" "\\1" test "${line}")
        string(APPEND names "${name}: ${test}\n")
      endif()
      set(test_has_tag OFF)
    endif()
  endforeach()
  set(${variable} "${names}" PARENT_SCOPE)
endfunction()
