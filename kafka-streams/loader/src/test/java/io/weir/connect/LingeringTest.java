package io.weir.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.Test;

class LingeringTest {
  private final Lingering lingering = new Lingering(List.of("totals"), 1_000);

  private static SinkRecord record(String topic, int partition, long offset) {
    return new SinkRecord(topic, partition, null, null, null, null, offset);
  }

  @Test
  void onlyTheNamedTopicsWait() {
    SinkRecord row = record("rows", 0, 0);
    assertThat(lingering.hold(List.of(row, record("totals", 0, 0)), 0)).containsExactly(row);
    assertThat(lingering.isEmpty()).isFalse();
  }

  @Test
  void theFirstRecordDecidesHowLongAllWait() {
    SinkRecord first = record("totals", 0, 0);
    SinkRecord second = record("totals", 0, 1);
    lingering.hold(List.of(first), 5_000);
    lingering.hold(List.of(second), 5_900);
    assertThat(lingering.remainingMs(5_900)).isEqualTo(100);
    assertThat(lingering.due(5_999)).isEmpty();
    assertThat(lingering.due(6_000)).containsExactly(first, second);
    assertThat(lingering.due(7_000)).isEmpty();
    lingering.hold(List.of(record("totals", 0, 2)), 9_000);
    assertThat(lingering.remainingMs(9_000)).as("the next ones wait anew").isEqualTo(1_000);
  }

  @Test
  void aPartitionThatIsGivenAwayIsForgotten() {
    SinkRecord kept = record("totals", 1, 0);
    lingering.hold(List.of(record("totals", 0, 0), kept), 0);
    lingering.forget(List.of(new TopicPartition("totals", 0)));
    assertThat(lingering.due(1_000)).containsExactly(kept);
  }
}
