package io.weir.flink.avro;

import io.weir.registry.DecodeException;

/**
 * Reads one value as the writer wrote it and returns it in Flink's internal form as the reader
 * wants it, or skips it and returns null. Holds no state, so that it may be used for every record.
 */
@FunctionalInterface
interface ValueReader {
  Object read(BinaryInput in) throws DecodeException;
}
