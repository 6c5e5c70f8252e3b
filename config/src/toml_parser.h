/// toml++ 3.3, made fit for texts that are wrong. It asserts, and in release builds assumes, what
/// some wrong texts break ("x = [}", "[" and a NUL), although the next line reports them as errors:
/// so these checks do nothing here. tests/fuzz/toml_fuzz.cc watches over what is left.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#define TOML_ASSERT(expression) static_cast<void>(0)
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expression) static_cast<void>(0)
#include <toml++/toml.h>
