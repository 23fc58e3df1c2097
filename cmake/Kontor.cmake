# What every room needs: warnings, sanitizers, and one way to declare a room and a test.

# Everything of ours compiles with these; generated code does not.
add_library(kontor_flags INTERFACE)
target_compile_options(
  kontor_flags
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wvla
            -Werror)
target_include_directories(kontor_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(kontor_flags INTERFACE _GNU_SOURCE KONTOR_VERSION="${PROJECT_VERSION}")

if(KONTOR_SANITIZE)
  add_compile_options(-fsanitize=${KONTOR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${KONTOR_SANITIZE})
endif()

# What libFuzzer steers by is counted in all rooms, not only in its programs.
option(KONTOR_FUZZ "Build the targets for libFuzzer; needs clang" OFF)
if(KONTOR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What tests run with; sanitized programs are several times slower. Reports go into files: a test that kills a program
# never sees what that program had to say. Quotes, for a path may hold what ends an option.
set(KONTOR_REPORTS "log_path='${PROJECT_BINARY_DIR}/sanitizer':log_exe_name=1")
set(KONTOR_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_leaks=1:${KONTOR_REPORTS}" "UBSAN_OPTIONS=print_stacktrace=1:${KONTOR_REPORTS}"
    "TSAN_OPTIONS=ignore_noninstrumented_modules=1:${KONTOR_REPORTS}")
# Leaks that libraries keep: of tests, and of whole programs.
foreach(name leaks leaks_tls)
  set(KONTOR_${name} "LSAN_OPTIONS=print_suppressions=0:suppressions='${PROJECT_SOURCE_DIR}/tests/${name}.txt'")
endforeach()
set(KONTOR_TEST_SLOWNESS 1)
if(KONTOR_SANITIZE)
  set(KONTOR_TEST_SLOWNESS 5)
endif()

# Rooms that are shared libraries instead: tools/mutate puts a changed file before them without linking anything anew.
set(KONTOR_SHARED_ROOMS "" CACHE STRING "Rooms to build as shared libraries, for tools/mutate")

# kontor_room(NAME SOURCES ... LIBRARIES ...): an OBJECT library of our own code.
function(kontor_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  set(type OBJECT)
  if(${name} IN_LIST KONTOR_SHARED_ROOMS)
    set(type SHARED)
  endif()
  add_library(${name} ${type} ${ROOM_SOURCES})
  target_link_libraries(${name} PUBLIC kontor_flags ${ROOM_LIBRARIES})
  add_dependencies(${name} generated)
endfunction()

# kontor_test(NAME SOURCES ... ROOMS ... LIBRARIES ...): a cmocka program and its test. ROOMS are OBJECT libraries.
function(kontor_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  foreach(room ${TEST_ROOMS})
    target_link_libraries(${name} PRIVATE ${room})
  endforeach()
  target_link_libraries(${name} PRIVATE kontor_flags PkgConfig::CMOCKA ${TEST_LIBRARIES})
  add_test(NAME ${name} COMMAND ${name})
  math(EXPR timeout_s "120 * ${KONTOR_TEST_SLOWNESS}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout_s} ENVIRONMENT
                                            "${KONTOR_TEST_ENVIRONMENT};${KONTOR_leaks}")
endfunction()
