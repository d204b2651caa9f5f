package io.weir.registry;

import java.io.Serializable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The maximum size of an event's value. A larger one becomes a dead letter, cut to this size, so
 * that whatever was received can also be sent.
 *
 * @param maxBytes the maximum size of a value, and of the key and value in a dead letter
 */
public record SizeLimit(int maxBytes) implements Serializable {
  /** No limit. */
  public static final SizeLimit NONE = new SizeLimit(Integer.MAX_VALUE);

  /**
   * Checks a value before it is decoded.
   *
   * @throws DecodeException if it is too large
   */
  public void check(byte[] value) throws DecodeException {
    if (exceededBy(value)) {
      throw new DecodeException(
          DecodeError.TOO_LARGE,
          "the value has " + value.length + " bytes, above the limit of " + maxBytes);
    }
  }

  /** Whether these bytes exceed the limit; null does not. */
  public boolean exceededBy(byte[] bytes) {
    return bytes != null && bytes.length > maxBytes;
  }

  /** Returns these bytes, cut to the limit. */
  public byte[] kept(byte[] bytes) {
    return exceededBy(bytes) ? Arrays.copyOf(bytes, maxBytes) : bytes;
  }

  /** Returns the SHA-256 in hexadecimal, to compare values that were cut. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
