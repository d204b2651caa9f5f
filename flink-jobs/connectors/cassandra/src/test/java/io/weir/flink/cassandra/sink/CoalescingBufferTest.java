package io.weir.flink.cassandra.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import io.weir.cassandra.statement.WriteLayout;
import io.weir.cassandra.statement.WriteRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.junit.jupiter.api.Test;

class CoalescingBufferTest {
  private static final List<String> COLUMNS = List.of("k", "a", "b");
  private final AtomicInteger coalesced = new AtomicInteger();

  private CoalescingBuffer buffer(boolean ignoreNulls, boolean replacesWholeRow) {
    return new CoalescingBuffer(
        new WriteLayout(
            COLUMNS.stream().map(CqlIdentifier::fromInternal).toList(),
            new int[] {0},
            new int[] {0},
            ignoreNulls,
            replacesWholeRow),
        coalesced::incrementAndGet);
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes();
  }

  private static WriteRequest row(long timestamp, String key, String a, String b) {
    return new WriteRequest(
        false, timestamp, WriteRequest.TABLE_TTL, new byte[][] {bytes(key), bytes(a), bytes(b)});
  }

  private static WriteRequest deletion(long timestamp, String key) {
    return new WriteRequest(
        true, timestamp, WriteRequest.TABLE_TTL, new byte[][] {bytes(key), null, null});
  }

  private static void add(CoalescingBuffer buffer, WriteRequest... requests) {
    for (WriteRequest request : requests) {
      buffer.add(new RequestEntryWrapper<>(request, request.sizeInBytes()), false);
    }
  }

  private static List<WriteRequest> drain(CoalescingBuffer buffer) {
    List<WriteRequest> drained = new ArrayList<>();
    while (!buffer.isEmpty()) {
      assertThat(buffer.peek().getRequestEntry()).isNotNull();
      drained.add(buffer.poll().getRequestEntry());
    }
    assertThat(buffer.totalSizeInBytes()).isZero();
    assertThat(buffer.poll()).isNull();
    return drained;
  }

  @Test
  void ofOneKeyTheHighestTimestampStaysAtTheFirstOnesPlace() {
    CoalescingBuffer buffer = buffer(false, true);
    WriteRequest newest = row(3, "x", "newest", null);
    WriteRequest other = row(1, "y", "other", null);
    add(buffer, row(1, "x", "first", "b"), other, newest, row(2, "x", "late", "b"));
    assertThat(buffer.size()).isEqualTo(2);
    assertThat(buffer.totalSizeInBytes()).isEqualTo(newest.sizeInBytes() + other.sizeInBytes());
    assertThat(drain(buffer)).containsExactly(newest, other);
    assertThat(coalesced).hasValue(2);
  }

  @Test
  void onEqualTimestampsTheLaterRowStays() {
    CoalescingBuffer buffer = buffer(false, true);
    WriteRequest later = row(1, "x", "later", null);
    add(buffer, row(1, "x", "earlier", null), later);
    buffer.add(new RequestEntryWrapper<>(row(1, "x", "put back", null), 1), true);
    assertThat(drain(buffer)).containsExactly(later);
  }

  @Test
  void aDeletionAndARowReplaceEachOther() {
    CoalescingBuffer buffer = buffer(false, true);
    add(buffer, row(1, "x", "a", "b"), deletion(2, "x"), deletion(1, "y"), row(2, "y", "a", "b"));
    assertThat(drain(buffer)).extracting(WriteRequest::delete).containsExactly(true, false);
  }

  @Test
  void ignoredNullsNeverCostAColumn() {
    CoalescingBuffer buffer = buffer(true, false);
    WriteRequest onlyA = row(1, "x", "a1", null);
    WriteRequest onlyB = row(2, "x", null, "b2");
    WriteRequest newerA = row(3, "x", "a3", null);
    WriteRequest gone = deletion(4, "x");
    add(buffer, onlyA, onlyB, newerA, gone);
    assertThat(drain(buffer)).containsExactly(newerA, onlyB, gone);
  }

  @Test
  void theStateSurvivesAndFollowsTheColumnsByName() throws IOException {
    CoalescingBuffer buffer = buffer(false, true);
    WriteRequest row =
        new WriteRequest(false, -5, 3600, new byte[][] {bytes("x"), null, new byte[0]});
    add(buffer, row, deletion(7, "y"));
    byte[] bytes =
        new WriteRequestSerializer(COLUMNS).serialize(new BufferedRequestState<>(buffer));

    assertThat(restored(COLUMNS, bytes))
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(row, deletion(7, "y"));
    // "a" was removed, "new" was added, and the order differs.
    assertThat(restored(List.of("b", "new", "k"), bytes).get(0).values())
        .isDeepEqualTo(new byte[][] {new byte[0], null, bytes("x")});
    assertThatThrownBy(() -> new WriteRequestSerializer(COLUMNS).deserialize(2, bytes))
        .hasMessageContaining("version 2");
  }

  private static List<WriteRequest> restored(List<String> columns, byte[] bytes)
      throws IOException {
    BufferedRequestState<WriteRequest> state =
        new WriteRequestSerializer(columns).deserialize(1, bytes);
    return state.getBufferedRequestEntries().stream()
        .flatMap(entry -> Stream.of(entry.getRequestEntry()))
        .toList();
  }
}
