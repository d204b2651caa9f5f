package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.RecordReader;
import io.weir.registry.WireFormat;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A damaged event becomes a dead letter with the same code in both engines, or both read the same
 * value.
 */
class DamagedEventsTest {
  private static final int WRITERS = 400;
  private static final int RECORDS = 250;

  /** All types that a pipeline's event may have. */
  private static final String EVENT =
      "{'type':'record','name':'E','fields':[{'name':'id','type':'string'},"
          + "{'name':'ts','type':{'type':'long','logicalType':'timestamp-millis'}},"
          + "{'name':'day','type':['null',{'type':'int','logicalType':'date'}],'default':null},"
          + "{'name':'n','type':'int','default':7},{'name':'long','type':['null','long']},"
          + "{'name':'f','type':['float','null']},{'name':'d','type':['null','double']},"
          + "{'name':'b','type':'boolean','default':true},{'name':'bytes','type':['null','bytes']},"
          + "{'name':'text','type':['null','string'],'default':null},"
          + "{'name':'kind','type':['null',{'type':'enum','name':'K','symbols':['A','B','C']}]}]}";

  static IntStream seeds() {
    return IntStream.range(0, WRITERS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void bothEnginesSayTheSame(int seed) throws Exception {
    Random random = new Random(seed);
    Schema reader = Wire.parse(EVENT);
    Schema writer = new RandomSchemas(random).writerOf(reader);
    RowType columns = Expected.columns(reader, random);
    RandomValues values = new RandomValues(random);
    ValueReader flink = DecoderCompiler.compile(writer, reader, columns, columns.getFieldCount());
    RecordReader streams = new RecordReader(id -> writer, reader);
    for (int i = 0; i < RECORDS; i++) {
      byte[] value = Damage.of(Wire.value(1, writer, values.record(writer)), random);
      assertThat(ofFlink(flink, value))
          .as("%s, written with %s", Arrays.toString(value), writer)
          .isEqualTo(ofStreams(streams, reader, columns, value));
    }
  }

  /** The row, or the code of its dead letter. */
  private static Object ofFlink(ValueReader reader, byte[] value) {
    BinaryInput in = new BinaryInput();
    in.reset(value, WireFormat.HEADER_BYTES);
    try {
      GenericRowData row = (GenericRowData) reader.read(in);
      return in.remaining() > 0 ? DecodeError.TRAILING_BYTES : row;
    } catch (DecodeException e) {
      return e.error();
    }
  }

  private static Object ofStreams(RecordReader reader, Schema schema, RowType columns, byte[] value)
      throws IOException {
    try {
      return Expected.row(schema, columns, reader.read(value));
    } catch (DecodeException e) {
      return e.error();
    }
  }
}
