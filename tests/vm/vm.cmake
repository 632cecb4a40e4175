# add_vm_suite(NAME file.bats... [LSM none|apparmor|selinux] [SYSTEMD] [MEMORY mib] [CPUS n]
#              [KERNEL_ARGS word...] [PLUGINS target...] [ENVIRONMENT NAME=value...] [TIMEOUT seconds])
# A ctest entry, labelled vm, that boots Debian's kernel once (README.md) and runs bats files there by
# run-suite, with the environment that add_bats_suite gives. TIMEOUT is for boot and files together.
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
  cmake_parse_arguments(PARSE_ARGV 1 arg "SYSTEMD" "LSM;MEMORY;CPUS;TIMEOUT"
    "KERNEL_ARGS;PLUGINS;ENVIRONMENT")
  if(NOT VM_SUITES)
    return()
  endif()
  foreach(file ${arg_UNPARSED_ARGUMENTS})
    cmake_path(ABSOLUTE_PATH file NORMALIZE)
    set_property(GLOBAL APPEND PROPERTY VM_FILES ${file})
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
      env ${environment} ${arg_ENVIRONMENT}
      ${PROJECT_SOURCE_DIR}/tests/support/run-suite $<$<BOOL:${arg_SYSTEMD}>:--systemd>
      ${arg_UNPARSED_ARGUMENTS}
    COMMAND_EXPAND_LISTS)
  # One machine at a time: it takes a CPU whole, and two of them slow each other's clocks down. So
  # they begin first: COST.
  math(EXPR margin "${arg_TIMEOUT} + 30")
  set_tests_properties(${name} PROPERTIES LABELS vm TIMEOUT ${margin} RESOURCE_LOCK vm
    COST 1000)
endfunction()

# Says which bats files run on the builder's kernel only. When all suites are known.
function(tell_what_no_vm_runs)
  if(NOT VM_SUITES)
    message(STATUS "tests: no suite on Debian's kernel: the build has sanitizers, or is not for x86_64")
    return()
  endif()
  get_property(in_vm GLOBAL PROPERTY VM_FILES)
  file(GLOB_RECURSE files RELATIVE ${PROJECT_SOURCE_DIR}/tests *.bats)
  foreach(file ${in_vm})
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
    list(REMOVE_ITEM files ${file})
  endforeach()
  list(JOIN files " " files)
  message(STATUS "tests: not on Debian's kernel: ${files}")
endfunction()
