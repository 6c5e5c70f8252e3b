/// CatalogSchema: the documents this build knows, and the plans that are made of them.
///
/// Threads    Immutable once made: any thread. Compile functions are pure.
/// Errors     make(): kConfigInvalid, two actor types contradict each other. compile(): problems,
///            by document and path.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "laurel/api/settings.h"
#include "laurel/runtime/catalog.h"
#include "laurel/runtime/errors.h"

namespace laurel::runtime {

struct DocumentProblem {
  std::string document;
  Problem problem;
};

/// The same, for who wrote the document.
struct CatalogProblem {
  std::string file;
  std::uint32_t line = 0;  ///< from 1; 0: unknown, as is the column
  std::uint32_t column = 0;
  std::string key;  ///< path; empty: none
  std::string message;
};

class CatalogSchema {
 public:
  /// One document has one message, one message is one document, one plan is of one document.
  static Result<CatalogSchema> make(std::vector<SettingsSpec> specs);

  /// Default instance of the document's message; nullptr: nobody declares it.
  const google::protobuf::Message* prototype(std::string_view document) const;
  /// Ascending.
  std::vector<std::string> names() const;

  /// Makes every declared plan. A document of `before` with the same content lends its message and
  /// plans. A document without a message is parsed from its bytes; one nobody declares is kept as
  /// it is. nullptr: there are problems.
  std::shared_ptr<const CatalogVersion> compile(CatalogTerms terms,
                                                std::vector<CatalogDocument> documents,
                                                const Zones& zones, const CatalogVersion* before,
                                                std::vector<DocumentProblem>& problems) const;

 private:
  CatalogSchema() = default;
  /// Sets message and bytes, whichever is missing; false: the bytes are no such message.
  bool complete(CatalogDocument& document) const;

  std::vector<SettingsSpec> specs_;
  std::map<std::string, const google::protobuf::Message*, std::less<>> by_name_;
};

}  // namespace laurel::runtime
