package io.weir.registry;

import java.io.Serializable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How many bytes the value of an event may have. A larger one is a dead letter, of which the
 * beginning is kept: what came in must never be too large to get out.
 *
 * @param maxBytes of a value, and of what is kept of a key or a value
 */
public record SizeLimit(int maxBytes) implements Serializable {
  /** Everything that Kafka can carry. */
  public static final SizeLimit NONE = new SizeLimit(Integer.MAX_VALUE);

  /**
   * Looks at a value before anything else does.
   *
   * @throws DecodeException if it has more bytes
   */
  public void check(byte[] value) throws DecodeException {
    if (exceededBy(value)) {
      throw new DecodeException(
          DecodeError.TOO_LARGE,
          "the value has " + value.length + " bytes, above the limit of " + maxBytes);
    }
  }

  /** Whether not all of these bytes are kept; null is nothing. */
  public boolean exceededBy(byte[] bytes) {
    return bytes != null && bytes.length > maxBytes;
  }

  /** What is kept of these bytes. */
  public byte[] kept(byte[] bytes) {
    return exceededBy(bytes) ? Arrays.copyOf(bytes, maxBytes) : bytes;
  }

  /** SHA-256 in hexadecimal digits: it tells whether two values that were cut are the same. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
