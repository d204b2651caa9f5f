package io.weir.cassandra.statement;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WriteLayoutTest {
  private static final byte[] A = {1};
  private static final byte[] B = {2};

  static WriteLayout layout(boolean ignoreNulls, boolean replacesWholeRow) {
    return new WriteLayout(
        IntStream.range(0, 4).mapToObj(i -> CqlIdentifier.fromInternal("c" + i)).toList(),
        new int[] {0},
        new int[] {0, 1},
        ignoreNulls,
        replacesWholeRow);
  }

  static WriteRequest insert(long timestamp, byte[]... values) {
    return new WriteRequest(false, timestamp, WriteRequest.TABLE_TTL, values);
  }

  static WriteRequest delete(long timestamp, byte[]... key) {
    return new WriteRequest(
        true, timestamp, WriteRequest.TABLE_TTL, new byte[][] {key[0], key[1], null, null});
  }

  @Test
  void whereEachWriteReplacesTheRowItsKeyDecides() {
    WriteLayout layout = layout(false, true);
    RowKey key = layout.cellsOf(insert(1, A, B, A, A));
    assertThat(layout.cellsOf(insert(2, A, B, B, null))).isEqualTo(key).hasSameHashCodeAs(key);
    assertThat(layout.cellsOf(delete(2, A, B))).isEqualTo(key);
    assertThat(layout.cellsOf(insert(1, A, A, A, A))).isNotEqualTo(key);
    assertThat(layout.cellsOf(insert(1, B, A, A, A))).isNotEqualTo(key);
  }

  @Test
  void whereTheTableHasMoreColumnsADeletionStaysBesideAnInsert() {
    WriteLayout layout = layout(false, false);
    RowKey key = layout.cellsOf(insert(1, A, B, A, null));
    assertThat(layout.cellsOf(insert(2, A, B, null, B))).isEqualTo(key);
    assertThat(layout.cellsOf(delete(2, A, B))).isNotEqualTo(key);
    assertThat(layout.cellsOf(delete(2, A, B))).isEqualTo(layout.cellsOf(delete(3, A, B)));
  }

  @Test
  void whereNullsAreIgnoredOnlyInsertsOfTheSameColumnsAreEqual() {
    WriteLayout layout = layout(true, false);
    RowKey key = layout.cellsOf(insert(1, A, B, A, null));
    assertThat(layout.cellsOf(insert(2, A, B, B, null))).isEqualTo(key);
    assertThat(layout.cellsOf(insert(2, A, B, null, A))).isNotEqualTo(key);
    assertThat(layout.cellsOf(insert(2, A, B, A, A))).isNotEqualTo(key);
    assertThat(layout.cellsOf(insert(2, A, B, null, null)))
        .isNotEqualTo(layout.cellsOf(delete(2, A, B)));
  }

  @Test
  void rowsOfOnePartitionAreSplitByRowsAndByBytes() {
    WriteLayout layout = layout(false, true);
    WriteRequest small = insert(1, A, A, A, A);
    WriteRequest large = insert(1, A, A, new byte[100], A);
    List<WriteRequest> rows = List.of(small, small, small, large, small, large, large);
    assertThat(new PartitionBatcher(layout, null, 3, 110).split(rows))
        .containsExactly(
            List.of(small, small, small), List.of(large, small), List.of(large), List.of(large));
    assertThat(new PartitionBatcher(layout, null, 3, 1).split(rows)).hasSize(7);
    assertThat(new PartitionBatcher(layout, null, 100, 10_000).split(rows)).containsExactly(rows);
  }

  @Test
  void theStatementsCarryTimestampAndTtlAndQuotedNames() {
    WriteLayout layout =
        new WriteLayout(
            List.of(CqlIdentifier.fromInternal("k"), CqlIdentifier.fromInternal("tailNum")),
            new int[] {1},
            new int[] {1, 0},
            false,
            true);
    assertThat(WriteStatements.insertCql("ks.t", layout))
        .isEqualTo("INSERT INTO ks.t (k, \"tailNum\") VALUES (?, ?) USING TIMESTAMP ? AND TTL ?");
    assertThat(WriteStatements.deleteCql("ks.t", layout))
        .isEqualTo("DELETE FROM ks.t USING TIMESTAMP ? WHERE \"tailNum\" = ? AND k = ?");
  }

  @Test
  void theClockNeverGivesTheSameValueTwice() {
    long[] now = {1000};
    MicrosClock clock = new MicrosClock(() -> now[0]);
    assertThat(List.of(clock.next(), clock.next(), clock.next()))
        .containsExactly(1_000_000L, 1_000_001L, 1_000_002L);
    now[0] = 999;
    assertThat(clock.next()).isEqualTo(1_000_003L);
    now[0] = 2000;
    assertThat(clock.next()).isEqualTo(2_000_000L);
  }
}
