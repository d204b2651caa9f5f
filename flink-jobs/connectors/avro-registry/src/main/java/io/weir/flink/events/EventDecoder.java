package io.weir.flink.events;

import io.weir.registry.DecodeException;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.api.common.serialization.DeserializationSchema.InitializationContext;
import org.apache.flink.table.data.GenericRowData;

/** Decodes the values of a format. It is opened on the task manager; equal decoders are equal. */
public interface EventDecoder extends Serializable {
  /**
   * Starts to work.
   *
   * @param arity the number of fields in a row: the columns, and after them room for metadata
   */
  void open(InitializationContext context, int arity) throws IOException;

  /**
   * Decodes one value to a new row, whose metadata is null.
   *
   * @throws DecodeException if the value is at fault
   * @throws IOException if the decoder cannot work, such as without its registry
   */
  GenericRowData decode(byte[] value) throws IOException, DecodeException;
}
