package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.TaskId;
import org.junit.jupiter.api.Test;

class FailureLogTest {
  private static final TopicPartition FIRST = new TopicPartition("orders", 0);
  private static final TopicPartition SECOND = new TopicPartition("orders", 1);
  private static final TopicPartition BY_ID = new TopicPartition("by-id", 1);

  private final FailureLog log = new FailureLog(900);

  private static Throwable onRecord(int partition, long offset) {
    return new StreamsException(
        "Exception caught in process. taskId=0_%d, processor=KSTREAM-SOURCE, topic=orders, partition=%d, offset=%d"
            .formatted(partition, partition, offset),
        new IllegalStateException("no such\n  column"));
  }

  private static Throwable inTask(int partition) {
    return new StreamsException(
        "Error encountered sending record to topic rows for task 0_" + partition,
        new RecordTooLargeException("larger than 1048576"),
        new TaskId(0, partition));
  }

  private static Throwable anywhere() {
    return new StreamsException("commit", new TimeoutException("no broker"));
  }

  private void fail(Throwable error, long... seconds) {
    for (long second : seconds) {
      log.failed(error, second * 1000);
    }
  }

  private void look(
      Map<TopicPartition, Long> committed, Map<TopicPartition, Long> ends, long second) {
    log.look(committed, ends, State.RUNNING, second * 1000);
  }

  @Test
  void aRecordIsPassedWhenItsOwnPartitionHasCommittedMore() {
    fail(onRecord(1, 17), 10, 12, 14);
    assertThat(log.failuresSinceProgress()).isEqualTo(3);
    assertThat(log.lastReason()).isEqualTo("java.lang.IllegalStateException: no such column");
    assertThat(log.last().orElseThrow())
        .containsEntry("place", "orders-1")
        .containsEntry("offset", 17L)
        .containsEntry("at_milliseconds", 14_000L);
    look(Map.of(FIRST, 500L, SECOND, 10L), Map.of(FIRST, 500L, SECOND, 18L), 15);
    look(Map.of(FIRST, 900L, SECOND, 17L), Map.of(FIRST, 900L, SECOND, 18L), 17);
    assertThat(log.isOpen()).as("others get on, and so does what came before it").isTrue();
    look(Map.of(FIRST, 900L, SECOND, 18L), Map.of(FIRST, 900L, SECOND, 18L), 19);
    assertThat(log.isOpen()).isFalse();
    assertThat(log.failuresSinceProgress()).isZero();
    assertThat(log.total()).isEqualTo(3);
    assertThat(log.lastReason()).as("what it was is still told").isNotEmpty();
  }

  @Test
  void aTaskIsPassedWhenAllOfItsInputHasCommittedMoreOrHasNothingLeft() {
    fail(inTask(1), 10);
    look(Map.of(FIRST, 5L, SECOND, 10L, BY_ID, 3L), Map.of(FIRST, 5L, SECOND, 11L, BY_ID, 4L), 11);
    look(Map.of(FIRST, 9L, SECOND, 10L, BY_ID, 4L), Map.of(FIRST, 9L, SECOND, 11L, BY_ID, 4L), 13);
    assertThat(log.isOpen()).as("of its input one partition stands still").isTrue();
    look(Map.of(FIRST, 9L, SECOND, 11L, BY_ID, 4L), Map.of(FIRST, 9L, SECOND, 12L, BY_ID, 4L), 15);
    assertThat(log.isOpen()).isFalse();
  }

  @Test
  void whatWasCommittedBeforeTheLastFailureIsNoProgress() {
    fail(inTask(1), 10);
    look(Map.of(SECOND, 10L), Map.of(SECOND, 99L), 11);
    fail(inTask(1), 12);
    look(Map.of(SECOND, 20L), Map.of(SECOND, 99L), 13);
    assertThat(log.failuresSinceProgress()).isEqualTo(2);
    look(Map.of(SECOND, 21L), Map.of(SECOND, 99L), 15);
    assertThat(log.isOpen()).isFalse();
  }

  @Test
  void aTaskThatNeverCommittedHasNotGotOnBecauseOthersHave() {
    fail(inTask(1), 10);
    look(Map.of(FIRST, 5L), Map.of(FIRST, 9L), 11);
    look(Map.of(FIRST, 9L), Map.of(FIRST, 9L), 13);
    assertThat(log.isOpen()).isTrue();
  }

  @Test
  void threadsThatFailTogetherAreOneFailure() {
    log.failed(anywhere(), 10_000);
    log.failed(anywhere(), 10_400);
    log.failed(anywhere(), 10_899);
    assertThat(log.failuresSinceProgress()).isEqualTo(1);
    assertThat(log.total()).isEqualTo(3);
    log.failed(anywhere(), 10_900);
    assertThat(log.failuresSinceProgress()).isEqualTo(2);
  }

  @Test
  void failuresAtDifferentPlacesAreNoLoop() {
    fail(onRecord(0, 3), 10);
    fail(onRecord(1, 7), 12);
    fail(anywhere(), 14);
    assertThat(log.failuresSinceProgress()).isEqualTo(1);
    look(Map.of(FIRST, 4L, SECOND, 7L), Map.of(FIRST, 4L, SECOND, 8L), 15);
    assertThat(log.isOpen()).isTrue();
    look(Map.of(FIRST, 4L, SECOND, 8L), Map.of(FIRST, 4L, SECOND, 8L), 17);
    assertThat(log.isOpen()).isFalse();
  }

  @Test
  void aQuietThreadWhoseEndNobodyCommitsIsWellInTheEnd() {
    fail(anywhere(), 10);
    Map<TopicPartition, Long> committed = Map.of(BY_ID, 3L);
    Map<TopicPartition, Long> ends = Map.of(BY_ID, 4L);
    look(committed, ends, 189);
    assertThat(log.isOpen()).isTrue();
    log.look(committed, ends, State.REBALANCING, 200_000);
    assertThat(log.isOpen()).isTrue();
    look(committed, ends, 190);
    assertThat(log.isOpen()).isFalse();
  }
}
