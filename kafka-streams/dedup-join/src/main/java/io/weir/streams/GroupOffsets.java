package io.weir.streams;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * The progress of an application: its committed offsets and the end offsets of its input.
 *
 * @param committed the next offset of each partition; includes input partitions without a commit
 * @param ends the end offset of each of these partitions, counting committed records only
 */
record GroupOffsets(Map<TopicPartition, Long> committed, Map<TopicPartition, Long> ends) {
  private static final long TIMEOUT_SECONDS = 5;

  /**
   * @param group the application id
   * @param inputs all topics that it may read; a topic that does not exist has no partitions
   */
  static GroupOffsets of(Admin admin, String group, List<String> inputs)
      throws ExecutionException, InterruptedException, TimeoutException {
    Map<TopicPartition, Long> committed = new HashMap<>();
    for (TopicPartition partition : partitions(admin, inputs)) {
      committed.put(partition, 0L);
    }
    // A partition without a commit starts at its oldest record.
    committed.putAll(offsets(admin, committed, OffsetSpec.earliest()));
    admin
        .listConsumerGroupOffsets(group)
        .partitionsToOffsetAndMetadata()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .forEach(
            (partition, found) -> {
              if (found != null) {
                committed.put(partition, found.offset());
              }
            });
    return new GroupOffsets(committed, offsets(admin, committed, OffsetSpec.latest()));
  }

  private static List<TopicPartition> partitions(Admin admin, List<String> topics)
      throws ExecutionException, InterruptedException, TimeoutException {
    Set<String> existing =
        admin
            .listTopics(new ListTopicsOptions().listInternal(true))
            .names()
            .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    return admin
        .describeTopics(topics.stream().filter(existing::contains).toList())
        .allTopicNames()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .values()
        .stream()
        .flatMap(
            topic ->
                topic.partitions().stream()
                    .map(found -> new TopicPartition(topic.name(), found.partition())))
        .toList();
  }

  private static Map<TopicPartition, Long> offsets(
      Admin admin, Map<TopicPartition, Long> partitions, OffsetSpec wanted)
      throws ExecutionException, InterruptedException, TimeoutException {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    partitions.keySet().forEach(partition -> asked.put(partition, wanted));
    Map<TopicPartition, Long> found = new HashMap<>();
    admin
        .listOffsets(asked, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
        .all()
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .forEach((partition, result) -> found.put(partition, result.offset()));
    return found;
  }
}
