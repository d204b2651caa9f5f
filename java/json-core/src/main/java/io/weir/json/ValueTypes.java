package io.weir.json;

import java.nio.charset.StandardCharsets;

/** The Java values of an engine, where the two differ. */
public interface ValueTypes {
  /** {@link String} and {@link Long}, as in Kafka Streams. */
  ValueTypes PLAIN =
      new ValueTypes() {
        @Override
        public Object text(byte[] bytes, int start, int end) {
          return new String(bytes, start, end - start, StandardCharsets.UTF_8);
        }

        @Override
        public Object timestamp(long millis) {
          return millis;
        }
      };

  /**
   * A text.
   *
   * @param bytes UTF-8; the record itself or a copy, and never written to afterwards
   */
  Object text(byte[] bytes, int start, int end);

  /**
   * An instant.
   *
   * @param millis milliseconds since 1970
   */
  Object timestamp(long millis);
}
