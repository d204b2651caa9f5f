package io.weir.registry;

/**
 * The record's own fault: it becomes a dead letter. Faults of the surroundings (an unreachable
 * registry) are {@link java.io.IOException}s and never become one.
 *
 * <p>It carries no stack trace: a topic full of poison must not be slow to drain.
 */
public final class DecodeException extends Exception {
  /** A reason goes into a header, and names and values of others may be in it. */
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

  /** The same failure, seen from the record that holds {@code field}. */
  public DecodeException inField(String field) {
    return new DecodeException(error, path.isEmpty() ? field : field + "." + path, reason);
  }

  public DecodeError error() {
    return error;
  }
}
