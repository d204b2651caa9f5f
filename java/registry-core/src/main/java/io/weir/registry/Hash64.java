package io.weir.registry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * 64 bits for the columns of an event, so that two events can be told apart without keeping either:
 * two that differ in a single number always do, others but once in 2^64 pairs.
 *
 * <p>They are kept in state: the same values must have the same hash in every later version.
 */
public final class Hash64 {
  /** The hash of nothing, and of a null. */
  public static final long SEED = 0x9E3779B97F4A7C15L;

  /** From MurmurHash3's 64-bit finalizer; odd, so that no bit is lost by multiplying. */
  private static final long FACTOR = 0xFF51AFD7ED558CCDL;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Hash64() {}

  /** The hash of a sequence, from that of all before its last value. */
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

  /** The two zeros are one number, and so are all that are not a number. */
  public static long ofNumber(Number number) {
    if (number instanceof Double || number instanceof Float) {
      return Double.doubleToLongBits(number.doubleValue() + 0.0);
    }
    return number.longValue();
  }
}
