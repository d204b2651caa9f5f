package io.weir.cassandra.session;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A password, given either as its text or as the file that holds it. A file is read where the
 * session is opened, so a secret mounted there appears in no table definition and in no compiled
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
   * The password; one trailing line break of a file is dropped.
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

  /** Never the password itself: this text ends up in logs. */
  @Override
  public String toString() {
    return file == null ? "******" : "file " + file;
  }
}
