package io.weir.streams;

import io.weir.registry.EventLimits;
import io.weir.registry.Utf8;

/** An event's row as {@link EventLimits} reads it. */
record EventValues(Object[] row) implements EventLimits.Values {
  @Override
  public boolean isNull(int column) {
    return row[column] == null;
  }

  @Override
  public long time(int column) {
    return ((Number) row[column]).longValue();
  }

  @Override
  public int bytes(int column) {
    return row[column] instanceof byte[] bytes ? bytes.length : Utf8.length((String) row[column]);
  }

  @Override
  public String shown(int column) {
    return row[column] instanceof byte[] ? "" : (String) row[column];
  }
}
