/// `laurel catalog list|show|publish|diff`: versions of a node's catalog.
#pragma once

#include <string>

#include "arguments.h"

namespace laurel::console {

struct CatalogArguments {
  std::string version = "current";  ///< show
  std::string folder;               ///< publish
  std::string effective_from;       ///< RFC 3339; empty: the earliest
  std::string note;
  std::string by;  ///< default: the name of who runs this
  bool history = false;
  bool dry_run = false;
  std::string before, after;  ///< diff: each a version or a folder
};

int list_catalog(HttpClient& client, const Common& common);
int show_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments);
int publish_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments);
int diff_catalog(HttpClient& client, const Common& common, const CatalogArguments& arguments);

}  // namespace laurel::console
