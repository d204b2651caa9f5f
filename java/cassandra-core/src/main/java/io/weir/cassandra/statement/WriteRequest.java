package io.weir.cassandra.statement;

import java.io.Serializable;

/**
 * A row to write or delete, with its values in CQL's binary form. They are cheap to compare,
 * measure, checkpoint and bind.
 *
 * @param delete whether the row is deleted; then only the primary key has values
 * @param timestampMicros the write timestamp, in microseconds since the epoch
 * @param ttlSeconds {@link #TABLE_TTL} for the table's default, 0 for none
 * @param values one for each column of the {@link WriteLayout}; null is a CQL null, or unset if the
 *     layout ignores nulls
 */
public record WriteRequest(boolean delete, long timestampMicros, int ttlSeconds, byte[][] values)
    implements Serializable {
  public static final int TABLE_TTL = -1;

  /** The size of the values in bytes, without the protocol's framing. */
  public int sizeInBytes() {
    int size = 0;
    for (byte[] value : values) {
      size += value == null ? 0 : value.length;
    }
    return size;
  }
}
