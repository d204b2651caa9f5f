package io.weir.streams;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The internal topics of Kafka Streams. Kafka Streams applies the plan's settings only when it
 * creates a topic, so later changes are applied here.
 */
final class OwnTopics {
  private static final long TIMEOUT_SECONDS = 15;

  private OwnTopics() {}

  /**
   * Sets the settings that differ from those with the prefix {@code topic.}, and no others.
   *
   * @param existing names of topics, including those of other applications
   * @param streams settings of Kafka Streams
   */
  static void align(Admin admin, Collection<String> existing, Map<String, String> streams)
      throws ExecutionException, InterruptedException, TimeoutException {
    List<ConfigResource> own =
        existing.stream()
            .filter(name -> isOwn(name, streams.get(StreamsConfig.APPLICATION_ID_CONFIG)))
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
            .toList();
    Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
    admin
        .describeConfigs(own)
        .all()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .forEach(
            (topic, has) -> {
              List<AlterConfigOp> wanted = differing(has, streams);
              if (!wanted.isEmpty()) {
                changes.put(topic, wanted);
              }
            });
    if (!changes.isEmpty()) {
      admin.incrementalAlterConfigs(changes).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  static boolean isOwn(String name, String application) {
    return name.startsWith(application + "-")
        && (name.endsWith("-changelog") || name.endsWith("-repartition"));
  }

  static List<AlterConfigOp> differing(Config has, Map<String, String> streams) {
    List<AlterConfigOp> changes = new ArrayList<>();
    streams.forEach(
        (name, value) -> {
          if (name.startsWith(StreamsConfig.TOPIC_PREFIX)) {
            String setting = name.substring(StreamsConfig.TOPIC_PREFIX.length());
            ConfigEntry entry = has.get(setting);
            if (entry == null || !value.equals(entry.value())) {
              changes.add(
                  new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET));
            }
          }
        });
    return changes;
  }
}
