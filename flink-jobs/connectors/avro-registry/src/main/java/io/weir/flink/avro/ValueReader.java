package io.weir.flink.avro;

import io.weir.registry.DecodeException;

/**
 * Reads a value in the writer's encoding and returns it in Flink's internal form of the reader's
 * type, or skips it and returns null. Stateless, so it can be used for all records.
 */
@FunctionalInterface
interface ValueReader {
  Object read(BinaryInput in) throws DecodeException;
}
