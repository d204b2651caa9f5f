package io.weir.flink.events;

import io.weir.registry.EventLimits;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/** An event's row as {@link EventLimits} reads it. */
record EventValues(GenericRowData row) implements EventLimits.Values {
  @Override
  public boolean isNull(int column) {
    return row.getField(column) == null;
  }

  @Override
  public long time(int column) {
    Object value = row.getField(column);
    return value instanceof TimestampData time
        ? time.getMillisecond()
        : ((Number) value).longValue();
  }

  @Override
  public int bytes(int column) {
    Object value = row.getField(column);
    if (value instanceof BinaryStringData text) {
      return text.getSizeInBytes();
    }
    return value instanceof StringData text ? text.toBytes().length : ((byte[]) value).length;
  }

  @Override
  public String shown(int column) {
    return row.getField(column) instanceof StringData text ? text.toString() : "";
  }
}
