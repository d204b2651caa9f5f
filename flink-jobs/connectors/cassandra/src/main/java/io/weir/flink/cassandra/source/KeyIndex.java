package io.weir.flink.cassandra.source;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * An index of rows by some of their columns. It is filled once and then read by any number of
 * threads.
 */
final class KeyIndex {
  /** Rows of a key with more rows are not compared, because that would take quadratic time. */
  private static final int COMPARED_ROWS = 64;

  private final int[] keyPositions;
  private final int[] ascending;
  private final Map<Object, Collection<RowData>> rowsByKey = new HashMap<>();
  private long rows;

  /**
   * @param keyPositions positions of the key columns in the rows
   */
  KeyIndex(int[] keyPositions) {
    this.keyPositions = keyPositions;
    ascending = IntStream.range(0, keyPositions.length).toArray();
  }

  /** Adds a row. A row with a null in its key is never found, as with SQL equality. */
  void add(GenericRowData row) {
    rows++;
    Object key = key(row, keyPositions);
    if (key == null) {
      return;
    }
    rowsByKey.merge(key, List.of(row), KeyIndex::concat);
  }

  private static Collection<RowData> concat(Collection<RowData> known, Collection<RowData> added) {
    if (!(known instanceof ArrayList)) {
      known = new ArrayList<>(known);
    }
    known.addAll(added);
    return known;
  }

  /**
   * Returns this index's equal row if there is one, else {@code row}. A reload that reuses the rows
   * of the old index needs memory only for changed rows, not for a second copy.
   */
  GenericRowData known(GenericRowData row) {
    Object key = key(row, keyPositions);
    Collection<RowData> rows = key == null ? List.of() : rowsByKey.getOrDefault(key, List.of());
    if (rows.size() > COMPARED_ROWS) {
      return row;
    }
    for (RowData candidate : rows) {
      if (candidate.equals(row)) {
        return (GenericRowData) candidate;
      }
    }
    return row;
  }

  /** The number of rows, including those that no key can find. */
  long rows() {
    return rows;
  }

  /**
   * @param key the values of the key columns, in the order of the key positions
   */
  Collection<RowData> get(GenericRowData key) {
    Object mapKey = key(key, ascending);
    return mapKey == null ? List.of() : rowsByKey.getOrDefault(mapKey, List.of());
  }

  /**
   * Returns null if a value is null. A single value is its own key, which saves an object for each
   * lookup.
   */
  private static Object key(GenericRowData row, int[] positions) {
    if (positions.length == 1) {
      return comparable(row.getField(positions[0]));
    }
    Object[] values = new Object[positions.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = comparable(row.getField(positions[i]));
      if (values[i] == null) {
        return null;
      }
    }
    return Arrays.asList(values);
  }

  private static Object comparable(Object value) {
    return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
  }
}
