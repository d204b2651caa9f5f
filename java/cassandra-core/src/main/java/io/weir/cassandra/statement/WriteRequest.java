package io.weir.cassandra.statement;

import java.io.Serializable;

/**
 * One row to write or to delete, its values already in CQL's binary form: cheap to compare, to
 * measure, to keep in a checkpoint and to bind.
 *
 * @param delete whether the row is deleted; then only the values of the primary key are set
 * @param timestampMicros the write timestamp, microseconds since the epoch
 * @param ttlSeconds {@link #TABLE_TTL} for the table's default, 0 for none
 * @param values one per column of the {@link WriteLayout}; null is a CQL null (or unset, as the
 *     layout says)
 */
public record WriteRequest(boolean delete, long timestampMicros, int ttlSeconds, byte[][] values)
    implements Serializable {
  public static final int TABLE_TTL = -1;

  /** The bytes of the values, without the protocol's framing. */
  public int sizeInBytes() {
    int size = 0;
    for (byte[] value : values) {
      size += value == null ? 0 : value.length;
    }
    return size;
  }
}
