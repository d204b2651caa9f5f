package io.weir.registry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A 64-bit hash over the columns of an event, to compare events without keeping them. Events that
 * differ in exactly one number always have different hashes; any other pair collides with a
 * probability of 1 in 2^64.
 *
 * <p>Hashes are kept in state, so the same values must have the same hash in all later versions.
 */
public final class Hash64 {
  /** The hash of an empty sequence, and of a null. */
  public static final long SEED = 0x9E3779B97F4A7C15L;

  /** From MurmurHash3's 64-bit finalizer. It is odd, so the multiplication loses no bits. */
  private static final long FACTOR = 0xFF51AFD7ED558CCDL;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Hash64() {}

  /** Appends a value to a sequence with this hash, and returns the new hash. */
  public static long mixed(long hash, long value) {
    long product = (hash ^ value) * FACTOR;
    return product ^ (product >>> 32);
  }

  public static long ofBytes(byte[] bytes) {
    return ofBytes(bytes, 0, bytes.length);
  }

  public static long ofBytes(byte[] bytes, int start, int length) {
    long hash = length;
    int end = start + length;
    int i = start;
    for (; i + Long.BYTES <= end; i += Long.BYTES) {
      hash = mixed(hash, (long) LONGS.get(bytes, i));
    }
    for (; i < end; i++) {
      hash = mixed(hash, bytes[i]);
    }
    return hash;
  }

  /** Both zeros have the same hash, and so do all NaNs. */
  public static long ofNumber(Number number) {
    if (number instanceof Double || number instanceof Float) {
      return Double.doubleToLongBits(number.doubleValue() + 0.0);
    }
    return number.longValue();
  }
}
