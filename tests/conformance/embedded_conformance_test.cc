#include "conformance/catalog_conformance.h"
#include "conformance/inbox_conformance.h"
#include "conformance/topic_conformance.h"
#include "laurel/adapters/embedded/embedded_engine.h"
#include "support/temp_dir.h"

namespace laurel::testing {
namespace {

template <unsigned CommitThreads>
class EmbeddedFixture {
 public:
  std::unique_ptr<runtime::Engine> open() {
    adapters::EmbeddedOptions options;
    options.data_dir = directory_ / "data";
    options.create = true;
    options.commit_threads = CommitThreads;
    auto engine = adapters::open_embedded(options);
    if (!engine.ok()) ADD_FAILURE() << engine.error().message;
    LAUREL_ASSERT(engine.ok());
    return std::move(*engine);
  }

 private:
  TempDir directory_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(OneCommitThread, EngineConformance, EmbeddedFixture<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(TwoCommitThreads, EngineConformance, EmbeddedFixture<2>);
INSTANTIATE_TYPED_TEST_SUITE_P(OneCommitThread, TopicConformance, EmbeddedFixture<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(TwoCommitThreads, TopicConformance, EmbeddedFixture<2>);
INSTANTIATE_TYPED_TEST_SUITE_P(Inbox, InboxConformance, EmbeddedFixture<2>);
INSTANTIATE_TYPED_TEST_SUITE_P(OneCommitThread, CatalogConformance, EmbeddedFixture<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(TwoCommitThreads, CatalogConformance, EmbeddedFixture<2>);

}  // namespace
}  // namespace laurel::testing
