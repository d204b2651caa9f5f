package io.weir.cassandra.statement;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reduces several writes of the same cells to the newest one. The newest has the highest write
 * timestamp; of equal timestamps, the later row wins.
 */
public final class NewestRows {
  private NewestRows() {}

  /** Whether {@code row} replaces {@code other}, which came before it. */
  public static boolean isNewer(WriteRequest row, WriteRequest other) {
    return row.timestampMicros() >= other.timestampMicros();
  }

  /** Returns the newest write of each group of cells, in the order of the first writes. */
  public static Collection<WriteRequest> of(Iterable<WriteRequest> rows, WriteLayout layout) {
    Map<RowKey, WriteRequest> newest = new LinkedHashMap<>();
    for (WriteRequest row : rows) {
      newest.merge(layout.cellsOf(row), row, (old, found) -> isNewer(found, old) ? found : old);
    }
    return newest.values();
  }
}
