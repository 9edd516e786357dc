# Installs what was built into an empty folder, then configures, builds and runs a project that finds it there. The
# program that README.md prints is built too.
# Given: source, built, work, compiler, generator, build_type, sanitize, version.
file(REMOVE_RECURSE ${work}/prefix ${work}/consumer)

function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${built} --prefix ${work}/prefix)
file(READ ${source}/../../README.md readme)
string(REGEX MATCH "```cpp\n([^`]*)```" printed "${readme}")
file(WRITE ${work}/readme.cpp "${CMAKE_MATCH_1}")
set(flags "")
if(sanitize)
  set(flags "-DCMAKE_CXX_FLAGS=-fsanitize=${sanitize}")
endif()
run(${CMAKE_COMMAND} -S ${source} -B ${work}/consumer -G ${generator} -DCMAKE_PREFIX_PATH=${work}/prefix
    -DCMAKE_CXX_COMPILER=${compiler} -DCMAKE_BUILD_TYPE=${build_type} -DKERATIN_WANTED=${version}
    -DREADME_PROGRAM=${work}/readme.cpp ${flags})
run(${CMAKE_COMMAND} --build ${work}/consumer)
run(${work}/consumer/consumer)
if(NOT output STREQUAL "keratin ${version}: 2 x 3 = 6\n")
  message(FATAL_ERROR "the program printed \"${output}\"")
endif()

# The program.
run(${work}/prefix/bin/keratin --version)
if(NOT output STREQUAL "keratin ${version}\n")
  message(FATAL_ERROR "the installed program printed \"${output}\"")
endif()
