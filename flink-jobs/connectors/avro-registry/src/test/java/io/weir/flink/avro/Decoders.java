package io.weir.flink.avro;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.RecordReader;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.RowType;

/** Reads a value with the decoders of both engines: Flink's and Kafka Streams'. */
final class Decoders {
  private Decoders() {}

  /** Reads it like the Flink job, as a row of these columns. */
  static GenericRowData flink(Schema writer, Schema reader, RowType columns, byte[] avro)
      throws DecodeException {
    ReaderSchema.check(reader, columns);
    BinaryInput in = new BinaryInput();
    in.reset(avro, 0);
    GenericRowData row =
        (GenericRowData)
            DecoderCompiler.compile(writer, reader, columns, columns.getFieldCount()).read(in);
    if (in.remaining() > 0) {
      throw new DecodeException(DecodeError.TRAILING_BYTES, in.remaining() + " bytes follow");
    }
    return row;
  }

  /** Reads it like the Kafka Streams application. */
  static GenericRecord streams(Schema writer, Schema reader, byte[] avro)
      throws DecodeException, IOException {
    return new RecordReader(id -> writer, reader).read(Wire.framed(1, avro));
  }
}
