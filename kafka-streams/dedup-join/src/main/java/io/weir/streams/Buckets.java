package io.weir.streams;

import io.weir.registry.ColumnType;
import io.weir.streams.PipelinePlan.Column;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDate;
import java.util.List;

/**
 * The hash bucket of a row, as weir.catalog.buckets defines it: the first four bytes of the SHA-256
 * of its id's texts, unsigned, modulo the number of buckets. Not for several threads.
 */
final class Buckets {
  private static final String SEPARATOR = "\u001f";

  private final int[] key;
  private final ColumnType[] types;
  private final int count;
  private final MessageDigest sha256;

  Buckets(PipelinePlan plan) {
    this(
        Rows.positions(plan.bucket().key()),
        plan.columns().stream().map(Column::type).toList(),
        plan.bucket().count());
  }

  /**
   * @param key positions of the id in a row
   * @param types of a row's columns
   */
  Buckets(int[] key, List<ColumnType> types, int count) {
    this.key = key;
    this.types = types.toArray(ColumnType[]::new);
    this.count = count;
    try {
      this.sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }

  /** Of a row, from 0. */
  int of(Object[] row) {
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < key.length; i++) {
      joined.append(i == 0 ? "" : SEPARATOR).append(text(row[key[i]], types[key[i]]));
    }
    byte[] hash = sha256.digest(joined.toString().getBytes(StandardCharsets.UTF_8));
    return Integer.remainderUnsigned(ByteBuffer.wrap(hash).getInt(), count);
  }

  private static String text(Object value, ColumnType type) {
    return type == ColumnType.DATE
        ? LocalDate.ofEpochDay((Integer) value).toString()
        : value.toString();
  }
}
