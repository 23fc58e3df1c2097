# Run when installing: only then the prefix is known for good. KONTOR_SBINDIR and KONTOR_SYSCONFDIR are as configured,
# KONTOR_PACKAGING is this folder, KONTOR_OUT where the unit is written before it is installed.

# absolute(DIR OUT): a directory below the prefix, whole.
function(absolute directory out)
  if(NOT IS_ABSOLUTE "${directory}")
    set(directory "${CMAKE_INSTALL_PREFIX}/${directory}")
  endif()
  set(${out} "${directory}" PARENT_SCOPE)
endfunction()

# The settings of what is in /usr are in /etc.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND KONTOR_SYSCONFDIR STREQUAL "etc")
  set(KONTOR_SYSCONFDIR /etc)
endif()
absolute("${KONTOR_SBINDIR}" KONTORD)
absolute("${KONTOR_SYSCONFDIR}" SETTINGS)
string(APPEND KONTORD /kontord)
string(APPEND SETTINGS /kontor/kontord.conf)
# systemd reads % and $ as its own.
foreach(path KONTORD SETTINGS)
  string(REPLACE "%" "%%" ${path} "${${path}}")
endforeach()
string(REPLACE "$" "$$" SETTINGS "${SETTINGS}")

configure_file("${KONTOR_PACKAGING}/kontord.service.in" "${KONTOR_OUT}/kontord.service" @ONLY)
file(
  INSTALL
  DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system"
  TYPE FILE
  FILES "${KONTOR_OUT}/kontord.service")
