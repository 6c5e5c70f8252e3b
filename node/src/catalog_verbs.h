/// `laurel catalog validate|schema`: what the build knows of documents, without a node. The verbs
/// that ask a node are the console's.
#pragma once

#include <string_view>

namespace laurel::node {

bool is_catalog_verb(std::string_view verb);
/// argv[0] is `catalog`. Exit codes: 0 ok, 1 failed, 2 usage.
int run_catalog_verb(int argc, char** argv);

}  // namespace laurel::node
