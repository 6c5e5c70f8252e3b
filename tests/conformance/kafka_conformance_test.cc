// The suite of all engines, unchanged, on a real broker.
#include "conformance/catalog_conformance.h"
#include "conformance/inbox_conformance.h"
#include "conformance/kafka_fixture.h"
#include "conformance/topic_conformance.h"

namespace laurel::testing {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, EngineConformance, KafkaFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, TopicConformance, KafkaFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, InboxConformance, KafkaFixture);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, CatalogConformance, KafkaFixture);

}  // namespace
}  // namespace laurel::testing
