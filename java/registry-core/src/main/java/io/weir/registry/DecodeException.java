package io.weir.registry;

/**
 * The record is at fault and becomes a dead letter. Faults of the environment, such as an
 * unreachable registry, are {@link java.io.IOException}s and never cause a dead letter.
 *
 * <p>It has no stack trace, so that a topic full of poison records is still drained quickly.
 */
public final class DecodeException extends Exception {
  /** The reason goes into a header, and it may contain names and values of any length. */
  private static final int MAX_CHARACTERS = 1000;

  private final DecodeError error;
  private final String path;
  private final String reason;

  public DecodeException(DecodeError error, String reason) {
    this(error, "", reason);
  }

  private DecodeException(DecodeError error, String path, String reason) {
    super(
        shortened(error.code() + ": " + (path.isEmpty() ? "" : "field " + path + ": ") + reason),
        null,
        false,
        false);
    this.error = error;
    this.path = path;
    this.reason = reason;
  }

  private static String shortened(String message) {
    int length = message.length();
    return length <= MAX_CHARACTERS
        ? message
        : message.substring(0, MAX_CHARACTERS / 2)
            + "..."
            + message.substring(length - MAX_CHARACTERS / 2);
  }

  /** Returns the same failure with {@code field} prepended to its path. */
  public DecodeException inField(String field) {
    return new DecodeException(error, path.isEmpty() ? field : field + "." + path, reason);
  }

  public DecodeError error() {
    return error;
  }
}
