package io.weir.streams;

/**
 * A record of the source topic: an event, or a record that cannot be decoded.
 *
 * @param event null if the record cannot be decoded
 * @param original the value as it was read, if it cannot be decoded
 */
record Decoded(Object[] event, byte[] original) {
  boolean isEvent() {
    return event != null;
  }
}
