package io.weir.streams;

/**
 * A record of the source topic: an event, or what is left of one that cannot be decoded.
 *
 * @param event null where it cannot be decoded
 * @param original the value as it was read, where it cannot be decoded
 */
record Decoded(Object[] event, byte[] original) {
  boolean isEvent() {
    return event != null;
  }
}
