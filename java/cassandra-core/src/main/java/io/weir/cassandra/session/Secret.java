package io.weir.cassandra.session;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A password, given as text or as the path of a file that holds it. The file is read when the
 * session is opened, so a mounted secret appears neither in a table definition nor in a compiled
 * plan.
 */
public record Secret(String text, String file) implements Serializable {

  public static Secret ofText(String text) {
    return new Secret(text, null);
  }

  public static Secret ofFile(String file) {
    return new Secret(null, file);
  }

  /**
   * Returns the password, without the trailing line break of a file.
   *
   * @throws IllegalArgumentException if the file cannot be read
   */
  public String reveal() {
    if (file == null) {
      return text;
    }
    try {
      return Files.readString(Path.of(file)).replaceFirst("\\R$", "");
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "The password file '%s' cannot be read (%s). Mount it on every worker and make it readable."
              .formatted(file, e.getClass().getSimpleName()),
          e);
    }
  }

  /** Hides the password, because this text ends up in logs. */
  @Override
  public String toString() {
    return file == null ? "******" : "file " + file;
  }
}
