# -DSANITIZE=none|address|thread → sanitize_flags, for compiling and linking.
set(SANITIZE none CACHE STRING "none, address (with undefined behaviour) or thread")
set_property(CACHE SANITIZE PROPERTY STRINGS none address thread)

if(SANITIZE STREQUAL "address")
  set(sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
elseif(SANITIZE STREQUAL "thread")
  # GCC warns that TSan does not know fences; the algorithms use none.
  set(sanitize_flags -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
elseif(SANITIZE STREQUAL "none")
  set(sanitize_flags "")
else()
  message(FATAL_ERROR "SANITIZE must be none, address or thread, not '${SANITIZE}'")
endif()
