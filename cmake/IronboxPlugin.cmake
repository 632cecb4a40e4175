# add_ironbox_plugin(NAME SOURCES file... [LIBRARIES target...]): NAME.so, one stage's module.
function(add_ironbox_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_library(plugin_${name} MODULE ${arg_SOURCES})
  # Headers only: nothing of core can be linked, -z defs proves it.
  target_link_libraries(plugin_${name} PRIVATE ironbox_headers ironbox_flags ${arg_LIBRARIES})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins)
  install(TARGETS plugin_${name} COMPONENT plugin-${name}
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/ironbox/plugins)
  if(BUILD_TESTING)
    add_test(NAME plugin.${name}.exports
      COMMAND ${PROJECT_SOURCE_DIR}/tests/support/exports-only-descriptor
        $<TARGET_FILE:plugin_${name}>)
  endif()
endfunction()
