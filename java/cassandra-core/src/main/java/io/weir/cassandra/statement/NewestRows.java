package io.weir.cassandra.statement;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Of several writes of the same cells only the newest is worth sending. Newer means a higher write
 * timestamp, on equal ones the row that came later.
 */
public final class NewestRows {
  private NewestRows() {}

  /** Whether {@code row} replaces {@code other}, which came before it. */
  public static boolean isNewer(WriteRequest row, WriteRequest other) {
    return row.timestampMicros() >= other.timestampMicros();
  }

  /** The newest of each, in the order in which their cells were first written. */
  public static Collection<WriteRequest> of(Iterable<WriteRequest> rows, WriteLayout layout) {
    Map<RowKey, WriteRequest> newest = new LinkedHashMap<>();
    for (WriteRequest row : rows) {
      newest.merge(layout.cellsOf(row), row, (old, found) -> isNewer(found, old) ? found : old);
    }
    return newest.values();
  }
}
