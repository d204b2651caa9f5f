package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.junit.jupiter.api.Test;

class OwnTopicsTest {
  private static final Map<String, String> STREAMS =
      Map.of("topic.message.timestamp.type", "LogAppendTime", "producer.linger.ms", "25");

  private static Config has(String timestamps) {
    return new Config(List.of(new ConfigEntry("message.timestamp.type", timestamps)));
  }

  @Test
  void onlyTheApplicationsOwnTopicsAreMeant() {
    assertThat(
            List.of(
                "weir-a-seen-changelog",
                "weir-a-by-id-repartition",
                "weir-a-other",
                "weir-ab-seen-changelog",
                "a.events"))
        .filteredOn(name -> OwnTopics.isOwn(name, "weir-a"))
        .containsExactly("weir-a-seen-changelog", "weir-a-by-id-repartition");
  }

  @Test
  void onlySettingsOfTopicsThatDifferAreSet() {
    assertThat(OwnTopics.differing(has("LogAppendTime"), STREAMS)).isEmpty();
    assertThat(OwnTopics.differing(has("CreateTime"), STREAMS))
        .extracting(change -> change.configEntry().name() + "=" + change.configEntry().value())
        .containsExactly("message.timestamp.type=LogAppendTime");
  }
}
