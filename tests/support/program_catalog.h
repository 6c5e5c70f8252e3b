/// A catalog of one programme, with the plan that the player makes of it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "actors/player/player.h"
#include "laurel/runtime/catalog_schema.h"
#include "laurel/runtime/errors.h"
#include "laurel/testkit/utc_zones.h"

namespace laurel::testing {

inline std::shared_ptr<const runtime::Catalog> program_catalog(
    const actors::player::EarnProgram& program) {
  static const UtcZones zones;
  auto schema = runtime::CatalogSchema::make(actors::player::actor_type().settings);
  runtime::CatalogTerms terms;
  terms.number = 1;
  runtime::CatalogDocument document;
  document.name = "program";
  document.message = std::make_shared<actors::player::EarnProgram>(program);
  std::vector<runtime::DocumentProblem> problems;
  auto version = schema->compile(terms, {document}, zones, nullptr, problems);
  LAUREL_ASSERT(version != nullptr);
  return std::make_shared<const runtime::Catalog>(runtime::Catalog(), std::move(version));
}

/// Stakes in EUR earn PTS.
inline std::shared_ptr<const runtime::Catalog> program_catalog(std::int64_t points,
                                                               std::int64_t per_units) {
  actors::player::EarnProgram program;
  program.set_points_asset("PTS");
  auto& rule = *program.add_earn();
  rule.set_name("stake");
  rule.set_asset("EUR");
  rule.mutable_per_stake()->set_num(points);
  rule.mutable_per_stake()->set_den(per_units);
  return program_catalog(program);
}

}  // namespace laurel::testing
